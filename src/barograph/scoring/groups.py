"""Many probabilities to one: series to partition, partitions to detector, detectors to bucket."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.config.duration import DAY_MS
from barograph.kernels import _scores
from barograph.results.arrays import Floats, Ints, Structs

_FIELDS: Final = ("seen", "run", "buckets", "members", "surprise", "own", "excess", "odd", "beyond")
GROUP: Final = np.dtype([(name, "f8") for name in _FIELDS])
"""What one group remembers; `struct Group` in `kernels/scores_together.hpp` has the same layout, and says what they mean."""

FRESH: Final = np.array([(0.0, 0.0, 10.0, 100.0, 10.0, 10.0, 1.0, 0.0, 0.0)], GROUP)
"""What a new group starts from, as if ten buckets of ten members had been seen: all honest (a member adds 0.1 on average), and
a little dependent (0.1), so that what adds up in the first buckets is told with care."""

_MEMORY_MS: Final = 14 * DAY_MS
_BUCKETS: Final = (200.0, 4_032.0)
"""Two weeks: dependence follows what people and machines do in a week. Never fewer buckets than measure a variance to a
tenth, nor more than fourteen days of five minutes."""


class Groups:
    """Combines the members of groups, so that many mildly odd ones and one very odd one both show.

    The better of two tests, less what looking at both costs: is the oddest member odd enough for so many? Do the members add up
    to more than they usually do in this group? The first has three quarters of the false alarms, so that one very odd member
    loses little. How far members go together, and how honest their probabilities are, is not assumed but measured in what they
    showed before.
    """

    def __init__(self, memory: float, take_word: bool, state: Structs) -> None:
        self._memory = memory
        self._take_word = take_word
        self._state = state

    @classmethod
    def build(cls, bucket_span_ms: int, state: NDArray[np.generic] | None = None, *, take_word: bool = False) -> "Groups":
        """Groups that have seen nothing, or as `snapshot` left them.

        Args:
            bucket_span_ms: length of a bucket.
            state: what `snapshot` returned.
            take_word: of members that were each quieted by their own past already; it does not count twice.
        """
        memory = min(max(_MEMORY_MS / bucket_span_ms, _BUCKETS[0]), _BUCKETS[1])
        return cls(memory, take_word, np.zeros(0, GROUP) if state is None else np.array(state, GROUP))

    @staticmethod
    def readable(state: NDArray[np.generic]) -> bool:
        """Whether a snapshot is of this version."""
        return bool(state.dtype == GROUP)

    def snapshot(self) -> Structs:
        """What must be kept to go on: [g] records of `GROUP`."""
        return self._state.copy()

    def combine_and_learn(self, ln_p: Floats, group: Ints) -> Floats:
        """Combine the members of each group and bucket, then learn them, bucket by bucket. One alone keeps its probability.

        Args:
            ln_p: [n, t] natural logarithms of the members' probabilities in consecutive buckets; NaN is no data: no member.
            group: [n] dense ids of the groups, from 0; a group keeps its id.

        Returns:
            ln of the combined probabilities [g, t], to be read; NaN where a group has no member.
        """
        size = np.bincount(group)
        self._grow(len(size))
        if len(group) == 1:
            return ln_p
        order = np.argsort(group, kind="stable")
        if (size == 1).all():  # every member is a group of its own
            return ln_p[order]
        out = np.empty((len(size), ln_p.shape[1]))
        start = np.concatenate([[0], np.cumsum(size)])
        state = self._state.view(np.float64).reshape(len(self._state), -1)
        _scores.combine_groups(np.ascontiguousarray(ln_p), order, start, state[: len(size)], self._memory, self._take_word, out)
        return out

    def _grow(self, groups: int) -> None:
        if groups > len(self._state):
            self._state = np.concatenate([self._state, np.repeat(FRESH, groups - len(self._state))])


def added(ln_p: Floats) -> Floats:
    """What members with these probabilities [k] add to the sum of their group."""
    out = np.empty(len(ln_p))
    _scores.quantile(np.ascontiguousarray(ln_p), out)
    return out
