"""`barograph jobs`: what jobs there are, what each has read and found, and forgetting them."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from barograph.cli.entities import Entities, parsed
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl, Yes
from barograph.cli.results import JobId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barograph.engine.exclusions import Exclusion
    from barograph.jobs.service import JobSummary, Page, Service
    from barograph.jobs.views.memory import Memory
    from barograph.results.silenced import Silenced


class _ListByDefault(TyperGroup):
    """`barograph jobs`, with or without options, means `barograph jobs list`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_ListByDefault, rich_markup_mode=None, help="List, show, reset or delete jobs. Without a command: list.")
_Json = Annotated[bool, typer.Option("--json", help="Print the job document alone; 'barograph run' reads it back.")]
_Models = Annotated[
    bool,
    typer.Option(
        "--models",
        help="Show what the models believe about every series; with --json in numbers too, instead of the job document.",
    ),
]
_SILENCERS = 10  # rules and planned times told one by one
_SHOWN = 20  # series that a person may still read; with more, those that were the most anomalous lately


@app.command("list")
def list_jobs(data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the jobs."""
    from zoneinfo import ZoneInfo

    from barograph.cli import tables
    from barograph.cli.console import show as show_table
    from barograph.jobs.service import Service
    from barograph.results import labels

    with Service.open(store, data_dir, create=False) as service:
        summaries = service.jobs()
    if not summaries:
        typer.echo("no jobs")
        return
    table = tables.plain("job", "rows", "up to", "what it does", right=("rows",))
    for summary in summaries:
        newest = summary.counts.latest_record_timestamp if summary.counts else None
        until = "nothing yet" if newest is None else labels.when(newest, ZoneInfo(summary.job.time_zone))
        rows = summary.counts.input_record_count if summary.counts else 0
        tables.add(table, summary.job.job_id, f"{rows:,}", until, labels.sentence(summary.job))
    show_table(table)


@app.command("show")
def show(
    job_id: JobId,
    as_json: _Json = False,
    models: _Models = False,
    entity: Entities = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show what a job does, has read, has found and has left out, and what its models believe.

    Of many series the 20 that were the most anomalous lately are shown, unless --models or --entity asks for others.
    """
    from barograph.cli import counts, model_output, tables
    from barograph.cli.console import show as show_table
    from barograph.jobs.service import Query, Service
    from barograph.jobs.summary import dropped
    from barograph.results.counts import DataCounts

    with Service.open(store, data_dir, create=False) as service:
        summary = service.summary(job_id)
        if as_json and not models:
            typer.echo(summary.job.model_dump_json(indent=2, exclude_none=True))
            return
        worst, spans = service.records(job_id, Query(size=1)), service.forgotten(job_id)
        silenced, memory = service.silenced(job_id), service.memory(job_id)
        described = service.describe(job_id, parsed(entity), None if models or entity else _SHOWN)
    if as_json:
        model_output.write(job_id, described)
        return
    status = model_output.status(job_id, described)
    limited = "model_memory_limit" in summary.job.analysis_limits.model_fields_set
    limits = [*_silenced(summary, silenced), *_pruned(summary, memory.pruned), *_memory(memory, limited=limited)]
    show_table(tables.facts([*_facts(summary, worst), *limits, *_replays(summary, spans), *status]))
    model_output.show(described)
    if summary.counts:
        for line in counts.left_out(dropped(DataCounts(), summary.counts), summary.counts.examples):
            typer.echo(line)


def _facts(summary: "JobSummary", worst: "Page") -> "Iterator[tuple[str, str]]":
    from zoneinfo import ZoneInfo

    from barograph.results import labels
    from barograph.results.severity import severity

    job, counts = summary.job, summary.counts
    zone = ZoneInfo(job.time_zone)
    yield "job", job.job_id
    if job.description:
        yield "description", job.description
    yield "what it does", labels.sentence(job)
    yield "time zone", job.time_zone
    yield "created", labels.when(summary.create_time // 1000 * 1000, zone)
    if counts is None or counts.earliest_record_timestamp is None or counts.latest_record_timestamp is None:
        yield "read", "nothing yet; 'barograph run JOB DATA' feeds it"
        return
    first, last = (labels.when(time, zone) for time in (counts.earliest_record_timestamp, counts.latest_record_timestamp))
    yield "read", f"{labels.counted(counts.input_record_count, 'row')}, {first} to {last}"
    yield "finished", f"{labels.counted(counts.bucket_count, 'bucket')}, {counts.empty_bucket_count:,} without rows"
    if worst.rows.height:
        score = worst.rows["record_score"][0]
        yield "found", f"{labels.counted(worst.total, 'record')}, the worst {severity(score)} ({labels.whole(score)})"
    else:
        yield "found", "no records"


def _silenced(summary: "JobSummary", silenced: "tuple[Silenced, ...]") -> "Iterator[tuple[str, str]]":
    """What rules and planned times have silenced."""
    from zoneinfo import ZoneInfo

    from barograph.results import labels

    for one in silenced[:_SILENCERS]:
        yield "silenced", labels.silenced(one, ZoneInfo(summary.job.time_zone))
    if others := silenced[_SILENCERS:]:
        yield "silenced", f"{labels.counted(sum(one.count for one in others), 'result')} by {len(others):,} others"


def _pruned(summary: "JobSummary", pruned: int) -> "Iterator[tuple[str, str]]":
    """How many series were forgotten as they had no rows."""
    from barograph.results import labels

    window = summary.job.analysis_config.model_prune_window
    if pruned:
        without = "" if window is None else f" without rows for {labels.length(window.ms)}"
        yield "pruned", f"{labels.counted(pruned, 'series', 'series')}{without}"


def _memory(memory: "Memory", *, limited: bool) -> "Iterator[tuple[str, str]]":
    """How the models of a job keep to their limit, where it was given one or reaches it."""
    from barograph.results import labels

    if not limited and memory.status == "ok":
        return
    word = {"ok": "within", "soft_limit": "near", "hard_limit": "at"}[memory.status]
    word = "beyond" if memory.exceeded else word
    used = memory.total / (1 << 20)
    size = f"{used:,.1f}" if used >= 0.1 else "under 0.1"
    yield "memory", f"{size} MB of models, {word} the limit of {memory.limit >> 20:,} MB"
    if memory.asleep:
        yield (
            "asleep",
            f"{labels.counted(memory.asleep, 'series', 'series')} without data for long, on the disk; data wakes them",
        )
    if memory.refused_rows:
        rows = labels.counted(memory.refused_rows, "row")
        yield "left out", f"{rows} of new series, in {labels.counted(memory.refused_buckets, 'bucket')}: no room for more"


def _replays(summary: "JobSummary", spans: "tuple[Exclusion, ...]") -> "Iterator[tuple[str, str]]":
    """Whether the results are those of a replay, and what it left out."""
    from zoneinfo import ZoneInfo

    from barograph.cli.replays import forgotten
    from barograph.results import labels

    zone = ZoneInfo(summary.job.time_zone)
    if summary.replay_time is not None:
        yield "replayed", labels.when(summary.replay_time // 1000 * 1000, zone)
    for line in forgotten(spans, zone):
        yield "forgotten", line


@app.command("reset")
def reset(job_id: JobId, yes: Yes = False, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Forget all that a job has read, learned and found; keep the job."""
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        _ask(service, job_id, "reset", yes)
        service.reset(job_id)
    typer.echo(f"reset {job_id}: it starts anew with the next run")


@app.command("delete")
def delete(job_id: JobId, yes: Yes = False, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Remove a job and all that it has read, learned and found."""
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        _ask(service, job_id, "delete", yes)
        service.delete(job_id)
    typer.echo(f"deleted {job_id}")


def _ask(service: "Service", job_id: str, verb: str, yes: bool) -> None:
    """Ask before something is lost; where nobody can answer, `--yes` is the answer."""
    from barograph.config.errors import BadRequest
    from barograph.jobs.service import Query
    from barograph.results.labels import counted

    records = service.records(job_id, Query(size=0)).total
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadRequest(f"jobs {verb} {job_id}: wanted --yes, as there is no terminal to ask on")
    if not typer.confirm(f"{verb} {job_id} with its models and {counted(records, 'record')}?"):
        raise typer.Exit(1)
