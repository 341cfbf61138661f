"""What a person would say of members of a population."""

import numpy as np
import pytest

from tests.models.population_data import HOUR, build, counts, present, sizes

NINE = -np.log(1e-9)


def nats(model, values, t, row):
    """How surprising the value of a member is in the next bucket."""
    return -float(model.judge(values, t * HOUR).ln_p[row, 0])


def test_all_members_up_at_once_accuse_nobody():
    values = sizes(30, 200, within=0.3)
    values[:, 150:] *= 50.0
    judged = build(30).advance(values, 0)
    assert np.nanmin(judged.ln_p[:, 150]) > np.log(1e-4)


def test_one_member_up_is_accused_and_nobody_else():
    values = sizes(30, 200, spread=0.5, within=0.3, share=1.0)
    values[7, 150] *= 200.0
    judged = build(30).advance(values, 0)
    assert -judged.ln_p[7, 150] > NINE
    assert np.delete(judged.ln_p[:, 150], 7).min() > np.log(1e-3)
    assert judged.leaves[judged.leaves["bucket"] == 150]["typical"][0] == pytest.approx(np.exp(3.0), rel=0.3)


def test_a_new_member_is_judged_by_the_peers_at_once():
    values = sizes(30, 100, spread=0.3, within=0.3)
    values[0, :99] = np.nan
    model = build(30)
    model.advance(values[:, :99], 0)
    here = values[:, 99].copy()
    here[0] = 20.0
    assert nats(model, here, 99, 0) < 4.0
    here[0] = 5_000.0
    assert nats(model, here, 99, 0) > NINE


def test_whoever_always_has_more_is_told_on_the_first_day_and_then_only_when_there_is_still_more():
    values = sizes(40, 24 * 14, spread=0.4, within=0.3, share=1.0)
    values[3] *= 100.0
    values[3, 300] *= 30.0
    judged = build(40).advance(values, 0)
    odd = -judged.ln_p[3] > -np.log(3e-4)
    assert odd[2:6].all()
    assert not odd[48:300].any()
    assert odd[300]
    assert not odd[301:].any()


def test_three_bad_hours_do_not_become_a_habit():
    values = sizes(40, 24 * 7, spread=0.4, within=0.3, share=1.0)
    values[3, 100:103] *= 100.0
    judged = build(40).advance(values, 0)
    assert (-judged.ln_p[3, 100:103] > -np.log(1e-7)).all()
    assert judged.leaves[judged.leaves["series"] == 3]["since"][-3:].tolist() == [100, 100, 100]
    assert judged.ln_p[3, 103] > np.log(0.01)


def test_a_heavy_hitter_does_not_make_the_same_usual_of_others():
    values = sizes(40, 24 * 7, spread=0.4, within=0.3, share=1.0)
    values[3] *= 1_000.0
    values[4, 150] *= 1_000.0
    judged = build(40).advance(values, 0)
    assert -judged.ln_p[4, 150] > -np.log(1e-6)


def test_a_member_that_moves_within_what_its_peers_have_is_no_news():
    values = sizes(60, 24 * 7, spread=1.0, within=0.1, share=1.0)
    order = np.argsort(values[:, 0])
    low, high = order[15], order[45]
    values[low, 150] = values[high, 150]
    judged = build(60).advance(values, 0)
    assert judged.ln_p[low, 150] > np.log(0.1)


@pytest.mark.parametrize("integer", [False, True])
def test_two_members_at_night_are_compared_with_what_was_usual_lately(integer):
    values = counts(30, 100, spread=0.3, level=2.0) if integer else sizes(30, 100, spread=0.3)
    values[:, 98:] = np.nan
    values[[1, 2], 98] = 14.0, 900.0
    model = build(30, integer=integer)
    model.advance(values[:, :98], 0)
    assert nats(model, values[:, 98], 98, 1) < 4.0
    assert nats(model, values[:, 98], 98, 2) > -np.log(1e-7)


