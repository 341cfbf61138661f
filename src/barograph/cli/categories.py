"""`barograph categories`: what a job's messages say, and how often."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl
from barograph.cli.results import JobId

if TYPE_CHECKING:
    from barograph.results.category import CategorizerStats, CategoryDefinition

_Most = Annotated[int, typer.Option("--size", metavar="N", min=1, help="Show at most so many, those with the most messages.")]
_One = Annotated[
    int | None,
    typer.Option("--id", metavar="N", min=1, help="Show one category with its examples and patterns.", show_default=False),
]


def categories(
    job_id: JobId, id: _One = None, size: _Most = 20, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None
) -> None:
    """Show the categories of a job's messages: what they have in common, and how many there were.

    A number in the results of a detector that is split by mlcategory is the number of a category here.
    """
    from barograph.config.errors import BadRequest, NotFound
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        job, known = service.job(job_id), service.categories(job_id)
    if job.analysis_config.categorization_field_name is None:
        raise BadRequest(f"job {job_id!r}: wanted a job with a categorization_field_name; this one has no messages")
    if id is not None:
        if id > len(known.definitions):
            raise NotFound(f"--id={id}: wanted a category of the job, which has {len(known.definitions):,}")
        return _show_one(known.definitions[id - 1])
    _show(known.definitions, size)
    for stats in known.stats:
        _tell(stats)


def _show(found: "tuple[CategoryDefinition, ...]", size: int) -> None:
    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.results.labels import counted

    if not found:
        typer.echo("no categories yet")
        return
    alive = sorted(found, key=lambda one: (-one.num_matches, one.category_id))
    partition = found[0].partition_field_name
    table = tables.plain(
        "category",
        *(() if partition is None else (partition,)),
        "messages",
        "what they have in common",
        right=("category", "messages"),
    )
    for one in alive[:size]:
        split = () if partition is None else (one.partition_field_value or "",)
        tables.add(table, str(one.category_id), *split, f"{one.num_matches:,}", one.terms or "(no words)")
    show(table)
    if len(alive) > size:
        typer.echo(f"and {counted(len(alive) - size, 'more category', 'more categories')}; --size shows them")


def _tell(stats: "CategorizerStats") -> None:
    of = "" if stats.partition_field_name is None else f"{stats.partition_field_name}={stats.partition_field_value}: "
    parts = [
        f"{stats.categorized_doc_count:,} messages in {stats.total_category_count:,} categories",
        f"{stats.frequent_category_count:,} frequent",
        f"{stats.rare_category_count:,} with a single message",
    ]
    if stats.dead_category_count:
        parts.append(f"{stats.dead_category_count:,} that others took the place of")
    if stats.failed_category_count:
        parts.append(f"{stats.failed_category_count:,} messages without a category, as there are as many as there may be")
    text = ", ".join(parts)
    if stats.categorization_status == "warn":
        text += "; warning: these are no messages that fall into categories"
    if stats.is_stopped:
        text += "; stopped"
    typer.echo(f"{of}{text}")


def _show_one(one: "CategoryDefinition") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show

    table = tables.plain("", f"category {one.category_id}")
    partition = [(one.partition_field_name, one.partition_field_value or "")] if one.partition_field_name else []
    taken = ", ".join(map(str, one.preferred_to_categories))
    rows = [
        *partition,
        ("messages", f"{one.num_matches:,}"),
        ("terms", one.terms),
        ("regex", one.regex),
        ("grok", one.grok_pattern),
        ("longest", f"{one.max_matching_length:,} characters"),
        *([("took the place of", taken)] if taken else []),
        *(("example", example) for example in one.examples),
    ]
    for name, value in rows:
        tables.add(table, name, value)
    show(table)
