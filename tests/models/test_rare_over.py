"""Members that have a value few others have are found; who is like the others, or the only one, is not."""

import numpy as np
import pytest

from barograph.models import FreqRareModel, RareOverModel
from tests.models.rare_data import HALF_HOUR, kin, score
from tests.models.rare_data import ModelConfig as Config
from tests.oracle import rare as oracle

DAY = 48
MEMBERS, VALUES = 30, 12


def build(of, member, value, partition=None, **settings):
    """A model of pairs: series i is of `member[i]`, `value[i]`."""
    part = np.zeros(len(member), np.int64) if partition is None else np.asarray(partition)
    _, population = np.unique(np.stack([part, value]), axis=1, return_inverse=True)
    model = of.build(Config(HALF_HOUR, **settings))
    model.grow(len(member), kin(part, population.ravel(), (part << 32) | np.asarray(member)))
    return model


def usual(buckets, members=MEMBERS, values=VALUES, seed=0):
    """Each member has each value now and then, in one row or a few: member, value, and rows [S, T]."""
    random = np.random.default_rng(seed)
    member, value = (of.ravel() for of in np.meshgrid(np.arange(members), np.arange(values), indexing="ij"))
    there = random.random((len(member), buckets)) < 0.02 + 0.1 * random.random(len(member))[:, None]
    return member, value, np.where(there, random.integers(1, 5, there.shape), np.nan).astype(float)


def with_pairs(made, *pairs):
    """The same with more pairs: member, value, rows, and the buckets with them."""
    member, value, x = made
    more = np.full((len(pairs), x.shape[1]), np.nan)
    for row, (_, _, rows, at) in zip(more, pairs, strict=True):
        row[list(at)] = rows
    own = [np.append(of, [pair[i] for pair in pairs]) for i, of in enumerate((member, value))]
    return *own, np.concatenate([x, more])


def scores(of, made):
    judged = build(of, *made[:2]).advance(made[2], 0)
    return {(leaf["series"] - MEMBERS * VALUES, leaf["bucket"]): score(leaf["ln_evidence"]) for leaf in judged.leaves}


@pytest.mark.parametrize("of", [RareOverModel, FreqRareModel])
@pytest.mark.parametrize("memory", [1e9, 40.0])
def test_the_kernel_computes_what_the_oracle_says(of, memory):
    member, value, x = with_pairs(usual(120, 8, 6), (3, 99, 5.0, [60, 61, 110]), (4, 98, 1.0, [70]), (5, 98, 2.0, [70, 90]))
    partition = member % 2
    model = build(of, member, value, partition, ln_threshold=0.0)
    model._memory = memory
    judged = model.advance(x, 0)
    known = [oracle.Population(memory) for _ in range(2)]
    for t in range(x.shape[1]):
        for part in range(2):
            rows = np.flatnonzero(~np.isnan(x[:, t]) & (partition == part))
            told = known[part].judge({(member[i], value[i]): x[i, t] for i in rows}, of is FreqRareModel)
            for i in rows:
                expected = told[member[i], value[i]]
                assert (judged.ln_p[i, t], judged.ln_evidence[i, t]) == pytest.approx(expected, rel=1e-9, abs=1e-12)
            if len(rows):
                known[part].learn(set(told))


@pytest.mark.parametrize("of", [RareOverModel, FreqRareModel])
def test_who_has_what_nobody_else_has_is_found_and_nobody_else(of):
    found = scores(of, with_pairs(usual(28 * DAY), (7, 99, 40.0, [27 * DAY])))
    assert list(found) == [(0, 27 * DAY)]
    assert found[0, 27 * DAY] > 50.0


def test_what_all_begin_at_once_accuses_nobody():
    rollout = [(member, 99, 1.0, [27 * DAY]) for member in range(20)]
    assert not scores(RareOverModel, with_pairs(usual(28 * DAY), *rollout))


def test_who_always_has_something_of_its_own_is_not_accused_of_it_for_ever():
    found = scores(RareOverModel, with_pairs(usual(28 * DAY), (7, 99, 1.0, range(5 * DAY, 28 * DAY))))
    assert found[0, 5 * DAY] > 30.0
    assert not [bucket for _, bucket in found if bucket > 7 * DAY]


def test_where_every_member_brings_values_of_its_own_nobody_is_accused():
    own = [(member, 100 + i, 1.0, [i]) for i, member in enumerate(np.arange(28 * DAY) % MEMBERS)]
    assert not scores(RareOverModel, with_pairs(usual(28 * DAY), *own))


def test_a_rare_value_done_often_counts_for_more_than_one_among_many():
    made = with_pairs(usual(28 * DAY), (7, 99, 1.0, [27 * DAY]), (8, 98, 200.0, [26 * DAY]))
    made[2][7 * VALUES : 8 * VALUES, 27 * DAY] = 100.0
    found = scores(FreqRareModel, made)
    assert found[1, 26 * DAY] > 50.0
    assert found.get((0, 27 * DAY), 0.0) < 20.0
    assert scores(RareOverModel, made)[0, 27 * DAY] > 35.0


def test_members_that_differ_by_chance_are_told_as_rarely_as_said():
    told, chances = np.zeros(2), np.array([0.1, 0.01])
    for seed in range(3):
        random = np.random.default_rng(seed)
        member, value = (of.ravel() for of in np.meshgrid(np.arange(60), np.arange(80), indexing="ij"))
        has = random.random(len(member)) < 1.0 / (1.0 + value / 2.0)
        x = np.where(random.random((has.sum(), 1_000)) < 0.005, 1.0, np.nan)
        judged = build(RareOverModel, member[has], value[has], ln_threshold=0.0).advance(x, 0)
        rarest = np.fmin.reduce(judged.ln_p[:, 200:], axis=0)
        told += [(rarest <= np.log(chance)).mean() / 3 for chance in chances]
    assert (told <= 1.3 * chances).all()


def test_edges():
    one = build(RareOverModel, np.zeros(1, int), np.zeros(1, int))  # one member with one value
    assert not len(one.advance(np.ones((1, 500)), 0).leaves)
    many = build(RareOverModel, np.arange(200), np.zeros(200, int))  # one value that all have
    assert not len(many.advance(np.where(np.random.default_rng(0).random((200, 500)) < 0.05, 1.0, np.nan), 0).leaves)
    missing = build(FreqRareModel, np.arange(3), np.arange(3))
    before = missing.snapshot()
    assert np.isnan(missing.advance(np.full((3, 20), np.nan), 0).ln_p).all()
    assert all(before[name].tobytes() == array.tobytes() for name, array in missing.snapshot().items())
    assert np.isnan(missing.expect(0, 2)).all()


def test_a_pair_takes_56_bytes_a_value_24_and_a_partition_1104():
    state = build(RareOverModel, np.arange(1_000), np.arange(1_000) % 50).snapshot()
    assert [state[name].nbytes for name in ("rare_pairs", "rare_categories", "rare_populations")] == [56_000, 1_200, 1_104]


@pytest.mark.slow
def test_a_million_pairs_are_judged_as_a_few_are():
    member, value = np.arange(1_000_000) % 100_000, np.arange(1_000_000)
    model = build(FreqRareModel, member, value)
    x = np.full((1_000_000, 1), np.nan)
    for bucket in range(10):
        x[:] = np.nan
        x[bucket * 100_000 : (bucket + 1) * 100_000] = 2.0
        assert not len(model.advance(x, bucket * HALF_HOUR).leaves)
    assert sum(array.nbytes for array in model.snapshot().values()) < 85e6
