"""The sentences of a report."""

from collections.abc import Iterator

import polars as pl

from barograph.report.content import Report
from barograph.results import labels
from barograph.results.severity import CRITICAL, MAJOR
from barograph.results.words import measure, with_values


def summary(report: Report) -> list[str]:
    """What there is to know first, in a few sentences."""
    first, last = (labels.when(ms, report.zone) for ms in (report.start_ms, report.end_ms))
    judged = f"{labels.counted(report.buckets, 'bucket')} of {labels.length(report.job.bucket_span_ms)}"
    return [f"From {first} to {last} ({report.zone}), {judged} were judged{_filters(report)}.", *_found(report)]


def _found(report: Report) -> Iterator[str]:
    incidents = report.incidents
    if incidents.is_empty():
        of = "a record" if report.asked.entity else "a bucket"
        highest = _highest_record(report) if report.asked.entity else report.highest
        yield f"There was no incident; the highest score of {of} was {labels.whole(highest)}."
        return
    worst = incidents.row(0, named=True)
    yield f"{labels.counted(incidents.height, 'incident')}{_severities(incidents)}."
    lasted = labels.lasted(worst["end"] - worst["start"])
    begun = f"The worst began {labels.when(worst['start'], report.zone)} and lasted {lasted}"
    yield f"{begun}: {worst['summary']}; its score is {labels.whole(worst['score'])}."
    last = incidents.filter(pl.col("end") >= report.end_ms).height
    yield f"{labels.counted(last, 'incident')} had not ended by then." if last else "None was going on at the end."


def _highest_record(report: Report) -> float:
    return report.records["record_score"][0] if report.records.height else 0.0


def _severities(incidents: pl.DataFrame) -> str:
    critical = incidents.filter(pl.col("score") >= CRITICAL).height
    major = incidents.filter(pl.col("score").is_between(MAJOR, CRITICAL, closed="left")).height
    named = [f"{number:,} {word}" for number, word in ((critical, "critical"), (major, "major")) if number]
    return f", {labels.joined(named)}" if named else ", none of them major"


def _filters(report: Report) -> str:
    asked = report.asked
    of = (
        f"; told is only what is of {' and '.join(f'{field}={value}' for field, value in asked.entity)}" if asked.entity else ""
    )
    least = f"; scores below {asked.min_score:g} are left out" if asked.min_score else ""
    return of + least


def closeup(incident: dict[str, object]) -> str:
    """The worst series of an incident in one line: what of it was how odd."""
    members = incident["members"]
    assert isinstance(members, list)
    worst = max(members, key=lambda member: member["score"])
    return f"{measure(worst['function_description'], worst['field_name'])} {with_values(worst)}"


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """How the report was made."""
    job, counts = report.job, report.summary.counts
    yield "Job", job.job_id
    if job.description:
        yield "Description", job.description
    yield "What it does", labels.sentence(job)
    yield "Time zone", f"{job.time_zone}; all times on this page are its"
    if counts is not None:
        yield "Read", f"{labels.counted(counts.input_record_count, 'row')} in all, {counts.bucket_count:,} buckets finished"
    yield "Shown", f"{labels.counted(report.buckets, 'bucket')}{_filters(report)}"
    yield (
        "Scores",
        "0 to 100: warning from 3, minor from 25, major from 50, critical from 75. By chance alone a single series reaches 50 "
        "about once in two months, and 75 once in two years. Results of buckets that are still open are left out.",
    )
    percent = job.model_plot_config.bounds_percentile if job.model_plot_config.enabled else 95.0
    yield "Charts", f"what was expected: {percent:g} % of values were to lie there, by what was known before each of them"
    yield "Made", labels.when(report.made_ms // 60_000 * 60_000, report.zone)