def test_nobody_to_compare_with_is_no_surprise():
    judged = build(1).advance(np.array([[5.0]]), 0)
    assert judged.ln_p[0, 0] == 0.0
    alone = build(1, bounds_percentile=95.0).advance(np.full((1, 60), 5.0), 0)
    assert alone.ln_p.min() > np.log(0.9)
    assert np.isnan(alone.typical[0, 0])
    assert alone.typical[0, -1] == pytest.approx(5.0)


def test_members_that_are_all_alike_are_quiet_and_one_that_is_not_is_told():
    values = np.full((20, 60), 7.0)
    model = build(20)
    assert model.advance(values, 0).ln_p.min() > np.log(0.9)
    here = np.full(20, 7.0)
    here[4] = 20.0
    assert nats(model, here, 60, 4) > NINE


def test_zeros_are_values_of_sums():
    rng = np.random.default_rng(1)
    values = present(np.where(rng.random((40, 200)) < 0.95, 0.0, rng.gamma(2.0, 5.0, (40, 200))), 0.6)
    model = build(40, bounds_percentile=95.0)
    judged = model.advance(values, 0)
    assert judged.ln_p[values == 0].min() == 0.0
    assert np.nanmax(judged.typical[:, 50:]) == 0.0
    always = build(40)
    always.advance(sizes(40, 200, spread=0.3), 0)
    assert nats(always, np.where(np.arange(40) == 3, 0.0, 20.0), 200, 3) > -np.log(1e-3)


def test_values_below_zero_begin_anew_without_logarithms():
    values = np.random.default_rng(2).normal(0.0, 5.0, (30, 120))
    values[:, :20] = np.abs(values[:, :20])
    judged = build(30).advance(values, 0)
    assert np.mean(judged.ln_p[:, 30:] < np.log(0.05)) == pytest.approx(0.05, abs=0.02)


def nulls():
    rng = np.random.default_rng(5)
    members, buckets = 200, 24 * 7
    yield "gamma", present(rng.gamma(2.0, 5.0, (members, buckets)), 0.4), {}
    yield "normal", present(rng.normal(100.0, 5.0, (members, buckets)), 0.4), {}
    yield "log-normal", present(rng.lognormal(3.0, 1.0, (members, buckets)), 0.4), {}
    yield "pareto", present(rng.pareto(1.5, (members, buckets)) + 1.0, 0.4), {}
    yield "stable levels", sizes(members, buckets, spread=1.5, share=0.4), {}
    yield "pareto levels", present((rng.pareto(1.2, (members, 1)) + 1) * rng.lognormal(0, 0.4, (members, buckets)), 0.4), {}
    yield "rare counts", counts(members, buckets, spread=0.0, level=-1.0, day=0.0), {"integer": True}
    yield "counts", counts(members, buckets, spread=0.0, level=2.0), {"integer": True}
    yield "stable counts", counts(members, buckets, spread=1.5, level=0.0), {"integer": True}


NULLS = {name: (values, settings) for name, values, settings in nulls()}


@pytest.mark.parametrize("name", NULLS)
def test_probabilities_of_what_is_nothing_are_honest(name):
    """Null hypothesis: the share of values with a probability below p is p, or less where members have habits."""
    values, settings = NULLS[name]
    ln_p = build(len(values), **settings).advance(values, 0).ln_p[:, 12:]
    ln_p = ln_p[~np.isnan(ln_p)]
    for p, most in ((0.05, 1.1), (0.01, 1.3), (0.001, 2.0)):
        assert np.mean(ln_p < np.log(p)) <= most * p
    assert np.sum(ln_p < np.log(1e-5)) <= 3


@pytest.mark.parametrize(("members", "share"), [(1, 0.5), (12, 0.02)])
def test_who_is_hardly_ever_there_with_others_is_not_odd_for_it(members, share):
    # The first value is alone, with no distance from anyone: were that learnt as no spread, all that comes later were odd.
    values = np.concatenate([sizes(members, 400, spread=0.0, share=share, seed=seed) for seed in range(60)])
    judged = build(len(values), population=np.repeat(np.arange(60), members)).advance(values, 0)
    there = ~np.isnan(values)
    for p in (0.05, 1e-2, 1e-3, 1e-4):
        assert (judged.ln_p[there] <= np.log(p)).mean() < p


