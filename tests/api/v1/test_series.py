"""`/api/v1`: one series, as the page asks for it."""

from typing import Any

import httpx
import pytest

from tests.api.v1.conftest import SPIKE_MS, START

HOUR_MS = 3_600_000


def finished(api: httpx.Client, forecast_id: str) -> dict[str, Any]:
    """A forecast when it is made, or has failed; every answer takes its time, so nothing here sleeps."""
    for _ in range(5000):
        told: dict[str, Any] = api.get(f"/jobs/web/forecasts/{forecast_id}").json()
        if told["state"] in ("finished", "failed"):
            return told
    raise AssertionError("the forecast does not end")


def test_a_series_keeps_its_spike_however_few_points(api: httpx.Client) -> None:
    series = api.get("/jobs/web/series", params={"partition": "a", "max_points": 20}).json()
    assert series["thinned"]
    assert len(series["t"]) <= 20
    assert max(series["v"]) == 9000.0
    assert [mark["t"] for mark in series["marks"] if mark["score"] > 50] == [SPIKE_MS]
    whole = api.get("/jobs/web/series", params={"partition": "a"}).json()
    assert (len(whole["t"]), whole["bounded"], whole["function"], whole["bucket_span_ms"]) == (402, True, "mean", HOUR_MS)
    at = whole["t"].index(SPIKE_MS)
    assert whole["lo"][at] < whole["typical"][at] < whole["hi"][at] < 9000


def test_a_mark_says_what_it_is(api: httpx.Client) -> None:
    marks = api.get("/jobs/web/series", params={"partition": "a"}).json()["marks"]
    mark = max(marks, key=lambda one: one["score"])
    assert mark["id"] == f"web/{SPIKE_MS}/0"
    assert (mark["v"], mark["interim"], mark["of"]) == (9000.0, False, 1)
    assert mark["multi_bucket"] in ("none", "low", "medium", "high")
    other = api.get("/jobs/web/series", params={"partition": "b"}).json()["marks"]
    assert SPIKE_MS not in [one["t"] for one in other if one["score"] > 50]


def test_marks_that_share_a_point_are_counted(api: httpx.Client) -> None:
    whole = api.get("/jobs/web/series", params={"partition": "a"}).json()["marks"]
    thinned = api.get("/jobs/web/series", params={"partition": "a", "max_points": 2}).json()["marks"]
    assert sum(mark["of"] for mark in thinned) == len(whole)
    assert max(mark["score"] for mark in thinned) == max(mark["score"] for mark in whole)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/jobs/web/series", "partition: wanted a value of 'host', so that one series is meant"),
        ("/jobs/web/series?detector=3", "detector=3: wanted 0, the only one"),
        ("/jobs/web/series?partition=a&by=b", "by='b': wanted none, as detector 0 has no by field"),
        ("/jobs/web/series?partition=a&function=max", "function='max': wanted mean"),
        ("/jobs/web/series?partition=a&from=5&to=5", "to=5: wanted a time after from (5)"),
        ("/jobs/web/entities?role=by", "role='by': wanted a field that splits detector 0 (partition)"),
        (
            "/jobs/web/explain?time=0&partition=a",
            "detector: wanted its index, as function, partition or by name one of its series",
        ),
        (
            "/jobs/web/explain?time=0&detector=0&entity=host=a",
            "entity='host=a': wanted none beside detector, which names one series",
        ),
    ],
)
def test_what_is_no_series_is_refused(api: httpx.Client, path: str, said: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["message"]) == (400, said)


def test_detectors_say_what_can_be_charted(api: httpx.Client) -> None:
    (one,) = api.get("/jobs/web/detectors").json()["detectors"]
    assert (one["functions"], one["measures"]) == (["mean"], ["mean of value"])
    assert one["fields"] == {"partition": "host"}
    assert one["refused"] is None


def test_a_detector_without_a_line_says_why(api: httpx.Client) -> None:
    root = str(api.base_url).removesuffix("/api/v1/")
    config = {
        "analysis_config": {
            "bucket_span": "1h",
            "detectors": [{"function": "freq_rare", "by_field_name": "page", "over_field_name": "user"}],
        },
        "data_description": {"time_field": "time"},
    }
    client = httpx.Client(base_url=root, trust_env=False)
    with client:
        client.put("/_ml/anomaly_detectors/clock", json=config).raise_for_status()
        (one,) = api.get("/jobs/clock/detectors").json()["detectors"]
        assert one["refused"] == "It tells how rare what members do is, which is no value of a series."
        answer = api.get("/jobs/clock/series", params={"by": "x", "over": "y"})
        assert one["refused"] in answer.json()["message"]
        client.delete("/_ml/anomaly_detectors/clock").raise_for_status()


