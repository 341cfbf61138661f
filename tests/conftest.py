"""Settings shared by all tests, and which of them run in the same process where there are several."""

import gc
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A busy machine must not fail a property: time is measured in benchmarks/, never in tests.
settings.register_profile("barograph", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("barograph")

TOGETHER: Final = ("tests/web/", "tests/api/")
"""Below these, the files of a folder share servers and a browser, which are started once if one process runs all of them."""

FIRST: Final = (*TOGETHER, "tests/docs/", "tests/jobs/", "tests/store/", "tests/engine/", "tests/quality/")
"""Where a file takes long. What is begun last is short, so that no process is left working alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first."""
    items.sort(key=lambda item: next((at for at, folder in enumerate(FIRST) if item.nodeid.startswith(folder)), len(FIRST)))


def pytest_collection_finish() -> None:
    """What was collected stays: a million objects that need not be looked through for garbage again and again."""
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> "ByFolder":
    """Give work to processes as `ByFolder` does."""
    config.option.loadscopereorder = False  # it begins with the files that have most tests, which are quick ones
    return ByFolder(config, log)


class ByFolder(LoadScopeScheduling):
    """A process runs whole files, or whole folders where their files share what is dear."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file.rpartition("/")[0] if file.startswith(TOGETHER) else file
