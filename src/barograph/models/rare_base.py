"""What the models of rare values have in common: a series is there in a bucket, or it is not."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels import _rare
from barograph.models.base import Judged, Skipped
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import YOUNG, Description, Known
from barograph.models.rare_state import FOUND
from barograph.models.recorded import Recorded
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Floats, Ids, Ints, Structs, cells_by_time
from barograph.results.leaf import LEAF, Tried

MEMORY_DAYS: Final = 365.0
"""Of filled buckets; then all counts are halved, so that half a year to a year is remembered. Chosen: what comes once a quarter
is known, and what was common last year does not excuse what is rare now."""
MOST_BUCKETS: Final = 400_000.0
"""... and never more than classes of counts reach to."""

PAYLOAD: Final = np.dtype([("expected", "f8"), ("rest", "f8"), ("of_member", "f8"), ("alone", "f8")])
_ALONE: Final = -5.0  # the multi-bucket impact of what is judged bucket by bucket
_THERE: Final = 1e-9  # a value at or above says that the bucket has the series; less is what rounding leaves of rows taken away


def described(record: Any, config: ModelConfig) -> Description:
    """Read the record of one series."""
    buckets, span_ms = int(record["buckets"]), config.bucket_span_ms
    first, last = (int(record[name]) * span_ms if buckets else None for name in ("first", "last"))
    return Description(buckets, first, last, 0.0, tuple(_sentences(buckets, first, last, config)))


def _sentences(buckets: int, first: int | None, last: int | None, config: ModelConfig) -> Iterator[str]:
    if first is None or last is None:
        yield "Never seen before."
        return
    zone = ZoneInfo(config.time_zone)
    when = [f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%Y-%m-%d %H:%M}" for ms in (first, last)]
    if buckets == 1:
        yield f"Seen in 1 bucket, at {when[0]}."
    else:
        yield f"Seen in {buckets:,} buckets, first at {when[0]}, last at {when[1]}."


def known(records: Structs, config: ModelConfig) -> Known:  # noqa: ARG001  # no setting changes it
    """What records know together."""
    seen = records["buckets"]
    return Known(series=int(np.count_nonzero(seen)), young=int(np.count_nonzero((seen > 0) & (seen < YOUNG))))


def lately(records: Structs) -> Floats:
    """[S] rarer ones first; none of them is more anomalous for it than 1."""
    return np.asarray(np.where(records["buckets"] > 0, 1.0 / np.maximum(records["buckets"], 1), 0.0), np.float64)


class Cells(NamedTuple):
    """The buckets that have a series, by time, then series.

    Attributes:
        t: [k] bucket in the chunk.
        row: [k] the series.
        value: [k] its bucket value.
        first: number of bucket 0.
        shape: series and buckets.
    """

    t: Ints
    row: Ids
    value: Floats
    first: int
    shape: tuple[int, int]


class RareBase(Recorded):
    """Series that are there or not. A subclass says what it remembers, and which kernel judges.

    The evidence of a cell is that of one of all that a bucket has; that of a leaf is that any of them is as rare, so that
    what its bucket amounts to does not count the others twice. Values are rows, or 1, where a bucket has the series.
    """

    SEEN: ClassVar = "buckets"
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, arrays: dict[str, Structs]) -> None:
        super().__init__(config, arrays)
        self._memory = min(MEMORY_DAYS * DAY_MS / config.bucket_span_ms, MOST_BUCKETS)

    def beside(
        self,
        row: int,
        values: Floats,  # noqa: ARG002  # all that counts is what was before
        bucket_ms: int,  # noqa: ARG002  # the same at any time
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
        shifts: Shifts | None = None,  # noqa: ARG002  # the same at any time
    ) -> Self:
        """One series beside what all of its partition amounted to."""
        return self._of(self.config, self._arrays, row)

    @classmethod
    def _fresh(cls, name: str, first: int, end: int) -> Structs:
        dtype = cls.LAYOUT[name]
        fresh = np.zeros(end - first, dtype)
        if "newest" in (dtype.names or ()):
            fresh["newest"] = -1
        return fresh

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """As `Model.ln_p_of`: the leaf's own where a bucket has the series; that it has not is no surprise."""
        expected, rest, of_member, alone = (np.ascontiguousarray(payload[name]) for name in PAYLOAD.names or ())
        ln_p = np.empty(len(values))
        _rare.probability(expected, rest, of_member, alone, np.ascontiguousarray(values, np.float64), ln_p)
        return np.asarray(np.where(np.isnan(values), np.nan, np.where(values >= _THERE, ln_p, 0.0)), np.float64)

    def describe(self, row: int) -> Description:
        """What the model believes about series `row` now, in words and numbers."""
        return described(self._records[row], self.config)

    def known(self) -> Known:
        """What the model knows of its series together, and what not yet."""
        return known(self._records, self.config)

    def try_values(
        self,
        values: Floats,
        bucket_ms: int,
        shifts: Shifts | None = None,  # noqa: ARG002  # the same at any time
        weight: float = 0.0,  # noqa: ARG002  # no mean of rows
    ) -> Tried:
        """As `Model.try_values`."""
        # Each as a bucket of its own: nothing is learned, so they do not know of each other.
        absent, bucket = ~(values >= _THERE), bucket_ms // self.config.bucket_span_ms
        leaves = self._run(np.where(absent, 1.0, values)[None, :], bucket_ms, None, None, learn=False).leaves
        leaves["bucket"], leaves["since"] = bucket, np.minimum(leaves["since"], bucket)
        leaves["actual"] = values
        leaves["ln_p"][absent] = leaves["ln_evidence"][absent] = 0.0
        share, filled = float(leaves["typical"][0]), int(leaves["buckets"][0])
        most = min(max(share, 1.0 / (filled + 1)), 1.0)  # of what was never seen it is not known that it never comes
        steps = {"this_bucket": leaves["ln_evidence"].copy()}
        return Tried(leaves, steps, share, math.sqrt(most * (1.0 - most)), 0.0, filled > 0)

    def _judged(self, values: Floats, first_ms: int, skips: Skips, weights: Floats | None, *, learn: bool) -> Judged:  # noqa: ARG002  # no mean of rows
        by_time, of, _ = cells_by_time(values >= _THERE)
        first = first_ms // self.config.bucket_span_ms
        cells = Cells(by_time, of, values[of, by_time], first, values.shape)
        out = (np.empty(len(cells.t)), np.empty(len(cells.t)), np.empty(len(cells.t), FOUND))
        used = self._kernel(cells, skips, learn, out)
        return _judged(cells, out[0], out[1], out[2][:used])

    @abstractmethod
    def _kernel(self, cells: Cells, skips: Skips, learn: bool, out: tuple[Floats, Floats, Structs]) -> int:
        """Judge cells, and learn them if so asked; write ln p, ln evidence and what is found, and answer how many these are."""


