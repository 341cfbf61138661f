"""Series that go together: what others lead to expect is what tests/oracle/pairs.py says; whoever breaks with them is told."""

import itertools
import math

import numpy as np
import pytest

from barograph.models import Kin, ModelConfig, SeriesModel
from barograph.models.civil import Shifts
from barograph.models.correlated import CorrelatedModel, deviations
from barograph.models.pairs import MOST, Pairs
from barograph.models.skips import Skips, bits
from tests.oracle.pairs import Partition

HOUR = 3_600_000


def build(n: int, partition: list[int] | None = None, **settings: object) -> CorrelatedModel:
    model = CorrelatedModel.build(ModelConfig(HOUR, **settings))  # type: ignore[arg-type]
    of = np.array([0] * n if partition is None else partition, np.int32)
    model.grow(n, Kin(of, of, of.astype(np.int64)))
    return model


def together(series: int, buckets: int, share: float = 0.9, seed: int = 0) -> np.ndarray:
    """Series with so much of their variance in common; some with gaps, one that goes the other way."""
    rng = np.random.default_rng(seed)
    x = math.sqrt(share) * rng.normal(size=buckets) + math.sqrt(1 - share) * rng.normal(size=(series, buckets))
    x[-1] *= -1
    x[rng.random(x.shape) < 0.05] = np.nan
    return 100 + 10 * x


def test_what_others_lead_to_expect_is_as_defined():
    off = (together(5, 300) - 100) / 10
    off[4, :100] = np.nan
    pairs, slow = Pairs.build(HOUR), Partition(336.0)
    pairs.grow(np.zeros(5, np.int32))
    slow.see(range(5))
    for t in range(300):
        here = {name: float(off[name, t]) for name in range(5) if not np.isnan(off[name, t])}
        said = pairs.say_and_learn(off[:, t], learns=True)
        for name in range(5):
            what = slow.expected(name, here)
            assert (what is None) == np.isnan(said.low[name])
            if what is not None:
                assert (said.low[name], said.high[name]) == pytest.approx(what[0], rel=1e-9)
                assert said.rival[name] == pytest.approx(what[1])
                assert said.partner[name] == what[2]
                assert said.square[name] == pytest.approx(slow.rest[name][1], rel=1e-9, abs=1e-12)
        slow.learn(here)


def test_more_series_of_a_partition_than_are_compared_are_left_as_they_are():
    pairs = Pairs.build(HOUR)
    pairs.grow(np.zeros(MOST + 5, np.int32))
    one_by_one = Pairs.build(HOUR)
    for n in range(1, MOST + 6):
        one_by_one.grow(np.zeros(n, np.int32))
    assert len(pairs.snapshot()["pairs"]) == MOST * (MOST - 1) // 2
    assert pairs.snapshot()["pairs"].tobytes() == one_by_one.snapshot()["pairs"].tobytes()


@pytest.mark.parametrize("series", [2, 3, 6])
def test_whoever_breaks_with_the_others_is_told_and_nobody_else(series):
    x = together(series, 800)
    x[1:-1, 700], x[[0, -1], 700] = 86.0, (118.0, 114.0)
    alone = SeriesModel.build(ModelConfig(HOUR))
    alone.grow(series)
    by_itself, judged = alone.advance(x, 0).ln_evidence[:, 700], build(series).advance(x, 0)
    assert by_itself[0] > math.log(0.05)
    assert judged.ln_evidence[0, 700] < math.log(1e-4)
    assert judged.ln_evidence[1:, 700].tobytes() == by_itself[1:].tobytes()
    leaf = judged.leaves[(judged.leaves["bucket"] == 700) & (judged.leaves["series"] == 0)][0]
    assert leaf["typical"] == pytest.approx(87, abs=3)
    assert leaf["lower"] < leaf["typical"] < leaf["upper"] < leaf["actual"] == 118.0
    assert 0 < leaf["partner"] - 1 < series


def test_what_others_find_odd_of_a_value_that_stands_still_is_not_that_it_does():
    minutes_5, begins = 300_000, 6 * 288
    rng = np.random.default_rng(1)
    x = 100 + 10 * (math.sqrt(0.99) * rng.normal(size=7 * 288) + math.sqrt(0.01) * rng.normal(size=(2, 7 * 288)))
    x[0, begins : begins + 24] = x[0, begins - 1]
    model, both = CorrelatedModel.build(ModelConfig(minutes_5)), np.zeros(2, np.int32)
    model.grow(2, Kin(both, both, both.astype(np.int64)))
    leaves = model.advance(x, 0).leaves
    leaves = leaves[(leaves["series"] == 0) & (leaves["bucket"] >= begins) & (leaves["bucket"] < begins + 24)]
    by_other, by_itself = leaves[leaves["partner"] > 0], leaves[leaves["partner"] == 0]
    assert len(by_other) > 2
    assert not by_other["same"].any()
    assert (by_other["since"] == by_other["bucket"]).all()
    assert (by_itself["same"] == by_itself["bucket"] - begins + 2).all()


