"""Combining odd members of groups whose quiet ones are counted: against the slow definition, by laws, and by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from barograph.scoring.odd_groups import ODD, OddGroups
from barograph.scoring.severity import normalised_score
from tests.oracle.groups import Odd

FIVE_MINUTES = 300_000
LN_MILD = math.log(5e-5)
LN_RECORD = math.log(0.01 / 6)


def combined(rows: list[tuple[int, int, float, float]], members: np.ndarray, groups: OddGroups) -> np.ndarray:
    """Rows of (bucket, group, ln p, members of the group); groups are numbered over all buckets."""
    bucket, group, ln_p, n = (np.array(column) for column in zip(*rows, strict=True)) if rows else [np.zeros(0)] * 4
    return groups.combine_and_learn(
        ln_p.astype(float), group.astype(np.int64), n.astype(float), bucket.astype(np.int64), members
    )


def stream(seed: int, buckets: int) -> list[tuple[int, int, float, float]]:
    random = np.random.default_rng(seed)
    rows, group = [], 0
    for bucket in range(buckets):
        for _ in range(random.integers(0, 3)):
            n = random.integers(1, 9)
            odd = random.integers(1, n + 1)
            rows += [(bucket, group, -6.4 - surprise, n) for surprise in random.exponential(2.0, odd)]
            group += 1
    return rows


def test_groups_are_combined_and_learned_as_defined() -> None:
    rows, members, oracle, groups = stream(1, 300), np.full(300, 40.0), Odd(), OddGroups.build(FIVE_MINUTES)
    found = combined(rows, members, groups)
    wanted = []
    for bucket in range(300):
        own = sorted({group for at, group, *_ in rows if at == bucket})
        each = [[row for row in rows if row[1] == group] for group in own]
        wanted += oracle.judge_and_learn([(np.array([row[2] for row in one]), one[0][3]) for one in each], 40.0, LN_MILD)
    assert found == pytest.approx(wanted, rel=2e-3, abs=1e-3)
    assert groups.snapshot()[0].tolist() == pytest.approx([getattr(oracle, name) for name in ODD.names])


def test_any_cut_of_time_and_any_resumption_give_the_same_bits() -> None:
    rows, members = stream(2, 200), np.random.default_rng(3).integers(10, 60, 200).astype(float)
    whole = OddGroups.build(FIVE_MINUTES)
    at_once, parts, last = combined(rows, members, whole), [], OddGroups.build(FIVE_MINUTES)
    for start, end in ((0, 70), (70, 71), (71, 200)):
        last = OddGroups.build(FIVE_MINUTES, last.snapshot())
        own = [row for row in rows if start <= row[0] < end]
        first = min((row[1] for row in own), default=0)
        parts.append(combined([(b - start, g - first, *rest) for b, g, *rest in own], members[start:end], last))
    assert np.concatenate(parts).tobytes() == at_once.tobytes()
    assert last.snapshot().tobytes() == whole.snapshot().tobytes()


def test_one_member_keeps_its_probability_and_groups_do_not_touch() -> None:
    rows = [(0, 0, -9.0, 5), (0, 0, -8.0, 5), (0, 1, -30.0, 5), (0, 2, -7.5, 1)]
    both = combined(rows, np.array([11.0]), OddGroups.build(FIVE_MINUTES))
    alone = combined(rows[:2], np.array([5.0]), OddGroups.build(FIVE_MINUTES))
    assert both[0] == alone[0]
    assert both[2] == -7.5


def noise(shared: float, n: int, buckets: int) -> tuple[list[tuple[int, int, float, float]], np.ndarray]:
    """The odd ones of n normal variables with this correlation, of one group a bucket."""
    random = np.random.default_rng(4)
    z = math.sqrt(shared) * random.normal(size=(1, buckets)) + math.sqrt(1.0 - shared) * random.normal(size=(n, buckets))
    ln_p = np.log(2.0) + norm.logsf(np.abs(z))
    bucket, member = np.nonzero((ln_p < LN_RECORD).T)
    _, group = np.unique(bucket, return_inverse=True)
    return list(zip(bucket, group, ln_p[member, bucket], [n] * len(bucket), strict=True)), np.full(buckets, float(n))


@pytest.mark.parametrize("shared", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("n", [3, 13])
def test_what_members_share_makes_a_group_no_anomaly(n: int, shared: float) -> None:
    """Null: members have this correlation. p falls below q about as often as q, where independent members would 20 times."""
    buckets = 60_000
    found = combined(*noise(shared, n, buckets), OddGroups.build(FIVE_MINUTES))
    for q in (1e-3, 1e-4):
        assert np.sum(found <= math.log(q)) / buckets <= 1.3 * q + 3 * math.sqrt(q / buckets)


def test_independent_members_add_up_once_it_is_known_that_they_are() -> None:
    groups = OddGroups.build(FIVE_MINUTES)
    young = combined([(0, 0, -7.0, 10)] * 5, np.array([10.0]), OddGroups.build(FIVE_MINUTES))[0]
    combined(*noise(0.0, 10, 30_000), groups)
    known = combined([(0, 0, -7.0, 10)] * 5, np.array([10.0]), groups)[0]
    assert known < 2.0 * -7.0
    assert known < young < -7.0 + math.log(10.0)


def test_an_incident_teaches_nothing() -> None:
    groups = OddGroups.build(FIVE_MINUTES)
    combined([(0, 0, -12.0, 5)] * 5, np.array([5.0]), groups)
    odd = groups.snapshot()[0]
    assert [odd[name] for name in ODD.names] == [10_005.0, 10.0, 1.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def ten_honest_entities() -> np.ndarray:
    """What is remembered of ten entities with 13 independent series each."""
    groups, buckets = OddGroups.build(FIVE_MINUTES), 20_000
    rows, _ = noise(0.0, 13, 10 * buckets)
    combined([(at // 10, *rest) for at, *rest in rows], np.full(buckets, 130.0), groups)
    return groups.snapshot()


@pytest.mark.parametrize("pause", [48, 8, 2])
def test_a_mild_incident_teaches_next_to_nothing(ten_honest_entities: np.ndarray, pause: int) -> None:
    """One entity has all 13 series at a score of 40 for four hours, at a stretch or with quiet buckets between."""
    groups, members = OddGroups.build(FIVE_MINUTES, ten_honest_entities), np.array([130.0])
    incident, fresh = [(0, 0, -9.0, 13)] * 5, OddGroups.build(FIVE_MINUTES, ten_honest_entities)
    odd = [at for at in range(48) if at % pause != pause - 1]
    mild = [(at, group, -6.5, 13) for group, at in enumerate(odd) for _ in range(13)]
    combined(mild, np.full(48, 130.0), groups)
    before, after = combined(incident, members, fresh), combined(incident, members, groups)
    assert normalised_score(after, FIVE_MINUTES) > normalised_score(before, FIVE_MINUTES) - 5.0


@pytest.mark.parametrize("entities", [10, 100])
def test_what_many_entities_share_is_learned_however_often_they_show_it(entities: int) -> None:
    """Null: all have series with a correlation of 0.9, and in many buckets some are odd together. That is no incident."""
    n, buckets, groups = 13, 30_000, OddGroups.build(FIVE_MINUTES)
    rows, _ = noise(0.9, n, buckets)
    group, ln_p = (np.array([row[at] for row in rows]) for at in (1, 2))
    least = np.full(group.max() + 1, 0.0)
    np.minimum.at(least, group, ln_p)
    odd = np.bincount(group)[least >= LN_MILD]
    cells = [(at // entities, *rest) for at, *rest in rows]
    combined(cells, np.full(buckets // entities, float(n * entities)), groups)
    state = groups.snapshot()[0]
    assert state["others"] / state["odd"] == pytest.approx(np.sum(odd * (odd - 1)) / (n - 1) / np.sum(odd), rel=0.1)
