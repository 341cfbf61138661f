"""Points: times of a day or a week, and places on the earth. Several may be usual; a value is odd by how far it is from all."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Self

import numpy as np

from barograph.config.duration import DAY_MS, UNIT_MS
from barograph.kernels import _points
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Floats, Ints, Structs, as_bytes
from barograph.results.leaf import LEAF, Tried
from barograph.results.points import DAY_S, WEEK_S, clock, place
from barograph.results.snapshot import Arrays

VERSION: Final = 2
"""Of what the models remember. Raised when the same values would be remembered as something else: jobs are then replayed."""

_HOUR_MS: Final = UNIT_MS["h"]
_TOLD: Final = 4  # usual places that a sentence names
_SHORTEST: Final = 0.02  # share of values from which a place is named


def _dtype(record: str, nested: np.dtype[np.void] | None = None) -> np.dtype[np.void]:
    fields = _points.fields(record)
    formats = [_format(name, kind, nested) for name, kind, _, _ in fields]
    names, offsets = [field[0] for field in fields], [field[3] for field in fields]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": _points.size(record)})


def _format(name: str, kind: str, nested: np.dtype[np.void] | None) -> Any:
    if kind.startswith("<"):
        return kind
    assert nested is not None
    return (nested, (_points.PLACES,)) if name == "place" else nested


SERIES: Final = _dtype("series", _dtype("place"))
"""All that one series remembers."""
PREDICTIVE: Final = _dtype("predictive", _dtype("usual"))
"""What is needed to judge another value of the same series and bucket."""
FLAGGED: Final = _dtype("leaf", PREDICTIVE)


@dataclass(frozen=True)
class Space:
    """What points are.

    Attributes:
        geometry: of the kernel.
        period: of a circle, s.
        scale: how far values of one place lie apart before anything is known of it, s or km.
        widest: a place that spreads further is two, s or km.
        teaching_ms: from the first value on for so long nothing is odd, as most is new.
        apart_ms: a place is seen on another occasion when so much time has gone by.
    """

    geometry: int
    period: float
    scale: float
    widest: float
    teaching_ms: int
    apart_ms: int

    def settings(self, span_ms: int) -> list[float]:
        """As the kernel takes them."""
        scale = max(self.scale, span_ms / 4_000.0) if self.geometry == _points.CIRCLE else self.scale
        buckets = (float(max(-(-ms // span_ms), 1)) for ms in (self.teaching_ms, self.apart_ms))
        return [float(self.geometry), self.period, scale, max(self.widest, scale), *buckets]

    def name(self, record: Any) -> str:
        """Where a place (a record of the kernel) is, in words."""
        if self.geometry == _points.CIRCLE:
            return clock(float(record["x"]), self.period)
        x, y, z = (float(record[axis]) for axis in "xyz")
        return place_name(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))


def place_name(latitude: float, longitude: float) -> str:
    """A place in words."""
    code = np.empty(1)
    _points.codes(np.array([latitude]), np.array([longitude]), code)
    return place(float(code[0]))


# Half an hour, ten kilometres: what people keep to within a day, and within a town. Working hours are several places
# that spread little more than an hour each, so that they end where they end. All chosen.
DAY: Final = Space(_points.CIRCLE, DAY_S, 1_800.0, 4_500.0, 2 * DAY_MS, 12 * _HOUR_MS)
WEEK: Final = Space(_points.CIRCLE, WEEK_S, 1_800.0, 5_400.0, 14 * DAY_MS, 84 * _HOUR_MS)
EARTH: Final = Space(_points.EARTH, 0.0, 10.0, 50.0, 2 * DAY_MS, 12 * _HOUR_MS)


def describe(space: Space, record: Any, config: ModelConfig) -> Description:
    """Read one record of `SERIES`."""
    values = int(record["count"])
    return Description(
        values=values,
        first_ms=int(record["first"]) * config.bucket_span_ms if values else None,
        last_ms=int(record["last"]) * config.bucket_span_ms if values else None,
        severity=float(record["surprise"]),
        sentences=tuple(_sentences(space, record, config)),
    )


def _sentences(space: Space, record: Any, config: ModelConfig) -> Iterator[str]:
    values, places = int(record["count"]), record["place"][: int(record["places"])]
    if not values:
        yield "Nothing seen yet."
        return
    usual = places[places["usual"] == 1]
    usual = usual[np.argsort(-usual["weight"], kind="stable")]
    share = usual["weight"] / record["weight"]
    named = [f"{space.name(one)} ({100 * part:.0f} %)" for one, part in zip(usual, share, strict=True) if part >= _SHORTEST]
    more = len(usual) - len(named[:_TOLD])
    listed = ", ".join(named[:_TOLD]) + (f" and at {more} more" if more and named else "")
    yield f"{values:,} value{'' if values == 1 else 's'} seen, usually {_AT[space.geometry]} {listed or 'nowhere'}."
    if _is_taught(space, record, config):
        yield "It is still being taught: where values are now is usual from now on."
    elif others := len(places) - len(usual):
        yield (
            "Another was seen too seldom to be usual." if others == 1 else f"{others} others were seen too seldom to be usual."
        )


_AT: Final = {_points.CIRCLE: "around", _points.EARTH: "near"}


def _is_taught(space: Space, records: Any, config: ModelConfig) -> Any:
    """Whether nothing is odd yet, of one record or of each of several."""
    lasted = records["last"] + 1 - records["first"]
    return (records["count"] < _points.LEAST) | (lasted < space.settings(config.bucket_span_ms)[4])


def known(space: Space, records: Structs, config: ModelConfig) -> Known:
    """What records of `SERIES` know together."""
    seen = records[records["count"] > 0]
    young = int(np.count_nonzero(seen["count"] < _points.LEAST))
    taught = int(np.count_nonzero(_is_taught(space, seen, config)))
    week = space is WEEK
    return Known(len(seen), young, before_day=0 if week else taught, before_week=taught if week else 0)


def lately(records: Structs) -> Floats:
    """[S] how odd values were lately, in powers of ten of their probability."""
    return np.asarray(records["surprise"], np.float64)


def fresh(n: int) -> Structs:
    """Records of `n` series that have seen nothing."""
    records = np.zeros(n, SERIES)
    records["since"] = -1
    return records


class PointModel:
    """Usual places of each series of a detector. Built by `build` only; `snapshot` is the only way out."""

    SPACE: ClassVar[Space]
    RECORDS: ClassVar[Records]
    TOGETHER: ClassVar = False

    def __init__(self, config: ModelConfig, records: Structs) -> None:
        self.config = config
        self._records = records

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> Self:
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if state is None:
            return cls(config, fresh(0))
        if not cls.readable(state):
            raise ValueError(f"points of another version: wanted this version, {VERSION}")
        return cls(config, np.array(state["points"], SERIES))

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> Self | None:
        """A model of one series of a snapshot, as it was then; None before its first value, or of another version."""
        if not (cls.readable(state) and cls.readable(newest)) or row >= len(state["points"]):
            return None
        own = np.array(state["points"][row : row + 1], SERIES)
        return cls(config, own) if own["count"][0] > 0 else None

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:  # noqa: ARG003
        """A model of one series before its first value: siblings teach it nothing."""
        return cls(config, fresh(1))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether a snapshot's records are of this version."""
        return "points" in state and state["points"].dtype == SERIES and int(state["version"][0]) == VERSION

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return {"points": self._records.copy(), "version": np.array([VERSION])}

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return len(self._records)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:  # noqa: ARG002  # what each is of does not matter
        """Add series until there are `n_series`."""
        missing = n_series - len(self._records)
        if missing < 0:
            raise ValueError(f"n_series={n_series}: wanted at least the present {len(self._records)}")
        if missing:
            self._records = np.concatenate([self._records, fresh(missing)])

    def advance(
        self,
        values: Floats,
        first_bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Score each bucket with what was known before it, then learn it."""
        return self._run(values, first_bucket_ms, skips, learn=True)

    def judge(
        self,
        values: Floats,
        bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Score one bucket of values [S] without learning it. Judged is [S, 1]."""
        return self._run(values[:, None], bucket_ms, skips, learn=False)

    def _run(self, values: Floats, first_ms: int, skips: Skips | None, *, learn: bool) -> Judged:
        if values.ndim != 2 or len(values) != self.n_series:
            raise ValueError(f"values.shape={values.shape}: wanted ({self.n_series}, buckets)")
        flagged, out = self._flagged(values, np.arange(self.n_series), first_ms, skips, learn=learn)
        ln_p, ln_evidence, *shown = out
        typical, lower, upper = shown if self.config.bounds_percentile is not None else (None, None, None)
        told, first = flagged["skipped_by"] == NOT_SKIPPED, first_ms // self.config.bucket_span_ms
        skipped = Skipped(_leaves(flagged[~told], first), np.ascontiguousarray(flagged["skipped_by"][~told]))
        flagged = flagged[told]
        payload = np.ascontiguousarray(flagged["predictive"])
        changes = np.zeros(0, CHANGE)
        return Judged(ln_p, ln_evidence, typical, lower, upper, _leaves(flagged, first), payload, changes, skipped)

    def _flagged(
        self, values: Floats, rows: Ints, first_ms: int, skips: Skips | None, *, learn: bool
    ) -> tuple[Structs, list[Floats]]:
        """The leaves [k] of the kernel by time and then row, and what it says of all values."""
        span, shape = self.config.bucket_span_ms, values.shape
        if first_ms % span:
            raise ValueError(f"first_bucket_ms={first_ms}: wanted a multiple of bucket_span_ms={span}")
        percentile = self.config.bounds_percentile
        skips, progress = skips or Skips.none(*shape), np.zeros(len(rows), np.int64)
        shown = shape if percentile is not None else (len(rows), 0)
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
                first_ms // span,
                span,
                learn,
                self.SPACE.settings(span),
                self.config.ln_threshold,
                0.0 if percentile is None else 1.0 - percentile / 100.0,
                skips.planned,
                as_bytes(skips.rules),
                as_bytes(skips.conditions),
                skips.scope.ravel(),
                skips.shifts.at(first_ms + span * np.arange(shape[1], dtype=np.int64)),
                as_bytes(skips.shifts.some),
                skips.shifts.scope.ravel(),
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
        alone = type(self)(self.config, np.repeat(self._records[:1], len(values)))
        each = np.zeros(len(values), np.int64)
        skips = None if shifts is None else Skips.clock(shifts.series(each), 1)
        flagged, _ = alone._flagged(values[:, None], np.arange(len(values)), bucket_ms, skips, learn=False)
        leaves = _leaves(flagged, bucket_ms // self.config.bucket_span_ms)
        typical = leaves["typical"][0]
        has_idea = bool(flagged["predictive"]["chance"][0] < 1.0)
        spread = float(flagged["predictive"]["place"]["spread"][0, 0]) if has_idea else 0.0
        steps = {"this_bucket": leaves["ln_evidence"].copy()}
        return Tried(leaves, steps, float(typical), spread, 0.0, has_idea, on_a_line=False)

    def expect(
        self,
        first_bucket_ms: int,  # noqa: ARG002
        buckets: int,
        shifts: Shifts | None = None,  # noqa: ARG002
    ) -> Floats:
        """What is expected of coming buckets, [S, T]: nothing, as nobody knows where a value will be; NaN."""
        return np.full((self.n_series, buckets), np.nan)

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


def _leaves(flagged: Structs, first_bucket: int) -> Structs:
    """The leaves [k] of what the kernel flagged in buckets from `first_bucket` on."""
    leaves = np.zeros(len(flagged), LEAF)
    for name in ("actual", "typical", "lower", "upper", "ln_p", "count", "since"):
        leaves[name] = flagged[name]
    leaves["ln_evidence"], leaves["impact"] = flagged["ln_p"], -5.0  # of one bucket alone
    leaves["bucket"], leaves["series"] = first_bucket + flagged["t"], flagged["row"]
    leaves["multimodal"] = flagged["predictive"]["places"] > 1
    return leaves