def _judged(cells: Cells, ln_p_of: Floats, ln_evidence_of: Floats, found: Structs) -> Judged:
    """What the kernel found, as `Judged`."""
    ln_p, ln_evidence = np.full(cells.shape, np.nan), np.full(cells.shape, np.nan)
    ln_p[cells.row, cells.t], ln_evidence[cells.row, cells.t] = ln_p_of, ln_evidence_of
    leaves, at, share = np.zeros(len(found), LEAF), found["cell"], found["share"]
    leaves["bucket"], leaves["series"], leaves["actual"] = cells.first + cells.t[at], cells.row[at], cells.value[at]
    leaves["ln_p"] = leaves["ln_evidence"] = found["ln_p"]
    leaves["typical"], leaves["impact"] = share, _ALONE
    leaves["lower"], leaves["upper"] = np.where(share > 0.975, 1.0, 0.0), np.where(share < 0.025, 0.0, 1.0)
    for name, of in (("since", "since"), ("count", "before"), ("buckets", "of"), ("rarity", "rarity")):
        leaves[name] = found[of]
    leaves["is_first"] = found["is_first"] != 0
    payload = np.zeros(len(found), PAYLOAD)
    for name in PAYLOAD.names or ():
        payload[name] = found[name]
    told = found["skipped_by"] == NOT_SKIPPED
    skipped = Skipped(leaves[~told], np.ascontiguousarray(found["skipped_by"][~told]))
    return Judged(ln_p, ln_evidence, None, None, None, leaves[told], payload[told], np.zeros(0, CHANGE), skipped)
