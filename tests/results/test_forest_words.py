"""What forests found, in words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from barograph.config.forest import ForestSettings, default_rules
from barograph.results.forest_words import sentences

FEATURES = ({"feature_id": "l", "feature_name": "load"}, {"feature_id": "s", "feature_name": "slowest"})
MINUTE = 60_000
START = 1_700_006_400_000


def row(**more: Any) -> dict[str, Any]:
    plain = {"timestamp": START, "bucket_span": 60, "anomaly_score": 0.7, "anomaly_grade": 0.0, "confidence": 0.95}
    plain |= {"threshold": 1.5, "severity": 0.0, "late": 0, "feature_data": [500.0, 2.5], "feature_imputed": [False, False]}
    return plain | dict.fromkeys(("relevant_attribution", "expected_values", "past_values")) | more


def odd(**more: Any) -> dict[str, Any]:
    expected = [{"likelihood": 1.0, "values": [480.0, 0.5]}]
    found = {"anomaly_score": 2.5, "anomaly_grade": 0.632, "severity": 62.4, "relevant_attribution": [0.04, 0.96]}
    return row(**(found | {"expected_values": expected} | more))


TWO = [{"likelihood": 0.7, "values": [480.0, 0.5]}, {"likelihood": 0.3, "values": [900.0, 0.6]}]
GRADE = "Grade 0.63 of 1, 62 as a score: it lies as far above the threshold of 1.5 as that lies above usual scores."
SLOW = "To blame: slowest (96 %), 2.5 where 0.5 was expected: 5x higher than usual."


@pytest.mark.parametrize(
    ("found", "before", "told"),
    [
        (row(), (), ["No anomaly of the features together: a score of 0.7, and the threshold is 1.5."]),
        (row(confidence=0.0), (), ["The features together are not judged yet: a forest needs 32 points"]),
        (row(feature_imputed=[False, True]), (), ["No anomaly", "slowest had no value, and another was taken for it."]),
        (
            row(anomaly_score=2.0),
            (row(timestamp=START - 2 * MINUTE, anomaly_score=3.0), row(timestamp=START - MINUTE)),
            ["but what is odd in it was there before, since Tue 2023-11-14 23:58."],
        ),
        (row(anomaly_score=2.0), (row(),), ["but deviations of this size are ignored by its rules."]),
        (odd(), (), [GRADE, SLOW]),
        (odd(confidence=0.5), (), [GRADE, SLOW, "It is still learning: its confidence is 0.5 of 1."]),
        (odd(expected_values=TWO), (), [GRADE, SLOW, "70 % had load 480, slowest 0.5; 30 % had load 900, slowest 0.6."]),
        (
            odd(late=2, past_values=[500.0, 0.0]),
            (),
            [GRADE, "those of 2 buckets before, of Tue 2023-11-14 23:58.", "slowest (96 %), 0 where 0.5 was expected."],
        ),
        (odd(relevant_attribution=[0.6, 0.4]), (), [GRADE, "To blame: load (60 %), 500 where 480 was expected: 4.2 % higher"]),
        (odd(anomaly_grade=1.0), (), ["more than 10 times as far above", SLOW]),
    ],
)
def test_a_grade_is_told_with_its_reason(found: dict[str, Any], before: tuple[dict[str, Any], ...], told: list[str]) -> None:
    settings = ForestSettings(features=FEATURES, rules=default_rules(["load", "slowest"]))
    said = sentences(settings, found, before, ZoneInfo("UTC"))
    assert len(said) == len(told)
    for sentence, part in zip(said, told, strict=True):
        assert part in sentence
