"""The rare model: values judged by how rarely the buckets of their partition have them.

A series is a value of the by field in a partition; its bucket value is 1 where the bucket has rows of it, else no data.
`docs/modelling.md` says what is computed, `kernels/rare_state.hpp` does it.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels import _rare
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import YOUNG, Description, Known
from barograph.models.rare_state import FOUND, PART, VALUE
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Bytes, Floats, Ids, Ints, Structs
from barograph.results.leaf import LEAF, Tried
from barograph.results.snapshot import Arrays

MEMORY_DAYS: Final = 365.0
"""Of filled buckets; then all counts are halved, so that half a year to a year is remembered. Chosen: what comes once a quarter
is known, and what was common last year does not excuse what is rare now."""
MOST_BUCKETS: Final = 400_000.0
"""... and never more than classes of counts reach to."""

PAYLOAD: Final = np.dtype([("ln_p", "f8")])
_ALONE: Final = -5.0  # the multi-bucket impact of what is judged bucket by bucket
_THERE: Final = 0.5  # a value at or above is 1: the bucket has the by value


def _described(record: Any, config: ModelConfig) -> Description:
    """Read one record of `VALUE`."""
    buckets, span_ms = int(record["buckets"]), config.bucket_span_ms
    first, last = (int(record[name]) * span_ms if buckets else None for name in ("first", "last"))
    return Description(buckets, first, last, 0.0, tuple(_sentences(buckets, first, last, config)))


def _sentences(buckets: int, first: int | None, last: int | None, config: ModelConfig) -> Iterator[str]:
    if first is None or last is None:
        yield "Nothing seen yet."
        return
    when = [
        f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(config.time_zone)):%Y-%m-%d %H:%M}"
        for ms in (first, last)
    ]
    if buckets == 1:
        yield f"Seen in 1 bucket, at {when[0]}."
    else:
        yield f"Seen in {buckets:,} buckets, first at {when[0]}, last at {when[1]}."


def _known(records: Structs, config: ModelConfig) -> Known:  # noqa: ARG001  # no setting changes it
    seen = records["buckets"]
    return Known(series=int(np.count_nonzero(seen)), young=int(np.count_nonzero((seen > 0) & (seen < YOUNG))))


def _lately(records: Structs) -> Floats:
    """[S] rarer values first; none of them is more anomalous for it than 1."""
    return np.asarray(np.where(records["buckets"] > 0, 1.0 / np.maximum(records["buckets"], 1), 0.0), np.float64)


class RareModel:
    """All values of one measure. Built by `build` only; `snapshot` is the only way out."""

    RECORDS: ClassVar = Records("rare_values", VALUE, _known, _lately, _described)
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, values: Structs, parts: Structs) -> None:
        self.config = config
        self._values = values
        self._parts = parts
        self._memory = min(MEMORY_DAYS * DAY_MS / config.bucket_span_ms, MOST_BUCKETS)

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> "RareModel":
        """A model without values, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if state is None:
            return cls(config, np.zeros(0, VALUE), np.zeros(0, PART))
        if not cls.readable(state):
            raise ValueError("rare values of another version: wanted this version")
        return cls(config, np.array(state["rare_values"], VALUE), np.array(state["rare_parts"], PART))

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> "RareModel | None":  # noqa: ARG003
        """One value of a snapshot beside what all of its partition amounted to; None before a bucket had it."""
        if not cls.readable(state) or row >= len(state["rare_values"]) or not state["rare_values"][row]["buckets"]:
            return None
        return cls._of(config, state, row)

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> "RareModel":  # noqa: ARG003
        """One value before any bucket had it."""
        return cls._of(config, state, row)

    @classmethod
    def _of(cls, config: ModelConfig, state: Arrays, row: int) -> "RareModel":
        values, parts = (np.asarray(state[name]) for name in ("rare_values", "rare_parts"))
        value = np.array(values[row : row + 1], VALUE)
        part = int(value["part"][0])
        value["part"] = 0
        return cls(config, value, np.array(parts[part : part + 1], PART))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether this version can read a snapshot."""
        expected = {"rare_values": VALUE, "rare_parts": PART}
        return all(name in state and state[name].dtype == dtype for name, dtype in expected.items())

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return {"rare_values": self._values.copy(), "rare_parts": self._parts.copy()}

    @property
    def n_series(self) -> int:
        """How many values the model has."""
        return len(self._values)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add values until there are `n_series`, each in its partition; without `kin` all are in one."""
        known = len(self._values)
        if n_series == known:
            return
        part = np.zeros(n_series, np.int32) if kin is None else kin.partition
        fresh = np.zeros(n_series - known, VALUE)
        fresh["part"] = part[known:n_series]
        self._values = np.concatenate([self._values, fresh])
        missing = int(fresh["part"].max()) + 1 - len(self._parts)
        if missing > 0:
            parts = np.zeros(missing, PART)
            parts["newest"] = -1
            self._parts = np.concatenate([self._parts, parts])

    def advance(self, values: Floats, first_bucket_ms: int, *, skips: Skips | None = None) -> Judged:
        """Judge each bucket with what was known before it, then learn it.

        The evidence of a cell is that of one of all values that a bucket has; that of a leaf is that any of them is as rare, so
        that what its bucket amounts to does not count the others twice.

        Args:
            values: [S, T] 1 where a bucket has rows of the value, NaN where it has none.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            skips: what of it is not to be told, or not to be learned.
        """
        return self._run(values, first_bucket_ms, skips, learn=True)

    def judge(self, values: Floats, bucket_ms: int, *, skips: Skips | None = None) -> Judged:
        """Judge one bucket of values [S] without learning it. Judged is [S, 1]."""
        return self._run(values[:, None], bucket_ms, skips, learn=False)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """As `Model.ln_p_of`: the leaf's own where a bucket has the value; that it has not is no surprise."""
        there = np.where(values >= _THERE, payload["ln_p"], 0.0)
        return np.asarray(np.where(np.isnan(values), np.nan, there), np.float64)

    def try_values(self, values: Floats, bucket_ms: int, shifts: Shifts | None = None) -> Tried:  # noqa: ARG002  # at any time
        """As `Model.try_values`."""
        judged = self._run(np.ones((1, 1)), bucket_ms, None, learn=False)
        leaves = np.repeat(judged.leaves, len(values))
        absent = values < _THERE
        leaves["actual"] = values
        leaves["ln_p"][absent] = leaves["ln_evidence"][absent] = 0.0
        share, filled = float(judged.leaves["typical"][0]), int(self._parts["filled"][0])
        most = max(share, 1.0 / (filled + 1))  # of what was never seen it is not known that it never comes
        deviation = math.sqrt(most * max(1.0 - most, 0.0))
        return Tried(leaves, {"this_bucket": leaves["ln_evidence"].copy()}, share, deviation, 0.0, filled > 0)

    def expect(  # the same at any time
        self,
        first_bucket_ms: int,  # noqa: ARG002
        buckets: int,
        shifts: Shifts | None = None,  # noqa: ARG002
    ) -> Floats:
        """The share of buckets that have each value now, [S, T]; NaN for one that none had."""
        share = np.empty(len(self._values))
        _rare.shares(_bytes(self._values), _bytes(self._parts), share)
        return np.repeat(share[:, None], buckets, axis=1)

    def describe(self, row: int) -> Description:
        """What the model believes about value `row` now, in words and numbers."""
        return _described(self._values[row], self.config)

    def known(self) -> Known:
        """What the model knows of its values together, and what not yet."""
        return _known(self._values, self.config)

    def _run(self, values: Floats, first_ms: int, skips: Skips | None, *, learn: bool) -> Judged:
        if values.shape[0] != len(self._values):
            raise ValueError(f"values.shape={values.shape}: wanted ({len(self._values)}, buckets)")
        skips = skips or Skips.none(*values.shape)
        first = first_ms // self.config.bucket_span_ms
        by_time, of = np.nonzero(values.T >= _THERE)
        t, row = by_time.astype(np.int64), of.astype(np.int32)
        ln_p, ln_evidence, found = np.empty(len(t)), np.empty(len(t)), np.empty(len(t), FOUND)
        used = _rare.advance(
            _bytes(self._values),
            _bytes(self._parts),
            t,
            row,
            first,
            self.config.bucket_span_ms,
            self._memory,
            learn,
            self.config.ln_threshold,
            skips.planned,
            _bytes(skips.rules),
            _bytes(skips.conditions),
            skips.scope,
            np.empty(len(t), np.uint8),
            ln_p,
            ln_evidence,
            _bytes(found),
        )
        return _judged(values.shape, t, row, first, (ln_p, ln_evidence), found[:used])


