"""Incidents: what goes wrong together in time and has an entity in common is one thing to look at.

A series' records that lie close together are one episode of the series. Episodes that touch in time and share an entity are
one incident, and so are those that begin at once, where more do than chance explains (`bursts`). Only major episodes join
others: among a few hundred series a minor one is there at nearly any time by chance, so that through these everything would
become one incident without end. Minor ones go to the major one that they touch.
"""

import hashlib
from typing import Final

import numpy as np
import polars as pl

from barograph.config.splits import SPLIT_NAMES, SPLIT_VALUES, SPLITS
from barograph.results import schema
from barograph.results.arrays import Ints
from barograph.results.severity import MAJOR
from barograph.results.words import compared, measure, with_values
from barograph.scoring.bursts import bursts
from barograph.scoring.causes import likely_first
from barograph.scoring.episodes import OPENING_SCORE, QUIET_BUCKETS, is_another
from barograph.scoring.linking import ENTITY, joined

JOINING_SCORE: Final = MAJOR
"""Episodes from this score on join others into one incident. Chosen: about 0.13 a bucket by chance among
50 hourly series."""

_KEPT: Final = (
    *("detector_index", "function", "function_description", "field_name"),
    *SPLIT_NAMES,
    *SPLIT_VALUES,
)
_WORST: Final = ("record_score", "log_probability", "timestamp")
_DESCENDING: Final = (True, False, False)
"""The worst record has the highest score, among equals the lowest probability (many have a score of 100), then the first."""
_AT_WORST: Final = ("log_probability", "actual", "typical", "lower_bound", "upper_bound")


def incidents(records: pl.DataFrame, bucket_span_ms: int, known_from_ms: int = -1) -> pl.DataFrame:
    """The incidents of one job, by start.

    Args:
        records: rows of `schema.RECORDS`, in any order. Those below `episodes.OPENING_SCORE` neither open an episode nor go on
            with one; they are in no incident.
        bucket_span_ms: length of a bucket.
        known_from_ms: results from before this time have expired; -1: none have.

    Returns:
        Rows of `schema.INCIDENTS`.
    """
    anomalous = records.filter(pl.col("record_score") >= OPENING_SCORE)
    if anomalous.is_empty():
        return schema.empty(schema.INCIDENTS)
    anomalous = _numbered(anomalous, bucket_span_ms)
    episodes, entities = _episodes(anomalous, bucket_span_ms), _entities(anomalous)
    label = _labels(episodes, entities, bucket_span_ms)
    members = likely_first(_by_series(episodes.with_columns(pl.Series("incident", label))), bucket_span_ms)
    incidents = members.group_by("incident", maintain_order=True).agg(
        pl.min("onset").alias("start"),
        pl.col("peak_time").sort_by("score", "log_probability", "peak_time", descending=_DESCENDING).first(),
        pl.max("end"),
        pl.max("score"),
        pl.sum("records"),
        pl.len().alias("series"),
        pl.struct(pl.col(field.name).cast(field.dtype) for field in schema.MEMBER.fields).alias("members"),
    )
    owner = (pl.Series("incident", label), episodes["series"])
    shared = _shared(entities.with_columns(column.gather(entities["episode"]) for column in owner), members)
    incidents = incidents.join(shared, on="incident", how="left").with_columns(pl.col("entities").fill_null([]))
    named = incidents.with_columns(
        _ids(episodes, incidents["incident"].to_numpy()),
        pl.Series("summary", [_summary(row) for row in incidents.iter_rows(named=True)], dtype=pl.String),
        is_whole=pl.lit(known_from_ms < 0) | (pl.col("start") > known_from_ms + QUIET_BUCKETS * bucket_span_ms),
    )
    return named.sort("start", "incident").select(pl.col(column.name).cast(column.dtype) for column in schema.INCIDENTS)


def _labels(episodes: pl.DataFrame, entities: pl.DataFrame, span_ms: int) -> Ints:
    """The incident [n] of each episode: what shares an entity, and then what is left and began at once."""
    label = joined(episodes, entities, span_ms)
    is_alone = np.bincount(label, minlength=len(label))[label] == 1
    burst = bursts(episodes["onset"].to_numpy() // span_ms, is_alone, episodes["major_from"].is_not_null().to_numpy())
    inside = np.flatnonzero(burst >= 0)
    if not len(inside):
        return label
    at_once = {"episode": inside, "field_name": [None] * len(inside), "field_value": burst[inside].astype(str)}
    return joined(episodes, pl.concat([entities, pl.DataFrame(at_once, schema=entities.schema)]), span_ms)


def _numbered(records: pl.DataFrame, span_ms: int) -> pl.DataFrame:
    """The records by series and time, with the numbers of their `series` and `episode`, in the order of the series' names."""
    rows = records.sort(*schema.SERIES_KEY, "timestamp")
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in schema.SERIES_KEY)
    later = is_another(pl.col("timestamp").shift(), span_ms)
    first = pl.int_range(pl.len()) == 0
    return rows.with_columns(
        ((other & ~first).cum_sum()).cast(pl.Int64).alias("series"),
        (((other | later) & ~first).cum_sum()).cast(pl.Int64).alias("episode"),
    )


