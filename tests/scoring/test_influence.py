"""The experiment: what remains of an anomaly without an entity's rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.scoring.influence import Blame, blame_for
from barograph.scoring.shares import Shares, Whole
from tests.oracle.influence import STATISTICS, pull, without


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
        of_member=np.zeros(1, np.bool_),
    )


def shares(weight, effect=None, **more) -> Shares:
    n = len(weight)
    nothing = np.full(n, np.nan)
    names = ("value", "mean", "m2", "without", "without_higher", "without_lower")
    return Shares(
        leaf=np.zeros(n, np.int64),
        field=np.array(more.get("field", np.zeros(n, np.int64))),
        weight=np.array(weight, float),
        **{name: np.array(more[name], float) if name in more else nothing for name in names},
        effect=np.array(weight if effect is None else effect, float),
        **{name: np.array(more.get(name, np.zeros(n)), float) for name in ("usual", "spread", "usual_share")},
    )


def of_rows(statistic: str, rows, usual_shares=None) -> Shares:
    """The shares of (entity, value) rows, all worked out anew."""
    entities = list(dict.fromkeys(who for who, _ in rows))
    own = {who: [x for other, x in rows if other == who] for who in entities}
    actual = STATISTICS[statistic]([x for _, x in rows])
    alone = [without(statistic, rows, {who}) for who in entities]

    def chain(side):
        order = sorted(entities, key=lambda who: -side * pull(rows, who))
        told = {who: without(statistic, rows, order[: at + 1]) for at, who in enumerate(order) if side * pull(rows, who) > 0}
        return [told.get(who, np.nan) for who in entities]

    return shares(
        [len(own[who]) for who in entities],
        [actual - rest for rest in alone],
        value=[STATISTICS[statistic](own[who]) for who in entities],
        mean=[np.mean(own[who]) for who in entities],
        m2=[np.var(own[who]) * len(own[who]) for who in entities],
        without=alone,
        without_higher=chain(1) if statistic == "median" else np.full(len(entities), np.nan),
        without_lower=chain(-1) if statistic == "median" else np.full(len(entities), np.nan),
        usual_share=usual_shares or np.zeros(len(entities)),
    )


def experiment(statistic: str, rows, typical: float, sd: float, usual_shares=None) -> Blame:
    judge, values = normal_judge(typical, sd), [x for _, x in rows]
    whole = one_leaf(STATISTICS[statistic](values), typical, len(rows), judge, float(np.mean(values)))
    return blame_for(statistic, whole, of_rows(statistic, rows, usual_shares), judge)


def test_the_entity_behind_a_burst_of_rows_is_to_blame() -> None:
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(300.0, 100.0, 300.0, judge)
    found = blame_for("count", whole, shares([205, 5, 90], usual=[5, 5, 90], spread=[2, 2, 9]), judge)
    assert found.influence == pytest.approx([1.0, 0.0, 0.0])
    # What it usually does scatters by that of a Poisson number, which may be chance here.
    assert found.guilt == pytest.approx([1.0 / (1.0 + 5.0 / 200.0**2), 0.0, 0.0])


def test_of_two_that_explain_as_much_the_one_whose_doing_is_less_by_chance_is_guiltier() -> None:
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(300.0, 100.0, 300.0, judge)
    given_ = shares([202, 98, 250, 50], field=[0, 0, 1, 1], usual=[2, 98, 50, 50], spread=[1, 9, 20, 7])
    host, _, url, _ = blame_for("sum", whole, given_, judge).guilt
    assert 0.98 < url < host < 1.0


def test_of_two_that_hold_the_same_extreme_the_one_with_fewer_rows_is_guiltier() -> None:
    judge = normal_judge(10.0, 1.0)
    whole = one_leaf(50.0, 10.0, 100.0, judge)
    given_ = shares([2, 98, 5, 95], field=[0, 0, 1, 1], value=[50.0, 10.5, 50.0, 10.5], usual_share=[0.02, 0.98, 0.05, 0.95])
    host, _, url, _ = blame_for("max", whole, given_, judge).guilt
    assert 0.99 < url < host < 1.0


@pytest.mark.parametrize("usual_share", [0.02, 0.5, 0.8, 0.89])
def test_the_only_one_with_an_extreme_is_as_guilty_however_many_rows_it_has(usual_share) -> None:
    judge = normal_judge(10.0, 1.0)
    rows = [100.0 * usual_share, 100.0 * (1.0 - usual_share)]
    given_ = shares(rows, value=[12.8, 10.0], usual_share=[usual_share, 1.0 - usual_share])
    assert blame_for("max", one_leaf(12.8, 10.0, 100.0, judge), given_, judge).guilt == pytest.approx([1.0, 0.0], abs=0.02)


def test_who_did_nearly_as_much_as_another_is_as_guilty() -> None:
    judge = normal_judge(100.0, 10.0)
    found = blame_for("sum", one_leaf(400.0, 100.0, 50.0, judge), shares([170, 130, 100], usual=[0, 0, 100]), judge)
    assert found.guilt == pytest.approx([1.0, 1.0, 0.0])
    assert found.influence == pytest.approx([170 / 300, 130 / 300, 0.0])


@pytest.mark.parametrize("culprits", [2, 3, 5])
@pytest.mark.parametrize("statistic", ["count", "sum"])
def test_equal_culprits_share_the_blame_and_each_is_as_guilty_as_the_record(statistic: str, culprits: int) -> None:
    judge = normal_judge(100.0, 10.0)
    each = 300.0 / culprits
    whole = one_leaf(400.0, 100.0, 50.0, judge)
    weight = [each] * culprits + [10.0] * 10
    given_ = shares(weight, value=weight, usual=[0.0] * culprits + [10.0] * 10, spread=[0.0] * culprits + [3.0] * 10)
    found = blame_for(statistic, whole, given_, judge)
    assert found.influence[:culprits] == pytest.approx(1.0 / culprits)
    assert found.guilt[:culprits] == pytest.approx(1.0)
    assert not found.influence[culprits:].any()


def test_where_tails_are_heavy_two_equal_culprits_still_share_it() -> None:
    def judge(leaf, value):
        return -5.0 * np.log1p(np.abs(value - 100.0) / 10.0)

    found = blame_for("count", one_leaf(100_100.0, 100.0, 100_100.0, judge), shares([50_000, 50_000, 100]), judge)
    assert found.influence == pytest.approx([0.5, 0.5, 0.0], abs=0.01)


def test_who_is_missing_is_blamed_for_what_it_usually_has() -> None:
    judge = normal_judge(100.0, 5.0)
    whole = one_leaf(60.0, 100.0, 60.0, judge)
    found = blame_for(
        "count", whole, shares([0, 31, 29], usual=[40, 30, 30], spread=[4, 3, 3], usual_share=[0.4, 0.3, 0.3]), judge
    )
    assert found.influence == pytest.approx([1.0, 0.0, 0.0])


def test_nobody_is_blamed_where_all_are_missing() -> None:
    judge = normal_judge(100.0, 5.0)
    given_ = shares([0, 0, 0], usual=[40, 30, 30], spread=[4, 3, 3], usual_share=[0.4, 0.3, 0.3])
    assert not blame_for("count", one_leaf(0.0, 100.0, 0.0, judge), given_, judge).influence.any()


@pytest.mark.parametrize(
    ("usual", "rows", "named"), [(5.0, 11, False), (5.0, 12, True), (0.2, 2, False), (0.2, 3, True), (0.0, 2, True)]
)
def test_who_has_more_rows_by_chance_is_not_blamed_for_them(usual: float, rows: int, named: bool) -> None:
    """One of twenty with five rows each has eleven in one bucket of four; none with one in five buckets has three at once."""
    judge = normal_judge(20.0 * usual, 0.5)
    weight = [float(rows), *[usual] * 19]
    given_ = shares(weight, usual=[usual] * 20, spread=[usual**0.5] * 20, usual_share=[0.05] * 20)
    found = blame_for("count", one_leaf(sum(weight), 20.0 * usual, sum(weight), judge), given_, judge)
    assert (found.influence > 0.0).tolist() == [named, *[False] * 19]


@pytest.mark.parametrize(("left", "no_doubt"), [(0.0, True), (1.0, True), (1.6, False)])
def test_what_is_left_within_the_usual_scatter_of_the_guilty_is_no_doubt(left: float, no_doubt: bool) -> None:
    """Its rows without the burst may have been one fewer than usual."""

    def judge(leaf, value):
        return -5.0 * np.log1p(np.abs(value - 100.0) / 0.3)

    given_ = shares([12.0, *[5.0] * 19], usual=[5.0] * 20, spread=[1.2] * 20, usual_share=[0.05] * 20)
    found = blame_for("count", one_leaf(107.0 + left, 100.0, 107.0 + left, judge), given_, judge)
    surely = 1.0 / (1.0 + 5.0 / 7.0**2)
    assert found.guilt[0] == pytest.approx(surely) if no_doubt else 0.5 < found.guilt[0] < 0.9 * surely
    assert not found.guilt[1:].any()


@pytest.mark.parametrize(("more", "named"), [(26, False), (40, True)])
def test_who_has_a_third_of_the_rows_is_not_blamed_for_half_of_those_that_are_too_many(more: int, named: bool) -> None:
    """Without it most of the surprise is gone, as that of the half is far less than half of that of all."""
    judge = normal_judge(150.0, 10.0)
    others = (50 - more) / 5
    given_ = shares(
        [50.0 + more, *[20.0 + others] * 5], usual=[50.0, *[20.0] * 5], spread=[5.0] * 6, usual_share=[1 / 3, *[2 / 15] * 5]
    )
    found = blame_for("count", one_leaf(200.0, 150.0, 200.0, judge), given_, judge)
    assert (found.influence > 0.0).tolist() == [named, *[False] * 5]


def test_what_nearly_every_row_has_is_blamed_for_nothing() -> None:
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(300.0, 100.0, 300.0, judge)
    found = blame_for("count", whole, shares([297, 3], usual=[99, 1], spread=[9, 1], usual_share=[0.99, 0.01]), judge)
    assert not found.influence.any()


def test_who_always_has_many_rows_is_not_blamed_for_having_them() -> None:
    """Taking its rows away leaves a count that is far too low; its usual rows are put back."""
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(200.0, 100.0, 200.0, judge)
    given_ = shares([52, 48, 100], usual=[50, 50, 0], spread=[7, 7, 0], usual_share=[0.5, 0.5, 0.0])
    assert blame_for("count", whole, given_, judge).influence == pytest.approx([0.0, 0.0, 1.0])


def test_a_guilty_pair_names_both_and_parts_of_it_name_nobody() -> None:
    """All the new rows are of one host and one url; and then of one host and many urls."""
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(300.0, 100.0, 300.0, judge)
    usual = {"usual": [20] * 6, "spread": [4] * 6}
    pair = blame_for("count", whole, shares([220, 20, 20, 220, 20, 20], field=[0, 0, 0, 1, 1, 1], **usual), judge)
    assert pair.influence == pytest.approx([1, 0, 0, 1, 0, 0])
    spread = blame_for("count", whole, shares([220, 20, 20, 120, 120, 20], field=[0, 0, 0, 1, 1, 1], **usual), judge)
    assert spread.influence == pytest.approx([1, 0, 0, 0, 0, 0])


def test_values_without_a_measure_blame_no_one_by_their_part() -> None:
    def flat(leaf, value):
        return np.full(np.shape(value), -10.0)

    with np.errstate(all="ignore"):
        for actual in (np.inf, 1e308):
            whole = one_leaf(actual, -1e308, 2.0, flat)
            found = blame_for("sum", whole, shares([1, 1], [np.inf, 1.0], value=[np.inf, 1.0]), flat)
            assert not np.isnan(found.influence).any()
            assert not np.isnan(found.guilt).any()


def test_an_outlying_value_explains_a_mean_in_either_direction() -> None:
    for sign in (1.0, -1.0):
        found = experiment("mean", [("wild", sign * 100.0), *(("calm", 0.0) for _ in range(9))], 0.0, 1.0)
        assert found.influence == pytest.approx([1.0, 0.0])


def test_two_outlying_hosts_share_a_mean_that_neither_explains_alone() -> None:
    rows = [("a", 500.0), ("b", 500.0), *((f"h{i}", float(i % 3)) for i in range(20))]
    assert experiment("mean", rows, 1.0, 1.0).influence[:2] == pytest.approx([0.5, 0.5], abs=0.02)


def test_taking_away_all_rows_takes_away_the_anomaly() -> None:
    assert experiment("mean", [("only", 8.0)] * 3, 0.0, 1.0).influence.tolist() == [1.0]


def test_an_extreme_is_blamed_on_whose_own_value_is_as_extreme() -> None:
    assert experiment("max", [("a", 30.0), ("a", 9.0), ("b", 10.5)], 10.0, 1.0).influence == pytest.approx([1.0, 0.0], abs=0.01)
    assert experiment("min", [("a", -30.0), ("a", 9.0), ("b", 9.5)], 10.0, 1.0).influence == pytest.approx([1.0, 0.0], abs=0.01)


def test_two_who_reach_the_same_extreme_are_both_to_blame() -> None:
    found = experiment("max", [("a", 50.0), ("b", 49.0), ("c", 10.5), ("d", 9.5)], 10.0, 1.0)
    assert found.influence == pytest.approx([0.5, 0.5, 0.0, 0.0], abs=0.03)
    assert found.guilt[:2] == pytest.approx([1.0, 1.0], abs=0.05)


def test_a_variance_loses_the_entity_that_spread_it() -> None:
    rows = [*(("steady", x) for x in (1.0, 2.0, 3.0, 2.0)), ("wild", 50.0), ("wild", -50.0)]
    assert experiment("varp", rows, 0.5, 0.5).influence == pytest.approx([0.0, 1.0], abs=0.01)


def test_a_sum_that_an_entity_lowers_is_its_doing() -> None:
    judge = normal_judge(100.0, 10.0)
    whole = one_leaf(-200.0, 100.0, 50.0, judge)
    given_ = shares([1, 49], [-300.0, 100.0], value=[-300.0, 100.0], usual=[0, 100], spread=[0, 9])
    assert blame_for("sum", whole, given_, judge).influence.tolist() == [1.0, 0.0]


def test_a_median_is_blamed_on_the_many_that_moved_it_not_on_one_wild_value() -> None:
    rows = [*(("calm", 100.0 + i % 7) for i in range(39)), *(("many", 150.0 + i % 7) for i in range(60)), ("wild", 1e6)]
    found = experiment("median", rows, 102.0, 3.0)
    assert found.influence == pytest.approx([0.0, 1.0, 0.0], abs=0.05)


def test_two_who_moved_a_median_share_it() -> None:
    rows = [*((f"calm{i % 4}", 100.0 + i % 7) for i in range(40)), *((f"bad{i % 2}", 150.0 + i % 7) for i in range(60))]
    found = experiment("median", rows, 102.0, 3.0)
    assert found.influence[4:] == pytest.approx([0.5, 0.5], abs=0.05)
    assert not found.influence[:4].any()


def test_who_brings_new_texts_raises_a_distinct_count() -> None:
    judge = normal_judge(20.0, 3.0)
    whole = one_leaf(100.0, 20.0, 200.0, judge)
    given_ = shares([100, 50, 50], [80.0, 5.0, 5.0], value=[85, 20, 20], without_higher=[20.0, 15.0, 0.0], usual=[0, 5, 5])
    assert blame_for("distinct_count", whole, given_, judge).influence == pytest.approx([1.0, 0.0, 0.0])


entities = st.sampled_from([f"h{i}" for i in range(6)])


@pytest.mark.parametrize("statistic", ["count", "sum", "mean", "min", "max", "median", "varp"])
@given(rows=st.lists(st.tuples(entities, st.integers(-20, 20).map(float)), min_size=2, max_size=40), typical=st.floats(-30, 30))
@settings(max_examples=60, deadline=None)
def test_without_the_blamed_the_bucket_is_usual_or_nearly(statistic: str, rows, typical: float) -> None:
    """By recomputation from the rows; what each usually does is 0 here, so that nothing is put back."""
    sd = 1.0
    found = experiment(statistic, rows, typical, sd)
    names = list(dict.fromkeys(who for who, _ in rows))
    assert ((found.influence >= 0.0) & (found.influence <= 1.0 + 1e-12)).all()
    assert ((found.guilt >= found.influence - 1e-12) & (found.guilt <= 1.0 + 1e-12)).all()
    assert found.influence.sum() <= 1.0 + 1e-9
    blamed = {name for name, influence in zip(names, found.influence, strict=True) if influence > 0.0}
    if not blamed or statistic == "median":  # an equally strong one may be blamed on top, and a median has no order of its own
        return
    actual = STATISTICS[statistic]([x for _, x in rows])
    rest = without(statistic, rows, blamed)
    if np.isnan(rest) or (rest - typical) * (actual - typical) <= 0.0:
        return
    judge, nobody = normal_judge(typical, sd), np.zeros(1, np.int64)
    surprise = (judge(nobody, np.array([rest])) / judge(nobody, np.array([actual])))[0]
    way = (rest - typical) / (actual - typical)
    # Half must be gone with all who had to go; those who did next to nothing beside the others are then not named.
    assert min(surprise, way) <= 0.7


@given(
    weights=st.lists(st.integers(1, 500), min_size=2, max_size=12),
    usual=st.integers(0, 20),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_does_not_matter(weights: list[int], usual: int, order) -> None:
    judge = normal_judge(50.0, 10.0)
    total = float(sum(weights))
    whole = one_leaf(total, 50.0, total, judge)
    place = list(range(len(weights)))
    order.shuffle(place)
    straight = blame_for("count", whole, shares(weights, usual=[usual] * len(weights)), judge)
    mixed = blame_for("count", whole, shares([weights[i] for i in place], usual=[usual] * len(weights)), judge)
    assert sorted(straight.influence) == pytest.approx(sorted(mixed.influence))
