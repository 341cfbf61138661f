"""Detectors over HTTP: every key of their documents, and each check of a change in its words."""

from typing import Any

import httpx
import pytest

from tests.api.opensearch.made import BASE, DETECTORS, created, detector, feature, refusal

LEGACY = "/_opendistro/_anomaly_detection"
_HEAD = "Validation failed for timefield of odd,  Exceptions: [Timestamp field: "
_NO_DATA = "Feature has an invalid query returning empty aggregated data"
_RULE = {"feature_name": "cpu", "threshold_type": "actual_over_expected_ratio", "operator": "LTE", "value": 0.3}


def test_a_detector_is_told_with_its_defaults(source: httpx.Client) -> None:
    given = detector(window_delay=None, description="a<'b'", filter_query={}, junk=1, category_field=["host"])
    answer = source.post(DETECTORS, json=given)
    made = answer.json()
    assert (answer.status_code, list(made)) == (
        201,
        ["_id", "_version", "_seq_no", "anomaly_detector", "_primary_term"],
    )
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["Location"] == f"{LEGACY}/{made['_id']}"
    assert (len(made["_id"]), made["_version"]) == (20, 1)
    told = made["anomaly_detector"]
    names = (
        "name description time_field indices filter_query window_delay shingle_size schema_version feature_attributes "
        "recency_emphasis history last_update_time category_field detection_interval detector_type rules"
    )
    assert list(told) == names.split()
    assert told["description"] == "a&lt;&#39;b&#39;"
    assert told["filter_query"] == {"match_all": {"boost": 1.0}}
    assert told["window_delay"] == {"period": {"interval": 0, "unit": "Seconds"}}
    assert (told["shingle_size"], told["recency_emphasis"], told["history"], told["schema_version"]) == (8, 2560, 40, 0)
    assert told["detector_type"] == "MULTI_ENTITY"
    assert [rule["conditions"][0]["value"] for rule in told["rules"]] == [0.2, 0.2]
    assert all(len(one["feature_id"]) == 20 for one in told["feature_attributes"])
    path = f"{DETECTORS}/{made['_id']}"
    read = source.get(path, params={"job": "true", "task": "true"}).json()
    names = "_id _version _primary_term _seq_no anomaly_detector anomaly_detector_job realtime_task historical_analysis_task"
    assert list(read) == names.split()
    assert [read[name] for name in list(read)[5:]] == [None, None, None]
    assert read["anomaly_detector"] == told
    assert source.get(f"{LEGACY}/detectors/{made['_id']}/").json()["anomaly_detector"] == told
    assert source.head(path).status_code == 200
    changed = source.put(path, json={**told, "description": "c"}, params={"if_seq_no": made["_seq_no"], "if_primary_term": 1})
    assert (changed.status_code, changed.json()["_version"]) == (200, 2)
    assert changed.json()["anomaly_detector"]["feature_attributes"] == told["feature_attributes"]
    stale = source.put(path, json=told, params={"if_seq_no": made["_seq_no"], "if_primary_term": 1})
    assert refusal(stale) == (400, "status_exception", f"There was a problem updating the config:[{made['_id']}]")
    other = source.put(path, json={**told, "category_field": None})
    assert refusal(other) == (400, "status_exception", "Can't change category field")
    removed = source.delete(path).json()
    assert (removed["_index"], removed["_id"], removed["result"]) == (
        ".opendistro-anomaly-detectors",
        made["_id"],
        "deleted",
    )
    assert source.delete(path).json()["result"] == "not_found"
    assert refusal(source.get(path)) == (404, "status_exception", f"Can't find config with id: {made['_id']}")


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"name": " "}, "name", "name should be set"),
        ({"time_field": None}, "time_field", "Time field should be set"),
        ({"indices": []}, "indices", "Indices should be set"),
        ({"shingle_size": 129}, "shingle_size", "Suggested shingle size must be between 1 and 128. Got 129."),
        (
            {"suggested_seasonality": 257},
            "suggested_seasonality",
            "Suggested seasonality must be between 2 and 256. Got 257.",
        ),
        ({"result_index": "mine"}, "result_index", "Result index must start with opensearch-ad-plugin-result-"),
        (
            {"result_index": "opensearch-ad-plugin-result-A"},
            "result_index",
            "Result index name has invalid character. Valid characters are a-z, 0-9, -(hyphen) and _(underscore)",
        ),
        ({"recency_emphasis": 1}, "recency_emphasis", "Recency emphasis must be an integer greater than 1."),
        ({"description": "x" * 1001}, "description", "Description length is too long. Max length is 1000 characters."),
        ({"history": 10_001}, "history", "We cannot look back more than 10000 intervals."),
        (
            {"feature_attributes": [feature("a", "cpu"), feature("a", "hits")]},
            "feature_attributes",
            "[a] appears more than once. Feature name has to be unique",
        ),
        ({"feature_attributes": [{"feature_name": ""}]}, "feature_attributes", "Feature name should be set"),
        ({"feature_attributes": [{"feature_name": "a"}]}, "feature_attributes", "Feature aggregation query should be set"),
        ({"feature_attributes": [feature("a", "cpu", "magic")]}, "feature_attributes", "Custom query error: "),
        ({"feature_attributes": [feature("a", "cpu", "global")]}, "feature_attributes", "Custom query error: [global]"),
        (
            {"detection_date_range": {"start_time": 1}},
            "detection_date_range",
            "[detection_date_range]='None': wanted a whole number",
        ),
        ({"filter_query": {"magic": {}}}, "filter_query", "Custom query error in data filter: unknown query [magic]"),
        (
            {"imputation_option": {"method": "fixed_values"}},
            "imputation_option",
            "Enabled features are present, but no default fill values are provided.",
        ),
        (
            {"imputation_option": {"method": "FIXED_VALUES", "default_fill": [{"feature_name": "cpu", "data": 3}]}},
            "imputation_option",
            "Mismatch between the number of enabled features and default fill values. "
            "Number of default fill values: 1. Number of enabled features: 2.",
        ),
        (
            {"frequency": {"period": {"interval": 7, "unit": "Minutes"}}},
            "frequency",
            "Frequency (7 minutes) must be a multiple of interval (5 minutes), including the interval itself.",
        ),
        (
            {"detection_interval": {"period": {"interval": 0, "unit": "Minutes"}}},
            "detection_interval",
            "Detection interval must be a positive integer",
        ),
        (
            {"window_delay": {"period": {"interval": -1, "unit": "Minutes"}}},
            "window_delay",
            "Window delay interval must be a positive integer",
        ),
        (
            {"detection_interval": {"period": {"interval": 1, "unit": "Hours"}}},
            "detection_interval",
            "Time unit Hours is not supported",
        ),
        ({"detection_interval": {}}, "detection_interval", "Find no schedule definition"),
        (
            {"category_field": ["a", "b", "c"]},
            "category_field",
            "Currently we only support up to 2 categorical field/s in order to bound system resource consumption.",
        ),
        (
            {"rules": [{"action": "IGNORE_ANOMALY", "conditions": [{**_RULE, "feature_name": "x"}]}]},
            "rules",
            'Suppression Rule Error: Feature "x" specified in a suppression rule does not exist.',
        ),
        (
            {"rules": [{"action": "IGNORE_ANOMALY", "conditions": [{**_RULE, "value": 0}]}]},
            "rules",
            'Suppression Rule Error: The threshold value for feature "cpu" must be a positive number.',
        ),
        ({"indices": ["no-such-index"]}, "indices", "index does not exist"),
        (
            {"name": "a b"},
            "name",
            "Valid characters for name are a-z, A-Z, 0-9, -(hyphen), _(underscore) and .(period)",
        ),
        ({"name": "x" * 65}, "name", "Name should be shortened. The maximum limit is 64 characters."),
        (
            {"name": "odd", "time_field": "when"},
            "time_field",
            f"{_HEAD}(when) is not found in the (os-metrics) index mapping]",
        ),
        ({"name": "odd", "time_field": "hits"}, "time_field", f"{_HEAD}(hits) must be of type date]"),
        (
            {"category_field": ["where"]},
            "category_field",
            "Can't find the categorical field where in index [os-metrics]",
        ),
        ({"category_field": ["text"]}, "category_field", "Categorical field text must be of type keyword or ip."),
        (
            {"feature_attributes": [feature(f"f{at}", "cpu") for at in range(6)]},
            "feature_attributes",
            "Can't create more than 5 feature(s)",
        ),
        ({"feature_attributes": [feature("a", "none")]}, "feature_attributes", f"{_NO_DATA}: a"),
    ],
)
def test_what_is_wrong_with_a_detector_is_told_alike(
    source: httpx.Client, changes: dict[str, Any], field: str, told: str
) -> None:
    given = detector(**changes)
    issue = source.post(f"{DETECTORS}/_validate", json=given).json()
    assert list(issue) == ["detector"]
    assert list(issue["detector"]) == [field]
    message = issue["detector"][field]["message"]
    assert message == told or (told.startswith("Custom") and message.startswith(told))
    status, kind, reason = refusal(source.post(DETECTORS, json=given))
    if field == "indices" and changes["indices"]:
        assert (status, kind, reason) == (404, "index_not_found_exception", "no such index [no-such-index]")
    else:
        assert status == 400
        assert message in reason


