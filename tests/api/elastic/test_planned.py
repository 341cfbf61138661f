"""What calendars and rules know is applied to the results that clients see."""

from typing import Any

import httpx

from tests.api.elastic.server_jobs import HOUR_MS, JOBS, START_MS, made

HOURS = 240


def lines(first: int, end: int) -> list[dict[str, Any]]:
    """A row every ten minutes of some hours; in hour 200 they are twenty times as large."""
    return [
        {"airline": "AAL", "responsetime": (100 + ms % 7) * (20 if hour == 200 else 1), "time": START_MS + hour * HOUR_MS + ms}
        for hour in range(first, end)
        for ms in range(0, HOUR_MS, 600_000)
    ]


def fed(http: httpx.Client, job_id: str, first: int, end: int) -> None:
    http.post(f"{JOBS}/{job_id}/_data", json=lines(first, end)).raise_for_status()
    http.post(f"{JOBS}/{job_id}/_flush").raise_for_status()


def records_of(http: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    body = {"record_score": 50.0, "start": START_MS + 200 * HOUR_MS, "end": START_MS + 201 * HOUR_MS}
    found: list[dict[str, Any]] = http.post(f"{JOBS}/{job_id}/results/records", json=body).json()["records"]
    return found


DETECTORS = {"detectors": [{"function": "mean", "field_name": "responsetime", "by_field_name": "airline"}]}
FORMAT = {"time_field": "time", "time_format": "epoch_ms"}


def test_a_scheduled_event_is_in_its_buckets_and_silences_them(http: httpx.Client) -> None:
    plain, planned = (made(http, opened=True, analysis_config=DETECTORS, data_description=FORMAT) for _ in range(2))
    for job_id in (plain, planned):
        fed(http, job_id, 0, 150)
    # A job that is open learns of it.
    http.put("/_ml/calendars/migration", json={"job_ids": [planned]}).raise_for_status()
    event = {"description": "moving house", "start_time": START_MS + 200 * HOUR_MS, "end_time": START_MS + 201 * HOUR_MS}
    http.post("/_ml/calendars/migration/events", json={"events": [event]}).raise_for_status()
    for job_id in (plain, planned):
        fed(http, job_id, 150, HOURS)
    assert records_of(http, plain)
    assert not records_of(http, planned)
    at = START_MS + 200 * HOUR_MS
    told = http.get(f"{JOBS}/{planned}/results/buckets/{at}").json()["buckets"][0]
    assert (told["scheduled_events"], told["anomaly_score"]) == (["moving house"], 0.0)
    buckets = f"{JOBS}/{planned}/results/buckets"
    assert http.post(buckets, json={"timestamp": at, "sort": "anomaly_score", "desc": True}).json()["buckets"] == [told]
    assert http.post(buckets, json={"timestamp": at, "end": at}).status_code == 400
    assert "scheduled_events" not in http.get(f"{buckets}/{at + HOUR_MS}").json()["buckets"][0]
    assert "scheduled_events" not in http.get(f"{JOBS}/{plain}/results/buckets/{at}").json()["buckets"][0]


def test_a_rule_with_a_filter_silences_what_it_names(http: httpx.Client) -> None:
    http.put("/_ml/filters/known-slow", json={"items": ["AA*"]}).raise_for_status()
    rule = {"actions": ["skip_result"], "scope": {"airline": {"filter_id": "known-slow"}}}
    detectors = [{**DETECTORS["detectors"][0], "custom_rules": [rule]}]
    job_id = made(http, opened=True, analysis_config={"detectors": detectors}, data_description=FORMAT)
    fed(http, job_id, 0, HOURS)
    assert not records_of(http, job_id)
    http.post(f"{JOBS}/{job_id}/_close").raise_for_status()
    http.delete(f"{JOBS}/{job_id}").raise_for_status()


def test_a_clock_is_changed_by_an_event_without_a_warning_and_by_a_week_at_most(http: httpx.Client) -> None:
    http.put("/_ml/calendars/clocks").raise_for_status()
    event = {"description": "summer time", "start_time": 0, "end_time": HOUR_MS, "force_time_shift": 3600}
    answer = http.post("/_ml/calendars/clocks/events", json={"events": [event]})
    assert "warning" not in answer.headers
    assert answer.json()["events"][0]["force_time_shift"] == 3600
    refused = http.post("/_ml/calendars/clocks/events", json={"events": [{**event, "force_time_shift": 700_000}]})
    assert (refused.status_code, "[700000]" in refused.text) == (400, True)
