"""Categories that a job has found, as clients of Elasticsearch and of the page ask for them."""

import httpx

from tests.api.elastic.server_jobs import JOBS, START_MS, made, reason

MESSAGES = ("Disk sda1 has failed", "Link eth0 is <b onclick=x>down</b>", "Link eth1 is <b onclick=y>down</b>")


def fed(http: httpx.Client, **changes) -> str:
    detectors = [{"function": "count", "by_field_name": "mlcategory", "partition_field_name": "host"}]
    analysis = {"bucket_span": "1h", "detectors": detectors, "categorization_field_name": "message", **changes}
    job_id = made(http, opened=True, analysis_config=analysis)
    rows = [{"time": START_MS // 1000 + 60 * at, "host": "ab"[at % 2], "message": MESSAGES[at % 3]} for at in range(240)]
    http.post(f"{JOBS}/{job_id}/_data", json=rows).raise_for_status()
    http.post(f"{JOBS}/{job_id}/_close").raise_for_status()
    return job_id


def test_categories_are_answered_by_id_with_all_that_is_known(http: httpx.Client):
    job_id = fed(http)
    found = http.get(f"{JOBS}/{job_id}/results/categories").json()
    assert found["count"] == 2
    assert found["categories"][1] == {
        "job_id": job_id,
        "result_type": "category_definition",
        "mlcategory": "2",
        "category_id": 2,
        "terms": found["categories"][1]["terms"],
        "regex": found["categories"][1]["regex"],
        "grok_pattern": found["categories"][1]["grok_pattern"],
        "max_matching_length": 38,
        "examples": sorted(MESSAGES[1:]),
        "num_matches": 160,
        "preferred_to_categories": [],
    }
    assert http.get(f"{JOBS}/{job_id}/results/categories/1").json()["categories"][0]["terms"] == "Disk has failed"
    missing = http.get(f"{JOBS}/{job_id}/results/categories/9")
    assert missing.status_code == 404
    assert reason(missing) == f"No known category_definition with id [9] for job [{job_id}]"


def test_categories_of_a_partition_are_told_with_it(http: httpx.Client):
    job_id = fed(http, per_partition_categorization={"enabled": True})
    path = f"{JOBS}/{job_id}/results/categories"
    found = http.get(path, params={"partition_field_value": "b"}).json()
    assert http.get(path).json()["count"] == 4
    assert [(one["partition_field_name"], one["host"], one["num_matches"]) for one in found["categories"]] == [
        ("host", "b", 80),
        ("host", "b", 40),
    ]


def test_size_stats_say_how_well_categories_fit(http: httpx.Client):
    job_id = fed(http)
    stats = http.get(f"{JOBS}/{job_id}/_stats").json()["jobs"][0]["model_size_stats"]
    assert (stats["categorized_doc_count"], stats["total_category_count"], stats["frequent_category_count"]) == (240, 2, 2)
    assert (stats["rare_category_count"], stats["dead_category_count"], stats["failed_category_count"]) == (0, 0, 0)
    assert stats["categorization_status"] == "ok"


def test_how_well_they_fit_is_searched_by_partition(http: httpx.Client):
    job_id = fed(http, per_partition_categorization={"enabled": True})
    query = {"bool": {"filter": [{"term": {"job_id": job_id}}, {"term": {"result_type": "categorizer_stats"}}]}}
    asked = {"query": query, "sort": ["partition_field_value"]}
    hits = http.post("/.ml-anomalies-*/_search", json=asked).json()["hits"]["hits"]
    assert [(one["_source"]["partition_field_value"], one["_source"]["categorized_doc_count"]) for one in hits] == [
        ("a", 120),
        ("b", 120),
    ]
    assert hits[0]["_source"] == {
        "job_id": job_id,
        "result_type": "categorizer_stats",
        "partition_field_name": "host",
        "partition_field_value": "a",
        "categorized_doc_count": 120,
        "total_category_count": 2,
        "frequent_category_count": 2,
        "rare_category_count": 0,
        "dead_category_count": 0,
        "failed_category_count": 0,
        "categorization_status": "ok",
        "log_time": hits[0]["_source"]["timestamp"],
        "timestamp": hits[0]["_source"]["timestamp"],
    }


def test_the_page_gets_them_page_by_page_with_how_well_they_fit(http: httpx.Client):
    path = f"/api/v1/jobs/{fed(http, per_partition_categorization={'enabled': True})}/categories"
    first = http.get(path, params={"size": 3}).json()
    rest = http.get(path, params={"size": 3, "cursor": first["next"]}).json()
    assert [one["category_id"] for one in first["rows"] + rest["rows"]] == [1, 2, 3, 4]
    assert (first["total"], rest["next"]) == (4, None)
    assert [one["partition_field_value"] for one in first["stats"]] == ["a", "b"]
    assert [one["category_id"] for one in http.get(path, params={"id": [2, 4]}).json()["rows"]] == [2, 4]
    assert http.get(path, params={"partition": "a"}).json()["total"] == 2


def test_an_analyzer_that_cannot_be_is_refused_with_what_was_wanted(http: httpx.Client):
    config = {
        "analysis_config": {
            "bucket_span": "1h",
            "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
            "categorization_field_name": "message",
            "categorization_analyzer": {"tokenizer": "ngram"},
        },
        "data_description": {"time_field": "time"},
    }
    refused = http.put(f"{JOBS}/no-analyzer", json=config)
    assert refused.status_code == 400
    assert "categorization_analyzer.tokenizer='ngram': wanted one of ml_standard" in reason(refused)
