import numpy as np

from barograph.models.forest_modes import modes


def test_what_is_one_thing_is_its_median():
    rng = np.random.default_rng(3)
    for samples in (rng.normal(size=(50, 2)), np.ones((50, 1)), rng.exponential(size=(50, 1))):
        (one,) = modes(samples)
        assert one.likelihood == 1.0
        assert one.values.tolist() == np.sort(samples, axis=0)[25].tolist()


def test_several_modes_are_told_with_their_shares_the_likeliest_first():
    rng = np.random.default_rng(4)
    centres = np.array([[1.0, 10.0], [2.0, 10.0], [4.0, 30.0]])[[0] * 15 + [1] * 25 + [2] * 10]
    found = modes(rng.permutation(centres + rng.normal(0, 0.02, centres.shape)))
    assert [mode.likelihood for mode in found] == [0.5, 0.3, 0.2]
    assert np.round([mode.values for mode in found]).tolist() == [[2, 10], [1, 10], [4, 30]]


def test_a_few_far_samples_are_no_mode():
    samples = np.concatenate([np.random.default_rng(5).normal(size=45), np.full(5, 100.0)])[:, None]
    assert len(modes(samples)) == 1
