"""A store with scores known to the last digit, for what the engine would not give just so."""

from pathlib import Path
from typing import Any

from barograph.config.job import Job
from barograph.engine import Engine
from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.store.store import Store
from tests.known_results import bucket, frame, influencer, record

START = 1_767_225_600_000
"""2026-01-01T00:00Z."""
HOUR = 3_600_000
BORDERS = [2.99, 3.0, 24.99, 25.0, 49.99, 50.0, 74.99, 75.0]
"""Scores of the first eight buckets of `borders`."""
WORDS = ["low", "warning", "warning", "minor", "minor", "major", "major", "critical"]
MANY = 1_507
"""Records of `many`."""


def make(data_dir: Path) -> None:
    """Write the store: `borders` (scores at the borders of severities), `kinds` (records of each look), `many`, `empty`."""
    with Store.open(None, data_dir) as store:
        _put(store, "borders", _borders())
        _put(store, "kinds", _kinds())
        _put(store, "many", _many())
        store.create_job(_job("empty"), 1)


def _job(job_id: str) -> Job:
    detectors = [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}]
    analysis = {"bucket_span": "1h", "detectors": detectors, "influencers": ["host"]}
    return Job.model_validate({"job_id": job_id, "analysis_config": analysis, "data_description": {"time_field": "time"}})


def _put(store: Store, job_id: str, results: Results) -> None:
    job = _job(job_id)
    store.create_job(job, 1)
    store.commit(job_id, results, Engine.build(job).snapshot(), [])


def _results(records: list[dict[str, Any]], blamed: list[dict[str, Any]], buckets: list[dict[str, Any]]) -> Results:
    last = buckets[-1]["timestamp"]
    return Results(
        records=frame(schema.RECORDS, sorted(records, key=lambda one: (one["timestamp"], one["seq"]))),
        influencers=frame(schema.INFLUENCERS, blamed),
        buckets=frame(schema.BUCKETS, buckets),
        counts=DataCounts(
            input_record_count=len(buckets),
            processed_record_count=len(buckets),
            bucket_count=len(buckets),
            earliest_record_timestamp=START,
            latest_record_timestamp=last + HOUR - 1,
            latest_bucket_timestamp=last,
        ),
    )


def _bucket(hour: int, score: float, **other: Any) -> dict[str, Any]:
    return {**bucket(0, score, **other), "timestamp": START + hour * HOUR, "bucket_span": 3600}


def _record(hour: int, score: float, host: str = "web-1", **other: Any) -> dict[str, Any]:
    made = record(0, score, partition_field_value=host, function="mean", **other)
    blamed = [{"influencer_field_name": "host", "influencer_field_values": [host], "influences": [1.0]}]
    return {**made, "timestamp": START + hour * HOUR, "bucket_span": 3600, "influencers": blamed}


def _blamed(hour: int, host: str, score: float) -> dict[str, Any]:
    return {**influencer("host", host, score), "timestamp": START + hour * HOUR, "bucket_span": 3600}


def _borders() -> Results:
    buckets = [_bucket(hour, score) for hour, score in enumerate(BORDERS)] + [_bucket(hour, 0.0) for hour in range(8, 80)]
    return _results([_record(7, 88.0)], [_blamed(7, "web-1", 81.0)], buckets)


def _kinds() -> Results:
    """One record an hour: what several buckets make of it, what is written of its values, an open one."""
    records = [
        _record(0, 95.0, "few", multi_bucket_impact=-5.0, probability=3.24e-184, log_probability=-422.4949),
        _record(1, 85.0, "low", multi_bucket_impact=1.0, actual=6.0, typical=2.0, lower_bound=1.5, upper_bound=2.5),
        _record(2, 80.0, "medium", multi_bucket_impact=2.0, actual=1000.0, typical=1.0, lower_bound=0.8, upper_bound=1.2),
        _record(3, 70.0, "inside", multi_bucket_impact=4.0, actual=101.0, anomaly_type="change", anomaly_length=3),
        _record(4, 60.0, "zero", actual=0.0, initial_record_score=90.0, single_bucket_impact=12, means_impact=5),
        _record(5, 55.0, "open", is_interim=True),
    ]
    buckets = [_bucket(hour, one["record_score"], is_interim=hour == 5) for hour, one in enumerate(records)]
    return _results(records, [_blamed(hour, one["partition_field_value"], 50.0) for hour, one in enumerate(records)], buckets)


def _many() -> Results:
    """Records of which each bucket has some, with actual values that text would sort otherwise."""
    records = [
        _record(
            number // 10,
            3.0 + number % 60,
            f"web-{number % 10}",
            seq=number % 10,
            actual=float((9, 10, 100)[number % 3] + number),
        )
        for number in range(MANY)
    ]
    return _results(records, [], [_bucket(hour, 50.0) for hour in range(MANY // 10 + 1)])
