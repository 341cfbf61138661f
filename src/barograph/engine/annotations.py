"""What models have accepted as changed, as rows that people read."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barograph.config.duration import DAY_MS
from barograph.models import SEASON_WORDS, ChangeKind, SeasonKind
from barograph.results import schema
from barograph.results.arrays import Ints, Structs
from barograph.results.words import rough_length, short
from barograph.scoring.leaves import Measure

_CALENDAR: Final = {DAY_MS: SeasonKind.DAY, 7 * DAY_MS: SeasonKind.WEEK}
_NONE: Final = 1e-6  # of another spread: a smaller one is that of a constant
_AS_LONG: Final = 0.02  # of a pattern's length: one that differs by less is the same, measured better
_SCHEMA: Final = schema.polars_schema(schema.ANNOTATIONS)


def annotations(
    measure: Measure, changes: Structs, first_bucket: int, bucket_span_ms: int, names: pl.DataFrame, zone: str = "UTC"
) -> pl.DataFrame:
    """Accepted changes of one measure as rows of `schema.ANNOTATIONS`, in their order.

    Args:
        measure: what was measured.
        changes: [k], dtype `models.CHANGE`.
        first_bucket: index of the bucket that `t` 0 is.
        bucket_span_ms: length of a bucket.
        names: [k] the split values of each change's series.
        zone: IANA name; times in sentences are its civil times.
    """
    kinds = [ChangeKind(kind) for kind in changes["kind"].tolist()]
    facts = zip(kinds, changes["season"].tolist(), changes["before"].tolist(), changes["after"].tolist(), strict=True)
    texts = [_TEXTS[kind](season, before, after) for kind, season, before, after in facts]
    begun = (changes["since"].astype(np.int64) * bucket_span_ms).tolist()
    texts = [f"{_since(b, zone)} {text}" if kind in _DATED else text for kind, text, b in zip(kinds, texts, begun, strict=True)]
    constant: dict[str, Any] = {
        "bucket_span": bucket_span_ms // 1000,
        **measure.labels,
    }
    frame = names.with_columns(
        pl.Series("timestamp", (first_bucket + changes["t"].astype(np.int64)) * bucket_span_ms),
        *(pl.lit(value, dtype=_SCHEMA[name]).alias(name) for name, value in constant.items()),
        pl.Series("kind", [kind.name.lower() for kind in kinds], dtype=pl.String),
        *(pl.Series(name, changes[name]) for name in ("before", "after")),
        pl.Series("text", texts, dtype=pl.String),
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())


def silences(measure: Measure, slept: Ints, bucket_span_ms: int, zone: str = "UTC") -> pl.DataFrame:
    """Stretches [k, 2] of buckets that a job has slept through, as rows of `schema.ANNOTATIONS` of its first measure.

    Each is of the bucket with the first value behind it.
    """
    rows = [
        {
            **dict.fromkeys(_SCHEMA),
            **measure.labels,
            "timestamp": end * bucket_span_ms,
            "bucket_span": bucket_span_ms // 1000,
            "kind": "silence",
            "before": float(end - start),
            "after": 0.0,
            "text": f"{_since(start * bucket_span_ms, zone)} there was no value: {end - start:,} buckets were not judged",
        }
        for start, end in slept.tolist()
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _moved(_season: int, before: float, after: float) -> str:
    # With a pattern, a level is what values are around; below zero it is no value that a count could have.
    if min(before, after) < 0 < max(before, after):
        return f"values are {short(abs(after - before), 3)} {'higher' if after > before else 'lower'} than before"
    return f"the level moved from {' to '.join(_apart(before, after))}"


def _spread(_season: int, before: float, after: float) -> str:
    if before <= _NONE * after:
        return f"it scatters now, by about {short(after, 2)}; before it hardly did"
    if after <= _NONE * before:
        return f"it hardly scatters any more; before it did by about {short(before, 2)}"
    return f"the spread moved from {' to '.join(_apart(before, after))}"


def _apart(before: float, after: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in range(4, 16):
        texts = short(before, digits), short(after, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _since(ms: int, zone: str) -> str:
    return f"since {datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _bent(_season: int, before: float, after: float) -> str:
    return f"it {_slope(after, 'rises', 'falls', 'is')}; before it {_slope(before, 'rose', 'fell', 'was')}"


def _slope(a_day: float, rises: str, falls: str, stays: str) -> str:
    return f"{stays} steady" if a_day == 0 else f"{rises if a_day > 0 else falls} by {short(abs(a_day), 2)} a day"


def _shifted(_season: int, before: float, after: float) -> str:
    later = after > before
    text = f"the pattern moved {rough_length(abs(after - before))} {'later' if later else 'earlier'}"
    return text if before == 0 else f"{text} and is {'back in its place' if after == 0 else _against_the_clock(after)}"


def _against_the_clock(shift_ms: float) -> str:
    return f"now {rough_length(abs(shift_ms))} {'late' if shift_ms > 0 else 'early'}"


def _scaled(_season: int, before: float, after: float) -> str:
    how = f"{short(after / before, 2)} times as strong"
    return f"the pattern became {how}: it swings by {' instead of '.join(reversed(_apart(before, after)))} to either side"


def _found(season: int, before: float, after: float) -> str:
    if season == SeasonKind.WORKDAYS and before == after:
        return "weekends have a daily pattern of their own"
    if season == SeasonKind.FREE and abs(after - before) < _AS_LONG * before:
        return f"the pattern lasts {short(after / 60_000, 5)} minutes, not {short(before / 60_000, 5)}"
    text = f"{_pattern(season, after)} was found"
    return text if before == 0 else f"{text} in place of {_former(before)}"


def _dropped(_season: int, before: float, _after: float) -> str:
    return f"{_former(before)} was given up"


def _former(period_ms: float) -> str:
    named = {ms: SEASON_WORDS[kind].replace("a ", "the ", 1) for ms, kind in _CALENDAR.items()}
    return named.get(int(period_ms), f"the pattern of {rough_length(period_ms)}")


def _pattern(season: int, period_ms: float) -> str:
    return SEASON_WORDS.get(SeasonKind(season), f"a pattern of {rough_length(period_ms)}")


_TEXTS: Final[dict[ChangeKind, Callable[[int, float, float], str]]] = {
    ChangeKind.LEVEL: _moved,
    ChangeKind.SCALE: _spread,
    ChangeKind.TIME_SHIFT: _shifted,
    ChangeKind.SEASON_FOUND: _found,
    ChangeKind.SEASON_DROPPED: _dropped,
    ChangeKind.TREND: _bent,
    ChangeKind.AMPLITUDE: _scaled,
}
_DATED: Final = (ChangeKind.TREND,)  # accepted long after they began
