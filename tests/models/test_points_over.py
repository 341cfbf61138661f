"""Points of populations: the kernel is what tests/oracle/points.py says, keeps the laws of every model, and tells who is where
the others are not."""

import math

import numpy as np
import pytest

from barograph.models import MODELS, Kin, ModelConfig
from barograph.models.civil import Shifts
from barograph.models.skips import PLANNED, Skips, bits
from tests.models.test_points import DAY, HOUR, KINDS, SPAN, _exact, codes, values
from tests.models.test_points import build as alone
from tests.oracle import points as oracle

POPULATION = np.array([0, 1, 0, 1, 0], np.int32)


def build(kind, n, population=None, **settings):
    model = MODELS[f"{kind}_over"].build(ModelConfig(SPAN, **{"ln_threshold": math.log(0.05)} | settings))
    of = np.zeros(n, np.int32) if population is None else population
    model.grow(n, Kin(np.zeros(n, np.int32), of, np.arange(n)))
    return model


def same(a, b):
    one, two = a.snapshot(), b.snapshot()
    return one.keys() == two.keys() and all(one[name].tobytes() == two[name].tobytes() for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_is_its_definition(kind):
    x, model = values(kind), build(kind, 5, POPULATION)
    judged = model.advance(x, 0)
    settings = model.SPACE.settings(SPAN)
    space = oracle.Earth() if kind == "place" else oracle.Circle(model.SPACE.period)
    for population in (0, 1):
        members = np.flatnonzero(np.equal(POPULATION, population)).tolist()
        slow = oracle.Points(space, settings[2], settings[3], int(settings[4]), int(settings[5]))
        for t in range(x.shape[1]):
            there = [
                (row, oracle.vector(*_exact(x[row, t])) if kind == "place" else x[row, t])
                for row in members
                if not np.isnan(x[row, t])
            ]
            for row, point in there:
                assert judged.ln_p[row, t] == pytest.approx(math.log(slow.p(point, t, row)), rel=1e-7, abs=1e-9)
            for row, point in there:
                slow.learn(point, t, row)
        assert int(model.snapshot()["points"]["places"][population]) == len(slow.places)


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_alone_is_judged_as_a_series_by_itself(kind):
    x = values(kind)
    together, series = build(kind, 5, np.arange(5, dtype=np.int32)), alone(kind, 5)
    assert together.advance(x, 0).ln_p.tobytes() == series.advance(x, 0).ln_p.tobytes()
    for name in ("weight", "away", "further", "places"):
        assert together.snapshot()["points"][name].tolist() == series.snapshot()["points"][name].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_and_snapshots_change_no_bit(kind):
    x = values(kind)
    whole, parts = (build(kind, 5, POPULATION, bounds_percentile=95.0, ln_threshold=math.log(0.3)) for _ in range(2))
    expected = whole.advance(x, 0)
    got = []
    for a, b in ((0, 1), (1, 700), (700, 701), (701, x.shape[1])):
        got.append(parts.advance(x[:, a:b], a * SPAN))
        parts = type(parts).build(parts.config, parts.snapshot())
    for name in ("ln_p", "typical", "lower", "upper"):
        assert np.concatenate([getattr(one, name) for one in got], axis=1).tobytes() == getattr(expected, name).tobytes()
    for name in ("leaves", "payload"):
        assert np.concatenate([getattr(one, name) for one in got]).tobytes() == getattr(expected, name).tobytes()
    assert same(parts, whole)
    assert len(expected.leaves) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_judging_is_pure_and_a_member_by_itself_is_what_it_is_among_all(kind):
    x, model = values(kind), build(kind, 5, POPULATION, ln_threshold=0.0)
    model.advance(x[:, :-1], 0)
    last, end = np.where(np.isnan(x[:, -1]), x[2, np.flatnonzero(~np.isnan(x[2]))[0]], x[:, -1]), (x.shape[1] - 1) * SPAN
    before = model.snapshot()
    judged = model.judge(last, end)
    assert same(model, type(model).build(model.config, before))
    assert type(model).ln_p_of(judged.payload, judged.leaves["actual"]).tobytes() == judged.ln_p[:, 0].tobytes()
    for row in range(5):
        member = model.beside(row, last, end)
        assert member.judge(last[row : row + 1], end).ln_p[0, 0] == judged.ln_p[row, 0]
        tried = member.try_values(last, end)
        assert tried.leaves["ln_p"][row] == judged.ln_p[row, 0]
        assert type(model).of_one(model.config, before, row, before).judge(last[row : row + 1], end).ln_p == judged.ln_p[row]
    assert model.advance(last[:, None], end).ln_p.tobytes() == judged.ln_p.tobytes()


def test_no_data_and_what_is_not_to_be_learned_change_no_bit():
    x, model = values("time_of_day"), build("time_of_day", 5)
    model.advance(x, 0)
    before, end = type(model).build(model.config, model.snapshot()), x.shape[1] * SPAN
    assert np.isnan(model.advance(np.full((5, 7), np.nan), end).ln_p).all()
    planned = np.array([bits(("skip_result", "skip_model_update"))], np.uint8)
    night = np.full((5, 1), 3 * HOUR)
    judged = model.advance(night, end, skips=Skips.of(planned, (), np.zeros((0, 5), np.bool_), Shifts.none(5)))
    assert judged.skipped.by.tolist() == [PLANNED] * len(judged.skipped.leaves)
    assert same(model, before)


def office(members=12, days=30, seed=1):
    """Members who are there on half of the days, once, about nine."""
    rng = np.random.default_rng(seed)
    x = np.full((members, 96 * days), np.nan)
    for day in range(days):
        there = rng.random(members) < 0.5
        x[there, 96 * day + 36] = 9 * HOUR + rng.normal(0, 900, there.sum())
    return x


def test_a_new_member_is_judged_by_where_the_others_are():
    x = office()
    x[11] = np.nan
    model = build("time_of_day", 12)
    model.advance(x, 0)
    tried = [model.judge(np.where(np.arange(12) == 11, at, np.nan), 96 * 30 * SPAN).ln_p[11, 0] for at in (9 * HOUR, 3 * HOUR)]
    assert tried[0] > math.log(0.3)
    assert tried[1] < math.log(0.003)


def test_the_habit_of_one_is_usual_to_itself_only_and_that_of_three_to_all():
    x = office()
    x[0, 12::96] = 3 * HOUR  # each night
    model = build("time_of_day", 12)
    model.advance(x, 0)
    at_night = np.full(12, 3 * HOUR)
    ln_p = model.judge(at_night, 96 * 30 * SPAN).ln_p[:, 0]
    assert ln_p[0] > math.log(0.3)
    assert (ln_p[1:] < math.log(0.01)).all()
    for day, row in enumerate((1, 2)):
        one = np.where(np.arange(12) == row, 3 * HOUR, np.nan)
        model.advance(one[:, None], 96 * (30 + day) * SPAN)
    assert (model.judge(at_night, 96 * 33 * SPAN).ln_p[:, 0] > math.log(0.3)).all()


TOWNS = codes(np.repeat(np.arange(-40.0, 41.0, 16.0), 3), np.tile([-100.0, 0.0, 100.0], 6))


@pytest.mark.parametrize("towns", [5, 18])
@pytest.mark.parametrize("seldom", [0, 8])
def test_a_new_habit_is_learnt_also_where_members_have_more_towns_than_there_are_places(towns, seldom):
    """Each day all are at home and another one travels; some travel to one place twice. Member 0 moves for good on day 10."""
    rng, days = np.random.default_rng(2), 24
    x = np.full((50, 96 * days), np.nan)
    x[:, 36::96] = np.resize(TOWNS[:towns], 50)[:, None]
    abroad = codes(rng.uniform(55, 80, days), rng.uniform(-180, 180, days))
    for day in range(3, days):
        x[1 + day, 96 * day + 48] = abroad[day // 2 * 2 if day < seldom else day]
    x[0, 96 * 10 + 36 :: 96] = codes([-70.0], [50.0])[0]
    ln_p = build("place", 50).advance(x, 0).ln_p[0, 36::96]
    assert (ln_p[2:10] > math.log(0.3)).all()
    assert (ln_p[10:12] < math.log(0.05)).all()
    assert (ln_p[14:] > math.log(0.3)).all()


def test_who_is_there_at_all_hours_makes_no_hour_usual_to_others():
    x = office()
    rng = np.random.default_rng(5)
    x[0] = (np.arange(x.shape[1]) * SPAN / 1000 + rng.uniform(0, 900, x.shape[1])) % DAY
    model = build("time_of_day", 12)
    model.advance(x, 0)
    ln_p = model.judge(np.full(12, 3 * HOUR), 96 * 30 * SPAN).ln_p[:, 0]
    assert ln_p[0] > math.log(0.3)
    assert (ln_p[1:] < math.log(0.02)).all()


def test_members_of_a_population_without_anomalies_are_rarely_told():
    """Null hypothesis: members are all where the others are, and new ones come; two days teach."""
    rng = np.random.default_rng(4)
    x = np.full((300, 96 * 28), np.nan)
    for day in range(28):
        for hour in (9, 13, 17):
            there = rng.random(300) < 0.1
            x[there, 96 * day + 4 * hour] = (hour + rng.normal(0, 0.5, there.sum())) * HOUR
    ln_p = build("time_of_day", 300).advance(x, 0).ln_p
    seen = ln_p[~np.isnan(ln_p)]
    for chance in (1e-2, 1e-3):
        assert (seen < math.log(chance)).mean() < 2.5 * chance


def test_a_member_says_what_is_usual_to_it_and_a_changed_clock_moves_it():
    model, x = build("time_of_day", 12), office()
    assert model.describe(0).sentences == ("Nothing seen yet.",)
    model.advance(x, 0)
    assert "of 12 members those around 09:" in model.describe(0).sentences[1]
    shifts = Shifts.of([(96 * 30 * SPAN, 3_600_000)], [], np.zeros((0, 12), bool))
    judged = model.judge(np.full(12, 8 * HOUR), 96 * 30 * SPAN, skips=Skips.clock(shifts, 1))
    assert (judged.ln_p > math.log(0.3)).all()


def test_a_bad_call_is_named_with_its_value():
    model = build("place", 3)
    with pytest.raises(ValueError, match=r"values.shape=\(2, 4\): wanted \(3, buckets\)"):
        model.advance(np.zeros((2, 4)), 0)
    with pytest.raises(ValueError, match="first_bucket_ms=7: wanted a multiple of bucket_span_ms=900000"):
        model.advance(np.zeros((3, 4)), 7)
    with pytest.raises(ValueError, match=f"of version 1: wanted this version, {model.VERSION}"):
        type(model).build(model.config, {})
    with pytest.raises(ValueError, match=f"of version 99: wanted this version, {model.VERSION}"):
        type(model).build(model.config, model.snapshot() | {"version": np.array([99])})
