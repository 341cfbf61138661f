"""Laws that the rare model keeps, as every model does."""

import itertools

import numpy as np
import pytest

from barograph.models import FreqRareModel, ModelConfig, RareModel, RareOverModel
from tests.models.rare_data import HALF_HOUR, kin, with_rows, zipf

PARTITION = np.arange(62, dtype=np.int32) % 3


@pytest.fixture(scope="module")
def x():
    made = with_rows(zipf(60, 700), [500], [20, 21, 22, 650])
    made *= np.random.default_rng(9).integers(1, 9, made.shape)
    made[:, 300:320] = np.nan
    return made


VALUE = np.arange(62, dtype=np.int32) // 2  # each of two members
THRESHOLD = -1.0  # so that there are many leaves
KINDS = {"rare": RareModel, "rare_over": RareOverModel, "freq_rare": FreqRareModel}


@pytest.fixture(params=KINDS)
def of(request):
    return KINDS[request.param]


def model_of(of, **settings):
    model = of.build(ModelConfig(HALF_HOUR, ln_threshold=THRESHOLD, **settings))
    grown(model, 62)
    model._memory = 120.0  # so that counts are halved several times
    return model


def grown(model, n):
    member = np.arange(n) % 2 + 10 * PARTITION[:n]
    population = VALUE[:n] if isinstance(model, RareOverModel) else np.arange(n)
    model.grow(n, kin(np.zeros(n) if isinstance(model, RareOverModel) else PARTITION[:n], population, member))


def same(a, b):
    one, two = a.snapshot(), b.snapshot()
    return one.keys() == two.keys() and all(one[name].tobytes() == two[name].tobytes() for name in one)


@pytest.mark.parametrize("cuts", [(1,), (13, 14, 300), tuple(range(0, 700, 7))])
def test_chunks_never_change_a_bit(of, cuts, x):
    whole, parts = model_of(of), model_of(of)
    expected = whole.advance(x, 0)
    edges = [0, *[cut for cut in cuts if cut], x.shape[1]]
    judged = [parts.advance(x[:, a:b], a * HALF_HOUR) for a, b in itertools.pairwise(edges)]
    for name in ("ln_p", "ln_evidence"):
        assert np.concatenate([getattr(j, name) for j in judged], axis=1).tobytes() == getattr(expected, name).tobytes()
    for name in ("leaves", "payload"):
        assert np.concatenate([getattr(j, name) for j in judged]).tobytes() == getattr(expected, name).tobytes()
    assert len(expected.leaves) > 5
    assert same(whole, parts)


def test_a_snapshot_resumes_with_the_same_bits_and_shares_nothing(of, x):
    whole, first = model_of(of), model_of(of)
    expected = whole.advance(x, 0)
    first.advance(x[:, :400], 0)
    taken = first.snapshot()
    kept = {name: array.tobytes() for name, array in taken.items()}
    first.advance(x[:, 400:], 400 * HALF_HOUR)
    assert {name: array.tobytes() for name, array in taken.items()} == kept
    resumed = of.build(first.config, taken)
    resumed._memory = 120.0
    assert resumed.advance(x[:, 400:], 400 * HALF_HOUR).ln_p.tobytes() == expected.ln_p[:, 400:].tobytes()
    assert same(whole, resumed)


def test_judging_is_pure_and_agrees_with_advancing(of, x):
    model = model_of(of)
    model.advance(x[:, :500], 0)
    before = model.snapshot()
    judged = model.judge(x[:, 500], 500 * HALF_HOUR)
    assert all(model.snapshot()[name].tobytes() == before[name].tobytes() for name in before)
    advanced = model.advance(x[:, 500:501], 500 * HALF_HOUR)
    assert judged.ln_p.tobytes() == advanced.ln_p.tobytes()
    assert judged.leaves.tobytes() == advanced.leaves.tobytes()


def test_one_value_alone_is_judged_as_among_the_others(of, x):
    model = model_of(of)
    model.advance(x[:, :500], 0)
    there = np.where(np.arange(62) % 5 == 0, np.nan, np.arange(62.0) + 1.0)
    judged = model.judge(there, 500 * HALF_HOUR)
    for row in np.flatnonzero(~np.isnan(there)):
        alone = model.beside(row, there, 500 * HALF_HOUR)
        assert alone.judge(there[row : row + 1], 500 * HALF_HOUR).ln_p[0, 0] == judged.ln_p[row, 0]
        assert alone.describe(0) == model.describe(row)
        resumed = of.of_one(model.config, model.snapshot(), row, model.snapshot())
        assert (resumed is None) == (model.describe(row).values == 0)
        again = resumed or of.at_birth(model.config, model.snapshot(), row, 1.0)
        assert again.describe(0) == model.describe(row)


def test_a_leaf_gives_its_own_probability_back_bit_for_bit(of, x):
    judged = model_of(of).advance(x, 0)
    assert of.ln_p_of(judged.payload, judged.leaves["actual"]).tobytes() == judged.leaves["ln_p"].tobytes()
    assert judged.leaves["ln_p"].tobytes() == judged.ln_p[judged.leaves["series"], judged.leaves["bucket"]].tobytes()
    assert (of.ln_p_of(judged.payload, np.zeros(len(judged.payload))) == 0.0).all()
    assert np.isnan(of.ln_p_of(judged.payload, np.full(len(judged.payload), np.nan))).all()
    t, row = np.nonzero((judged.ln_p <= THRESHOLD).T)
    assert np.array_equal(judged.leaves["bucket"], t)
    assert np.array_equal(judged.leaves["series"], row)


def test_no_data_changes_no_bit(of, x):
    model = model_of(of)
    model.advance(x[:, :300], 0)
    before = model.snapshot()
    model.advance(x[:, 300:320], 300 * HALF_HOUR)
    assert all(model.snapshot()[name].tobytes() == before[name].tobytes() for name in before)


def test_growing_keeps_the_old(of, x):
    model, late = model_of(of), of.build(ModelConfig(HALF_HOUR, ln_threshold=THRESHOLD))
    late._memory = 120.0
    for start, n in ((0, 30), (350, 62)):
        grown(late, n)
        given = np.where(np.arange(62)[:, None] < n, x[:, start : start + 350], np.nan)
        model.advance(given, start * HALF_HOUR)
        late.advance(given[:n], start * HALF_HOUR)
    assert same(model, late)
    shares = late.expect(0, 2)
    assert shares.shape == (62, 2)
    assert of is not RareModel or (np.nanmin(shares), np.nanmax(shares)) > (0.0, 0.5)
