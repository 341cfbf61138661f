"""`barograph replay` and `barograph forget`: models and results made anew from the kept bucket values."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.entities import Entities
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl
from barograph.cli.results import JobId

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from barograph.engine.exclusions import Exclusion
    from barograph.jobs.replay import Replayed

_From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="TIME",
        help="Where the span begins: ISO 8601 (in the job's time zone when it has no offset), epoch seconds or epoch ms.",
        show_default=False,
    ),
]
_To = Annotated[str, typer.Option("--to", metavar="TIME", help="Where it ends, exclusive.", show_default=False)]
_Undo = Annotated[bool, typer.Option("--undo", help="Let the models see a span again that was forgotten with the same words.")]


def replay(job_id: JobId, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Make a job's models and results anew from its bucket values.

    A job that nothing has changed comes out as it was, to the last bit; after an upgrade it has what the new version finds.
    Readers see the old results until all new ones are there.
    """
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service, _progress() as show:
        done = service.replay(job_id, show)
    typer.echo(_story(done))


def forget(
    job_id: JobId,
    start: _From,
    end: _To,
    entity: Entities = None,
    undo: _Undo = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Give a job the models that it would have had without a span of time.

    Every bucket that the span touches is forgotten whole. The results of the span stay as they are; those after it are made
    anew. What is forgotten stays so in later replays.
    """
    from zoneinfo import ZoneInfo

    from barograph.cli.entities import parsed
    from barograph.config.moment import epoch_ms
    from barograph.engine.exclusions import Exclusion
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        span = Exclusion(epoch_ms("--from", start, zone), epoch_ms("--to", end, zone), parsed(entity))
        with _progress() as show:
            done = (service.remember if undo else service.forget)(job_id, span, show)
    typer.echo(_story(done))
    for line in forgotten(done.forgotten, zone):
        typer.echo(f"forgotten: {line}")


def forgotten(spans: "tuple[Exclusion, ...]", zone: "ZoneInfo") -> "Iterator[str]":
    """Forgotten spans in words, in the order in which they were forgotten."""
    from barograph.cli.entities import told
    from barograph.results.labels import when

    for span in spans:
        whose = f" of {told(span.entity)}" if span.entity else ""
        yield f"{when(span.start_ms, zone)} to {when(span.end_ms, zone)}{whose}"


def _story(done: "Replayed") -> str:
    from barograph.results.labels import counted, rough

    return (
        f"replayed {counted(done.buckets, 'bucket')} with {counted(done.values, 'value')} in {rough(done.seconds)} s: "
        f"{counted(done.records, 'record')}, {done.records_before:,} before"
    )


@contextmanager
def _progress() -> "Iterator[Callable[[int, int], None]]":
    """A bar on stderr where that is a terminal, gone when done."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from barograph.cli.console import console

    columns = (BarColumn(bar_width=20), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console(sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("")
        yield lambda done, of: progress.update(task, completed=done, total=of)