def test_features_without_numbers_are_told_one_by_one(source: httpx.Client) -> None:
    weighted = {"weighted_avg": {"value": {"field": "cpu"}, "weight": {"field": "hits"}}}
    fine = {"c": {"sampler": {"shard_size": 100}, "aggs": {"mean": weighted}}}
    features = [feature("a", "none"), feature("b", "cpu", "terms"), feature("c", "", aggregation_query=fine)]
    given = detector(feature_attributes=features)
    issue = source.post(f"{DETECTORS}/_validate/detector", json=given).json()["detector"]["feature_attributes"]
    runtime = "Feature has an invalid query causing a runtime exception"
    assert issue == {"message": f"{_NO_DATA}: a, {runtime}: b", "sub_issues": {"a": _NO_DATA, "b": runtime}}


def test_names_are_unique_and_found(source: httpx.Client) -> None:
    name = detector()["name"]
    before = source.get(f"{DETECTORS}/count").json()
    detector_id = created(source, name=name, ui_metadata={"features": {}})
    assert before["match"] is False
    assert source.get(f"{LEGACY}/detectors/count").json() == {"count": before["count"] + 1, "match": False}
    assert source.get(f"{DETECTORS}/match", params={"name": name}).json() == {"count": 0, "match": True}
    used = source.post(DETECTORS, json=detector(name=name))
    told = f"Cannot create anomaly detector with name [{name}] as it's already used by another detector"
    assert refusal(used) == (409, "status_exception", told)
    words = {"query_string": {"fields": ["name", "description"], "default_operator": "AND", "query": f"*{name[:9]}* *lo*"}}
    body = {"query": {"bool": {"must": [words]}}, "sort": {"name.keyword": "asc"}, "size": 1000, "from": 0}
    hits = source.post(f"{DETECTORS}/_search", json=body).json()["hits"]["hits"]
    (hit,) = (one for one in hits if one["_id"] == detector_id)
    assert (hit["_version"], hit["_primary_term"], "ui_metadata" in hit["_source"]) == (1, 1, False)
    by_page = source.post(f"{DETECTORS}/_search", json=body, headers={"User-Agent": "OpenSearch Dashboards"}).json()
    assert any("ui_metadata" in one["_source"] for one in by_page["hits"]["hits"])
    source.delete(f"{DETECTORS}/{detector_id}")


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/detectors/_validate/magic", {}, (500, "illegal_state_exception", "The given validation type doesn't exist")),
        (
            "POST",
            "/detectors/_suggest/magic",
            {},
            (400, "validation_exception", "Validation Failed: 1: The given suggest type doesn't exist;"),
        ),
        (
            "POST",
            "/detectors/results/_search?only_query_custom_result_index=true",
            {},
            (500, "illegal_state_exception", "No custom result index set."),
        ),
        (
            "POST",
            "/detectors/results/_search/opensearch-ad-plugin-result-no*?only_query_custom_result_index=true",
            {},
            (400, "status_exception", "No custom result indices found"),
        ),
        (
            "DELETE",
            "/detectors/results",
            None,
            (400, "action_request_validation_exception", "Validation Failed: 1: query is missing;"),
        ),
        ("GET", "/insights/_status", None, (500, "illegal_state_exception", None)),
        ("POST", "/detectors/_search", None, (400, "parse_exception", "request body or source parameter is required")),
        ("POST", "/detectors", None, (400, "parse_exception", "request body is required")),
        (
            "POST",
            "/detectors/_suggest/history",
            detector(indices=["no-such-index"]),
            (404, "index_not_found_exception", "no such index [no-such-index]"),
        ),
        ("POST", "/detectors/results/_search", {"query": {"magic": {}}}, (400, "parsing_exception", None)),
    ],
)
def test_what_cannot_be_asked_is_told(
    source: httpx.Client, method: str, path: str, body: Any, told: tuple[int, str, str | None]
) -> None:
    content = {} if body is None else {"json": body}
    status, kind, reason = refusal(source.request(method, BASE + path, **content))
    assert (status, kind) == told[:2]
    assert told[2] is None or reason == told[2]


