"""`barograph store`: whether all that was kept is there and whole."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl, Yes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barograph.jobs.store_check import CheckedJob, CheckedStore, Dropped

app = typer.Typer(rich_markup_mode=None, help="Check that all that was kept is there and whole.", no_args_is_help=True)
_UTC = ZoneInfo("UTC")
_Drop = Annotated[
    bool,
    typer.Option(
        "--drop",
        help="Give up what is missing or damaged, so that the jobs go on with the rest. Better put it back from a copy.",
    ),
]


@app.callback()
def _store() -> None:
    """Keep `check` a command of its own: with one command alone it would have no name."""


@app.command("check")
def check(drop: _Drop = False, yes: Yes = False, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List jobs and files, and what is missing or damaged; exit code 1 when something is. Changes nothing without --drop.

    With --drop a job whose newest snapshot is not whole goes back to the last one that is, and the next run reads the rows
    behind it again; without any it is reset. Buckets whose values are given up are not replayed any more.
    """
    from barograph.config.errors import BadRequest
    from barograph.jobs import store_check

    found = store_check.check(store, data_dir)
    _show(found)
    if found.whole:
        return
    if not drop:
        raise typer.Exit(1)
    if not yes:
        if not sys.stdin.isatty():
            raise BadRequest("store check --drop: wanted --yes, as there is no terminal to ask on")
        if not typer.confirm("give up what is missing or damaged?"):
            raise typer.Exit(1)
    for dropped in store_check.drop(store, data_dir, found):
        typer.echo(_told(dropped))
    for lost in found.lost:
        typer.echo(f"removed {lost.path}")
    if found.database:
        typer.echo("the database itself can only be put back from a copy")
        raise typer.Exit(1)


def _show(found: "CheckedStore") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show

    if found.jobs:
        table = tables.plain("job", "files", "bytes", "state", right=("files", "bytes"))
        for job in found.jobs:
            tables.add(table, job.job_id, f"{job.files:,}", f"{job.bytes:,}", _state(job))
        show(table)
    for job in found.jobs:
        for line in _problems(job):
            typer.echo(f"{job.job_id}: {line}")
    for lost in found.lost:
        typer.echo(f"{lost.path}: files of {', '.join(lost.job_ids)} ({lost.bytes:,} bytes), which no database lists")
    for line in found.database:
        typer.echo(f"database: {line}")
    if found.whole:
        typer.echo("all that is listed is there" + ("" if any(job.unchecked for job in found.jobs) else " and whole"))


def _state(job: "CheckedJob") -> str:
    if job.unusable:
        return "damaged"
    return f"whole; {job.unchecked:,} older files have no checksum" if job.unchecked else "whole"


def _problems(job: "CheckedJob") -> "Iterator[str]":
    from barograph.results.labels import when

    for one in job.unusable:
        buckets = "" if one.span is None else f": buckets {when(one.span[0], _UTC)} to {when(one.span[1], _UTC)} UTC"
        yield f"{one.name} is {one.reason}{buckets}"
    if not job.resumable:
        yield "the newest snapshot is not whole, so the job cannot go on"


def _told(done: "Dropped") -> str:
    from barograph.results.labels import counted, when

    text = f"{done.job_id}: gave up {counted(done.files, 'file')}"
    if done.reset:
        return f"{text}; no snapshot was whole, so the job begins anew"
    if done.history_from is not None:
        text += f"; values are whole from {when(done.history_from, _UTC)} UTC on"
    if done.reverted_to is not None:
        newest = done.reverted_to.latest_record_timestamp
        until = "its beginning" if newest is None else f"{when(newest, _UTC)} UTC"
        text += f"; the job is back at {until}: run it again on its files"
    return text
