"""A page of the worst records is the same, whichever way they are found."""

import math
from dataclasses import replace

import polars as pl
import pytest

from barograph.store import worst_records
from barograph.store.entity_filter import Is
from barograph.store.query import Query
from barograph.store.records_query import RecordsQuery, Stretches
from barograph.store.store import Store

SPAN_MS = 300_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, make, tmp_path_factory):
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with Store.open(url, tmp_path_factory.mktemp("data")) as store:
        for name, buckets in (("web", 200), ("other", 3)):
            store.create_job(make.job(name), now_ms=1)
            store.commit(name, make.results(0, buckets), make.snapshot(1), [])
        yield store


@pytest.mark.parametrize("buckets", [(0, 200), (150, 152)], ids=["all, from the worst down", "a short time out of a long one"])
@pytest.mark.parametrize("jobs", [("web",), ("web", "other")])
def test_the_worst_records_come_first_and_pages_never_overlap(filled, jobs, buckets):
    everything = filled.found_records(RecordsQuery(jobs, size=10_000, sort="time", descending=False)).rows
    start, end = (everything["timestamp"].min() + number * SPAN_MS for number in buckets)
    asked = everything.filter(everything["timestamp"].is_between(start, end, closed="left"))
    worst = asked.sort("record_score", "timestamp", "job_id", "seq", descending=[True, True, False, False], nulls_last=True)
    pages = [filled.found_records(RecordsQuery(jobs, start, end, size=7, offset=at)) for at in range(0, asked.height, 7)]
    assert {page.total for page in pages} == {asked.height}
    assert [row for page in pages for row in page.rows.select("job_id", "timestamp").rows()] == worst.select(
        "job_id", "timestamp"
    ).rows()
    assert pages[0].highest == worst["record_score"][0]
    assert (pages[0].first_ms, pages[0].last_ms) == (asked["timestamp"].min(), asked["timestamp"].max())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hosts(request, make, tmp_path_factory):
    """Two jobs with records of five series, with ties of scores, open buckets at the end and a clock that changes."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    series = pl.int_range(pl.len()) % 5
    with Store.open(url, tmp_path_factory.mktemp("data")) as store:
        for name, buckets, start in (("web", 160, 0), ("other", 30, 7)):
            found = make.results(start, buckets)
            of_hosts = found.records.with_columns(
                detector_index=(series // 4).cast(pl.Int32),
                function_description=pl.lit("mean"),
                partition_field_name=pl.lit("host"),
                partition_field_value=pl.when(series == 2).then(None).otherwise(pl.format("h{}", series)),
                by_field_value=pl.lit(None, pl.String),
                over_field_value=pl.lit(None, pl.String),
                log_probability=-(pl.int_range(pl.len()) % 7).cast(pl.Float64),
                is_interim=pl.col("timestamp") >= 150 * SPAN_MS,
            )
            store.create_job(make.job(name), now_ms=1)
            store.commit(name, replace(found, records=of_hosts), make.snapshot(1), [])
        yield store


SHIFTS = Stretches(3_600_000, ((0, 1_800_000), (12_000_000, 0), (30_000_000, 5_400_000)))
KINDS = {
    "all": {},
    "finished": {"exclude_interim": True},
    "scores": {"bands": ((50.0, 75.0), (75.0, math.inf), (5.0, 10.0))},
    "a host": {"wanted": Is("host", ("h3",))},
    "a detector": {"detectors": (("web", 1), ("other", 0))},
    "a time": {"start_ms": 30 * SPAN_MS, "end_ms": 90 * SPAN_MS},
    "a short time": {"start_ms": 155 * SPAN_MS, "end_ms": 156 * SPAN_MS},
}


BOTH = ("web", "other")
CASES = [*((kind, BOTH, SHIFTS) for kind in KINDS), ("scores", ("web",), SHIFTS), ("all", ("web",), Stretches(7_200_000))]
CASES += [("all", BOTH, Stretches(7_200_000, ((0, -259_200_000),)))]  # in local time it is before 1970


@pytest.mark.parametrize(("kind", "jobs", "stretches"), CASES)
def test_the_worst_record_of_each_stretch_stands_for_the_others(hosts, kind, jobs, stretches):
    asked = RecordsQuery(jobs, **KINDS[kind], size=100_000)
    ranked = hosts.found_records(replace(asked, sort="time", descending=False)).rows
    until = [*(pl.col("timestamp") < start for start, _ in stretches.shifts[1:]), pl.lit(True)]
    ahead = pl.coalesce(*(pl.when(when).then(shift) for when, (_, shift) in zip(until, stretches.shifts, strict=True)))
    groups = ["job_id", "detector_index", "partition_field_value", "stretch"]
    worst = (
        ranked.with_columns(stretch=(pl.col("timestamp") + ahead) // stretches.ms)
        .sort("record_score", "log_probability", "timestamp", "seq", descending=[True, False, False, False])
        .with_columns(worst_of=pl.len().over(groups).cast(pl.Int64))
        .unique(groups, keep="first", maintain_order=True)
        .sort("record_score", "timestamp", "job_id", "seq", descending=[True, True, False, False])
    )
    query = replace(asked, worst_of=stretches, size=80)
    pages = [hosts.found_records(replace(query, offset=at)) for at in range(0, worst.height, 80)]
    columns = ("job_id", "timestamp", "seq", "worst_of")
    assert [row for page in pages for row in page.rows.select(columns).rows()] == worst.select(columns).rows()
    assert {(page.total, page.records) for page in pages} == {(worst.height, ranked.height)}
    for descending in (True, False):
        by_time = worst.sort("timestamp", "job_id", "seq", descending=[descending, False, False])
        start = hosts.found_records(replace(query, sort="time", descending=descending, size=9, offset=5))
        assert start.rows.select(columns).rows() == by_time.select(columns).rows()[5:14]
    whole = hosts.found_records(replace(query, size=100_000))  # so many are brought into order instead
    assert whole.rows.select(columns).rows() == worst.select(columns).rows()


@pytest.mark.parametrize("time", ["all", "a time"])
def test_a_job_without_records_in_the_time_sends_no_other_the_slow_way(hosts, time):
    query = RecordsQuery((*BOTH, "empty"), **KINDS[time], worst_of=SHIFTS)
    with hosts.reading() as connection:
        assert worst_records.keys(connection, query) == worst_records.keys(connection, replace(query, job_ids=("web", "other")))
        assert len(worst_records.keys(connection, query) or ()) == 25


def test_records_are_counted_as_they_are_stored(hosts):
    for asked in (Query(), Query(exclude_interim=False), Query(start_ms=30 * SPAN_MS, end_ms=70 * SPAN_MS)):
        assert hosts.records("web", asked).total == hosts.records("web", asked).rows.height
    hosts_before = hosts.records("web", Query()).total
    assert hosts_before < hosts.records("web", Query(exclude_interim=False)).total
