"""What is rare is found, and what is not is left in peace."""

import numpy as np
import pytest

from barograph.config.rule import Condition, Rule
from barograph.models import Shifts
from barograph.models.skips import PLANNED, Skips, bits
from tests.models.rare_data import HALF_HOUR, build, closed, score, there, with_rows, zipf
from tests.oracle import rare as oracle

DAY = 48  # half hours


def scores(x, span=HALF_HOUR, partition=None):
    judged = build(len(x), partition, span).advance(x, 0)
    return {(leaf["series"], leaf["bucket"]): score(leaf["ln_evidence"], span) for leaf in judged.leaves}


@pytest.mark.parametrize("memory", [1e9, 150.0])
def test_the_kernel_computes_what_the_oracle_says(memory):
    x, partition = zipf(60, 500, seed=3), np.arange(60) % 3
    x[5, 40:400] = np.nan  # common once
    model = build(len(x), partition, ln_threshold=0.0)
    model._memory = memory
    judged = model.advance(x, 0)
    known = {at: oracle.Partition(memory) for at in range(3)}
    for t in range(x.shape[1]):
        names = np.flatnonzero(x[:, t] == 1.0)
        for name in names:
            expected = known[partition[name]].judge(name)
            assert (judged.ln_p[name, t], judged.ln_evidence[name, t]) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        for at in {partition[name] for name in names}:
            known[at].learn({name for name in names if partition[name] == at})
    assert np.array_equal(np.isnan(judged.ln_p), np.isnan(x))


def test_a_value_never_seen_in_a_month_is_found_and_nothing_else():
    x = with_rows(closed(buckets=28 * DAY), [27 * DAY])
    found = scores(x)
    assert list(found) == [(12, 27 * DAY)]
    assert found[12, 27 * DAY] > 60.0


def test_where_every_bucket_brings_new_values_none_is_accused():
    ids = there(np.eye(2_000, dtype=bool))
    assert not scores(np.concatenate([ids, closed()]))


def test_many_new_values_while_the_job_is_young_accuse_nobody():
    x = closed(200, 40)
    x[np.random.default_rng(0).permutation(200), :] = x
    for row, start in enumerate(np.linspace(0, 20, 200).astype(int)):
        x[row, :start] = np.nan
    assert not scores(x, 300_000)
    assert not scores(x)


def test_who_is_rare_among_the_buckets_is_less_odd_each_time():
    at = [20 * DAY, 21 * DAY, 22 * DAY, 23 * DAY]
    found = scores(with_rows(closed(buckets=28 * DAY), at))
    told = [found[12, bucket] for bucket in at]
    assert told == sorted(told, reverse=True)
    assert told[0] > 55.0
    assert told[1] < 45.0


def test_who_comes_back_after_months_is_odd():
    once = list(range(0, 20 * DAY, 2))
    x = with_rows(closed(buckets=300 * DAY), [*once, 290 * DAY])
    (found,) = [found for (row, bucket), found in scores(x).items() if (row, bucket) == (12, 290 * DAY)]
    assert found > 50.0
    leaf = build(len(x)).advance(x, 0).leaves[-1]
    assert (leaf["count"], leaf["buckets"]) == (len(once), 290 * DAY)
    assert leaf["typical"] < 1e-4
    assert leaf["count"] / leaf["buckets"] > 0.03


def test_who_has_stayed_away_as_long_before_is_not():
    weekly = [day * DAY + 20 for day in range(0, 300, 7)]
    found = scores(with_rows(closed(buckets=300 * DAY), weekly))
    assert max((found.get((12, bucket), 0.0) for bucket in weekly[8:]), default=0.0) < 25.0
    nightly = [day * DAY + hour for day in range(60) for hour in range(20) if day % 7 < 5]
    found = scores(with_rows(closed(buckets=60 * DAY), nightly))
    assert not [at for at in found if at[0] == 12 and at[1] > 0]


def test_what_is_rare_in_one_partition_may_be_common_in_another():
    x = with_rows(np.concatenate([closed(), closed(seed=2)]), [1_900], range(2_000))
    found = scores(x, partition=[0] * 12 + [1] * 12 + [0, 1])
    assert list(found) == [(24, 1_900)]


