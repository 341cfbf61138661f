"""`barograph what-if`: how often a job would have alerted."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.entities import Entities
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, Format, OutputFormat, StoreUrl
from barograph.cli.results import JobId
from barograph.results.severity import MAJOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    import polars as pl

    from barograph.api.elastic.documents import Document
    from barograph.jobs.views.what_if import Alerts, AlertSettings

_WEEK_DAYS = 7

_MinScore = Annotated[
    float, typer.Option("--min-score", min=0, max=100, metavar="N", help="Alert on records with at least this score.")
]
_MinChange = Annotated[
    float,
    typer.Option(
        "--min-change",
        min=0,
        metavar="PERCENT",
        help="Alert only where the value is at least so far from the typical one, in percent of that.",
    ),
]
_Days = Annotated[float, typer.Option("--days", metavar="N", help="Look back so many days from the newest bucket.")]


_Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="RULE",
        help="Leave out records that match, such as 'actual < 10 and host in (a, b)'; several: that match any. "
        "See docs/replay.md.",
        show_default="none",
    ),
]


def what_if(
    job_id: JobId,
    min_score: _MinScore = MAJOR,
    min_change: _MinChange = 0.0,
    entity: Entities = None,
    rule: _Rules = None,
    days: _Days = 30.0,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show which alerts a job would have raised under other settings.

    An alert is an episode: what goes on alerts once, and again when it becomes critical. Nothing is written.
    """
    from zoneinfo import ZoneInfo

    from barograph.cli.entities import parsed
    from barograph.cli.output import refuse_terminal, write
    from barograph.config.rule_text import parse_rule
    from barograph.jobs.service import Service
    from barograph.jobs.views.what_if import AlertSettings

    refuse_terminal(output)
    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        rules = tuple(parse_rule(text, zone) for text in rule or ())
        settings = AlertSettings(min_score, min_change / 100, parsed(entity), days, rules)
        answer = service.what_if(job_id, settings)
        caused = service.with_causes(job_id, answer.alerts) if output is not Format.TABLE else answer.alerts
    for name in answer.unseen:
        typer.echo(f"note: no series of the job has {name}", err=True)
    if output is not Format.TABLE:
        write(output, answer.alerts, _documents(job_id, caused))
        return
    typer.echo(_sentence(answer, settings, zone))
    _show(answer, zone)
    others = ", ".join(f"{count:,} from {step:g}" for step, count in answer.steps.items())
    typer.echo(f"By score: {others}")
    if answer.silenced:
        _show_silenced(answer)


def _sentence(answer: "Alerts", settings: "AlertSettings", zone: "ZoneInfo") -> str:
    from barograph.cli.entities import told
    from barograph.config.duration import DAY_MS
    from barograph.results.labels import counted, rough, when

    days = (answer.end_ms - answer.start_ms) / DAY_MS
    whose = f" of {told(settings.entity)}" if settings.entity else ""
    change = f" and a change of {settings.min_change * 100:g} % or more" if settings.min_change else ""
    number = answer.alerts.height
    weekly = f", about {rough(number / days * _WEEK_DAYS)} a week" if number and days >= _WEEK_DAYS else ""
    again = answer.alerts.height - answer.alerts["alert_again"].null_count()
    louder = f"; {again:,} of them again, when {'it becomes' if again == 1 else 'they become'} critical" if again else ""
    return (
        f"{counted(number, 'alert')}{whose} at a score of {settings.min_score:g} or more{change} "
        f"from {when(answer.start_ms, zone)} to {when(answer.end_ms, zone)} ({rough(days)} days){weekly}{louder}"
    )


def _show(answer: "Alerts", zone: "ZoneInfo") -> None:
    import polars as pl

    from barograph.cli import tables
    from barograph.cli.console import show

    if answer.alerts.height:
        typer.echo()
        show(tables.records(answer.alerts.with_columns(record_score=pl.col("alert_score")), zone))
        typer.echo()


def _show_silenced(answer: "Alerts") -> None:
    """What each rule alone takes away; what two rules both match is with both."""
    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.results.labels import counted

    gone = answer.without_rules - answer.alerts.height
    typer.echo(f"\nThe rules silence {gone:,} of {counted(answer.without_rules, 'alert')}. Each by itself:\n")
    table = tables.plain("alerts", "records", "worst", "", "rule", right=("alerts", "records", "worst"))
    for silenced in answer.silenced:
        scores = silenced.records["record_score"].to_list()
        worst = tables.severity(max(scores)) if scores else ("", "")
        tables.add(table, f"{silenced.alerts:,}", f"{silenced.records.height:,}", *worst, str(silenced.rule))
    show(table)


def _documents(job_id: str, caused: "pl.DataFrame") -> "Iterator[Document]":
    from barograph.api.elastic import documents

    for row in caused.iter_rows(named=True):
        alert = {
            name: row[name]
            for name in ("alert_start", "alert_end", "alert_again", "alert_score", "records")
            if row[name] is not None
        }
        yield {**documents.record(job_id, row), **alert}
