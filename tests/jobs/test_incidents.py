"""Incidents as a store tells them: whole, whatever time is asked for."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.jobs.views.incidents import job_incidents
from barograph.results import schema
from barograph.scoring.incidents import incidents
from barograph.store.store import Store
from tests.scoring.test_incidents import SPAN_MS, record

HOURS = 12  # buckets in an hour


def frame(rows: list[dict]) -> pl.DataFrame:
    names = [one.name for one in schema.RECORDS]
    made = [{name: one.get(name) for name in names} for one in rows]
    ranked = pl.DataFrame(made, schema=schema.polars_schema(schema.RECORDS)).sort("timestamp")
    return ranked.with_columns(
        pl.int_range(pl.len(), dtype=pl.Int32).over("timestamp").alias("seq"),
        is_interim=pl.lit(False),
        bucket_span=pl.lit(300, pl.Int64),
    )


@pytest.fixture
def rows() -> pl.DataFrame:
    """One incident that goes on for ten hours, one before, one after, a minor one that only an early record makes major."""
    long = [record(200 + 4 * i, f"h{i % 7}", 80, "eu") for i in range(30)]
    return frame([record(10, "a", 60), *long, record(500, "b", 90), record(290, "b", 55), record(301, "b", 30)])


@pytest.fixture
def filled(store: Store, make, rows: pl.DataFrame) -> Store:
    store.create_job(make.job(), now_ms=1)
    made = make.results(0, 600)
    store.commit("web", replace(made, records=rows), make.snapshot(1), [])
    return store


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, None), (0, 11), (11, 200), (210, 212), (303, 305), (290, 500), (499, None), (None, 202), (301, 302), (590, 600)],
)
def test_an_incident_is_whole_whatever_part_of_it_is_asked_for(filled: Store, rows: pl.DataFrame, start, end) -> None:
    every = incidents(rows, SPAN_MS)
    start_ms, end_ms = (None if one is None else one * SPAN_MS for one in (start, end))
    expected = every.filter(pl.col("end") > (start_ms or 0), pl.col("start") < (10**15 if end_ms is None else end_ms))
    assert_frame_equal(job_incidents(filled, "web", start_ms, end_ms), expected)


def test_the_lowest_score_is_that_of_the_incident(filled: Store) -> None:
    assert job_incidents(filled, "web", min_score=85)["score"].to_list() == [90.0]


def test_what_expired_results_may_have_cut_is_not_called_whole(store: Store, make) -> None:
    store.create_job(make.job(results_retention_days=1), now_ms=1)
    made = make.results(0, 600)
    cut = 600 - 1 - 24 * HOURS
    records = frame([record(cut - 2, "a"), record(cut + 5, "a"), record(cut + 40, "b")])
    store.commit("web", replace(made, records=records), make.snapshot(1), [])
    assert job_incidents(store, "web")["is_whole"].to_list() == [False, True]
    assert job_incidents(store, "web")["records"].to_list() == [1, 1]
