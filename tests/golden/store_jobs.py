"""Golden jobs that the command line runs: what is in the data directory then, and what the commands print for machines."""

import io
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final
from unittest import mock

import polars as pl

from barograph.cli.main import main
from tests.golden.digest import Table, of_documents, of_frame
from tests.golden.engine_jobs import EVERY_STATISTIC, Tables
from tests.golden.streams import requests

TABLES: Final = (
    "bucket", "record", "record_influencer", "influencer", "bucket_influencer", "annotation", "quantiles", "data_counts",
    "forgotten",
)  # fmt: skip

MEASURED: Final = ("processing_time_ms",)
"""Columns that tell how long something took."""

FORECAST_KEYS: Final = ("forecast_id",)
"""Fields that are new with each call."""

JOB: Final[dict[str, Any]] = {
    "job_id": "requests",
    "groups": ["shop"],
    "time_zone": "Europe/Berlin",
    "analysis_config": {"bucket_span": "15m", "detectors": EVERY_STATISTIC[:5], "influencers": ["host", "user"]},
    "data_description": {"time_format": "epoch_ms"},
    "model_plot_config": {"enabled": True},
}
FORGOTTEN: Final = ("--from", "2023-11-16T12:00", "--to", "2023-11-16T14:30")


class Commands:
    """Calls `barograph` on a data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: object) -> str:
        """What a command prints on stdout. It must succeed."""
        given = ["barograph", *map(str, arguments), "--data-dir", str(self.folder / "data")]
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with mock.patch.object(sys, "argv", given), redirect_stdout(out), redirect_stderr(err):
            code = _ended()
        assert code == 0, err.buffer.getvalue().decode()  # type: ignore[attr-defined]
        return out.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]

    def documents(self, *arguments: object) -> Table:
        """The documents that a command prints, as a table."""
        rows = json.loads(self(*arguments, "--format", "json"))
        return of_documents({k: v for k, v in row.items() if k not in (*MEASURED, *FORECAST_KEYS)} for row in rows)

    def created(self, rows: Sequence[int] = (2_600, 2_600)) -> "Commands":
        """After the job has been run on so many rows, and then on so many more."""
        job, frame = self.folder / "job.json", requests()
        job.write_text(json.dumps(JOB))
        start = 0
        for number, count in enumerate(rows):
            path = self.folder / f"{number}.csv"
            frame[start : start + count].write_csv(path)
            self("run", job, path)
            start += count
        return self


def _ended() -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def of_store(folder: Path) -> Tables:
    """The rows of all result tables, in the order of their keys, and the history, in the order in which it was written."""
    with closing(sqlite3.connect(next(folder.rglob("*.sqlite*")))) as database:
        database.row_factory = sqlite3.Row
        kept = {f"stored {name}": _rows(database.execute(f'SELECT * FROM "{name}"')) for name in TABLES}
        listed = database.execute("SELECT kind, name FROM history_file ORDER BY kind, number").fetchall()
    history = {kind: [name for of, name in listed if of == kind] for kind, _ in listed}
    return kept | {f"history {kind}": of_frame(_history(folder, names)) for kind, names in history.items()}


def _rows(found: Iterator[sqlite3.Row]) -> Table:
    return of_documents({name: row[name] for name in row.keys() if name not in MEASURED} for row in found)  # noqa: SIM118


def _history(folder: Path, names: Sequence[str]) -> pl.DataFrame:
    frames = [pl.read_parquet(next(folder.rglob(name))) for name in names]
    return pl.concat([frame.with_columns(pl.col(pl.Categorical).cast(pl.String)) for frame in frames])


def stored(folder: Path) -> Tables:
    """Run in two halves, which goes on from a snapshot, and read by every command that prints for machines."""
    call = Commands(folder).created()
    shown = {name: call.documents("results", "requests", name) for name in ("buckets", "records", "influencers", "annotations")}
    shown["ascending"] = call.documents("results", "requests", "records", "--sort", "actual", "--min-score", 5, "--size", 20)
    shown["incidents"] = call.documents("incidents", "requests")
    shown["overall buckets"] = call.documents("overall-buckets", "shop", "--bucket-span", "1h")
    shown["alerts"] = call.documents("what-if", "requests", "--min-score", 20, "--min-change", 10, "--rule", "actual < 10")
    for time in ("2023-11-16T15:40", "2023-11-15T20:00"):
        explained = json.loads(call("explain", "requests", "--time", time, "--size", 50, "--json"))
        shown[f"explained {time}"] = of_documents(explained)
    shown["models"] = of_documents(json.loads(call("jobs", "show", "requests", "--models", "--json")))
    return shown | of_store(folder)


def demo(folder: Path) -> Tables:
    """Half a year of a series: annotations, and scores that later days renormalise."""
    call = Commands(folder)
    call("demo")
    names = ("records", "annotations")
    shown = {name: call.documents("results", "nyc_taxi", name) for name in names}
    shown["alerts"] = call.documents("what-if", "nyc_taxi", "--days", 90)
    return shown | {name: table for name, table in of_store(folder).items() if table}


def forecast(folder: Path) -> Tables:
    """Of all series, of one, and of when they cross a value."""
    call = Commands(folder).created((4_000,))
    return {
        "all": call.documents("forecast", "requests", "--duration", "6h", "--percentile", 80),
        "one": call.documents("forecast", "requests", "--duration", "3h", "--entity", "host=host-2"),
        "crossings": call.documents("forecast", "requests", "--duration", "1d", "--crosses", 700),
    }


def interim_results(folder: Path) -> Tables:
    """Open buckets in the store, after which the job goes on."""
    call = Commands(folder).created((3_000,))
    frame = requests()[3_000:]
    frame[:500].write_csv(folder / "open.csv")
    call("run", folder / "job.json", folder / "open.csv", "--interim")
    names = ("buckets", "records", "influencers")
    shown = {name: call.documents("results", "requests", name, "--interim") for name in names}
    frame[500:].write_csv(folder / "rest.csv")
    call("run", folder / "job.json", folder / "rest.csv", "--flush")
    return shown | of_store(folder)


def replayed(folder: Path) -> Tables:
    """Replayed, after which the job goes on: what snapshots have become shows."""
    call = Commands(folder).created((3_000,))
    call("replay", "requests")
    requests()[3_000:].write_csv(folder / "rest.csv")
    call("run", folder / "job.json", folder / "rest.csv")
    return of_store(folder)


def forgotten(folder: Path) -> Tables:
    """A span of all and one of a host forgotten, after which the job goes on; then one of them undone."""
    call = Commands(folder).created((3_800,))
    entity = ("--entity", "host=host-2")
    call("forget", "requests", *FORGOTTEN, *entity)
    call("forget", "requests", "--from", "2023-11-15T06:00", "--to", "2023-11-15T09:00")
    requests()[3_800:].write_csv(folder / "rest.csv")
    call("run", folder / "job.json", folder / "rest.csv")
    before = of_store(folder)
    call("forget", "requests", *FORGOTTEN, *entity, "--undo")
    return before | {f"undone: {name}": table for name, table in of_store(folder).items()}


def reverted(folder: Path) -> Tables:
    """Taken back to its first snapshot, after which it reads the second half again."""
    call = Commands(folder).created()
    snapshot = call("snapshots", "list", "requests").splitlines()[1].split()[0]
    call("snapshots", "revert", "requests", snapshot, "--delete-later-results", "--yes")
    before = of_store(folder)
    call("run", folder / "job.json", folder / "0.csv", folder / "1.csv")
    return {f"before: {name}": table for name, table in before.items()} | of_store(folder)


JOBS: Final[dict[str, Callable[[Path], Tables]]] = {
    made.__name__: made for made in (stored, demo, forecast, interim_results, replayed, forgotten, reverted)
}
