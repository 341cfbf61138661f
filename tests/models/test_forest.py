"""The forest detector: what is odd is told once, with what is to blame; nothing else is."""

import numpy as np
import pytest

from barograph.config.errors import BadRequest
from barograph.models.forest import ForestConfig, ForestDetector
from barograph.models.forest_trees import Trees, TreesConfig
from barograph.models.forests import as_deviations, as_surprising


def detector(features: int = 1, shingle: int = 8, **options) -> ForestDetector:
    return ForestDetector.build(ForestConfig(TreesConfig(features=features, shingle=shingle, trees=30), **options))


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 10, (1_500, 2))


def flagged(found) -> list[int]:
    return np.flatnonzero(found.grade > 0).tolist()


def test_an_incident_that_comes_again_is_told_again_and_nothing_else_is(noise):
    x = noise.copy()
    at = [600, 640, 645, 900, 1_300]
    x[at, 0] += 200
    found = detector(2).judge_and_learn(x)
    assert set(at) <= set(flagged(found))
    assert len(flagged(found)) <= len(at) + 1  # 7,000 usual points would have one
    assert (found.attribution[at, 0] > 0.9).all()
    assert np.abs(found.expected[at]).max() < 20
    assert (found.late[at] == 0).all()


def test_the_score_is_that_of_what_came_and_the_grade_that_of_what_is_new(noise):
    x = noise[:, :1].copy()
    x[900] += 200
    one = detector(transform="none")
    found, plain = one.judge_and_learn(x), Trees.build(one.config.trees).advance(x)
    known = ~np.isnan(plain)
    assert (found.score[known] >= plain[known]).all()
    assert found.score[850:900].tolist() == plain[850:900].tolist()
    assert (found.score[901:908] > found.threshold[901:908]).all()
    assert flagged(found) == [900]


def test_a_jump_of_a_small_feature_is_seen_beside_a_large_one(noise):
    x = noise * [1.0, 0.0005]  # deviations of 10 and 0.005
    at = [500, 700, 900, 1_100, 1_300]
    x[at, 1] += 0.1  # 20 of them
    found = detector(2).judge_and_learn(x)
    assert set(at) <= set(flagged(found))
    assert (found.attribution[at, 1] > 0.9).all()


def test_what_does_not_go_together_is_odd(noise):
    x = noise[:, [0, 0]] + np.random.default_rng(4).normal(0, 1, (1_500, 2))
    x[1_200] = [25, -25]
    found = detector(2, shingle=1).judge_and_learn(x)
    assert found.score[1_200] > np.nanquantile(found.score, 0.99)


def test_a_season_longer_than_the_shingle_is_not_odd_and_its_absence_is(noise):
    hours = np.arange(1_500)
    x = noise[:, :1] / 5 + np.where(hours % 24 == 6, 100.0, 0.0)[:, None]
    x[1_230] = 0.0  # a peak that does not come
    found = detector(bucket_span_ms=3_600_000, time_zone="UTC").judge_and_learn(x)
    assert 1_230 in flagged(found)
    assert sum(800 < i != 1_230 for i in flagged(found)) <= 1


def test_a_tiny_change_of_a_constant_does_not_get_the_top_grade():
    x = np.full((700, 2), 5.0)
    x[500, 0], x[600, 0] = 5.001, 50
    found = detector(2).judge_and_learn(x)
    assert set(flagged(found)) <= {500, 600}
    assert found.grade[500] < 0.6
    assert found.grade[600] > found.grade[500]


def test_a_shift_is_how_things_are_after_two_shingles(noise):
    x = noise[:, :1].copy()
    x[1_000:] += 150
    told = [i for i in flagged(detector().judge_and_learn(x)) if i >= 1_000]
    assert told[0] == 1_000
    assert len(told) <= 16 + 2


def test_resumed_or_cut_it_is_the_same_to_the_last_bit(noise):
    x = noise.copy()
    x[::50, 1] = np.nan
    x[500] += 300
    for transform in ("expected", "difference", "none"):
        options = {"transform": transform, "missing": "forest" if transform == "none" else "expected"}
        whole, cut = detector(2, **options), detector(2, **options)
        wanted, start = whole.judge_and_learn(x[:700]), 0
        for length in (1, 2, 7, 300, 390):
            found = cut.judge_and_learn(x[start : start + length])
            for name, array in vars(found).items():
                assert array.tobytes() == getattr(wanted, name)[start : start + length].tobytes(), (transform, name)
            start += length
            cut = ForestDetector.build(cut.config, cut.snapshot())
        assert all(whole.snapshot()[name].tobytes() == array.tobytes() for name, array in cut.snapshot().items())


