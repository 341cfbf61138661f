"""Jobs created, listed, changed, over HTTP."""

import httpx
import pytest

from tests.api.elastic.server_jobs import JOBS, config, kind, made, reason


def test_a_new_job_has_the_defaults_that_clients_expect(http: httpx.Client) -> None:
    job = http.put(f"{JOBS}/defaults", json={**config(), "data_description": {}}).json()
    assert job["data_description"] == {"format": "xcontent", "time_field": "time", "time_format": "epoch"}
    assert job["analysis_limits"] == {"model_memory_limit": "1024mb", "categorization_examples_limit": 4}
    assert job["model_plot_config"] == {"enabled": False, "annotations_enabled": False}
    assert job["analysis_config"]["influencers"] == []
    assert (job["results_index_name"], job["job_type"], job["allow_lazy_open"]) == ("shared", "anomaly_detector", False)
    assert (job["model_snapshot_retention_days"], job["daily_model_snapshot_retention_after_days"]) == (10, 1)


@pytest.mark.parametrize(("given", "told"), [(2048, "2048mb"), ("3000g", "3072000mb"), ("8g", "8192mb")])
def test_memory_is_told_in_megabytes(http: httpx.Client, given: object, told: str) -> None:
    job_id = made(http, analysis_limits={"model_memory_limit": given})
    (job,) = http.get(f"{JOBS}/{job_id}").json()["jobs"]
    assert job["analysis_limits"]["model_memory_limit"] == told


def test_short_names_of_functions_are_expanded(http: httpx.Client) -> None:
    job_id = made(http, analysis_config={"detectors": [{"function": "nzc"}]})
    (job,) = http.get(f"{JOBS}/{job_id}").json()["jobs"]
    assert job["analysis_config"]["detectors"][0]["function"] == "non_zero_count"


def test_what_the_server_added_can_be_left_out(http: httpx.Client) -> None:
    job_id = made(http)
    (job,) = http.get(f"{JOBS}/{job_id}", params={"exclude_generated": "true"}).json()["jobs"]
    assert {"job_type", "job_version", "create_time", "finished_time"}.isdisjoint(job)
    other = job_id + "-again"
    assert http.put(f"{JOBS}/{other}", json={**job, "job_id": other}).status_code == 200


def test_jobs_are_found_by_id_group_and_wildcard_sorted_and_once(http: httpx.Client) -> None:
    ids = [made(http, groups=["found-group"]) for _ in range(2)]
    for expression in ("found-group", "found-*", f"{ids[1]},{ids[0]},found-group"):
        answer = http.get(f"{JOBS}/{expression}").json()
        assert [job["job_id"] for job in answer["jobs"]] == sorted(ids)
        assert answer["count"] == 2
    assert http.get(f"{JOBS}/none-*").json() == {"count": 0, "jobs": []}
    assert kind(http.get(f"{JOBS}/none-*", params={"allow_no_match": "false"})) == (404, "resource_not_found_exception")
    assert kind(http.get(f"{JOBS}/missing")) == (404, "resource_not_found_exception")


def test_an_old_parameter_works_with_a_warning(http: httpx.Client) -> None:
    answer = http.get(f"{JOBS}/none-*", params={"allow_no_jobs": "true"})
    assert "Deprecated field [allow_no_jobs] used, expected [allow_no_match] instead" in answer.headers["warning"]


REFUSED = [
    ("_", config(), "illegal_argument_exception", "Invalid job_id; '_' can contain lowercase alphanumeric"),
    ("x1", config(groups=["___"]), "illegal_argument_exception", "Invalid group id '___'; must be non-empty string"),
    ("x2", config(groups=["x2"]), "resource_already_exists_exception", "job and group names must be unique"),
    ("x3", config(job_id="y"), "illegal_argument_exception", "Inconsistent job_id"),
    ("x4", config(model_snapshot_id="s"), "illegal_argument_exception", "[model_snapshot_id]"),
    ("x5", config(headers={}), "x_content_parse_exception", "[job_details] unknown field [headers]"),
    ("x6", config(data_description={"format": "wrong"}), "x_content_parse_exception", "failed to parse field [format]"),
    ("x7", config(analysis_config={"influencers": ["time"]}), "illegal_argument_exception", "data_description.time_field"),
    (
        "x8",
        config(analysis_config={"detectors": [{"function": "count"}] * 2}),
        "illegal_argument_exception",
        "which does the same",
    ),
    ("x9", {"data_description": {}}, "illegal_argument_exception", "An analysis_config must be set"),
]


