"""A run that also judges what is still open: kept apart, and gone when more is known."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.engine import Engine
from barograph.jobs.run import run_job
from barograph.jobs.summary import RunSummary
from barograph.jobs.views.what_if import AlertSettings, what_if
from barograph.sources.read import read_files
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import job, requests

SPAN = 900_000
TABLES = ("buckets", "records", "influencers", "bucket_influencers")
BOTH = Query(sort="timestamp", descending=False, exclude_interim=False)
FRAME = requests()
HALF = 4_850
"""In the middle of a bucket of the flood."""


def run(store: Store, path: Path, *, interim: bool = True, **changes: object) -> RunSummary:
    of = job(**changes)
    return run_job(store, of, read_files([str(path)], of.data_description, fields=of.fields), interim=interim)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(FRAME[:HALF].write_csv())
    return path


def tables(store: Store, asked: Query = BOTH) -> dict[str, pl.DataFrame]:
    return {name: getattr(store, name)("requests", asked).rows for name in TABLES}


def test_a_run_keeps_what_the_open_bucket_may_come_to(store: Store, rows: Path) -> None:
    done = run(store, rows)
    assert done.interim == (FRAME["time"][HALF - 1] // SPAN * SPAN,)
    engine = Engine.build(job())
    engine.add(FRAME[:HALF])
    told = engine.flush(calc_interim=True)
    assert told.records.height > 0
    for name, found in tables(store).items():
        assert_frame_equal(found.filter("is_interim"), getattr(told, name), check_exact=True)
    assert done.buckets == store.buckets("requests").total == done.counts.bucket_count
    assert done.records == store.records("requests").total
    assert store.bucket_values("requests")["timestamp"].max() < done.interim[0]
    assert what_if(store, "requests", AlertSettings(min_score=0)).end_ms == done.interim[0]


def test_asked_for_again_it_is_the_same(store: Store, rows: Path) -> None:
    run(store, rows)
    before = tables(store)
    again = run(store, rows)
    assert (again.rows, again.commits, len(again.interim)) == (0, 1, 1)
    for name, found in tables(store).items():
        assert_frame_equal(found, before[name], check_exact=True)


def test_a_job_that_was_asked_goes_on_as_one_that_was_not(store: Store, rows: Path, tmp_path: Path) -> None:
    run(store, rows, analysis_config={"latency": "30m"})
    with rows.open("a") as file:
        file.write(FRAME[HALF:].write_csv(include_header=False))
    run(store, rows, interim=False, analysis_config={"latency": "30m"})
    with Store.open(None, tmp_path / "other") as other:
        run(other, rows, interim=False, analysis_config={"latency": "30m"})
        for name, found in tables(store).items():
            assert not found["is_interim"].any()
            timed = "processing_time_ms"  # by the clock on the wall
            one, two = (table.drop(timed, strict=False) for table in (found, tables(other)[name]))
            assert_frame_equal(one, two, check_exact=True)
        saved, expected = store.resume("requests"), other.resume("requests")
        assert saved is not None
        assert expected is not None
        assert saved.snapshot.to_bytes() == expected.snapshot.to_bytes()
