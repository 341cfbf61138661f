"""What a person takes for granted of scores: laws of the model, each as a property of made series."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score

HALF_HOUR = 30 * 60_000
DAY = 48
FAR = np.concatenate([np.linspace(0.0, 8.0, 161), np.linspace(8.5, 40.0, 64), np.logspace(1.7, 6, 20)])
"""Distances from typical, in deviations."""

WHOLE = ("counts", "few", "rounded", "sparse")
FRACTIONS = ("normal", "daily", "office", "memory", "walk", "skewed", "heavy", "own spread")
KINDS = (*FRACTIONS, *WHOLE)


def made(kind: str, buckets: int, seed: int) -> np.ndarray:
    """Half-hourly values of one kind from a Thursday on."""
    rng = np.random.default_rng(seed)
    t = np.arange(buckets)
    noise, day = rng.normal(size=buckets), np.sin(2 * np.pi * t / DAY)
    work = ((t % DAY >= 16) & (t % DAY < 36)) * ((t // DAY + 3) % 7 < 5)
    return np.asarray(
        {
            "normal": lambda: 50 + 4 * noise,
            "daily": lambda: 100 + 40 * day + 5 * noise,
            "office": lambda: (20 + 80 * work) * (1 + 0.07 * noise),
            "memory": lambda: 80 + remembering(noise, 0.9),
            "walk": lambda: 500 + np.cumsum(noise),
            "skewed": lambda: rng.lognormal(3.0, 0.6, buckets),
            "heavy": lambda: 20 + rng.standard_t(3, buckets),
            "own spread": lambda: (60 + 50 * day) * np.exp(0.15 * noise),
            "counts": lambda: rng.poisson(40 + 30 * day),
            "few": lambda: rng.poisson(1.2, buckets),
            "rounded": lambda: np.round(100 + 3 * noise),
            "sparse": lambda: (rng.random(buckets) < 0.08) * rng.poisson(30, buckets),
        }[kind](),
        float,
    )


def remembering(noise: np.ndarray, phi: float) -> np.ndarray:
    out = noise.copy()
    for i in range(1, len(out)):
        out[i] += phi * out[i - 1]
    return out


def learnt(x: np.ndarray, **more: object) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(HALF_HOUR, ln_threshold=0.0, **more))  # type: ignore[arg-type]
    model.grow(1)
    model.advance(x[None], 0)
    return model


def scores(x: np.ndarray) -> np.ndarray:
    """Of every bucket of one series."""
    model = SeriesModel.build(ModelConfig(HALF_HOUR))
    model.grow(1)
    return normalised_score(model.advance(x[None], 0).ln_evidence[0], HALF_HOUR)


lengths = st.integers(40, 30 * DAY)
clock = st.integers(0, DAY - 1)
seeds = st.integers(0, 10_000)


def modes(now: np.void, side: int) -> float:
    """How far out on a side it has a place of its own: that before a change, the last value while young, one it repeats."""
    places = [now["centre"]]
    places += [] if np.isnan(now["ln_alternative"]) else [now["alternative"]]
    places += [] if np.isnan(now["ln_change"]) else [now["usual"]]
    return float(max(side * np.array(places)))


@settings(max_examples=60, derandomize=True)
@given(st.sampled_from(KINDS), lengths, seeds)
def test_what_is_further_from_typical_never_scores_less(kind, buckets, seed):
    """But for what is usual, where several accounts of it meet: less than a point."""
    model = learnt(made(kind, buckets, seed))
    now = model.judge(np.array([1.0]), buckets * HALF_HOUR).payload[0]
    for side in (1, -1):
        values = now["centre"] + side * FAR * now["deviation"]
        if kind in WHOLE:
            values = np.unique(np.round(values))[::side]
        values = values[side * values >= modes(now, side)]
        score = normalised_score(model.try_values(values, buckets * HALF_HOUR).leaves["ln_evidence"], HALF_HOUR)
        fallen = np.maximum.accumulate(score) - score
        allowed = np.where(score < 10, 1.0, 1e-6)
        assert (fallen <= allowed).all(), (side, values[fallen > allowed][:3], score[fallen > allowed][:3])


def each_larger_outage_scores_no_less(kind, day, hour, seed):
    x, start, before = made(kind, (day + 2) * DAY, seed), day * DAY + hour, np.zeros(4)
    for left in (0.5, 0.35, 0.2, 0.1, 0.0):
        ill = x.copy()
        ill[start : start + 4] *= left
        now = scores(np.round(ill) if kind in WHOLE else ill)[start : start + 4]
        assert now[0] >= before[0] - 0.01, (left, now, before)
        assert now.max() >= before.max() - 0.01, (left, now, before)
        before = now


@settings(max_examples=40, derandomize=True)
@given(
    kind=st.sampled_from(("daily", "office", "own spread", "counts", "normal", "memory")),
    day=st.integers(10, 28),
    hour=clock,
    seed=seeds,
)
def test_a_larger_outage_never_scores_less(kind, day, hour, seed):
    assume(day >= 14 or hour > 0)  # below
    each_larger_outage_scores_no_less(kind, day, hour, seed)


@pytest.mark.xfail(
    strict=True, reason="while no two weeks are known, the larger may be a day of another kind at midnight: 2, not 35"
)
def test_a_larger_outage_at_midnight_never_scores_less_in_the_second_week():
    each_larger_outage_scores_no_less("own spread", 10, 0, 0)


@settings(max_examples=40, derandomize=True)
@given(st.sampled_from(FRACTIONS), lengths, seeds, st.sampled_from([2.0**-20, 2.0**-3, 4.0, 2.0**30]))
def test_another_unit_changes_no_score(kind, buckets, seed, unit):
    x = made(kind, buckets, seed)
    np.testing.assert_allclose(scores(unit * x), scores(x), atol=1e-3)


@settings(max_examples=40, derandomize=True)
@given(st.sampled_from(("normal", "daily", "memory", "heavy")), lengths, seeds, st.sampled_from([64.0, 4096.0]))
def test_a_shift_changes_no_score_where_values_are_negative(kind, buckets, seed, by):
    """Above zero it does: what was never negative is thought to be so, and twice as much of a little is more."""
    x = made(kind, buckets, seed) - 1000
    np.testing.assert_allclose(scores(x - by), scores(x), atol=1e-2)


@settings(max_examples=60, derandomize=True)
@given(
    kind=st.sampled_from(("normal", "daily", "office", "skewed", "counts", "rounded")),
    times=st.sampled_from([6.0, 10.0, 30.0, 300.0]),
    first=st.integers(7 * DAY, 14 * DAY),
    later=st.integers(DAY, 6 * DAY),
    seed=seeds,
)
def test_one_occasion_changes_the_score_of_the_next_by_less_than_ten(kind, times, first, later, seed):
    x = made(kind, first + later + 1, seed)
    spike = np.round(times * x[: 7 * DAY].std())
    x[-1] += spike
    twice = x.copy()
    twice[first] += spike
    alone, after_another = scores(x), scores(twice)
    assert abs(after_another[-1] - alone[-1]) < 10


@pytest.mark.parametrize("kind", KINDS)
def test_outside_the_bounds_is_below_five_per_cent(kind):
    """A tenth is left to bounds, which are means of those of the families. Below zero the bound is what was seen."""
    rng = np.random.default_rng(2)
    for seed in range(15):
        buckets = int(rng.integers(2 * DAY, 30 * DAY))
        model = learnt(made(kind, buckets, seed), bounds_percentile=95.0)
        shown = model.judge(np.array([1.0]), buckets * HALF_HOUR)
        assert shown.lower is not None
        assert shown.upper is not None
        lower, upper = float(shown.lower[0, 0]), float(shown.upper[0, 0])
        near = 1e-3 * (upper - lower)
        outside = [np.ceil(lower) - 1, np.floor(upper) + 1] if kind in WHOLE else [lower - near, upper + near]
        outside = [x for x in outside if x >= 0 or lower < 0]
        ln_p = model.try_values(np.array(outside), buckets * HALF_HOUR).leaves["ln_p"]
        assert (ln_p < np.log(0.055)).all(), (lower, upper, np.exp(ln_p))


INCIDENTS = {
    "outage": lambda x: 0 * x,
    "less": lambda x: 0.4 * x,
    "more": lambda x: 2.5 * x,
    "far more": lambda x: 40 * x,
    "stuck": lambda x: np.full(len(x), x[0]),
    "no data": lambda x: np.full(len(x), np.nan),
    "spike": lambda x: np.concatenate([x[:1] * 10, x[1:]]),
}


NOT_YET = pytest.mark.xfail(strict=True, reason="2 of 45 in this draw, 1 asked")


@pytest.mark.parametrize("incident", [pytest.param(one, marks=NOT_YET) if one == "stuck" else one for one in INCIDENTS])
def test_after_an_incident_of_up_to_a_day_the_next_is_as_it_would_have_been(incident):
    """But for one of fifty by chance: a clean series is not learnt in the very same way."""
    rng = np.random.default_rng(7)
    new = 0
    for kind in sorted(set(KINDS) - {"walk", "sparse", "heavy"}) * 5:  # a walk has gone on, the others have records anyway
        start, length = int(rng.integers(14 * DAY, 27 * DAY)), int(rng.integers(1, DAY + 1))
        end = start + length
        x = made(kind, end + DAY, int(rng.integers(10_000)))
        ill = x.copy()
        ill[start:end] = INCIDENTS[incident](x[start:end])
        new += bool(((scores(ill)[end:] >= 25) & (scores(x)[end:] < 10)).any())
    assert new <= 1
