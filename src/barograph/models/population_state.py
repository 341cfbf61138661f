"""The records that populations and their members are, in the layout of `kernels/population_state.hpp`."""

from typing import Final

import numpy as np

from barograph.kernels import _population
from barograph.results.arrays import Structs

MEMBER: Final = np.dtype(
    [
        ("population", "i4"),  # row of its population
        ("era", "i4"),
        ("first", "i8"),  # bucket of its first value; -1: none yet
        ("last", "i8"),
        ("since", "i8"),  # bucket in which its present anomaly began; -1: there is none
        ("count", "f8"),  # values
        ("seen", "f8"),  # decayed number of values
        ("own", "f8"),  # decayed sum of what it had, against ...
        ("due", "f8"),  # ... what was due
        ("beyond", "f8"),  # side on which its last value was far out in a tail; 0: it was not
        ("pushed", "f8"),  # hours for which values lately were beyond its habit on one side
    ]
)

_SIDE: Final = np.dtype([(name, "f8") for name in ("hits", "excess", "uncensored", "heavy")])

_ROWS: Final = np.dtype([(name, "f8") for name in ("values", "few", "fews", "off", "off_few")])

_NUMBERS: Final = (
    *("centre", "known", "square", "squares", "within", "withins", "zeros", "values", "count", "seen", "members"),
)
POPULATION: Final = np.dtype(
    [
        ("last", "i8"),
        ("era", "i4"),
        ("negative", "i4"),
        *((name, "f8") for name in _NUMBERS),
        ("side", _SIDE, (2,)),
        ("rows", _ROWS),
    ]
)

_ACCOUNT: Final = np.dtype([("centre", "f8"), ("deviation", "f8")])
PAYLOAD: Final = np.dtype(
    [
        ("peers", _ACCOUNT),
        ("own", _ACCOUNT),
        ("dof", "f8"),
        ("zero", "f8"),
        ("rate", "f8", (2,)),
        ("mean", "f8", (2,)),
        ("heavy", "f8", (2,)),
        ("typical", "f8"),
        ("doubt", "f8"),
        ("scale", "i8"),
        ("side", "i8"),
    ]
)
"""What is needed to judge any value of a member in a bucket."""

LINEAR: Final = 2
"""The scale on which values are compared as they are."""

OF_LEAF: Final = ("actual", "typical", "lower", "upper", "ln_p", "ln_evidence", "count", "since")
"""Fields of a leaf that the kernel fills."""

FOUND: Final = np.dtype(
    [
        ("cell", "i8"),
        *((name, "f8") for name in OF_LEAF[:-1]),
        ("since", "i8"),
        ("skipped_by", "i8"),
        ("payload", PAYLOAD),
    ]
)
"""A value that is worth sending on; `cell` is its place among those of the call."""

_SIZES = tuple(dtype.itemsize for dtype in (MEMBER, POPULATION, PAYLOAD, FOUND))
if _SIZES != _population.SIZES:
    raise ImportError(f"sizes of records are {_SIZES}: wanted those of the kernel, {_population.SIZES}")


def members(n: int) -> Structs:
    """Records of `n` members that have had no value."""
    records = np.zeros(n, MEMBER)
    for name in ("first", "last", "since"):
        records[name] = -1
    return records


def populations(n: int) -> Structs:
    """Records of `n` populations without members."""
    records = np.zeros(n, POPULATION)
    records["last"] = -1
    return records
