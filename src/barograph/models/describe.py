"""What a model believes about a series, in words and numbers: for `barograph jobs show` and the page."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from barograph.config.duration import DAY_MS
from barograph.models.config import ModelConfig
from barograph.models.state import ChangeKind, SeasonKind
from barograph.results.words import rough_length, short

YOUNG: Final = 8
"""Values below which a series has no spread of its own: only gross anomalies show (docs/modelling.md, Early life)."""

_REPEATS: Final = 2  # of a pattern must have been seen before it can be accepted; of a week for weekends, too

FAMILIES: Final = ("normal", "heavy-tailed", "log-normal", "gamma", "count-like (negative binomial)")
_FOLLOWS: Final = (
    "keeps to its long-time level",
    "keeps to its level of late",
    "follows its latest few values",
    "follows its last value, and keeps to no level",
    "goes on along its latest slope",
)
"""What is expected of a series, by the level with the largest share in it."""
_SLOPED: Final = 4  # the level that has one
_LIKELY: Final = 0.4  # share of the sloped level from which a trend is told
_CONSTANT: Final = 1e-6  # of its level: a smaller deviation is none
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
        severity: how far values lately were from what was expected, in deviations; 0 is quiet.
        sentences: all of it to read.
        level: where the level is now that values are expected at, without the pattern, metric unit.
        deviation: standard deviation of values around what is expected of them, metric unit.
        season: kind of the repeating pattern.
        period_ms: its length; 0 without one.
        shift_ms: by how much the pattern was moved in time.
        follows: what the series keeps to, in words.
        trend: by how much the level rises a day, metric unit.
        trend_certainty: how sure it is that there is a trend, 0 to 1: 1 once it is accepted, before it the share of the level
            that has one.
        memory: share of a distance from what is expected that is left a bucket later.
        family: shape of the distances with the largest weight.
        certainty: weight of that shape, 0 to 1.
        occupancy: share of values that are not 0.
        repeats: share of values equal to the usual one.
        incident_ms: start of the first bucket of the incident that is going on; None: there is none.
        former_level: the level before the last change, where a return to it is no anomaly yet; None: there is none.
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
    incident_ms: int | None = None
    former_level: float | None = None
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
    before_day = (seen["season.kind"] == SeasonKind.NONE) & (days < _REPEATS) & (config.bucket_span_ms * 4 <= DAY_MS)
    before_week = (seen["season.kind"] <= SeasonKind.DAY) & ~before_day & (days < 7 * _REPEATS)
    before_week &= config.bucket_span_ms * 4 <= 7 * DAY_MS
    flags = (seen["count"] < YOUNG, seen["season.kind"] > 0, before_day, before_week)
    return Known(len(seen), *(int(np.count_nonzero(flag)) for flag in flags))


def lately(records: Any) -> NDArray[np.float64]:
    """[S] how far values of series lately were from what was expected, in deviations; those of an incident count, too."""
    mean: NDArray[np.float64] = np.abs(records["rest.mean"])
    count = np.maximum(records["incident.count"], 1.0)
    deviation = np.sqrt(np.maximum(records["spread.variance"], np.finfo(float).tiny))
    apart = np.abs(records["incident.offset"]) / count / deviation
    return np.asarray(np.where(records["incident.since"] >= 0, np.maximum(mean, apart), mean))


def describe(record: Any, config: ModelConfig) -> Description:
    """Read one record of `state.SERIES`."""
    values, span_ms = int(record["count"]), config.bucket_span_ms
    season = SeasonKind(int(record["season.kind"]))
    weights = [float(w) for w in record["families.weight"]]
    changed, incident = int(record["changed"]), int(record["incident.since"])
    facts: dict[str, Any] = {
        "values": values,
        "first_ms": int(record["first"]) * span_ms if values else None,
        "last_ms": int(record["last"]) * span_ms if values else None,
        "season": season,
        "period_ms": int(record["season.period_ms"]) if season else 0,
        "shift_ms": int(record["season.shift_ms"]) if season else 0,
        "family": FAMILIES[weights.index(max(weights))] if sum(weights) else FAMILIES[0],
        "certainty": max(weights) if sum(weights) else 0.0,
        "occupancy": float(record["occupancy"]),
        "severity": float(lately(record.reshape(1))[0]),
        "incident_ms": incident * span_ms if incident >= 0 else None,
        "former_level": float(record["before.level"]) if values and record["before.until"] > record["last"] else None,
        "changed_ms": changed * span_ms if changed >= 0 else None,
        "change": ChangeKind(int(record["change_kind"])) if changed >= 0 else None,
        **_expected(record, span_ms),
        **_scatter(record),
    }
    return Description(**facts, sentences=tuple(_sentences(facts, _instead(record), config)))


def _expected(record: Any, span_ms: int) -> dict[str, Any]:
    """What values are expected at."""
    share, level = record["levels.share"], record["levels.value"]
    accepted, sloped = float(record["line.slope"]), float(share[_SLOPED])
    return {
        "level": float(share @ level),
        "follows": _FOLLOWS[int(np.argmax(share))],
        "trend": (accepted + sloped * float(record["levels.slope"])) * DAY_MS / span_ms,
        "trend_certainty": 1.0 if accepted else sloped,
    }


def _scatter(record: Any) -> dict[str, Any]:
    """How values lie around it."""
    moves, square = float(record["repeats.ties"] + record["repeats.changes"]), float(record["rest.square"])
    return {
        "deviation": math.sqrt(float(record["spread.variance"])),
        "memory": min(max(float(record["rest.cross"]) / square, 0.0), 0.98) if square > 0 else 0.0,
        "repeats": float(record["repeats.ties"]) / moves if moves else 0.0,
    }


def _instead(record: Any) -> tuple[float, float] | None:
    """During an incident, the mean of its values, and of what was expected instead."""
    count = float(record["incident.count"])
    if record["incident.since"] < 0 or not count:
        return None
    return float(record["incident.offset"] + record["incident.centre"]) / count, float(record["incident.centre"]) / count


def _sentences(facts: dict[str, Any], instead: tuple[float, float] | None, config: ModelConfig) -> Iterator[str]:
    values, level = facts["values"], _rough(facts["level"], 3)
    if values == 0:
        yield "Nothing seen yet."
        return
    seen = f"{values:,} value{'' if values == 1 else 's'} seen"
    if values < YOUNG:
        yield f"{seen}, around {level}: too few to know the spread, so only gross anomalies show yet."
        return
    if facts["deviation"] <= _CONSTANT * abs(facts["level"]):
        yield f"{seen}, lately always {level}."
    else:
        yield f"{seen}, around {level}; they scatter by about {_rough(facts['deviation'], 2)} around what is expected."
    yield from _pattern(facts, config.bucket_span_ms)
    yield from _trend(facts)
    if facts["shift_ms"]:
        late = "late" if facts["shift_ms"] > 0 else "early"
        yield f"Its pattern runs {abs(facts['shift_ms']) // 60_000} minutes {late} against the clock."
    if facts["occupancy"] < 0.5:
        yield f"It is sparse: only {_percent(facts['occupancy'])} of values are not 0."
    yield from _history(facts, instead, ZoneInfo(config.time_zone))
    if facts["repeats"] > 0.5:
        yield f"It has its usual value {_percent(facts['repeats'])} of the time."
    elif facts["certainty"]:
        looks = "looks" if facts["certainty"] >= 0.5 else "may be"
        yield f"Its scatter {looks} {facts['family']} ({_percent(facts['certainty'])} sure)."


def _pattern(facts: dict[str, Any], span_ms: int) -> Iterator[str]:
    named = SEASON_WORDS.get(facts["season"], f"a pattern of {rough_length(facts['period_ms'])}")
    days = (facts["last_ms"] - facts["first_ms"] + span_ms) / DAY_MS
    so_far = ""
    if facts["season"] == SeasonKind.NONE and days < _REPEATS and span_ms * 4 <= DAY_MS:
        so_far = f" in {_passed(days)}, and a daily one can show only after {_REPEATS} days"
    elif facts["season"] <= SeasonKind.DAY and days < 7 * _REPEATS and span_ms * 4 <= 7 * DAY_MS:
        so_far = f" in {_passed(days)}, and a weekly one can show only after {7 * _REPEATS} days"
    yield f"It has {named}{so_far}; it {facts['follows']}."


def _trend(facts: dict[str, Any]) -> Iterator[str]:
    sure, rise = facts["trend_certainty"], facts["trend"]
    if sure < _LIKELY or rise == 0.0:
        return
    rises = ("rises", "falls") if sure == 1.0 else ("has been rising lately,", "has been falling lately,")
    yield f"It {rises[rise < 0]} by {_rough(abs(rise), 2)} a day."


def _history(facts: dict[str, Any], instead: tuple[float, float] | None, zone: ZoneInfo) -> Iterator[str]:
    """The last change, and what is going on."""
    if facts["change"] is not None:
        yield f"Last change, {_when(facts['changed_ms'], zone)}: {_CHANGES[facts['change']]}."
    if facts["former_level"] is not None:
        yield "A return to what was normal before would be no anomaly."
    if instead is not None:
        values, expected = (_rough(one, 3) for one in instead)
        yield (
            f"An incident has been going on since {_when(facts['incident_ms'], zone)}: values are around {values} instead of "
            f"{expected}, and are not learnt unless it lasts."
        )


def _when(ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def _rough(value: float, digits: int) -> str:
    return short(float(f"{value:.{digits}g}"))


def _passed(days: float) -> str:
    """From a day on rounded down: what can show only after 14 days has not had them at 13.96."""
    return rough_length((days if days < 1 else math.floor(days * 10) / 10) * DAY_MS)


def _percent(share: float) -> str:
    """Never more than is known: what is nearly certain is not called certain."""
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"
