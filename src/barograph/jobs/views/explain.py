"""Why a bucket of a job in a store scores what it scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SPLIT_VALUES, SPLITS
from barograph.engine.exclusions import Exclusion
from barograph.engine.explain import Explanation, not_finished
from barograph.engine.explain import explain as of_bucket
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.results import schema
from barograph.results.forest_words import sentences
from barograph.results.snapshot import Snapshot
from barograph.scoring.bucket_sum import BucketSum, bucket_sum
from barograph.scoring.leaves import Measure
from barograph.scoring.normalise import Quantiles
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store

MEMBERS: Final = 10
"""Series that are named at most where a whole bucket is explained, as that many fit on a screen."""


@dataclass(frozen=True)
class Member:
    """One series of a whole bucket that is explained.

    Attributes:
        series: the series in this bucket.
        share: its part of what the bucket's series show together, 0 to 1.
    """

    series: Explanation
    share: float


@dataclass(frozen=True)
class Explained:
    """What was asked for.

    Attributes:
        job: the job.
        explanations: the series with the highest scores, the highest first.
        now: the score that the record of each has today, which renormalisation may have moved; None where there is no record.
        influencers: who is to blame in the record of each, as `schema.RECORDS` has it; None where there is no record, or where
            the job has no influencers.
        left_out: how many more series were asked for.
        bucket: what makes the score of the whole bucket; None where an entity was asked for, or there is one series only.
        together: of each, where the job is a forest detector, what the features of its entity are together, in sentences.
        shares: [n] of each explanation in what the bucket's series show together, 0 to 1; None without data or `bucket`.
        members: the series of `bucket` with the largest shares, the largest first, `MEMBERS` at most.
        detectors: the share of each detector of the job in it, by its index; empty without `bucket`.
    """

    job: Job
    explanations: tuple[Explanation, ...]
    now: tuple[float | None, ...]
    influencers: tuple[list[dict[str, Any]] | None, ...]
    left_out: int
    bucket: BucketSum | None
    shares: tuple[float | None, ...]
    members: tuple[Member, ...]
    detectors: Mapping[int, float]
    together: tuple[tuple[str, ...], ...]


def explain(
    store: Store,
    job_id: str,
    time_ms: int,
    entity: Sequence[tuple[str, str]] = (),
    *,
    size: int = 1,
    measured: tuple[int, str] | None = None,
) -> Explained:
    """Explain the bucket that a time lies in: the series of an entity that score highest in it.

    Args:
        store: where the job lives.
        job_id: the job.
        time_ms: epoch ms.
        entity: values of partition or by fields; a series must have them all. Empty is every series.
        size: how many series at most.
        measured: index of a detector, and what of its measures; None is all of all.

    Raises:
        NoSuchJob: there is none of this id.
        OtherVersion: the models are of another version.
        BadRequest: the bucket is not finished, no series is what was asked for, or what led to the models of that time has
            expired.
    """
    job, saved = store.job(job_id), store.resume(job_id)
    newest = saved.counts.latest_bucket_timestamp if saved is not None else None
    if saved is None or newest is None:
        raise BadRequest(f"job {job_id!r}: wanted a job that has finished a bucket; there is nothing to explain yet")
    if time_ms >= newest + job.bucket_span_ms:
        raise not_finished(job, time_ms, newest + job.bucket_span_ms)
    past = _StoredPast(store, job_id)
    explanations = sorted(
        of_bucket(job, saved.snapshot, past, time_ms, entity, measured),
        key=lambda explanation: (-explanation.score, explanation.log_probability or 0.0),
    )
    shown = tuple(explanations[:size])
    whole = None if entity or measured or len(explanations) == 1 else _whole(store, job, explanations)
    shares = [None] * len(explanations) if whole is None else pl.Series(whole.shares, nan_to_null=True).to_list()
    left_out = max(len(explanations) - size, 0)
    told = _records(store, job, shown)
    now = tuple(None if record is None else record[0] for record in told)
    influencers = tuple(None if record is None or not job.influencers else record[1] for record in told)
    of_shown, members, detectors = tuple(shares[: len(shown)]), _members(explanations, shares), _detectors(explanations, shares)
    together = _together(store, job, shown)
    return Explained(job, shown, now, influencers, left_out, whole, of_shown, members, detectors, together)


def _members(explanations: Sequence[Explanation], shares: Sequence[float | None]) -> tuple[Member, ...]:
    every = [Member(one, share) for one, share in zip(explanations, shares, strict=True) if share]
    return tuple(sorted(every, key=lambda member: -member.share)[:MEMBERS])


def _detectors(explanations: Sequence[Explanation], shares: Sequence[float | None]) -> dict[int, float]:
    parts: dict[int, float] = {}
    for one, share in zip(explanations, shares, strict=True):
        if share is not None:
            parts[one.measure.detector_index] = parts.get(one.measure.detector_index, 0.0) + share
    return dict(sorted(parts.items()))


def _whole(store: Store, job: Job, explanations: Sequence[Explanation]) -> BucketSum | None:
    """The sum of the bucket, of which all series are explained; None where its result has expired."""
    start_ms = explanations[0].timestamp
    buckets = store.buckets(job.job_id, Query(start_ms=start_ms, end_ms=start_ms + job.bucket_span_ms)).rows
    if buckets.is_empty():
        return None
    ln_p = [np.nan if one.log_probability is None else one.log_probability for one in explanations]
    bucket = buckets.row(0, named=True)
    return bucket_sum(np.array(ln_p), bucket["log_probability"], bucket["initial_anomaly_score"], job.bucket_span_ms)


def _records(store: Store, job: Job, shown: Sequence[Explanation]) -> list[tuple[float, list[dict[str, Any]]] | None]:
    """The score and the influencers of the record of each; None where there is none."""
    if not shown:
        return []
    start_ms = shown[0].timestamp
    records = store.records(job.job_id, Query(start_ms=start_ms, end_ms=start_ms + job.bucket_span_ms)).rows
    told = {row[:-2]: row[-2:] for row in records.select(*schema.SERIES_KEY, "record_score", "influencers").iter_rows()}
    keys = (
        (
            explanation.measure.detector_index,
            explanation.measure.function_description,
            *(getattr(explanation, name) for name in SPLIT_VALUES),
        )
        for explanation in shown
    )
    return [told.get(key) for key in keys]


def _together(store: Store, job: Job, shown: Sequence[Explanation]) -> tuple[tuple[str, ...], ...]:
    """What forests found of the entity of each, in sentences; none of jobs without forests, or where there is no result."""
    settings = job.forest_config
    if settings is None or not shown:
        return ((),) * len(shown)
    start_ms, span = shown[0].timestamp, job.bucket_span_ms
    shingle = Query(start_ms=start_ms - (settings.shingle_size - 1) * span, end_ms=start_ms + span)
    zone, told = ZoneInfo(job.time_zone), dict[tuple[tuple[str, str], ...], tuple[str, ...]]()
    entities = [_entity(one) for one in shown]
    for entity in dict.fromkeys(entities):
        rows = store.forest_results(job.job_id, replace(shingle, entity=entity)).rows.rows(named=True)
        here = bool(rows) and rows[-1]["timestamp"] == start_ms
        told[entity] = sentences(settings, rows[-1], rows[:-1], zone) if here else ()
    return tuple(told[entity] for entity in entities)


def _entity(one: Explanation) -> tuple[tuple[str, str], ...]:
    """Split fields and their values."""
    pairs = ((getattr(one.measure, name), getattr(one, value)) for name, value in SPLITS)
    return tuple((name, value) for name, value in pairs if name is not None)


class _StoredPast:
    """What a store keeps of a job, as `engine.explain.Past`."""

    def __init__(self, store: Store, job_id: str) -> None:
        self._store = store
        self._job_id = job_id
        self._points = store.snapshots(job_id)
        job = store.job(job_id)
        self._span_ms = job.bucket_span_ms
        self.knowledge = knowledge_of(store, job)
        self._loaded: dict[str, Snapshot] = {}
        self.forgotten: Sequence[Exclusion] = store.forgotten(job_id)
        self.kept_from = store.history_from(job_id)

    def values(self, measure: Measure, split_values: tuple[str | None, ...], start_ms: int, end_ms: int) -> pl.DataFrame:
        span = Span(start_ms, end_ms, measure.detector_index, measure.function_description, split_values)
        return self._store.bucket_values(self._job_id, span, ("timestamp", "series", "actual", "weight"))

    def quantiles(self, kind: str, time_ms: int) -> Quantiles | None:
        return self._store.quantiles_at(self._job_id, kind, time_ms)

    def snapshot_before(self, time_ms: int) -> tuple[Snapshot, int] | None:
        for point in reversed(self._points):
            newest = point.latest_bucket_timestamp
            if newest is not None and newest < time_ms:
                if point.snapshot_id not in self._loaded:
                    self._loaded[point.snapshot_id] = self._store.snapshot(self._job_id, point.snapshot_id)
                return self._loaded[point.snapshot_id], newest + self._span_ms
        return None
