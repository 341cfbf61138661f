"""`barograph calendars`: planned times, and the jobs that they are for."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl, Yes

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from barograph.jobs.knowledge.calendars import Event
    from barograph.jobs.service import Service

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Plan times in which jobs are not to be surprised.")
_CalendarId = Annotated[str, typer.Argument(metavar="CALENDAR_ID", help="The calendar's id.", show_default=False)]
_For = Annotated[
    list[str] | None,
    typer.Option(
        "--for", metavar="JOB", help="A job or group that it is for; several; _all is every job.", show_default="none"
    ),
]
_Zone = Annotated[
    str | None,
    typer.Option("--time-zone", metavar="ZONE", help="Where days begin and end.", show_default="that of the calendar's jobs"),
]
_Tell = Annotated[bool, typer.Option("--tell", help="Tell anomalies all the same.")]
_Learn = Annotated[bool, typer.Option("--learn", help="Let models learn all the same.")]


@app.command("list")
def list_calendars(data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the calendars."""
    from barograph.cli import tables
    from barograph.cli.console import show as show_table
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        rows = [(one, len(service.calendars.events([one.calendar_id]))) for one in service.calendars.all()]
    if not rows:
        typer.echo("no calendars")
        return
    table = tables.plain("calendar", "for", "planned", right=("planned",))
    for one, planned in rows:
        tables.add(table, one.calendar_id, ", ".join(one.job_ids) or "no job", f"{planned:,}")
    show_table(table)


@app.command("create")
def create(
    calendar_id: _CalendarId,
    of: _For = None,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it is.", show_default="none")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Make a calendar for jobs and groups, which need not be there yet."""
    from barograph.config.errors import Conflict
    from barograph.config.job import check_id
    from barograph.jobs.knowledge.calendars import Calendar
    from barograph.jobs.service import Service

    check_id("calendar_id", calendar_id)
    with Service.open(store, data_dir) as service:
        if not service.calendars.create(Calendar(calendar_id, tuple(dict.fromkeys(of or ())), description)):
            raise Conflict(f"calendar_id={calendar_id!r}: wanted an id that no calendar has")
    typer.echo(f"created {calendar_id}: for {', '.join(of or ()) or 'no job'}")


@app.command("show")
def show(
    calendar_id: _CalendarId, time_zone: _Zone = None, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None
) -> None:
    """Show what a calendar plans."""
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        calendar = service.calendars.get(calendar_id)
        events, zone = service.calendars.events([calendar_id]), _shown_in(service, calendar_id, time_zone)
    typer.echo(f"{calendar_id}: for {', '.join(calendar.job_ids) or 'no job'}; times in {zone}")
    _print(events, zone)


@app.command("plan")
def plan(
    calendar_id: _CalendarId,
    description: Annotated[str, typer.Argument(metavar="WHAT", help="What is planned.", show_default=False)],
    start: Annotated[
        str, typer.Argument(metavar="START", help="When it begins: ISO 8601, epoch seconds or ms.", show_default=False)
    ],
    end: Annotated[str, typer.Argument(metavar="END", help="When it is over.", show_default=False)],
    tell: _Tell = False,
    learn: _Learn = False,
    shift: Annotated[
        int | None,
        typer.Option("--shift", metavar="SECONDS", help="Change the clock by so much with it, for good.", show_default="none"),
    ] = None,
    time_zone: _Zone = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Plan a time. Jobs that have read beyond it keep the results that they have until a replay."""
    from barograph.config.moment import epoch_ms
    from barograph.jobs.knowledge.calendars import Event
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        service.calendars.get(calendar_id)
        zone = _shown_in(service, calendar_id, time_zone)
        first, last = epoch_ms("START", start, zone), epoch_ms("END", end, zone)
        event = Event("", calendar_id, description, first, last, not tell, not learn, shift).checked()
        _print(service.calendars.add_events([event]), zone)


@app.command("holidays")
def holidays(
    calendar_id: _CalendarId,
    country: Annotated[str, typer.Argument(metavar="COUNTRY", help="Its ISO 3166 code, such as DE.", show_default=False)],
    years: Annotated[str, typer.Argument(metavar="YEARS", help="A year, or several: 2024-2026.", show_default=False)],
    subdivision: Annotated[
        str | None,
        typer.Option("--subdivision", metavar="CODE", help="Also what a part of it has, such as BY.", show_default="none"),
    ] = None,
    tell: _Tell = False,
    learn: _Learn = False,
    time_zone: _Zone = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Plan the public holidays of a country, as whole days. Those that the calendar has already are not planned again."""
    from barograph.jobs.knowledge.holidays import years_of
    from barograph.jobs.service import HolidaysAsked, Service

    asked = HolidaysAsked(country, years_of(years), subdivision, time_zone, not tell, not learn)
    with Service.open(store, data_dir, create=False) as service:
        added = service.add_holidays(calendar_id, asked)
        zone = _shown_in(service, calendar_id, time_zone)
    if not added:
        typer.echo("nothing new: all of them are planned already")
    _print(added, zone)


@app.command("import")
def import_events(
    calendar_id: _CalendarId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An iCalendar file (.ics).", show_default=False)],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Plan the events of an iCalendar file; of those that come again, what begins from a year ago to two years ahead."""
    from barograph.jobs.knowledge.ics import events_of
    from barograph.jobs.service import Service
    from barograph.results.labels import counted

    with Service.open(store, data_dir, create=False) as service:
        service.calendars.get(calendar_id)
        added = service.calendars.add_events(events_of(file.read_bytes(), calendar_id, service.now_ms()))
    typer.echo(f"planned {counted(len(added), 'time')} in {calendar_id}")


@app.command("delete")
def delete(calendar_id: _CalendarId, yes: Yes = False, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Remove a calendar with all that it plans."""
    from barograph.config.errors import BadRequest
    from barograph.jobs.service import Service
    from barograph.results.labels import counted

    with Service.open(store, data_dir, create=False) as service:
        planned = len(service.calendars.events([calendar_id]))
        if not yes and not sys.stdin.isatty():
            raise BadRequest(f"calendars delete {calendar_id}: wanted --yes, as there is no terminal to ask on")
        if not yes and not typer.confirm(f"delete {calendar_id} with {counted(planned, 'planned time')}?"):
            raise typer.Exit(1)
        service.calendars.delete(calendar_id)
    typer.echo(f"deleted {calendar_id}")


def _shown_in(service: "Service", calendar_id: str, asked: str | None) -> "ZoneInfo":
    """The zone that was asked for, else that of the calendar's jobs, where it is one; else UTC."""
    from zoneinfo import ZoneInfo

    from barograph.jobs.knowledge.holidays import zone_asked

    if asked is not None:
        return zone_asked(asked)
    zones = service.calendars.zones(calendar_id, [summary.job for summary in service.jobs()])
    return ZoneInfo(zones[0] if len(zones) == 1 else "UTC")


def _print(events: "list[Event]", zone: "ZoneInfo") -> None:
    from barograph.cli import tables
    from barograph.cli.console import show as show_table
    from barograph.results import labels

    if not events:
        return
    table = tables.plain("from", "to", "what", "")
    for one in events:
        learns = ["told" * (not one.skip_result), "learned" * (not one.skip_model_update)]
        does = [f"clock {one.force_time_shift:+} s"] if one.force_time_shift else []
        all_the_same = " and ".join(filter(None, learns))
        words = "; ".join([*([f"{all_the_same} all the same"] if all_the_same else []), *does])
        tables.add(table, labels.when(one.start_ms, zone), labels.when(one.end_ms, zone), one.description, words)
    show_table(table)
