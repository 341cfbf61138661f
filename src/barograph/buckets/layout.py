"""The records of the open buckets, in the layout that the kernels read and write (`kernels/fold_layout.hpp`)."""

from typing import Final

import numpy as np

from barograph.kernels import _fold, _points
from barograph.kernels.records import check_records

TEXT: Final = np.dtype(
    [
        ("hash", "u8"),  # XXH64 of the bytes
        ("offset", "i8"),  # where its bytes begin in the arena
        ("length", "i8"),  # bytes
    ]
)
PAIR: Final = np.dtype([("first", "i4"), ("second", "i4")])
OPEN_SERIES: Final = np.dtype(
    [
        ("first_bucket", "i8"),  # earliest bucket with a row
        ("head_bucket", "i8"),  # bucket of `head`; _fold.NO_BUCKET without one
        ("head", "i4"),  # newest open cell; -1 without one
        ("key", "i4"),  # its split key
    ]
)
CELL: Final = np.dtype(
    [
        ("bucket", "i8"),  # bucket number: epoch ms divided by the bucket span
        ("series", "i4"),
        ("previous", "i4"),  # cell of the same series with the next older open bucket; -1 without one
    ]
)
OPEN_SHARE: Final = np.dtype([("cell", "i4"), ("value", "i4")])  # the rows of one influencer value within a cell
STATS: Final = np.dtype(
    [
        ("weight", "f8"),  # rows, or summed summary counts
        ("rows", "i8"),
        ("sum", "f8"),  # sum of the values, each once, without ...
        ("compensation", "f8"),  # ... what rounding took from it
        ("origin", "f8"),  # the first value
        ("offset", "f8"),  # weighted mean of (value - origin)
        ("m2", "f8"),  # weighted sum of squared deviations from the mean
        ("min", "f8"),
        ("max", "f8"),
    ]
)
SAMPLE: Final = np.dtype(
    [
        ("level", "i4"),  # hashes with fewer trailing zeros are not kept
        ("kept", "i4"),  # hashes kept
        ("first", "i4"),  # newest of them; -1 without one
    ]
)
HASH: Final = np.dtype([("hash", "u8"), ("owner", "i4"), ("next", "i4")])
SKETCH: Final = np.dtype(
    [
        ("first", "i4"),  # newest value of level 0; -1 without one
        ("count", "i4"),  # values of level 0
        ("upper", "i4"),  # newest value of the levels above; -1 without one
        ("upper_count", "i4"),
        ("parity", "u4"),  # a bit a level: which of two neighbours the next compaction keeps
    ]
)
VALUE: Final = np.dtype([("value", "f8"), ("weight", "f8"), ("next", "i4"), ("level", "i4")])
HOLDERS: Final = np.dtype([("hash", "u8"), ("shares", "i4"), ("unused", "i4")])  # how many shares of a cell have a hash
WEIGHTED: Final = np.dtype({"names": ["value", "weight", "row"], "formats": ["f8", "f8", "i4"], "itemsize": 24})
PLACE_SUM: Final = np.dtype([(name, kind) for name, kind, _, _ in _points.fields("sum")])  # of unit vectors; the first place

_BY_NAME: Final = {
    "text": TEXT,
    "pair": PAIR,
    "series": OPEN_SERIES,
    "cell": CELL,
    "share": OPEN_SHARE,
    "stats": STATS,
    "sample": SAMPLE,
    "hash": HASH,
    "sketch": SKETCH,
    "value": VALUE,
    "holders": HOLDERS,
    "weighted": WEIGHTED,
}

check_records(_fold.layout(), _BY_NAME)
