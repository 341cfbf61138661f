"""`barograph`: the commands put together, and errors as one clear line."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import sys
from typing import Annotated

import typer

from barograph.cli import (
    alerts,
    calendars,
    categories,
    demo,
    expire,
    explain,
    forecast,
    incidents,
    jobs,
    keys,
    overall,
    replays,
    report,
    results,
    run,
    serve,
    snapshots,
    store,
    validate,
    what_if,
)
from barograph.config.errors import BarographError, ConfigError, Stopped


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"barograph {version('barograph')}")
        raise typer.Exit


def _barograph(
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Find what is unusual in time series, events and logs, who is to blame, and why."""


# Plain help: it is read in pipes and narrow terminals too, and is ready in half the time of the boxed one.
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.callback()(_barograph)
app.command("demo", short_help="Try it on a real, labelled series that ships with the package.")(demo.demo)
app.command("run", short_help="Feed rows to a job and show the records they lead to.")(run.run)
app.command("serve", short_help="Serve jobs over HTTP, as clients of Elasticsearch's machine learning know it.")(serve.serve)
app.command("results", short_help="Show what a job has found: buckets, records, influencers, annotations.")(results.results)
app.command("categories", short_help="Show the categories of a job's messages.")(categories.categories)
app.command("explain", short_help="Say why a bucket scores what it scores, also a normal one.")(explain.explain)
app.command("incidents", short_help="Show what went wrong together, and what may be the cause.")(incidents.incidents)
app.command("report", short_help="Write what a job has found to a page, or a picture, that needs nothing else.")(report.report)
app.command("overall-buckets", short_help="Show how odd the times were over several jobs together.")(overall.overall_buckets)
app.command("forecast", short_help="Show what a job's series are expected to do next, and when they cross a value.")(
    forecast.forecast
)
app.command("what-if", short_help="Show which alerts there would have been under other settings.")(what_if.what_if)
app.add_typer(alerts.app, name="alerts")
app.add_typer(jobs.app, name="jobs")
app.add_typer(calendars.app, name="calendars")
app.add_typer(keys.app, name="keys")
app.add_typer(snapshots.app, name="snapshots")
app.add_typer(forecast.app, name="forecasts")
app.add_typer(store.app, name="store")
app.command("replay", short_help="Make models and results anew from the kept bucket values.")(replays.replay)
app.command("forget", short_help="Give a job the models that never saw a span of time.")(replays.forget)
app.command("expire", short_help="Remove what jobs no longer want kept.")(expire.expire)
app.command("validate", short_help="Check a job file and say what the job does.")(validate.validate)


def main() -> None:
    """Run the command line. Exit code 0: done; 1: an error, told on stderr; 2: wrong usage; 130: stopped by Ctrl-C."""
    try:
        app(prog_name="barograph")
    except ConfigError as error:
        _fail(*str(error).split("\n"))
    except Stopped as stop:
        print(stop, file=sys.stderr)
        sys.exit({"SIGINT": 130, "SIGTERM": 143}[stop.signal])
    except BarographError as error:
        _fail(str(error))
    except OSError as error:  # a full disk, a directory without permission: nothing to fix in the program
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _fail(*messages: str) -> None:
    for message in messages:
        print(f"error: {message}", file=sys.stderr)
    sys.exit(1)
