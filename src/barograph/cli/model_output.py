"""What a job's models have learned, for `barograph jobs show`."""

from collections.abc import Iterator

import typer

from barograph.cli import output, tables
from barograph.cli.console import show as show_table
from barograph.cli.options import Format
from barograph.jobs.service import Described
from barograph.models import Known
from barograph.models.describe import YOUNG
from barograph.results import labels


def status(job_id: str, described: Described) -> Iterator[tuple[str, str]]:
    """What the models know in all, and what not yet, as a sentence."""
    known = described.known
    if not described.readable:
        yield "models", _unreadable(job_id)
    elif known.series == 1:
        lacks = next(_lacks(known), "known for long enough to find daily and weekly patterns")
        yield "models", f"one series, {lacks.removeprefix('1 ')}"
    elif known.series:
        pattern = f"{known.patterned:,} with a repeating pattern"
        yield "models", "; ".join([f"{known.series:,} series", pattern, *_lacks(known)])


def _unreadable(job_id: str) -> str:
    return f"another version has learned them; 'barograph replay {job_id}' makes them anew"


def _lacks(known: Known) -> Iterator[str]:
    if known.young:
        yield f"{known.young:,} with fewer than {YOUNG} values, where only gross anomalies show yet"
    if known.before_day:
        yield f"{known.before_day:,} seen for less than two days, too short to find a daily pattern"
    if known.before_week:
        yield f"{known.before_week:,} seen for less than two weeks, too short to find a weekly pattern"


def show(described: Described) -> None:
    """A line a series; what is left out is said."""
    rows = described.rows.rows(named=True)
    if not rows:
        return
    typer.echo()
    table = tables.plain("series" if any(map(labels.series, rows)) else "", "what its model believes")
    for row in rows:
        name = ", ".join(filter(None, (labels.series(row), labels.measured(row))))
        tables.add(table, name, row["text"])
    show_table(table)
    if described.cut:
        typer.echo(
            f"\nthe {len(rows):,} of {described.known.series:,} series that were the most anomalous lately; "
            "--entity FIELD=VALUE picks others, --models shows all"
        )


def write(job_id: str, described: Described) -> None:
    """The descriptions as one JSON array."""
    from barograph.api.elastic import documents  # noqa: PLC0415  # the server takes a second to import

    if not described.readable:
        typer.echo(f"models: {_unreadable(job_id)}", err=True)
    output.write(Format.JSON, described.rows, documents.documents(job_id, described.rows, documents.description))
