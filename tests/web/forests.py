"""A store with the results of a forest detector that OpenSearch's documentation has as examples, to the last digit."""

from pathlib import Path
from typing import Any, Final

from barograph.config.detector_document import read_detector
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.store.store import Store
from tests.known_results import bucket, frame, record

MINUTE: Final = 60_000
QUIET: Final = 1_635_898_140_000
"""A score above its threshold, and no grade."""
LATE: Final = 1_635_883_860_000
"""Noticed four minutes after it began."""
ODD: Final = 1_635_927_900_000
NAMES: Final = [
    *("processing bytes max", "processing bytes avg", "processing bytes min"),
    *("processing bytes sum", "processing time max"),
]
IDS: Final = [name.replace(" ", "_") for name in NAMES]
SHARES: Final = [0.03628638020431366, 0.03384479053991436, 0.058812549572819096, 0.10154576265526988, 0.7695105170276828]


def make(data_dir: Path) -> None:
    """Write the store: the detectors `processes` and `regions`, of entities by two fields, and `plain`, which is none."""
    with Store.open(None, data_dir) as store:
        job = detector()
        store.create_job(job, 1)
        store.commit(job.job_id, _results(), Engine.build(job).snapshot(), [])
        regions = detector("regions", "region", "host")
        store.create_job(regions, 1)
        store.commit(regions.job_id, _regional_results(), Engine.build(regions).snapshot(), [])
        analysis = {"bucket_span": "1h", "detectors": [{"function": "count"}]}
        plain = {"job_id": "plain", "analysis_config": analysis, "data_description": {"time_field": "time"}}
        store.create_job(Job.model_validate(plain), 1)


def detector(name: str = "processes", *category_fields: str) -> Job:
    """Five features of each process, a minute; or of the entities of other fields."""
    features = [
        {
            "feature_id": one,
            "feature_name": name,
            "aggregation_query": {one: {name.rpartition(" ")[2]: {"field": one.rpartition("_")[0]}}},
        }
        for one, name in zip(IDS, NAMES, strict=True)
    ]
    document = {
        "name": name,
        "time_field": "time",
        "feature_attributes": features,
        "category_field": list(category_fields or ("process_name",)),
        "detection_interval": {"period": {"interval": 1, "unit": "Minutes"}},
    }
    return read_detector(document).job(name)


def _results() -> Results:
    late = {
        "anomaly_score": 1.141419389056506,
        "anomaly_grade": 0.5514172746375128,
        "confidence": 0.9746820962328963,
        "threshold": 1.0,
        "severity": 45.0,
        "late": 4,
        "feature_data": [1360.0, 990.0, 608.0, 2970.0, 9670.0],
        "relevant_attribution": [
            *(0.07339452532666227, 0.04934972719948845, 0.01803003656061806, 0.14804918212089874, 0.7111765287923325)
        ],
        "expected_values": [
            {"likelihood": 0.7, "values": [905.0, 479.0, 128.0, 4847.0, 15713.0]},
            {"likelihood": 0.3, "values": [905.0, 479.0, 128.0, 4847.0, 31000.0]},
        ],
        "past_values": [905.0, 479.0, 128.0, 1437.0, 8440.0],
    }
    odd = {
        "anomaly_score": 1.1986675882872033,
        "anomaly_grade": 0.26806225550178464,
        "confidence": 0.9607519742565531,
        "threshold": 1.0993584705913992,
        "severity": 11.0,
        "feature_data": [2291.0, 1677.3333333333333, 1054.0, 5032.0, 11422.0],
        "relevant_attribution": SHARES,
        "expected_values": [{"likelihood": 1.0, "values": [2291.0, 1677.3333333333333, 1054.0, 6062.0, 23379.0]}],
    }
    quiet = {"anomaly_score": 1.8124904404395776, "confidence": 0.9802940756605277, "threshold": 1.2368549346675202}
    learning = [_row(LATE - at * 60 * MINUTE, confidence=0.9 - 0.1 * at) for at in (5, 4, 3, 2)]
    found = [*learning, _row(LATE, **late), _row(QUIET, **quiet), _row(ODD, **odd)]
    times = [one["timestamp"] for one in found]
    blamed = {"partition_field_name": "process_name", "partition_field_value": "process_3", "bucket_span": 60}
    records = [{**record(0, 45.0), **blamed, "detector_index": 4, "influencers": [], "timestamp": LATE}]
    buckets = [{**bucket(0, 45.0 if time == LATE else 0.0), "timestamp": time, "bucket_span": 60} for time in times]
    return Results(
        records=frame(schema.RECORDS, records),
        buckets=frame(schema.BUCKETS, buckets),
        forest_results=frame(schema.FOREST_RESULTS, found),
        counts=DataCounts(
            input_record_count=len(found),
            processed_record_count=len(found),
            bucket_count=len(found),
            earliest_record_timestamp=times[0],
            latest_record_timestamp=times[-1] + MINUTE - 1,
            latest_bucket_timestamp=times[-1],
        ),
    )


def _regional_results() -> Results:
    """Three hosts of two regions, each odd once."""
    grades = {("eu", "a"): 0.9, ("us", "b"): 0.7, ("eu", "c"): 0.3}
    found = [
        _row(
            LATE,
            seq=seq,
            anomaly_grade=grade,
            anomaly_score=2.0,
            partition_field_name="region",
            partition_field_value=region,
            by_field_name="host",
            by_field_value=host,
            relevant_attribution=SHARES,
            expected_values=[{"likelihood": 1.0, "values": [1.0, 2.0, 3.0, 4.0, 5.0]}],
        )
        for seq, ((region, host), grade) in enumerate(grades.items())
    ]
    buckets = [{**bucket(0, 0.0), "timestamp": LATE, "bucket_span": 60}]
    return Results(
        buckets=frame(schema.BUCKETS, buckets),
        forest_results=frame(schema.FOREST_RESULTS, found),
        counts=DataCounts(
            input_record_count=3,
            processed_record_count=3,
            bucket_count=1,
            earliest_record_timestamp=LATE,
            latest_record_timestamp=LATE + MINUTE - 1,
            latest_bucket_timestamp=LATE,
        ),
    )


def _row(timestamp: int, **values: Any) -> dict[str, Any]:
    usual = {
        "anomaly_score": 0.8,
        "anomaly_grade": 0.0,
        "confidence": 0.95,
        "threshold": 1.1,
        "severity": 0.0,
        "late": 0,
        "feature_data": [2322.0, 1718.6666666666667, 1375.0, 5156.0, 31198.0],
        "feature_imputed": [False] * 5,
        "is_interim": False,
    }
    key = {
        "timestamp": timestamp,
        "bucket_span": 60,
        "seq": 0,
        "partition_field_name": "process_name",
        "partition_field_value": "process_3",
    }
    return {**key, **usual, **values}
