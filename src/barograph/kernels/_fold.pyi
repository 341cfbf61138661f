"""Rows into open buckets: interning, finding cells, folding values.

All arrays are one-dimensional, contiguous and belong to the caller; kernels change them in place, allocate nothing and hold no
reference afterwards. Records travel as bytes (`array.view(np.uint8)`) in the layouts of `buckets/layout.py`. Ids are int32, -1
meaning "none": such a row is skipped. `used` holds how many records there are, and is moved on.

Kernels with a `start` fold the rows from there and return the row they stopped at: the number of rows when all are done, or the
first row for which an array was full, with nothing of that row done. The caller makes room and calls again from that row.

Nothing is checked but dtypes and dimensions: lengths must agree and ids must lie within their arrays. The GIL is released.
"""

from typing import Any, Final

from numpy import float64, int32, int64, uint8, uint64
from numpy.typing import NDArray

_Records = NDArray[uint8]

NO_BUCKET: Final[int]
"""`head_bucket` of a series without open cells."""
SAMPLE_SIZE: Final[int]
"""Distinct hashes up to which a count is exact: 4096; beyond it the standard error is 1.20 / sqrt(4096) = 1.9 %."""
LEVEL_SIZE: Final[int]
"""Values up to which a median is exact: 2048; beyond it see `fold_median`."""

def layout() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Every record as (name, bytes, [(field, offset), ...])."""

def index_texts(texts: _Records, count: int, slots: NDArray[int32]) -> None:
    """Enter the first `count` records into `slots`: all -1, a power of two, at least twice `count`. Likewise the next three."""

def index_pairs(pairs: _Records, count: int, slots: NDArray[int32]) -> None: ...
def index_shares(shares: _Records, count: int, slots: NDArray[int32]) -> None: ...
def index_hashes(entries: _Records, count: int, slots: NDArray[int32]) -> None: ...
def intern(
    stream: object,
    start: int,
    ids: NDArray[int32],
    texts: _Records,
    arena: NDArray[uint8],
    slots: NDArray[int32],
    used: NDArray[int64],
    most: int,
) -> int:
    """Write the dense id of each text, in order of first appearance; -1 for a missing one, -2 for one too many.

    Args:
        stream: an Arrow stream capsule of string views, `pl.Series.__arrow_c_stream__()`; a new one for each call.
        start: first row to do.
        ids: [n] output.
        texts: TEXT records.
        arena: the bytes of the texts, one after the other.
        slots: their index.
        used: [2] texts, bytes of the arena.
        most: texts that there may be; later new ones are too many.

    Raises:
        TypeError: the stream is not one of string views.
        RuntimeError: its producer fails.
    """

def intern_pairs(
    first: NDArray[int32],
    second: NDArray[int32],
    start: int,
    ids: NDArray[int32],
    pairs: _Records,
    slots: NDArray[int32],
    used: NDArray[int64],
    most: int,
) -> int:
    """Write the dense id of each pair (`first[i]`, `second[i]`), in order of first appearance.

    -1 where either is -1; else -2 where either is -2, or where it is one more than `most`.
    """

def hash_texts(stream: object, hashes: NDArray[uint64]) -> None:
    """Write the XXH64 (seed 0) of each text's UTF-8 bytes; 0 for a missing one. Raises as `intern` does."""

def copy_texts(
    ids: NDArray[int32], texts: _Records, arena: NDArray[uint8], offsets: NDArray[int64], data: NDArray[uint8]
) -> None:
    """Copy the bytes of text `ids[i]` to `data[offsets[i]:]`."""

def to_arrow(offsets: NDArray[int64], data: NDArray[uint8]) -> tuple[Any, Any]:
    """The texts `data[offsets[i]:offsets[i + 1]]` as Arrow schema and array capsules (large strings), without copying.

    The capsules, and who consumes them, keep the two arrays alive. The bytes must be valid UTF-8.
    """

def tell_time(time: NDArray[int64], horizon: int, clock: NDArray[int64], newest: NDArray[int64], ahead: NDArray[uint8]) -> int:
    """Write the newest time before each row into `newest` [n] ms, and 1 into `ahead` [n] where a row is left out.

    A row is left out when it lies more than `horizon` ms ahead of the newest, unless the row before it was left out too and
    lies within the horizon of it. `clock` [2], moved on in place: newest time, time of the row left out last;
    `NO_BUCKET` for none.
    """

def locate(
    bucket: NDArray[int64],
    key: NDArray[int32],
    start: int,
    cell: NDArray[int32],
    series_of: NDArray[int32],
    series: _Records,
    cells: _Records,
    used: NDArray[int64],
) -> int:
    """Write the open cell of each row's (key, bucket), made when it is its first.

    Args:
        bucket: [n] bucket number of each row.
        key: [n] split key; -1 skips the row.
        start: first row to do.
        cell: [n] output.
        series_of: [keys] the series of each key, -1 before its first row.
        series: SERIES records; `first_bucket` becomes the earliest bucket with a row.
        cells: CELL records. Those of a series are chained from its newest bucket down.
        used: [2] series, cells.
    """

def locate_shares(
    cell: NDArray[int32],
    value: NDArray[int32],
    start: int,
    share: NDArray[int32],
    shares: _Records,
    slots: NDArray[int32],
    used: NDArray[int64],
) -> int:
    """Write the share of each row's (cell, influencer value), made when it is its first; -1 where either is -1."""

def fold_rows(owner: NDArray[int32], weight: NDArray[float64], stats: _Records) -> None:
    """Add rows to the `weight` and `rows` of STATS record `owner[i]`.

    Args:
        owner: [n] cell or share.
        weight: [n] summary counts > 0, or [0] when every row counts one.
        stats: STATS records.
    """

