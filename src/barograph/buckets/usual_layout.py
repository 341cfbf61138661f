"""What entities usually add, in the layout that the kernel reads and writes (`kernels/usual_state.hpp`)."""

from typing import Final

import numpy as np

from barograph.kernels import _usual
from barograph.kernels.records import check_records

USUAL_SERIES: Final = np.dtype(
    [
        ("cells", "f8"),  # decayed number of cells that were learnt
        ("weight", "f8"),  # decayed rows in them
        ("actual", "f8"),  # decayed sum of their bucket values
        ("learnt", "i8"),  # cells that were learnt
        ("newest", "i4"),  # its newest entity; -1 without one
        ("unused", "i4"),
    ]
)
USUAL_ENTITY: Final = np.dtype(
    [
        ("weight", "f8"),  # decayed rows of the entity
        ("effect", "f8"),  # decayed sum of what its rows did to the bucket value
        ("square", "f8"),  # decayed sum of the squares of that
        ("learnt", "i8"),  # cells of the series that had been learnt when the three were
        ("seen", "i8"),  # bucket of the last odd cell that had it
        ("series", "i4"),
        ("text", "i4"),  # number of its name
        ("next", "i4"),  # the entity of the same series that came before it; -1 for the first
        ("unused", "i4"),
    ]
)
TOLD: Final = np.dtype(
    [
        ("row", "i8"),  # row of the entity; -1 for one that is missed
        ("effect", "f8"),  # what it usually does to the value of a cell
        ("square", "f8"),  # the mean of the square of that
        ("share", "f8"),  # its usual share of the series' rows
        ("cell", "i4"),  # number of the odd cell
        ("text", "i4"),  # number of its name
    ]
)

check_records(_usual.layout(), {"series": USUAL_SERIES, "entity": USUAL_ENTITY, "told": TOLD})
