"""Replay, forget and revert on PostgreSQL give what they give on SQLite."""

import pytest

from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget, remember
from barograph.jobs.replay import replay
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests

DAY = 86_400_000


@pytest.fixture
def stores(postgres, tmp_path):
    with Store.open(postgres(), tmp_path / "one") as one, Store.open(None, tmp_path / "two") as two:
        yield one, two


def records(store: Store):
    return store.records("requests", Query(sort="timestamp", descending=False)).rows


def test_both_stores_come_to_the_same(stores) -> None:
    span = Exclusion(START + DAY, START + DAY + DAY // 4, (("host", "host-1"),))
    found = []
    for store in stores:
        store.create_job(job(results_retention_days=1), 1)
        engine = Engine.build(job())
        for piece in requests().iter_slices(1_000):
            store.commit("requests", engine.add(piece), engine.snapshot(), [])
        replay(store, "requests")
        forget(store, "requests", span)
        forgotten = records(store)
        remember(store, "requests", span)
        store.revert("requests", store.snapshots("requests")[1].snapshot_id, delete_later_results=True)
        store.expire("requests")
        found.append((forgotten, records(store), [one.snapshot_id for one in store.snapshots("requests")]))
    for one, other in zip(*found, strict=True):
        assert one.equals(other) if hasattr(one, "equals") else one == other
