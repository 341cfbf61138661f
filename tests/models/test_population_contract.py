"""Laws that the population model keeps, as every model does."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.config.rule import Condition, Rule
from barograph.models.civil import Shifts
from barograph.models.population import PopulationModel
from barograph.models.population_state import PAYLOAD
from barograph.models.skips import PLANNED, Skips, bits
from barograph.results.arrays import Floats
from tests.models.population_data import HOUR, build, counts, sizes

OF = np.arange(40, dtype=np.int32) % 3
KINDS = {"sizes": (sizes, {}), "counts": (counts, {"integer": True})}


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> tuple[Floats, dict]:
    of, settings_ = KINDS[request.param]
    values = of(40, 300)
    values[5, 200:203] *= 100.0
    values[:, 120:150] = np.nan
    values[30:, :100] = np.nan
    return values, settings_


def same(a: PopulationModel, b: PopulationModel) -> bool:
    one, two = a.snapshot(), b.snapshot()
    return one.keys() == two.keys() and all(one[name].tobytes() == two[name].tobytes() for name in one)


@pytest.mark.parametrize("cuts", [(1,), (13, 14, 140), tuple(range(0, 300, 7))])
def test_chunks_never_change_a_bit(cuts, made):
    values, settings_ = made
    whole, parts = build(40, OF, **settings_), build(40, OF, **settings_)
    expected = whole.advance(values, 0)
    edges = [0, *[cut for cut in cuts if cut], values.shape[1]]
    judged = [parts.advance(values[:, a:b], a * HOUR) for a, b in itertools.pairwise(edges)]
    for name in ("ln_p", "ln_evidence"):
        assert np.concatenate([getattr(one, name) for one in judged], axis=1).tobytes() == getattr(expected, name).tobytes()
    for name in ("leaves", "payload"):
        assert np.concatenate([getattr(one, name) for one in judged]).tobytes() == getattr(expected, name).tobytes()
    assert (expected.leaves["series"] == 5).sum() >= 3
    assert same(whole, parts)


def test_a_snapshot_resumes_with_the_same_bits_and_shares_nothing(made):
    values, settings_ = made
    whole, first = build(40, OF, **settings_), build(40, OF, **settings_)
    expected = whole.advance(values, 0)
    first.advance(values[:, :160], 0)
    taken = first.snapshot()
    kept = {name: array.tobytes() for name, array in taken.items()}
    first.advance(values[:, 160:], 160 * HOUR)
    assert {name: array.tobytes() for name, array in taken.items()} == kept
    resumed = PopulationModel.build(first.config, taken)
    assert resumed.advance(values[:, 160:], 160 * HOUR).ln_p.tobytes() == expected.ln_p[:, 160:].tobytes()
    assert same(whole, resumed)


def test_judging_is_pure_and_agrees_with_advancing(made):
    values, settings_ = made
    model = build(40, OF, **settings_)
    model.advance(values[:, :200], 0)
    before = model.snapshot()
    judged = model.judge(values[:, 200], 200 * HOUR)
    assert same(model, PopulationModel.build(model.config, before))
    learned = model.advance(values[:, 200:201], 200 * HOUR)
    assert judged.ln_p.tobytes() == learned.ln_p.tobytes()
    assert judged.leaves.tobytes() == learned.leaves.tobytes()


def test_populations_know_nothing_of_each_other(made):
    values, settings_ = made
    together, alone = build(40, OF, **settings_), build(int((OF == 1).sum()), **settings_)
    judged = together.advance(values, 0)
    assert judged.ln_p[OF == 1].tobytes() == alone.advance(values[OF == 1], 0).ln_p.tobytes()
    assert judged.leaves["bucket"].tolist() == sorted(judged.leaves["bucket"].tolist())


def test_no_data_changes_no_bit(made):
    values, settings_ = made
    model, gone = build(40, OF, **settings_), build(40, OF, **settings_)
    for one in (model, gone):
        one.advance(values[:, :50], 0)
    judged = gone.advance(np.full((40, 9), np.nan), 50 * HOUR)
    assert np.isnan(judged.ln_p).all()
    assert same(model, gone)


def test_a_leaf_gives_its_own_probability_back_bit_for_bit(made):
    values, settings_ = made
    judged = build(40, OF, ln_threshold=-1.0, **settings_).advance(values, 0)
    assert judged.payload.dtype == PAYLOAD
    assert len(judged.leaves) > 100
    back = PopulationModel.ln_p_of(judged.payload, np.ascontiguousarray(judged.leaves["actual"]))
    assert back.tobytes() == judged.leaves["ln_p"].tobytes()


def test_bounds_come_only_when_asked_for_and_change_no_probability(made):
    values, settings_ = made
    plain = build(40, OF, **settings_).advance(values, 0)
    plotted = build(40, OF, bounds_percentile=95.0, **settings_).advance(values, 0)
    assert plain.typical is plain.lower is plain.upper is None
    assert plain.ln_p.tobytes() == plotted.ln_p.tobytes()
    known = ~np.isnan(plotted.upper)
    inside = (values >= plotted.lower) & (values <= plotted.upper)
    assert (plotted.lower[known] <= plotted.upper[known]).all()
    # Outside is less likely than one in twenty; the quantile of Student's t is within 4 %.
    assert (plotted.ln_p[known & ~inside] < np.log(0.056)).all()
    assert (plotted.ln_p[known & inside] > np.log(0.044)).all()


def test_a_member_in_a_bucket_is_what_it_is_among_all(made):
    values, settings_ = made
    model = build(40, OF, ln_threshold=0.0, **settings_)
    model.advance(values[:, :200], 0)
    judged = model.judge(values[:, 200], 200 * HOUR)
    for row in judged.leaves["series"].tolist():
        tried = model.beside(row, values[:, 200], 200 * HOUR).try_values(values[row : row + 1, 200], 200 * HOUR)
        leaf = judged.leaves[judged.leaves["series"] == row]
        for name in ("ln_p", "ln_evidence", "typical", "lower", "upper", "since", "count"):
            assert tried.leaves[name][0] == leaf[name][0]


def test_what_is_skipped_is_not_told_or_not_learned(made):
    values, settings_ = made
    model, without = build(40, OF, **settings_), build(40, OF, **settings_)
    for one in (model, without):
        one.advance(values[:, :200], 0)
    planned = np.array([bits(("skip_result", "skip_model_update"))], np.uint8)
    judged = model.advance(
        values[:, 200:201], 200 * HOUR, skips=Skips.of(planned, (), np.zeros((0, 40), np.bool_), Shifts.none(40))
    )
    assert same(model, without)
    assert not len(judged.leaves)
    assert judged.skipped.by.tolist() == [PLANNED] * len(judged.skipped.leaves)
    assert 5 in judged.skipped.leaves["series"]
    members = model.snapshot()["members"]
    rule = Rule((Condition("actual", "gte", 0.0),), (), ("skip_model_update",))
    scope = np.arange(40)[None, :] == 5
    model.advance(values[:, 201:202], 201 * HOUR, skips=Skips.of(np.zeros(1, np.uint8), (rule,), scope, Shifts.none(40)))
    assert model.snapshot()["members"][5] == members[5]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(allow_nan=True), min_size=12, max_size=12), st.booleans(), st.sampled_from(["both", "high", "low"]))
def test_any_input_gives_a_probability(values, integer, side):
    x = np.array(values).reshape(3, 4)
    judged = build(3, integer=integer, side=side).advance(np.abs(x) if integer else x, 0)
    data = ~np.isnan(x)
    assert (judged.ln_p[data] <= 0.0).all()
    assert np.isnan(judged.ln_p[~data]).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 39), st.lists(st.floats(0.001, 1e9), min_size=2, max_size=8))
def test_the_further_from_the_peers_the_less_likely(seed, values):
    known = sizes(12, 60, seed=seed)
    model = build(12, ln_threshold=0.0)
    model.advance(known[:, :59], 0)
    judged = model.judge(known[:, 59], 59 * HOUR)
    ordered = np.array(sorted(values))
    for payload in judged.payload[:3]:
        ln_p = PopulationModel.ln_p_of(np.repeat(payload[None], len(ordered)), ordered)
        nearer = np.maximum.accumulate(ln_p[::-1])[::-1]
        # Rising to the most likely value, falling behind it.
        assert (np.minimum(np.maximum.accumulate(ln_p), nearer) <= ln_p + 1e-9).all()


def test_a_bad_call_is_named_with_its_value():
    model = build(3)
    with pytest.raises(ValueError, match=r"values.shape=\(2, 4\): wanted \(3, buckets\)"):
        model.advance(np.zeros((2, 4)), 0)
    with pytest.raises(ValueError, match="first_bucket_ms=7: wanted a multiple of bucket_span_ms=3600000"):
        model.advance(np.zeros((3, 4)), 7)
    with pytest.raises(ValueError, match="wanted this version"):
        PopulationModel.build(model.config, {})
