"""`barograph snapshots`: the saved states of a job's models, and going back to one."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from typing import Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl, Yes
from barograph.cli.results import JobId

app = typer.Typer(rich_markup_mode=None, help="List a job's model snapshots, or go back to one.", no_args_is_help=True)

_SnapshotId = Annotated[
    str, typer.Argument(metavar="SNAPSHOT_ID", help="Its id, as 'snapshots list' shows it.", show_default=False)
]
_Delete = Annotated[bool, typer.Option("--delete-later-results", help="Remove the results of the time after it as well.")]


@app.command("list")
def list_snapshots(job_id: JobId, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the snapshots of a job, oldest first; the last is where it goes on."""
    from zoneinfo import ZoneInfo

    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.jobs.service import Service
    from barograph.results import labels

    with Service.open(store, data_dir, create=False) as service:
        zone, snapshots = ZoneInfo(service.job(job_id).time_zone), service.snapshots(job_id)
    if not snapshots:
        typer.echo("no snapshots")
        return
    table = tables.plain("snapshot", f"has read up to ({zone})", "bytes", right=("bytes",))
    for snapshot in snapshots:
        newest = snapshot.latest_record_timestamp
        until = "nothing yet" if newest is None else labels.when(newest, zone)
        tables.add(table, snapshot.snapshot_id, until, f"{snapshot.bytes:,}")
    show(table)


@app.command("revert")
def revert(
    job_id: JobId,
    snapshot_id: _SnapshotId,
    delete_later_results: _Delete = False,
    yes: Yes = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Take a job back to a snapshot, as if the rows that came after it had not been read.

    The next run reads them again. Later snapshots and bucket values go; later results stay until rows of their time come
    again, unless they are to be removed.
    """
    from barograph.config.errors import BadRequest
    from barograph.jobs.service import Service
    from barograph.results.labels import counted

    with Service.open(store, data_dir, create=False) as service:
        ids = [snapshot.snapshot_id for snapshot in service.snapshots(job_id)]
        later = len(ids) - 1 - ids.index(snapshot_id) if snapshot_id in ids else 0
        if not yes and later:
            if not sys.stdin.isatty():
                raise BadRequest(f"snapshots revert {job_id}: wanted --yes, as there is no terminal to ask on")
            if not typer.confirm(f"revert {job_id} and lose {counted(later, 'later snapshot')}?"):
                raise typer.Exit(1)
        done = service.revert(job_id, snapshot_id, delete_later_results=delete_later_results)
    gone = f", removed {counted(done.results, 'row')} of results" if delete_later_results else ""
    typer.echo(f"reverted {job_id} to {snapshot_id}, removed {counted(len(done.snapshots), 'later snapshot')}{gone}")
