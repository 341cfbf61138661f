"""`barograph results`: what a job has found."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.entities import Entities, parsed
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, DetectorIndex, Format, Interim, MinScore, OutputFormat, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from barograph.api.elastic.documents import Document
    from barograph.config.job import Job
    from barograph.jobs.service import Page, Service

_TABLE_ROWS = 100


class Kind(StrEnum):
    """The result tables."""

    BUCKETS = "buckets"
    RECORDS = "records"
    INFLUENCERS = "influencers"
    ANNOTATIONS = "annotations"
    FOREST = "forest"


JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="The job's id.", show_default=False)]
_Kind = Annotated[Kind, typer.Argument(metavar="|".join(Kind), help="What to show.", show_default=False)]
_TIME_HELP = "ISO 8601 (in the job's time zone when it has no offset), epoch seconds or epoch ms."
Start = Annotated[
    str | None, typer.Option(help=f"First bucket to show, inclusive. {_TIME_HELP}", metavar="TIME", show_default="the first")
]
End = Annotated[str | None, typer.Option(help="Where to stop, exclusive.", metavar="TIME", show_default="the last bucket")]
_Sort = Annotated[
    str | None,
    typer.Option(
        help="Column to sort by; see docs/results.md.",
        metavar="COLUMN",
        show_default="the score or grade; the time for buckets and annotations",
    ),
]
_Descending = Annotated[
    bool | None,
    typer.Option(
        "--descending/--ascending",
        help="Direction.",
        show_default="scores and grades from the highest, all else from the lowest",
    ),
]
_Size = Annotated[
    int | None,
    typer.Option(min=1, help="Show at most so many.", metavar="N", show_default="100 in a table, else all"),
]


def results(
    job_id: JobId,
    kind: _Kind,
    start: Start = None,
    end: End = None,
    min_score: MinScore = 0.0,
    entity: Entities = None,
    detector: DetectorIndex = None,
    interim: Interim = False,
    sort: _Sort = None,
    descending: _Descending = None,
    size: _Size = None,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show what a job has found: buckets, records, influencers, annotations (what has changed and is the new normal), or what
    the forest of a forest detector found of each entity and bucket.

    An entity of records is a split value of theirs or one of their influencers.
    """
    from zoneinfo import ZoneInfo

    from barograph.cli.output import refuse_terminal, write
    from barograph.config.moment import epoch_ms
    from barograph.jobs.service import Query, Service

    refuse_terminal(output)
    if kind is Kind.FOREST:
        _refuse_scores(min_score, detector)
        sort = sort or "anomaly_grade"
    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        query = Query(
            start_ms=None if start is None else epoch_ms("--start", start, zone),
            end_ms=None if end is None else epoch_ms("--end", end, zone),
            min_score=min_score,
            sort=sort,
            descending=sort.endswith(("score", "grade")) if sort and descending is None else descending,
            size=size or (_TABLE_ROWS if output is Format.TABLE else None),
            exclude_interim=not interim,
            entity=parsed(entity),
            detector_index=detector,
        )
        find = service.forest_results if kind is Kind.FOREST else getattr(service, kind.value)
        page: Page = find(job_id, query)
        if output is Format.TABLE and kind is Kind.FOREST:
            _show_forest(service.job(job_id), page)
        elif output is Format.TABLE:
            _show(kind, page, zone)
        else:
            write(output, page.rows, _documents(service, kind, job_id, page))
    _tell_rest(kind, page)


def _show(kind: Kind, page: "Page", zone: "ZoneInfo") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show

    if page.rows.height:
        show(getattr(tables, kind.value)(page.rows, zone))


def _refuse_scores(min_score: float, detector: int | None) -> None:
    """Refuse to choose results of forests by what only records have.

    Raises:
        BadRequest: it was asked for.
    """
    from barograph.config.errors import BadRequest

    for name, value in (("--min-score", min_score or None), ("--detector", detector)):
        if value is not None:
            raise BadRequest(f"{name}={value:g}: wanted none, as the features are graded together; the worst come first")


def _show_forest(job: "Job", page: "Page") -> None:
    from barograph.cli.console import show
    from barograph.cli.forest_output import graded

    if page.rows.height:
        show(graded(job, page.rows))


def _documents(service: "Service", kind: Kind, job_id: str, page: "Page") -> "Iterator[Document]":
    from barograph.api.elastic import documents
    from barograph.jobs.service import Query

    if kind is Kind.FOREST:
        return ({"job_id": job_id} | row for row in page.rows.iter_rows(named=True))
    rows = service.with_causes(job_id, page.rows) if kind is Kind.RECORDS else page.rows
    if kind is Kind.BUCKETS and rows.height:
        first, last = rows["timestamp"].min(), rows["timestamp"].max()
        assert isinstance(first, int)
        assert isinstance(last, int)
        span = Query(start_ms=first, end_ms=last + 1, exclude_interim=False)
        return documents.buckets(job_id, rows, service.bucket_influencers(job_id, span).rows)
    build = {
        Kind.RECORDS: documents.record,
        Kind.INFLUENCERS: documents.influencer,
        Kind.ANNOTATIONS: documents.annotation,
    }[kind]
    return documents.documents(job_id, rows, build)


def _tell_rest(kind: Kind, page: "Page") -> None:
    """Say on stderr what is not shown: a list that was cut, or an empty one, must not pass for the whole truth."""
    shown = page.rows.height
    what = "results of forests" if kind is Kind.FOREST else kind.value
    if not page.total:
        typer.echo(f"no {what} match", err=True)
    elif shown < page.total:
        typer.echo(f"showing {shown:,} of {page.total:,} {what}; --size {page.total} shows all", err=True)
