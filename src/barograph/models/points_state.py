"""What is remembered of points, in the layout of `kernels/points_state.hpp`; what points are, and what they say in words."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph.config.duration import DAY_MS, UNIT_MS
from barograph.kernels import _points
from barograph.models.config import ModelConfig
from barograph.models.describe import Description, Known
from barograph.results.arrays import Floats, Structs
from barograph.results.points import DAY_S, WEEK_S, clock, place

VERSION: Final = 4
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
    if "<" in kind:
        return kind
    assert nested is not None
    return (nested, (_points.PLACES,)) if name == "place" else nested


SERIES: Final = _dtype("series", _dtype("place"))
"""All that one series remembers, or a population of its members together."""
MEMBER: Final = _dtype("member")
"""What is remembered of one of them."""
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
    yield f"{_counted(values)} seen, usually {_listed(space, usual, float(record['weight']))}."
    if _is_taught(space, record, config):
        yield "It is still being taught: where values are now is usual from now on."
    elif others := len(places) - len(usual):
        yield (
            "Another was seen too seldom to be usual." if others == 1 else f"{others} others were seen too seldom to be usual."
        )


def describe_member(space: Space, record: Any, config: ModelConfig, population: Any = None) -> Description:
    """Read one record of `MEMBER`, with the record of its population, where that is at hand."""
    values, told = int(record["count"]), []
    if values:
        told.append(f"A member of a population, judged by where all of its members usually are; it had {_counted(values)}.")
    if population is not None and population["count"]:
        places = population["place"][: int(population["places"])]
        of_it = np.isin(places["who"], (record["number"], _points.MANY)).any(axis=1)
        usual = _listed(space, places[(places["usual"] == 1) & of_it], float(places["weight"].sum()))
        of = f"{_counted(int(population['count']))} of {population['members']:,} members"
        told.append(f"Usual to it is what it has done itself, or more than two have: of {of} those {usual}.")
        if _is_taught(space, population, config):
            told.append("The population is still being taught: where values are now is usual from now on.")
    return Description(
        values=values,
        first_ms=int(record["first"]) * config.bucket_span_ms if values else None,
        last_ms=int(record["last"]) * config.bucket_span_ms if values else None,
        severity=float(record["surprise"]),
        sentences=tuple(told or ["Nothing seen yet."]),
    )


def _counted(values: int) -> str:
    return f"{values:,} value{'' if values == 1 else 's'}"


def _listed(space: Space, usual: Structs, weight: float) -> str:
    """Usual places in words, each with its share of the weight of all."""
    usual = usual[np.argsort(-usual["weight"], kind="stable")]
    share = usual["weight"] / weight
    named = [f"{space.name(one)} ({100 * part:.0f} %)" for one, part in zip(usual, share, strict=True) if part >= _SHORTEST]
    more = len(usual) - len(named[:_TOLD])
    listed = ", ".join(named[:_TOLD]) + (f" and at {more} more" if more and named else "")
    return f"{_AT[space.geometry]} {listed or 'nowhere'}"


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


def known_members(records: Structs, config: ModelConfig) -> Known:  # noqa: ARG001  # no setting changes it
    """What records of `MEMBER` know together."""
    seen = records["count"]
    return Known(int(np.count_nonzero(seen)), int(np.count_nonzero((seen > 0) & (seen < _points.LEAST))))


def fresh_members(first: int, end: int) -> Structs:
    """Records of members that have had no value, by their numbers."""
    records = np.zeros(end - first, MEMBER)
    records["number"] = np.arange(first, end)
    records["since"] = -1
    return records
