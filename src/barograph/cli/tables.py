"""Result tables for people."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
from rich.table import Table
from rich.text import Text

from barograph.cli.console import console
from barograph.config.splits import SPLIT_VALUES
from barograph.results import labels
from barograph.results import severity as severities
from barograph.results.words import compared, record_compared, value_text
from barograph.scoring.episodes import with_episodes
from barograph.scoring.severity import RECORD_SCORE

_STYLES: Final = {"critical": "bold red", "major": "red", "minor": "yellow", "warning": "cyan", "low": "dim"}
_WIDE: Final = 120  # columns from which on a record of a job with several detectors fits on one line
_TOGETHER: Final = ("episode", "detector_index", *SPLIT_VALUES, "is_interim")


def plain(*columns: str, right: Sequence[str] = ()) -> Table:
    """A table without lines: a header, two spaces between columns, text folded rather than cut. `right`: columns of numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        number = name in right or name == "score"
        whole = number or name.startswith("when") or name in {"", "job"}
        table.add_column(name, justify="right" if number else "left", no_wrap=whole, overflow="fold")
    return table


def add(table: Table, *cells: str | Text) -> None:
    """Add a row; whatever is in the data is printed as it is."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))


def severity(score: float) -> tuple[Text, Text]:
    """A score and its word."""
    word = severities.severity(score)
    return Text(labels.whole(score), style=_STYLES[word]), Text(word, style=_STYLES[word])


def episodes(records: pl.DataFrame, buckets: pl.DataFrame, bucket_span_ms: int) -> pl.DataFrame:
    """One record for each series in each episode, worst first, with `records`: how many it stands for.

    It is the episode's worst: where the episode peaked, against what was normal before it. Interim records stay apart from
    those that are certain.
    """
    together = with_episodes(records, buckets, bucket_span_ms)
    worst = together.sort("record_score", "log_probability", "timestamp", descending=[True, False, False], maintain_order=True)
    counted = worst.with_columns(records=pl.len().over(_TOGETHER))
    return counted.unique(_TOGETHER, keep="first", maintain_order=True).drop("episode")


def records(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """Records in words; columns as `schema.RECORDS`, and optionally `records`, how many each stands for.

    What all rows have in common goes into the header, and a column that would be empty is left out. On a narrow terminal a
    long row is two lines, cut where it reads best.
    """
    rows = frame.rows(named=True)
    measures = {labels.measured(row) for row in rows}
    common = measures.pop() if len(measures) == 1 else None
    blamed, together = any(map(labels.who, rows)), "records" in frame.columns
    first = ["score", "", f"when ({zone})", *(["who"] if blamed else [])]
    numbers = ["actual", "typical", *(["records"] if together else [])]
    table = plain(*first, common or "what", *numbers, right=numbers)
    glue = "\n" if common is None and console(sys.stdout).width < _WIDE else " "
    for row in rows:
        what = record_compared(row) if common else f"{labels.measured(row)}{glue}{record_compared(row)}"
        who = [glue.join(labels.who(row))] if blamed else []
        cells = [labels.when(row["timestamp"], zone), *who, what + _interim(row)]
        counted = [f"{row['records']:,}"] if together else []
        add(table, *severity(row["record_score"]), *cells, *_numbers(row), *counted)
    return table


def _numbers(row: labels.Row) -> Iterable[str]:
    return ("" if row[name] is None else value_text(row["function_description"], row[name]) for name in ("actual", "typical"))


def _interim(row: labels.Row) -> str:
    return " (interim)" if row["is_interim"] else ""


def buckets(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """Buckets; columns as `schema.BUCKETS`."""
    table = plain("score", "", f"when ({zone})", "rows", "records", "episode since", right=("rows", "records"))
    for row in frame.iter_rows(named=True):
        score, word = severity(row["anomaly_score"])
        since = "" if row["episode_start"] is None else labels.when(row["episode_start"], zone)
        quiet = Text("") if row["anomaly_score"] < RECORD_SCORE else word
        when = labels.when(row["timestamp"], zone) + _interim(row)
        add(table, score, quiet, when, f"{row['event_count']:,}", f"{row['record_count']:,}", since)
    return table


def influencers(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """Influencers; columns as `schema.INFLUENCERS`."""
    table = plain("score", "", f"when ({zone})", "who", "probability", right=("probability",))
    for row in frame.iter_rows(named=True):
        who = f"{row['influencer_field_name']}={row['influencer_field_value']}"
        when = labels.when(row["timestamp"], zone) + _interim(row)
        add(table, *severity(row["influencer_score"]), when, who, f"{row['probability']:.2g}")
    return table


def annotations(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """Annotations; columns as `schema.ANNOTATIONS`. What all rows measure goes into the header."""
    rows = frame.rows(named=True)
    measures = {labels.measured(row) for row in rows}
    split = any(map(labels.series, rows))
    common = measures.pop() if len(measures) == 1 else None
    table = plain(f"when ({zone})", *(["series"] if split else []), *([] if common else ["of"]), common or "what changed")
    for row in rows:
        series, of = [labels.series(row)] if split else [], [] if common else [labels.measured(row)]
        add(table, labels.when(row["timestamp"], zone), *series, *of, row["text"])
    return table


def incidents(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """Incidents; columns as `schema.INCIDENTS`. `peak` is how long after the start an incident was worst."""
    table = plain("score", "", f"when ({zone})", "lasted", "peak", "series", "what", right=("series",))
    for row in frame.iter_rows(named=True):
        since = labels.when(row["start"], zone) + ("" if row["is_whole"] else " or before")
        lasted, peak = (labels.lasted(row[name] - row["start"]) for name in ("end", "peak_time"))
        add(table, *severity(row["score"]), since, lasted, f"+{peak}", f"{row['series']:,}", row["summary"])
    return table


def members(frame: pl.DataFrame, zone: ZoneInfo) -> Table:
    """The series of one incident, the likely cause first; columns as the fields of `schema.MEMBER`."""
    rows = frame.rows(named=True)
    split = any(map(labels.series, rows))
    table = plain("score", "", f"when ({zone})", "lasted", *(["series"] if split else []), "what")
    for row in rows:
        what = f"{labels.measured(row)} {compared(row)}"
        when, lasted = labels.when(row["onset"], zone), labels.lasted(row["end"] - row["onset"])
        add(table, *severity(row["score"]), when, lasted, *([labels.series(row)] if split else []), what)
    return table


def facts(rows: Iterable[tuple[str, Any]]) -> Table:
    """Names and values, one a line."""
    table = plain("", "")
    table.show_header = False
    table.columns[1].no_wrap = False
    for name, value in rows:
        add(table, Text(name, style="dim"), str(value))
    return table
