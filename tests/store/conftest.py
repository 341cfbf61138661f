"""Stores for the tests: each test that takes `store` or `url` runs on SQLite and on PostgreSQL."""

import importlib.util
import sys
from pathlib import Path

import pytest

from barograph.store.store import Store


def sibling(name: str):
    """A helper module beside this file, loaded once; test folders are no packages."""
    key = f"barograph_tests_store_{name}"
    if key not in sys.modules:
        spec = importlib.util.spec_from_file_location(key, Path(__file__).with_name(f"{name}.py"))
        sys.modules[key] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[key])
    return sys.modules[key]


@pytest.fixture(scope="session")
def make():
    return sibling("making")


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """Makes a new, empty database on the session's own server, and returns its URL."""
    return sibling("postgres").shared(pytestconfig).new_database


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
