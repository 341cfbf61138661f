"""A job's life over HTTP: opened, fed, flushed, closed, and across the ends of the server."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from tests.api.elastic.server_jobs import HOUR_MS, JOBS, START_MS, config, kind, made, reason, rows
from tests.api.running import Running

START = START_MS // 1000


def post(http: httpx.Client, job_id: str, *times: int) -> httpx.Response:
    return http.post(f"{JOBS}/{job_id}/_data", json=rows(*times))


def test_rows_are_counted_as_clients_expect(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    body = (
        b'{"airline":"AAL","responsetime":"132.2046","sourcetype":"x","time":"1403481600"}\n'
        b'{"airline":"JZA","responsetime":990.4628,"sourcetype":"x","time":1403481700}'
    )
    answer = http.post(f"{JOBS}/{job_id}/_data", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202
    counts = answer.json()
    assert (counts["processed_record_count"], counts["processed_field_count"], counts["input_field_count"]) == (2, 4, 6)
    assert counts["input_bytes"] == len(body)
    assert (counts["earliest_record_timestamp"], counts["latest_record_timestamp"]) == (START_MS, START_MS + 100_000)
    assert "Posting data directly to anomaly detection jobs is deprecated" in answer.headers["warning"]


def test_objects_may_come_in_any_arrangement(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    one = json.dumps(rows(START)[0])
    pretty = json.dumps(rows(START, START), indent=2)
    bodies = [f"{one}\n{one} {one}{one}", f"[{one},{one}]", pretty, f"{one}\r\n\r\n{one}\n"]
    for number, body in enumerate(bodies):
        headers = {"Content-Type": "application/json"}
        packed = body.encode()
        if number % 2:
            packed, headers["Content-Encoding"] = gzip.compress(packed), "gzip"
        http.post(f"{JOBS}/{job_id}/_data", content=packed, headers=headers).raise_for_status()
    assert post(http, job_id).json()["processed_record_count"] == 4 + 2 + 2 + 2


def test_flush_says_what_is_finished(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    flush = f"{JOBS}/{job_id}/_flush"
    assert http.post(flush).json() == {"flushed": True, "last_finalized_bucket_end": 0}
    post(http, job_id, START, START)
    assert http.post(flush).json()["last_finalized_bucket_end"] == START_MS
    post(http, job_id, START + 3600)
    assert http.post(flush).json()["last_finalized_bucket_end"] == START_MS + HOUR_MS
    assert (
        http.post(flush, json={"advance_time": str(START + 7200)}).json()["last_finalized_bucket_end"] == START_MS + 2 * HOUR_MS
    )


def test_a_time_without_end_is_refused(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START)
    for name in ("advance_time", "skip_time"):
        for value in (START_MS + 100_001 * HOUR_MS, 2**63, "9999-01-01T00:00:00Z"):
            assert http.post(f"{JOBS}/{job_id}/_flush", json={name: value}).status_code == 400


def test_a_refused_skip_leaves_no_downtime_behind(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START, START + 3601, START + 2 * 3600)
    for name, value in (("skip_time", START_MS + 500 * 24 * HOUR_MS), ("advance_time", START_MS + 500 * 24 * HOUR_MS)):
        refused = http.post(f"{JOBS}/{job_id}/_flush", json={name: value})
        assert refused.status_code == 400
        assert reason(refused).startswith(
            f"[{name}] wanted a time from 1970 on and at most {START_MS + (366 * 24 + 2) * HOUR_MS}"
        )
    assert http.get(f"/_ml/calendars/downtime-{job_id}").status_code == 404


def test_a_calendar_of_somebody_with_the_name_of_a_downtime_stays_as_it_is(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    theirs = f"/_ml/calendars/downtime-{job_id}"
    http.put(theirs, json={"job_ids": [job_id, "another"]}).raise_for_status()
    patch = {"description": "patch", "start_time": START_MS, "end_time": START_MS + 1}
    http.post(f"{theirs}/events", json={"events": [patch]}).raise_for_status()
    post(http, job_id, START, START + 3601, START + 2 * 3600)
    http.post(f"{JOBS}/{job_id}/_flush", json={"skip_time": START + 5 * 3600}).raise_for_status()
    events = http.get(f"{theirs}-2/events").json()["events"]
    assert [(event["description"], event["start_time"]) for event in events] == [("downtime", START_MS + 2 * HOUR_MS)]
    http.post(f"{JOBS}/{job_id}/_close").raise_for_status()
    http.post(f"{JOBS}/{job_id}/_reset").raise_for_status()
    assert http.get(f"{theirs}-2").status_code == 404
    (kept,) = http.get(theirs).json()["calendars"]
    assert kept["job_ids"] == [job_id, "another"]
    assert [event["description"] for event in http.get(f"{theirs}/events").json()["events"]] == ["patch"]


def test_skip_time_leaves_out_what_is_open(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START)
    skipped = http.post(f"{JOBS}/{job_id}/_flush", params={"skip_time": START + 7100}).json()
    assert skipped["last_finalized_bucket_end"] == START_MS + 2 * HOUR_MS
    post(http, job_id, START + 7100, START + 7201, START + 10801, START + 14401)
    buckets = http.get(f"{JOBS}/{job_id}/results/buckets").json()["buckets"]
    assert [(bucket["timestamp"], bucket["event_count"]) for bucket in buckets] == [
        (START_MS + 2 * HOUR_MS, 1),
        (START_MS + 3 * HOUR_MS, 1),
    ]


def test_skip_time_between_buckets_finds_and_learns_nothing(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START, START + 3601, START + 2 * 3600)
    skipped = http.post(f"{JOBS}/{job_id}/_flush", json={"skip_time": START + 5 * 3600 - 1}).json()
    assert skipped["last_finalized_bucket_end"] == START_MS + 5 * HOUR_MS
    counts = post(http, job_id, START + 4 * 3600, START + 5 * 3600, START + 6 * 3600).json()
    assert counts["out_of_order_timestamp_count"] == 1
    buckets = http.get(f"{JOBS}/{job_id}/results/buckets").json()["buckets"]
    assert [bucket["event_count"] for bucket in buckets] == [1, 1, 0, 0, 0, 1]
    assert [bucket.get("scheduled_events") for bucket in buckets[1:]] == [None, *[["downtime"]] * 3, None]
    http.post(f"{JOBS}/{job_id}/_close")
    http.post(f"{JOBS}/{job_id}/_reset")
    assert http.get(f"/_ml/calendars/downtime-{job_id}").status_code == 404


def test_rows_of_open_buckets_can_be_sent_again(http: httpx.Client) -> None:
    job_id = made(http, opened=True, analysis_config={"latency": "2h"})
    post(http, job_id, START, START + 60, START + 3600)
    again = {"reset_start": START, "reset_end": START + 3600}
    path, row = f"{JOBS}/{job_id}/_data", rows(START + 30)
    assert http.post(path, params=again, json=row).status_code == 202
    http.post(f"{JOBS}/{job_id}/_flush", json={"advance_time": START + 7200})
    buckets = http.get(f"{JOBS}/{job_id}/results/buckets").json()["buckets"]
    assert [bucket["event_count"] for bucket in buckets] == [1, 1]
    refused = http.post(path, params=again, json=row)
    assert refused.status_code == 400
    assert reason(refused).startswith(f"[reset_start] {START_MS}: wanted a time from {START_MS + 2 * HOUR_MS} on")
    assert "'reset_start' has not been specified" in reason(http.post(path, params={"reset_end": START}, json=row))
    assert "is earlier than start time" in reason(http.post(path, params={**again, "reset_end": START}, json=row))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"start": START}, "Invalid flush parameters: unexpected 'start'."),
        ({"calc_interim": True, "end": START}, "Invalid flush parameters: 'start' has not been specified."),
        ({"calc_interim": True, "start": START + 1, "end": START}, "Invalid time range"),
        ({"skip_time": START + 3600, "advance_time": START + 3600}, "[advance_time] wanted a time after skip_time"),
    ],
)
def test_times_of_a_flush_that_contradict_one_another_are_refused(
    http: httpx.Client, asked: dict[str, object], told: str
) -> None:
    answer = http.post(f"{JOBS}/{made(http, opened=True)}/_flush", json=asked)
    assert answer.status_code == 400
    assert told in reason(answer)


def test_a_flag_that_is_none_loses_no_job(http: httpx.Client) -> None:
    job_id = made(http)
    for name in ("force", "wait_for_completion", "delete_user_annotations"):
        assert http.delete(f"{JOBS}/{job_id}", params={name: "maybe"}).status_code == 400
    assert http.get(f"{JOBS}/{job_id}").status_code == 200


@pytest.mark.parametrize("delete", [False, True])
def test_a_job_can_go_back_to_models_that_know_nothing(http: httpx.Client, delete: bool) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, *(START + 3600 * hour for hour in range(4)))
    path, empty = f"{JOBS}/{job_id}/results/buckets", f"{JOBS}/{job_id}/model_snapshots/empty/_revert"
    assert http.post(empty).status_code == 409
    http.post(f"{JOBS}/{job_id}/_close")
    model = http.post(empty, json={"delete_intervening_results": delete}).json()["model"]
    assert (model["snapshot_id"], model["snapshot_doc_count"]) == ("empty", 0)
    assert http.get(f"{JOBS}/{job_id}").json()["jobs"][0]["model_snapshot_id"] == "empty"
    assert http.get(f"{JOBS}/{job_id}/model_snapshots").json()["count"] == 0
    assert http.get(path).json()["count"] == (0 if delete else 3)
    http.post(f"{JOBS}/{job_id}/_open")
    counts = post(http, job_id, START, START + 3600).json()
    assert counts["processed_record_count"] == 2
    http.post(f"{JOBS}/{job_id}/_close")
    assert http.get(path).json()["count"] == (1 if delete else 3)
    assert http.get(f"{JOBS}/{job_id}").json()["jobs"][0]["model_snapshot_id"] != "empty"


def test_interim_results_come_when_they_are_asked_for(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START, START + 3600)
    http.post(f"{JOBS}/{job_id}/_flush", json={"calc_interim": True})
    path = f"{JOBS}/{job_id}/results/buckets"
    assert [bucket["is_interim"] for bucket in http.get(path).json()["buckets"]] == [False, True]
    assert http.get(path, params={"exclude_interim": "true"}).json()["count"] == 1


def test_a_closed_job_takes_no_rows(http: httpx.Client) -> None:
    job_id = made(http)
    answer = post(http, job_id, START)
    assert kind(answer) == (409, "status_exception")
    assert "Posting data directly" in answer.headers["warning"]
    assert kind(http.post(f"{JOBS}/{job_id}/_flush")) == (409, "status_exception")
    assert kind(post(http, "missing", START)) == (404, "resource_not_found_exception")


def test_a_job_may_be_closed_twice_and_by_its_group(http: httpx.Client) -> None:
    job_id = made(http, opened=True, groups=["closed-together"])
    assert "finished_time" not in http.get(f"{JOBS}/{job_id}").json()["jobs"][0]
    assert http.post(f"{JOBS}/closed-together/_close").json() == {"closed": True}
    assert http.post(f"{JOBS}/{job_id}/_close", json={"force": True}).json() == {"closed": True}
    assert "finished_time" in http.get(f"{JOBS}/{job_id}").json()["jobs"][0]
    http.post(f"{JOBS}/{job_id}/_open")
    assert "finished_time" not in http.get(f"{JOBS}/{job_id}").json()["jobs"][0]
    assert http.post(f"{JOBS}/none-*/_close").json() == {"closed": True}
    assert http.post(f"{JOBS}/none-*/_close", json={"allow_no_match": False}).status_code == 404


def test_an_open_job_is_neither_deleted_nor_reset_unless_forced(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    refused = http.delete(f"{JOBS}/{job_id}")
    assert refused.status_code == 409
    assert reason(refused) == f"Cannot delete job [{job_id}] because the job is opened"
    assert "Can only reset a job when it is closed" in reason(http.post(f"{JOBS}/{job_id}/_reset"))
    assert http.delete(f"{JOBS}/{job_id}", params={"force": "true"}).json() == {"acknowledged": True}
    assert http.get(f"{JOBS}/{job_id}").status_code == 404


def test_reset_keeps_the_configuration_alone(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, START, START + 3600)
    http.post(f"{JOBS}/{job_id}/_close")
    assert http.post(f"{JOBS}/{job_id}/_reset").json() == {"acknowledged": True}
    assert http.get(f"{JOBS}/{job_id}/results/buckets").json()["count"] == 0


def test_results_can_be_paged_sorted_and_narrowed(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    post(http, job_id, *(START + 3600 * hour for hour in range(6)))
    path = f"{JOBS}/{job_id}/results/buckets"
    page = http.post(path, json={"page": {"from": 1, "size": 2}, "desc": True}).json()
    assert page["count"] == 5
    assert [bucket["timestamp"] for bucket in page["buckets"]] == [START_MS + 3 * HOUR_MS, START_MS + 2 * HOUR_MS]
    inside = http.get(path, params={"start": "2014-06-23T01:00:00Z", "end": START_MS + 3 * HOUR_MS}).json()
    assert [bucket["timestamp"] for bucket in inside["buckets"]] == [START_MS + HOUR_MS, START_MS + 2 * HOUR_MS]
    one = http.get(f"{path}/{START_MS}", params={"expand": "true"}).json()
    assert (one["count"], one["buckets"][0]["records"]) == (1, [])
    assert http.get(f"{path}/{START_MS + 1}").status_code == 404
    assert http.get(f"{path}/{START_MS}", params={"from": 1}).status_code == 400
    assert http.get(path, params={"start": "not a time"}).status_code == 400
    assert http.get(path, params={"sort": "nothing"}).status_code == 400
    assert http.get(path, params={"size": 10_001}).status_code == 400


def test_overall_buckets_say_what_is_wrong(http: httpx.Client) -> None:
    job_id = made(http)
    path = f"{JOBS}/{job_id}/results/overall_buckets"
    assert reason(http.post(path, json={"top_n": 0})) == "[topN] parameter must be positive, found [0]"
    assert "Query param [start] with value [invalid] cannot be parsed as a date or converted to a number" in reason(
        http.get(path, params={"start": "invalid"})
    )
    assert "Param [bucket_span] must be greater or equal to the max bucket_span [1h]" in reason(
        http.get(path, params={"bucket_span": "1m"})
    )


def feed_and_compare(data_dir: Path, end: str) -> None:
    times = [START + 600 * step for step in range(60)]
    with Running(data_dir) as server:
        server.http.put(f"{JOBS}/kept", json=config())
        server.http.post(f"{JOBS}/kept/_open")
        post(server.http, "kept", *times[:25]).raise_for_status()
        server.kill() if end == "kill" else server.stop()
    with Running(data_dir) as server:
        (job,) = server.http.get(f"{JOBS}/kept").json()["jobs"]
        assert "finished_time" not in job
        counts = post(server.http, "kept", *times[25:]).json()
        assert counts["processed_record_count"] == len(times)
        resumed = server.http.get(f"{JOBS}/kept/results/buckets").json()
        server.http.put(f"{JOBS}/whole", json=config())
        server.http.post(f"{JOBS}/whole/_open")
        post(server.http, "whole", *times)
        whole = server.http.get(f"{JOBS}/whole/results/buckets").json()
    for bucket in (*resumed["buckets"], *whole["buckets"]):
        bucket["job_id"], bucket["processing_time_ms"] = "", 0
    assert resumed == whole


def test_an_open_job_is_open_again_after_the_end_of_the_server(tmp_path: Path) -> None:
    feed_and_compare(tmp_path / "data", "stop")


def test_an_open_job_goes_on_after_kill_9_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    feed_and_compare(tmp_path / "data", "kill")