def test_what_all_have_is_told_as_it_is_without_others():
    x = together(4, 800)
    x[:3, 700], x[3, 700] = 200.0, 0.0
    alone = SeriesModel.build(ModelConfig(HOUR))
    alone.grow(4)
    assert (build(4).advance(x, 0).ln_evidence[:, 700] == alone.advance(x, 0).ln_evidence[:, 700]).all()


@pytest.mark.parametrize("share", [0.0, 0.6, 0.95])
def test_nobody_who_does_as_others_do_is_told_more_often(share):
    """Null hypothesis: nothing breaks. A tenth more may be told."""
    x = np.concatenate([together(5, 1500, share, seed) for seed in range(8)])
    told = build(40, np.repeat(np.arange(8), 5).tolist()).advance(x, 0).ln_evidence[:, 300:]
    alone = SeriesModel.build(ModelConfig(HOUR))
    alone.grow(40)
    by_itself = alone.advance(x, 0).ln_evidence[:, 300:]
    for p in (1e-2, 1e-3):
        assert np.nanmean(told < math.log(p)) < np.nanmean(by_itself < math.log(p)) + 0.3 * p


def test_chunks_snapshots_and_late_series_change_no_bit():
    x, of = together(6, 400), [0, 1, 0, 1, 0, 0]
    x[3, :150] = np.nan
    whole = build(6, of, bounds_percentile=95.0)
    expected = whole.advance(x, 0)
    parts, got = build(2, of[:2], bounds_percentile=95.0), []
    for start, end in itertools.pairwise((0, 1, 90, 91, 250, 400)):
        parts = CorrelatedModel.build(parts.config, parts.snapshot())
        parts.grow(6, Kin(np.array(of, np.int32), np.array(of, np.int32), np.array(of)))
        got.append(parts.advance(x[:, start:end], start * HOUR))
    assert np.concatenate([one.ln_evidence for one in got], axis=1).tobytes() == expected.ln_evidence.tobytes()
    assert np.concatenate([one.leaves for one in got]).tobytes() == expected.leaves.tobytes()
    mine, other = parts.snapshot(), whole.snapshot()
    assert all(mine[name].tobytes() == other[name].tobytes() for name in other)


def test_one_among_others_is_judged_as_with_them():
    x = together(4, 401)
    x[0, 400], x[1:, 400] = 118.0, (86.0, 86.0, 114.0)
    model = build(4, ln_threshold=0.0)
    model.advance(x[:, :400], 0)
    before = model.snapshot()["pairs"].tobytes()
    judged = model.judge(x[:, 400], 400 * HOUR)
    for row in range(4):
        alone = model.beside(row, x[:, 400], 400 * HOUR)
        tried = alone.try_values(x[row : row + 1, 400], 400 * HOUR)
        assert tried.leaves["ln_evidence"][0] == judged.ln_evidence[row, 0]
        assert list(tried.steps)[-1] == "shown_before"
        assert tried.steps["shown_before"][0] == judged.ln_evidence[row, 0]
        assert alone.judge(x[row : row + 1, 400], 400 * HOUR).ln_evidence[0, 0] == judged.ln_evidence[row, 0]
    assert model.snapshot()["pairs"].tobytes() == before
    leaf, payload = judged.leaves[judged.leaves["series"] == 0], judged.payload[judged.leaves["series"] == 0]
    near, far = (CorrelatedModel.ln_p_of(payload, np.array([value])) for value in (leaf["typical"][0], 118.0))
    assert near > math.log(0.9) > math.log(1e-4) > far


def test_planned_times_teach_nothing():
    x, planned = together(3, 300), np.zeros(300, np.uint8)
    planned[200:] = bits(("skip_model_update",))
    model, short = build(3), build(3)
    model.advance(x, 0, skips=Skips.of(planned, (), np.zeros((0, 3), bool), Shifts.none(3)))
    short.advance(x[:, :200], 0)
    assert model.snapshot()["pairs"].tobytes() == short.snapshot()["pairs"].tobytes()


def test_constants_are_nowhere_off():
    x = np.full((3, 200), 5.0)
    judged = build(3, ln_threshold=0.0).advance(x, 0)
    assert not deviations(judged.leaves[judged.leaves["bucket"] > 20]).any()