def _judged(shape: tuple[int, ...], t: Ints, row: Ids, first: int, ln: tuple[Floats, Floats], found: Structs) -> Judged:
    """What the kernel found, as `Judged`."""
    ln_p, ln_evidence = np.full(shape, np.nan), np.full(shape, np.nan)
    ln_p[row, t], ln_evidence[row, t] = ln
    leaves, share = np.zeros(len(found), LEAF), found["share"]
    leaves["bucket"], leaves["series"] = first + t[found["cell"]], row[found["cell"]]
    leaves["ln_p"] = leaves["ln_evidence"] = found["ln_p"]
    leaves["actual"], leaves["typical"], leaves["impact"] = 1.0, share, _ALONE
    leaves["lower"], leaves["upper"] = np.where(share > 0.975, 1.0, 0.0), np.where(share < 0.025, 0.0, 1.0)
    for name, of in (("since", "since"), ("count", "before"), ("buckets", "of"), ("rarity", "rarity")):
        leaves[name] = found[of]
    payload = np.zeros(len(found), PAYLOAD)
    payload["ln_p"] = found["ln_p"]
    told = found["skipped_by"] == NOT_SKIPPED
    skipped = Skipped(leaves[~told], np.ascontiguousarray(found["skipped_by"][~told]))
    return Judged(ln_p, ln_evidence, None, None, None, leaves[told], payload[told], np.zeros(0, CHANGE), skipped)


def _bytes(records: Structs) -> Bytes:
    return records.view(np.uint8).reshape(-1)
