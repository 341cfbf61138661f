"""What a forest found of a bucket, in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from barograph.config.forest import NEEDED, ForestSettings
from barograph.results.labels import joined, when, whole
from barograph.results.words import against_usual, short

_WORTH_TELLING: Final = 0.05  # of the blame; smaller shares say nothing
_SURE: Final = 0.9  # a confidence below is that of a forest which is still learning, as OpenSearch has it


def sentences(
    settings: ForestSettings, row: Mapping[str, Any], before: Sequence[Mapping[str, Any]], zone: ZoneInfo
) -> tuple[str, ...]:
    """Why a bucket of an entity has the grade that it has, 0 too.

    Args:
        settings: of the detector.
        row: of `schema.FOREST_RESULTS`.
        before: the rows of the same entity in the buckets that share a shingle with it, oldest first.
        zone: of the times that are told.
    """
    names = [feature.feature_name for feature in settings.features]
    missing = [name for name, imputed in zip(names, row["feature_imputed"], strict=True) if imputed]
    imputed = [f"{joined(missing)} had no value, and another was taken for it."] if missing else []
    if row["anomaly_grade"] > 0.0:
        blame = f"To blame: {'; '.join(blamed(names, row))}."
        return (_grade(row), *_late(row, zone), blame, *_usual(names, row), *_confidence(row), *imputed)
    return (_no_anomaly(settings, row, before, zone), *imputed)


def _grade(row: Mapping[str, Any]) -> str:
    """The grade is 1 - e^-x where the score is x times as far above the threshold as that is above the level of usual ones."""
    times = -math.log(max(1.0 - row["anomaly_grade"], 1e-9))
    number = f"{short(times, 2)} times" if times < 10 else "more than 10 times"
    far = "as far" if number == "1 times" else f"{number} as far"
    grade, score = short(row["anomaly_grade"], 2), whole(row["severity"])
    return (
        f"Grade {grade} of 1, {score} as a score: it lies {far} above the threshold of {short(row['threshold'], 3)} as that "
        "lies above usual scores."
    )


def _late(row: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    if not row["late"]:
        return ()
    buckets = f"{row['late']} bucket{'' if row['late'] == 1 else 's'}"
    start = row["timestamp"] - row["late"] * row["bucket_span"] * 1_000
    return (f"Noticed late: the values to blame are those of {buckets} before, of {when(start, zone)}.",)


def blamed(names: Sequence[str], row: Mapping[str, Any]) -> list[str]:
    """The features that carry an anomaly, the one most to blame first, each with its share and how far it is off.

    Args:
        names: of the features.
        row: of `schema.FOREST_RESULTS`, with a grade above 0.
    """
    actual, expected = row["past_values"] or row["feature_data"], row["expected_values"][0]["values"]
    order = sorted(range(len(names)), key=lambda at: -row["relevant_attribution"][at])
    told = [at for at in order if row["relevant_attribution"][at] >= _WORTH_TELLING]
    return [f"{names[at]} ({100 * row['relevant_attribution'][at]:.0f} %), {_far(actual[at], expected[at])}" for at in told]


def _far(actual: float | None, expected: float) -> str:
    if actual is None:
        return f"without a value where {short(expected)} was expected"
    text = against_usual(actual, expected)
    return f"{short(actual)} where {short(expected)} was expected" + (f": {text}" if text.endswith(" than usual") else "")


def _usual(names: Sequence[str], row: Mapping[str, Any]) -> tuple[str, ...]:
    """What its near neighbours had: those that are like it in all but the values to blame."""
    modes = row["expected_values"]
    if len(modes) == 1:
        return ()
    told = [f"{100 * mode['likelihood']:.0f} % had {', '.join(_named(names, mode['values']))}" for mode in modes]
    return (f"Of its near neighbours, which are like it otherwise, {'; '.join(told)}.",)


def _named(names: Sequence[str], values: Sequence[float]) -> list[str]:
    return [f"{name} {short(value)}" for name, value in zip(names, values, strict=True)]


def _confidence(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["confidence"] >= _SURE:
        return ()
    return (f"It is still learning: its confidence is {short(row['confidence'], 2)} of 1.",)


def _no_anomaly(settings: ForestSettings, row: Mapping[str, Any], before: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    score, threshold = row["anomaly_score"], row["threshold"]
    if not row["confidence"]:
        return f"The features together are not judged yet: a forest needs {NEEDED} points, each of a shingle that is known."
    told = f"a score of {short(score, 3)}, and the threshold is {short(threshold, 3)}"
    if score < threshold:
        return f"No anomaly of the features together: {told}."
    odd = [one for one in before if one["anomaly_score"] >= one["threshold"]]
    if odd:
        since = when(odd[0]["timestamp"], zone)
        return f"No new anomaly of the features together: {told}, but what is odd in it was there before, since {since}."
    why = "deviations of this size are ignored by its rules" if settings.rules else "what is odd in it was there before"
    return f"No anomaly of the features together: {told}, but {why}."
