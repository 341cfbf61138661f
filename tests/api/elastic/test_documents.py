"""The documents have the field names of Elastic's result documents, and nothing null."""

import polars as pl

from barograph.api.elastic import documents
from barograph.results.results import Results


def test_a_record_has_the_fields_of_elastic_and_no_null(results: Results) -> None:
    first, _, last = documents.documents("web", results.records, documents.record)
    assert first == {
        "job_id": "web",
        "result_type": "record",
        "probability": 1e-9,
        "multi_bucket_impact": -5.0,
        "record_score": 91.6,
        "initial_record_score": 91.6,
        "bucket_span": 300,
        "detector_index": 0,
        "is_interim": False,
        "timestamp": 1_767_222_000_000,
        "partition_field_name": "host",
        "partition_field_value": "web-1",
        "function": "high_mean",
        "function_description": "mean",
        "field_name": "ms",
        "typical": [100.0],
        "actual": [320.0],
        "anomaly_score_explanation": {
            "typical_value": 100.0,
            "lower_confidence_bound": 80.0,
            "upper_confidence_bound": 120.0,
        },
        "influencers": [
            {"influencer_field_name": "host", "influencer_field_values": ["web-1"]},
            {"influencer_field_name": "url", "influencer_field_values": ["/pay"]},
        ],
    }
    assert {"field_name", "partition_field_name", "partition_field_value", "influencers"}.isdisjoint(last)
    assert last["actual"] == [0.0]


def test_a_record_without_bounds_explains_none(results: Results) -> None:
    bare = results.records.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("lower_bound", "upper_bound"))
    assert "anomaly_score_explanation" not in next(documents.documents("web", bare, documents.record))


def test_a_bucket_holds_its_bucket_influencers(results: Results) -> None:
    first, second, *others = documents.buckets("web", results.buckets, results.bucket_influencers)
    assert first["result_type"] == "bucket"
    assert first["anomaly_score"] == 91.6
    assert [one["influencer_field_name"] for one in first["bucket_influencers"]] == ["bucket_time"]
    assert first["bucket_influencers"][0]["result_type"] == "bucket_influencer"
    assert second["bucket_influencers"] == []
    times = [bucket["timestamp"] for bucket in (first, second, *others)]
    assert times == results.buckets["timestamp"].to_list()


def test_an_influencer_has_the_fields_of_elastic(results: Results) -> None:
    assert next(documents.documents("web", results.influencers, documents.influencer)) == {
        "job_id": "web",
        "result_type": "influencer",
        "influencer_field_name": "host",
        "influencer_field_value": "web-1",
        "influencer_score": 80.0,
        "initial_influencer_score": 80.0,
        "probability": 1e-9,
        "bucket_span": 300,
        "is_interim": False,
        "timestamp": 1_767_222_000_000,
    }


def test_an_annotation_says_what_changed_under_the_names_of_elastic(results: Results) -> None:
    assert next(documents.documents("web", results.annotations, documents.annotation)) == {
        "job_id": "web",
        "result_type": "annotation",
        "type": "annotation",
        "event": "model_change",
        "annotation": "the level moved from 100 to 320",
        "timestamp": 1_767_224_100_000,
        "end_timestamp": 1_767_224_400_000,
        "bucket_span": 300,
        "detector_index": 0,
        "function_description": "mean",
        "field_name": "ms",
        "partition_field_name": "host",
        "partition_field_value": "web-1",
        "kind": "level",
        "before": 100.0,
        "after": 320.0,
    }
