"""`barograph overall-buckets`: how odd the times were over several jobs together."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, Format, Interim, MinScore, OutputFormat, StoreUrl

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import polars as pl


_Jobs = Annotated[
    list[str], typer.Argument(metavar="JOBS", help="Job ids, groups, either with * for any text, or _all.", show_default=False)
]
_Span = Annotated[
    str | None,
    typer.Option(metavar="SPAN", help="Length of an overall bucket.", show_default="the largest bucket span of the jobs"),
]
_TopN = Annotated[int, typer.Option("--top-n", metavar="N", help="How many of the jobs with the highest scores are averaged.")]
_Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="First time, rounded up to a bucket: ISO 8601, epoch seconds or epoch ms.",
        show_default="the first",
    ),
]
_End = Annotated[
    str | None, typer.Option(metavar="TIME", help="Where to stop, rounded down to a bucket.", show_default="the last")
]


def overall_buckets(
    jobs: _Jobs,
    bucket_span: _Span = None,
    top_n: _TopN = 1,
    min_score: MinScore = 0.0,
    start: _Start = None,
    end: _End = None,
    interim: Interim = False,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show how odd the times were over several jobs together."""
    from zoneinfo import ZoneInfo

    from barograph.api.elastic import documents
    from barograph.cli.output import refuse_terminal, write
    from barograph.config.duration import Duration
    from barograph.config.errors import BadRequest
    from barograph.config.moment import epoch_ms
    from barograph.jobs.service import OverallQuery, Service

    refuse_terminal(output)
    try:
        span = None if bucket_span is None else Duration.parse(bucket_span)
    except ValueError as error:
        raise BadRequest(f"--bucket-span={bucket_span!r}: wanted {error}") from None
    with Service.open(store, data_dir, create=False) as service:
        zones = {summary.job.time_zone for summary in service.jobs(jobs)}
        zone = ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")
        query = OverallQuery(
            bucket_span=span,
            top_n=top_n,
            overall_score=min_score,
            start_ms=None if start is None else epoch_ms("--start", start, zone),
            end_ms=None if end is None else epoch_ms("--end", end, zone),
            exclude_interim=not interim,
        )
        overall = service.overall_buckets(jobs, query)
    if output is not Format.TABLE:
        write(output, overall, map(documents.overall_bucket, overall.iter_rows(named=True)))
    elif overall.height:
        _show(overall, zone)
    if not overall.height:
        typer.echo("no overall buckets match", err=True)


def _show(overall: "pl.DataFrame", zone: "ZoneInfo") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.results import labels

    table = tables.plain("score", "", f"when ({zone})", "jobs")
    for row in overall.iter_rows(named=True):
        score, word = tables.severity(row["overall_score"])
        jobs = ", ".join(f"{job['job_id']} {labels.whole(job['max_anomaly_score'])}" for job in row["jobs"])
        interim = " (interim)" if row["is_interim"] else ""
        tables.add(table, score, word if row["overall_score"] else "", labels.when(row["timestamp"], zone) + interim, jobs)
    show(table)