def _episodes(records: pl.DataFrame, span_ms: int) -> pl.DataFrame:
    """One row an episode, row i being episode i."""
    by_rank = records.sort(*_WORST, descending=_DESCENDING, maintain_order=True)
    worst = by_rank.group_by("episode", maintain_order=True).agg(
        pl.first("timestamp").alias("peak_time"), *(pl.first(name) for name in _AT_WORST)
    )
    return (
        records.group_by("episode", maintain_order=True)
        .agg(
            *(pl.first(name) for name in _KEPT),
            pl.first("series"),
            pl.first("timestamp").alias("onset"),
            (pl.last("timestamp") + span_ms).alias("end"),
            pl.max("record_score").alias("score"),
            pl.len().alias("records"),
            pl.col("timestamp").filter(pl.col("record_score") >= JOINING_SCORE).first().alias("major_from"),
        )
        .join(worst, on="episode")
        .sort("episode")
    )


def _entities(records: pl.DataFrame) -> pl.DataFrame:
    """`episode`, `field_name`, `field_value`, each once; both null for the job itself, which unsplit series share."""
    split = [
        records.select("episode", field_name=name, field_value=value).filter(pl.col("field_value").is_not_null())
        for name, value in SPLITS
    ]
    blamed = (
        records.select("episode", "influencers")
        .explode("influencers")
        .unnest("influencers")
        .select("episode", field_name="influencer_field_name", field_value="influencer_field_values")
        .explode("field_value")
        .filter(pl.col("field_value").is_not_null())
    )
    unsplit = records.filter(pl.all_horizontal(pl.col(SPLIT_VALUES).is_null()))
    job = unsplit.select("episode", *(pl.lit(None, pl.String).alias(name) for name in ENTITY))
    return pl.concat([*split, blamed, job]).unique(maintain_order=True)


def _by_series(episodes: pl.DataFrame) -> pl.DataFrame:
    """The members of each incident: a series that comes back in one is one member."""
    by_rank = ("score", "log_probability", "peak_time")
    return episodes.group_by("incident", "series", maintain_order=True).agg(
        *(pl.first(name) for name in _KEPT),
        pl.min("onset"),
        pl.max("end"),
        pl.max("score"),
        pl.sum("records"),
        *(pl.col(name).sort_by(by_rank, descending=_DESCENDING).first() for name in ("peak_time", *_AT_WORST)),
    )


def _shared(entities: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """`incident` and its `entities`."""
    size = members.group_by("incident").agg(pl.len().alias("size"))
    counted = (
        entities.filter(pl.col("field_name").is_not_null())
        .group_by("incident", *ENTITY)
        .agg(pl.col("series").n_unique().cast(pl.Int64).alias("members"))
        .join(size, on="incident")
        .filter((pl.col("members") > 1) | (pl.col("size") == 1))
        .sort("incident", "members", *ENTITY, descending=[False, True, False, False])
    )
    return counted.group_by("incident", maintain_order=True).agg(pl.struct(*ENTITY, "members").alias("entities"))


def _ids(episodes: pl.DataFrame, incident: Ints) -> pl.Series:
    """Names made of when an incident became major, and of the series that was the first to: neither changes as it grows.

    A series that is no member of a population has the name that it had before there were any.
    """
    assert schema.SERIES_KEY[-1] == "over_field_value"
    first = episodes[incident].select(pl.coalesce("major_from", "onset"), *schema.SERIES_KEY)
    series_of = ((time, series if series[-1] is not None else series[:-1]) for time, *series in first.iter_rows())
    names = [f"{time}-{hashlib.sha256(repr(series).encode()).hexdigest()[:8]}" for time, series in series_of]
    return pl.Series("incident_id", names, dtype=pl.String)


def _summary(incident: dict[str, object]) -> str:
    members, entities = incident["members"], incident["entities"]
    assert isinstance(members, list)
    assert isinstance(entities, list)
    first = members[0]
    if len(members) == 1:
        return f"{_named(first)}: {with_values(first)}"
    measures = list(dict.fromkeys(measure(member["function_description"], member["field_name"]) for member in members))
    what = measures[0] if len(measures) == 1 else f"{len(measures)} measures"
    common = [f"{entity['field_name']}={entity['field_value']}" for entity in entities if entity["members"] == len(members)]
    whose = f", all with {' '.join(common[:3])}" if common else ""
    return f"{len(members):,} series ({what}){whose}; a hint at the cause: {_named(first)}: {compared(first)}"


def _named(member: dict[str, object]) -> str:
    values = ((member[name], member[value]) for name, value in SPLITS)
    split = " ".join(f"{name}={value}" for name, value in values if value is not None)
    what = measure(str(member["function_description"]), None if member["field_name"] is None else str(member["field_name"]))
    return f"{split}, {what}" if split else what
