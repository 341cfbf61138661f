"""When the entities of forests are there: one that had no rows for long is forgotten, and begins anew with its next ones."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from barograph.engine.prune import Forgotten
from barograph.models.forests import Rows
from barograph.results.arrays import Ints


class Life(NamedTuple):
    """Some entities in a span of buckets, in which they are there from their beginning on.

    Attributes:
        rows: which entities.
        span: the buckets.
        began: where in the span each begins.
        is_new: what was learnt of them before is forgotten.
    """

    rows: Rows
    span: slice
    began: Ints
    is_new: bool


def lives(began: Ints, buckets: int, forgotten: Forgotten | None) -> Iterator[Life]:
    """What is to be judged in T buckets: all entities that are there throughout together, others one life after the other.

    Args:
        began: [E] the bucket of their first row, T for none.
        buckets: T.
        forgotten: when they are forgotten; None: never.
    """
    if forgotten is None:
        yield Life(slice(None), slice(0, buckets), began, is_new=False)
        return
    changes = forgotten.gone.any(axis=1) | forgotten.resets.any(axis=1)
    steady = np.flatnonzero(~changes)
    yield Life(steady, slice(0, buckets), began[steady], is_new=False)
    for entity in np.flatnonzero(changes).tolist():
        there = ~forgotten.gone[entity] & (np.arange(buckets) >= began[entity])
        edges = np.flatnonzero(np.diff(there.astype(np.int8), prepend=0, append=0)).tolist()
        row, resets, before = np.array([entity]), forgotten.resets[entity], 0
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            yield Life(row, slice(start, stop), np.zeros(1, np.int64), is_new=bool(resets[before : start + 1].any()))
            before = start + 1
        if resets[before:].any():
            yield Life(row, slice(buckets, buckets), np.zeros(1, np.int64), is_new=True)
