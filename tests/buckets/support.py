"""Jobs and rows for the tests of the bucket stage, and its results in a form that can be compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from barograph.buckets import Buckets, Cells, DetectorValues, FinishedBuckets
from barograph.config.fields import number_column, text_column
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.results.snapshot import Snapshot

SPAN = 60_000
SPLIT = {"partition_field_name": "site", "by_field_name": "kind"}
DETECTORS = [
    {"function": "count", "partition_field_name": "site"},
    {"function": "non_zero_count", "by_field_name": "kind", "use_null": True},
    {"function": "sum", "field_name": "x", **SPLIT},
    {"function": "non_null_sum", "field_name": "x"},
    {"function": "mean", "field_name": "x", "partition_field_name": "site"},
    {"function": "varp", "field_name": "x", "partition_field_name": "site"},
    {"function": "median", "field_name": "x", **SPLIT, "use_null": True},
    {"function": "min", "field_name": "x"},
    {"function": "sum", "field_name": "x", "partition_field_name": "site", "over_field_name": "user", "use_null": True},
    {"function": "max", "field_name": "x", "partition_field_name": "site"},
    {"function": "distinct_count", "field_name": "user", "partition_field_name": "site"},
    {"function": "info_content", "field_name": "user", "partition_field_name": "site"},
]


def make_job(
    detectors: Sequence[dict[str, Any]] = DETECTORS,
    influencers: Sequence[str] = (),
    latency: str = "0",
    summary: str | None = None,
    span: str = "1m",
) -> Job:
    analysis: dict[str, Any] = {"bucket_span": span, "detectors": list(detectors), "influencers": list(influencers)}
    analysis |= {"latency": latency} | ({"summary_count_field_name": summary} if summary else {})
    return load_job({"job_id": "test", "analysis_config": analysis, "data_description": {"time_field": "time"}})


def frame(job: Job, rows: Sequence[dict[str, Any]], before: int = 0) -> tuple[np.ndarray, pl.DataFrame, np.ndarray]:
    """Rows as `intake.CleanRows` has them, after `before` others."""
    numbers = {number_column(name): pl.Series([row.get(name) for row in rows], dtype=pl.Float64) for name in job.number_fields}
    texts = {text_column(name): pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in job.text_fields}
    height = pl.Series("height", np.zeros(len(rows)))  # a job may read no column at all
    columns = pl.DataFrame({"height": height, **numbers, **texts})
    return np.array([row["time"] for row in rows], np.int64), columns, before + 1 + np.arange(len(rows))


def run(job: Job, chunks: Sequence[Sequence[dict[str, Any]]], resume: bool = False) -> tuple[list[FinishedBuckets], Buckets]:
    """Fold the chunks, taking after each; with `resume` every chunk goes through a snapshot's bytes first."""
    buckets, taken, before = Buckets.build(job), [], 0
    for rows in chunks:
        if resume:
            buckets = Buckets.build(job, Snapshot.from_bytes(Snapshot(buckets.snapshot()).to_bytes()).arrays)
        buckets.add(*frame(job, rows, before))
        before += len(rows)
        taken.append(buckets.take())
    return [one for one in taken if one is not None], buckets


def cells(finished: Sequence[FinishedBuckets]) -> dict[tuple[Any, ...], float]:
    """(detector, statistic, partition, by, over, bucket) -> value; NaN where the rows do not define it."""
    out: dict[tuple[Any, ...], float] = {}
    for buckets in finished:
        for index, detector in enumerate(buckets.detectors):
            for statistic, of in detector.cells.items():
                for key, value, weight in zip(cell_keys(detector, of), of.actual.tolist(), of.weight.tolist(), strict=True):
                    out[index, statistic, *key] = value
                    out[index, "weight", *key] = weight
    return out


def cell_keys(detector: DetectorValues, of: Cells) -> list[tuple[Any, ...]]:
    """(partition, by, over, bucket) of each cell."""
    return [(*names, bucket) for names, bucket in zip(detector.known.names(of.series).rows(), of.bucket.tolist(), strict=True)]


def shares(finished: Sequence[FinishedBuckets]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(detector, statistic, partition, by, over, bucket, field, value) -> (value, weight, mean, m2)."""
    out: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    columns = ("influencer_field_name", "influencer_field_value", "value", "weight", "mean", "m2")
    for buckets in finished:
        for index, detector in enumerate(buckets.detectors):
            for statistic, of in detector.cells.items():
                keys = cell_keys(detector, of)
                found, cell = detector.shares_between(statistic, buckets.first_bucket, buckets.end_bucket)
                for at, (field, text, *rest) in zip(cell.tolist(), found.select(columns).iter_rows(), strict=True):
                    key = (index, statistic, *keys[at], field, text)
                    assert key not in out
                    out[key] = tuple(rest)
    return out


def one(function: str, **more: object) -> dict[str, object]:
    field = {} if "count" in function else {"field_name": "x"}
    return {"function": function, **field, **more}


def matrix(function: str, rows: list[dict[str, object]], buckets: int = 4) -> list[list[float]]:
    """The detector's values in the first buckets."""
    job = make_job([one(function)])
    (closed,), _ = run(job, [[*rows, {"time": buckets * SPAN}]])
    return closed.detectors[0].matrix(job.detectors[0].spec.statistic, 0, buckets).tolist()


def bits(values: dict[Any, Any]) -> dict[Any, bytes]:
    return {key: np.array(value, np.float64).tobytes() for key, value in values.items()}


def snapshot(buckets: Buckets) -> bytes:
    return Snapshot(buckets.snapshot()).to_bytes()


def texts(size: int) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *(f"{'long ' * 3 * (i % 2)}{i}" for i in range(size))])


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-3, 3).map(float))
row = st.fixed_dictionaries(
    {
        "time": st.integers(0, 5 * SPAN),
        "x": numbers,
        "n": st.one_of(st.none(), st.integers(-1, 4).map(float)),
        "site": texts(3),
        "kind": texts(3),
        "user": texts(8),
    }
)
rows = st.lists(row, min_size=1, max_size=60)


@st.composite
def stream(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows in about the order of their times: sorted, then some moved."""
    found = sorted(draw(rows), key=lambda one: one["time"])
    for _ in range(draw(st.integers(0, 5))):
        found.insert(draw(st.integers(0, len(found) - 1)), found.pop(draw(st.integers(0, len(found) - 1))))
    return found


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    detectors = draw(st.lists(st.sampled_from(DETECTORS), min_size=1, max_size=4, unique_by=str))
    influencers = draw(st.sampled_from([(), ("user",), ("user", "site")]))
    return make_job(detectors, influencers, draw(st.sampled_from(["0", "1m", "90s"])), draw(st.sampled_from([None, "n"])))


@st.composite
def cut(draw: st.DrawFn, found: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    at = sorted(draw(st.lists(st.integers(0, len(found)), max_size=4)))
    return [found[a:b] for a, b in zip([0, *at], [*at, len(found)], strict=True)]
