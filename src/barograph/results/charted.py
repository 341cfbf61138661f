"""What the charts of a series and of lanes show, whoever draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from barograph.results import labels, points
from barograph.results.severity import severity
from barograph.results.words import record_compared, value_text

VALUES: Final = ("actual", "typical", "lower_bound", "upper_bound")
WHOLE_JOB: Final = "all together"
"""The lane of the whole job."""
SEVERAL_BUCKETS: Final = 2.0
"""From this `multi_bucket_impact` on a record is one of several buckets together, and its mark a cross."""

_MARKS: Final = {
    "timestamp": pl.Int64,
    "value": pl.Float64,
    **dict.fromkeys(("typical", "lower_bound", "upper_bound"), pl.Float64),
    "score": pl.Float64,
    "severity": pl.String,
    "shape": pl.String,
    "is_interim": pl.Boolean,
    "when": pl.String,
    "rated": pl.String,
    "told": pl.String,
}
_CELLS: Final = {
    "lane": pl.Int64,
    "column": pl.Int64,
    "score": pl.Float64,
    "severity": pl.String,
    "name": pl.String,
    "when": pl.String,
    "rated": pl.String,
}
_BOUNDS_ROOM: Final = 0.5
"""Bounds widen an axis by so much of the values' own height at each end: those of a hardly known series would flatten it."""


@dataclass(frozen=True)
class ChartedSeries:
    """A series over time.

    Attributes:
        title: what is measured, and whose it is.
        zone: the time zone of its clocks.
        bucket_span_ms: length of a bucket.
        start_ms: where the chart begins, epoch ms.
        end_ms: where it ends.
        rows: `timestamp` and `VALUES`, by time; null is nothing to draw.
        marks: its records: `timestamp`, `value` (where the mark is: the actual value, or the typical one where there is none),
            `typical`, `lower_bound`, `upper_bound`, `score`, `severity`, `shape` (dot or cross), `is_interim`, and in words
            `when`, `rated` (the score) and `told`.
        thinned: how many buckets the rows stand for, where these are the lowest and the highest of each stretch; else None.
    """

    title: str
    zone: ZoneInfo
    bucket_span_ms: int
    start_ms: int
    end_ms: int
    rows: pl.DataFrame
    marks: pl.DataFrame
    thinned: int | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether bounds are kept of all values (`model_plot_config`), not only of records."""
        return self.rows["lower_bound"].count() > 0

    def reach(self) -> tuple[float, float]:
        """The least and the greatest value that the chart must have room for."""
        values = [*self.rows["actual"].drop_nulls().to_list(), *self.marks["value"].drop_nulls().to_list()]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        room = _BOUNDS_ROOM * (high - low) or abs(high) / 2 or 1.0
        known_bounds = self.rows if self.has_bounds else self.marks
        bounds = [known_bounds[name].drop_nulls().clip(low - room, high + room) for name in VALUES[2:]]
        known = [end for column in bounds if len(column) for end in (column.min(), column.max())]
        ends = [low, high, *(float(end) for end in known if isinstance(end, float))]
        low, high = min(ends), max(ends)
        return (min(low, 0.0) if 0.0 < low < 0.4 * high else low), high


@dataclass(frozen=True)
class ChartedLanes:
    """How odd each of several things was, in columns of time.

    Attributes:
        by: the field whose values the lanes are, below the one of the whole job; None: there is no other.
        zone: the time zone of its clocks.
        start_ms: start of the first column, epoch ms.
        end_ms: end of the last one.
        step_ms: length of a column.
        names: of each lane, from the top.
        cells: `lane`, `column`, `score` and `severity` of each that has a score above 0; in words `name`, `when` and `rated`.
        left_out: lanes that are not shown, all with lower scores.
    """

    by: str | None
    zone: ZoneInfo
    start_ms: int
    end_ms: int
    step_ms: int
    names: Sequence[str]
    cells: pl.DataFrame
    left_out: int = 0

    def first(self, most: int) -> "ChartedLanes":
        """The same with so many lanes at most, those at the top."""
        cells, gone = self.cells.filter(pl.col("lane") < most), max(len(self.names) - most, 0)
        return replace(self, names=self.names[:most], cells=cells, left_out=self.left_out + gone)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return (self.end_ms - self.start_ms) // self.step_ms


def on_a_line(rows: pl.DataFrame, function_description: str, origin: float | None) -> pl.DataFrame:
    """Rows with `VALUES` as a chart draws them: times in hours, places in km from one of them (`points.reference`)."""
    if function_description not in points.POINTS:
        return rows
    drawn = {
        name: [points.on_a_line(function_description, value, origin) for value in rows[name].to_list()]
        for name in VALUES
        if name in rows.columns
    }
    return rows.with_columns(pl.Series(name, values, dtype=pl.Float64) for name, values in drawn.items())


def origin_of(rows: pl.DataFrame, function_description: str) -> float | None:
    """The place that distances of a series are from; None of what has no places."""
    return points.reference(rows["actual"].drop_nulls().to_list()) if function_description == points.PLACES else None


def title(row: Mapping[str, Any], origin: float | None = None) -> str:
    """What is measured, and whose it is: `mean of cpu, host=web-1`; of a row with the columns of a record's series."""
    unit = points.unit(row["function_description"], origin)
    said = ", ".join(part for part in (labels.measured(row), labels.series(row)) if part)
    return f"{said} ({unit})" if unit else said


