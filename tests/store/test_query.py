"""Paging, sorting and filtering of results, on both databases."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import BadRequest
from barograph.results import schema
from barograph.store import query
from barograph.store.query import Query
from barograph.store.store import Store

TABLES = {
    "records": query.RECORDS,
    "buckets": query.BUCKETS,
    "influencers": query.INFLUENCERS,
    "bucket_influencers": query.BUCKET_INFLUENCERS,
    "annotations": query.ANNOTATIONS,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, make, tmp_path_factory):
    """One store for all tests of this file, which only read it."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with Store.open(url, tmp_path_factory.mktemp("data")) as store:
        store.create_job(make.job(), now_ms=1)
        store.create_job(make.job("other"), now_ms=1)
        store.commit("web", make.results(0, 25), make.snapshot(1), [])
        store.commit("other", make.results(10, 3), make.snapshot(1), [])
        yield store


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_of_the_schema_in_their_order(filled, name):
    rows = getattr(filled, name)("web").rows
    assert rows.schema == schema.polars_schema(TABLES[name].columns)


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_answer_has_the_columns_too(filled, name):
    page = getattr(filled, name)("web", Query(start_ms=10**15))
    assert page.total == 0
    assert page.rows.schema == schema.polars_schema(TABLES[name].columns)


def test_defaults_are_time_for_buckets_and_the_worst_first_for_the_rest(filled):
    assert filled.buckets("web").rows["timestamp"].is_sorted()
    assert filled.bucket_influencers("web").rows["timestamp"].is_sorted()
    assert filled.records("web").rows["record_score"].is_sorted(descending=True)
    assert filled.influencers("web").rows["influencer_score"].is_sorted(descending=True)


def test_start_is_inclusive_and_end_exclusive(filled, make):
    page = filled.buckets("web", Query(start_ms=5 * make.SPAN_MS, end_ms=8 * make.SPAN_MS))
    assert page.rows["timestamp"].to_list() == [n * make.SPAN_MS for n in (5, 6, 7)]
    assert page.total == 3


def test_the_lowest_score_is_inclusive(filled, make):
    scores = make.results(0, 25).records["record_score"]
    page = filled.records("web", Query(min_score=75.0))
    assert page.total == (scores >= 75).sum()
    assert page.rows["record_score"].min() == 75.0


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["timestamp", "record_score", "probability", "partition_field_value", "seq", "is_interim"])
def test_pages_put_together_are_the_whole(filled, sort, descending):
    whole = filled.records("web", Query(sort=sort, descending=descending))
    pages = [filled.records("web", Query(sort=sort, descending=descending, offset=n, size=7)) for n in range(0, 77, 7)]
    assert {page.total for page in pages} == {75}
    assert_frame_equal(pl.concat(page.rows for page in pages), whole.rows)


@pytest.mark.parametrize("descending", [False, True])
def test_ties_go_by_time_in_the_direction_of_the_sort_then_by_rank(filled, make, descending):
    rows = filled.records("web", Query(sort="record_score", descending=descending)).rows
    expected = make.results(0, 25).records.sort("record_score", "timestamp", "seq", descending=[descending, descending, False])
    assert_frame_equal(rows, expected)


@pytest.mark.parametrize("descending", [False, True])
def test_rows_without_a_value_come_last_in_either_direction(filled, descending):
    values = filled.records("web", Query(sort="typical", descending=descending)).rows["typical"]
    assert values.null_count() > 0
    assert values.tail(values.null_count()).null_count() == values.null_count()


def test_text_sorts_bytewise_whatever_the_locale(store, make):
    store.create_job(make.job(), now_ms=1)
    found = make.results(0, 1)
    names = ["b", "A", "a"]
    influencers = found.influencers.with_columns(pl.Series("influencer_field_value", names))
    store.commit("web", type(found)(influencers=influencers, buckets=found.buckets, counts=found.counts), make.snapshot(1), [])
    rows = store.influencers("web", Query(sort="influencer_field_value", descending=False)).rows
    assert rows["influencer_field_value"].to_list() == ["A", "a", "b"]


def test_a_size_of_zero_only_counts(filled):
    page = filled.records("web", Query(size=0))
    assert page.rows.is_empty()
    assert page.total == 75


def test_an_offset_beyond_the_end_is_an_empty_page(filled):
    page = filled.records("web", Query(offset=75, size=10))
    assert page.rows.is_empty()
    assert page.total == 75


def test_an_unknown_sort_column_is_named_with_those_there_are(filled):
    with pytest.raises(BadRequest, match="sort='score': wanted one of timestamp, bucket_span, seq"):
        filled.records("web", Query(sort="score"))
    with pytest.raises(BadRequest, match="sort='influencers'"):
        filled.records("web", Query(sort="influencers"))


@pytest.mark.parametrize("name", ["offset", "size"])
def test_a_negative_page_is_refused(name):
    with pytest.raises(BadRequest, match=f"{name}=-1: wanted 0 or more"):
        Query(**{name: -1})


def test_annotations_have_no_score_to_ask_for(filled):
    assert filled.annotations("web", Query(exclude_interim=True)).total > 0
    with pytest.raises(BadRequest, match="min_score=50: wanted none, as annotations have no score"):
        filled.annotations("web", Query(min_score=50))


def test_the_highest_scores_of_several_jobs_by_window(filled):
    found = filled.highest_scores(["web", "other"], 4 * 300_000, Query(start_ms=8 * 300_000, end_ms=20 * 300_000))
    expected = pl.concat(filled.buckets(job_id).rows.with_columns(job_id=pl.lit(job_id)) for job_id in ("web", "other"))
    inside = expected.filter(pl.col("timestamp").is_between(8 * 300_000, 20 * 300_000, closed="left"))
    window = pl.col("timestamp") // 1_200_000 * 1_200_000
    best = inside.group_by(window.alias("window"), "job_id").agg(pl.max("anomaly_score").alias("score"))
    assert_frame_equal(found.sort("job_id", "window").drop("interim"), best.sort("job_id", "window"), check_row_order=True)
    assert filled.highest_scores(["nobody"], 1_200_000).is_empty()
