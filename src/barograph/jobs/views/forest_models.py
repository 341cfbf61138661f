"""The forests of a job: one an entity, and how far each is from its first score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.config.errors import BadRequest
from barograph.config.forest import NEEDED, ForestSettings
from barograph.config.job import Job
from barograph.config.splits import SPLITS
from barograph.engine.forest_stage import Entities, forest_config
from barograph.engine.replay import known_series
from barograph.jobs.newest import without_models
from barograph.models.forest_trees import HEAD, Trees
from barograph.results.forest import Entity, model_id
from barograph.results.snapshot import Snapshot
from barograph.store.forest_results import TopQuery
from barograph.store.store import Store


@dataclass(frozen=True)
class ForestModel:
    """The forest of one entity, as of the last commit.

    Attributes:
        entity: the category fields with their values, sorted by field; empty without them.
        model_id: what results of it have in common.
        points: shingles that it has learnt.
        needed: how many more it needs before it scores.
        bytes: of memory.
    """

    entity: Entity
    model_id: str
    points: int
    needed: int
    bytes: int

    @property
    def progress(self) -> float:
        """0 to 1: how far it is from its first score."""
        return min(1.0, self.points / NEEDED)


def forest_settings(job: Job) -> ForestSettings:
    """What makes a job a forest detector.

    Raises:
        BadRequest: it is none.
    """
    if job.forest_config is None:
        raise BadRequest(f"job_id={job.job_id!r}: wanted a forest detector, a job with forest_config")
    return job.forest_config


def forest_models(store: Store, job_id: str) -> list[ForestModel]:
    """The forests of a job, by entity in the order of appearance.

    Raises:
        NoSuchJob: there is none of this id.
        BadRequest: it is no forest detector.
    """
    job = store.job(job_id)
    width = Trees.record_bytes(forest_config(job, forest_settings(job)).trees)
    snapshot = without_models(store, job_id, {"forest.record": _heads})
    return [] if snapshot is None else _models(job, snapshot, width)


def _heads(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    """Of the records of forests [E, width], how much each has learnt [E]."""
    parts = [np.ascontiguousarray(block[:, : HEAD.itemsize]).view(HEAD)["points"][:, 0] for block in blocks]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def top(store: Store, job_id: str, query: TopQuery) -> pl.DataFrame:
    """The entities with the worst anomalies, or the most. See `Answers.forest_top`."""
    job = store.job(job_id)
    forest_settings(job)
    of = {getattr(job.detectors[0], name): value for name, value in SPLITS}
    fields = [field for field in of if field is not None]
    for field in query.fields:
        if field not in fields:
            known = ", ".join(fields) or "it has none"
            raise BadRequest(f"fields={field!r}: wanted a category field of the detector ({known})")
    return store.forest_top(job_id, [of[field] for field in query.fields or fields], query)


def _models(job: Job, snapshot: Snapshot, width: int) -> list[ForestModel]:
    begun, points = np.flatnonzero(snapshot.arrays["forest.points"]), np.asarray(snapshot.arrays["forest.record"])
    size = width + 4 * np.asarray(snapshot.arrays["forest.store_length"])
    entities = entities_of(job, snapshot)
    return [
        ForestModel(entities[at], model_id(job.job_id, entities[at]), int(n), max(0, NEEDED - int(n)), int(of))
        for at, n, of in zip(begun.tolist(), points, size, strict=True)
    ]


def entities_of(job: Job, snapshot: Snapshot) -> list[Entity]:
    """The entities of a snapshot, in the order of appearance."""
    known = known_series(job, snapshot)
    if not known:
        return []
    entities, found = Entities.of(known), {}
    for feature, one in enumerate(known):
        own = np.flatnonzero(entities.series[feature] >= 0)
        names = one.names(np.ascontiguousarray(entities.series[feature, own]))
        for at, row in zip(own.tolist(), names.iter_rows(named=True), strict=True):
            fields = ((getattr(job.detectors[0], name), row[value]) for name, value in SPLITS)
            found[at] = tuple(sorted((field, value) for field, value in fields if field is not None))
    return [found[at] for at in range(len(found))]