@pytest.mark.parametrize(("values", "often", "least"), [(300, 0.9, 0.4), (40, 0.2, 0.4), (3_000, 3.0, 0.0)])
def test_buckets_of_values_that_stay_as_rare_are_told_as_rarely_as_said(values, often, least):
    chances, told = np.array([0.1, 0.01, 0.001]), np.zeros(3)
    for seed in range(3):
        x = zipf(values, seed=seed, often=often)
        rarest = np.fmin.reduce(build(len(x), ln_threshold=0.0).advance(x, 0).ln_p[:, 200:], axis=0)
        told += [(rarest <= np.log(chance)).mean() / 3 for chance in chances]
    assert (told <= chances).all()
    assert told[0] >= least * chances[0]  # where nearly every bucket has new values, none is told


def test_several_rare_values_at_once_are_more_than_one():
    x = with_rows(closed(buckets=28 * DAY), [27 * DAY], [27 * DAY], [27 * DAY])
    judged = build(len(x)).advance(x, 0)
    assert len(judged.leaves) == 3
    assert (judged.ln_evidence[12:, 27 * DAY] < judged.leaves["ln_p"]).all()


def test_edges():
    one = build(1)
    assert not len(one.advance(there(np.ones((1, 500), bool)), 0).leaves)  # one value that is always there
    missing = build(3)
    before = missing.snapshot()
    judged = missing.advance(np.full((3, 50), np.nan), 0)
    assert np.isnan(judged.ln_p).all()
    assert all(before[name].tobytes() == array.tobytes() for name, array in missing.snapshot().items())
    assert build(0).advance(np.zeros((0, 4)), 0).ln_p.shape == (0, 4)
    with pytest.raises(ValueError, match=r"values.shape=\(2, 4\): wanted \(3, buckets\)"):
        missing.advance(np.zeros((2, 4)), 0)


def test_what_users_want_skipped_is_not_told_or_not_learned():
    x = with_rows(closed(buckets=28 * DAY), [26 * DAY, 27 * DAY])
    planned = np.zeros(x.shape[1], np.uint8)
    planned[26 * DAY] = bits(("skip_result", "skip_model_update"))
    judged = build(len(x)).advance(x, 0, skips=Skips.of(planned, (), np.zeros((0, len(x)), bool), Shifts.none(len(x))))
    assert judged.skipped.by.tolist() == [PLANNED]
    assert judged.ln_evidence[12, 26 * DAY] == 0.0
    assert judged.leaves[["bucket", "count"]].tolist() == [(27 * DAY, 0.0)]
    later = Condition("time", "gt", 26.5 * DAY * HALF_HOUR)
    rule = Rule(conditions=(later,), scope=(), actions=("skip_result",))
    scope = np.arange(len(x))[None, :] == 12
    judged = build(len(x)).advance(x, 0, skips=Skips.of(np.zeros(x.shape[1], np.uint8), (rule,), scope, Shifts.none(len(x))))
    assert judged.leaves["bucket"].tolist() == [26 * DAY]
    assert judged.skipped.by.tolist() == [0]


def test_a_value_takes_64_bytes_and_a_partition_1096():
    state = build(1_000, np.arange(1_000) % 10).snapshot()
    assert state["rare_values"].nbytes == 64_000
    assert state["rare_parts"].nbytes == 10_960


@pytest.mark.slow
def test_a_million_values_are_judged_as_a_few_are():
    n, model = 1_000_000, build(0)
    for bucket in range(20):
        first = bucket * n // 20
        model.grow(first + n // 20)
        values = np.full((model.n_series, 1), np.nan)
        values[first:] = 1.0
        judged = model.advance(values, bucket * HALF_HOUR)
        assert not len(judged.leaves)
    assert sum(array.nbytes for array in model.snapshot().values()) < 65e6


def test_a_value_of_less_than_half_a_row_is_there_all_the_same():
    """Rows that are summarised by shares of one, as samples are."""
    x = there(np.random.default_rng(3).random((6, 300)) < np.array([0.9, 0.6, 0.5, 0.3, 0.2, 0.01])[:, None])
    assert build(6).advance(0.1 * x, 0).ln_p.tobytes() == build(6).advance(x, 0).ln_p.tobytes()
