"""Times and places in a store."""

import pytest

from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.test_points import FUNCTIONS, OVER, crowd, job, visits
from tests.jobs.laws import check_replay


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_replay_gives_the_same_bits(store: Store, function: str) -> None:
    check_replay(store, job(function), visits(), 4)
    assert store.records("points", Query()).total > 0


def test_a_replay_of_members_gives_the_same_bits(store: Store) -> None:
    check_replay(store, job("lat_long", **OVER), crowd(8), 4)
    assert store.records("points", Query()).total > 0
