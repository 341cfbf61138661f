"""Results of one job, known to the last digit."""

from typing import Any

import polars as pl

from barograph.results import schema
from barograph.results.counts import DataCounts, Example
from barograph.results.results import Results

START = 1_767_222_000_000  # 2026-01-01 00:00 in Berlin
SPAN = 300

JOB: dict[str, Any] = {
    "job_id": "web",
    "time_zone": "Europe/Berlin",
    "analysis_config": {
        "bucket_span": "5m",
        "detectors": [
            {"function": "high_mean", "field_name": "ms", "partition_field_name": "host"},
            {"function": "count"},
        ],
        "influencers": ["host", "url"],
    },
}


def frame(columns: tuple[schema.Column, ...], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A result table; columns that a row does not give are null."""
    return pl.DataFrame(
        [{one.name: row.get(one.name) for one in columns} for row in rows], schema=schema.polars_schema(columns)
    )


def record(bucket: int, score: float, **other: Any) -> dict[str, Any]:
    return {
        "timestamp": START + bucket * SPAN * 1000,
        "bucket_span": SPAN,
        "seq": 0,
        "detector_index": 0,
        "function": "high_mean",
        "function_description": "mean",
        "field_name": "ms",
        "partition_field_name": "host",
        "partition_field_value": "web-1",
        "actual": 320.0,
        "typical": 100.0,
        "lower_bound": 80.0,
        "upper_bound": 120.0,
        "probability": 1e-9,
        "log_probability": -20.7,
        "raw_anomaly_score": 7.0,
        "multi_bucket_impact": -5.0,
        "record_score": score,
        "initial_record_score": score,
        "influencers": [
            {"influencer_field_name": "host", "influencer_field_values": ["web-1"], "influences": [1.0]},
            {"influencer_field_name": "url", "influencer_field_values": ["/pay"], "influences": [0.8]},
        ],
        "is_interim": False,
        **other,
    }


RECORDS = [
    record(0, 91.6),
    record(1, 74.9, record_score=74.9),
    record(
        7, 30.0, detector_index=1, function="count", function_description="count", field_name=None, partition_field_name=None,
        partition_field_value=None, actual=0.0, typical=40.0, influencers=[],
    ),
]  # fmt: skip


def bucket(index: int, score: float, **other: Any) -> dict[str, Any]:
    return {
        "timestamp": START + index * SPAN * 1000,
        "bucket_span": SPAN,
        "anomaly_score": score,
        "initial_anomaly_score": score,
        "probability": 1.0,
        "log_probability": 0.0,
        "raw_anomaly_score": 0.0,
        "max_record_score": score,
        "record_count": int(score > 0),
        "event_count": 40,
        "is_news": False,
        "is_interim": False,
        **other,
    }


BUCKETS = [bucket(0, 91.6, episode_start=START, is_news=True), bucket(1, 74.9, episode_start=START)]
BUCKETS += [bucket(index, 30.0 if index == 7 else 0.0) for index in range(2, 120)]


def influencer(name: str, value: str, score: float) -> dict[str, Any]:
    key = {"timestamp": START, "bucket_span": SPAN, "influencer_field_name": name, "influencer_field_value": value}
    scores = {"influencer_score": score, "initial_influencer_score": score, "raw_anomaly_score": 5.0}
    return {**key, **scores, "probability": 1e-9, "log_probability": -20.7, "is_interim": False}


ANNOTATIONS = [
    {
        "timestamp": START + 7 * SPAN * 1000,
        "bucket_span": SPAN,
        "detector_index": 0,
        "function_description": "mean",
        "field_name": "ms",
        "partition_field_name": "host",
        "partition_field_value": "web-1",
        "kind": "level",
        "before": 100.0,
        "after": 320.0,
        "text": "the level moved from 100 to 320",
    }
]


def known_results() -> Results:
    """What the job `web` has found: three records in two episodes, 120 buckets, two influencers."""
    time = {"timestamp": START, "bucket_span": SPAN, "influencer_field_name": "bucket_time", "is_interim": False}
    scores = {"anomaly_score": 91.6, "initial_anomaly_score": 91.6, "raw_anomaly_score": 7.0, "probability": 1e-9}
    return Results(
        records=frame(schema.RECORDS, RECORDS),
        buckets=frame(schema.BUCKETS, BUCKETS),
        influencers=frame(schema.INFLUENCERS, [influencer("host", "web-1", 80.0), influencer("url", "/pay", 60.0)]),
        bucket_influencers=frame(schema.BUCKET_INFLUENCERS, [{**time, **scores, "log_probability": -20.7}]),
        annotations=frame(schema.ANNOTATIONS, ANNOTATIONS),
        counts=DataCounts(
            input_record_count=4_802,
            processed_record_count=4_800,
            invalid_date_count=2,
            bucket_count=120,
            earliest_record_timestamp=START,
            latest_record_timestamp=START + 35_990_000,
            latest_bucket_timestamp=START + 119 * SPAN * 1000,
            examples=(Example("invalid_date", 17, "yesterday", "time: wanted epoch seconds, epoch ms or ISO 8601"),),
        ),
    )
