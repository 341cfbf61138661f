"""What two configurations of a job disagree on, where their models care."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from barograph.config.forest import WITHOUT_LEARNING
from barograph.config.job import Job

Difference = tuple[str, object, object]
"""Path, old value, new value."""

_LEARNED_UNDER: Final = ("analysis_config", "forest_config", "time_zone", "seed")
"""What models have been learned under. All else (description, groups, retention, how input looks, ...) may change."""

_FREE: Final = ("detector_description", "custom_rules", "model_prune_window", "stop_on_warn", *WITHOUT_LEARNING)
"""What models do not depend on: words for people, what is made of what they say, how long they are kept, what they get next."""

_ABSENT: Final = None


def differences(old: Job, new: Job) -> list[Difference]:
    """The settings that keep `new` from going on where `old` stopped; `60m` and `1h` are equal."""
    return [difference for name in _LEARNED_UNDER for difference in _compare(name, getattr(old, name), getattr(new, name))]


def _compare(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        for name in type(old).model_fields:
            if name in _FREE:
                continue
            yield from _compare(f"{path}.{name}", getattr(old, name), getattr(new, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _compare(f"{path}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, tuple | list) and isinstance(new, tuple | list):
        for index in range(max(len(old), len(new))):
            pair = (side[index] if index < len(side) else _ABSENT for side in (old, new))
            yield from _compare(f"{path}[{index}]", *pair)
    elif old != new:
        yield path, plain(old), plain(new)


def plain(value: object) -> object:
    """A value as the job document writes it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    return str(value) if type(value).__module__.startswith("barograph") else value