def test_a_value_without_a_finite_square_leaves_a_population_that_judges():
    for far in (-1e300, -np.inf, np.inf):
        values, model = sizes(20, 60), build(20)
        values[3, 30] = far
        model.advance(values, 0)
        learnt = model.snapshot()["populations"][0]
        assert all(np.isfinite(learnt[name]) for name in ("centre", "square", "within"))


@pytest.mark.parametrize("gross", [-1e3, -1e9])
def test_a_gross_first_value_below_zero_does_not_blind_a_population(gross):
    values = 100 + 10 * np.random.default_rng(1).normal(size=(40, 220))
    values[0, 200] = gross
    model = build(40)
    model.advance(values[:, :202], 0)
    now = values[:, 202].copy()
    now[1] = 250.0
    assert nats(model, now, 202, 1) > 9


@pytest.mark.parametrize("few", [0.02, 0.1])
def test_means_of_one_row_among_those_of_hundreds_are_told_as_rarely_as_said(few: float) -> None:
    """Null hypothesis: the rows of all members are alike; a share of `few` of the values is of one row, the others of 300."""
    rng = np.random.default_rng(1)
    rows = np.where(rng.random((60, 300)) < few, 1.0, 300.0)
    level = rng.normal(3.0, 0.1, (60, 1))
    values = np.exp(level + rng.normal(0.0, 0.6, rows.shape) / np.sqrt(rows))
    model = build(60, of_rows=True)
    ln_p, of_one = model.advance(values, 0, weights=rows).ln_p[:, 60:], rows[:, 60:] == 1.0
    for chance in (1e-2, 1e-3):
        assert (ln_p[of_one] < np.log(chance)).mean() < 2.5 * chance
        assert (ln_p[~of_one] < np.log(chance)).mean() < 2.5 * chance
    far = np.full(60, np.nan)
    far[:2], behind = np.exp(3.0 + 0.6 * 3.0), np.array([1.0, 300.0] * 30)
    far[2:] = values[2:, -1]
    one, many = model.judge(far, 300 * HOUR, weights=np.where(np.arange(60) < 2, behind, 300.0)).ln_p[:2, 0]
    assert many < np.log(1e-6)
    assert one > np.log(1e-3)


def test_a_member_among_others_is_judged_with_its_rows() -> None:
    rows = np.where(np.random.default_rng(1).random((12, 80)) < 0.2, 1.0, 50.0)
    values = np.exp(np.random.default_rng(2).normal(3.0, 1.0, rows.shape) / np.sqrt(rows))
    model, plain = (build(12, of_rows=True, ln_threshold=0.0) for _ in range(2))
    model.advance(values[:, :79], 0, weights=rows[:, :79])
    plain.advance(values[:, :79], 0, weights=np.full((12, 79), 7.0))
    judged = model.judge(values[:, 79], 79 * HOUR, weights=rows[:, 79])
    for row in range(12):
        alone = model.beside(row, values[:, 79], 79 * HOUR, rows[:, 79])
        tried = alone.try_values(values[row : row + 1, 79], 79 * HOUR, weight=float(rows[row, 79]))
        assert tried.leaves["ln_p"][0] == judged.ln_p[row, 0]
        assert (
            alone.judge(values[row : row + 1, 79], 79 * HOUR, weights=rows[row : row + 1, 79]).ln_p[0, 0] == judged.ln_p[row, 0]
        )
    same = plain.judge(values[:, 79], 79 * HOUR, weights=rows[:, 79])
    assert same.ln_p.tobytes() == plain.judge(values[:, 79], 79 * HOUR).ln_p.tobytes()  # where all had as many, none tell
