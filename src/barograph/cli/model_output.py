"""What a job's models believe, for `barograph jobs show`."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import typer

from barograph.api.elastic import documents
from barograph.cli import output, tables, words
from barograph.cli.console import show as show_table
from barograph.cli.entities import told
from barograph.cli.options import Format
from barograph.config.errors import BadRequest, OtherVersion
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.engine.entity import Entity
from barograph.models import Known
from barograph.models.describe import YOUNG
from barograph.store.store import Store


@dataclass(frozen=True)
class Beliefs:
    """What is to be shown: rows of `schema.DESCRIPTIONS`, what is known in all, of how many series; why not, if not."""

    rows: pl.DataFrame
    known: Known
    cut: bool
    problem: str | None = None


def read(store: Store, job: Job, entity: Entity, most: int | None) -> Beliefs:
    """The descriptions of an entity's series, or of at most so many.

    Raises:
        BadRequest: no series of the job is of the entity.
    """
    saved = store.resume(job.job_id)
    try:
        engine = Engine.build(job, saved.snapshot if saved else None)
    except OtherVersion:
        problem = f"another version has learned them; 'barograph replay {job.job_id}' makes them anew"
        return Beliefs(Engine.build(job).describe(entity), Known(), False, problem)
    rows, known = engine.describe(entity, most), engine.known()
    if entity and rows.is_empty():
        raise BadRequest(f"entity={told(entity)!r}: wanted one that the job has seen")
    return Beliefs(rows, known, most is not None and rows.height == most < known.series)


def status(beliefs: Beliefs) -> Iterator[tuple[str, str]]:
    """What the models know in all, and what not yet, as a sentence."""
    known = beliefs.known
    if beliefs.problem:
        yield "models", beliefs.problem
    elif known.series == 1:
        lacks = next(_lacks(known), "known for long enough to find daily and weekly patterns")
        yield "models", f"one series, {lacks.removeprefix('1 ')}"
    elif known.series:
        pattern = f"{known.patterned:,} with a repeating pattern"
        yield "models", "; ".join([f"{known.series:,} series", pattern, *_lacks(known)])


def _lacks(known: Known) -> Iterator[str]:
    if known.young:
        yield f"{known.young:,} with fewer than {YOUNG} values, where only gross anomalies show yet"
    if known.before_day:
        yield f"{known.before_day:,} seen for less than two days, too short to find a daily pattern"
    if known.before_week:
        yield f"{known.before_week:,} seen for less than two weeks, too short to find a weekly pattern"


def show(beliefs: Beliefs) -> None:
    """A line a series; what is left out is said."""
    rows = beliefs.rows.rows(named=True)
    if not rows:
        return
    typer.echo()
    table = tables.plain("series" if any(map(words.series, rows)) else "", "what its model believes")
    for row in rows:
        name = ", ".join(filter(None, (words.series(row), words.measured(row))))
        tables.add(table, name, row["text"])
    show_table(table)
    if beliefs.cut:
        typer.echo(
            f"\nthe {len(rows):,} of {beliefs.known.series:,} series that were the most anomalous lately; "
            "--entity FIELD=VALUE picks others, --models shows all"
        )


def write(job_id: str, beliefs: Beliefs) -> None:
    """The descriptions as one JSON array."""
    if beliefs.problem:
        typer.echo(f"models: {beliefs.problem}", err=True)
    output.write(Format.JSON, beliefs.rows, documents.documents(job_id, beliefs.rows, documents.description))
