"""Live = backfill = resumed, bit for bit, whatever the chunks and threads."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from barograph.engine import Engine
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.events import START, job, requests

FRAME = requests()
END = START + 3 * 86_400_000


def run(chunks: Iterable[pl.DataFrame], threads: int = 1) -> tuple[Results, bytes]:
    engine = Engine.build(job(), threads=threads)
    results = Results.concat([*(engine.add(chunk) for chunk in chunks), engine.flush(END)])
    return results, engine.snapshot().to_bytes()


def assert_same(one: Results, other: Results) -> None:
    for field in fields(Results):
        if field.name in ("counts", "job"):
            assert getattr(one, field.name) == getattr(other, field.name)
        else:
            assert_frame_equal(getattr(one, field.name), getattr(other, field.name), check_exact=True)


@pytest.fixture(scope="module")
def whole() -> tuple[Results, bytes]:
    return run([FRAME])


def test_the_flood_and_its_source_are_found(whole: tuple[Results, bytes]) -> None:
    while_rows_came = whole[0].records.filter(pl.col("timestamp") < START + 2 * 86_400_000)
    worst = while_rows_came.sort("record_score", descending=True).head(5)
    assert worst["record_score"].min() > 75
    blamed = {
        value for record in worst["influencers"].to_list() for one in record or [] for value in one["influencer_field_values"]
    }
    assert {"host-2", "user-7"} <= blamed


@pytest.mark.parametrize("size", [1, *(pytest.param(size, marks=pytest.mark.slow) for size in (7, 83)), 419, 5_999])
def test_the_size_of_a_chunk_does_not_change_a_bit(whole: tuple[Results, bytes], size: int) -> None:
    rows = FRAME if size > 1 else FRAME.head(400)
    expected = whole if size > 1 else run([rows])
    results, snapshot = run(rows.iter_slices(size))
    assert_same(results, expected[0])
    assert snapshot == expected[1]


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    """Wide enough that the models do share the series out: 400 hosts by 150 buckets."""
    many = pl.DataFrame(
        {
            "time": np.repeat(START + 900_000 * np.arange(150), 400),
            "host": [f"host-{one}" for one in range(400)] * 150,
            "bytes": np.random.default_rng(2).gamma(2.0, 300.0, 60_000),
        }
    )
    detectors = [{"function": "mean", "field_name": "bytes", "partition_field_name": "host"}]
    results = []
    for threads in (1, 3):
        engine = Engine.build(job(analysis_config={"detectors": detectors, "influencers": []}), threads=threads)
        results.append((engine.add(many), engine.snapshot().to_bytes()))
    assert_same(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


@settings(max_examples=8)
@given(cut=st.integers(1, len(FRAME) - 1))
def test_a_resumed_engine_goes_on_bit_for_bit(whole: tuple[Results, bytes], cut: int) -> None:
    first = Engine.build(job())
    head = first.add(FRAME[:cut])
    second = Engine.build(job(), Snapshot.from_bytes(first.snapshot().to_bytes()))
    tail = [second.add(FRAME[cut:]), second.flush(END)]
    assert_same(Results.concat([head, *tail]), whole[0])
    assert second.snapshot().to_bytes() == whole[1]


def test_a_snapshot_changes_nothing() -> None:
    engine = Engine.build(job())
    engine.add(FRAME[:3000])
    before = engine.snapshot().to_bytes()
    assert engine.snapshot().to_bytes() == before


def test_rows_late_within_the_latency_are_as_if_in_order() -> None:
    random = np.random.default_rng(3)
    delay = random.integers(0, 29 * 60_000, len(FRAME))
    shuffled = FRAME[np.argsort(FRAME["time"].to_numpy() + delay, kind="stable")]
    results = []
    for frame in (FRAME, shuffled):
        engine = Engine.build(job(analysis_config={"latency": "30m"}))
        results.append(Results.concat([engine.add(frame), engine.flush(END)]))
    in_order, late = results
    assert late.counts.out_of_order_timestamp_count == 0
    assert_frame_equal(
        _by_name(in_order.bucket_values),
        _by_name(late.bucket_values),
        rel_tol=1e-9,
    )


def _by_name(values: pl.DataFrame) -> pl.DataFrame:
    """In an order, and without the column, that depends on which series came first."""
    key = ("timestamp", "detector_index", "partition_field_value", "by_field_value", "weight", "actual")
    return values.drop("series").sort(key)


def test_rows_too_late_are_counted_and_change_nothing_else(whole: tuple[Results, bytes]) -> None:
    engine = Engine.build(job())
    late = FRAME[:3].with_columns(host=pl.lit("late-host"))
    results = Results.concat([engine.add(FRAME[:3000]), engine.add(late), engine.add(FRAME[3000:]), engine.flush(END)])
    assert results.counts.out_of_order_timestamp_count == 3
    assert sum(one.reason == "out_of_order" for one in results.counts.examples) == 3
    assert_frame_equal(results.records, whole[0].records)
