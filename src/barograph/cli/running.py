"""One run of a job: rows in, progress shown, what is new handed back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import typer

from barograph.cli.counts import left_out
from barograph.cli.progress import ProgressBar
from barograph.cli.words import counted, rough
from barograph.config import support
from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.jobs.run import run_job as run_in_store
from barograph.jobs.summary import Progress, RunSummary
from barograph.results.counts import Example
from barograph.sources.read import read_files
from barograph.store.errors import NoSuchJob
from barograph.store.query import Query
from barograph.store.store import Store

_MANY: Final = 1_000
"""Rows from which on a speed says something; below, the start takes most of the time."""


@dataclass(frozen=True)
class Ran:
    """A run that is over.

    Attributes:
        summary: what it did.
        examples: rows that it left out, the first of each reason.
        records: those it found, the highest scores first; columns as `schema.RECORDS`.
        buckets: those it finished, in the order of time; columns as `schema.BUCKETS`.
    """

    summary: RunSummary
    examples: Sequence[Example]
    records: pl.DataFrame
    buckets: pl.DataFrame

    @property
    def exit_code(self) -> int:
        """What a shell expects: 0, or 130 and 143 after SIGINT and SIGTERM."""
        return {None: 0, "SIGINT": 130, "SIGTERM": 143}[self.summary.interrupted]

    def story(self) -> list[str]:
        """What it read, left out and wrote, line by line."""
        done = self.summary
        lines = [f"{source}: nothing new since the last run" for source in done.skipped]
        if done.rows or not done.skipped:
            speed = f" ({rough(done.rows / max(done.seconds, 1e-9))} a second)" if done.rows >= _MANY else ""
            lines.append(
                f"read {counted(done.rows, 'row')} in {rough(done.seconds)} s{speed}, "
                f"finished {counted(done.buckets, 'bucket')}, wrote {counted(done.records, 'record')}"
            )
        lines += left_out(done.dropped, self.examples)
        if done.interrupted:
            lines.append(f"stopped by {done.interrupted}: what was read so far is kept; the same command goes on from there")
        return lines


def run_job(job: Job, paths: Sequence[str], data_dir: Path, url: str | None) -> Ran:
    """Feed files to a job that lives in a store.

    Raises:
        BarographError: the job cannot be run, or an input cannot be read; what was read before it is kept, and stderr says so.
    """
    support.refuse_unsupported(job)
    for notice in support.left_out(job):
        typer.echo(f"note: {notice}", err=True)
    with Store.open(url, data_dir) as store:
        before = _examples(store, job.job_id)
        summary = _feed(store, job, paths)
        examples = [one for one in summary.counts.examples if one not in before]
        if summary.first_ms is None or summary.last_ms is None:
            span = Query(size=0)
        else:
            span = Query(start_ms=summary.first_ms, end_ms=summary.last_ms + 1)
        return Ran(summary, examples, store.records(job.job_id, span).rows, store.buckets(job.job_id, span).rows)


def _examples(store: Store, job_id: str) -> Sequence[Example]:
    try:
        counts = store.summary(job_id).counts
    except NoSuchJob:
        return ()
    return counts.examples if counts else ()


def _feed(store: Store, job: Job, paths: Sequence[str]) -> RunSummary:
    rows = 0
    bar = ProgressBar(paths)

    def show(run: Progress) -> None:
        nonlocal rows
        rows = run.rows
        bar.show(run)

    chunks = read_files(paths, job.data_description, fields=job.fields, number_fields=job.number_fields)
    try:
        with bar:
            return run_in_store(store, job, bar.watch(chunks), show)
    except InputError:
        if rows:
            typer.echo(f"{counted(rows, 'row')} before the error are kept; the same command goes on from there", err=True)
        raise
