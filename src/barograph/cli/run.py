"""`barograph run`: feed rows to a job and show what came out."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, Format, MinScore, OutputFormat, StoreUrl
from barograph.cli.validate import JobFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from barograph.cli.progress import ProgressBar
    from barograph.cli.run_output import FinishedRun
    from barograph.config.job import Job
    from barograph.jobs.run import OnRecords
    from barograph.jobs.service import Service
    from barograph.jobs.summary import Progress, RunSummary
    from barograph.results.counts import Example

_Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA",
        help="CSV, TSV, NDJSON, JSON or Parquet files, plain, .gz or .zst; - is stdin.",
        show_default=False,
    ),
]

_Flush = Annotated[
    bool,
    typer.Option(
        "--flush",
        help="At the end, finish the buckets that only the latency keeps open; rows that come for them later are left out.",
    ),
]

_Interim = Annotated[
    bool,
    typer.Option(
        "--interim",
        help="At the end, also judge the buckets that are still open, by what they are likely to become.",
    ),
]


def run(
    job: JobFile,
    data: _Data,
    flush: _Flush = False,
    interim: _Interim = False,
    min_score: MinScore = 0.0,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Feed rows to a job and print the records they lead to.

    The job is created on its first run. Running it again with more data goes on where it stopped; rows that it has read
    already are not read twice. Of a pipe that is waited for ('tail -f FILE | barograph run JOB -'), records are printed as they
    are found.
    """
    import polars as pl

    from barograph.api.elastic import documents
    from barograph.cli.live import LiveRecords
    from barograph.cli.output import refuse_terminal, write
    from barograph.cli.run_output import show_worst
    from barograph.config.load import load_job
    from barograph.results.causes import with_causes

    refuse_terminal(output)
    loaded = load_job(job)
    live = LiveRecords(loaded, output, min_score)
    ran = run_files(loaded, data, data_dir, store, flush=flush, interim=interim, on_records=live.show)
    records = ran.records.filter(pl.col("record_score") >= min_score)
    for line in ran.story():
        typer.echo(line, err=output is not Format.TABLE)
    if output is Format.TABLE:
        if ran.summary.buckets or ran.summary.interim:
            show_worst(loaded, ran, records)
        elif ran.summary.rows:
            typer.echo(ran.unfinished(loaded))
        asked = " --interim" if ran.summary.interim else ""
        typer.echo(f"All records of the job: barograph results {loaded.job_id} records{asked}{_where(data_dir, store)}")
    else:
        records = live.rest_of(records)
        caused = with_causes(records, ran.records)
        write(output, records, documents.documents(loaded.job_id, caused, documents.record))
    if ran.exit_code:
        raise typer.Exit(ran.exit_code)


def _where(data_dir: Path, store: str | None) -> str:
    """The options that lead to the same store again. A URL can hold a password, so it is not repeated."""
    usual = Path(os.environ.get("BAROGRAPH_DATA_DIR", DEFAULT_DATA_DIR))
    named = "" if data_dir == usual else f" --data-dir {shlex.quote(str(data_dir))}"
    return named + (" --store URL" if store and "BAROGRAPH_STORE" not in os.environ else "")


def run_files(
    job: "Job",
    paths: "Sequence[str]",
    data_dir: Path,
    url: str | None,
    *,
    flush: bool = False,
    interim: bool = False,
    on_records: "OnRecords" = lambda _: None,
) -> "FinishedRun":
    """Feed files to a job that lives in a store; `flush`, `interim` and `on_records` as in `jobs.run`.

    Raises:
        BarographError: the job cannot be run, or an input cannot be read; what was read before it is kept, and stderr says so.
    """
    from barograph.cli.progress import ProgressBar
    from barograph.cli.run_output import FinishedRun
    from barograph.config import support
    from barograph.jobs.service import Query, Service

    for notice in support.left_out(job):
        typer.echo(f"note: {notice}", err=True)
    with Service.open(url, data_dir) as service:
        before = _examples(service, job.job_id)
        feeding = _Feeding(service, job, ProgressBar(paths), on_records)
        summary = feeding.run(paths, flush=flush, interim=interim)
        examples = [example for example in summary.counts.examples if example not in before]
        times = [time for time in (summary.first_ms, summary.last_ms, *summary.interim) if time is not None]
        query = Query(start_ms=min(times), end_ms=max(times) + 1, exclude_interim=False) if times else Query(size=0)
        records, buckets = service.records(job.job_id, query).rows, service.buckets(job.job_id, query).rows
        return FinishedRun(summary, examples, feeding.notes, records, buckets)


def _examples(service: "Service", job_id: str) -> "Sequence[Example]":
    """The examples of rows left out that an earlier run has told of."""
    from barograph.config.errors import NotFound

    try:
        counts = service.summary(job_id).counts
    except NotFound:
        return ()
    return counts.examples if counts else ()


class _Feeding:
    """A run under way, with a bar; what is to be said of its files is noted."""

    def __init__(self, service: "Service", job: "Job", bar: "ProgressBar", on_records: "OnRecords") -> None:
        self._service = service
        self._job = job
        self._bar = bar
        self._on_records = on_records
        self._committed = 0
        self.notes = list[str]()

    def run(self, paths: "Sequence[str]", *, flush: bool, interim: bool) -> "RunSummary":
        """Read all files; an error is told with what is kept."""
        from barograph.config.errors import InputError
        from barograph.jobs.run import IdleTime
        from barograph.results.labels import counted

        idle = IdleTime()
        chunks = self._bar.watch(self._service.chunks(self._job, paths, self._note, idle))
        try:
            with self._bar:
                return self._service.run(
                    self._job,
                    chunks,
                    self._show,
                    flush=flush,
                    interim=interim,
                    tell=self._tell,
                    idle=idle,
                    on_records=self._found,
                )
        except InputError:
            for note in self.notes:
                typer.echo(note, err=True)
            if self._committed:
                kept = f"{counted(self._committed, 'row')} before the error {'is' if self._committed == 1 else 'are'} kept"
                typer.echo(f"{kept}; the same command goes on from there", err=True)
            raise

    def _note(self, note: str) -> None:
        self.notes.append(os.fsencode(note).decode(errors="backslashreplace"))  # a path need not be text

    def _found(self, records: "pl.DataFrame") -> None:
        self._bar.stop()  # it would be drawn over
        self._on_records(records)

    def _tell(self, note: str) -> None:
        typer.echo(f"note: {note}", err=True)

    def _show(self, progress: "Progress") -> None:
        self._committed = progress.rows_committed
        self._bar.show(progress)
