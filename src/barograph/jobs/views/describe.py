"""What a job's models have learned, series by series, and of all of them together."""

from dataclasses import dataclass

import polars as pl

from barograph.config.errors import BadRequest, OtherVersion
from barograph.config.splits import ROLES
from barograph.engine import Engine
from barograph.engine.engine import split_counts as known_splits
from barograph.engine.entity import Entity
from barograph.engine.survey import survey
from barograph.jobs.knowledge.knowledge import knowledge_of
from barograph.jobs.newest import resume_point
from barograph.models import Known
from barograph.store.store import Store


@dataclass(frozen=True)
class Described:
    """What was asked for.

    Attributes:
        rows: a series each, as `schema.DESCRIPTIONS`.
        known: what the models know of all series together, and what not yet.
        cut: there are more series than were asked for.
        readable: another version of Barograph has not learned the models; if it has, there is nothing to describe.
    """

    rows: pl.DataFrame
    known: Known
    cut: bool = False
    readable: bool = True


def describe(store: Store, job_id: str, entity: Entity = (), most: int | None = None) -> Described:
    """Describe the models of an entity's series, or of at most so many: those that were the most anomalous lately.

    Args:
        store: where the job lives.
        job_id: the job.
        entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
        most: how many series; None is all.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: no series of the job is of the entity.
    """
    job = store.job(job_id)
    knowledge = knowledge_of(store, job)
    try:
        if most is not None and not entity:
            found = survey(job, lambda reduced: store.newest_snapshot(job_id, reduced), most)
            return Described(found.rows, found.known, cut=found.rows.height == most < found.known.series)
        saved = resume_point(store, job)
        engine = Engine.build(job, saved.snapshot if saved else None, knowledge, store.scratch(job_id))
    except OtherVersion:
        return Described(Engine.build(job, None, knowledge).describe(entity), Known(), readable=False)
    rows, known = engine.describe(entity), engine.known()
    if entity and rows.is_empty():
        named = " ".join(f"{field}={value}" for field, value in entity)
        raise BadRequest(f"entity={named!r}: wanted one that the job has seen")
    of_entity = rows.height
    if most is not None:
        rows = rows.with_row_index("at").top_k(most, by="severity").sort("at").drop("at")
    return Described(rows, known, cut=rows.height < of_entity)


def split_counts(store: Store, job_id: str) -> dict[str, int]:
    """How many values of `partition` fields, series by `by` fields and values of `over` fields a job's newest models know.

    Raises:
        NoSuchJob: there is none of this id.
    """
    saved = store.resume(job_id)
    return dict.fromkeys(ROLES, 0) if saved is None else known_splits(store.job(job_id), saved.snapshot)
