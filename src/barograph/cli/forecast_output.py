"""Forecasts in tables and words."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import typer
from rich.table import Table

from barograph.api.elastic import documents
from barograph.cli import output, tables
from barograph.cli.console import show as show_table
from barograph.cli.options import Format
from barograph.config.duration import UNIT_MS
from barograph.config.job import Job
from barograph.engine.forecast import crossings, whole_series
from barograph.jobs.forecasts.forecast import told
from barograph.jobs.service import SavedForecast
from barograph.results import labels, schema
from barograph.results.words import short

Row = Mapping[str, Any]

_KEY: Final = [column.name for column in schema.CROSSINGS if column.name in schema.polars_schema(schema.FORECASTS)]
_STRETCHES: Final = 16  # lines that one series is told in
_LENGTHS: Final = [n * UNIT_MS[unit] for unit, ns in (("h", (1, 2, 3, 6, 12)), ("d", (1, 2, 7, 14, 28, 91, 364))) for n in ns]
_LEVEL: Final = 0.1  # share of the bounds' width that the level must move by before it is said to


def show(job: Job, saved: SavedForecast, rows: pl.DataFrame, crosses: float | None, size: int) -> None:
    """A forecast for people; with `crosses`, when each series will reach that value."""
    zone = ZoneInfo(job.time_zone)
    typer.echo(_headline(saved, zone))
    if told(saved):
        typer.echo(told(saved))
    typer.echo()
    if crosses is None:
        series = _summary(rows)
        show_table(_forecasts(series.head(size), zone))
        order = "those whose level moves most for their bounds"
        if saved.series == 1:
            typer.echo()
            show_table(_stretches(rows, job.bucket_span_ms, zone))
    else:
        series = crossings(rows, crosses)
        show_table(_crossings(series.head(size), crosses, saved, zone))
        typer.echo(f"\n{_reached(series, crosses, saved)}")
        order = "the first to reach it"
    if size < series.height:
        typer.echo(f"showing {size:,} of {series.height:,} series, {order}; --size {series.height} shows all", err=True)


def tell_detectors(job: Job, rows: pl.DataFrame, value: float) -> None:
    """Say on stderr that a value is compared with the series of several detectors, when it is: it is likely meant of one."""
    indices = sorted(rows["detector_index"].unique().to_list())
    if len(indices) > 1:
        named = ", ".join(f"{index} ({labels.detector_words(job.detectors[index])})" for index in indices)
        typer.echo(f"note: {short(value)} is compared with every detector's series; --detector picks one of {named}", err=True)


def write(chosen: Format, job: Job, saved: SavedForecast, rows: pl.DataFrame, crosses: float | None) -> None:
    """A forecast for machines: its rows, or, with `crosses`, a row a series."""
    shown = rows if crosses is None else crossings(rows, crosses)
    build = documents.forecast if crosses is None else documents.crossing
    named = ({"forecast_id": saved.forecast_id, **row} for row in shown.iter_rows(named=True))
    output.write(chosen, shown, (build(job.job_id, row) for row in named))


def listed(forecasts: list[SavedForecast], zone: ZoneInfo) -> Table:
    """What forecasts are kept."""
    numbers = ("series", "rows", "bytes")
    table = tables.plain(
        "forecast", f"when made ({zone})", "when from", "for", "bounds", *numbers, "when it goes", right=numbers
    )
    for forecast in forecasts:
        made, start = labels.when(_seconds(forecast.create_time), zone), labels.when(forecast.start_ms, zone)
        goes = "with its job" if forecast.expiry_time is None else labels.when(_seconds(forecast.expiry_time), zone)
        sizes = (f"{forecast.series:,}", f"{forecast.rows:,}", f"{forecast.bytes:,}")
        tables.add(table, forecast.forecast_id, made, start, _far(forecast), f"{forecast.percentile:g} %", *sizes, goes)
    return table


def _headline(saved: SavedForecast, zone: ZoneInfo) -> str:
    return (
        f"{labels.counted(saved.series, 'forecast') if saved.series == 1 else f'{saved.series:,} forecasts'} from "
        f"{labels.when(saved.start_ms, zone)} ({zone}) for {_far(saved)}; "
        f"{saved.percentile:g} % of values should lie inside the bounds"
    )


def _far(saved: SavedForecast) -> str:
    return labels.length(saved.end_ms - saved.start_ms)


def _seconds(epoch_ms: int) -> int:
    return epoch_ms // 1000 * 1000


def _summary(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a series, those first whose level moves most for their bounds."""
    prediction, level = pl.col("forecast_prediction"), pl.col("forecast_level")
    of_series = {
        "next": prediction.first(),
        "next_lower": pl.first("forecast_lower"),
        "next_upper": pl.first("forecast_upper"),
        "lowest": prediction.min(),
        "lowest_at": pl.col("timestamp").gather(prediction.arg_min()).first(),
        "highest": prediction.max(),
        "highest_at": pl.col("timestamp").gather(prediction.arg_max()).first(),
        "first_level": level.first(),
        "moves": level.last() - level.first(),
        "width": (pl.col("forecast_upper") - pl.col("forecast_lower")).mean(),
    }
    each = pl.concat(part.group_by(_KEY, maintain_order=True).agg(**of_series) for part in whole_series(rows))
    share = (pl.col("moves").abs() / pl.col("width")).fill_nan(0.0)
    return each.with_columns(share=share).sort("share", descending=True, maintain_order=True)


