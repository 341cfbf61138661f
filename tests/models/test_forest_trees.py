"""Random cut trees: what the kernel remembers is what the definition says, and keeps the laws of such trees."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.config.errors import BadRequest
from barograph.kernels import _forest
from barograph.models import forest_trees
from barograph.models.forest_trees import NODE, TREE, Trees, TreesConfig
from tests.oracle import forest as oracle


class Parts:
    """What a tree's part of the record says: `tree`, `points` [filled, dims], `masses`, `boxes` [boxed, 2, dims] of samples."""

    def __init__(self, trees: Trees, number: int) -> None:
        c, record, wide = trees.config, trees.snapshot()["record"], bool(trees.head["wide"])
        at = _forest.offsets(c.trees, c.samples, c.features, c.shingle, wide)
        sections = [record[start:stop] for start, stop in itertools.pairwise([*at[:-1], len(record)])]
        of_trees, nodes, _, points, masses, boxes, high = sections
        self.tree = of_trees.view(TREE)[number]
        self.nodes = nodes.view(NODE).reshape(c.trees, -1)[number]
        numbers = points.view(np.uint32 if wide else np.uint16).reshape(c.trees, -1)[number][: self.tree["filled"]]
        self.points = trees.snapshot()["store"][numbers[:, None].astype(int) * c.features + np.arange(c.dims)]
        self.masses = masses.view(np.uint16).reshape(c.trees, -1)[number]
        held = boxes.view(np.uint16 if c.samples > 256 else np.uint8)
        self.boxes = held.reshape(c.trees, -1, 2, c.dims)[number]
        self.high = high.reshape(c.trees, -1)[number] if len(high) else np.zeros(c.samples - 1, np.uint8)

    def node(self, i: int) -> tuple[int, float, int, int]:
        """Dimension, cut, left and right child of a node."""
        link = int(self.nodes[i]["link"])
        return (link >> 26) + 64 * int(self.high[i]), float(self.nodes[i]["cut"]), link & 0x1FFF, link >> 13 & 0x1FFF


def nested(trees: Trees, number: int) -> Any:
    of = Parts(trees, number)

    def below(i: int) -> Any:
        if i >= trees.config.samples:
            return tuple(map(float, of.points[i - trees.config.samples]))
        dim, cut, left, right = of.node(i)
        return dim, cut, below(left), below(right)

    return below(int(of.tree["root"]))


def data(n: int, features: int, seed: int, distinct: int = 0) -> np.ndarray:
    """Normal numbers as floats; of few values where `distinct` is asked for, so that points come again."""
    x = np.random.default_rng(seed).normal(size=(n, features))
    return np.float32(np.round(x * distinct) / distinct if distinct else x).astype(float)


def grown(x: np.ndarray, **options: Any) -> Trees:
    trees = Trees.build(TreesConfig(features=x.shape[1], **options))
    trees.advance(x)
    return trees


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([0, 1, 2]), st.sampled_from([None, 40]))
def test_trees_are_those_of_the_definition(seed, features, distinct, memory):
    x = data(60, features, seed, distinct)
    trees = grown(x, trees=2, samples=10, memory=memory, seed=seed)
    expected = oracle.forest(x, 2, 10, 0.0 if memory is None else 1 / memory, seed)
    assert [nested(trees, i) for i in range(2)] == [tree.root for tree in expected]
    asked = np.concatenate([x[-3:], data(5, features, seed + 1, distinct)])
    wanted = [np.mean([tree.score(tuple(y)) for tree in expected]) for y in asked]
    assert trees.score(asked) == pytest.approx(wanted, rel=1e-5)
    shares = [np.mean([tree.score(tuple(y), shares=True) for tree in expected], axis=0) for y in asked]
    assert trees.attribute(asked) == pytest.approx(np.array(shares), rel=1e-5, abs=1e-6)
    missing = np.zeros(asked.shape, bool)
    missing[:, 0] = True
    distances = [[tree.nearest(tuple(y), missing[0]) for tree in expected] for y in asked]
    assert trees.nearest(asked, missing)[1] == pytest.approx(np.array(distances), abs=1e-6)


