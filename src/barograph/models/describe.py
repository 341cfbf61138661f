"""What a model believes about a series, in words and numbers: for `barograph jobs show` and the page."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.models.config import ModelConfig
from barograph.models.state import ChangeKind, SeasonKind
from barograph.results.words import short

YOUNG: Final = 8
"""Values below which a series has no spread of its own: only gross anomalies show (docs/modelling.md, Early life)."""

_REPEATS: Final = 2  # of a pattern must have been seen before it can be accepted; of a week for weekends, too

_LEVELS: Final = 3  # the first experts: means of long, middle and short memory

FAMILIES: Final = ("normal", "heavy-tailed", "log-normal", "gamma", "counts (negative binomial)")
_EXPERTS: Final = (
    "its long-time level",
    "its level of late",
    "its latest few values",
    "how its last value returns to the level",
    "its trend",
    "its last value",
    "its last value",
)
_TREND: Final = 4  # the expert that follows one
SEASON_WORDS: Final = {
    SeasonKind.NONE: "no repeating pattern",
    SeasonKind.DAY: "a daily pattern",
    SeasonKind.WORKDAYS: "a daily pattern with other weekends",
    SeasonKind.WEEK: "a weekly pattern",
}
_CHANGES: Final = {
    ChangeKind.LEVEL: "the level moved",
    ChangeKind.SCALE: "the spread changed",
    ChangeKind.TIME_SHIFT: "the pattern moved in time",
    ChangeKind.SEASON_FOUND: "a pattern was found",
    ChangeKind.SEASON_DROPPED: "a pattern was given up",
    ChangeKind.TREND: "the trend changed",
    ChangeKind.AMPLITUDE: "the pattern became stronger or weaker",
}


@dataclass(frozen=True)
class Description:
    """What is believed about one series; None is what its kind of model does not know.

    Attributes:
        values: how many values were seen.
        first_ms: start of the bucket of the first one, epoch ms; None before it.
        last_ms: start of the bucket of the last one.
        severity: decayed mean of the severity of the last ten buckets or so; 0 is quiet.
        sentences: all of it to read.
        level: where the level is now, metric unit: that of the trend where there is one, else of the memory that errs least.
        deviation: standard deviation of the next value, metric unit.
        season: kind of the repeating pattern.
        period_ms: its length; 0 without one.
        shift_ms: by how much the pattern was moved in time.
        follows: what the next value is predicted from, in words.
        trend: by how much the level rises a day, metric unit, if it does.
        trend_certainty: how sure it is that there is a trend, 0 to 1: the weight of what follows one among all that predict.
        memory: share of a distance from the level that is left a bucket later.
        family: shape of the residuals with the largest weight.
        certainty: weight of that shape, 0 to 1.
        occupancy: share of values that are not 0.
        repeats: share of values equal to the one before.
        changed_ms: start of the bucket of the last accepted change; None: there was none.
        change: what that change was.
    """

    values: int
    first_ms: int | None
    last_ms: int | None
    severity: float
    sentences: tuple[str, ...]
    level: float | None = None
    deviation: float | None = None
    season: SeasonKind | None = None
    period_ms: int | None = None
    shift_ms: int | None = None
    follows: str | None = None
    trend: float | None = None
    trend_certainty: float | None = None
    memory: float | None = None
    family: str | None = None
    certainty: float | None = None
    occupancy: float | None = None
    repeats: float | None = None
    changed_ms: int | None = None
    change: ChangeKind | None = None


@dataclass(frozen=True)
class Known:
    """What is known of all series together, and what not yet; numbers of series.

    Attributes:
        series: those with a value.
        young: those with fewer than `YOUNG` values.
        patterned: those with a repeating pattern.
        before_day: those without a pattern, seen for too short a time to find a daily one.
        before_week: those without a weekly pattern, seen long enough for a daily one, too short for a weekly one.
    """

    series: int = 0
    young: int = 0
    patterned: int = 0
    before_day: int = 0
    before_week: int = 0

    def __add__(self, other: "Known") -> "Known":
        """Both together."""
        return Known(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def known(records: Any, config: ModelConfig) -> Known:
    """What records of `state.SERIES` [S] know together."""
    seen = records[records["count"] > 0]
    days = (seen["last"] - seen["first"] + 1) * (config.bucket_span_ms / DAY_MS)
    before_day = (seen["season"] == SeasonKind.NONE) & (days < _REPEATS) & (config.bucket_span_ms * 4 <= DAY_MS)
    before_week = (seen["season"] <= SeasonKind.DAY) & ~before_day & (days < 7 * _REPEATS)
    before_week &= config.bucket_span_ms * 4 <= 7 * DAY_MS
    flags = (seen["count"] < YOUNG, seen["season"] > 0, before_day, before_week)
    return Known(len(seen), *(int(np.count_nonzero(flag)) for flag in flags))


def describe(record: Any, config: ModelConfig) -> Description:
    """Read one record of `state.SERIES`."""
    values = int(record["count"])
    season = SeasonKind(int(record["season"]))
    weights = [float(w) for w in record["weight"]]
    errors = [float(e) for e in record["error"]]
    moves = float(record["ties"] + record["changes"])
    square = float(record["ar_square"])
    changed, span_ms = int(record["changed"]), config.bucket_span_ms
    trend_certainty = _trusted(errors, _TREND) if values >= YOUNG else 0.0
    facts: dict[str, Any] = {
        "values": values,
        "first_ms": int(record["first"]) * span_ms if values else None,
        "last_ms": int(record["last"]) * span_ms if values else None,
        "level": float(record["level"][_TREND if trend_certainty >= 0.5 else errors.index(min(errors[:_LEVELS]))]),
        "deviation": math.sqrt(float(record["variance"])),
        "season": season,
        "period_ms": int(record["period_ms"]) if season else 0,
        "shift_ms": int(record["shift_ms"]) if season else 0,
        "follows": _EXPERTS[errors.index(min(errors))],
        "trend": float(record["slope"]) * DAY_MS / span_ms,
        "trend_certainty": trend_certainty,
        "memory": max(-0.5, min(0.999, float(record["ar_cross"]) / square)) if square > 0 else 0.0,
        "family": FAMILIES[weights.index(max(weights))] if sum(weights) else FAMILIES[0],
        "certainty": max(weights) if sum(weights) else 0.0,
        "occupancy": float(record["occupancy"]),
        "repeats": float(record["ties"]) / moves if moves else 0.0,
        "severity": float(record["memory"]),
        "changed_ms": changed * span_ms if changed >= 0 else None,
        "change": ChangeKind(int(record["change_kind"])) if changed >= 0 else None,
    }
    return Description(**facts, sentences=tuple(_sentences(facts, config)))


def _trusted(errors: list[float], expert: int) -> float:
    """The weight of one expert in the prediction: the 16th power of the ratio of mean squared errors, as the kernel has it."""
    best = min(errors)
    if not best > 0.0:
        return 0.0
    weights = [(best / error) ** 16 if best / error >= 0.5 else 0.0 for error in errors]
    return weights[expert] / sum(weights)


def _sentences(facts: dict[str, Any], config: ModelConfig) -> Iterator[str]:
    values = facts["values"]
    if values == 0:
        yield "Nothing seen yet."
        return
    seen = f"{values:,} value{'' if values == 1 else 's'} seen"
    if values < YOUNG:
        yield f"{seen}, around {_rough(facts['level'], 3)}: too few to know the spread, so only gross anomalies show yet."
        return
    yield f"{seen}, around {_rough(facts['level'], 3)}; a prediction errs by about {_rough(facts['deviation'], 2)}."
    yield from _pattern(facts, config.bucket_span_ms)
    if facts["repeats"] <= 0.5:
        yield _trend(facts)
    if facts["shift_ms"]:
        late = "late" if facts["shift_ms"] > 0 else "early"
        yield f"Its pattern runs {abs(facts['shift_ms']) // 60_000} minutes {late} against the clock."
    if facts["occupancy"] < 0.5:
        yield f"It is sparse: only {_percent(facts['occupancy'])} of values are not 0."
    if facts["change"] is not None:
        at = datetime.fromtimestamp(facts["changed_ms"] / 1000, UTC).astimezone(ZoneInfo(config.time_zone))
        yield f"Last change, {at:%Y-%m-%d %H:%M}: {_CHANGES[facts['change']]}."
    if facts["repeats"] > 0.5:
        yield f"It repeats its last value {_percent(facts['repeats'])} of the time."
    elif facts["certainty"]:
        like = "" if facts["certainty"] >= 0.5 else "most like "
        yield f"Its errors look {like}{facts['family']} ({_percent(facts['certainty'])} sure)."


def _pattern(facts: dict[str, Any], span_ms: int) -> Iterator[str]:
    named = SEASON_WORDS.get(facts["season"], f"a pattern every {facts['period_ms'] / 60_000:.6g} minutes")
    days = (facts["last_ms"] - facts["first_ms"] + span_ms) / DAY_MS
    so_far = ""
    if facts["season"] == SeasonKind.NONE and days < _REPEATS and span_ms * 4 <= DAY_MS:
        so_far = f" in {_rough(days, 2)} days, and a daily one can show only after {_REPEATS}"
    elif facts["season"] <= SeasonKind.DAY and days < 7 * _REPEATS and span_ms * 4 <= 7 * DAY_MS:
        so_far = f" in {_rough(days, 2)} days, and a weekly one can show only after {7 * _REPEATS}"
    yield f"It has {named}{so_far}; the next value is predicted from {facts['follows']}."


def _trend(facts: dict[str, Any]) -> str:
    sure, rise = facts["trend_certainty"], facts["trend"]
    if sure < 0.4 or rise == 0.0:
        return f"It has no trend ({_percent(1 - sure)} sure)."
    has = "has" if sure >= 0.5 else "may have"
    return f"It {has} a trend: {_rough(abs(rise), 2)} {'more' if rise > 0 else 'less'} a day ({_percent(sure)} sure)."


def _rough(value: float, digits: int) -> str:
    return short(float(f"{value:.{digits}g}"))


def _percent(share: float) -> str:
    """Never more than is known: what is nearly certain is not called certain."""
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"
