"""Barograph: finds what is unusual in time series, events and logs, says who is to blame and why, and shows it.

>>> import barograph
>>> barograph.score(values, times)  # doctest: +SKIP
>>> results = barograph.run(barograph.load_job("job.yaml"), frame)  # doctest: +SKIP
>>> results.records  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barograph.config.errors import BarographError, ConfigError, InputError
    from barograph.config.job import Job
    from barograph.config.load import load_job
    from barograph.engine import Engine, run
    from barograph.engine.forest import Forest
    from barograph.engine.score import score
    from barograph.engine.stream import Scored, Stream
    from barograph.results.results import Results
    from barograph.results.snapshot import Snapshot

__all__ = [
    "BarographError",
    "ConfigError",
    "Engine",
    "Forest",
    "InputError",
    "Job",
    "Results",
    "Scored",
    "Snapshot",
    "Stream",
    "load_job",
    "run",
    "score",
]

_HOMES = {
    "BarographError": "barograph.config.errors",
    "ConfigError": "barograph.config.errors",
    "Engine": "barograph.engine",
    "Forest": "barograph.engine.forest",
    "InputError": "barograph.config.errors",
    "Job": "barograph.config.job",
    "Results": "barograph.results.results",
    "Scored": "barograph.engine.stream",
    "Snapshot": "barograph.results.snapshot",
    "Stream": "barograph.engine.stream",
    "load_job": "barograph.config.load",
    "run": "barograph.engine",
    "score": "barograph.engine.score",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line's help must not wait for what it does not need."""
    if name not in _HOMES:
        raise AttributeError(f"module 'barograph' has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, also those that nobody has used yet."""
    return list(__all__)
