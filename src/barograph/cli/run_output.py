"""What a run says: what it read, left out and wrote, and the worst that it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import typer

from barograph.cli import tables
from barograph.cli.console import show
from barograph.cli.counts import ROWS, left_out
from barograph.config.job import Job
from barograph.jobs.summary import RunSummary
from barograph.results.counts import Example
from barograph.results.labels import counted, rough, when

_MANY: Final = 1_000
"""Rows from which on a speed says something; below, the start takes most of the time."""
_WORST: Final = 10


@dataclass(frozen=True)
class FinishedRun:
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
            records = counted(self.records.filter("is_interim").height, "interim record")
            lines.append(f"judged {counted(len(done.interim), 'bucket')} that may still change, wrote {records}")
        lines += left_out(done.dropped, self.examples)
        if done.refused_rows:
            lines.append(
                f"left out {counted(done.refused_rows, 'row')} of new series so far: model_memory_limit has no room for more"
            )
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


def show_worst(job: Job, ran: FinishedRun, records: pl.DataFrame) -> None:
    """The worst records in words, one line an episode and series, and how many there are besides."""
    if not records.height:
        if not ran.summary.values and ran.summary.dropped.get("missing_field") and not ran.summary.interim:
            typer.echo("nothing could be judged: no bucket has a value, see what was left out")
            return
        typer.echo("nothing unusual" if not ran.records.height else "nothing as unusual as that")
        return
    episodes = tables.episodes(records, ran.buckets, job.bucket_span_ms)
    typer.echo()
    show(tables.records(episodes.head(_WORST), ZoneInfo(job.time_zone)))
    typer.echo()
    if episodes.height > _WORST:
        shown = f"Shown are the worst {_WORST} of {episodes.height:,}, a line an episode"
        typer.echo(f"{shown}: its highest score, and where it was least likely.")
