"""The fold kernels against their definitions, and their stated errors."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.buckets import layout
from barograph.buckets.batch import EACH_ONE, Batch
from barograph.buckets.growing_records import GrowingRecords
from barograph.buckets.layout import STATS
from barograph.buckets.sketches import Distinct, Median
from barograph.buckets.texts import Texts
from barograph.kernels import _fold
from barograph.kernels.records import check_records
from barograph.results.arrays import as_bytes
from tests.oracle import fold as oracle

finite = st.floats(-1e6, 1e6) | st.integers(-5, 5).map(float)
weighted = st.lists(st.tuples(finite, st.sampled_from([0.25, 1.0, 1.0, 2.0, 7.0])), min_size=1, max_size=80)


def hashes(texts: list[str | None]) -> list[int]:
    out = np.zeros(len(texts), np.uint64)
    _fold.hash_texts(pl.Series(texts, dtype=pl.String).__arrow_c_stream__(), out)
    return out.tolist()


def stats_of(values: list[tuple[float, float]]) -> np.void:
    stats = np.zeros(1, STATS)
    value, weight = np.array(values, np.float64).T.copy()
    _fold.fold_values(np.zeros(len(values), np.int32), value, weight, as_bytes(stats))
    return stats[0]


def median_of(values: np.ndarray, weight: np.ndarray = EACH_ONE) -> float:
    median = Median.build()
    median.resize(1)
    median.fold(np.zeros(len(values), np.int32), Batch(weight, value=values))
    return float(median.values(np.zeros(1, np.int32))[0])


def distinct_of(hashed: np.ndarray, calls: int = 1) -> float:
    distinct = Distinct.build()
    distinct.resize(1)
    for part in np.array_split(hashed, calls):
        distinct.fold(np.zeros(len(part), np.int32), Batch(EACH_ONE, hash=part))
    return float(distinct.values(np.zeros(1, np.int32))[0])


def test_hashes_are_the_published_ones():
    assert hashes(["", "a", "abc", None]) == [0xEF46DB3751D8E999, 0xD24EC4F1A98C6E5B, 0x44BC2CF5AD770999, 0]


@given(st.lists(st.text(max_size=80), max_size=5))
def test_hashes_are_their_definition(texts):
    assert hashes(texts) == [oracle.xxh64(text.encode()) for text in texts]


@given(st.lists(st.lists(st.none() | st.text("abé", max_size=20), max_size=10), max_size=5))
def test_text_ids_count_first_appearances_whatever_the_chunks(chunks):
    texts, seen = Texts.build(), dict[str, int]()
    for chunk in chunks:
        ids = texts.intern(pl.Series(chunk, dtype=pl.String))
        assert ids.tolist() == [-1 if text is None else seen.setdefault(text, len(seen)) for text in chunk]
    ids = np.arange(len(seen), dtype=np.int32)
    assert texts.decode(ids).to_list() == list(seen)
    backwards = texts.subset(ids[::-1].copy())
    assert backwards.decode(ids).to_list() == list(seen)[::-1]
    assert backwards.intern(texts.decode(ids)).tolist() == ids[::-1].tolist()


def test_texts_are_read_from_slices_and_several_chunks():
    column = pl.concat([pl.Series(["a", None, "long " * 9]), pl.Series(["b" * 13, "a", "é"])], rechunk=False).slice(1, 4)
    assert Texts.build().intern(column).tolist() == [-1, 0, 1, 2]


def test_decoded_texts_outlive_their_table():
    texts = Texts.build()
    decoded = texts.decode(texts.intern(pl.Series([f"text number {i}" for i in range(10_000)])))
    del texts
    assert decoded[9_999] == "text number 9999"


def test_only_string_views_are_read():
    with pytest.raises(TypeError, match=r"Arrow format='l': wanted 'vu'"):
        Texts.build().intern(pl.Series([1, 2]))


@given(weighted)
def test_statistics_are_their_definition(values):
    got = stats_of(values)
    assert got["rows"] == len(values)
    assert got["weight"] == oracle.weight_of(values)
    assert (got["min"], got["max"]) == (min(values)[0], max(value for value, _ in values))
    scale = max(abs(value) for value, _ in values)
    total = sum(Fraction(value) for value, _ in values)
    error = abs(Fraction(float(got["sum"] + got["compensation"])) - total)
    assert error <= abs(total) * Fraction(2.3e-16) + Fraction(scale * 1e-28)
    assert math.isclose(got["origin"] + got["offset"], oracle.mean_of(values), rel_tol=1e-13, abs_tol=1e-13 * scale)
    # Squares below the smallest normal double have fewer digits than 1e-10 asks for: a few of its units are rounding.
    assert math.isclose(got["m2"], oracle.m2_of(values), rel_tol=1e-10, abs_tol=1e-26 * scale**2 + 8 * 5e-324)


@pytest.mark.parametrize("mean", [0.0, 1e6, 1e9, 1e12])
def test_a_variance_keeps_its_digits_under_a_large_mean(mean):
    values = mean + np.random.default_rng(0).normal(size=4_000)
    got = stats_of([(x, 1.0) for x in values])["m2"]
    assert math.isclose(got, oracle.m2_of([(x, 1.0) for x in values]), rel_tol=1e-9)


@given(weighted)
def test_a_median_is_its_definition(values):
    value, weight = np.array(values, np.float64).T.copy()
    assert median_of(value, weight) == float(oracle.median_of(values))


@pytest.mark.parametrize("n", [1, 2, 2_047, 2_048])
def test_a_median_is_exact_up_to_2048_values(n):
    values = np.random.default_rng(n).normal(size=n)
    assert median_of(values) == np.median(values)


@pytest.mark.parametrize("order", ["random", "rising", "falling", "zigzag"])
@pytest.mark.parametrize("n", [2_049, 10_000, 300_000])
def test_the_rank_of_a_large_median_is_within_the_stated_error(n, order):
    values = np.arange(n, dtype=np.float64)
    if order == "random":
        values = np.random.default_rng(3).permutation(values)
    elif order == "falling":
        values = values[::-1].copy()
    elif order == "zigzag":
        values = np.where(values % 2 == 0, values, n - values)
    got = median_of(values)
    rank = np.searchsorted(np.sort(values), got)
    bound = n * math.ceil(math.log2(n / 2_048)) / 2_048
    # Were the errors of following compactions not of opposite signs, they would add up to about half of the bound.
    assert abs(rank - n / 2) <= bound / 4 + 2


def test_a_large_weighted_median_follows_the_weight():
    rng = np.random.default_rng(4)
    values, weight = rng.normal(size=50_000), rng.integers(1, 6, 50_000).astype(np.float64)
    got = median_of(values, weight)
    below = weight[values < got].sum() / weight.sum()
    assert abs(below - 0.5) < 5 * 5 / 2_048


def test_a_distinct_count_is_exact_up_to_4096():
    hashed = np.random.default_rng(5).integers(0, 2**63, 4_096, dtype=np.uint64)
    assert distinct_of(np.repeat(hashed, 3)) == 4_096


def test_a_large_distinct_count_is_within_four_standard_errors():
    # Null hypothesis: the relative error has mean 0 and standard deviation 1.20 / sqrt(4096). Seeds are fixed.
    rng = np.random.default_rng(6)
    errors = [distinct_of(np.frombuffer(rng.bytes(8 * n), np.uint64)) / n - 1 for n in (5_000, 20_000, 100_000, 250_000)]
    assert max(abs(error) for error in errors) < 4 * 1.2 / 64


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_a_distinct_count_depends_on_the_set_alone(seed, calls):
    # Half of them odd, half of them multiples of 8: levels rise early in one order and late in another.
    found = np.concatenate([np.arange(3_000) * 8, np.arange(3_000) * 8 + 1]).astype(np.uint64)
    again = np.random.default_rng(seed).permutation(np.concatenate([found, found[::7]]))
    assert distinct_of(again, calls) == distinct_of(found) == 3_000 * 2


def test_samples_of_many_owners_do_not_mix():
    rng = np.random.default_rng(7)
    owner = rng.integers(0, 50, 200_000).astype(np.int32)
    hashed = rng.integers(0, 1_000, 200_000).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    distinct = Distinct.build()
    distinct.resize(50)
    distinct.fold(owner, Batch(EACH_ONE, hash=hashed))
    owners = np.arange(50, dtype=np.int32)
    wanted = [len(set(hashed[owner == one].tolist())) for one in owners]
    assert distinct.values(owners).tolist() == wanted
    kept = owners[::-2].copy()
    assert distinct.packed(kept).values(np.arange(len(kept), dtype=np.int32)).tolist() == [wanted[one] for one in kept]


def test_a_full_array_stops_a_kernel_before_the_row_and_not_within_it():
    series_of, series, cells = (
        np.full(9, -1, np.int32),
        GrowingRecords(np.zeros(0, layout.OPEN_SERIES)),
        np.zeros(2, layout.CELL),
    )
    used, cell = np.zeros(2, np.int64), np.empty(4, np.int32)
    bucket, key = np.array([5, 5, 6, 6]), np.array([3, 3, 3, 4], np.int32)
    assert _fold.locate(bucket, key, 0, cell, series_of, series.raw, as_bytes(cells), used) == 3
    assert used.tolist() == [1, 2]
    assert series_of[4] == -1
    assert cell[:3].tolist() == [0, 0, 1]


def test_open_cells_of_a_series_are_chained_from_the_newest_down():
    series_of, series, cells = np.full(1, -1, np.int32), np.zeros(1, layout.OPEN_SERIES), np.zeros(4, layout.CELL)
    used, cell = np.zeros(2, np.int64), np.empty(6, np.int32)
    bucket = np.array([5, 9, 7, 6, 7, 9])
    assert _fold.locate(bucket, np.zeros(6, np.int32), 0, cell, series_of, as_bytes(series), as_bytes(cells), used) == 6
    assert cell.tolist() == [0, 1, 2, 3, 2, 1]
    assert cells["previous"].tolist() == [-1, 2, 3, 0]
    assert series[0].tolist() == (5, 9, 1, 0)


def test_the_records_have_the_layout_of_the_kernel():
    ours = layout._BY_NAME | {"pair": np.dtype([("second", "i4"), ("first", "i4")])}
    with pytest.raises(ImportError, match="record 'pair'"):
        check_records(_fold.layout(), ours)
