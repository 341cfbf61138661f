"""Means of few rows: what they tell, and what does not depend on how many there are."""

import itertools

import numpy as np
import pytest

from barograph.models import ModelConfig, SeriesModel

HOUR = 3_600_000
OFTEN = 1200  # buckets


def build(n: int, **settings: object) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(HOUR, of_rows=True, **settings))  # type: ignore[arg-type]
    model.grow(n)
    return model


def means(n: int, within: float, between: float, buckets: int = OFTEN, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Means of 1 to 12 rows with a deviation of `within`, in buckets with one of `between`; and how many rows."""
    rng = np.random.default_rng(seed)
    rows = 1.0 + rng.poisson(rng.choice([0.3, 1.5, 6.0], (n, buckets)))
    return 50 + between * rng.normal(size=rows.shape) + within * rng.normal(size=rows.shape) / np.sqrt(rows), rows


@pytest.mark.parametrize(("within", "between"), [(10.0, 0.0), (10.0, 5.0), (0.0, 5.0)])
def test_few_rows_and_many_are_off_as_often(within, between):
    """Null hypothesis: whatever their number, p is uniform."""
    x, rows = means(60, within, between)
    p = np.exp(build(len(x)).advance(x, 0, weights=rows).ln_p[:, 300:])
    for some in (rows == 1, rows == 3, rows > 6):
        inside = p[some[:, 300:]]
        assert 0.7 < (inside < 0.1).mean() / 0.1 < 1.3
        assert 0.5 < (inside < 0.01).mean() / 0.01 < 1.6


def test_without_their_numbers_single_rows_are_told_much_too_often():
    x, rows = means(60, 10.0, 0.0)
    p = np.exp(build(len(x)).advance(x, 0).ln_p[:, 300:])
    assert (p[rows[:, 300:] == 1] < 0.01).mean() > 0.02


@pytest.mark.parametrize("rows", [1.0, 7.0, 1e6])
def test_as_many_rows_everywhere_change_no_bit(rows):
    x, _ = means(4, 10.0, 2.0)
    x[1] += 20 * np.sin(2 * np.pi * np.arange(OFTEN) / 24)
    plain, told = build(len(x), bounds_percentile=95.0), build(len(x), bounds_percentile=95.0)
    without, judged = plain.advance(x, 0), told.advance(x, 0, weights=np.full(x.shape, rows))
    for name in ("ln_p", "ln_evidence", "typical", "lower", "upper", "leaves", "payload"):
        assert getattr(judged, name).tobytes() == getattr(without, name).tobytes()


def test_where_values_are_no_means_their_rows_do_not_matter():
    x, rows = means(4, 10.0, 2.0, 300)
    counts = [SeriesModel.build(ModelConfig(HOUR)) for _ in range(2)]
    for model in counts:
        model.grow(len(x))
    assert counts[0].advance(x, 0, weights=rows).ln_p.tobytes() == counts[1].advance(x, 0).ln_p.tobytes()


@pytest.mark.parametrize("siblings", [False, True])
def test_chunks_and_snapshots_change_no_bit(siblings):
    x, rows = means(5, 10.0, 2.0, 400)
    whole = build(len(x), siblings=siblings)
    expected = whole.advance(x, 0, weights=rows)
    parts, got = build(len(x), siblings=siblings), []
    for start, end in itertools.pairwise((0, 1, 13, 200, 201, 400)):
        parts = SeriesModel.build(parts.config, parts.snapshot())
        got.append(parts.advance(x[:, start:end], start * HOUR, weights=rows[:, start:end]).ln_p)
    assert np.concatenate(got, axis=1).tobytes() == expected.ln_p.tobytes()
    assert parts.snapshot()["series"].tobytes() == whole.snapshot()["series"].tobytes()


def test_what_is_tried_is_judged_by_as_many_rows_as_it_is_of():
    x, rows = means(1, 10.0, 0.0, 400)
    model = build(1, ln_threshold=0.0)
    model.advance(x, 0, weights=rows)
    at, far = 400 * HOUR, np.array([75.0])
    usual, one, many = (model.try_values(far, at, weight=weight).leaves["ln_p"][0] for weight in (0.0, 1.0, 12.0))
    assert many < usual < one
    assert model.judge(far, at, weights=np.ones(1)).ln_p[0, 0] == one


def test_a_wrong_number_of_numbers_is_refused():
    with pytest.raises(ValueError, match=r"weights.shape=\(1, 3\): wanted \(1, 4\)"):
        build(1).advance(np.zeros((1, 4)), 0, weights=np.ones((1, 3)))


def test_a_fraction_of_a_row_is_a_row():
    """Counts of summaries may be fractions: a tiny one says nothing of how many rows there usually are."""
    x, _ = means(3, 10.0, 2.0, 300)
    rows = np.full(x.shape, 5.0)
    rows[:, 150] = 1.0
    tiny = rows.copy()
    tiny[:, 150] = [0.5, 1e-12, 5e-324]
    assert build(3).advance(x, 0, weights=tiny).ln_p.tobytes() == build(3).advance(x, 0, weights=rows).ln_p.tobytes()
