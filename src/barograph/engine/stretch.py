"""A stretch of finished buckets through the models and the score stage."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.buckets import DetectorValues, FinishedBuckets
from barograph.config.job import Job
from barograph.engine.annotations import annotations
from barograph.engine.measure import MeasureStage, Values, Verdict
from barograph.results import schema
from barograph.results.results import Results
from barograph.scoring.leaves import Stretch
from barograph.scoring.stage import ScoreStage

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

_NAMES = {"partition_field_value": pl.String, "by_field_value": pl.String}
_NUMBERS: dict[Any, pl.DataType] = {one.name: one.dtype for one in schema.BUCKET_VALUES if one.dtype != pl.String()}
_SHARES = {
    "leaf": pl.Int64,
    **dict.fromkeys(("influencer_field_name", "influencer_field_value"), pl.String),
    **dict.fromkeys(("weight", "value", "mean", "m2"), pl.Float64),
}
_PRESENCE = pl.Schema(
    {"bucket": pl.Int64, "influencer_field_name": pl.String, "influencer_field_value": pl.String, "leaves": pl.UInt32}
)


@dataclass(frozen=True)
class Piece:
    """One measure's share of a stretch: its detector, its values, what the models said, its odd leaves."""

    stage: MeasureStage
    detector: DetectorValues
    values: Values
    verdict: Verdict
    leaves: NDArray[np.void]


def finish(
    job: Job, measures: list[MeasureStage], scores: ScoreStage, closed: FinishedBuckets, completeness: Floats | None
) -> Results:
    """Judge, learn and score finished buckets, which follow the last ones that were.

    Args:
        job: the job.
        measures: one a measure of the job.
        scores: the score stage.
        closed: the buckets.
        completeness: [T] how full each of them is, in [0, 1]; None when they are finished.
    """
    start, end = closed.first_bucket, closed.end_bucket
    pieces = [_piece(stage, closed, completeness) for stage in measures]
    shares = _in_time_order([_history_shares(piece, start, end) for piece in pieces])
    stretch = Stretch(
        first_bucket=start,
        event_count=closed.event_count(start, end).astype(float),
        evidence=[piece.stage.evidence(piece.values, piece.verdict.judged) for piece in pieces],
        leaves=np.concatenate([piece.leaves for piece in pieces]),
        names=pl.concat([_names(piece.detector, piece.leaves["series"]) for piece in pieces]),
        shares_of=_Shares(pieces).of,
        presence=_presence(shares, job.bucket_span_ms),
        judge=_Judge(pieces).ln_p,
    )
    tables = [_history(job, piece, start) for piece in pieces]
    values = _in_time_order(tables) if len(tables) > 1 else tables[0]
    changes = _in_time_order([_changes(job, piece) for piece in pieces])
    return replace(scores.score(stretch), annotations=changes, coded_values=values, influencer_shares=shares)


def _in_time_order(tables: list[pl.DataFrame]) -> pl.DataFrame:
    """All measures' rows by time, then measure: an order that does not tell how long the stretch was."""
    return pl.concat(tables).sort("timestamp", maintain_order=True)


def _piece(stage: MeasureStage, closed: FinishedBuckets, completeness: Floats | None) -> Piece:
    start, end = closed.first_bucket, closed.end_bucket
    detector = closed.detectors[stage.measure.detector_index]
    matrix = detector.matrix(stage.measure.statistic, start, end)
    values = Values(start, matrix, detector.weights(start, end), detector.partition, completeness)
    verdict = stage.advance(values)
    leaves = stage.leaves(values, verdict)
    # Only of a variance does the experiment of the influencers need the mean, so only there is it kept in the history.
    cell = detector.find(leaves["series"], leaves["bucket"])
    leaves["mean"] = detector.means(cell) if stage.measure.statistic == "varp" else np.nan
    return Piece(stage, detector, values, verdict, leaves)


def _names(detector: DetectorValues, series: Ids) -> pl.DataFrame:
    """The split values of series [k]."""
    partition, by = detector.splits(np.ascontiguousarray(series, np.int32))
    columns = {name: column for name, column in zip(_NAMES, (partition, by), strict=True) if column is not None}
    missing = [pl.repeat(None, len(series), dtype=pl.String, eager=True).alias(name) for name in _NAMES if name not in columns]
    return pl.DataFrame([column.alias(name) for name, column in columns.items()] + missing).select(list(_NAMES))


