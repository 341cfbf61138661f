"""`barograph alerts`: what was worth telling somebody, and the rules that say so."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from barograph.alerts.service import Alerts, ToldAlert, Tried
    from barograph.config.alert_rule import AlertRule

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Say what is worth telling somebody, and see what was.")


class Status(StrEnum):
    """Where an alert is in its life."""

    ACTIVE = "active"
    RECOVERED = "recovered"
    UNTRACKED = "untracked"


_Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="BAROGRAPH_CONFIG",
        show_envvar=True,
        metavar="FILE",
        help="TOML file with a table [channels.NAME] for each channel.",
        show_default="barograph.toml in the current folder, where there is one",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_RuleId = Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.", show_default=False)]
_AlertId = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id.", show_default=False)]
_Entity = Annotated[
    list[str] | None,
    typer.Option("--entity", metavar="FIELD=VALUE", help="Only alerts of this value; several.", show_default="the whole rule"),
]


@contextmanager
def _opened(data_dir: Path, store: str | None, config: Path | None = None) -> "Iterator[Alerts]":
    import os

    from barograph.alerts.service import Alerts
    from barograph.config.channels import load_channels
    from barograph.config.server import load_server
    from barograph.jobs.service import Service

    channels, page = load_channels(config, os.environ), load_server(config, os.environ, {}).page
    with Service.open(store, data_dir, create=False) as service:
        yield Alerts(service, channels, page)


@app.command("list")
def list_alerts(
    status: Annotated[
        Status | None, typer.Option("--status", metavar="active|recovered|untracked", help="Only these.", show_default="all")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="RULE", help="Of this rule; several.", show_default="all")
    ] = None,
    size: Annotated[int, typer.Option("--size", metavar="N", min=1, help="The first so many.")] = 50,
    as_json: _Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """List the alerts: those that go on first, then the newest."""
    from barograph.alerts.service import AlertsQuery
    from barograph.results.labels import counted

    asked = AlertsQuery(rule_ids=tuple(rule or ()), statuses=(status.value,) if status else (), size=size)
    with _opened(data_dir, store) as alerts:
        counts, found = alerts.find(asked)
    if as_json:
        typer.echo(json.dumps([one.shown for one in found]))
        return
    _print(found)
    total = sum(number for name, number in counts.items() if status is None or name == status)
    left = f"; the first {len(found):,} are shown" if len(found) < total else ""
    typer.echo(f"{counted(total, 'alert')}: " + ", ".join(f"{number} {name}" for name, number in counts.items()) + left)


@app.command("show")
def show(
    alert_id: _AlertId,
    as_json: _Json = False,
    config: _Config = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show an alert as it was told, and what happened to it."""
    from datetime import UTC, datetime

    with _opened(data_dir, store, config) as alerts:
        (one, history), page = alerts.get(alert_id), alerts.page
    events = [{"time": event.time_ms, "what": event.what, "text": event.text, "by": event.by} for event in history]
    if as_json:
        typer.echo(json.dumps({**one.shown, "history": events}))
        return
    typer.echo(f"{one.row.text}\nsee:      {page}{one.shown['link']}\n\n{one.row.status}")
    for event in history:
        when = datetime.fromtimestamp(event.time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        by = f" (by {event.by})" if event.by else ""
        typer.echo(f"{when}  {event.what}{': ' if event.text else ''}{event.text}{by}")


@app.command("test")
def try_rule(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="A rule's id, or a file (.yaml, .json, .toml) with one.", show_default=False)
    ],
    last: Annotated[str, typer.Option("--last", metavar="DURATION", help="How far to go back from the newest result.")] = "30d",
    as_json: _Json = False,
    config: _Config = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show which alerts a rule would have given, and how many from other scores on; nothing is kept or sent."""
    from zoneinfo import ZoneInfo

    from barograph.config.duration import Duration
    from barograph.config.errors import BadRequest

    try:
        back = Duration.parse(last)
    except ValueError as error:
        raise BadRequest(f"--last={last!r}: wanted {error}") from None
    with _opened(data_dir, store, config) as alerts:
        tried = alerts.test(_rule_of(alerts, rule), last_ms=back.ms)
        shown, zone = [alerts.shown(row) for row in tried.alerts], ZoneInfo(tried.time_zone)
    if as_json:
        typer.echo(json.dumps({"sentence": tried.sentence, "by_score": tried.by_score, "alerts": shown}))
        return
    _print_tried(tried, zone)


def _rule_of(alerts: "Alerts", rule: str) -> "AlertRule":
    from barograph.config.alert_rules_file import load_rules
    from barograph.config.errors import BadRequest

    if not Path(rule).suffix:
        return alerts.rules.get(rule).rule
    rules = load_rules(Path(rule))
    if len(rules) != 1:
        raise BadRequest(f"RULE={rule!r}: wanted a file with exactly one rule; this has {len(rules)}")
    return rules[0]


@app.command("rules")
def list_rules(data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the rules, with what has come of them."""
    from barograph.alerts.words import rule_words
    from barograph.cli import tables
    from barograph.cli.console import show as show_table

    with _opened(data_dir, store) as alerts:
        told = alerts.told_rules()
    if not told:
        typer.echo("no rules")
        return
    table = tables.plain("rule", "looks for", "jobs", "active", "this week", "", right=("jobs", "active", "this week"))
    for one in told:
        rule = one.kept.rule
        notes = (
            ["off"] * (not rule.enabled) + ["muted"] * bool(one.kept.mutes) + [one.over_budget] * (one.over_budget is not None)
        )
        numbers = (str(len(one.job_ids)), str(one.counts["active"]), str(one.week))
        tables.add(table, rule.rule_id, rule_words(rule), *numbers, ", ".join(filter(None, notes)))
    show_table(table)


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML, JSON or TOML: a rule, or several.", show_default=False)],
    config: _Config = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Keep the rules of a file, all or none, instead of those of their ids; they judge what comes from now on."""
    from barograph.config.alert_rules_file import load_rules

    rules = load_rules(file)
    with _opened(data_dir, store, config) as alerts:
        known = alerts.rules.all()
        alerts.rules.put_all([alerts.check(rule) for rule in rules])
    for rule in rules:
        typer.echo(f"{'changed' if rule.rule_id in known else 'made'} {rule.rule_id}")


@app.command("remove")
def remove(rule_id: _RuleId, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Remove a rule; nobody follows its alerts any more, which stay."""
    with _opened(data_dir, store) as alerts:
        alerts.rules.delete(rule_id)
    typer.echo(f"removed {rule_id}")


