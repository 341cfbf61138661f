"""What a model believes about a series, in words and numbers: for `barograph jobs show` and the page."""

import math
from dataclasses import dataclass
from typing import Any, Final

from barograph.models.config import ModelConfig
from barograph.models.state import ChangeKind, SeasonKind

FAMILIES: Final = ("normal", "heavy-tailed", "log-normal", "gamma", "counts (negative binomial)")
_EXPERTS: Final = (
    "a slow level",
    "a level",
    "a fast level",
    "how the last value returns to its level",
    "a trend",
    "the last value",
    "the last value",
)
_SEASONS: Final = {
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
}


@dataclass(frozen=True)
class Description:
    """What is believed about one series.

    Attributes:
        values: how many values were seen.
        level: slow level, metric unit.
        deviation: standard deviation of the next value, metric unit.
        season: kind of the repeating pattern.
        period_ms: its length; 0 without one.
        shift_ms: by how much the pattern was moved in time.
        follows: what the next value is predicted from, in words.
        memory: share of a distance from the level that is left a bucket later.
        family: shape of the residuals with the largest weight.
        certainty: weight of that shape, 0 to 1.
        occupancy: share of values that are not 0.
        repeats: share of values equal to the one before.
        changed_ms: start of the bucket of the last accepted change; None: there was none.
        change: what that change was.
        sentences: all of it to read.
    """

    values: int
    level: float
    deviation: float
    season: SeasonKind
    period_ms: int
    shift_ms: int
    follows: str
    memory: float
    family: str
    certainty: float
    occupancy: float
    repeats: float
    changed_ms: int | None
    change: ChangeKind | None
    sentences: tuple[str, ...]


def describe(record: Any, config: ModelConfig) -> Description:
    """Read one record of `state.SERIES`."""
    values = int(record["count"])
    season = SeasonKind(int(record["season"]))
    weights = [float(w) for w in record["weight"]]
    errors = [float(e) for e in record["error"]]
    moves = float(record["ties"] + record["changes"])
    square = float(record["ar_square"])
    changed = int(record["changed"])
    facts: dict[str, Any] = {
        "values": values,
        "level": float(record["level"][0]),
        "deviation": math.sqrt(float(record["variance"])),
        "season": season,
        "period_ms": int(record["period_ms"]) if season else 0,
        "shift_ms": int(record["shift_ms"]) if season else 0,
        "follows": _EXPERTS[errors.index(min(errors))],
        "memory": max(-0.5, min(0.999, float(record["ar_cross"]) / square)) if square > 0 else 0.0,
        "family": FAMILIES[weights.index(max(weights))] if sum(weights) else FAMILIES[0],
        "certainty": max(weights) if sum(weights) else 0.0,
        "occupancy": float(record["occupancy"]),
        "repeats": float(record["ties"]) / moves if moves else 0.0,
        "changed_ms": changed * config.bucket_span_ms if changed >= 0 else None,
        "change": ChangeKind(int(record["change_kind"])) if changed >= 0 else None,
    }
    return Description(**facts, sentences=_sentences(facts))


def _sentences(facts: dict[str, Any]) -> tuple[str, ...]:
    if facts["values"] == 0:
        return ("Nothing seen yet.",)
    said = [f"{facts['values']:,} values seen; typically {facts['level']:.6g}, give or take {facts['deviation']:.3g}."]
    pattern = _SEASONS.get(facts["season"], f"a pattern every {facts['period_ms'] / 60_000:.6g} minutes")
    said.append(f"It has {pattern}; the next value is predicted from {facts['follows']}.")
    if facts["repeats"] > 0.5:
        said.append(f"It repeats its last value {facts['repeats']:.0%} of the time.")
    elif facts["certainty"]:
        said.append(f"Its errors look {facts['family']} ({facts['certainty']:.0%} sure).")
    if facts["occupancy"] < 0.5:
        said.append(f"It is sparse: only {facts['occupancy']:.0%} of values are not 0.")
    if facts["shift_ms"]:
        said.append(f"Its pattern runs {facts['shift_ms'] // 60_000} minutes late against the clock.")
    if facts["change"] is not None:
        said.append(f"Last change: {_CHANGES[facts['change']]}.")
    return tuple(said)
