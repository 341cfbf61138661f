"""Results: buckets, records, influencers, category definitions."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.api.engine.answers import Answer, empty_page, page, single
from barograph.api.engine.detectors import told_index
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.parameters import flag, paging, score, span
from barograph.api.engine.result_documents import INFLUENCER, RECORD, bucket, by_time, category, influencer, record
from barograph.api.engine.times import moment
from barograph.jobs.service import NoSuchJob, Query, Service
from barograph.results import schema

_OF_THE_BUCKET: Final = "anomaly_score"
"""The column of a record that is its bucket's."""

_RECORD_COLUMNS: Final = {_OF_THE_BUCKET, *(column.name for column in schema.RECORDS)}
_RECORD_SORTS: Final = {
    name: column
    for name, column in {**RECORD, "timestamp": "timestamp", "typical": "typical", "actual": "actual"}.items()
    if column in _RECORD_COLUMNS
}
_INFLUENCER_SORTS: Final = {**INFLUENCER, "timestamp": "timestamp"}
"""Fields to sort by, and their columns."""


def empty_without_job(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Of a job that there is not, there is a page without documents."""

    @wraps(handler)
    def answer(call: Call) -> Answer:
        try:
            return handler(call)
        except NoSuchJob:
            return empty_page(paging(call))

    return answer


def _query(call: Call) -> Query:
    """The times that are asked for, and whether results of open buckets are."""
    start, end = span(call)
    return Query(start_ms=start, end_ms=end, exclude_interim=not flag(call, "includeInterim"))


def _sorted(call: Call, query: Query, names: Mapping[str, str], default: str) -> Query:
    """The query in the order that is asked for, from the highest unless `desc` says otherwise.

    Raises:
        EngineError: there is no such field to sort by (60102).
    """
    name = call.query.get("sort") or default
    if name not in names:
        raise EngineError(Code.SORT_FIELD, f"sort={name[:100]!r}: wanted one of {', '.join(sorted(names))}")
    return replace(query, sort=names[name], descending=flag(call, "desc") if "desc" in call.query else True)


@empty_without_job
def get_buckets(call: Call) -> Answer:
    """Tell of buckets in the order of time; with `expand` also of their records."""
    skip, take = paging(call)
    lowest = score(call, "maxNormalizedProbability", "normalizedProbability") or 0.0
    query = replace(_query(call), min_score=score(call, "anomalyScore") or 0.0)
    service, job_id = call.server.service, call.job_id
    if lowest > 0:
        rows = service.buckets(job_id, query).rows.filter(pl.col("max_record_score") >= lowest)
        total, rows = rows.height, rows.slice(skip, take)
    else:
        found = service.buckets(job_id, replace(query, offset=skip, size=take))
        total, rows = found.total, found.rows
    return page(call, total, (skip, take), bucket_documents(service, job_id, rows, expand=flag(call, "expand")))


def get_bucket(call: Call) -> Answer:
    """Tell of one bucket by its start; with `expand` also of its records."""
    start = moment("timestamp", call.path["timestamp"])
    query = replace(_query(call), start_ms=start, end_ms=start + 1)
    try:
        rows = call.server.service.buckets(call.job_id, query).rows
    except NoSuchJob:
        return single("bucket", None)
    told = bucket_documents(call.server.service, call.job_id, rows, expand=flag(call, "expand"))
    return single("bucket", told[0] if told else None)


def bucket_documents(service: Service, job_id: str, rows: pl.DataFrame, *, expand: bool) -> list[dict[str, Any]]:
    """Buckets as documents.

    Args:
        service: the jobs.
        job_id: the job.
        rows: the buckets, with the columns of `schema.BUCKETS`.
        expand: with their records, the highest `normalizedProbability` first.
    """
    if rows.is_empty():
        return []
    inside = _around(rows)
    influencers = by_time(service.influencers(job_id, inside).rows)
    own = by_time(service.bucket_influencers(job_id, inside).rows)
    told = [
        bucket(row, influencers.get(row["timestamp"], ()), own.get(row["timestamp"], ())) for row in rows.iter_rows(named=True)
    ]
    if expand:
        records = by_time(with_bucket_scores(service, job_id, service.records(job_id, inside).rows))
        for document, time in zip(told, rows["timestamp"].to_list(), strict=True):
            document["records"] = [record(row) for row in records.get(time, ())]
    return told


def _around(rows: pl.DataFrame) -> Query:
    """All results of the time of some rows, those of open buckets too: what is in a bucket is interim as it is."""
    times = rows["timestamp"].to_list()
    return Query(start_ms=min(times), end_ms=max(times) + 1, exclude_interim=False)


def with_bucket_scores(service: Service, job_id: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Records with the score of their bucket, with their causes, and with the index that clients know their detectors by."""
    if rows.is_empty():
        return rows.with_columns(pl.lit(None, pl.Float64).alias(_OF_THE_BUCKET))
    buckets = service.buckets(job_id, _around(rows)).rows.select("timestamp", _OF_THE_BUCKET)
    scored = rows.join(buckets, on="timestamp", how="left", maintain_order="left")
    told, indices = service.with_causes(job_id, scored), np.array(told_index(service.job(job_id).detectors), np.int32)
    return told.with_columns(pl.Series("detector_index", indices[told["detector_index"].to_numpy()]))


@empty_without_job
def get_records(call: Call) -> Answer:
    """Tell of records, the highest `normalizedProbability` first unless asked otherwise."""
    skip, take = paging(call)
    of_bucket = score(call, "anomalyScore") or 0.0
    query = replace(_query(call), min_score=score(call, "normalizedProbability") or 0.0)
    query = _sorted(call, query, _RECORD_SORTS, "normalizedProbability")
    service, job_id = call.server.service, call.job_id
    if of_bucket > 0 or query.sort == _OF_THE_BUCKET:
        rows = _by_bucket_score(service, job_id, query, of_bucket)
        total, rows = rows.height, rows.slice(skip, take)
    else:
        found = service.records(job_id, replace(query, offset=skip, size=take))
        total, rows = found.total, with_bucket_scores(service, job_id, found.rows)
    return page(call, total, (skip, take), [record(row) for row in rows.iter_rows(named=True)])


def _by_bucket_score(service: Service, job_id: str, query: Query, lowest: float) -> pl.DataFrame:
    """The records of buckets from a score on; sorted by it if that is asked for."""
    own = replace(query, sort=None, descending=None) if query.sort == _OF_THE_BUCKET else query
    rows = with_bucket_scores(service, job_id, service.records(job_id, own).rows)
    rows = rows.filter(pl.col(_OF_THE_BUCKET) >= lowest)
    if own is query:
        return rows
    return rows.sort(_OF_THE_BUCKET, descending=bool(query.descending), maintain_order=True)


@empty_without_job
def get_influencers(call: Call) -> Answer:
    """Tell who is to blame, the highest `anomalyScore` first unless asked otherwise."""
    skip, take = paging(call)
    query = replace(_query(call), min_score=score(call, "anomalyScore") or 0.0, offset=skip, size=take)
    found = call.server.service.influencers(call.job_id, _sorted(call, query, _INFLUENCER_SORTS, "anomalyScore"))
    return page(call, found.total, (skip, take), [influencer(row) for row in found.rows.iter_rows(named=True)])


@empty_without_job
def get_categories(call: Call) -> Answer:
    """Tell of the categories of messages, by their ids."""
    skip, take = paging(call)
    found = call.server.service.categories(call.job_id).definitions
    return page(call, len(found), (skip, take), [category(one) for one in found[skip : skip + take]])


def get_category(call: Call) -> Answer:
    """Tell of one category of messages."""
    try:
        known = {str(one.category_id): one for one in call.server.service.categories(call.job_id).definitions}
    except NoSuchJob:
        known = {}
    found = known.get(call.path["category_id"])
    return single("categoryDefinition", None if found is None else category(found))


_OF_JOB: Final = "/results/{job_id}"
ENDPOINTS = (
    Endpoint("GET", f"{_OF_JOB}/buckets", get_buckets),
    Endpoint("GET", f"{_OF_JOB}/buckets/{{timestamp}}", get_bucket),
    Endpoint("GET", f"{_OF_JOB}/{{timestamp}}", get_bucket),
    Endpoint("GET", f"{_OF_JOB}/records", get_records),
    Endpoint("GET", f"{_OF_JOB}/influencers", get_influencers),
    Endpoint("GET", f"{_OF_JOB}/categorydefinitions", get_categories),
    Endpoint("GET", f"{_OF_JOB}/categorydefinitions/{{category_id}}", get_category),
)
