"""`barograph report`: what a job has found, as a page or a picture to keep or to send."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.entities import Entities
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, MinScore, StoreUrl
from barograph.cli.results import End, JobId, Start

_Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the page, which is HTML, to this file.", show_default=False)
]
_Png = Annotated[
    Path | None,
    typer.Option("--png", metavar="FILE", help="Write a picture, which is PNG; needs 'barograph[plots]'.", show_default=False),
]


def report(
    job_id: JobId,
    out: _Out = None,
    png: _Png = None,
    start: Start = None,
    end: End = None,
    min_score: MinScore = 0.0,
    entity: Entities = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Write what a job has found to one page that needs nothing else, or to a picture.

    The page has the incidents in sentences, when and where they were, charts of the worst, the worst records, and how it was
    made. It opens in any browser, without a server, and asks nothing of any other.
    """
    from zoneinfo import ZoneInfo

    from barograph.cli.entities import parsed
    from barograph.config.errors import BadRequest
    from barograph.config.moment import epoch_ms
    from barograph.jobs.service import Service
    from barograph.report import content
    from barograph.report.page import page
    from barograph.report.picture import picture

    if out is None and png is None:
        raise BadRequest(f"report {job_id}: wanted --out FILE for a page, --png FILE for a picture, or both")
    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        first, last = (
            None if text is None else epoch_ms(name, text, zone) for name, text in (("--start", start), ("--end", end))
        )
        told = content.report(service, content.ReportQuery(job_id, first, last, min_score, parsed(entity)))
    drawn = None if png is None else picture(told)  # before anything is written: what draws it may not be installed
    if out is not None:
        _write(out, page(told).encode())
    if png is not None and drawn is not None:
        _write(png, drawn)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    typer.echo(f"wrote {path} ({max(len(content) // 1000, 1):,} kB)")
