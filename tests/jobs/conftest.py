"""What the tests of jobs share with those of the store, and an engine that is simple enough to be obviously right."""

import pytest

from barograph.store.store import Store
from tests.jobs import fake as simple_engine
from tests.store import making
from tests.store import postgres as servers


@pytest.fixture(scope="session")
def make():
    return making


@pytest.fixture(scope="session")
def fake():
    return simple_engine


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """Makes a new, empty database on the session's own server, and returns its URL."""
    return servers.shared(pytestconfig).new_database


@pytest.fixture
def store(tmp_path):
    with Store.open(None, tmp_path / "data") as opened:
        yield opened
