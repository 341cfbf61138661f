"""Forecasts: a Parquet file each, listed in the database with what it is and when it goes.

Making one needs no lock, so that a job can be forecast while it is being run. Its file is listed before it is written, so that
nobody takes it for what a killed process left behind, and is seen only once it is whole.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.duration import DAY_MS
from barograph.config.errors import Conflict, StorageFailure
from barograph.engine.forecast import Forecast, LeftOut
from barograph.results import schema
from barograph.store import job_rows, tables
from barograph.store.database import Database
from barograph.store.files import JobFiles, digest

ABANDONED_MS: Final = DAY_MS
"""Wall-clock time after which a forecast that is not whole belongs to a process that was killed."""


@dataclass(frozen=True)
class SavedForecast:
    """A forecast as it is listed.

    Attributes:
        forecast_id: its name within the job.
        create_time: when it was made, wall clock, epoch ms.
        start_ms: start of its first bucket, epoch ms.
        end_ms: end of its last bucket.
        expiry_time: when it goes, wall clock, epoch ms; None: with its job.
        percentile: share of values that are to lie inside the bounds.
        series: how many were forecast.
        left_out: how many were not, and why.
        rows: rows of its file.
        bytes: size of its file; None until that is whole.
        sha256: of its file's content, in hexadecimal; None until that is whole, and when an old version wrote it.
    """

    forecast_id: str
    create_time: int
    start_ms: int
    end_ms: int
    expiry_time: int | None
    percentile: float
    series: int
    left_out: LeftOut
    rows: int
    bytes: int | None = None
    sha256: str | None = None

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"forecast-{self.forecast_id}.parquet"

    @property
    def files(self) -> tuple[str, str]:
        """The names that its file has or had while it was written."""
        return self.file, f"{self.file}.tmp"

    @classmethod
    def of(cls, made: Forecast, forecast_id: str, create_time: int, expiry_time: int | None) -> "SavedForecast":
        """A forecast that is about to be kept."""
        facts = {name: getattr(made, name) for name in ("start_ms", "end_ms", "percentile", "series", "left_out")}
        return cls(forecast_id, create_time, expiry_time=expiry_time, rows=made.rows.height, **facts)


def listed(connection: sa.Connection, job_id: str) -> list[SavedForecast]:
    """All that are listed of a job, whole or not, oldest first."""
    table = tables.FORECAST
    columns = [column for column in table.c if column.name != "job_id"]
    chosen = sa.select(*columns).where(table.c.job_id == job_id).order_by(table.c.create_time, table.c.forecast_id)
    return [_of_row(dict(row)) for row in connection.execute(chosen).mappings()]


def _of_row(row: dict[str, Any]) -> SavedForecast:
    return SavedForecast(**{**row, "left_out": LeftOut(**json.loads(row["left_out"]))})


def add(database: Database, files: JobFiles, job_id: str, saved: SavedForecast, rows: pl.DataFrame) -> SavedForecast:
    """Keep a forecast, columns of `schema.FORECASTS`.

    Raises:
        NoSuchJob: there is no such job.
        Conflict: the job was deleted meanwhile.
        StorageFailure: the database or the disk failed; nothing is kept.
    """
    table = tables.FORECAST
    with database.write() as connection:
        job_rows.job_row(connection, job_id)
        row = {**asdict(saved), "left_out": json.dumps(asdict(saved.left_out))}
        connection.execute(table.insert().values(job_id=job_id, **row))
    ours = (table.c.job_id == job_id) & (table.c.forecast_id == saved.forecast_id)
    try:
        size = files.write(saved.file, lambda path: rows.write_parquet(path, compression="zstd"))
        sha256 = digest(files.path / saved.file)
        files.sync()
        with database.write() as connection:
            whole = connection.execute(table.update().where(ours).values(bytes=size, sha256=sha256)).rowcount
    except OSError as error:
        remove(database, files, job_id, [saved])
        raise StorageFailure(f"{str(files.path)!r}: wanted to write a file there ({error})") from error
    except BaseException:
        remove(database, files, job_id, [saved])
        raise
    if not whole:
        files.remove(saved.files)
        raise Conflict(f"job {job_id!r} was deleted or reset while it was forecast")
    return replace(saved, bytes=size, sha256=sha256)


def remove(database: Database, files: JobFiles, job_id: str, gone: Sequence[SavedForecast]) -> None:
    """Remove forecasts; those that are gone already are fine."""
    table = tables.FORECAST
    with database.write() as connection:
        for saved in gone:
            connection.execute(table.delete().where(table.c.job_id == job_id, table.c.forecast_id == saved.forecast_id))
    for saved in gone:
        files.remove(saved.files)


def expired(saved: Sequence[SavedForecast], now_ms: int) -> list[SavedForecast]:
    """Those whose time is over, and those that a killed process has left unfinished."""
    return [
        forecast
        for forecast in saved
        if (forecast.expiry_time is not None and forecast.expiry_time <= now_ms)
        or (forecast.bytes is None and forecast.create_time + ABANDONED_MS <= now_ms)
    ]


def read(files: JobFiles, saved: SavedForecast) -> pl.DataFrame:
    """The rows of a forecast, columns of `schema.FORECASTS`.

    Raises:
        StorageFailure: its file is gone or damaged.
    """
    path = files.path / saved.file
    try:
        files.whole(saved.file, saved.sha256)
        return pl.read_parquet(path, columns=list(schema.polars_schema(schema.FORECASTS)), glob=False)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        raise StorageFailure(f"{str(path)!r}: wanted a whole forecast there ({error})") from error
