"""A random cut forest on a stream of points: scores, what they are due to, points alike, and what comes next.

A forest is a record of bytes, whose size never changes, and a store of floats, which the caller makes longer. Both belong to
the caller; kernels change them in place, keep nothing outside of them and hold no reference afterwards. A block is `features`
numbers of one time; a point is a shingle of the last `shingle` blocks, oldest first, so it has `dims = features * shingle`
coordinates. Numbers are finite and at most 1e30 in size; the caller sees to that. Infinite ones would make every box infinite.

Equal seeds and equal blocks give equal bytes, however the blocks are cut into calls.
"""

from typing import Final

from numpy import float32, float64, int64, uint8, uint32
from numpy.typing import NDArray

LEAST: Final[int]
"""Points that a forest has learnt before it scores; a full sample where that is less."""
JUDGE_BYTES: Final[int]
"""Bytes of what the judgement of scores remembers."""

NARROW: Final[int]
"""Blocks of a store, at most, whose numbers have 16 bits; the record of a forest with a longer one is `wide`."""

def record_bytes(trees: int, samples: int, features: int, shingle: int, wide: bool = False) -> int:
    """Bytes of the record of a forest."""

def widen(record: NDArray[uint8], wide: NDArray[uint8]) -> None:
    """Make `wide` [record_bytes of a wide one] the same forest as `record`, with room for more blocks."""

def begin(record: NDArray[uint8], trees: int, samples: int, features: int, shingle: int, decay: float, seed: int) -> None:
    """Make the record that of a forest without points.

    Args:
        record: [record_bytes] what is in it is lost.
        trees: 1 to 1,000.
        samples: points a tree keeps, 4 to 4,096.
        features: numbers in a block.
        shingle: blocks in a point.
        decay: a point that is n points older than another has e^(-decay * n) times its chance to be kept; 0 forgets nothing.
        seed: of all that is drawn.
    """

def advance(record: NDArray[uint8], store: NDArray[float32], blocks: NDArray[float64], scores: NDArray[float64]) -> int:
    """Score the point that each block completes by what was known before it, then learn it.

    Args:
        record: the forest.
        store: its points, and three floats more than the blocks for which there is room.
        blocks: [n * features]
        scores: [n] out: 0 to log2(samples + 1); NaN while the forest knows too little.

    Returns:
        How many blocks were learnt: fewer than n when the store is full. Then make it longer, and go on with the rest.
    """

def begin_judging(judge: NDArray[uint8]) -> None:
    """Make `judge` [JUDGE_BYTES] that of a forest which has not scored anything."""

def judge_and_learn(
    record: NDArray[uint8],
    store: NDArray[float32],
    judge: NDArray[uint8],
    shown: NDArray[float32],
    known_lately: NDArray[float64],
    blocks: NDArray[float64],
    known: NDArray[float64],
    told: NDArray[float64],
    late: NDArray[int64],
    share: NDArray[float64],
    expected: NDArray[float64],
    alike: NDArray[float32],
    alike_of: NDArray[int64],
) -> int:
    """As `advance`, and tell anomalies: points whose score passes a threshold that follows the tail of the scores.

    Args:
        record: the forest.
        store: its points.
        judge: [JUDGE_BYTES]
        shown: [dims] the shingle as it was scored: blocks that were told have what was expected in their place.
        known_lately: [shingle] `known` of its blocks.
        blocks: [n * features] NaN is what the trees are to fill in, by all that is known.
        known: [n] share of a block's values that are known, 0 to 1. A shingle of which less than half is known is neither
            scored nor learnt.
        told: [n * 4] out: score of the shingle as it came, or as `shown` where that is higher; threshold; grade from 0 to 1 of
            `shown`; confidence from 0 to 1.
        late: [n] out: how many blocks before the newest the one lies that is to blame.
        share: [n * features] out: shares of that block's features in its blame, summing up to 1; NaN where there is no anomaly.
        expected: [n * features] out: what that block may have been by all others; NaN where there is no anomaly.
        alike: [m * trees * features] out: of each anomaly in order, what each tree would have expected.
        alike_of: [m] out: the block that each of them is of; those behind the last anomaly stay as they are.

    Returns:
        As `advance`; and when m anomalies were found, then take them away, and go on with the rest.
    """

def score(record: NDArray[uint8], store: NDArray[float32], points: NDArray[float32], scores: NDArray[float64]) -> None:
    """Score points [n * dims] that are not learnt into `scores` [n]."""

def attribute(record: NDArray[uint8], store: NDArray[float32], points: NDArray[float32], shares: NDArray[float64]) -> None:
    """Split the scores of points [n * dims] into `shares` [n * 2 * dims]: what coordinates give by being above, then below."""

def nearest(
    record: NDArray[uint8],
    store: NDArray[float32],
    points: NDArray[float32],
    missing: NDArray[uint8],
    found: NDArray[uint32],
    distance: NDArray[float64],
) -> None:
    """The point of each tree that is nearest among those where a point may be.

    Args:
        record: the forest.
        store: its points.
        points: [n * dims]
        missing: [n * dims] 1 for coordinates that are not known: a cut of one of them is followed to both sides. Where nothing
            is known the trees' points are spread as all of theirs are.
        found: [n * trees] out: the number of the block in the store where the tree's point begins.
        distance: [n * trees] out: sum of the differences in the coordinates that are known.
    """

def forecast(record: NDArray[uint8], store: NDArray[float32], horizon: int, paths: NDArray[float32]) -> None:
    """Go on from the last block: `paths` [trees * horizon * features], each by what followed on points alike."""

def layout() -> list[tuple[str, int, list[tuple[str, str, int]]]]:
    """Every record as (name, bytes, [(field, dtype, offset), ...])."""

def offsets(trees: int, samples: int, features: int, shingle: int, wide: bool) -> list[int]:
    """Where trees, nodes, keys, points, masses, boxes and high parts of dimensions begin in the record; nodes with a box."""