def fold_values(owner: NDArray[int32], value: NDArray[float64], weight: NDArray[float64], stats: _Records) -> None:
    """Add finite values to all statistics of STATS record `owner[i]`; `weight` as in `fold_rows`.

    Sum: Neumaier, each value once. Mean, m2: West, weighted, relative to the first value. m2 stays within 1e-9 (relative) of
    exact rationals at a mean of 1e12 times the deviation (tests/kernels). Rounding depends on the order of the rows only.
    """

def fold_distinct(
    owner: NDArray[int32],
    hash: NDArray[uint64],
    start: int,
    samples: _Records,
    entries: _Records,
    slots: NDArray[int32],
    used: NDArray[int64],
) -> int:
    """Enter hashes into the adaptive samples (SAMPLE records) of their owners; `kept * 2**level` estimates the distinct ones.

    Depends on the set of hashes alone, not on their order or repeats.
    """

def fold_information(
    owner: NDArray[int32],
    stream: object,
    start: int,
    samples: _Records,
    entries: _Records,
    slots: NDArray[int32],
    used: NDArray[int64],
) -> int:
    """Enter the runs of up to five bytes in texts into the adaptive samples (SAMPLE records) of their owners.

    For each byte the run of it and the four bytes before it, or all there are. `kept * 2**level` estimates the different ones,
    which is the information in bytes. A row that finds no room is to be begun anew: what was entered of it stays.

    Args:
        owner: [n] cell or share; -1 leaves the row out.
        stream: an Arrow stream of string views [n]; a row without a text is left out.
        start: the first row.
        samples: SAMPLE records of the owners.
        entries: HASH records.
        slots: their index.
        used: [1] entries in use.
    """

def fold_median(
    owner: NDArray[int32],
    value: NDArray[float64],
    weight: NDArray[float64],
    start: int,
    sketches: _Records,
    values: _Records,
    used: NDArray[int64],
) -> int:
    """Add finite values to the sketches (SKETCH records) of their owners; `weight` as in `fold_rows`.

    `used` is [2]: values ever taken into use, first of the free chain (-1 without one). Exact up to 2048 values an owner.
    Beyond, the rank of the median of n unweighted rows is off by at most n * ceil(log2(n / 2048)) / 2048 rows; measured on
    random and sorted rows, less than a quarter of that: 0.08 % of n at 300,000 (tests/kernels).
    """

def medians(owners: NDArray[int32], sketches: _Records, values: _Records, scratch: _Records, out: NDArray[float64]) -> None:
    """Write the weighted median of each owner: the mean of the two middle values when half of the weight ends between them.

    `scratch` has room for as many WEIGHTED records as any of the owners has values. NaN for an owner without values.
    """

def medians_without(
    cells: NDArray[int32],
    ends: NDArray[int64],
    shares: NDArray[int32],
    cell_sketches: _Records,
    cell_values: _Records,
    share_sketches: _Records,
    share_values: _Records,
    scratch: _Records,
    removed: NDArray[float64],
    own: NDArray[float64],
    order: NDArray[int64],
    alone: NDArray[float64],
    higher: NDArray[float64],
    lower: NDArray[float64],
) -> None:
    """Write the median of each cell without each of its shares, and without several.

    Args:
        cells: [k] the cells.
        ends: [k] end of each one's shares; they begin where those of the cell before it end.
        shares: [n] the shares.
        cell_sketches: SKETCH records of cells, `cell_values` theirs.
        cell_values: VALUE records.
        share_sketches: SKETCH records of shares.
        share_values: VALUE records.
        scratch: WEIGHTED records, as many as the cell with the most values has.
        removed: scratch, as many numbers.
        own: [n] scratch.
        order: [n] scratch.
        alone: [n] output: without the share; NaN when nothing is left.
        higher: [n] output: without the share and all that pull the median up more; NaN for one that does not pull it up.
        lower: [n] output: the same down.
    """

def distinct_without(
    cells: NDArray[int32],
    ends: NDArray[int64],
    shares: NDArray[int32],
    cell_samples: _Records,
    cell_entries: _Records,
    share_samples: _Records,
    share_entries: _Records,
    table: _Records,
    own: NDArray[float64],
    order: NDArray[int64],
    alone: NDArray[float64],
    higher: NDArray[float64],
    lower: NDArray[float64],
) -> None:
    """Write the distinct count of each cell without each of its shares, and without all with more hashes of their own, too.

    Args:
        cells: [k] the cells.
        ends: [k] end of each one's shares; they begin where those of the cell before it end.
        shares: [n] the shares.
        cell_samples: SAMPLE records of cells.
        cell_entries: HASH records.
        share_samples: SAMPLE records of shares.
        share_entries: HASH records.
        table: scratch: HOLDERS records, a power of two, more than twice as many as the shares of any cell have hashes together.
        own: [n] scratch.
        order: [n] scratch.
        alone: [n] output.
        higher: [n] output.
        lower: [n] output: NaN, for nobody lowers a distinct count.
    """

def pack_samples(
    owners: NDArray[int32],
    samples: _Records,
    entries: _Records,
    new_samples: _Records,
    new_entries: _Records,
    new_used: NDArray[int64],
) -> None:
    """Copy the samples of `owners`, in this order, with their entries in the order they were; `new_used` is [1], from 0."""

def pack_sketches(
    owners: NDArray[int32],
    sketches: _Records,
    values: _Records,
    new_sketches: _Records,
    new_values: _Records,
    new_used: NDArray[int64],
) -> None:
    """Copy the sketches of `owners`, in this order, with their values in the order they were; `new_used[0]` from 0."""
