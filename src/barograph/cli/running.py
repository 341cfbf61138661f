"""One run of a job: rows in, progress shown, what is new handed back."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import typer

from barograph.cli.counts import ROWS, left_out
from barograph.cli.progress import ProgressBar
from barograph.cli.words import counted, rough, when
from barograph.config import support
from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.jobs.input_check import refuse_useless
from barograph.jobs.run import run_job as run_in_store
from barograph.jobs.summary import Progress, RunSummary
from barograph.results.counts import DataCounts, Example
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
        notes: what is to be said of its files.
        records: those it found, interim ones too, the highest scores first; columns as `schema.RECORDS`.
        buckets: those it finished or judged while they are open, in the order of time; columns as `schema.BUCKETS`.
    """

    summary: RunSummary
    examples: Sequence[Example]
    notes: Sequence[str]
    records: pl.DataFrame
    buckets: pl.DataFrame

    @property
    def exit_code(self) -> int:
        """What a shell expects: 0, or 130 and 143 after SIGINT and SIGTERM."""
        return {None: 0, "SIGINT": 130, "SIGTERM": 143}[self.summary.interrupted]

    def story(self) -> list[str]:
        """What it read, left out and wrote, line by line."""
        done = self.summary
        lines = [*self.notes, *(f"{source}: nothing new since the last run" for source in done.skipped)]
        if done.rows or done.buckets or not done.skipped:
            speed = f" ({rough(done.rows / max(done.seconds, 1e-9))} a second)" if done.rows >= _MANY else ""
            lines.append(
                f"read {counted(done.rows, 'row')} in {rough(done.seconds)} s{speed}, "
                f"finished {counted(done.buckets, 'bucket')}, wrote {counted(done.records, 'record')}"
            )
        if done.interim:
            found = counted(self.records.filter("is_interim").height, "interim record")
            lines.append(f"judged {counted(len(done.interim), 'bucket')} that may still change, wrote {found}")
        lines += left_out(done.dropped, self.examples)
        if done.interrupted:
            lines.append(f"stopped by {done.interrupted}: what was read so far is kept; the same command goes on from there")
        return lines

    def unfinished(self, job: Job) -> str:
        """Why it finished no bucket: nothing can be said about what is unusual."""
        done, span = self.summary, job.bucket_span_ms
        counts = done.counts
        first, newest = counts.earliest_record_timestamp, counts.latest_record_timestamp
        if first is None or newest is None or done.rows <= sum(done.dropped.get(reason, 0) for reason in ROWS):
            return "no row could be used"
        zone = ZoneInfo(job.time_zone)
        last = counts.latest_bucket_timestamp
        start = -(-first // span) * span if last is None else last + span  # the bucket in which a job begins has no result
        until = start + span + job.latency_ms
        # A row that would have finished the bucket has not been believed.
        number = (min(newest, until - 1) - start) // span + 1
        if number < 1:
            return f"no bucket is finished yet: the first whole one begins at {when(start, zone)}"
        row = f"until a row of {when(until, zone)} or later"
        if number == 1:
            return f"no bucket is finished yet: 1 bucket open, {row}"
        return f"no bucket is finished yet: {number:,} buckets open, the first {row}; --flush finishes all but the last"


def run_job(
    job: Job, paths: Sequence[str], data_dir: Path, url: str | None, *, flush: bool = False, interim: bool = False
) -> Ran:
    """Feed files to a job that lives in a store; `flush` and `interim` as in `jobs.run`.

    Raises:
        BarographError: the job cannot be run, or an input cannot be read; what was read before it is kept, and stderr says so.
    """
    support.refuse_unsupported(job)
    for notice in support.left_out(job):
        typer.echo(f"note: {notice}", err=True)
    with Store.open(url, data_dir) as store:
        counts = _counts(store, job.job_id)
        before = counts.examples if counts else ()
        notes: list[str] = []
        summary = _feed(store, job, paths, flush, interim, notes, is_new=not (counts and counts.input_record_count))
        examples = [one for one in summary.counts.examples if one not in before]
        times = [time for time in (summary.first_ms, summary.last_ms, *summary.interim) if time is not None]
        asked = Query(start_ms=min(times), end_ms=max(times) + 1, exclude_interim=False) if times else Query(size=0)
        return Ran(summary, examples, notes, store.records(job.job_id, asked).rows, store.buckets(job.job_id, asked).rows)


def _counts(store: Store, job_id: str) -> DataCounts | None:
    try:
        return store.summary(job_id).counts
    except NoSuchJob:
        return None


def _feed(
    store: Store, job: Job, paths: Sequence[str], flush: bool, interim: bool, notes: list[str], *, is_new: bool
) -> RunSummary:
    """Run the job; `notes` is added to."""
    kept = 0
    bar = ProgressBar(paths)

    def show(run: Progress) -> None:
        nonlocal kept
        kept = run.rows_committed
        bar.show(run)

    def tell(note: str) -> None:
        notes.append(os.fsencode(note).decode(errors="backslashreplace"))  # a path need not be text

    # A field that is read as text too must look the same whether the numbers around it are all whole or not.
    numbers = [name for name in job.number_fields if name not in job.text_fields]
    chunks = read_files(paths, job.data_description, fields=job.fields, number_fields=numbers, tell=tell)
    watched = bar.watch(chunks)
    rows = refuse_useless(job, watched, tell) if is_new else watched
    try:
        with bar:
            return run_in_store(store, job, rows, show, flush=flush, interim=interim)
    except InputError:
        for note in notes:
            typer.echo(note, err=True)
        if kept:
            typer.echo(f"{counted(kept, 'row')} before the error are kept; the same command goes on from there", err=True)
        raise
