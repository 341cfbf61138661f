"""Overall buckets: how odd a time was over several jobs together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.jobs.views.selection import matching
from barograph.results import schema
from barograph.store.query import Query
from barograph.store.store import Store


@dataclass(frozen=True)
class OverallQuery:
    """Which overall buckets to return.

    Attributes:
        bucket_span: length of an overall bucket, at least the largest bucket span of the jobs, which it is by default.
        top_n: how many of the jobs with the highest scores are averaged, >= 1.
        overall_score: lowest score to return, 0 to 100.
        start_ms: epoch ms, rounded up to an overall bucket; None is from the beginning.
        end_ms: epoch ms, exclusive, rounded down to an overall bucket; None is to the end.
        exclude_interim: leave out buckets that are still open, before anything else.

    Raises:
        BadRequest: `top_n` is less than 1.
    """

    bucket_span: Duration | None = None
    top_n: int = 1
    overall_score: float = 0.0
    start_ms: int | None = None
    end_ms: int | None = None
    exclude_interim: bool = True

    def __post_init__(self) -> None:
        if self.top_n < 1:
            raise BadRequest(f"top_n={self.top_n}: wanted 1 or more")


_ALL: Final = OverallQuery()
Others = Callable[[Sequence[str], int, Query], pl.DataFrame]
"""Scores of buckets that are not in the store: of which jobs, in windows of how many ms, which; rows as of `highest_scores`."""


def overall_buckets(
    store: Store, expressions: Sequence[str], query: OverallQuery = _ALL, others: Others | None = None
) -> pl.DataFrame:
    """How odd the times were over several jobs together, by time; columns as `schema.OVERALL_BUCKETS`.

    Args:
        store: where the jobs live.
        expressions: the jobs, as `selection.matching` reads them.
        query: which overall buckets.
        others: buckets beside those of the store.

    Raises:
        NoSuchJob: an expression without a wildcard names nothing.
        BadRequest: the bucket span is less than the largest of the jobs.
    """
    jobs = matching([summary.job for summary in store.jobs()], expressions)
    if not jobs:
        return schema.empty(schema.OVERALL_BUCKETS)
    longest = max((job.analysis_config.bucket_span for job in jobs), key=lambda span: span.ms)
    span = query.bucket_span or longest
    if span.ms < longest.ms:
        raise BadRequest(f"bucket_span={str(span)!r}: wanted at least the largest bucket span of the jobs, {longest}")
    rounded = Query(
        start_ms=None if query.start_ms is None else -(-query.start_ms // span.ms) * span.ms,
        end_ms=None if query.end_ms is None else query.end_ms // span.ms * span.ms,
        exclude_interim=query.exclude_interim,
    )
    job_ids = [job.job_id for job in jobs]
    windows = store.highest_scores(job_ids, longest.ms, rounded)
    if others is not None:
        both = pl.concat([windows, others(job_ids, longest.ms, rounded)])
        windows = both.group_by("window", "job_id").agg(pl.max("score"), pl.max("interim"))
    return overall(windows, span.ms, query.top_n).filter(pl.col("overall_score") >= query.overall_score)


def overall(windows: pl.DataFrame, span_ms: int, top_n: int) -> pl.DataFrame:
    """Overall buckets in the order of time; columns as `schema.OVERALL_BUCKETS`.

    Time is cut into windows of the jobs' largest bucket span. A window scores the average of the `top_n` highest scores of the
    jobs that have a bucket in it; an overall bucket scores the highest of its windows, so that a longer one does not dilute
    what is short. Overall buckets without any bucket are left out.

    Args:
        windows: a row for each job and window: `window` (its start, epoch ms), `job_id`, `score` (the highest), `interim` (1: a
            bucket in it is interim).
        span_ms: length of an overall bucket.
        top_n: how many jobs are averaged.
    """
    whole = (pl.col("window") // span_ms * span_ms).alias("timestamp")
    score = pl.col("score").top_k(top_n).mean()
    scored = windows.group_by("window").agg(score, pl.max("interim")).group_by(whole)
    buckets = scored.agg(pl.max("score").alias("overall_score"), (pl.max("interim") > 0).alias("is_interim"))
    by_job = windows.group_by(whole, "job_id").agg(pl.max("score").alias("max_anomaly_score")).sort("timestamp", "job_id")
    jobs = by_job.group_by("timestamp", maintain_order=True).agg(pl.struct("job_id", "max_anomaly_score").alias("jobs"))
    joined = buckets.join(jobs, on="timestamp").sort("timestamp").with_columns(bucket_span=span_ms // 1000)
    return joined.select(pl.col(column.name).cast(column.dtype) for column in schema.OVERALL_BUCKETS)
