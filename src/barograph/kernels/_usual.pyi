"""What entities usually add to the buckets of a series: told for odd buckets, learnt from all others.

All arrays are one-dimensional, contiguous and belong to the caller; kernels change them in place, allocate nothing and hold no
reference afterwards. Records travel as bytes in the layouts of `buckets/usual_layout.py`.
"""

from typing import Final

from numpy import float64, int32, int64, uint8
from numpy.typing import NDArray

_Records = NDArray[uint8]

DONE: Final[int]
WANTS_ENTITIES: Final[int]
"""There is no room for the entities of the next cell."""
WANTS_TOLD: Final[int]
"""There is no room for what is to be told of the next odd cell."""
WANTS_FORGETTING: Final[int]
"""A bucket begins, and there are more entities than the limit: call `forget_rare`."""
MISSED: Final[float]
"""An entity with a smaller share of a series' rows is not missed."""
FORGOTTEN: Final[float]
"""One with a smaller share is forgotten by `forget_rare`."""

def layout() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Every record as (name, bytes, [(field, offset), ...])."""

def index_entities(entities: _Records, count: int, slots: NDArray[int32]) -> None:
    """Enter the first `count` records into `slots`: all -1, a power of two, at least twice `count`."""

def forget_rare(decay: float, series: _Records, series_count: int, entities: _Records, count: int) -> int:
    """Keep only the entities with a share of at least `FORGOTTEN` of their series' rows, in their order; how many they are."""

def tell_and_learn(
    cell_bucket: NDArray[int64],
    cell_series: NDArray[int32],
    cell_end: NDArray[int64],
    cell_actual: NDArray[float64],
    cell_weight: NDArray[float64],
    text: NDArray[int32],
    weight: NDArray[float64],
    effect: NDArray[float64],
    odd_bucket: NDArray[int64],
    odd_series: NDArray[int32],
    decay: float,
    limit: int,
    series: _Records,
    entities: _Records,
    slots: NDArray[int32],
    told: _Records,
    usual_actual: NDArray[float64],
    done: NDArray[int64],
) -> int:
    """Go through the cells of one field in the order of time; answer a status above.

    An odd cell is told and not learnt: one row for each entity that has rows in it, by its row, then one for each that usually
    has at least `MISSED` of the series' rows and has none now. Any other cell fades what its series has learnt by `decay`, and
    adds its rows. Where the answer is not `DONE` nothing of the cell at which it stopped was done.

    Args:
        cell_bucket: [k] bucket of each cell with rows of the field, ascending.
        cell_series: [k] its series, ascending within a bucket.
        cell_end: [k] end of its rows; they begin where those of the cell before it end.
        cell_actual: [k] its value.
        cell_weight: [k] its rows, of whatever entity.
        text: [n] number of the entity's name.
        weight: [n] its rows.
        effect: [n] what they do to the value.
        odd_bucket: [q] bucket of each odd cell, ascending; it need not have rows.
        odd_series: [q] its series, ascending within a bucket.
        decay: what is kept of old sums a cell, in (0, 1).
        limit: entities beyond which rare ones must be forgotten.
        series: SERIES records.
        entities: ENTITY records.
        slots: their index.
        told: TOLD records, written from `done[1]` on.
        usual_actual: [q] the usual value of the series; 0 when there is none.
        done: [4] entities there are, rows told, cells done, odd cells done; moved on in place.
    """
