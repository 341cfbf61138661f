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
    import polars as pl

    from barograph.cli.running import Ran
    from barograph.config.job import Job

_WORST = 10

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
    already are not read twice.
    """
    import polars as pl

    from barograph.api.elastic import documents
    from barograph.cli.output import refuse_terminal, write
    from barograph.cli.running import run_job
    from barograph.config.load import load_job

    refuse_terminal(output)
    loaded = load_job(job)
    ran = run_job(loaded, data, data_dir, store, flush=flush, interim=interim)
    found = ran.records.filter(pl.col("record_score") >= min_score)
    for line in ran.story():
        typer.echo(line, err=output is not Format.TABLE)
    if output is Format.TABLE:
        if ran.summary.buckets or ran.summary.interim:
            _show_worst(loaded, ran, found)
        elif ran.summary.rows:
            typer.echo(ran.unfinished(loaded))
        asked = " --interim" if ran.summary.interim else ""
        typer.echo(f"All records of the job: barograph results {loaded.job_id} records{asked}{_where(data_dir, store)}")
    else:
        write(output, found, documents.documents(loaded.job_id, found, documents.record))
    if ran.exit_code:
        raise typer.Exit(ran.exit_code)


def _where(data_dir: Path, store: str | None) -> str:
    """The options that lead to the same store again. A URL can hold a password, so it is not repeated."""
    usual = Path(os.environ.get("BAROGRAPH_DATA_DIR", DEFAULT_DATA_DIR))
    named = "" if data_dir == usual else f" --data-dir {shlex.quote(str(data_dir))}"
    return named + (" --store URL" if store and "BAROGRAPH_STORE" not in os.environ else "")


def _show_worst(job: "Job", ran: "Ran", found: "pl.DataFrame") -> None:
    """The worst records in words, one line an episode and series, and how many there are besides."""
    from zoneinfo import ZoneInfo

    from barograph.cli import tables
    from barograph.cli.console import show

    if not found.height:
        if not ran.summary.values and ran.summary.dropped.get("missing_field") and not ran.summary.interim:
            typer.echo("nothing could be judged: no bucket has a value, see what was left out")
            return
        typer.echo("nothing unusual" if not ran.records.height else "nothing as unusual as that")
        return
    episodes = tables.episodes(found, ran.buckets, job.bucket_span_ms)
    typer.echo()
    show(tables.records(episodes.head(_WORST), ZoneInfo(job.time_zone)))
    typer.echo()
    if episodes.height > _WORST:
        shown = f"Shown are the worst {_WORST} of {episodes.height:,}, a line an episode"
        typer.echo(f"{shown}: its highest score, and where it was least likely.")