def _named(rows: list[dict[str, Any]]) -> tuple[list[str], str | None]:
    """The columns that tell series apart, and what all of them measure, if it is one thing."""
    measures = {labels.measured(row) for row in rows}
    common = measures.pop() if len(measures) == 1 else None
    split = any(map(labels.series, rows))
    return [*(["series"] if split else []), *([] if common else ["of"])], common


def _names(row: Row, columns: list[str]) -> list[str]:
    return [labels.series(row) if name == "series" else labels.measured(row) for name in columns]


def _forecasts(series: pl.DataFrame, zone: ZoneInfo) -> Table:
    rows = series.rows(named=True)
    named, common = _named(rows)
    at = [] if series.height == 1 else [f"when ({zone})"] * 2
    header = ["lowest", *at[:1], "highest", *at[1:]]
    table = tables.plain(
        *named, f"next {common}" if common else "next", "bounds", *header, "level", right=("lowest", "highest")
    )
    for row in rows:
        bounds = f"{short(row['next_lower'], 3)} to {short(row['next_upper'], 3)}"
        ends = [[short(row[end], 3), *([labels.when(row[f"{end}_at"], zone)] if at else [])] for end in ("lowest", "highest")]
        tables.add(table, *_names(row, named), short(row["next"], 3), bounds, *ends[0], *ends[1], _trend(row))
    return table


def _trend(row: Row) -> str:
    """Where the level, without its pattern, goes until the end."""
    if row["share"] < _LEVEL:
        return "stays"
    moves, first = row["moves"], row["first_level"]
    share = abs(moves / first) if first else 0.0
    percent = f" ({short(100 * share, 2)} %)" if 0.005 <= share < 10 else ""
    return f"{'rises' if moves > 0 else 'falls'} by {short(abs(moves), 2)}{percent}"


def _stretches(rows: pl.DataFrame, span_ms: int, zone: ZoneInfo) -> Table:
    """One series in a few lines, each the buckets of a day or another round length."""
    length = next((ms for ms in [span_ms, *_LENGTHS] if rows.height * span_ms <= _STRETCHES * ms), _LENGTHS[-1])
    held = max(length // span_ms, 1)
    mean = pl.mean("forecast_prediction").alias("mean")
    ends = [pl.min("forecast_lower"), pl.min("forecast_prediction"), pl.max("forecast_prediction").alias("highest")]
    each = rows.group_by(pl.int_range(pl.len()) // held, maintain_order=True).agg(
        pl.first("timestamp"), *ends, pl.max("forecast_upper"), mean
    )
    if held == 1:
        table = tables.plain(f"when ({zone})", "prediction", "lower", "upper", right=("prediction", "lower", "upper"))
        for row in each.iter_rows(named=True):
            numbers = (row["mean"], row["forecast_lower"], row["forecast_upper"])
            tables.add(table, labels.when(row["timestamp"], zone), *(short(number) for number in numbers))
        return table
    numbers_of = ("mean", "lowest", "highest", "lower bound", "upper bound")
    table = tables.plain(f"when, {labels.length(held * span_ms)} from ({zone})", *numbers_of, right=numbers_of)
    for row in each.iter_rows(named=True):
        cells = (row[name] for name in ("mean", "forecast_prediction", "highest", "forecast_lower", "forecast_upper"))
        tables.add(table, labels.when(row["timestamp"], zone), *(short(number) for number in cells))
    return table


def _crossings(reached: pl.DataFrame, value: float, saved: SavedForecast, zone: ZoneInfo) -> Table:
    rows = reached.rows(named=True)
    named, common = _named(rows)
    what = f"{common} " if common else ""
    table = tables.plain(
        *named, "", f"when {what}reaches {short(value)} ({zone})", "when at the earliest", "when at the latest"
    )
    for row in rows:
        times = (row[name] for name in ("predicted", "earliest", "latest"))
        cells = (f"not within {_far(saved)}" if time is None else labels.when(time, zone) for time in times)
        tables.add(table, *_names(row, named), row["direction"], *cells)
    return table


def _reached(reached: pl.DataFrame, value: float, saved: SavedForecast) -> str:
    """How many series reach the value, in one sentence."""
    expected = reached.filter(pl.col("predicted").is_not_null()).height
    possible = reached.filter(pl.col("predicted").is_null(), pl.col("earliest").is_not_null()).height
    more = f"; {possible:,} more may" if possible else ""
    reach = "is" if expected == 1 else "are"
    measures = {labels.measured(row) for row in reached.rows(named=True)}
    what = f" of {measures.pop()}" if len(measures) == 1 else ""
    return (
        f"{expected:,} of {reached.height:,} series{what} {reach} expected to reach {short(value)} within {_far(saved)}{more}"
    )
