"""An alert in words: what, how far from what, since when, who is to blame, how sure, and where to look."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from barograph.alerts.seen import Row
from barograph.alerts.sightings import Sighting
from barograph.config.alert_rule import AlertRule
from barograph.config.job import Job
from barograph.config.moment import iso_text
from barograph.results import labels, schema
from barograph.results.severity import severity
from barograph.results.words import compared, measure, record_compared, short, with_values
from barograph.store.alert_rows import AlertRow

_BLAMED: Final = 10
_SHOWN: Final = 3
_AROUND: Final = 48
"""Buckets beside an alert on the page that its link leads to, on either side at least. Chosen: what was normal is seen, too."""


def about(job: Job, alert: Sighting) -> dict[str, Any]:
    """What was odd, as numbers and words: the worst record, who is to blame for it all, and the line that sums it up."""
    # As rows, not as a frame: they are few, and many rules may have an alert of the same incident.
    told = sorted(alert.told.to_dicts(), key=lambda row: (-row["record_score"], row["log_probability"], row["timestamp"]))
    worst = _worst(told[0]) if told else None
    about = {"summary": alert.summary, "worst": worst, "blamed": _blamed(told), "bucket_span_ms": job.bucket_span_ms}
    return about | {"series": _series(alert)}


def _series(alert: Sighting) -> int:
    """How many series an alert has as it is raised."""
    return len(set(alert.told.select(schema.SERIES_KEY).rows()))


def _worst(row: Row) -> dict[str, Any]:
    return {
        "detector_index": row["detector_index"],
        "what": measure(row["function_description"], row["field_name"]),
        "how": _how(row),
        "odd_inside": _is_odd_inside(row),
        "series": labels.series(row),
        "actual": row["actual"],
        "typical": row["typical"],
        "probability": row["probability"],
        "chance": labels.chance(row["log_probability"]),
        "peak_time": row["timestamp"],
    }


def _how(row: Row) -> str:
    """`3.2x higher than usual (320 instead of 100)`; where the value itself is a usual one, why it is odd all the same."""
    return record_compared(row) if _is_odd_inside(row) else with_values(row)


def _is_odd_inside(row: Row) -> bool:
    """Whether the value is a usual one, and what makes it odd is something else."""
    return record_compared(row) != compared(row)


def _blamed(told: Sequence[Row]) -> list[dict[str, Any]]:
    most: dict[tuple[str, str], float] = {}
    for row in told:
        for of_field in row["influencers"] or ():
            name = of_field["influencer_field_name"]
            for value, influence in zip(of_field["influencer_field_values"], of_field["influences"], strict=True):
                most[name, value] = max(influence, most.get((name, value), 0.0))
    ordered = sorted(most.items(), key=lambda one: -one[1])[:_BLAMED]
    return [{"field_name": name, "field_value": value, "influence": influence} for (name, value), influence in ordered]


def title(job: Job, entity: dict[str, str], score: float, told: dict[str, Any]) -> str:
    """An alert in one line."""
    return f"{severity(score).capitalize()} in {job.job_id}: {headline(entity, told)}"


def headline(entity: dict[str, str], told: dict[str, Any]) -> str:
    """What is odd in one line."""
    worst = told["worst"]
    of_worst = "" if worst is None else _of_worst(worst)
    if entity:
        named = " ".join(f"{name}={value}" for name, value in entity.items())
        if worst is None:
            return named
        others = _without(worst["series"], named)
        return f"{named}: {_of_worst({**worst, 'series': others})}{_and_more(told)}"
    if told["summary"]:
        return str(told["summary"]) if "=" not in told["summary"] or not of_worst else _joined(told["summary"], of_worst)
    return f"{of_worst}{_and_more(told)}" if of_worst else "a bucket that is odd as a whole"


def _and_more(told: dict[str, Any]) -> str:
    return f", and {told['series'] - 1} more series" if told["series"] > 1 else ""


def _without(series: str, named: str) -> str:
    """The split values of a series without one of them; not without a part of another, such as `vhost=web-1` has."""
    return re.sub(rf"(^| ){re.escape(named)}(?= \S+=|$)", "", series).strip()


def _joined(summary: str, of_worst: str) -> str:
    return f"{summary}; the worst: {of_worst}" if summary.endswith(" is to blame") else summary


def _of_worst(worst: dict[str, Any]) -> str:
    return f"{worst['series']}, {worst['what']}: {worst['how']}" if worst["series"] else f"{worst['what']}: {worst['how']}"


def text(rule: AlertRule, job: Job, alert: Sighting, told: dict[str, Any], week: int | None) -> str:
    """An alert as a person gets it, several lines without the link.

    Args:
        rule: its rule.
        job: its job.
        alert: the alert as it was raised.
        told: what `about` made of it.
        week: how many alerts the rule has raised in the last 7 days with this one; None: not known.
    """
    zone, worst = ZoneInfo(job.time_zone), told["worst"]
    value = {rule.group_by: alert.value} if rule.group_by else {}
    lines = [title(job, value, alert.score, told), ""]
    if worst is not None and told["series"] > 1:
        lines.append(f"worst:    {_of_worst(worst)}")
    elif worst is not None and worst["odd_inside"]:
        lines.append(f"value:    {short(worst['actual'])}, usually {short(worst['typical'])}")
    lasted = labels.lasted(alert.time + job.bucket_span_ms - alert.start_ms)
    lines.append(f"since:    {labels.when(alert.start_ms, zone)} ({zone}), {lasted} so far")
    lines.append(f"to blame: {names(told['blamed']) or 'nobody; no few entities account for it'}")
    lines.append(f"how sure: {_how_sure(alert, worst)}")
    lines.append(f"rule:     {rule.rule_id}: {rule_words(rule)}{_budget(rule, week)}")
    return "\n".join(lines)


def names(blamed: list[dict[str, Any]]) -> str:
    """Who is to blame, with the share of each; shares of all for all say nothing."""
    shares = [f" ({100 * one['influence']:.0f} %)" for one in blamed[:_SHOWN]]
    if len(shares) > 1 and set(shares) == {" (100 %)"}:  # each of its own series
        shares = [""] * len(shares)
    shown = [f"{one['field_name']}={one['field_value']}{share}" for one, share in zip(blamed, shares, strict=False)]
    return ", ".join(shown) + (f" and {len(blamed) - _SHOWN} more" if len(blamed) > _SHOWN else "")


def _how_sure(alert: Sighting, worst: dict[str, Any] | None) -> str:
    chance = "" if worst is None else f"; by chance {worst['chance']}"
    open_bucket = "; the bucket is still open, so this may change" if alert.interim else ""
    return f"score {labels.whole(alert.score)} of 100 ({severity(alert.score)}){chance}{open_bucket}"


def rule_words(rule: AlertRule) -> str:
    """What a rule looks for: `incidents from 75 (critical), one alert for each host`."""
    by = f", one alert for each {rule.group_by}" if rule.group_by else ""
    interim = ", also while buckets are open" if rule.interim else ""
    return f"{rule.on} from {rule.min_score:g} ({severity(rule.min_score)}){by}{interim}"


def _budget(rule: AlertRule, week: int | None) -> str:
    beyond = over_budget(rule, week)
    return f"; {beyond}" if beyond else ""


def over_budget(rule: AlertRule, week: int | None) -> str | None:
    """That a rule raises more alerts than are wanted; None where it does not."""
    if week is None or rule.budget is None or week <= rule.budget:
        return None
    return f"{labels.counted(week, 'alert')} in the last 7 days, wanted at most {rule.budget:g}"


def link(row: AlertRow) -> str:
    """Where the page shows an alert, with what was before it and behind it."""
    span = row.about["bucket_span_ms"]
    around = max(_AROUND * span, row.end_ms - row.start_ms)
    first, last = (time // span * span for time in (row.start_ms - around, row.end_ms + around))
    return f"/explorer?job={quote(row.job_id)}&from={_time(first)}&to={_time(last)}"


def _time(time_ms: int) -> str:
    return iso_text(time_ms, UTC).replace("+00:00", "Z")
