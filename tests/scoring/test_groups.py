"""Combining probabilities: against the slow definition, by laws, and by simulation of nothing and of something."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainccinv
from scipy.stats import norm

from barograph.kernels.elementary import least_of
from barograph.scoring.groups import FRESH, GROUP, Groups, added
from tests.oracle.groups import SHAPE, TRIES, Group

FIVE_MINUTES = 300_000
WEEK = 2_016

ln_ps = st.floats(-700.0, 0.0)


def combined(ln_p: np.ndarray, groups: Groups | None = None) -> np.ndarray:
    """All members [n, t] as one group."""
    return (groups or Groups.build(FIVE_MINUTES)).combine_and_learn(ln_p, np.zeros(len(ln_p), np.int64))[0]


def two_sided(z: np.ndarray) -> np.ndarray:
    return np.log(2.0) + norm.logsf(np.abs(z))


def known(ln_p: np.ndarray) -> Groups:
    """A group that has seen members [n, t]."""
    groups = Groups.build(FIVE_MINUTES)
    combined(ln_p, groups)
    return groups


def known_group(z: np.ndarray) -> Groups:
    """A group that has seen deviations [n, t]."""
    return known(two_sided(z))


@pytest.mark.parametrize("surprise", [0.3, 1.0, 3.0, 10.0, 60.0, 500.0])
def test_what_a_member_adds_is_the_gamma_quantile_of_its_probability(surprise: float) -> None:
    assert added(np.array([-surprise]))[0] == pytest.approx(gammainccinv(SHAPE, math.exp(-surprise)), rel=3e-3, abs=1e-4)


def test_groups_are_combined_and_learned_as_defined() -> None:
    random = np.random.default_rng(3)
    ln_p = np.log(random.random((40, 300)) ** random.choice([1.0, 3.0], 300, p=[0.9, 0.1]))
    ln_p[:, 200:230] *= 8.0  # an incident of thirty buckets
    ln_p[random.random(ln_p.shape) < 0.2] = np.nan
    group = random.integers(0, 4, 40)
    groups = Groups.build(FIVE_MINUTES)
    found = groups.combine_and_learn(ln_p, group)
    for g in range(4):
        oracle = Group()
        wanted = [oracle.judge_and_learn(ln_p[group == g, t], 4_032.0) for t in range(300)]
        assert found[g] == pytest.approx(wanted, rel=2e-3, abs=1e-3, nan_ok=True)
        state = groups.snapshot()[g]
        assert [state[name] for name in GROUP.names] == pytest.approx(
            [getattr(oracle, name) for name in GROUP.names], rel=5e-3, abs=1e-3
        )


@given(st.lists(st.tuples(*[st.one_of(ln_ps, st.just(math.nan))] * 5), min_size=2, max_size=40), st.integers(0, 40))
def test_any_cut_of_time_and_any_resumption_give_the_same_bits(buckets: list[tuple[float, ...]], cut: int) -> None:
    ln_p, group = np.array(buckets).T.copy(), np.array([0, 1, 0, 1, 1])
    whole, first = Groups.build(FIVE_MINUTES), Groups.build(FIVE_MINUTES)
    at_once = whole.combine_and_learn(ln_p, group)
    before = first.combine_and_learn(ln_p[:, :cut], group)
    second = Groups.build(FIVE_MINUTES, first.snapshot())
    after = second.combine_and_learn(ln_p[:, cut:], group)
    assert np.concatenate([before, after], axis=1).tobytes() == at_once.tobytes()
    assert second.snapshot().tobytes() == whole.snapshot().tobytes()


@given(st.lists(st.one_of(ln_ps, st.just(math.nan)), min_size=1, max_size=20))
def test_a_member_alone_keeps_its_probability_and_teaches_nothing(ln_p: list[float]) -> None:
    groups = Groups.build(FIVE_MINUTES)
    members = np.array([ln_p, [math.nan] * len(ln_p)])
    assert np.array_equal(combined(members, groups), members[0], equal_nan=True)
    assert groups.snapshot() == FRESH


@pytest.mark.parametrize("least", [-1e4, -1e20, -1.7e308, -math.inf])
def test_a_member_of_any_surprise_leaves_a_group_that_can_go_on(least: float) -> None:
    groups = Groups.build(FIVE_MINUTES)
    members = np.full((20, 3), math.log(0.5))
    members[0, 1] = least
    found = combined(members, groups)
    assert found[1] <= 0.99 * max(least, -1e15)
    assert found[0] == found[2] == 0.0
    assert np.isfinite(groups.snapshot().view(float)).all()


@given(st.lists(ln_ps, min_size=2, max_size=60), st.data())
def test_a_less_likely_member_never_makes_a_group_more_likely(members: list[float], data: st.DataObject) -> None:
    at, by = data.draw(st.integers(0, len(members) - 1)), data.draw(st.floats(0.0, 300.0))
    worse = list(members)
    worse[at] -= by
    one, other = (combined(np.array(those)[:, None])[0] for those in (members, worse))
    assert other <= one + 1e-9
    assert other <= 0.0
    assert math.isfinite(other)


@given(st.floats(-700.0, -1e-3), st.integers(2, 2_000))
def test_a_group_is_as_odd_as_its_oddest_member_less_what_their_number_explains(least: float, n: int) -> None:
    members = np.zeros((n, 1))
    members[0] = least
    assert combined(members)[0] <= min(float(least_of(np.array([least]), n)[0]) - math.log(1.0 - TRIES), 0.0) + 1e-9


@pytest.mark.parametrize("n", [2, 30, 300])
def test_independent_members_give_calibrated_probabilities(n: int) -> None:
    """Null: all n members are uniform. The combined p falls below q hardly more often than q."""
    ln_p = combined(np.log(np.random.default_rng(7).random((n, 20_000))))
    for q in (0.1, 0.01, 0.001):
        assert np.mean(ln_p <= math.log(q)) <= 1.2 * q + 3 * math.sqrt(q / 20_000)


@pytest.mark.parametrize("shared", [0.1, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("n", [2, 20, 200])
def test_noise_that_members_share_is_no_anomaly(n: int, shared: float) -> None:
    """Null: deviations of n members have this correlation. p falls below q about as often as q, once a week is known."""
    random = np.random.default_rng(11)
    z = math.sqrt(shared) * random.normal(size=(1, 20_000)) + math.sqrt(1.0 - shared) * random.normal(size=(n, 20_000))
    ln_p = combined(two_sided(z))[WEEK:]
    for q in (0.01, 0.001, 1e-4):
        assert np.mean(ln_p <= math.log(q)) <= 1.5 * q + 3 * math.sqrt(q / len(ln_p))


def test_noise_that_members_share_is_hardly_told_before_much_is_known() -> None:
    """Null: 50 members have a correlation of 0.5. On their first day p is below 1e-4 thrice as often as it should at most."""
    told = 0
    for seed in range(60):
        random = np.random.default_rng([12, seed])
        z = math.sqrt(0.5) * random.normal(size=(1, 288)) + math.sqrt(0.5) * random.normal(size=(50, 288))
        told += int((combined(two_sided(z)) <= math.log(1e-4)).sum())
    assert told <= 3 * 60 * 288 * 1e-4


@pytest.mark.parametrize(("odd", "of", "deviations"), [(50, 50, 2.0), (50, 100, 2.0), (20, 100, 3.0)])
def test_many_mildly_odd_members_add_up_where_members_are_independent(odd: int, of: int, deviations: float) -> None:
    """Power: half an hour of p below 3e-5 (a score of 75) in ten of ten tries."""
    for seed in range(10):
        random = np.random.default_rng([13, seed])
        groups = known_group(random.normal(size=(of, 2 * WEEK)))
        z = random.normal(size=(of, 1))
        z[:odd] = deviations + 0.4 * random.normal(size=(odd, 1))
        assert combined(two_sided(z), groups)[0] < math.log(3e-5 / 6)


def test_what_most_members_have_in_common_does_not_add_up_where_they_usually_go_together() -> None:
    random = np.random.default_rng(14)
    common = 0.95 * random.normal(size=(1, 2 * WEEK)) + 0.3 * random.normal(size=(50, 2 * WEEK))
    all_mildly_odd = np.full((50, 1), math.log(0.03))
    alone = combined(all_mildly_odd, known_group(random.normal(size=(50, 2 * WEEK))))[0]
    together = combined(all_mildly_odd, known_group(common))[0]
    assert alone < math.log(1e-8)
    assert together > math.log(0.03)


def test_an_incident_does_not_teach_a_group_that_its_members_go_together() -> None:
    """A day on which all members are odd leaves three quarters of the surprise that the same would have been without it."""
    random = np.random.default_rng(15)
    calm = random.normal(size=(50, 2 * WEEK))
    with_incident = calm.copy()
    with_incident[:, 3_000:3_288] += 5.0
    mild = two_sided(np.full((50, 1), 2.0))
    without, after = (combined(mild, known_group(z))[0] for z in (calm, with_incident))
    assert after < 0.75 * without


def test_members_that_are_odd_too_often_are_taken_for_less() -> None:
    """Null: each of 60 members shows six times the nats it should in one bucket of 500. Their group is told half as often."""
    random = np.random.default_rng(17)
    ln_p = np.log(random.random((60, 10_000)))
    liars = random.random(ln_p.shape) < 0.002
    ln_p[liars] *= 6.0
    said = combined(ln_p, Groups.build(FIVE_MINUTES, take_word=True))[288:]
    found = combined(ln_p)[288:]
    for q, left in ((1e-3, 0.6), (1e-4, 0.45), (1e-5, 0.35)):
        assert np.mean(said <= math.log(q)) > 10 * q  # as they say
        assert np.mean(found <= math.log(q)) <= left * np.mean(said <= math.log(q))


@pytest.mark.parametrize("every", [1, 2])
def test_an_outage_of_a_day_leaves_the_next_one_critical(every: int) -> None:
    """Also one that comes and goes: it takes less than a third of what the same would show after a quiet past."""
    random = np.random.default_rng(18)
    calm = np.log(random.random((60, 2 * WEEK)))
    with_outage = calm.copy()
    with_outage[7, 3_000:3_288:every] = -40.0
    next_one = np.full((60, 1), math.log(0.5))
    next_one[30] = -40.0
    without, after = (combined(next_one, known(ln_p))[0] for ln_p in (calm, with_outage))
    assert after < 0.7 * without


def test_one_odd_member_is_no_sign_that_members_go_together() -> None:
    """A member that is odd once an hour leaves a third of what 50 of 100 mildly odd ones show: it scatters for all of them."""
    random = np.random.default_rng(19)
    calm = np.log(random.random((100, WEEK)))
    one_odd = calm.copy()
    one_odd[3, ::12] = -20.0
    mild = np.full((100, 1), math.log(0.5))
    mild[:50] = math.log(0.02)
    without, beside = (combined(mild, known(ln_p))[0] for ln_p in (calm, one_odd))
    assert beside < 0.33 * without


def test_a_hundred_quiet_members_more_explain_no_more_than_their_number() -> None:
    random = np.random.default_rng(16)
    few, many = (known_group(random.normal(size=(n, WEEK))) for n in (10, 110))
    for surprise in (12.0, 20.0, 50.0):
        beside = [np.full((n, 1), math.log(0.5)) for n in (10, 110)]
        for members in beside:
            members[0] = -surprise
        before, after = combined(beside[0], few)[0], combined(beside[1], many)[0]
        assert after - before <= math.log(110 / 10) + 1e-6


@given(st.floats(-700.0, -1e-9), st.integers(1, 10_000))
def test_the_least_of_n_matches_its_definition(ln_p: float, n: int) -> None:
    exact = -math.expm1(n * math.log1p(-math.exp(ln_p)))
    expected = math.log(exact) if exact > 1e-10 else ln_p + math.log(n)
    assert float(least_of(np.array([ln_p]), n)[0]) == pytest.approx(expected, rel=1e-6, abs=1e-12)
