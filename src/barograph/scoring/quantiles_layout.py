"""How surprising results have been, in the layout that the kernel reads and writes (`kernels/quantiles_days.hpp`)."""

from typing import Final

import numpy as np

from barograph.kernels import _quantiles
from barograph.kernels.records import check_records
from barograph.results.arrays import Floats

EDGES: Final[Floats] = np.array(_quantiles.EDGES)
"""Surprises (nats) at which days are counted."""

_COUNTED: Final = (
    ("days", "f8"),  # decayed number of days with any result
    ("entity_days", "f8"),  # decayed number of entities in them
    ("cells", "f8"),  # decayed number of results, quiet ones too
    ("counts", "f8", (len(EDGES),)),  # decayed number of entity days beyond each edge
)
_TODAY: Final = (
    ("day", "i8"),  # number of the day that is under way; -1: none yet
    ("today_cells", "f8"),  # results that could have been surprising in it so far
    ("today_entities", "f8"),  # entities that they are of: the most in any of its buckets
)

QUANTILES: Final = np.dtype(list(_COUNTED))
"""How often days of one kind of result were how surprising."""

STATE: Final = np.dtype([*_TODAY, *_COUNTED, *((f"told_{name}", *kind) for name, *kind in _COUNTED)])
"""What one kind of result remembers; `told_` is what held when scores were last renormalised."""

RUNNING: Final = np.dtype([*_TODAY, ("now", QUANTILES), ("told", QUANTILES)])
"""The same memory, as the kernel has it."""

DAY_END: Final = np.dtype([("bucket", "i8"), ("now", QUANTILES)])
"""The quantiles that hold from a bucket on, the first of the next day."""

ODD: Final = np.dtype([("entity", "i8"), ("most", "f8")])
"""The largest surprise (nats) that an odd entity has shown in the day under way."""

TODAY: Final = np.dtype([("kind", "i4"), *ODD.descr])
"""The same of several kinds of results, in snapshots."""

check_records(_quantiles.layout(), {"quantiles": QUANTILES, "state": RUNNING, "day_end": DAY_END, "odd": ODD})
