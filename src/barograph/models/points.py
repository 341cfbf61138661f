"""Points: times of a day or a week, and places on the earth. Several may be usual; a value is odd by how far it is from all."""

from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from barograph.kernels import _points
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.points_state import (
    DAY,
    EARTH,
    FLAGGED,
    PREDICTIVE,
    SERIES,
    VERSION,
    WEEK,
    Space,
    describe,
    fresh,
    known,
    lately,
)
from barograph.models.recorded import Recorded
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Floats, Ints, Structs, as_bytes
from barograph.results.leaf import LEAF, Tried
from barograph.results.snapshot import Arrays


class PointModel(Recorded):
    """Usual places of each series of a detector. Built by `build` only; `snapshot` is the only way out."""

    SPACE: ClassVar[Space]
    RECORDS: ClassVar[Records]
    LAYOUT: ClassVar = {"points": SERIES}
    VERSION: ClassVar = VERSION
    TOGETHER: ClassVar = False

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:  # noqa: ARG003
        """A model of one series before its first value: siblings teach it nothing."""
        return cls(config, {"points": fresh(1)})

    def grow(self, n_series: int, kin: Kin | None = None) -> None:  # noqa: ARG002  # what each is of does not matter
        """Add series until there are `n_series`."""
        self._longer("points", n_series)

    @classmethod
    def _fresh(cls, name: str, first: int, end: int) -> Structs:  # noqa: ARG003  # there is one array
        return fresh(end - first)

    def _judged(self, values: Floats, first_ms: int, skips: Skips, weights: Floats | None, *, learn: bool) -> Judged:  # noqa: ARG002  # no mean of rows
        flagged, out = self._flagged(values, np.arange(self.n_series), first_ms, skips, learn=learn)
        return judged(self.config, flagged, out, first_ms)

    def _flagged(self, values: Floats, rows: Ints, first_ms: int, skips: Skips, *, learn: bool) -> tuple[Structs, list[Floats]]:
        """The leaves [k] of the kernel by time and then row, and what it says of all values."""
        shape, progress = values.shape, np.zeros(len(rows), np.int64)
        shown = shape if self.config.bounds_percentile is not None else (len(rows), 0)
        out, parts = [np.empty(shape) for _ in range(2)] + [np.empty(shown) for _ in range(3)], list[Structs]()
        while not parts or (progress < shape[1]).any():
            leaves = np.zeros(64 + values.size // 64, FLAGGED)
            count = _points.advance(
                as_bytes(self._records),
                rows,
                np.ascontiguousarray(values, np.float64).ravel(),
                shape[1],
                progress,
                as_bytes(leaves),
                [array.ravel() for array in out],
                *given(self.SPACE, self.config, first_ms, shape[1], skips, learn=learn),
            )
            parts.append(leaves[:count])
        flagged = np.concatenate(parts)
        return flagged[np.lexsort((flagged["row"], flagged["t"]))], out

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves; `payload` [k] are records of `PREDICTIVE`."""
        out = np.empty(len(values))
        _points.probability(as_bytes(np.ascontiguousarray(payload, PREDICTIVE)), np.ascontiguousarray(values, np.float64), out)
        return out

    def try_values(
        self,
        values: Floats,
        bucket_ms: int,
        shifts: Shifts | None = None,
        weight: float = 0.0,  # noqa: ARG002  # no mean of rows
    ) -> Tried:
        """What the model of one series would make of any of `values` [k] in a bucket, which is not learned."""
        alone = type(self)(self.config, {"points": np.repeat(self._records[:1], len(values))})
        each = np.zeros(len(values), np.int64)
        skips = Skips.none(len(values), 1) if shifts is None else Skips.clock(shifts.series(each), 1)
        flagged, _ = alone._flagged(values[:, None], np.arange(len(values)), bucket_ms, skips, learn=False)
        return tried(self.config, flagged, bucket_ms)

    def describe(self, row: int) -> Description:
        """What the model believes about series `row` now, in words and numbers."""
        return describe(self.SPACE, self._records[row], self.config)

    def known(self) -> Known:
        """What the model knows of its series together, and what not yet."""
        return known(self.SPACE, self._records, self.config)


def _records(space: Space) -> Records:
    return Records("points", SERIES, partial(known, space), lately, partial(describe, space))


class TimeOfDayModel(PointModel):
    """At which times of the day things happen."""

    SPACE, RECORDS = DAY, _records(DAY)


class TimeOfWeekModel(PointModel):
    """At which times of the week things happen."""

    SPACE, RECORDS = WEEK, _records(WEEK)


class PlaceModel(PointModel):
    """Where on the earth things happen."""

    SPACE, RECORDS = EARTH, _records(EARTH)


def given(space: Space, config: ModelConfig, first_ms: int, buckets: int, skips: Skips, *, learn: bool) -> tuple[Any, ...]:
    """What the kernel is told of a stretch, whatever is in it; its last arguments."""
    span, percentile = config.bucket_span_ms, config.bounds_percentile
    return (
        first_ms // span,
        span,
        learn,
        space.settings(span),
        config.ln_threshold,
        0.0 if percentile is None else 1.0 - percentile / 100.0,
        skips.planned,
        as_bytes(skips.rules),
        as_bytes(skips.conditions),
        np.ascontiguousarray(skips.scope).ravel(),
        skips.shifts.at(first_ms + span * np.arange(buckets, dtype=np.int64)),
        as_bytes(skips.shifts.some),
        np.ascontiguousarray(skips.shifts.scope).ravel(),
    )


def judged(config: ModelConfig, flagged: Structs, out: list[Floats], first_ms: int) -> Judged:
    """What the kernel said: leaves [k] by time and then row, and of all values ln p, ln evidence and bounds [S, T]."""
    ln_p, ln_evidence, *shown = out
    typical, lower, upper = shown if config.bounds_percentile is not None else (None, None, None)
    told, first = flagged["skipped_by"] == NOT_SKIPPED, first_ms // config.bucket_span_ms
    skipped = Skipped(_leaves(flagged[~told], first), np.ascontiguousarray(flagged["skipped_by"][~told]))
    flagged = flagged[told]
    payload, changes = np.ascontiguousarray(flagged["predictive"]), np.zeros(0, CHANGE)
    return Judged(ln_p, ln_evidence, typical, lower, upper, _leaves(flagged, first), payload, changes, skipped)


def tried(config: ModelConfig, flagged: Structs, bucket_ms: int) -> Tried:
    """What the kernel said of values [k] in the place of one."""
    leaves = _leaves(flagged, bucket_ms // config.bucket_span_ms)
    has_idea = bool(flagged["predictive"]["chance"][0] < 1.0)
    spread = float(flagged["predictive"]["place"]["spread"][0, 0]) if has_idea else 0.0
    steps = {"this_bucket": leaves["ln_evidence"].copy()}
    return Tried(leaves, steps, float(leaves["typical"][0]), spread, 0.0, has_idea, on_a_line=False)


def _leaves(flagged: Structs, first_bucket: int) -> Structs:
    """The leaves [k] of what the kernel flagged in buckets from `first_bucket` on."""
    leaves = np.zeros(len(flagged), LEAF)
    for name in ("actual", "typical", "lower", "upper", "ln_p", "count", "since"):
        leaves[name] = flagged[name]
    leaves["ln_evidence"], leaves["impact"] = flagged["ln_p"], -5.0  # of one bucket alone
    leaves["bucket"], leaves["series"] = first_bucket + flagged["t"], flagged["row"]
    leaves["multimodal"] = flagged["predictive"]["places"] > 1
    return leaves
