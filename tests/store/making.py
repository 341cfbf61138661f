"""Results, snapshots and jobs to store, made up and the same for the same arguments."""

from dataclasses import replace

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.results import schema
from barograph.results.counts import DataCounts, Example
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot

SPAN_MS = 300_000
ODD_DOUBLES = [1e-308, 5e-324, 2.2250738585072014e-308, 1e308, 0.1 + 0.2, -1e-300, float("inf"), 0.0, 3.0, 2.0**53 + 2]


def job(job_id: str = "web", **changes) -> Job:
    document = {
        "job_id": job_id,
        "analysis_config": {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "bytes"}]},
        "data_description": {"time_field": "time"},
    }
    return Job.model_validate({**document, **changes})


def results(first: int = 0, buckets: int = 4, *, per_bucket: int = 3) -> Results:
    """Results of the buckets `first .. first + buckets - 1`, with `per_bucket` records and influencers each."""
    numbers = range(first, first + buckets)
    return Results(
        buckets=_frame(schema.BUCKETS, [(n, 0) for n in numbers]),
        records=_frame(schema.RECORDS, [(n, k) for n in numbers for k in range(per_bucket)]),
        influencers=_frame(schema.INFLUENCERS, [(n, k) for n in numbers for k in range(per_bucket)]),
        bucket_influencers=_frame(schema.BUCKET_INFLUENCERS, [(n, k) for n in numbers for k in range(2)]),
        annotations=_frame(schema.ANNOTATIONS, [(n, k) for n in numbers for k in range(n % 2)]),
        coded_values=schema.coded(_frame(schema.BUCKET_VALUES, [(n, k) for n in numbers for k in range(per_bucket)])),
        influencer_shares=_frame(schema.INFLUENCER_SHARES, [(n, k) for n in numbers for k in range(per_bucket)]),
        counts=counts(first + buckets),
    )


def counts(buckets: int) -> DataCounts:
    if not buckets:
        return DataCounts()
    last = (buckets - 1) * SPAN_MS
    read = DataCounts(
        input_record_count=10 * buckets,
        processed_record_count=10 * buckets,
        bucket_count=buckets,
        earliest_record_timestamp=0,
        latest_record_timestamp=last + SPAN_MS,
        latest_bucket_timestamp=last,
    )
    return read.with_examples([Example("invalid_date", 3, "yesterday", "a time")])


def snapshot(number: int) -> Snapshot:
    return Snapshot({"level.mean": np.full(50, float(number)), "buckets.watermark": np.array([number], np.int64)})


def _frame(columns: tuple[schema.Column, ...], keys: list[tuple[int, int]]) -> pl.DataFrame:
    data = {column.name: [_value(column, bucket, rank) for bucket, rank in keys] for column in columns}
    return pl.DataFrame(data, schema=schema.polars_schema(columns))


def _value(column: schema.Column, bucket: int, rank: int):
    """A value that depends on its place only, with every kind of double and text now and then."""
    draw = sum(map(ord, column.name)) + 31 * bucket + 7 * rank
    fixed = {"timestamp": bucket * SPAN_MS, "bucket_span": SPAN_MS // 1000, "seq": rank, "is_interim": False}
    if column.name in fixed:
        return fixed[column.name]
    if column.name.endswith("_score"):
        return float(draw % 20 * 5)  # with many ties
    by_type = {
        pl.Float64: None if draw % 11 == 0 else ODD_DOUBLES[draw % len(ODD_DOUBLES)] * (1 + (draw % 3 == 0)),
        pl.String: None if draw % 13 == 0 and "influencer" not in column.name else f"{column.name} {rank} é\U0001f300'\"",
        pl.Boolean: draw % 2 == 0,
        pl.List: _influencers(draw % 3),
    }
    return by_type.get(column.dtype.base_type(), draw)


def _influencers(fields: int) -> list[dict]:
    return [
        {
            "influencer_field_name": f"field {field}",
            "influencer_field_values": [f"value {k}" for k in range(1 + field)],
            "influences": [1.0 / (1 + k) for k in range(1 + field)],
        }
        for field in reversed(range(fields))
    ]


def with_counts(found: Results, **changes) -> Results:
    return replace(found, counts=replace(found.counts, **changes))