@pytest.mark.parametrize(("job_id", "body", "of_kind", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_job_that_cannot_be_is_refused_with_the_reason(
    http: httpx.Client, job_id: str, body: dict[str, object], of_kind: str, says: str
) -> None:
    answer = http.put(f"{JOBS}/{job_id}", json=body)
    assert kind(answer) == (400, of_kind)
    assert says in reason(answer)


def test_a_name_is_taken_once(http: httpx.Client) -> None:
    job_id = made(http, groups=["taken-group"])
    again = http.put(f"{JOBS}/{job_id}", json=config())
    assert kind(again) == (400, "resource_already_exists_exception")
    assert reason(again) == f"The job cannot be created with the Id '{job_id}'. The Id is already used."
    assert kind(http.put(f"{JOBS}/taken-group", json=config()))[1] == "resource_already_exists_exception"
    assert kind(http.put(f"{JOBS}/other", json=config(groups=[job_id])))[1] == "resource_already_exists_exception"


def test_a_span_that_does_not_divide_a_day_is_warned_of(http: httpx.Client) -> None:
    answer = http.put(f"{JOBS}/odd-span", json=config(analysis_config={"bucket_span": "17m"}))
    wanted = (
        "bucket_span 17m [1020s] is not an integral divisor of the number of seconds in 1d [86400s]. This is now deprecated."
    )
    assert wanted in answer.headers["warning"]


def test_a_change_is_merged(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    rule = {"conditions": [{"applies_to": "time", "operator": "gt", "value": 1.0}]}
    change = {
        "description": "new",
        "groups": ["changed"],
        "detectors": [{"detector_index": 0, "description": "D", "custom_rules": [rule]}],
        "model_plot_config": {"enabled": True},
        "model_prune_window": "30d",
        "results_retention_days": 3,
    }
    job = http.post(f"{JOBS}/{job_id}/_update", json=change).json()
    assert (job["description"], job["groups"], job["results_retention_days"]) == ("new", ["changed"], 3)
    detector = job["analysis_config"]["detectors"][0]
    assert detector["detector_description"] == "D"
    assert detector["custom_rules"] == [{"actions": ["skip_result"], **rule}]
    assert job["model_plot_config"] == {"enabled": True, "annotations_enabled": True}
    assert job["analysis_config"]["model_prune_window"] == "30d"
    job = http.post(f"{JOBS}/{job_id}/_update", json={"model_plot_config": {"enabled": False}}).json()
    assert job["model_plot_config"] == {"enabled": False, "annotations_enabled": False}


def test_a_change_that_cannot_be_is_refused(http: httpx.Client) -> None:
    job_id = made(http, opened=True)
    path = f"{JOBS}/{job_id}/_update"
    answer = http.post(path, json={"model_prune_window": "2w"})
    assert kind(answer) == (400, "x_content_parse_exception")
    assert reason(answer) == "[job_update] failed to parse field [model_prune_window]"
    assert kind(http.post(path, json={"analysis_limits": {"model_memory_limit": "20mb"}})) == (409, "status_exception")
    assert kind(http.post(path, json={"nothing": 1})) == (400, "x_content_parse_exception")
    assert kind(http.post(path, json={"detectors": [{"detector_index": 7}]})) == (400, "illegal_argument_exception")
    for unread in ({"detectors": [{"description": "x"}]}, {"detectors": {}}, {"model_snapshot_id": "1"}):
        assert kind(http.post(path, json=unread)) == (400, "x_content_parse_exception"), unread
    assert http.post(f"{JOBS}/_all/_update", json={"description": "x"}).status_code == 400
    assert kind(http.post(path, json={"groups": [job_id]})) == (400, "resource_already_exists_exception")
    late = http.post(path, json={"daily_model_snapshot_retention_after_days": 11})
    assert "model_snapshot_retention_days (10)" in reason(late)
