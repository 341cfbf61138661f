"""Labelled series that ship with the package. Where each comes from, and its licence, is in the README.md beside them."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from barograph.config.job import Job
from barograph.config.load import load_job

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Cause:
    """A span that is labelled as anomalous.

    Attributes:
        name: why it is anomalous.
        start_ms: its start, epoch ms.
        end_ms: its end, epoch ms; a bucket that starts here still belongs to it.
    """

    name: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Sample:
    """A series with its job and its labels.

    Attributes:
        title: what the series is, in a few words.
        job_file: the job, YAML.
        data_file: the rows, gzipped CSV with a header.
        causes_file: the labels, CSV with the columns cause, start, end; times in the job's time zone.
    """

    title: str
    job_file: Path
    data_file: Path
    causes_file: Path

    def job(self) -> Job:
        """The job that suits the series."""
        return load_job(self.job_file)

    def frame(self) -> pl.DataFrame:
        """All rows, with the time as text, as in the file."""
        return pl.read_csv(self.data_file)

    def causes(self) -> tuple[Cause, ...]:
        """The labels, in time order."""
        zone = ZoneInfo(self.job().time_zone)

        def epoch_ms(text: str) -> int:
            return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)

        with self.causes_file.open(encoding="utf-8", newline="") as lines:
            return tuple(Cause(row["cause"], epoch_ms(row["start"]), epoch_ms(row["end"])) for row in csv.DictReader(lines))


def _sample(name: str, title: str) -> Sample:
    return Sample(title, *(_FOLDER / f"{name}{suffix}" for suffix in (".yaml", ".csv.gz", ".causes.csv")))


NYC_TAXI: Final = _sample("nyc_taxi", "taxi passengers in New York City, per half hour, July 2014 to January 2015")
"""10,320 rows `timestamp,passengers`; five labelled causes."""
