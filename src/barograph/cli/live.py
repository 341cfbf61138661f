"""Records printed as they are found, where rows come as they happen."""

import sys
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from barograph.api.elastic import documents
from barograph.cli.options import Format
from barograph.cli.output import write
from barograph.config.job import Job
from barograph.results import labels
from barograph.results import severity as severities
from barograph.results.causes import with_causes
from barograph.results.words import record_compared, value_text

_KEY: Final = ("timestamp", "seq")
_FORMATS: Final = (Format.TABLE, Format.NDJSON)
"""Those in which a record can be printed by itself."""


class LiveRecords:
    """Prints each record once, as a line or as an object."""

    def __init__(self, job: Job, output: Format, min_score: float) -> None:
        self._job = job
        self._output = output
        self._min_score = min_score
        self._shown = pl.DataFrame(schema={"timestamp": pl.Int64, "seq": pl.Int32})

    def show(self, records: pl.DataFrame) -> None:
        """Print those that are worth it; columns as `schema.RECORDS`."""
        found, records = records, records.filter(pl.col("record_score") >= self._min_score)
        if self._output not in _FORMATS or not records.height:
            return
        if self._output is Format.NDJSON:
            write(self._output, records, documents.documents(self._job.job_id, with_causes(records, found), documents.record))
            self._shown = pl.concat([self._shown, records.select(_KEY)])
        else:
            zone = ZoneInfo(self._job.time_zone)
            sys.stdout.writelines(f"{line(row, zone)}\n" for row in records.iter_rows(named=True))
            sys.stdout.flush()

    def rest_of(self, records: pl.DataFrame) -> pl.DataFrame:
        """Those of a run's records that have not been printed as objects."""
        return records.join(self._shown, on=list(_KEY), how="anti", maintain_order="left")


def line(record: labels.Row, zone: ZoneInfo) -> str:
    """A record on a line: `critical 94  Thu 2026-01-01 00:00  host=a  mean of ms 512 (typical 100), 5.1 times as high`."""
    score = f"{severities.severity(record['record_score'])} {labels.whole(record['record_score'])}"
    who = " ".join(labels.who(record))
    values = value_text(record["function_description"], record["actual"]) if record["actual"] is not None else "no data"
    typical = (
        f" (typical {value_text(record['function_description'], record['typical'])})" if record["typical"] is not None else ""
    )
    what = f"{labels.measured(record)} {values}{typical}, {record_compared(record)}"
    return "  ".join(filter(None, (score, labels.when(record["timestamp"], zone), who, what)))