def test_missing_values_are_imputed_and_a_shingle_of_them_is_not_scored(noise):
    x = noise.copy()
    x[400:420] = np.nan
    x[600, 1] = np.nan
    for missing in ("expected", "previous", "forest", (0.0, 0.0)):
        found = detector(2, missing=missing).judge_and_learn(x)
        assert np.isnan(found.score[404:423]).all()
        assert np.isfinite(found.score[[403, 424, 600]]).all()
        assert found.imputed.sum() == 41
        assert found.confidence[424] < found.confidence[399]
        assert 600 not in flagged(found)


def test_a_missing_value_that_is_said_to_be_far_away_is_odd(noise):
    x = noise.copy()
    x[600, 1] = np.nan
    found = detector(2, missing=(0.0, 300.0)).judge_and_learn(x)
    assert found.grade[600] > 0
    assert found.imputed[600].tolist() == [False, True]


def test_the_trees_fill_in_what_goes_with_the_rest(noise):
    x = noise[:, [0, 0]] * [1.0, 2.0]  # the second is twice the first
    x[1_000:1_400:20, 1] = np.nan
    found = detector(2, shingle=2, missing="forest", transform="none")
    found.judge_and_learn(x)
    end = int(found.trees.head["end"])
    stored = found.trees.snapshot()["store"][: 2 * end].reshape(-1, 2)
    assert np.isfinite(stored).all()
    imputed = stored[np.abs(stored[:, 1] - 2 * stored[:, 0]) > 1e-3]
    assert 10 < len(imputed) <= 20
    assert np.median(np.abs(imputed[:, 1] - 2 * imputed[:, 0])) < 3  # of a deviation of 20


def test_nothing_but_missing_values_is_nothing():
    found = detector(2).judge_and_learn(np.full((200, 2), np.nan))
    assert np.isnan(found.score).all()
    assert not found.grade.any()
    assert not found.confidence.any()


def test_shares_of_what_is_told_sum_up_to_one(noise):
    x = noise.copy()
    x[900] += [100, -150]
    found = detector(2).judge_and_learn(x)
    told = found.grade > 0
    assert told[900]
    assert found.attribution[told].sum(axis=1) == pytest.approx(1)
    assert np.isnan(found.attribution[~told]).all()
    assert ((found.grade >= 0) & (found.grade < 1)).all()
    assert (found.score[told] >= found.threshold[told]).all()


def test_weights_make_a_feature_count(noise):
    x = noise.copy()
    x[900] += [60, 60]
    plain, first = detector(2).judge_and_learn(x), detector(2, weights=(3.0, 1.0)).judge_and_learn(x)
    assert first.attribution[900, 0] > plain.attribution[900, 0]


def test_surprise_is_turned_back():
    x = np.linspace(-30, 30, 601)
    assert as_deviations(as_surprising(x)) == pytest.approx(x)


def test_memory_of_one_feature_is_small(noise):
    one = ForestDetector.build(ForestConfig(TreesConfig(shingle=8)))
    one.judge_and_learn(np.random.default_rng(1).normal(size=(12_000, 1)))
    assert one.nbytes < 400_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transform": "square"}, "transform='square': wanted one of expected, difference, none"),
        ({"weights": (1.0,)}, r"weights=\(1.0,\): wanted 2 numbers above 0"),
        ({"missing": "median"}, "missing='median': wanted one of expected, previous, zero, forest, or values"),
        ({"missing": (1.0,)}, r"missing=\(1.0,\): wanted 2 numbers"),
    ],
)
def test_a_setting_that_cannot_be_is_named(options, message):
    with pytest.raises(BadRequest, match=message):
        detector(2, **options)


def test_with_one_block_a_point_what_is_expected_is_the_median_of_what_there_was():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.exponential(size=(600, 1)), [[60.0]]])
    found = detector(shingle=1, transform="none").judge_and_learn(x)
    assert found.grade[600] > 0
    assert found.expected[600, 0] == pytest.approx(np.median(x[:600]), abs=0.15)


def test_with_one_block_a_point_paths_are_spread_as_values_are():
    one = detector(shingle=1, transform="none")
    one.judge_and_learn(np.random.default_rng(6).uniform(size=(400, 1)))
    paths = one.forecast(20)
    assert np.quantile(paths, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.05)
    assert np.median(paths, axis=0).std() < 0.1
