"""Overall buckets: how odd a time was over several jobs together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import polars as pl
import sqlalchemy as sa

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.results import schema
from barograph.store import tables
from barograph.store.errors import NoSuchJob


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


def matching(jobs: Sequence[Job], expressions: Iterable[str]) -> list[Job]:
    """The jobs that expressions name, by id and each once.

    An expression is a job id, a group, either with `*` for any text, or `_all`. A wildcard may match nothing.

    Raises:
        NoSuchJob: an expression without a wildcard names neither a job nor a group.
    """
    found: dict[str, Job] = {}
    for expression in expressions:
        pattern = "*" if expression == "_all" else expression
        named = [job for job in jobs if any(_matches(name, pattern) for name in (job.job_id, *job.groups))]
        if not named and "*" not in pattern:
            raise NoSuchJob(expression, [job.job_id for job in jobs])
        found |= {job.job_id: job for job in named}
    return [found[job_id] for job_id in sorted(found)]


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) if "*" in pattern else name == pattern


def overall_buckets(connection: sa.Connection, jobs: Sequence[Job], query: OverallQuery) -> pl.DataFrame:
    """Overall buckets in the order of time; columns as `schema.OVERALL_BUCKETS`.

    Time is cut into windows of the jobs' largest bucket span. A window scores the average of the `top_n` highest scores of the
    jobs that have a bucket in it; an overall bucket scores the highest of its windows, so that a longer one does not dilute
    what is short. Overall buckets without any bucket are left out.

    Raises:
        BadRequest: the bucket span is less than the largest of the jobs.
    """
    if not jobs:
        return schema.empty(schema.OVERALL_BUCKETS)
    longest = max((job.analysis_config.bucket_span for job in jobs), key=lambda span: span.ms)
    span = query.bucket_span or longest
    if span.ms < longest.ms:
        raise BadRequest(f"bucket_span={str(span)!r}: wanted at least the largest bucket span of the jobs, {longest}")
    windows = _windows(connection, [job.job_id for job in jobs], longest.ms, span.ms, query)
    overall = _overall(windows, span.ms, query.top_n).filter(pl.col("overall_score") >= query.overall_score)
    return overall.select(pl.col(one.name).cast(one.dtype) for one in schema.OVERALL_BUCKETS)


def _windows(connection: sa.Connection, job_ids: list[str], window_ms: int, span_ms: int, query: OverallQuery) -> pl.DataFrame:
    """The highest score of each job in each window."""
    c = tables.BUCKET.c
    window = c.timestamp - c.timestamp % window_ms
    interim = sa.func.max(sa.case((c.is_interim, 1), else_=0))
    chosen = sa.select(window, c.job_id, sa.func.max(c.anomaly_score), interim).where(c.job_id.in_(job_ids))
    if query.start_ms is not None:
        chosen = chosen.where(c.timestamp >= -(-query.start_ms // span_ms) * span_ms)
    if query.end_ms is not None:
        chosen = chosen.where(c.timestamp < query.end_ms // span_ms * span_ms)
    if query.exclude_interim:
        chosen = chosen.where(c.is_interim.is_(False))
    rows = connection.execute(chosen.group_by(window, c.job_id)).all()
    names = {"window": pl.Int64, "job_id": pl.String, "score": pl.Float64, "interim": pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema=names, orient="row")


def _overall(windows: pl.DataFrame, span_ms: int, top_n: int) -> pl.DataFrame:
    whole = (pl.col("window") // span_ms * span_ms).alias("timestamp")
    score = pl.col("score").top_k(top_n).mean()
    scored = windows.group_by("window").agg(score, pl.max("interim")).group_by(whole)
    buckets = scored.agg(pl.max("score").alias("overall_score"), (pl.max("interim") > 0).alias("is_interim"))
    by_job = windows.group_by(whole, "job_id").agg(pl.max("score").alias("max_anomaly_score")).sort("timestamp", "job_id")
    jobs = by_job.group_by("timestamp", maintain_order=True).agg(pl.struct("job_id", "max_anomaly_score").alias("jobs"))
    return buckets.join(jobs, on="timestamp").sort("timestamp").with_columns(bucket_span=span_ms // 1000)
