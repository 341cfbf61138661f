import math
from zoneinfo import ZoneInfo

import pytest

from barograph.config.load import load_job
from barograph.results import labels
from barograph.results.severity import severity
from barograph.results.silenced import Silenced

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("score", "shown", "word"),
    [
        (0.0, "0", "low"),
        (0.4, "<1", "low"),
        (2.99, "2", "low"),
        (3.0, "3", "warning"),
        (24.99, "24", "warning"),
        (25.0, "25", "minor"),
        (49.99, "49", "minor"),
        (50.0, "50", "major"),
        (74.99, "74", "major"),
        (75.0, "75", "critical"),
        (100.0, "100", "critical"),
    ],
)
def test_a_score_is_never_rounded_into_the_next_severity(score: float, shown: str, word: str) -> None:
    assert (labels.whole(score), severity(score)) == (shown, word)


def test_when_is_in_the_zone_of_the_job() -> None:
    assert labels.when(1_767_222_000_000, BERLIN) == "Thu 2026-01-01 00:00"
    assert labels.when(1_767_222_005_000, ZoneInfo("UTC")) == "Wed 2025-12-31 23:00:05"


def test_an_hour_that_comes_twice_names_its_offset() -> None:
    assert labels.when(1_761_438_600_000, BERLIN) == "Sun 2025-10-26 02:30 CEST"
    assert labels.when(1_761_442_200_000, BERLIN) == "Sun 2025-10-26 02:30 CET"


def record(**other):
    empty = {
        "function_description": "mean",
        "field_name": "cpu",
        "actual": 3.2,
        "typical": 1.0,
        "probability": 1e-6,
        "anomaly_length": 1,
        "influencers": [],
    }
    return {
        **empty,
        **{f"{role}_field_{part}": None for role in ("partition", "by", "over") for part in ("name", "value")},
        **other,
    }


def test_who_names_series_and_influencers_once() -> None:
    host = {"influencer_field_name": "host", "influencer_field_values": ["a"], "influences": [1.0]}
    user = {"influencer_field_name": "user", "influencer_field_values": ["u", "v", "w", "x", "y"], "influences": [1.0] * 5}
    row = record(partition_field_name="host", partition_field_value="a", influencers=[host, user])
    assert labels.who(row) == ["host=a", "user=u|v|w and 2 more"]
    assert labels.who(record()) == []


def test_what_is_measured() -> None:
    assert labels.measured(record()) == "mean of cpu"
    assert labels.measured(record(function_description="count", field_name=None)) == "number of rows"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(1000, "1 second"), (300_000, "5 minutes"), (90_000, "90 seconds"), (86_400_000, "1 day"), (500, "500 milliseconds")],
)
def test_lengths_use_the_largest_whole_unit(ms: int, text: str) -> None:
    assert labels.length(ms) == text


def sentence(*detectors, **config) -> str:
    return labels.sentence(load_job({"job_id": "a", "analysis_config": {"detectors": list(detectors), **config}}))


def test_sentence_says_once_what_detectors_share() -> None:
    cpu = {"function": "mean", "field_name": "cpu", "partition_field_name": "host"}
    rows = {"function": "low_count", "partition_field_name": "host"}
    assert sentence(cpu, rows) == "every 5 minutes, per host: mean of cpu; number of rows (low only)"


def test_sentence_says_what_each_detector_has_for_itself() -> None:
    cpu = {"function": "metric", "field_name": "cpu", "partition_field_name": "host", "by_field_name": "core"}
    text = sentence(cpu, {"function": "max", "field_name": "t"}, bucket_span="1h", influencers=["a", "b", "c"])
    assert text == "every 1 hour: mean, minimum and maximum of cpu per host and core; maximum of t; blames a, b and c"


def test_sentence_names_a_population() -> None:
    assert sentence({"function": "sum", "field_name": "b", "over_field_name": "ip"}) == (
        "every 5 minutes, compared across ip: sum of b"
    )


def test_who_is_to_blame_and_for_how_much() -> None:
    assert labels.to_blame([]) == "to blame: nobody; no few entities account for it"
    hosts = {"influencer_field_name": "host", "influencer_field_values": ["a", "b"], "influences": [0.521, 0.47]}
    url = {"influencer_field_name": "url", "influencer_field_values": ["/100%"], "influences": [1.0]}
    assert labels.to_blame([hosts, url]) == "to blame: host=a (52 %), host=b (47 %), url=/100% (100 %)"


@pytest.mark.parametrize(
    ("p", "said"), [(0.5, "1 in 2"), (1 / 43_210, "1 in 43,000"), (2.3e-14, "1 in 4×10¹³"), (1.01e-9, "1 in 10⁹")]
)
def test_a_probability_is_said_as_one_in_so_many(p: float, said: str) -> None:
    assert labels.chance(math.log(p)) == said


def test_a_probability_that_no_double_holds_is_said_too() -> None:
    assert labels.chance(-1000 * math.log(10)) == "1 in 10¹⁰⁰⁰"


def test_what_was_silenced_is_told_with_what_did_it() -> None:
    rule = Silenced(count=1, first_ms=0, last_ms=3_600_000, detector_index=0, rule="actual > 5")
    assert labels.silenced(rule, BERLIN) == "1 result by the rule actual > 5 of detector 0, the last Thu 1970-01-01 02:00"
    planned = Silenced(count=1200, first_ms=0, last_ms=0, calendar_id="sales", description="big sale", start_ms=0, end_ms=1)
    assert labels.silenced(planned, BERLIN).startswith("1,200 results by big sale, planned in sales, the last")
