"""`/api/v1`: what the explorer asks."""

import csv
import json

import httpx
import pytest

from tests.api.v1.conftest import SPIKE_MS, START

HOUR_MS = 3_600_000


def test_records_of_all_jobs_come_with_words_and_an_exact_total(api: httpx.Client) -> None:
    found = api.get("/records", params={"iv": "all", "size": 2}).json()
    worst = found["rows"][0]
    assert worst["id"] == f"web/{SPIKE_MS}/{worst['seq']}"
    assert (worst["job_id"], worst["actual"], worst["worst_of"]) == ("web", 9000.0, 1)
    assert (worst["detector"], worst["measure"]) == ("mean(value) partitionfield=host", "mean of value")
    assert "higher than usual" in worst["description"]
    assert worst["multi_bucket"] in ("none", "low", "medium", "high")
    assert {1, 2, 3, 4, 5} >= {impact["step"] for impact in worst["impacts"].values()}
    ids, cursor = [], None
    while True:
        page = api.get("/records", params={"iv": "all", "size": 1, **({"cursor": cursor} if cursor else {})}).json()
        ids += [row["id"] for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(set(ids)) == len(ids) == found["total"] == found["records"] == found["in_time"]
    second = api.get("/records", params={"iv": "all", "size": 1, "page": 1}).json()
    assert second["rows"][0]["id"] == ids[1]


def test_records_are_filtered_and_sorted_on_the_server(api: httpx.Client) -> None:
    of_a = api.get("/records", params={"q": "host:a", "sev": [75, 50], "sort": "-actual"}).json()
    assert of_a["rows"][0]["partition_field_value"] == "a"
    assert of_a["interval"] in ("hour", "day")
    assert api.get("/records", params={"q": "host:nobody"}).json()["total"] == 0
    assert api.get("/records", params={"by": "host", "lane": "a", "iv": "all"}).json()["rows"][0]["actual"] == 9000.0
    refused = api.get("/records", params={"q": "host"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    assert "at character 5" in refused.json()["message"]


def test_all_records_come_as_a_file(api: httpx.Client) -> None:
    answer = api.get("/records", params={"format": "csv", "iv": "all"})
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert len(rows) == api.get("/records", params={"iv": "all"}).json()["total"]
    assert rows[0]["time"].startswith("2014-07-09T16:00:00")
    assert rows[0]["influencers"] == "host=a"
    assert "attachment" in answer.headers["content-disposition"]


def test_a_file_is_made_piece_by_piece_and_runs_nothing_in_a_spreadsheet(
    prey: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("barograph.api.v1.records._ROWS_AT_ONCE", 2)
    host = '=HYPERLINK("http://x")'
    config = {
        "job_id": "sums",
        "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "count", "partition_field_name": "host"}]},
    }
    prey.post("/jobs", json={"config": config}).raise_for_status()
    many = {150: 400, 160: 500, 170: 600}
    lines = [
        f'{{"time": {START + 3600 * hour}, "host": {json.dumps(host)}}}'
        for hour in range(180)
        for _ in range(many.get(hour, 5))
    ]
    prey.post("/jobs/sums/rows", params={"name": "a.ndjson"}, content="\n".join(lines).encode()).raise_for_status()
    asked = {"job": "sums", "iv": "all", "sort": "time"}
    found = prey.get("/records", params=asked).json()
    rows = list(csv.DictReader(prey.get("/records", params={**asked, "format": "csv"}).text.splitlines()))
    assert [float(row["actual"]) for row in rows] == [row["actual"] for row in found["rows"]]
    assert len(rows) >= 3
    assert {row["partition_field_value"] for row in rows} == {f"'{host}"}


def test_what_jobs_can_be_looked_at_by(api: httpx.Client) -> None:
    assert api.get("/fields").json() == {"default": "host", "fields": [{"name": "host", "influencer": True}]}


def test_lanes_by_detector_and_in_what_is_selected(api: httpx.Client) -> None:
    inside = {"from": SPIKE_MS - 48 * HOUR_MS, "to": SPIKE_MS + HOUR_MS}
    found = api.get("/lanes", params={**inside, "by": "detector"}).json()
    assert (found["kind"], found["lanes"][0]["value"]) == ("record", "web/0")
    selected = {"sel_from": SPIKE_MS, "sel_to": SPIKE_MS + HOUR_MS}
    assert api.get("/lanes", params={**inside, **selected, "by": "host"}).json()["lanes"][0]["value"] == "a"
    assert api.get("/lanes", params={**inside, "sel_from": SPIKE_MS}).status_code == 400


def test_who_is_to_blame_in_a_span_and_in_the_rest(api: httpx.Client) -> None:
    whole = api.get("/influencers").json()
    assert (whole["fields"][0]["field"], whole["fields"][0]["values"][0]["value"]) == ("host", "a")
    selected = {"sel_from": SPIKE_MS, "sel_to": SPIKE_MS + HOUR_MS}
    inside = api.get("/influencers", params={**selected, "size": 1}).json()["fields"][0]
    assert (inside["values"][0]["value"], len(inside["values"])) == ("a", 1)
    assert inside["total"] >= 1


def test_notes_and_changes_of_several_jobs_are_told_together(api: httpx.Client) -> None:
    note = {"text": "works", "start": SPIKE_MS, "end": SPIKE_MS + 1, "entity": {"host": "a"}}
    made = api.post("/jobs/web/notes", json=note).json()
    told = api.get("/annotations", params={"from": SPIKE_MS, "to": SPIKE_MS + HOUR_MS}).json()
    mine = [one for one in told["annotations"] if one["note_id"] == made["note_id"]]
    assert [(one["job_id"], one["kind"], one["text"], one["entity"]) for one in mine] == [
        ("web", "note", "works", {"host": "a"})
    ]
    assert api.get("/annotations", params={"size": 0}).json()["annotations"] == []
    api.delete(f"/jobs/web/notes/{made['note_id']}").raise_for_status()


@pytest.mark.parametrize("text", ["a:1", "host:", "(host:a", 'host:"a'])
def test_a_filter_that_cannot_be_used_is_refused_everywhere(api: httpx.Client, text: str) -> None:
    for path in ("/records", "/influencers", "/lanes?by=host"):
        assert api.get(path, params={**dict(httpx.QueryParams(path.partition("?")[2])), "q": text}).status_code == 400


def test_as_many_lanes_can_be_selected_as_may_be_named(api: httpx.Client) -> None:
    hosts = [f"host-{number}" for number in range(999)] + ["a"]
    detectors = [f"web/{index}" for index in range(999)] + ["web/0"]
    for by, lanes, wanted in (("host", hosts, {"q": "host:a"}), ("detector", detectors, {})):
        of = {"by": by, "lane": lanes}
        assert api.get("/records", params=of).json()["total"] == api.get("/records", params=wanted).json()["total"]
        assert api.get("/influencers", params=of).json() == api.get("/influencers", params=wanted).json()


def test_influencers_that_come_first_are_those_of_the_order_that_is_asked_for(api: httpx.Client) -> None:
    for sort in ("max", "sum"):
        (every,) = api.get("/influencers", params={"sort": sort}).json()["fields"]
        assert every["values"] == sorted(every["values"], key=lambda one: -one[sort])
        (first,) = api.get("/influencers", params={"sort": sort, "size": 1}).json()["fields"]
        assert first["values"] == every["values"][:1]
    assert api.get("/influencers", params={"sort": "name"}).status_code == 422
