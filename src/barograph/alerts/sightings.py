"""What a rule sees in the results of a job: what is worth an alert, new or going on."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from barograph.alerts.seen import Row, Seen, by_time, series_of
from barograph.config.alert_rule import AlertRule
from barograph.results import schema
from barograph.scoring.episodes import QUIET_BUCKETS
from barograph.store.alert_rows import AlertRow

ALL: Final = ""
"""The value where a rule groups by nothing."""


@dataclass
class Sighting:
    """Something that is worth an alert, as far as it is known now.

    Attributes:
        alert_id: its id: the same whenever the same results are judged.
        key: id of the incident when it was raised; empty for what is none.
        value: of the field that the rule groups by.
        anchor: the bucket that raised it, and the series: by these it is found again, whatever its incident is called by then.
        time: start of the bucket that raised it, epoch ms.
        start_ms: start of its first anomalous bucket.
        end_ms: end of its last one.
        score: when it was raised.
        max_score: the highest up to now.
        interim: what raised it may still change.
        series: how many series it has.
        records: how many records it has.
        summary: it in one line; empty where there is nothing but records to say.
        told: the records that tell most of it, as it was raised; empty for one that was there already.
        is_new: it has just been raised.
    """

    alert_id: str
    key: str
    value: str
    anchor: list[Any]
    time: int
    start_ms: int
    end_ms: int
    score: float
    max_score: float
    interim: bool = False
    series: int = 0
    records: int = 0
    summary: str = ""
    told: pl.DataFrame = field(default_factory=lambda: schema.empty(schema.RECORDS))
    is_new: bool = False

    @classmethod
    def known(cls, row: AlertRow) -> "Sighting":
        """One that has been raised before."""
        return cls(
            row.alert_id,
            row.key,
            next(iter(row.entity.values()), ALL),
            row.anchor,
            row.time,
            row.start_ms,
            row.end_ms,
            row.score,
            row.max_score,
            row.interim,
            row.series,
            row.records,
        )


def sightings(rule: AlertRule, seen: Seen, known: Iterable[AlertRow] = ()) -> list[Sighting]:
    """What a rule finds in results, by time.

    It does not matter how the time is cut: what is judged bucket by bucket, or all at once, gives the same alerts.

    Args:
        rule: the rule.
        seen: the results.
        known: the alerts of this rule and job that are active, or have ended lately.

    Returns:
        All of `known` as they are now, and what is new.
    """
    before = [Sighting.known(row) for row in known]
    find = _in_incidents if rule.on == "incidents" else _until_quiet
    return sorted(find(rule, seen, before), key=lambda one: (one.time, one.alert_id))


# incidents


def _in_incidents(rule: AlertRule, seen: Seen, known: list[Sighting]) -> list[Sighting]:
    found = list(known)
    covered: dict[tuple[Any, ...], tuple[Sighting, int]] = {}
    for time, rows in seen.hits(rule.min_score, rule.min_grade):
        for row in rows:
            for value in _values(rule, row):
                _see(rule, seen, found, covered, (time, value, row))
    _grow(seen, found)
    return found


def _see(
    rule: AlertRule,
    seen: Seen,
    found: list[Sighting],
    covered: dict[tuple[Any, ...], tuple[Sighting, int]],
    hit: tuple[int, str, Row],
) -> None:
    """Put a record to the alert of its incident, which may be new."""
    time, value, row = hit
    mark = (value, *series_of(row))
    alert, last = covered.get(mark, (None, 0))
    # A series that was in an incident and goes on is still in it, so that its records need no look at the others.
    if alert is None or time - last > QUIET_BUCKETS * seen.span_ms:
        incident = _holding(seen.incidents_at(time), series_of(row), time)
        assert incident is not None, "every record from the opening score on is in an incident"
        alert = next((one for one in found if one.value == value and _is_in(incident, one.anchor)), None)
        if alert is None:
            alert = _raised(rule, seen, incident, hit)
            found.append(alert)
    covered[mark] = (alert, time)


def _raised(rule: AlertRule, seen: Seen, incident: Row, hit: tuple[int, str, Row]) -> Sighting:
    time, value, row = hit
    key = str(incident["incident_id"])
    told = _of_value(rule, seen.of_incident(incident, time), value)
    return Sighting(
        _alert_id(rule, seen, key, value),
        key,
        value,
        [time, *series_of(row)],
        time,
        incident["start"],
        time + seen.span_ms,
        row["record_score"],
        max(told["record_score"].to_list()),
        row["is_interim"],
        incident["series"],
        incident["records"],
        incident["summary"] if rule.group_by is None else "",
        told,
        is_new=True,
    )


def _grow(seen: Seen, found: list[Sighting]) -> None:
    """Bring alerts up to what their incidents have become."""
    incidents = seen.incidents_at(seen.until_ms) if found and seen.anomalous.height else []
    for one in found:
        incident = next((incident for incident in incidents if _is_in(incident, one.anchor)), None)
        if incident is None:  # its results are not there any more
            continue
        one.start_ms, one.end_ms = min(one.start_ms, incident["start"]), max(one.end_ms, incident["end"])
        one.max_score = max(one.max_score, incident["score"])
        one.series, one.records = max(one.series, incident["series"]), max(one.records, incident["records"])


def _holding(incidents: Sequence[Row], series: tuple[Any, ...], time: int) -> Row | None:
    return next((one for one in incidents if _is_in(one, [time, *series])), None)


def _is_in(incident: Row, anchor: list[Any]) -> bool:
    time, *series = anchor
    return any(
        member["onset"] <= time < member["end"] and series_of(member) == tuple(series)
        for member in incident["members"]
        if incident["start"] <= time < incident["end"]
    )


# what is one alert until enough buckets are quiet


def _until_quiet(rule: AlertRule, seen: Seen, known: list[Sighting]) -> list[Sighting]:
    found = list(known)
    last = {one.value: one for one in sorted(known, key=lambda one: one.end_ms)}
    for time, value, row in _hits(rule, seen):
        one = last.get(value)
        if one is None or time >= one.end_ms + rule.resolve_after * seen.span_ms:
            one = last[value] = _begun(rule, seen, time, value, row)
            found.append(one)
        if time >= one.end_ms:
            one.records += 1
        one.end_ms = max(one.end_ms, time + seen.span_ms)
        one.max_score = max(one.max_score, row["score"])
    return found


def _hits(rule: AlertRule, seen: Seen) -> Iterator[tuple[int, str, Row]]:
    """(bucket, value, row with its `score`) of what is bad enough, by time, the worst of a bucket first."""
    if rule.on == "buckets":
        frame = seen.buckets(rule.min_score).rename({"anomaly_score": "score"})
    elif rule.on == "influencers":
        frame = seen.influencers(rule.min_score).rename({"influencer_score": "score"})
    else:
        frame = seen.records(rule.min_score, rule.min_grade).rename({"record_score": "score"})
    for time, rows in by_time(frame, "score"):
        for row in rows:
            for value in _values(rule, row):
                yield time, value, row


def _begun(rule: AlertRule, seen: Seen, time: int, value: str, row: Row) -> Sighting:
    told = _of_value(rule, seen.records_at(time), value)
    key, anchor, score = _alert_id(rule, seen, str(time), value), [time], row["score"]
    series = told.select(schema.SERIES_KEY).unique().height
    alert = Sighting(key, "", value, anchor, time, time, time, score, score, row["is_interim"], series, told=told, is_new=True)
    if rule.on == "influencers":
        alert.summary = f"{row['influencer_field_name']}={row['influencer_field_value']} is to blame"
    return alert


# values that alerts are grouped by


def _values(rule: AlertRule, row: Row) -> list[str]:
    """The values of the rule's field that a row is of, each once."""
    field_name = rule.group_by
    if field_name is None:
        return [ALL]
    if rule.on == "influencers":
        return [row["influencer_field_value"]] if row["influencer_field_name"] == field_name else []
    split = [row[f"{role}_field_value"] for role in ("partition", "by", "over") if row[f"{role}_field_name"] == field_name]
    blamed = [
        value
        for influencer in row["influencers"]
        if influencer["influencer_field_name"] == field_name
        for value in influencer["influencer_field_values"]
    ]
    return list(dict.fromkeys(value for value in [*split, *blamed] if value is not None))


def _of_value(rule: AlertRule, records: pl.DataFrame, value: str) -> pl.DataFrame:
    if rule.group_by is None or records.is_empty():
        return records
    of_records = rule.model_copy(update={"on": "records"})
    return records.filter([value in _values(of_records, row) for row in records.iter_rows(named=True)])


def _alert_id(rule: AlertRule, seen: Seen, key: str, value: str) -> str:
    group = f"~{hashlib.sha256(f'{rule.group_by}={value}'.encode()).hexdigest()[:8]}" if rule.group_by else ""
    return f"{rule.rule_id}~{seen.job.job_id}~{key}{group}"