def marks(records: pl.DataFrame, zone: ZoneInfo, origin: float | None = None) -> pl.DataFrame:
    """The marks of records of one series, in columns as `ChartedSeries.marks`; `origin` as of `on_a_line`."""
    rows = [
        {
            "timestamp": record["timestamp"],
            "value": _drawn(record, "typical" if record["actual"] is None else "actual", origin),
            **{name: _drawn(record, name, origin) for name in VALUES[1:]},
            "score": record["record_score"],
            "severity": severity(record["record_score"]),
            "shape": "cross" if record["multi_bucket_impact"] >= SEVERAL_BUCKETS else "dot",
            "is_interim": record["is_interim"],
            "when": labels.when(record["timestamp"], zone),
            "rated": _rated(record["record_score"]),
            "told": _told(record),
        }
        for record in records.sort("timestamp").iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=_MARKS)


def _drawn(record: Mapping[str, Any], name: str, origin: float | None) -> float | None:
    return points.on_a_line(record["function_description"], record[name], origin)


def _rated(score: float) -> str:
    return f"{labels.whole(score)}, {severity(score)}"


def _told(record: Mapping[str, Any]) -> str:
    """The record in words: `299.8, typical 124.8: 2.4x higher than usual`."""
    shown = "no value" if record["actual"] is None else value_text(record["function_description"], record["actual"])
    typical = "" if record["typical"] is None else f", typical {value_text(record['function_description'], record['typical'])}"
    several = "; the last buckets together are odd" if record["multi_bucket_impact"] >= SEVERAL_BUCKETS else ""
    interim = "; interim, the bucket is still open" if record["is_interim"] else ""
    return f"{shown}{typical}: {record_compared(record)}{several}{interim}"


def cells(found: pl.DataFrame, start_ms: int, step_ms: int, names: Sequence[str], zone: ZoneInfo) -> pl.DataFrame:
    """Cells of lanes with words.

    Args:
        found: `lane`, `column` and `score`.
        start_ms: start of the first column, epoch ms.
        step_ms: length of a column.
        names: of each lane.
        zone: the time zone of its clocks.
    """
    rows = [
        (lane, column, score, severity(score), names[lane], _between(start_ms + column * step_ms, step_ms, zone), _rated(score))
        for lane, column, score in found.filter(pl.col("score") > 0).select("lane", "column", "score").iter_rows()
    ]
    return pl.DataFrame(rows, schema=_CELLS, orient="row")


def _between(start_ms: int, length_ms: int, zone: ZoneInfo) -> str:
    return f"{labels.when(start_ms, zone)} to {labels.when(start_ms + length_ms, zone)}"


def thinned(rows: pl.DataFrame, most: int, value: str = "actual") -> pl.DataFrame:
    """Of rows by time, the one with the least and the one with the greatest value of each stretch: no spike is lost."""
    if rows.height <= most:
        return rows
    stretches = max(1, most // 2)
    numbered = rows.with_row_index("at").with_columns(stretch=pl.col("at") * stretches // rows.height)
    ends = numbered.group_by("stretch").agg(
        least=pl.col("at").sort_by(value, nulls_last=True).first(),
        greatest=pl.col("at").sort_by(value, descending=True, nulls_last=True).first(),
    )
    return rows[pl.concat([ends["least"], ends["greatest"]]).unique().sort()]


def every_bucket(rows: pl.DataFrame, span_ms: int, empty: float | None) -> pl.DataFrame:
    """A row for every bucket from the first with a value to the last; `empty` is the value of those without one."""
    known = rows.select("timestamp", *VALUES).sort("timestamp")
    if known.is_empty():
        return known
    every = pl.int_range(known["timestamp"][0], known["timestamp"][-1] + 1, span_ms, dtype=pl.Int64, eager=True)
    joined = pl.DataFrame({"timestamp": every}).join(known, on="timestamp", how="left", maintain_order="left")
    return joined.with_columns(pl.col("actual").fill_null(empty)) if empty is not None else joined