def test_entities_come_with_their_highest_score(api: httpx.Client) -> None:
    asked = {"role": "partition"}
    whole = api.get("/jobs/web/entities", params=asked).json()
    assert (whole["total"], whole["values"][0]["value"]) == (2, "a")
    assert whole["values"][0]["score"] > 50
    by_name = api.get("/jobs/web/entities", params={**asked, "sort": "name", "size": 1}).json()
    assert [one["value"] for one in by_name["values"]] == ["a"]
    following = api.get("/jobs/web/entities", params={**asked, "sort": "name", "size": 1, "cursor": by_name["next"]}).json()
    assert ([one["value"] for one in following["values"]], following["next"]) == (["b"], None)
    assert api.get("/jobs/web/entities", params={**asked, "q": "B"}).json()["total"] == 1
    before = {**asked, "to": SPIKE_MS - 100 * HOUR_MS, "from": SPIKE_MS - 101 * HOUR_MS, "anomalous": True}
    assert api.get("/jobs/web/entities", params=before).json()["total"] == 0


def test_any_point_of_a_series_is_explained(api: httpx.Client) -> None:
    for time, odd in ((SPIKE_MS, True), (SPIKE_MS - 3 * HOUR_MS, False)):
        asked = {"time": time, "detector": 0, "partition": "a"}
        (one,) = api.get("/jobs/web/explain", params=asked).json()["explanations"]
        assert one["partition_field_value"] == "a"
        assert (one["gate"] is None) == odd
        assert 0 < one["probability"] <= 1
        assert one["values_before"] > 300
        assert one["model"]


def test_a_forecast_is_begun_watched_read_and_removed(api: httpx.Client) -> None:
    answer = api.post("/jobs/web/forecasts", json={"duration": "6h"})
    assert answer.status_code == 202
    made = answer.json()
    assert made["state"] in ("waiting", "running", "finished")
    told = finished(api, made["forecast_id"])
    assert (told["state"], told["progress"], told["series"], len(told["rows"])) == ("finished", 1.0, 2, 12)
    assert made["forecast_id"] in [one["forecast_id"] for one in api.get("/jobs/web/forecasts").json()["forecasts"]]
    path = f"/jobs/web/forecasts/{made['forecast_id']}"
    line = api.get(f"{path}/series", params={"partition": "b"}).json()
    assert len(line["t"]) == 6
    assert all(low < value < high for low, value, high in zip(line["lo"], line["v"], line["hi"], strict=True))
    assert line["error"] is None
    assert api.get(f"{path}/series", params={"partition": "c"}).status_code == 400
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_what_cannot_be_forecast_is_refused_at_once(api: httpx.Client) -> None:
    for body in ({"duration": "1m"}, {"duration": "4000d"}, {"duration": "soon"}, {"entity": ["host"]}, {"entity": ["no=b"]}):
        assert api.post("/jobs/web/forecasts", json=body).status_code == 400


def test_a_forecast_that_fails_says_why_until_it_is_removed(api: httpx.Client) -> None:
    made = api.post("/jobs/web/forecasts", json={"entity": ["host=nobody"]}).json()
    told = finished(api, made["forecast_id"])
    assert told["state"] == "failed"
    assert "it has none with entity='host=nobody'" in told["failure"]
    assert "failed" in api.get("/jobs/web/messages").json()["messages"][0]["text"]
    assert api.delete(f"/jobs/web/forecasts/{made['forecast_id']}").status_code == 204
    assert api.get(f"/jobs/web/forecasts/{made['forecast_id']}").status_code == 404


def test_planned_times_are_those_of_the_calendars_of_a_job(api: httpx.Client) -> None:
    root = str(api.base_url).removesuffix("/api/v1/")
    with httpx.Client(base_url=root, trust_env=False) as client:
        client.put("/_ml/calendars/moves", json={"job_ids": ["all"]}).raise_for_status()
        event = {"description": "move", "start_time": START * 1000, "end_time": START * 1000 + HOUR_MS}
        client.post("/_ml/calendars/moves/events", json={"events": [event]}).raise_for_status()
        (one,) = api.get("/jobs/web/planned", params={"from": START * 1000}).json()["planned"]
        assert (one["description"], one["end"] - one["start"]) == ("move", HOUR_MS)
        assert api.get("/jobs/web/planned", params={"from": START * 1000 + HOUR_MS}).json()["total"] == 0
        client.delete("/_ml/calendars/moves").raise_for_status()
