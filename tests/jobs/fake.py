"""An engine that sums a column per bucket, one row after the other. It has all that `run_job` asks of an engine."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot

SPAN_MS = 300_000
FIELDS = ("input_record_count", "processed_record_count", "bucket_count")
TIMES = ("earliest_record_timestamp", "latest_record_timestamp", "latest_bucket_timestamp")


@dataclass
class FakeEngine:
    """Sums `value`; a bucket whose sum is beyond 40 is a record."""

    open_ms: int = -1
    total: float = 0.0
    counts: DataCounts = field(default_factory=DataCounts)
    categorizer_stats = ()  # it has no messages

    @classmethod
    def build(cls, _job, state: Snapshot | None, _knowledge=None, _disk=None) -> "FakeEngine":
        if state is None:
            return cls()
        read = dict(zip((*FIELDS, *TIMES), state.arrays["counts"].tolist(), strict=True))
        read = {name: None if value < 0 else value for name, value in read.items()}
        return cls(int(state.arrays["open"][0]), float(state.arrays["total"][0]), DataCounts(**read))

    def snapshot(self) -> Snapshot:
        read = [getattr(self.counts, name) for name in (*FIELDS, *TIMES)]
        counts = np.array([-1 if value is None else value for value in read], np.int64)
        return Snapshot({"counts": counts, "open": np.array([self.open_ms]), "total": np.array([self.total])})

    def add(self, frame: pl.DataFrame) -> Results:
        closed: list[tuple[int, float]] = []
        for time, value in zip(frame["time"].cast(pl.Int64), frame["value"].cast(pl.Float64), strict=True):
            bucket = time - time % SPAN_MS
            if self.open_ms >= 0 and bucket > self.open_ms:
                closed.append((self.open_ms, self.total))
                self.total = 0.0
            self.open_ms = bucket
            self.total += value
            self._count(time)
        if closed:
            last = {"latest_bucket_timestamp": closed[-1][0]}
            self.counts = replace(self.counts, bucket_count=self.counts.bucket_count + len(closed), **last)
        return self._results(closed)

    def _count(self, time: int) -> None:
        counts = self.counts
        self.counts = replace(
            counts,
            input_record_count=counts.input_record_count + 1,
            processed_record_count=counts.processed_record_count + 1,
            earliest_record_timestamp=time if counts.earliest_record_timestamp is None else counts.earliest_record_timestamp,
            latest_record_timestamp=time,
        )

    def _results(self, closed: list[tuple[int, float]]) -> Results:
        times = [time for time, _ in closed]
        buckets = _rows(schema.BUCKETS, times, anomaly_score=[total / 10 for _, total in closed], is_interim=False)
        odd = [(time, total) for time, total in closed if total > 40]
        told = {"seq": 0, "actual": [total for _, total in odd], "record_score": 50.0, "is_interim": False}
        records = _rows(schema.RECORDS, [time for time, _ in odd], **told)
        values = _rows(schema.BUCKET_VALUES, times, actual=[total for _, total in closed], weight=1.0)
        return Results(buckets=buckets, records=records, coded_values=schema.coded(values), counts=self.counts)


def _rows(columns: tuple[schema.Column, ...], times: list[int], **given) -> pl.DataFrame:
    data = {}
    for column in columns:
        value = times if column.name == "timestamp" else given.get(column.name)
        data[column.name] = value if isinstance(value, list) else [value] * len(times)
    return pl.DataFrame(data, schema=schema.polars_schema(columns))


def line(number: int) -> str:
    """Row `number` of the tests' input: a minute apart, some of them not rows at all."""
    return f'{{"time": {number * 60_000}, "value": {number * 37 % 101 / 7}}}\n' if number % 23 else "{broken\n"


def write(path, first: int, end: int) -> str:
    """Append rows `first .. end - 1` to an NDJSON file."""
    with path.open("a") as file:
        file.writelines(line(number) for number in range(first, end))
    return str(path)
