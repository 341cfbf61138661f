"""Random cut trees from their definition: trees of tuples, boxes from the points below, every draw where the law has it."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MASK = 2**64 - 1


class Random:
    """splitmix64."""

    def __init__(self, state: int) -> None:
        self.state = state

    def bits(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self) -> float:
        return (self.bits() >> 11) * 2.0**-53

    def exponential(self) -> float:
        return -math.log(1.0 - self.uniform())


Leaf = tuple[float, ...]
Branch = tuple[int, float, Any, Any]  # dim, cut, left, right
"""A tree is a point, or a cut between two trees. A point that is sampled twice is one leaf."""


def is_leaf(tree: Any) -> bool:
    return not isinstance(tree[-1], tuple)


def leaves(tree: Any) -> list[Leaf]:
    return [tree] if is_leaf(tree) else leaves(tree[2]) + leaves(tree[3])


def box(tree: Any) -> tuple[np.ndarray, np.ndarray]:
    points = np.array(leaves(tree))
    return points.min(axis=0), points.max(axis=0)


def cut(random: Random, low: np.ndarray, high: np.ndarray) -> tuple[int, float]:
    """Uniform over the sum of the sides; what rounds to the upper end is the float below it."""
    left = random.uniform() * math.fsum(high - low)
    last = 0
    for dim in np.flatnonzero(high > low):
        last = int(dim)
        if left < high[dim] - low[dim]:
            break
        left -= high[dim] - low[dim]
    at = np.float32(low[last] + left)
    return last, float(at if at < high[last] else np.nextafter(np.float32(high[last]), np.float32(low[last])))


def insert(tree: Any, x: Leaf, random: Random) -> Any:
    """The tree with x. Cuts are drawn from the leaf up, until x is in a box; the highest that parts x from a box is made."""
    path, node = [], tree
    while not is_leaf(node):
        path.append(node)
        node = node[2] if x[node[0]] <= node[1] else node[3]
    if node == x:
        return tree
    level, chosen = len(path), None
    for i in range(len(path), -1, -1):
        low, high = box(node if i == len(path) else path[i])
        point = np.array(x)
        if ((low <= point) & (point <= high)).all():
            break
        dim, at = cut(random, np.minimum(low, point), np.maximum(high, point))
        if x[dim] <= at < low[dim] or high[dim] <= at < x[dim]:
            level, chosen = i, (dim, at)
    assert chosen is not None
    return _spliced(tree, x, level, *chosen)


def _spliced(tree: Any, x: Leaf, level: int, dim: int, at: float) -> Any:
    if level == 0:
        return (dim, at, x, tree) if x[dim] <= at else (dim, at, tree, x)
    d, c, left, right = tree
    if x[d] <= c:
        return d, c, _spliced(left, x, level - 1, dim, at), right
    return d, c, left, _spliced(right, x, level - 1, dim, at)


def without(tree: Any, x: Leaf) -> Any:
    """The tree without x; its sibling takes the place of its parent."""
    if is_leaf(tree):
        return None
    d, c, left, right = tree
    if x[d] <= c:
        rest = without(left, x)
        return right if rest is None else (d, c, rest, right)
    rest = without(right, x)
    return left if rest is None else (d, c, left, rest)


@dataclass
class Tree:
    """A tree and the sample that it is of."""

    random: Random
    samples: int
    decay: float
    points: list[Leaf] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    due: int = 0
    root: Any = None

    def learn(self, x: Leaf, t: int) -> None:
        if t < self.due:
            return
        if len(self.points) < self.samples:
            strength, slot = self.random.exponential(), len(self.points)
            self.points.append(x)
            self.keys.append(0.0)
        else:
            slot = int(np.argmax(self.keys))
            strength = -math.log1p(self.random.uniform() * math.expm1(-self.rate(t)))
            gone, self.points[slot] = self.points[slot], x
            if self.points.count(gone) == 0 or (gone == x and self.points.count(gone) == 1):
                self.root = without(self.root, gone)
        self.keys[slot] = float(np.float32(math.log(strength) - self.decay * t))
        self.root = x if self.root is None else insert(self.root, x, self.random)
        self.due = t + 1
        if len(self.points) == self.samples:
            self.due = t + self.jump(t)

    def rate(self, t: int) -> float:
        return math.exp(max(self.keys) + self.decay * t)

    def jump(self, t: int) -> int:
        wanted = self.random.exponential() / self.rate(t + 1)
        points = math.log1p(wanted * math.expm1(self.decay)) / self.decay if self.decay > 0 else wanted
        return max(1, math.ceil(points))

    def score(self, x: Leaf, shares: bool = False) -> Any:
        """The score, or what each coordinate gives to it by being above and below [2, dims]."""
        path, node = [], self.root
        while not is_leaf(node):
            path.append(node)
            node = node[2] if x[node[0]] <= node[1] else node[3]
        mass, point = len(self.points), np.array(x)
        if node == x:
            times = self.points.count(x)
            known = (1 - 0.5 * times / mass) / (len(path) + math.log2(1 + times))
            parts = np.full((2, len(x)), known / (2 * len(x)))
        else:
            parts = np.zeros((2, len(x)))
            for depth in range(len(path), -1, -1):
                low, high = box(node if depth == len(path) else path[depth])
                gaps = np.array([np.maximum(point - high, 0), np.maximum(low - point, 0)])
                if not gaps.any():
                    break
                length = (high - low).sum() + gaps.sum()
                parts = (1 - gaps.sum() / length) * parts + gaps / length / (depth + 1)
        parts *= math.log2(mass + 1)
        return parts if shares else parts.sum()

    def nearest(self, x: Leaf, missing: np.ndarray) -> float:
        """The least distance among the leaves where x may be."""

        def reached(tree: Any) -> list[Leaf]:
            if is_leaf(tree):
                return [tree]
            d, c, left, right = tree
            if missing[d]:
                return reached(left) + reached(right)
            return reached(left if x[d] <= c else right)

        return min(float(np.abs(np.array(x) - np.array(y))[~missing].sum()) for y in reached(self.root))


def forest(points: np.ndarray, trees: int, samples: int, decay: float, seed: int) -> list[Tree]:
    """All trees after points [n, dims], of which the first is numbered `shingle - 1`: here shingles of one block."""
    first = Random(seed)
    grown = [Tree(Random(first.bits()), samples, decay) for _ in range(trees)]
    for t, x in enumerate(points):
        for tree in grown:
            tree.learn(tuple(map(float, x)), t)
    return grown