@pytest.fixture(scope="module")
def stream() -> np.ndarray:
    x = data(3_000, 2, 5)
    x[::7] = np.round(x[::7])  # some points come again
    return x


@pytest.fixture(scope="module")
def trees(stream) -> Trees:
    return grown(stream, trees=4, samples=128, shingle=3, memory=400)


@pytest.mark.parametrize(("samples", "shingle"), [(128, 3), (300, 3), (64, 40)])
def test_masses_boxes_and_counts_are_those_of_the_points_below(stream, samples, shingle):
    trees = grown(stream[:2_000], trees=3, samples=samples, shingle=shingle, memory=3 * samples)
    for number in range(3):
        of = Parts(trees, number)
        points, seen, dims = of.points, [], np.arange(trees.config.dims)

        def check(i: int, of=of, points=points, seen=seen, dims=dims) -> np.ndarray:
            if i >= samples:
                return points[(points == points[i - samples]).all(axis=1)]
            seen.append(i)
            dim, cut, *children = of.node(i)
            left, right = map(check, children)
            below = np.concatenate([left, right])
            assert (left[:, dim] <= cut).all()
            assert (right[:, dim] > cut).all()
            if i < len(of.boxes):
                assert len(below) == of.masses[i]
                sides = [points[held, dims] for held in of.boxes[i]]
                assert (sides == np.array([below.min(axis=0), below.max(axis=0)])).all()
            return below

        assert len(check(int(of.tree["root"]))) == samples
        distinct = len(np.unique(points, axis=0))
        assert len(seen) == len(set(seen)) == distinct - 1
        assert of.tree["repeated"] == samples - distinct
        assert {i < len(of.boxes) for i in seen} == {False, True}  # nodes of both kinds were looked at


def test_shares_sum_up_to_the_score(trees, stream):
    points = np.lib.stride_tricks.sliding_window_view(stream[-20:], 3, axis=0).transpose(0, 2, 1).reshape(-1, 6)
    points = np.concatenate([points, points + 3.0])
    shares = trees.attribute(points)
    assert (shares >= 0).all()
    assert shares.sum(axis=(1, 2)) == pytest.approx(trees.score(points), rel=1e-6)


def test_what_is_far_away_is_odd_and_its_coordinate_is_to_blame(trees):
    far = np.zeros((1, 6))
    far[0, 3] = -12.0
    assert trees.score(far)[0] > 2 * trees.score(np.zeros((1, 6)))[0]
    shares = trees.attribute(far)[0]
    assert shares[1, 3] > 0.6 * shares.sum()


def test_resumed_or_cut_it_is_the_same_to_the_last_bit(stream):
    config = TreesConfig(features=2, trees=3, samples=64, shingle=3, memory=200, seed=9)
    whole, cut = Trees.build(config), Trees.build(config)
    scores, found = whole.advance(stream[:1500]), []
    for start in range(0, 1500, 211):
        found.append(cut.advance(stream[start : min(start + 211, 1500)]))
        cut = Trees.build(config, cut.snapshot())
    assert np.concatenate(found).tobytes() == scores.tobytes()
    assert all(whole.snapshot()[name].tobytes() == array.tobytes() for name, array in cut.snapshot().items())
    other = Trees.build(TreesConfig(features=2, trees=3, samples=64, shingle=3, memory=200, seed=10))
    assert other.advance(stream[:1500]).tobytes() != scores.tobytes()


def test_questions_change_nothing(trees, stream):
    before = {name: array.tobytes() for name, array in trees.snapshot().items()}
    trees.score(stream[:3].reshape(1, 6))
    trees.attribute(stream[:3].reshape(1, 6))
    trees.nearest(stream[:3].reshape(1, 6), np.array([[True, False] * 3]))
    trees.forecast(5)
    assert {name: array.tobytes() for name, array in trees.snapshot().items()} == before


