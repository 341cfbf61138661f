"""Who is to blame over several jobs: the highest score and the sum of each entity, in a span and in the rest of a range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.store import tables
from barograph.store.entity_filter import Filter, condition, of_record

_C: Final = tables.INFLUENCER.c
SCHEMA: Final = {
    "field": pl.String,
    "value": pl.String,
    "max": pl.Float64,
    "sum": pl.Float64,
    "rest_max": pl.Float64,
    "rest_sum": pl.Float64,
}


@dataclass(frozen=True)
class BlamedQuery:
    """Whom to tell of.

    Attributes:
        job_ids: the jobs.
        start_ms: epoch ms, inclusive.
        end_ms: epoch ms, exclusive.
        inside: the span of them that `max` and `sum` are of; what is outside it is the rest. None is all.
        wanted: only who is blamed in a record that this filter lets through, and what such buckets give them; None is all.
        detectors: (job, detector) of which one must have found that record; None is any.
        exclude_interim: leave out buckets that are still open.
        min_score: lowest score to count.
    """

    job_ids: Sequence[str]
    start_ms: int | None = None
    end_ms: int | None = None
    inside: tuple[int, int] | None = None
    wanted: Filter | None = None
    detectors: tuple[tuple[str, int], ...] | None = None
    exclude_interim: bool = False
    min_score: float = 0.0


def blamed(connection: sa.Connection, query: BlamedQuery) -> pl.DataFrame:
    """Each entity of `SCHEMA` that has a score inside the span, those with the highest first; without a rest that is 0."""
    is_inside = sa.true() if query.inside is None else sa.and_(_C.timestamp >= query.inside[0], _C.timestamp < query.inside[1])
    score, zero = _C.influencer_score, sa.literal(0.0)
    inside, outside = sa.case((is_inside, score), else_=zero), sa.case((is_inside, zero), else_=score)
    totals = [function(part) for part in (inside, outside) for function in (sa.func.max, sa.func.sum)]
    named = (_C.influencer_field_name, _C.influencer_field_value)
    chosen = sa.select(*named, *totals).where(*_where(query)).group_by(*named)
    some = sa.func.max(sa.case((is_inside, 1), else_=0)) == 1
    fetched = connection.execute(chosen.having(some)).all()
    found = pl.DataFrame([tuple(row) for row in fetched], schema=SCHEMA, orient="row")
    return found.sort("max", "sum", "field", "value", descending=[True, True, False, False])


def _where(query: BlamedQuery) -> "list[sa.ColumnElement[Any]]":
    conditions = [_C.job_id.in_(query.job_ids), _C.influencer_score >= query.min_score]
    conditions += [] if query.start_ms is None else [_C.timestamp >= query.start_ms]
    conditions += [] if query.end_ms is None else [_C.timestamp < query.end_ms]
    conditions += [_C.is_interim.is_(False)] if query.exclude_interim else []
    if query.wanted is not None or query.detectors is not None:
        conditions.append(named_in_records(query.wanted, query.detectors))
    return conditions


def named_in_records(wanted: Filter | None, detectors: tuple[tuple[str, int], ...] | None = None) -> "sa.ColumnElement[bool]":
    """Whether an influencer is one of a record in its bucket that a filter lets through."""
    blame, record = tables.RECORD_INFLUENCER.c, tables.RECORD.c
    whom = [blame[name] == _C[name] for name in ("job_id", "timestamp", "influencer_field_name", "influencer_field_value")]
    of = [record[name] == blame[name] for name in ("job_id", "timestamp", "seq")]
    conditions = [] if wanted is None else [condition(wanted, of_record)]
    if detectors is not None:
        conditions.append(sa.tuple_(record.job_id, record.detector_index).in_(detectors))
    inner = sa.select(sa.literal(1)).select_from(tables.RECORD_INFLUENCER).join(tables.RECORD, sa.and_(*of))
    return inner.where(*whom, *conditions).correlate(tables.INFLUENCER).exists()
