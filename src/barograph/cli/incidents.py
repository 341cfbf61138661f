"""`barograph incidents`: what went wrong together."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import TYPE_CHECKING

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, Format, MinScore, OutputFormat, StoreUrl
from barograph.cli.results import End, JobId, Start

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import polars as pl


def incidents(
    job_id: JobId,
    start: Start = None,
    end: End = None,
    min_score: MinScore = 0.0,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show what went wrong together: series that are anomalous at one time and have an entity in common are one incident.

    The first series of an incident is a hint at its cause. An incident alone is shown with all its series.
    """
    from zoneinfo import ZoneInfo

    from barograph.api.elastic import documents
    from barograph.cli.output import refuse_terminal, write
    from barograph.config.moment import epoch_ms
    from barograph.jobs.service import Service

    refuse_terminal(output)
    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        first, last = (
            None if text is None else epoch_ms(name, text, zone) for name, text in (("--start", start), ("--end", end))
        )
        told = service.incidents(job_id, first, last, min_score)
    if output is not Format.TABLE:
        write(output, told, documents.documents(job_id, told, documents.incident))
    elif told.height:
        _show(told, zone)
    if not told.height:
        typer.echo("no incidents match", err=True)


def _show(told: "pl.DataFrame", zone: "ZoneInfo") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show

    show(tables.incidents(told, zone))
    if told.height == 1 and told["series"].item() > 1:
        typer.echo()
        show(tables.members(told["members"].explode().struct.unnest(), zone))
    cut = told["is_whole"].not_().sum()
    if cut:
        begins = "It may have" if told.height == cut == 1 else f"{cut:,} of them may have"
        typer.echo(f"\n{begins} begun earlier: results from before have expired.")
