"""The Parquet history: what is visible, how files are merged, which are read."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.results import schema
from barograph.results.results import Results
from barograph.store import history, tables
from barograph.store.history import Span
from barograph.store.store import Store

COMMITS = 13


@pytest.fixture
def filled(store, make, monkeypatch):
    """13 commits of one bucket, merged by threes."""
    monkeypatch.setattr(history, "MERGE", 3)
    store.create_job(make.job(), now_ms=1)
    for number in range(COMMITS):
        store.commit("web", make.results(number, 1), make.snapshot(number), [])
    return store


def test_merging_bounds_the_files_and_changes_no_row(filled, make):
    files = [one for one in filled.history_files("web") if one.kind == "bucket_values"]
    assert len(files) <= 2 * 3  # less than MERGE files on each of log3(13) levels
    assert [one.level for one in files] == sorted((one.level for one in files), reverse=True)
    assert sum(one.rows for one in files) == 3 * COMMITS
    whole = make.results(0, COMMITS)
    assert_frame_equal(filled.bucket_values("web"), whole.bucket_values, check_exact=True)
    assert_frame_equal(filled.influencer_shares("web"), whole.influencer_shares, check_exact=True)


def test_files_of_a_version_that_kept_less_have_nulls(store, make, monkeypatch):
    monkeypatch.setattr(history, "MERGE", 3)
    store.create_job(make.job(), now_ms=1)
    news, now = ["without", "without_higher", "without_lower"], history.ROWS["influencer_shares"]
    monkeypatch.setitem(history.ROWS, "influencer_shares", lambda results: now(results).drop(news))
    for number in range(2):
        store.commit("web", make.results(number, 1), make.snapshot(number), [])
    found = store.influencer_shares("web")
    whole = make.results(0, 2).influencer_shares
    assert_frame_equal(found.drop(news), whole.drop(news), check_exact=True)
    assert found.select(news).null_count().row(0) == (6, 6, 6)
    monkeypatch.setitem(history.ROWS, "influencer_shares", now)
    store.commit("web", make.results(2, 1), make.snapshot(2), [])  # merged with the others
    merged = store.influencer_shares("web")
    assert_frame_equal(merged[-3:], make.results(2, 1).influencer_shares, check_exact=True)
    assert merged.select(news).null_count().row(0) == (6, 6, 6)


def test_only_listed_files_lie_on_the_disk(filled, tmp_path):
    listed = {one.name for one in filled.history_files("web")} | {one.file for one in filled.snapshots("web")}
    assert {path.name for path in (tmp_path / "data").glob("files/*/web/*")} == listed


def test_large_files_are_not_merged(store, make, monkeypatch):
    monkeypatch.setattr(history, "MERGE", 3)
    monkeypatch.setattr(history, "MERGED_ROWS", 20)  # less than nine buckets of three rows
    store.create_job(make.job(), now_ms=1)
    for number in range(12):
        store.commit("web", make.results(number, 1), make.snapshot(number), [])
    files = [one for one in store.history_files("web") if one.kind == "bucket_values"]
    assert max(one.rows for one in files) == 9
    assert_frame_equal(store.bucket_values("web"), make.results(0, 12).bucket_values, check_exact=True)


def test_a_span_is_half_open(filled, make):
    found = filled.bucket_values("web", Span(start_ms=7 * make.SPAN_MS, end_ms=9 * make.SPAN_MS))
    assert found["timestamp"].unique().sort().to_list() == [7 * make.SPAN_MS, 8 * make.SPAN_MS]
    assert filled.bucket_values("web", Span(start_ms=COMMITS * make.SPAN_MS)).is_empty()


def test_only_files_that_touch_the_span_are_read(filled, make):
    files = [one for one in filled.history_files("web") if one.kind == "bucket_values"]
    touched = [one for one in files if Span(start_ms=(COMMITS - 1) * make.SPAN_MS).touches(one)]
    assert len(touched) == 1
    assert [one for one in files if Span(end_ms=make.SPAN_MS).touches(one)] == files[:1]


def test_a_series_is_picked_by_detector_function_partition_and_by(filled, make):
    whole = make.results(0, COMMITS).bucket_values
    one = whole.drop_nulls().row(0, named=True)
    asked = Span(
        detector_index=one["detector_index"],
        function=one["function_description"],
        split_values=(one["partition_field_value"], one["by_field_value"], None),
    )
    expected = whole.filter(
        pl.col("detector_index") == one["detector_index"],
        pl.col("function_description") == one["function_description"],
        pl.col("partition_field_value") == one["partition_field_value"],
        pl.col("by_field_value") == one["by_field_value"],
    )
    assert len(expected)
    assert_frame_equal(filled.bucket_values("web", asked), expected)


def test_negative_zero_and_nan_stay_in_the_history(store, make):
    store.create_job(make.job(), now_ms=1)
    values = make.results().coded_values.with_columns(pl.lit(-0.0).alias("actual"), pl.lit(float("nan")).alias("typical"))
    store.commit("web", replace(Results(), coded_values=values), make.snapshot(1), [])
    read = store.bucket_values("web")
    assert {one.hex() for one in read["actual"]} == {(-0.0).hex()}
    assert read["typical"].is_nan().all()


def test_a_job_without_history_gives_empty_tables(store, make):
    store.create_job(make.job(), now_ms=1)
    assert_frame_equal(store.bucket_values("web"), Results().bucket_values)
    assert_frame_equal(store.influencer_shares("web"), Results().influencer_shares)


def test_a_directory_with_glob_signs_is_read(make, tmp_path):
    with Store.open(None, tmp_path / "da[t]a*") as store:
        store.create_job(make.job(), now_ms=1)
        store.commit("web", make.results(), make.snapshot(1), [])
        assert len(store.bucket_values("web")) == 12


def test_files_with_names_as_text_are_read_and_merged_with_those_that_have_categories(store, make):
    """As builds before the first release wrote them."""
    store.create_job(make.job(), now_ms=1)
    for number in range(COMMITS):
        store.commit("web", make.results(number, 1), make.snapshot(number), [])
        if number == 2:
            newest = [one for one in store.history_files("web") if one.kind == "bucket_values"][-1]
            path = store._job_files("web").path / newest.name
            schema.uncoded(pl.read_parquet(path)).write_parquet(path)
            old = tables.HISTORY_FILE.update().where(tables.HISTORY_FILE.c.name == newest.name).values(sha256=None)
            with store._database.engine.begin() as connection:
                connection.execute(old)  # such builds listed no hash
            assert_frame_equal(store.bucket_values("web"), make.results(0, 3).bucket_values, check_exact=True)
    assert_frame_equal(store.bucket_values("web"), make.results(0, COMMITS).bucket_values, check_exact=True)
