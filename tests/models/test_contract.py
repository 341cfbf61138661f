"""Laws that every version of the series model keeps."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.models import ChangeKind, ModelConfig, SeriesModel

HOUR = 3_600_000


def build(n: int, span: int = HOUR, **settings_: object) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(span, **settings_))  # type: ignore[arg-type]
    model.grow(n)
    return model


def mixed(series: int = 12, buckets: int = 700, seed: int = 0) -> np.ndarray:
    """Series of every kind: noise, season, counts, steps, constants, gaps."""
    rng = np.random.default_rng(seed)
    t = np.arange(buckets)
    x = rng.normal(10.0, 2.0, (series, buckets))
    x[1::6] += 8 * np.sin(2 * np.pi * t / 24)
    x[2::6] = rng.poisson(3.0, x[2::6].shape)
    x[3::6] = np.cumsum(rng.normal(size=x[3::6].shape), axis=1)
    x[4::6] = rng.lognormal(0.0, 1.0, x[4::6].shape) + 20 * (t > buckets // 2)
    x[5::6] = 7.0
    x[rng.random(x.shape) < 0.03] = np.nan
    return x


def same(a: SeriesModel, b: SeriesModel) -> bool:
    one, two = a.snapshot(), b.snapshot()
    return all(one[name].tobytes() == two[name].tobytes() for name in one) and one.keys() == two.keys()


def weekly(series: int = 4, buckets: int = 1200) -> np.ndarray:
    """A day that turns out to be a week of five long days and two short ones: one profile takes the place of another."""
    t = np.arange(buckets)
    work = 1.0 - 0.5 * (np.arange(series)[:, None] % 2) * ((t // 24 + 3) % 7 >= 5)
    shape = 1 + np.sin(2 * np.pi * t / 24) + 0.5 * ((t // 24) % 7 == 1)
    return 20 + 30 * work * shape + np.random.default_rng(4).normal(size=(series, buckets))


MADE = {
    "alone": (mixed, {}),
    "siblings": (mixed, {"siblings": True}),
    "zeros before": (lambda: late(mixed()), {"siblings": True, "zeros_before": True, "non_negative": True}),
    "a week for a day": (weekly, {}),
}


def late(x: np.ndarray) -> np.ndarray:
    """Series that appear one after the other."""
    for i, row in enumerate(x):
        row[: 40 * i] = np.nan
    return x


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("cuts", [(1,), (13, 14, 300), (350,), tuple(range(0, 700, 7))])
def test_chunks_never_change_a_bit(cuts, made):
    make, config = MADE[made]
    x = make()
    whole, parts = build(len(x), **config), build(len(x), **config)
    expected = whole.advance(x, 0)
    edges = [0, *[cut for cut in cuts if cut], x.shape[1]]
    judged = [parts.advance(x[:, a:b], a * HOUR) for a, b in itertools.pairwise(edges)]
    assert np.concatenate([j.ln_p for j in judged], axis=1).tobytes() == expected.ln_p.tobytes()
    assert np.concatenate([j.ln_evidence for j in judged], axis=1).tobytes() == expected.ln_evidence.tobytes()
    assert same(whole, parts)
    assert np.concatenate([j.leaves for j in judged]).tobytes() == expected.leaves.tobytes()
    assert np.concatenate([j.payload for j in judged]).tobytes() == expected.payload.tobytes()


def test_a_season_in_use_is_replaced_bucket_by_bucket_as_at_once():
    x = weekly()
    whole, stepped = build(len(x)), build(len(x))
    changes = whole.advance(x, 0).changes
    found = changes[changes["kind"] == ChangeKind.SEASON_FOUND]
    assert np.unique(found["row"], return_counts=True)[1].max() > 1
    for t in range(x.shape[1]):
        stepped.advance(x[:, t : t + 1], t * HOUR)
    assert same(whole, stepped)


@pytest.mark.parametrize("made", MADE)
def test_one_series_replayed_alone_is_what_it_was_among_the_others(made):
    """From a snapshot or from its first value, with the lessons that siblings gave from day to day."""
    make, config = MADE[made]
    x = make()
    whole = build(len(x), **config)
    parts = [whole.advance(x[:, :400], 0)]
    before = whole.snapshot()
    parts.append(whole.advance(x[:, 400:], 400 * HOUR))
    ln_p, after = np.concatenate([part.ln_p for part in parts], axis=1), whole.snapshot()
    for row in range(len(x)):
        first = int(np.flatnonzero(~np.isnan(x[row]))[0])
        born = SeriesModel.at_birth(whole.config, after, row, float(x[row, first]))
        assert born.advance(x[row : row + 1, first:], first * HOUR).ln_p.tobytes() == ln_p[row, first:].tobytes()
        resumed = SeriesModel.of_one(whole.config, before, row, after)
        if first >= 400:
            assert resumed is None
            continue
        assert resumed is not None
        assert resumed.advance(x[row : row + 1, 400:], 400 * HOUR).ln_p.tobytes() == ln_p[row, 400:].tobytes()
        assert resumed.snapshot()["series"].tobytes() == born.snapshot()["series"].tobytes()


def test_threads_never_change_a_bit():
    x = mixed(200)
    one, two = build(len(x)), build(len(x), threads=2)
    a, b = one.advance(x, 0), two.advance(x, 0)
    assert a.ln_p.tobytes() == b.ln_p.tobytes()
    assert a.leaves.tobytes() == b.leaves.tobytes()
    assert a.payload.tobytes() == b.payload.tobytes()
    assert same(one, two)


def test_rows_select_series_and_leave_the_others_alone():
    x = mixed()
    whole, parts = build(len(x)), build(len(x))
    expected = whole.advance(x, 0)
    for rows in (np.array([5, 1, 11]), np.array([0, 2, 3, 4, 6, 7, 8, 9, 10])):
        judged = parts.advance(x[rows], 0, rows)
        assert judged.ln_p.tobytes() == expected.ln_p[rows].tobytes()
    assert same(whole, parts)


def test_what_is_expected_is_what_a_value_would_be_compared_with_and_changes_nothing():
    x = mixed()
    model = build(len(x), bounds_percentile=95.0, siblings=True)
    model.advance(x[:, :600], 0)
    before = model.snapshot()
    expected = model.expect(600 * HOUR, 3)
    judged = model.judge(x[:, 600], 600 * HOUR)
    assert expected.shape == (len(x), 3)
    assert expected[:, :1].tobytes() == judged.typical.tobytes()
    assert all(before[name].tobytes() == array.tobytes() for name, array in model.snapshot().items())
    assert np.isnan(build(1).expect(0, 2)).all()


def test_a_snapshot_resumes_with_the_same_bits():
    x = mixed()
    whole = build(len(x))
    expected = whole.advance(x, 0)
    first = build(len(x))
    first.advance(x[:, :400], 0)
    resumed = SeriesModel.build(first.config, first.snapshot())
    rest = resumed.advance(x[:, 400:], 400 * HOUR)
    assert rest.ln_p.tobytes() == expected.ln_p[:, 400:].tobytes()
    assert same(whole, resumed)


def test_a_snapshot_shares_nothing_with_the_model():
    x = mixed()
    model = build(len(x))
    model.advance(x[:, :300], 0)
    taken = model.snapshot()
    before = {name: array.tobytes() for name, array in taken.items()}
    model.advance(x[:, 300:], 300 * HOUR)
    assert all(taken[name].tobytes() == before[name] for name in taken)


@pytest.mark.parametrize("made", MADE)
def test_judging_is_pure_and_agrees_with_advancing(made):
    make, config = MADE[made]
    x = make()
    model = build(len(x), **config)
    for start, end in ((0, 120), (121, 440), (441, 500)):
        model.advance(x[:, start:end], start * HOUR)
        before = model.snapshot()
        judged = model.judge(x[:, end], end * HOUR)
        assert all(model.snapshot()[name].tobytes() == before[name].tobytes() for name in before)
        advanced = model.advance(x[:, end : end + 1], end * HOUR)
        assert judged.ln_p.tobytes() == advanced.ln_p.tobytes()
        assert judged.ln_evidence.tobytes() == advanced.ln_evidence.tobytes()


def test_no_data_is_not_zero():
    model = build(1)
    model.advance(np.random.default_rng(0).normal(5, 1, (1, 100)), 0)
    before = model.snapshot()["series"].tobytes()
    judged = model.advance(np.full((1, 5), np.nan), 100 * HOUR)
    assert model.snapshot()["series"].tobytes() == before
    assert np.isnan(judged.ln_p).all()
    assert len(judged.leaves) == len(judged.payload) == 0


def test_a_leaf_gives_its_own_probability_back_bit_for_bit():
    for side in ("both", "high", "low"):
        judged = _judge(side)
        leaves = judged.leaves
        again = SeriesModel.ln_p_of(judged.payload, leaves["actual"])
        assert len(leaves) > 10
        assert again.tobytes() == leaves["ln_p"].tobytes()
        assert leaves["ln_p"].tobytes() == judged.ln_p[leaves["series"], leaves["bucket"]].tobytes()


def _judge(side):
    x = mixed()
    return build(len(x), side=side).advance(x, 0)


def test_leaves_are_every_bucket_below_the_threshold_in_time_order():
    judged = _judge("both")
    leaves = judged.leaves
    flagged = judged.ln_evidence <= np.log(0.05)
    t, row = np.nonzero(flagged.T)
    assert np.array_equal(leaves["bucket"], t)
    assert np.array_equal(leaves["series"], row)
    assert (leaves["lower"] <= leaves["upper"]).all()


def test_growing_keeps_the_old_and_starts_the_new_from_nothing():
    x = mixed()
    model, alone = build(5), build(5)
    model.advance(x[:5, :200], 0)
    alone.advance(x[:5, :200], 0)
    model.grow(12)
    late = model.advance(x[:, 200:], 200 * HOUR)
    assert late.ln_p[:5].tobytes() == alone.advance(x[:5, 200:], 200 * HOUR).ln_p.tobytes()
    assert (late.ln_p[5:, 0][~np.isnan(late.ln_p[5:, 0])] == 0.0).all()


def test_bounds_come_only_when_asked_for_and_change_no_probability():
    x = mixed()
    off, on = build(len(x)), build(len(x), bounds_percentile=90.0)
    a, b = off.advance(x, 0), on.advance(x, 0)
    assert a.typical is None
    assert a.ln_p.tobytes() == b.ln_p.tobytes()
    assert b.lower is not None
    assert b.upper is not None
    assert b.typical is not None
    known = ~np.isnan(b.lower)
    assert known[:, 50:].all()
    assert (b.lower[known] <= b.upper[known]).all()
    inside = (x >= b.lower) & (x <= b.upper)
    assert 0.85 < inside[0, 100:].mean() < 0.95


awkward = st.sampled_from([0.0, 1.0, -1.0, 1e-12, 1e12, 1e300, -1e300, np.inf, -np.inf, np.nan, 5e-324, 7.0, 7.0])


@settings(max_examples=200)
@given(st.lists(st.one_of(awkward, st.floats(allow_nan=True, width=64)), min_size=1, max_size=80))
def test_any_input_gives_a_probability(values):
    x = np.array([values])
    for span in (HOUR, 8 * HOUR):
        judged = build(1, span, bounds_percentile=95.0).advance(x, 0)
        known = ~np.isnan(x)
        assert np.array_equal(np.isnan(judged.ln_p), ~known)
        assert (judged.ln_p[known] <= 0.0).all()
        assert not np.isposinf(judged.ln_p[known]).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bucket_span_ms": 0}, "bucket_span_ms=0: wanted more than 0"),
        ({"bucket_span_ms": HOUR, "threads": 0}, "threads=0: wanted 1 or more"),
        ({"bucket_span_ms": HOUR, "bounds_percentile": 100.0}, "bounds_percentile=100.0: wanted None or between 0 and 100"),
        ({"bucket_span_ms": HOUR, "side": "up"}, "side='up': wanted one of both, high, low"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        ModelConfig(**arguments)


def test_a_bad_call_is_named_with_its_value():
    model = build(3)
    with pytest.raises(ValueError, match="n_series=1: wanted at least the present 3"):
        model.grow(1)
    with pytest.raises(ValueError, match=r"values.shape=\(2, 4\): wanted \(3, buckets\)"):
        model.advance(np.zeros((2, 4)), 0)
    with pytest.raises(ValueError, match="first_bucket_ms=5: wanted a multiple of bucket_span_ms=3600000"):
        model.advance(np.zeros((3, 4)), 5)


@pytest.mark.parametrize(("side", "sign"), [("high", 1.0), ("low", -1.0)])
def test_a_detector_of_one_side_is_not_surprised_by_the_other(side, sign):
    x = np.random.default_rng(3).normal(10, 1, (1, 800))
    x[0, 600:640] -= sign * 30
    quiet = build(1, side=side).advance(x, 0).ln_evidence[0, 600:640]
    loud = build(1, side=side).advance(20 - x, 0).ln_evidence[0, 600:640]
    assert quiet.min() > np.log(0.05)
    assert loud.min() < np.log(1e-4)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-298, 1e-160, 1e100])
def test_what_a_new_series_starts_from_is_finite_whatever_the_scale(scale):
    model = build(12, siblings=True)
    model.advance(mixed() * scale, 0)
    taught = model.snapshot()["siblings"]
    assert all(np.isfinite(taught[name]).all() for name in taught.dtype.names)
    assert taught["variance"][-1] > 0 or scale < 1e-200  # a variance that is too small for a double is not known
