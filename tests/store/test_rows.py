"""Results read back as they were written, to the last bit."""

from dataclasses import replace

import polars as pl
import pytest

from tests.store.comparing import ALL, assert_same


def test_every_table_reads_back_as_it_was_written(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results(buckets=30)
    store.commit("web", written, make.snapshot(1), [])
    for name in ("records", "buckets", "influencers", "bucket_influencers", "annotations"):
        page = getattr(store, name)("web", ALL)
        assert_same(page.rows, getattr(written, name))
        assert page.total == len(page.rows)
    assert_same(store.bucket_values("web"), written.bucket_values)
    assert_same(store.influencer_shares("web"), written.influencer_shares)


@pytest.mark.parametrize(
    "value", [1e-308, 5e-324, -5e-324, 1.7976931348623157e308, 0.1 + 0.2, float("-inf"), 3.0, 2.0**60 + 256]
)
def test_a_double_keeps_every_bit(store, make, value):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    records = written.records.with_columns(pl.lit(value).alias("actual"))
    store.commit("web", replace(written, records=records), make.snapshot(1), [])
    assert {one.hex() for one in store.records("web").rows["actual"]} == {value.hex()}


def test_nan_is_null_and_a_negative_zero_is_zero(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    records = written.records.with_columns(pl.lit(float("nan")).alias("actual"), pl.lit(-0.0).alias("typical"))
    store.commit("web", replace(written, records=records), make.snapshot(1), [])
    read = store.records("web").rows
    assert read["actual"].null_count() == len(read)
    assert {one.hex() for one in read["typical"]} == {(0.0).hex()}


def test_text_with_a_zero_byte_does_not_stop_a_commit(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    influencers = written.influencers.with_columns(pl.lit("a\x00b").alias("influencer_field_value"))
    store.commit("web", replace(written, influencers=influencers), make.snapshot(1), [])
    assert set(store.influencers("web").rows["influencer_field_value"]) == {"a\u2400b"}