@app.command("mute")
def mute(
    rule_id: _RuleId,
    entity: _Entity = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="So long, such as 2h.", show_default="until it is unmuted")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Tell nobody of a rule's alerts, or of those of one entity. They are kept all the same."""
    from barograph.alerts.service import UNTIL_UNMUTED, Mute
    from barograph.config.duration import Duration
    from barograph.config.errors import BadRequest

    try:
        length = None if duration is None else Duration.parse(duration)
    except ValueError as error:
        raise BadRequest(f"--for={duration!r}: wanted {error}") from None
    with _opened(data_dir, store) as alerts:
        until = UNTIL_UNMUTED if length is None else alerts.now_ms() + length.ms
        alerts.rules.mute(rule_id, Mute(_entity_of(entity), until))
    typer.echo(f"muted {rule_id}{_of(entity)}" + (f" for {duration}" if duration else " until it is unmuted"))


@app.command("unmute")
def unmute(rule_id: _RuleId, entity: _Entity = None, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Tell of them again; what still goes on is told now."""
    with _opened(data_dir, store) as alerts:
        alerts.rules.unmute(rule_id, _entity_of(entity))
    typer.echo(f"unmuted {rule_id}{_of(entity)}")


def _entity_of(given: list[str] | None) -> dict[str, str]:
    from barograph.config.errors import BadRequest

    pairs = [text.partition("=") for text in given or ()]
    for field, equals, value in pairs:
        if not field or not equals:
            raise BadRequest(f"--entity={field + value!r}: wanted FIELD=VALUE")
    return {field: value for field, _, value in pairs}


def _of(entity: list[str] | None) -> str:
    return f" of {', '.join(entity)}" if entity else ""


@app.command("acknowledge")
def acknowledge(
    alert_id: _AlertId,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is known of it.", show_default="none")] = "",
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who knows.", show_default="nobody is named")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Say that somebody knows of an alert: nothing more is said of it."""
    with _opened(data_dir, store) as alerts:
        alerts.acknowledge(alert_id, by, note)
    typer.echo(f"acknowledged {alert_id}")


@app.command("run")
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent.")] = False,
    config: _Config = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Judge what jobs have found since the last time, and send what is due: for jobs that run without a server."""
    from barograph.api import logs
    from barograph.results.labels import counted

    logs.configure()
    with _opened(data_dir, store, config) as alerts:
        if dry_run:
            messages = alerts.look()
            for message in messages:
                typer.echo(f"to {message['channel']}:\n{message['text']}\n")
            typer.echo(f"{counted(len(messages), 'message')} would be sent")
            return
        judged, sent = alerts.run_once()
    typer.echo(f"{counted(len(judged.raised), 'new alert')}, {counted(sent, 'message')} sent")


def _print(found: "list[ToldAlert]") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show as show_table

    if not found:
        return
    table = tables.plain("alert", "score", "", "status", "what")
    for one in found:
        notes = ["acknowledged"] * (one.row.acknowledged_ms is not None) + [f"held: {one.row.held}"] * (
            one.row.held is not None
        )
        status = ", ".join([one.row.status, *notes])
        tables.add(table, one.row.alert_id, *tables.severity(one.row.max_score), status, one.row.title.partition(" in ")[2])
    show_table(table)


def _print_tried(tried: "Tried", zone: "ZoneInfo") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show as show_table
    from barograph.results import labels

    table = tables.plain("score", "", f"when ({zone})", "lasted", "what")
    for row in tried.alerts:
        when = labels.when(row.time, zone)
        held = f" (held: {row.held})" if row.held else ""
        what = row.title.partition(" in ")[2] + held
        tables.add(table, *tables.severity(row.max_score), when, labels.lasted(row.end_ms - row.start_ms), what)
    if tried.alerts:
        show_table(table)
    steps = ", ".join(f"{number} from {score:g}" for score, number in tried.by_score.items())
    typer.echo(f"{tried.sentence}\nfrom other scores on: {steps}")
    if tried.is_over_budget and tried.suggested is not None:
        typer.echo(f"min_score {tried.suggested:g} would keep the budget")
