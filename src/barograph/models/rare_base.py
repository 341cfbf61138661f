"""What the models of rare values have in common: a series is there in a bucket, or it is not."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
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
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Floats, Ids, Ints, Structs, cells_by_time
from barograph.results.leaf import LEAF, Tried
from barograph.results.snapshot import Arrays

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
        yield "Nothing seen yet."
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


class RareBase(ABC):
    """Series that are there or not. A subclass says what it remembers, and which kernel judges.

    Attributes:
        LAYOUT: what is remembered: names of arrays and their dtypes, that of the series first.
    """

    LAYOUT: ClassVar[dict[str, np.dtype[np.void]]]
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, arrays: dict[str, Structs]) -> None:
        self.config = config
        self._arrays = arrays
        self._memory = min(MEMORY_DAYS * DAY_MS / config.bucket_span_ms, MOST_BUCKETS)

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> Self:
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if state is None:
            return cls(config, {name: np.zeros(0, dtype) for name, dtype in cls.LAYOUT.items()})
        if not cls.readable(state):
            raise ValueError("rare values of another version: wanted this version")
        return cls(config, {name: np.array(state[name], dtype) for name, dtype in cls.LAYOUT.items()})

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> Self | None:  # noqa: ARG003
        """One series of a snapshot beside what all of its partition amounted to; None before a bucket had it."""
        series = next(iter(cls.LAYOUT))
        if not cls.readable(state) or row >= len(state[series]) or not state[series][row]["buckets"]:
            return None
        return cls._of(config, state, row)

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:  # noqa: ARG003
        """One series before any bucket had it."""
        return cls._of(config, state, row)

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
    def _of(cls, config: ModelConfig, state: Mapping[str, Any], row: int) -> Self:
        """One series, what it is of, and what that is of, each as the only one of its kind."""
        taken: dict[str, Structs] = {}
        for name, dtype in cls.LAYOUT.items():
            one = np.array(state[name][row : row + 1], dtype)
            for of in {"part", "category"} & set(dtype.names or ()):
                row = int(one[of][0])
                one[of] = 0
            taken[name] = one
        return cls(config, taken)

    @classmethod
    def readable(cls, state: Arrays) -> bool:
        """Whether this version can read a snapshot."""
        return all(name in state and state[name].dtype == dtype for name, dtype in cls.LAYOUT.items())

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return {name: array.copy() for name, array in self._arrays.items()}

    @property
    def _records(self) -> Structs:
        return self._arrays[next(iter(self.LAYOUT))]

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return len(self._records)

    def _longer(self, name: str, size: int) -> Structs:
        """An array with room for so many records; those that are new, to be filled."""
        array, dtype = self._arrays[name], self.LAYOUT[name]
        if size > len(array):
            fresh = np.zeros(size - len(array), dtype)
            if "newest" in (dtype.names or ()):
                fresh["newest"] = -1
            self._arrays[name] = np.concatenate([array, fresh])
        return self._arrays[name][len(array) :]

    def advance(
        self,
        values: Floats,
        first_bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Judge each bucket with what was known before it, then learn it.

        The evidence of a cell is that of one of all that a bucket has; that of a leaf is that any of them is as rare, so that
        what its bucket amounts to does not count the others twice.

        Args:
            values: [S, T] rows, or 1, where a bucket has the series, NaN where it has not.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            skips: what of it is not to be told, or not to be learned.
        """
        return self._run(values, first_bucket_ms, skips, learn=True)

    def judge(
        self,
        values: Floats,
        bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Judge one bucket of values [S] without learning it. Judged is [S, 1]."""
        return self._run(values[:, None], bucket_ms, skips, learn=False)

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
        leaves = self._run(np.where(absent, 1.0, values)[None, :], bucket_ms, None, learn=False).leaves
        leaves["bucket"], leaves["since"] = bucket, np.minimum(leaves["since"], bucket)
        leaves["actual"] = values
        leaves["ln_p"][absent] = leaves["ln_evidence"][absent] = 0.0
        share, filled = float(leaves["typical"][0]), int(leaves["buckets"][0])
        most = min(max(share, 1.0 / (filled + 1)), 1.0)  # of what was never seen it is not known that it never comes
        steps = {"this_bucket": leaves["ln_evidence"].copy()}
        return Tried(leaves, steps, share, math.sqrt(most * (1.0 - most)), 0.0, filled > 0)

    def _run(self, values: Floats, first_ms: int, skips: Skips | None, *, learn: bool) -> Judged:
        series, buckets = values.shape
        if series != self.n_series:
            raise ValueError(f"values.shape={values.shape}: wanted ({self.n_series}, buckets)")
        by_time, of, _ = cells_by_time(values >= _THERE)
        first = first_ms // self.config.bucket_span_ms
        cells = Cells(by_time, of, values[of, by_time], first, (series, buckets))
        out = (np.empty(len(cells.t)), np.empty(len(cells.t)), np.empty(len(cells.t), FOUND))
        used = self._kernel(cells, skips or Skips.none(series, buckets), learn, out)
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
