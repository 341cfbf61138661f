"""What the first page asks: incidents of all jobs, what they complain about, the sample."""

from pathlib import Path

import httpx

from tests.api.running import Running
from tests.api.v1.conftest import SPIKE_MS


def test_incidents_are_listed_over_jobs_and_say_which_go_on(api: httpx.Client) -> None:
    listed = api.get("/incidents").json()
    assert (listed["total"], listed["ongoing"]) == (len(listed["incidents"]), 1)
    first = listed["incidents"][0]
    assert (first["job_id"], first["ongoing"]) == ("web", True)
    assert first["start"] <= SPIKE_MS < first["end"]
    assert (first["worst"]["partition_field_value"], first["worst"]["what"]) == ("a", "mean of value")
    assert "x higher than usual (9,000 instead of 9" in first["worst"]["how"]
    (one,) = api.get("/jobs/web/incidents", params={"from": SPIKE_MS, "to": SPIKE_MS + 1}).json()["rows"]
    assert one["incident_id"] == first["incident_id"]
    cause = {name: value for name, value in first["likely_cause"].items() if name not in ("what", "how")}
    assert cause.items() <= one["members"][0].items()


def test_incidents_are_narrowed_by_status_score_text_and_time(api: httpx.Client) -> None:
    def total(**params: object) -> int:
        return api.get("/incidents", params=params).json()["total"]

    every = total()
    assert total(status="ongoing") + total(status="resolved") == every
    assert total(q="HOST=A") >= 1
    assert total(q="nobody is named so") == 0
    assert total(min=100) <= total(min=50) <= every
    assert total(**{"from": SPIKE_MS + 1, "to": SPIKE_MS + 2}) == 1
    assert total(to=1000) == 0
    assert api.get("/incidents", params={"job": "nobody"}).status_code == 404


def test_messages_of_all_jobs_come_the_newest_first_from_a_level_on(api: httpx.Client) -> None:
    everything = api.get("/messages").json()
    assert everything["messages"][-1] | {"time": 0} == {"job_id": "web", "time": 0, "level": "info", "text": "Job created"}
    assert api.get("/messages", params={"level": "error"}).json() == {"total": 0, "messages": []}


def test_the_sample_is_loaded_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    with Running(tmp_path / "data") as server:
        first, second = (server.http.post("/api/v1/samples").json() for _ in range(2))
        assert (first["job_id"], first["state"], first["rows"]) == ("nyc_taxi", "opened", 10_320)
        assert second["rows"] == 10_320
        assert server.http.get("/api/v1/incidents").json()["total"] > 10
        series = server.http.get("/api/v1/jobs/nyc_taxi/series", params={"max_points": 100}).json()
        assert any(value is not None for value in series["hi"])