def test_one_server_answers_clients_of_both(source: httpx.Client) -> None:
    told = source.get("/", headers={"User-Agent": "opensearch-py/3.2.0 (Python 3.11.7)"}).json()["version"]
    assert (told["distribution"], int(told["number"].split(".")[0]) >= 2) == ("opensearch", True)
    assert "distribution" not in source.get("/").json()["version"]


def test_what_suits_the_data_is_suggested(source: httpx.Client) -> None:
    asked = "detection_interval,history,window_delay"
    told = source.post(f"{DETECTORS}/_suggest/{asked}", json=detector(detection_interval=None)).json()
    assert told["interval"] == {"period": {"interval": 5, "unit": "Minutes"}}
    assert list(told) == ["interval", "history", "windowDelay"]
    assert 200 < told["history"] < 600
    sparse = detector(detection_interval={"period": {"interval": 1, "unit": "Minutes"}})
    issue = source.post(f"{DETECTORS}/_validate/model", json=sparse).json()["model"]["detection_interval"]
    assert issue == {
        "message": "The selected interval might collect sparse data. Consider changing interval length to: 5 minutes",
        "suggested_value": {"period": {"interval": 5, "unit": "Minutes"}},
    }
    assert source.post(f"{DETECTORS}/_validate/model", json=detector(category_field=["host"])).json() == {}
