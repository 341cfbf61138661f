"""`barograph expire`: remove what jobs no longer want kept."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl

_Jobs = Annotated[
    list[str] | None,
    typer.Argument(metavar="JOB_ID", help="Jobs, groups, or either with *; all without one.", show_default="all"),
]


def expire(jobs: _Jobs = None, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Remove the results, snapshots and bucket values that jobs no longer want kept, and forecasts whose time is over.

    Each commit of a job does the same for results and snapshots, each forecast for forecasts; bucket values go by this command
    only. Ages are counted back from a job's newest data, those of forecasts by the clock.
    """
    from barograph.jobs.service import Service
    from barograph.results.labels import counted

    with Service.open(store, data_dir, create=False) as service:
        for summary in service.jobs(jobs or ["_all"]):
            done, forecasts = service.expire(summary.job.job_id)
            parts = (counted(len(done.snapshots), "snapshot"), counted(forecasts, "forecast"))
            rows = f"{counted(done.results, 'row')} of results and {done.values:,} of the history"
            what = f"{rows}, {' and '.join(parts)}"
            typer.echo(f"{summary.job.job_id}: removed {what}")
