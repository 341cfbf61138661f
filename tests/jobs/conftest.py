"""What the tests of jobs share with those of the store, and an engine that is simple enough to be obviously right."""

import importlib.util
import sys
from pathlib import Path

import pytest

from barograph.store.store import Store

HERE = Path(__file__).parent


def helper(path: Path):
    """A helper module, loaded once; test folders are no packages."""
    key = f"barograph_tests_{path.parent.name}_{path.stem}"
    if key not in sys.modules:
        spec = importlib.util.spec_from_file_location(key, path)
        sys.modules[key] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[key])
    return sys.modules[key]


@pytest.fixture(scope="session")
def make():
    return helper(HERE.parent / "store" / "making.py")


@pytest.fixture(scope="session")
def fake():
    return helper(HERE / "fake.py")


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """Makes a new, empty database on the session's own server, and returns its URL."""
    return helper(HERE.parent / "store" / "postgres.py").shared(pytestconfig).new_database


@pytest.fixture
def store(tmp_path):
    with Store.open(None, tmp_path / "data") as opened:
        yield opened
