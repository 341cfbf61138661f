"""The experiment: what remains of an anomaly without an entity's rows."""

import numpy as np
import pytest

from barograph.scoring.influence import Shares, Whole, influences


def normal_judge(typical: float, sd: float):
    """ln of a two-sided normal tail, bounded: enough of a model for the experiment."""
    from scipy.stats import norm  # noqa: PLC0415 - only these tests need it

    return lambda leaf, value: np.log(2.0) + norm.logsf(np.abs(value - typical) / sd)


def one_leaf(actual: float, typical: float, weight: float, judge, mean: float = np.nan) -> Whole:
    column = np.array([actual])
    return Whole(
        actual=column,
        typical=np.array([typical]),
        weight=np.array([weight]),
        mean=np.array([mean]),
        ln_p=judge(np.zeros(1, np.int64), column),
    )


def shares(weight, value=None, mean=None, m2=None) -> Shares:
    n = len(weight)
    nothing = np.full(n, np.nan)
    return Shares(
        leaf=np.zeros(n, np.int64),
        weight=np.array(weight, float),
        value=np.array(value, float) if value is not None else nothing,
        mean=np.array(mean, float) if mean is not None else nothing,
        m2=np.array(m2, float) if m2 is not None else nothing,
    )


def test_the_entity_behind_a_burst_of_rows_is_to_blame() -> None:
    judge = normal_judge(100.0, 10.0)
    found = influences("count", one_leaf(300.0, 100.0, 300.0, judge), shares([195, 5, 100], [195, 5, 100]), judge)
    assert found[0] > 0.95
    assert found[1] < 0.15
    assert found[0] > found[2] > found[1]


def test_two_equal_culprits_of_a_sum_share_the_blame() -> None:
    # A normal tail leaves a quarter of the surprise at half the distance; bursts under real models are in tests/quality.
    judge = normal_judge(100.0, 10.0)
    found = influences("sum", one_leaf(300.0, 100.0, 50.0, judge), shares([1, 1], [100.0, 100.0]), judge)
    assert found[0] == found[1]
    assert found[0] == pytest.approx(0.75, abs=0.03)


def test_where_tails_are_heavy_two_equal_culprits_still_share_it() -> None:
    def judge(leaf, value):
        return -5.0 * np.log1p(np.abs(value - 100.0) / 10.0)

    found = influences("count", one_leaf(100_100.0, 100.0, 100_100.0, judge), shares([50_000, 50_000, 100]), judge)
    assert found == pytest.approx([0.5, 0.5, 0.001], abs=0.001)


def test_values_without_a_measure_blame_no_one_by_their_part() -> None:
    def flat(leaf, value):
        return np.full(np.shape(value), -10.0)

    with np.errstate(all="ignore"):
        for actual in (np.inf, 1e308):
            found = influences("sum", one_leaf(actual, -1e308, 2.0, flat), shares([1, 1], [np.inf, 1.0]), flat)
            assert not np.isnan(found).any()


def test_what_is_missing_cannot_be_blamed_on_anyone() -> None:
    judge = normal_judge(100.0, 10.0)
    assert influences("count", one_leaf(10.0, 100.0, 10.0, judge), shares([10], [10]), judge).tolist() == [0.0]


def test_an_outlying_value_explains_a_mean_in_either_direction() -> None:
    for sign in (1.0, -1.0):
        judge = normal_judge(0.0, 1.0)
        whole = one_leaf(sign * 10.0, 0.0, 10.0, judge)
        found = influences("mean", whole, shares([1, 9], mean=[sign * 100.0, 0.0]), judge)
        assert found[0] == pytest.approx(1.0)
        assert found[1] < 0.1


def test_taking_away_all_rows_takes_away_the_anomaly() -> None:
    judge = normal_judge(0.0, 1.0)
    assert influences("mean", one_leaf(8.0, 0.0, 3.0, judge), shares([3], mean=[8.0]), judge).tolist() == [1.0]


def test_an_extreme_is_blamed_on_whose_own_value_is_as_extreme() -> None:
    judge = normal_judge(10.0, 1.0)
    found = influences("max", one_leaf(30.0, 10.0, 4.0, judge), shares([2, 2], [30.0, 10.5]), judge)
    assert found[0] == 1.0
    assert found[1] < 0.05


def test_a_variance_loses_the_entity_that_spread_it() -> None:
    steady, wild = np.array([1.0, 2.0, 3.0, 2.0]), np.array([50.0, -50.0])
    both = np.concatenate([steady, wild])
    judge = normal_judge(1.0, 0.5)
    whole = one_leaf(float(both.var()), 1.0, 6.0, judge, mean=float(both.mean()))
    m2 = [float(part.var() * part.size) for part in (steady, wild)]
    found = influences("varp", whole, shares([4, 2], mean=[steady.mean(), wild.mean()], m2=m2), judge)
    assert found[1] > 0.99
    assert found[0] < 0.1


def test_a_sum_that_an_entity_lowers_is_its_doing() -> None:
    judge = normal_judge(100.0, 10.0)
    found = influences("sum", one_leaf(-200.0, 100.0, 50.0, judge), shares([1, 49], [-300.0, 100.0]), judge)
    assert found.tolist() == [1.0, 0.0]


def test_a_median_is_blamed_on_the_many_that_moved_it_not_on_one_wild_value() -> None:
    judge = normal_judge(100.0, 5.0)
    found = influences("median", one_leaf(140.0, 100.0, 100.0, judge), shares([39, 60, 1], [100.0, 150.0, 1e6]), judge)
    assert found[1] == 1.0
    assert found[0] == 0.0
    assert found[2] < 0.05