def test_a_sample_is_as_old_as_its_memory_says():
    # The age of what a tree keeps is exponential with the mean `memory` when that is many times the sample: here 1,000,
    # +- 5 % of which is 4 standard errors of the mean of 200 trees' 32 samples, which are drawn alone.
    x = np.arange(12_000.0)[:, None]
    trees = grown(x, trees=200, samples=32, memory=1_000)
    ages = np.concatenate([12_000 - Parts(trees, number).points for number in range(200)])
    assert ages.mean() == pytest.approx(1_000, rel=0.05)


def test_a_sample_without_forgetting_is_of_all_alike():
    x = np.arange(6_000.0)[:, None]
    trees = grown(x, trees=100, samples=32, memory=None)
    ages = np.concatenate([Parts(trees, number).points for number in range(100)])
    assert ages.mean() == pytest.approx(3_000, rel=0.05)  # 3,200 draws: a standard error of 1 %


def test_a_constant_is_one_leaf_and_anything_else_is_as_odd_as_can_be():
    trees = grown(np.full((300, 1), 5.0), trees=2, samples=32, shingle=2)
    assert nested(trees, 0) == (5.0, 5.0)
    assert trees.score(np.array([[5.0, 5.0]]))[0] == pytest.approx(0.5)  # half of the most that known points have: 32 of 32
    assert trees.score(np.array([[5.0, 5.1]]))[0] == pytest.approx(np.log2(33))


def test_nothing_is_scored_before_there_are_points_enough():
    trees = Trees.build(TreesConfig(trees=2, samples=64, shingle=4))
    scores = trees.advance(data(60, 1, 3))
    assert np.isnan(scores[:35]).all()
    assert np.isfinite(scores[35:]).all()
    with pytest.raises(ValueError, match="points learnt=0"):
        Trees.build(TreesConfig(shingle=4)).score(np.zeros((1, 4)))


def test_what_comes_next_follows_the_wave():
    t = np.arange(1_200)
    trees = grown(np.cos(2 * np.pi * t[:, None] / 24), trees=20, shingle=6)
    coming = np.cos(2 * np.pi * np.arange(1_200, 1_248) / 24)
    assert np.abs(np.median(trees.forecast(48)[:, :, 0], axis=0) - coming).max() < 0.1


@pytest.mark.parametrize(("field", "value"), [("trees", 0), ("samples", 5_000), ("shingle", 1.5), ("seed", -1), ("memory", 0)])
def test_a_setting_that_cannot_be_is_named(field, value):
    with pytest.raises(BadRequest, match=f"{field}={value}: wanted a whole number"):
        TreesConfig(**{field: value})


@pytest.mark.parametrize("other", [{"trees": 3}, {"features": 2, "shingle": 4}, {"seed": 1}])
def test_trees_of_other_settings_are_refused(other):
    with pytest.raises(ValueError, match=rf"wanted .{forest_trees.VERSION}, "):
        Trees.build(TreesConfig(**other), Trees.build(TreesConfig(shingle=8)).snapshot())


def test_what_needs_more_room_than_16_bits_goes_on_the_same(stream, monkeypatch):
    whole = grown(stream, trees=4, samples=64, shingle=4, memory=None)
    monkeypatch.setattr(forest_trees._forest, "NARROW", 200)
    wide = grown(stream[:1_500], trees=4, samples=64, shingle=4, memory=None)
    assert wide.head["wide"]
    assert not whole.head["wide"]
    later = Trees.build(wide.config, wide.snapshot())
    later.advance(stream[1_500:])
    assert [nested(later, number) for number in range(4)] == [nested(whole, number) for number in range(4)]
    assert later.score(stream[:8].reshape(2, 8)).tobytes() == whole.score(stream[:8].reshape(2, 8)).tobytes()


@pytest.mark.parametrize(
    "options", [{"memory": 640}, {"memory": 200, "shingle": 1}, {"trees": 3, "memory": None, "shingle": 2}]
)
def test_what_trees_will_take_is_known_beforehand(options):
    options = {"trees": 10, "samples": 64, "shingle": 6} | options
    trees = grown(data(12_000, 2, 8), **options)
    assert Trees.most_bytes(trees.config) == pytest.approx(trees.nbytes, rel=0.15)
