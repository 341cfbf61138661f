"""Points: the kernel is what tests/oracle/points.py says, keeps the laws of every model, and finds what is nowhere usual."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.rule import Condition, Rule
from barograph.kernels import _points
from barograph.models import MODELS, ModelConfig
from barograph.models.civil import Shifts
from barograph.models.skips import Skips, bits
from barograph.results.points import degrees
from tests.oracle import points as oracle

SPAN, HOUR, DAY = 900_000, 3_600.0, 86_400.0
KINDS = ("time_of_day", "time_of_week", "place")


def codes(latitude, longitude):
    out = np.empty(np.shape(latitude))
    _points.codes(np.ascontiguousarray(latitude, float), np.ascontiguousarray(longitude, float), out)
    return out


def build(kind, n, **settings):
    model = MODELS[kind].build(ModelConfig(SPAN, **{"ln_threshold": math.log(0.05)} | settings))
    model.grow(n)
    return model


def values(kind, series=5, buckets=96 * 24, seed=3):
    """Series with one usual place, several, any, a new one after half of the time, and none for long; with gaps."""
    rng = np.random.default_rng(seed)
    if kind == "place":
        at = np.array([[51.5, -0.1], [48.9, 2.3], [-36.8, 179.9], [89.9, 20.0]])
        chosen = rng.integers(0, 4, (series, buckets))
        chosen[0], chosen[3] = 0, np.where(np.arange(buckets) < buckets // 2, 2, 3)
        latitude = np.clip(at[chosen, 0] + rng.normal(0, 0.05, chosen.shape), -90, 90)
        longitude = (at[chosen, 1] + rng.normal(0, 0.05, chosen.shape) + 180) % 360 - 180
        latitude[2], longitude[2] = rng.uniform(-90, 90, buckets), rng.uniform(-180, 180, buckets)
        x = codes(latitude.ravel(), longitude.ravel()).reshape(latitude.shape)
    else:
        period = DAY if kind == "time_of_day" else 7 * DAY
        times = (np.arange(buckets) * SPAN / 1000 + rng.uniform(0, SPAN / 1000, (series, buckets))) % period
        day = times % DAY
        x = np.where((np.abs(day - 9 * HOUR) < HOUR) | (np.abs(day - 23.9 * HOUR) < HOUR), times, np.nan)
        x[2] = times[2]
    x[rng.random(x.shape) < 0.6] = np.nan
    x[4, : buckets // 3] = np.nan
    return x


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_is_its_definition(kind):
    x, model = values(kind), build(kind, 5)
    judged = model.advance(x, 0)
    settings = model.SPACE.settings(SPAN)
    space = oracle.Earth() if kind == "place" else oracle.Circle(model.SPACE.period)
    for row in range(len(x)):
        slow = oracle.Points(space, settings[2], settings[3], int(settings[4]), int(settings[5]))
        for t in np.flatnonzero(~np.isnan(x[row])).tolist():
            point = oracle.vector(*_exact(x[row, t])) if kind == "place" else x[row, t]
            assert judged.ln_p[row, t] == pytest.approx(math.log(slow.p(point, t)), rel=1e-7, abs=1e-9)
            slow.learn(point, t)
        assert int(model.snapshot()["points"]["places"][row]) == len(slow.places)


def _exact(code):
    latitude, longitude = np.empty(1), np.empty(1)
    _points.degrees(np.array([code]), latitude, longitude)
    return float(latitude[0]), float(longitude[0])


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_and_snapshots_change_no_bit(kind):
    x = values(kind)
    whole, parts = (build(kind, 5, bounds_percentile=95.0, ln_threshold=math.log(0.3)) for _ in range(2))
    expected = whole.advance(x, 0)
    got = []
    for a, b in ((0, 1), (1, 700), (700, 701), (701, x.shape[1])):
        got.append(parts.advance(x[:, a:b], a * SPAN))
        parts = MODELS[kind].build(parts.config, parts.snapshot())
    for name in ("ln_p", "typical", "lower", "upper"):
        assert np.concatenate([getattr(one, name) for one in got], axis=1).tobytes() == getattr(expected, name).tobytes()
    assert np.concatenate([one.leaves for one in got]).tobytes() == expected.leaves.tobytes()
    assert np.concatenate([one.payload for one in got]).tobytes() == expected.payload.tobytes()
    assert parts.snapshot()["points"].tobytes() == whole.snapshot()["points"].tobytes()
    assert len(expected.leaves) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_one_series_alone_is_what_it_was_among_the_others(kind):
    x, whole = values(kind), build(kind, 5)
    first = whole.advance(x[:, :1500], 0)
    before = whole.snapshot()
    rest, after = whole.advance(x[:, 1500:], 1500 * SPAN), whole.snapshot()
    for row in range(5):
        born = MODELS[kind].at_birth(whole.config, after, row, 0.0)
        assert born.advance(x[row : row + 1], 0).ln_p.tobytes() == np.append(first.ln_p[row], rest.ln_p[row]).tobytes()
        resumed = MODELS[kind].of_one(whole.config, before, row, after)
        assert resumed.advance(x[row : row + 1, 1500:], 1500 * SPAN).ln_p.tobytes() == rest.ln_p[row].tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_judging_is_pure_agrees_with_advancing_and_gives_its_own_probability_back(kind):
    x, model = values(kind), build(kind, 5, ln_threshold=0.0)
    model.advance(x[:, :-1], 0)
    before = model.snapshot()["points"].tobytes()
    last = np.where(np.isnan(x[:, -1]), x[2, 0] if not np.isnan(x[2, 0]) else 1.0, x[:, -1])
    judged = model.judge(last, (x.shape[1] - 1) * SPAN)
    assert model.snapshot()["points"].tobytes() == before
    again = MODELS[kind].ln_p_of(judged.payload, judged.leaves["actual"])
    assert again.tobytes() == judged.leaves["ln_p"].tobytes() == judged.ln_p[:, 0].tobytes()
    assert model.advance(last[:, None], (x.shape[1] - 1) * SPAN).ln_p.tobytes() == judged.ln_p.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_no_data_changes_no_bit(kind):
    model = build(kind, 5)
    model.advance(values(kind), 0)
    before = model.snapshot()["points"].tobytes()
    judged = model.advance(np.full((5, 7), np.nan), 96 * 24 * SPAN)
    assert model.snapshot()["points"].tobytes() == before
    assert np.isnan(judged.ln_p).all()
    assert len(judged.leaves) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_where_values_usually_are_nothing_is_odd_and_first_values_teach(kind):
    x, model = values(kind), build(kind, 5)
    judged = model.advance(x, 0)
    assert (judged.ln_p[:, : 2 * 96][~np.isnan(judged.ln_p[:, : 2 * 96])] == 0.0).all()
    for row in (0, 1):
        odd = judged.ln_p[row] < math.log(0.003)
        assert odd.sum() <= 0.003 * np.isfinite(judged.ln_p[row]).sum()


@given(hours=st.floats(0.0, 12.0), further=st.floats(0.0, 12.0), start=st.floats(0.0, 24.0))
def test_what_is_further_from_the_one_usual_time_is_no_likelier(hours, further, start):
    model = build("time_of_day", 1, ln_threshold=0.0)
    rng = np.random.default_rng(1)
    x = np.full((1, 96 * 20), np.nan)
    x[0, ::48] = (start * HOUR + rng.normal(0, 600, 40)) % DAY
    model.advance(x, 0)
    typical = model.judge(x[:, 0], 96 * 20 * SPAN).leaves["typical"][0]
    near, far = sorted((hours, further))
    ln_near, ln_far = (model.judge(np.array([(typical + h * HOUR) % DAY]), 96 * 20 * SPAN).ln_p[0, 0] for h in (near, far))
    assert ln_far <= ln_near + 1e-9


def test_midnight_the_date_line_and_the_poles_are_no_borders():
    night, away = build("time_of_day", 1), build("place", 2)
    rng, n = np.random.default_rng(0), 96 * 10
    night.advance(((np.arange(n) % 2 - 0.5) * 1200 + rng.normal(0, 300, (1, n))) % DAY, 0)
    assert night.snapshot()["points"]["places"][0] == 1
    line = codes(rng.normal(-17, 0.02, n), (180 + rng.normal(0, 0.02, n) + 180) % 360 - 180)
    pole = codes(np.full(n, 89.99), rng.uniform(-180, 180, n))
    away.advance(np.array([line, pole]), 0)
    assert away.snapshot()["points"]["places"].tolist() == [1, 1]
    judged = away.judge(codes(np.array([-17.0, 90.0]), np.array([-179.999, 0.0])), n * SPAN)
    assert (np.exp(judged.ln_p) > 0.5).all()


def test_one_long_occasion_makes_no_place_usual_and_three_do():
    model, n = build("time_of_day", 1), 96 * 30
    x = np.full((1, n), np.nan)
    x[0, 36::96] = 9 * HOUR
    model.advance(x, 0)
    night = np.full((1, 96), np.nan)
    night[0, 8:14] = (2 + np.arange(6) / 4) * HOUR  # from two to half past three
    found = [model.advance(night, (n + 96 * day) * SPAN).ln_p[0, 8:14] for day in range(5)]
    assert (found[0] < math.log(2e-3)).all()
    assert (np.diff([one[3] for one in found[:3]]) > 0).all(), "what comes again is less odd"
    assert found[4][3] > math.log(0.05)


def test_memory_is_bounded_and_a_million_values_are_judged():
    model = build("place", 1)
    rng = np.random.default_rng(0)
    x = codes(np.degrees(np.arcsin(rng.uniform(-1, 1, 100_000))), rng.uniform(-180, 180, 100_000))
    for start in range(0, 10 * SPAN * 100_000, SPAN * 100_000):
        judged = model.advance(x[None, :], start)
    assert model.snapshot()["points"]["places"][0] <= _points.PLACES
    assert model.snapshot()["points"].itemsize < 1_200
    assert np.isfinite(judged.ln_p).all()


def test_rules_and_planned_times_silence_and_unteach():
    x = values("time_of_day")[:1]
    x[np.abs(x - 9 * HOUR) > HOUR] = np.nan
    x[0, -1] = 3 * HOUR
    far = Rule((Condition("diff_from_typical", "gt", 2 * HOUR),), actions=("skip_result", "skip_model_update"))
    skips = Skips.of(np.zeros(x.shape[1], np.uint8), [far], np.ones((1, 1), bool), Shifts.none(1))
    model = build("time_of_day", 1)
    judged = model.advance(x, 0, skips=skips)
    assert judged.skipped.by.tolist() == [0]
    assert judged.skipped.leaves["actual"].tolist() == [3 * HOUR]
    assert model.snapshot()["points"]["count"][0] == np.isfinite(x).sum() - 1
    planned = np.full(x.shape[1], bits(("skip_model_update",)), np.uint8)
    idle = build("time_of_day", 1)
    idle.advance(x, 0, skips=Skips.of(planned, [], np.zeros((0, 1), bool), Shifts.none(1)))
    assert idle.snapshot()["points"]["count"][0] == 0


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_a_place_comes_back_from_its_number(latitude, longitude):
    code = float(codes([latitude], [longitude])[0])
    north, east = degrees(code)
    assert abs(north - latitude) < 1e-5
    assert min(abs(east - longitude), 360 - abs(east - longitude)) < 1e-5


def test_a_number_is_no_place_beyond_the_poles_and_the_date_line():
    assert np.isnan(codes([90.1, -91.0, 0.0, 0.0, np.nan], [0.0, 0.0, 180.1, -181.0, 0.0])).all()


def test_models_say_where_values_usually_are():
    model = build("time_of_day", 5)
    assert model.describe(0).sentences == ("Nothing seen yet.",)
    model.advance(values("time_of_day"), 0)
    assert "usually around" in model.describe(0).sentences[0]
    assert model.known().series == 5


def test_usual_times_follow_a_changed_clock_and_places_know_none():
    """Work that begins an hour earlier by the clock of the zone, from a day on, as its own clock shows an hour more."""
    n = 96 * 30
    x = np.full((1, n), np.nan)
    x[0, 36::96] = 9 * HOUR + np.random.default_rng(2).normal(0, 300, 30)
    shifts = Shifts.of([(n * SPAN, 3_600_000)], [], np.zeros((0, 1), bool))
    for skips, expected in ((None, 9 * HOUR), (Skips.clock(shifts, 1), 8 * HOUR)):
        model = build("time_of_day", 1, ln_threshold=0.0)
        model.advance(x, 0)
        judged = model.judge(np.array([8 * HOUR]), n * SPAN, skips=skips)
        assert judged.leaves["typical"][0] == pytest.approx(expected, abs=300)
        assert MODELS["time_of_day"].ln_p_of(judged.payload, np.array([8 * HOUR]))[0] == judged.ln_p[0, 0]
        assert model.try_values(np.array([8 * HOUR]), n * SPAN, None if skips is None else shifts).leaves["ln_p"] == judged.ln_p
        model.advance(np.array([[8 * HOUR]]), n * SPAN, skips=skips)
        assert (model.snapshot()["points"]["places"][0] == 1) == (skips is not None)


@pytest.mark.parametrize("far", [4.0, 60.0])
def test_whoever_is_away_from_home_now_and_then_is_told_as_rarely_as_said(far):
    """Null hypothesis: of places away from home each is as likely as any other one so far away; `far` in degrees."""
    rng = np.random.default_rng(1)
    shape = (20, 96 * 7)
    away = rng.random(shape) < 0.05
    north, east = (45 + np.where(away, far, 0.05) * rng.uniform(-0.7, 0.7, shape) for _ in range(2))
    x = np.full((20, 96 * 28), np.nan)
    x[:, ::4] = codes(north.ravel(), east.ravel()).reshape(shape)
    ln_p = build("place", 20).advance(x, 0).ln_p[:, 96 * 7 :: 4]
    for chance in (1e-2, 1e-3, 1e-4):
        assert (ln_p < math.log(chance)).mean() < 2.5 * chance
