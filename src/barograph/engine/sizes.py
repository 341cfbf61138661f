"""What is held in memory: arrays with the room that they have, tables, texts; what lies on the disk is not."""

import mmap
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import numpy as np
import polars as pl

MODELS_OF_SERIES: Final = "models of the series"
PATTERNS: Final = "their repeating patterns"
FORESTS: Final = "forests of the entities"
USUALLY: Final = "what entities usually do"
SCORES: Final = "what is usual among the scores"
BUCKETS: Final = "open buckets, and the names of the series"
CATEGORIES: Final = "categories of messages"
ARRIVALS: Final = "how many rows usually come"
REST: Final = "the rest"

_MANY: Final = 64
"""Of more things in a container, so many are looked at: the others are taken to be like them."""

_OURS: Final = "barograph."
_SETTINGS: Final = ("barograph.config.",)


_Seen = dict[int, object]
"""What has been counted, by its identity: kept, so that nothing else gets it meanwhile."""


def added(*all_sizes: Mapping[str, int]) -> dict[str, int]:
    """Sizes by what they are for, those of the same name together; the largest first, without what is empty."""
    total: dict[str, int] = {}
    for sizes in all_sizes:
        for name, size in sizes.items():
            total[name] = total.get(name, 0) + size
    return {name: size for name, size in sorted(total.items(), key=lambda part: -part[1]) if size}


class Meter:
    """Measures things that may share what they hold: it is counted with the first of them."""

    def __init__(self) -> None:
        self._seen: _Seen = {}

    def bytes(self, *things: object) -> int:
        """What objects of this package hold with all that they refer to. Settings are shared, and not counted."""
        return round(sum(_bytes(thing, self._seen) for thing in things))


def _bytes(thing: object, seen: _Seen) -> float:
    if thing is None or id(thing) in seen:
        return 0
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        return _array_bytes(thing, seen)
    if isinstance(thing, Mapping):
        inside = _some_bytes(thing.keys(), len(thing), seen) + _some_bytes(thing.values(), len(thing), seen)
        return sys.getsizeof(thing) + inside
    if isinstance(thing, list | tuple | set | frozenset):
        return sys.getsizeof(thing) + _some_bytes(thing, len(thing), seen)
    if isinstance(thing, str | bytes):
        return sys.getsizeof(thing)
    return thing.estimated_size() if isinstance(thing, pl.DataFrame | pl.Series) else _object_bytes(thing, seen)


def _object_bytes(thing: object, seen: _Seen) -> float:
    module = type(thing).__module__
    if not module.startswith(_OURS) or module.startswith(_SETTINGS):
        return 0
    return sum(_bytes(value, seen) for value in _attributes(thing))


def _array_bytes(array: np.ndarray[Any, Any], seen: _Seen) -> int:
    """Of a view, the whole array that it keeps alive."""
    base: Any = array
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    if isinstance(base, memoryview) and isinstance(base.obj, mmap.mmap):
        return 0
    if base is not array and id(base) in seen:
        return 0
    seen[id(base)] = base
    return int(base.nbytes) if isinstance(base, np.ndarray) else int(array.nbytes)


def _some_bytes(things: Iterable[Any], count: int, seen: _Seen) -> float:
    looked_at = list(islice(things, _MANY))
    each = sum(_bytes(one, seen) for one in looked_at)
    return each * count / max(len(looked_at), 1)


def _attributes(thing: object) -> Iterator[object]:
    yield from getattr(thing, "__dict__", {}).values()
    for kind in type(thing).__mro__:
        names = kind.__dict__.get("__slots__", ())
        yield from (getattr(thing, name, None) for name in ((names,) if isinstance(names, str) else names))
