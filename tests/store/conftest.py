"""Stores for the tests: each test that takes `store` or `url` runs on SQLite and on PostgreSQL."""

import pytest

from barograph.store.store import Store
from tests.store import making
from tests.store import postgres as servers


@pytest.fixture(scope="session")
def make():
    return making


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """Makes a new, empty database on the session's own server, and returns its URL."""
    return servers.shared(pytestconfig).new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    return None if request.param == "sqlite" else request.getfixturevalue("postgres")()


@pytest.fixture
def opened(url, tmp_path):
    """Opens the test's store, any number of times."""
    stores = []

    def open_store(**changes) -> Store:
        stores.append(Store.open(url, tmp_path / "data", **changes))
        return stores[-1]

    yield open_store
    for one in stores:
        one.close()


@pytest.fixture
def store(opened):
    return opened()
