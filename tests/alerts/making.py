"""Jobs whose results are given score by score, and rules over them."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from barograph.alerts.service import Alerts
from barograph.config.alert_rule import AlertRule
from barograph.config.channels import Channel
from barograph.config.job import Job
from barograph.jobs.service import Service
from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot

SPAN = 300_000
BEGIN = 1_760_000_100_000 // SPAN * SPAN
"""Start of bucket 0."""


def at(bucket: int) -> int:
    return BEGIN + bucket * SPAN


def job(job_id: str = "web", *groups: str) -> Job:
    detector = {"function": "mean", "field_name": "load", "partition_field_name": "host"}
    analysis = {"bucket_span": "5m", "detectors": [detector], "influencers": ["host", "user"]}
    document = {"job_id": job_id, "groups": list(groups), "analysis_config": analysis}
    return Job.model_validate({**document, "data_description": {"time_field": "time"}})


def rule(rule_id: str = "odd", **changes) -> AlertRule:
    return AlertRule.model_validate({"rule_id": rule_id, **changes})


Odd = dict[int, dict[str, float]]
"""By bucket: the scores of hosts."""


def results(first: int, last: int, odd: Odd, *, interim: bool = False, renormalised: float = 1.0) -> Results:
    """Results of the buckets `first` to `last`, both inclusive; current scores are `renormalised` times the first ones."""
    numbers = [(bucket, host, score) for bucket, of in odd.items() if first <= bucket <= last for host, score in of.items()]
    records = [_record(bucket, rank, host, score, interim, renormalised) for rank, (bucket, host, score) in enumerate(numbers)]
    buckets = [_bucket(bucket, max(odd.get(bucket, {}).values(), default=0.0), interim) for bucket in range(first, last + 1)]
    blamed = [_influencer(bucket, rank, host, score, interim) for rank, (bucket, host, score) in enumerate(numbers)]
    newest = None if interim else at(last)
    counts = DataCounts(
        input_record_count=10 * (last + 1),
        processed_record_count=10 * (last + 1),
        bucket_count=last + 1,
        earliest_record_timestamp=BEGIN,
        latest_record_timestamp=at(last) + SPAN,
        latest_bucket_timestamp=newest,
    )
    return Results(
        buckets=_frame(schema.BUCKETS, buckets),
        records=_frame(schema.RECORDS, records),
        influencers=_frame(schema.INFLUENCERS, blamed),
        counts=counts,
    )


def _frame(columns: tuple[schema.Column, ...], rows: list[dict]) -> pl.DataFrame:
    whole = [{column.name: row.get(column.name) for column in columns} for row in rows]
    return pl.DataFrame(whole, schema=schema.polars_schema(columns), orient="row")


def _common(bucket: int, interim: bool) -> dict:
    return {"timestamp": at(bucket), "bucket_span": SPAN // 1000, "is_interim": interim, "probability": 1e-9}


def _bucket(bucket: int, score: float, interim: bool) -> dict:
    return {**_common(bucket, interim), "anomaly_score": score, "initial_anomaly_score": score, "record_count": 1}


def _record(bucket: int, seq: int, host: str, score: float, interim: bool, renormalised: float) -> dict:
    blamed = [{"influencer_field_name": "user", "influencer_field_values": ["eve"], "influences": [0.9]}]
    series = {"detector_index": 0, "function": "mean", "function_description": "mean", "field_name": "load"}
    split = {"partition_field_name": "host", "partition_field_value": host}
    judged = {"actual": 320.0, "typical": 100.0, "lower_bound": 80.0, "upper_bound": 120.0, "log_probability": -20.0 - score}
    scores = {"record_score": renormalised * score, "initial_record_score": score, "anomaly_length": 1}
    return {**_common(bucket, interim), "seq": seq, **series, **split, **judged, **scores, "influencers": blamed}


def _influencer(bucket: int, seq: int, host: str, score: float, interim: bool) -> dict:
    named = {"influencer_field_name": "host", "influencer_field_value": host}
    return {**_common(bucket, interim), **named, "influencer_score": score, "initial_influencer_score": score}


@dataclass
class Made:
    """A store, alerts over it, and a clock that is a minute behind the newest bucket."""

    path: Path
    channels: dict[str, Channel] | None = None
    now_ms: int = BEGIN
    done: dict[str, int] = field(default_factory=dict)
    url: str | None = None

    def __post_init__(self) -> None:
        self.service = Service.open(self.url, self.path)
        self.service._now = lambda: self.now_ms / 1000
        self.alerts = Alerts(self.service, self.channels, "https://barograph.example")
        self.judge = self.alerts._judge

    def add(self, *jobs: Job) -> None:
        for one in jobs:
            self.service.store.create_job(one, self.now_ms)

    def commit(self, last: int, odd: Odd, job_id: str = "web", **changes) -> None:
        """Commit the buckets that have not been, up to `last`."""
        first = self.done.get(job_id, 0)
        store, self.now_ms = self.service.store, at(last) + SPAN + 60_000
        snapshot = Snapshot({"level.mean": pl.Series([float(last)]).to_numpy()})
        store.commit(job_id, results(first, last, odd, **changes), snapshot, [])
        self.done[job_id] = first if changes.get("interim") else last + 1

    def rows(self):
        from barograph.store.alert_rows import AlertsQuery  # noqa: PLC0415

        return [told.row for told in self.alerts.find(AlertsQuery())[1]]

    def close(self) -> None:
        self.service.close()