class _Judge:
    """Other values of the stretch's leaves, under their own distributions."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._ends = np.cumsum([len(piece.leaves) for piece in pieces])

    def ln_p(self, leaf: Ids, value: Floats) -> Floats:
        out = np.empty(len(leaf))
        owner = np.searchsorted(self._ends, leaf, side="right")
        for position in np.unique(owner):
            mine = np.flatnonzero(owner == position)
            piece, first = self._pieces[position], self._ends[position] - len(self._pieces[position].leaves)
            own = leaf[mine] - first
            out[mine] = piece.stage.ln_p(piece.verdict.judged, own, value[mine] + piece.leaves["added"][own])
        return out


class _Shares:
    """The entities' shares of the stretch's leaves, fetched for those that need them."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._ends = np.cumsum([len(piece.leaves) for piece in pieces])

    def of(self, leaf: Ids) -> pl.DataFrame:
        owner = np.searchsorted(self._ends, leaf, side="right")
        parts = [pl.DataFrame(schema=_SHARES)]
        for position in np.unique(owner):
            piece, mine = self._pieces[position], leaf[owner == position]
            own = piece.leaves[mine - (self._ends[position] - len(piece.leaves))]
            cells = piece.detector.find(own["series"], own["bucket"])
            found = piece.detector.shares(piece.stage.measure.statistic, cells)
            parts.append(
                found.with_columns(pl.Series("leaf", mine[found["leaf"].to_numpy()], dtype=pl.Int64)).select(list(_SHARES))
            )
        return pl.concat(parts)


def _changes(job: Job, piece: Piece) -> pl.DataFrame:
    changes = piece.verdict.judged.changes
    if not len(changes):  # nearly always, and names take a while
        return schema.empty(schema.ANNOTATIONS)
    names = _names(piece.detector, changes["row"])
    return annotations(piece.stage.measure, changes, piece.values.first_bucket, job.bucket_span_ms, names, job.time_zone)


def _history_shares(piece: Piece, start: int, end: int) -> pl.DataFrame:
    return piece.detector.history_shares(piece.stage.measure.statistic, start, end)


def _presence(shares: pl.DataFrame, span_ms: int) -> pl.DataFrame:
    """In how many leaves of each bucket each entity has rows."""
    keys = ("bucket", "influencer_field_name", "influencer_field_value")
    return (
        shares.with_columns(bucket=pl.col("timestamp") // span_ms)
        .group_by(keys)
        .agg(pl.len().alias("leaves"))
        .sort(keys)
        .cast(_PRESENCE)
    )


def _history(job: Job, piece: Piece, start: int) -> pl.DataFrame:
    """The rows of `Results.coded_values`: buckets with input rows, and for plotted series every bucket with a value."""
    names, judged = _names(piece.detector, np.arange(len(piece.values.value))), piece.verdict.judged
    plotted = _plotted(job, names)
    names = names.with_columns(pl.lit(piece.stage.measure.function_description).alias("function_description"))
    names = schema.coded(names)  # before there is one a row
    value, weight = piece.values.value, piece.values.weight
    there = ~np.isnan(value) & ((weight > 0) | plotted[:, None])
    cell = slice(None) if there.all() else np.flatnonzero(_by_time(there))
    bucket = np.repeat(start + np.arange(value.shape[1]), np.count_nonzero(there, axis=0))
    series = np.tile(np.arange(len(value), dtype=np.int32), value.shape[1])[cell]
    unplotted = None if plotted.all() else np.flatnonzero(~plotted[series])
    frame = names[series].with_columns(
        pl.Series("timestamp", bucket * job.bucket_span_ms, dtype=pl.Int64),
        pl.lit(piece.stage.measure.detector_index).alias("detector_index"),
        pl.Series("series", series, dtype=pl.Int32),
        pl.Series("actual", _by_time(value)[cell]),
        pl.Series("weight", _by_time(weight)[cell]),
        _means(piece, series, bucket).alias("mean"),
        pl.Series("log_probability", _by_time(judged.ln_p)[cell]),
        _bound(judged.typical, cell, unplotted).alias("typical"),
        _bound(judged.lower, cell, unplotted).alias("lower_bound"),
        _bound(judged.upper, cell, unplotted).alias("upper_bound"),
    )
    return frame.cast(_NUMBERS).select(column.name for column in schema.BUCKET_VALUES)


def _by_time(values: NDArray[Any]) -> NDArray[Any]:
    """[S, T] as one row, bucket by bucket."""
    return values.T.ravel()


def _means(piece: Piece, series: NDArray[np.int32], bucket: Ids) -> pl.Expr:
    if piece.stage.measure.statistic != "varp":
        return pl.lit(None)
    found = piece.detector.means(piece.detector.find(series, bucket))
    return pl.lit(pl.Series(found, nan_to_null=True))


def _bound(bound: Floats | None, cell: Ids | slice, unplotted: Ids | None) -> pl.Expr:
    if bound is None:
        return pl.lit(None)
    shown = np.array(_by_time(bound)[cell])  # of one series, or of one bucket, it would be the verdict itself
    if unplotted is not None:
        shown[unplotted] = np.nan
    return pl.lit(pl.Series(shown, nan_to_null=True))


def _plotted(job: Job, names: pl.DataFrame) -> NDArray[np.bool_]:
    """The series whose bounds the job wants: all, or those whose partition or by value is among its terms."""
    plot = job.model_plot_config
    if not plot.enabled:
        return np.zeros(len(names), dtype=bool)
    terms = [term.strip() for term in (plot.terms or "").split(",") if term.strip()]
    if not terms:
        return np.ones(len(names), dtype=bool)
    found = names.select(pl.any_horizontal(pl.col(name).is_in(terms).fill_null(False) for name in _NAMES))
    return found.to_series().to_numpy()
