"""What a forest detector found: grades of its entities as lanes, and one entity with all of its features."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import Entity, From, JobId, To, entity_of
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.service import Query as Asked
from barograph.jobs.views.features import GradesQuery, category_fields, grades, thinned
from barograph.jobs.views.series import check_span
from barograph.results.forest import model_id
from barograph.results.forest_words import sentences


class Feature(BaseModel):
    """A feature; `detector_index` is that of the detector that computes it, `function` what it computes."""

    feature_id: str
    feature_name: str
    detector_index: int
    function: str


class GradeLane(BaseModel):
    """An entity, its highest grade, and how many anomalies it had."""

    entity: dict[str, str]
    max: float
    anomalies: int


class GradeLanes(BaseModel):
    """Entities with anomalies, the highest grade first; a cell is `[lane, column, grade, flags]`, where 1 is late."""

    start: int
    end: int
    step: int
    total: int
    lanes: list[GradeLane]
    cells: list[tuple[int, int, float, int]]


class Share(BaseModel):
    """How much a feature is to blame, 0 to 1."""

    feature_id: str
    feature_name: str
    share: float


class Expected(BaseModel):
    """Values that would have been usual, in the order of the features, and how likely these were among all of them."""

    likelihood: float
    values: list[float | None]


class FeatureAnomaly(BaseModel):
    """An anomaly: `t` to `end` is the bucket in which it was noticed, `start` that of the values that are to blame, which are
    `late` buckets before; then `past` has them. `attribution` has the feature that is most to blame first, and sums up to 1;
    `words` say all of it in sentences."""

    t: int
    end: int
    start: int
    late: int
    grade: float
    confidence: float
    score: float
    threshold: float
    severity: float
    data: list[float | None]
    imputed: list[bool]
    attribution: list[Share]
    expected: list[Expected]
    past: list[float | None] | None
    words: tuple[str, ...]


class LookTimes(BaseModel):
    """When what has come for a job is looked at: every so often, and next; null: not any more. `window` is the span of data
    that was looked at last, and `ran` when that began and ended."""

    every_ms: int
    next_ms: int | None
    window: tuple[int, int] | None
    ran: tuple[int, int] | None


class EntityFeatures(BaseModel):
    """One entity over time, column by column. Of `all_points` those that are shown are the worst of their stretches of time.
    `looks` is null where rows come by themselves."""

    job_id: str
    features: list[Feature]
    fields: list[str]
    entity: dict[str, str]
    model_id: str
    bucket_span_ms: int
    latency_ms: int
    t: list[int]
    score: list[float]
    threshold: list[float]
    grade: list[float]
    confidence: list[float]
    all_points: int
    looks: LookTimes | None
    anomalies: list[FeatureAnomaly]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["features"]), server.service

    @routes.get("/jobs/{job_id}/features", response_model=EntityFeatures)
    def get_features(
        request: Request,
        job_id: JobId,
        entity: Entity = None,
        from_: From = None,
        to: To = None,
        max_points: Annotated[int, Query(ge=2, le=100_000, description="points at most")] = 5000,
    ) -> Response:
        """Tell what was found of one entity of a forest detector: all of its category fields must be named."""
        check_span(from_, to)
        job, named = service.job(job_id), entity_of(entity)
        _refuse_several(job, dict(named))
        asked = Asked(start_ms=from_, end_ms=to, entity=named, sort="timestamp", descending=False)
        found = service.forest_results(job_id, asked).rows
        looks = server.looks(job_id)
        told = {"looks": None if looks is None else asdict(looks)}
        return answer(request, entity_features(job, named, found, max_points) | told)

    @routes.get("/jobs/{job_id}/features/lanes", response_model=GradeLanes)
    def get_grade_lanes(
        request: Request,
        job_id: JobId,
        from_: Annotated[int, Query(alias="from", description="epoch ms, inclusive")],
        to: Annotated[int, Query(description="epoch ms, exclusive")],
        width: Annotated[int, Query(ge=1, description="columns at most")] = 100,
        size: Annotated[int, Query(ge=1, le=1000, description="entities at most")] = 20,
    ) -> Response:
        """Tell the grades of the entities of a forest detector over time."""
        job, query = service.job(job_id), GradesQuery(from_, to, width, size)
        start, end, _ = query.bounds(job.bucket_span_ms)
        odd = service.forest_results(job_id, Asked(start_ms=start, end_ms=end), anomalies_only=True).rows
        found, fields = grades(job, odd, query), list(category_fields(job))
        lanes = [
            {"entity": dict(zip(fields, values, strict=True)), "max": most, "anomalies": many}
            for values, most, many in found.lanes
        ]
        head = {"start": found.start_ms, "end": found.end_ms, "step": found.step_ms, "total": found.total}
        return answer(request, {**head, "lanes": lanes, "cells": found.cells})

    return routes


def entity_features(job: Job, named: Sequence[tuple[str, str]], found: pl.DataFrame, most: int) -> dict[str, Any]:
    """One entity as `EntityFeatures`.

    Args:
        job: the detector.
        named: the entity.
        found: its results in order of time, as `schema.FOREST_RESULTS`.
        most: points at most.
    """
    shown = thinned(found, most)
    return {
        "job_id": job.job_id,
        "features": features(job),
        "fields": list(category_fields(job)),
        "entity": dict(named),
        "model_id": model_id(job.job_id, named),
        "bucket_span_ms": job.bucket_span_ms,
        "latency_ms": job.latency_ms,
        "t": shown["timestamp"].to_list(),
        **{name: shown[f"anomaly_{name}"].to_list() for name in ("score", "grade")},
        **{name: shown[name].to_list() for name in ("threshold", "confidence")},
        "all_points": found.height,
        "anomalies": [_anomaly(job, row) for row in found.iter_rows(named=True) if row["anomaly_grade"] > 0],
    }


def _refuse_several(job: Job, named: dict[str, str]) -> None:
    """Refuse what is not one entity: the points of several are no line over time.

    Raises:
        BadRequest: a category field is not named, or one that is none.
    """
    fields = category_fields(job)
    if job.forest_config is not None and named.keys() != fields.keys():
        wanted = f"a value of each category field ({', '.join(fields)})" if fields else "none: there are no category fields"
        raise BadRequest(f"entity={named}: wanted {wanted}")


def features(job: Job) -> list[dict[str, Any]]:
    """The features of a job, in the order of their detectors; none of a job that is no forest detector."""
    known = () if job.forest_config is None else job.forest_config.features
    return [
        {"feature_id": one.feature_id, "feature_name": one.feature_name, "detector_index": at, "function": detector.function}
        for at, (one, detector) in enumerate(zip(known, job.detectors, strict=False))
    ]


def _anomaly(job: Job, row: dict[str, Any]) -> dict[str, Any]:
    known, span = features(job), job.bucket_span_ms
    shares = [
        {"feature_id": one["feature_id"], "feature_name": one["feature_name"], "share": share}
        for one, share in zip(known, row["relevant_attribution"], strict=True)
    ]
    return {
        "t": row["timestamp"],
        "end": row["timestamp"] + span,
        "start": row["timestamp"] - row["late"] * span,
        "late": row["late"],
        "grade": row["anomaly_grade"],
        "score": row["anomaly_score"],
        **{name: row[name] for name in ("confidence", "threshold", "severity")},
        "data": row["feature_data"],
        "imputed": row["feature_imputed"],
        "attribution": sorted(shares, key=lambda one: -one["share"]),
        "expected": row["expected_values"],
        "past": row["past_values"],
        "words": () if job.forest_config is None else sentences(job.forest_config, row, (), ZoneInfo(job.time_zone)),
    }
