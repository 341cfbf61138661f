"""`barograph forecast`: what a job's series are expected to do next, and `barograph forecasts`: those that are kept."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

import re
from typing import TYPE_CHECKING, Annotated

import typer

from barograph.cli.entities import Entities
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, DetectorIndex, Format, OutputFormat, StoreUrl
from barograph.cli.results import JobId

if TYPE_CHECKING:
    import polars as pl

    from barograph.config.duration import Duration
    from barograph.config.job import Job
    from barograph.jobs.service import SavedForecast

app = typer.Typer(rich_markup_mode=None, help="List, show or delete the forecasts of a job.", no_args_is_help=True)

_Duration = Annotated[
    str, typer.Option("--duration", metavar="TIME", help="How far, such as 12h, 14d or 2w, from the newest finished bucket.")
]
_Percentile = Annotated[
    float, typer.Option("--percentile", metavar="N", help="Share of values that should lie inside the bounds, in percent.")
]
_Crosses = Annotated[
    float | None,
    typer.Option("--crosses", metavar="VALUE", help="Say when each series will reach this value.", show_default=False),
]
_ExpiresIn = Annotated[
    str, typer.Option("--expires-in", metavar="TIME", help="Keep it for so long; 0 keeps it as long as the job.")
]
_Size = Annotated[int, typer.Option("--size", min=1, metavar="N", help="Show so many series at most in a table.")]
_ForecastId = Annotated[
    str, typer.Argument(metavar="FORECAST_ID", help="Its id, as 'forecasts list' shows it.", show_default=False)
]
_SHOWN = 20


def forecast(
    job_id: JobId,
    duration: _Duration = "1d",
    percentile: _Percentile = 95.0,
    crosses: _Crosses = None,
    detector: DetectorIndex = None,
    entity: Entities = None,
    expires_in: _ExpiresIn = "14d",
    size: _Size = _SHOWN,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Forecast every series of a job from its models, and keep the forecast.

    Each bucket has a prediction and bounds that widen with what is not known. With --crosses: when each series will reach a
    value, and when at the earliest and the latest by the bounds; of several detectors, --detector picks the one that is meant.
    """
    from barograph.cli.entities import parsed
    from barograph.cli.output import refuse_terminal
    from barograph.engine.forecast import check_crosses
    from barograph.jobs.forecasts.forecast import ForecastRequest
    from barograph.jobs.service import Service
    from barograph.jobs.views.selection import check_detector

    refuse_terminal(output)
    far, expires_in_span = _lasting("--duration", duration), _lasting("--expires-in", expires_in)
    request = ForecastRequest(far, percentile, parsed(entity), expires_in_span)
    if crosses is not None:
        check_crosses(crosses)  # before a forecast is made and kept
    with Service.open(store, data_dir, create=False) as service:
        check_detector(service.job(job_id), detector)
        made = service.forecast(job_id, request)
    _tell(output, made.job, made.saved, made.rows, crosses, detector, size)
    typer.echo(
        f"kept as {made.saved.forecast_id}; 'barograph forecasts show {job_id} {made.saved.forecast_id}' shows it", err=True
    )


@app.command("list")
def list_forecasts(job_id: JobId, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the forecasts of a job, oldest first."""
    from zoneinfo import ZoneInfo

    from barograph.cli import forecast_output
    from barograph.cli.console import show as show_table
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        zone, forecasts = ZoneInfo(service.job(job_id).time_zone), service.forecasts(job_id)
    if forecasts:
        show_table(forecast_output.listed(forecasts, zone))
    else:
        typer.echo("no forecasts")


@app.command("show")
def show(
    job_id: JobId,
    forecast_id: _ForecastId,
    crosses: _Crosses = None,
    detector: DetectorIndex = None,
    size: _Size = _SHOWN,
    output: OutputFormat = Format.TABLE,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Show a forecast that was kept."""
    from barograph.cli.output import refuse_terminal
    from barograph.jobs.service import Service
    from barograph.jobs.views.selection import check_detector

    refuse_terminal(output)
    with Service.open(store, data_dir, create=False) as service:
        job, (saved, rows) = service.job(job_id), service.kept_forecast(job_id, forecast_id)
        check_detector(job, detector)
    _tell(output, job, saved, rows, crosses, detector, size)


@app.command("delete")
def delete(job_id: JobId, forecast_id: _ForecastId, data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """Remove a forecast."""
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        service.delete_forecast(job_id, forecast_id)
    typer.echo(f"deleted {forecast_id}")


def _tell(
    output: Format,
    job: "Job",
    saved: "SavedForecast",
    rows: "pl.DataFrame",
    crosses: float | None,
    detector: int | None,
    size: int,
) -> None:
    import polars as pl

    from barograph.cli import forecast_output

    if detector is not None:
        rows = rows.filter(pl.col("detector_index") == detector)
    if crosses is not None:
        forecast_output.tell_detectors(job, rows, crosses)
    if output is Format.TABLE:
        forecast_output.show(job, saved, rows, crosses, size)
    else:
        forecast_output.write(output, job, saved, rows, crosses)


def _lasting(option: str, text: str) -> "Duration":
    """A length of time; whole weeks may be written as such."""
    from barograph.config.duration import Duration
    from barograph.config.errors import BadRequest

    weeks = re.fullmatch(r"([0-9]{1,6})w", text, re.ASCII)
    try:
        return Duration.parse(f"{7 * int(weeks[1])}d" if weeks else text)
    except ValueError as error:
        raise BadRequest(f"{option}={text!r}: wanted {error}; or weeks, such as '2w'") from None
