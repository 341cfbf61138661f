"""`barograph demo`: the main job on a real, labelled series that ships with the package."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.results.severity import MAJOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    import polars as pl

    from barograph.samples import Cause

_WORST = 10
_FOUND = MAJOR
"""A cause counts as found from this score: what one would look at the same day."""

_Folder = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Where to keep the demo's job.", show_default="a new temporary directory"),
]


def demo(data_dir: _Folder = None) -> None:
    """Find the anomalies in a real series, and compare them with the causes that are known."""
    from tempfile import mkdtemp
    from zoneinfo import ZoneInfo

    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.cli.run import run_files
    from barograph.jobs.service import Service
    from barograph.results import labels
    from barograph.samples import NYC_TAXI

    folder = data_dir or Path(mkdtemp(prefix="barograph-demo-"))
    job = NYC_TAXI.job()
    typer.echo(f"{NYC_TAXI.title[0].upper()}{NYC_TAXI.title[1:]}.\nThe job: {labels.sentence(job)}.")
    ran = run_files(job, [str(NYC_TAXI.data_file)], folder, None)
    for line in ran.story():
        typer.echo(line)
    if ran.exit_code:
        raise typer.Exit(ran.exit_code)
    zone = ZoneInfo(job.time_zone)
    with Service.open(None, folder) as service:  # not what this run found: a second demo in one folder has nothing new
        episodes = tables.episodes(service.records(job.job_id).rows, service.buckets(job.job_id).rows, job.bucket_span_ms)
    typer.echo(f"\nThe worst {_WORST}, a line an episode, where it peaked.\n")
    show(tables.records(episodes.head(_WORST), zone))
    _compare(episodes, NYC_TAXI.causes(), zone)
    _next(job.job_id, folder)


def _compare(episodes: "pl.DataFrame", causes: "Sequence[Cause]", zone: "ZoneInfo") -> None:
    """Hold what was found against the labels, both ways: what was missed, and what is not labelled."""
    import polars as pl

    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.results import labels
    from barograph.results.words import record_compared

    table = tables.plain("known cause", "found", "score", f"worst at ({zone})", "")
    found, outside = 0, episodes.filter(pl.col("record_score") >= _FOUND)
    for cause in causes:
        inside = pl.col("timestamp").is_between(cause.start_ms, cause.end_ms)
        outside = outside.filter(~inside)
        worst = next(episodes.filter(inside).iter_rows(named=True), None)
        if worst is None:
            tables.add(table, cause.name, "no")
            continue
        hit = worst["record_score"] >= _FOUND
        found += hit
        when = labels.when(worst["timestamp"], zone)
        tables.add(table, cause.name, "yes" if hit else "no", labels.whole(worst["record_score"]), when, record_compared(worst))
    typer.echo("\nWhat is known about this series (labels of the Numenta Anomaly Benchmark):\n")
    show(table)
    typer.echo(
        f"\nFound {found} of {len(causes)} known causes with a score of {_FOUND:g} or more (major).\n"
        f"{labels.counted(outside.height, 'episode')} reached it where nothing is labelled."
    )


def _next(job_id: str, folder: Path) -> None:
    program, where = _program(), shlex.quote(str(folder))
    typer.echo("\nNext:")
    for words in (
        f"results {job_id} records --min-score 50 --data-dir {where}",
        f"results {job_id} buckets --start 2015-01-26 --end 2015-01-28 --data-dir {where}",
        f"jobs show {job_id} --data-dir {where}",
        f"jobs show {job_id} --json --data-dir {where} > my-job.json",
    ):
        typer.echo(f"  {program} {words}")
    typer.echo(f"Edit my-job.json to suit your own data, then: {program} run my-job.json DATA.csv")
    typer.echo(f"The same in the browser: {program} serve --demo")


def _program() -> str:
    """How this program was called, so that the commands shown can be copied."""
    called = sys.argv[0]
    on_path = shutil.which("barograph")
    if on_path is None or Path(called).resolve() != Path(on_path).resolve():
        return shlex.quote(called)
    return "barograph"
