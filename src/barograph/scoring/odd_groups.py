"""Many probabilities to one, where only the odd members of a group are known, and the quiet ones are only counted."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.kernels import _scores
from barograph.results.arrays import Floats, Ints, Structs
from barograph.results.severity import MAJOR
from barograph.scoring.severity import ln_p_of_score

ODD: Final = np.dtype([(name, "f8") for name in ("members", "odd", "others", "crowds", "run")])
"""What is remembered; `struct Odd` in `kernels/scores_together.hpp` has the same layout, and says what they mean."""

FRESH: Final = np.array([(10_000.0, 10.0, 1.0, 1.0, 0.0)], ODD)
"""As if ten odd members had been seen, a little dependent (0.1) as a new group of `Groups` is, and one crowd."""


class OddGroups:
    """Combines the odd members of groups, as `Groups` does all members.

    How far members go together is measured by how often another is odd where one is: of all groups together, as each by itself
    is odd too seldom. The percentiles of one latency rise together, so that five of them are little more than one. An incident
    teaches next to nothing, a mild one neither.
    """

    def __init__(self, ln_mild: float, state: Structs) -> None:
        self._ln_mild = ln_mild
        self._state = state

    @classmethod
    def build(cls, bucket_span_ms: int, state: NDArray[np.generic] | None = None) -> "OddGroups":
        """One that has seen nothing, or as `snapshot` left it."""
        return cls(ln_p_of_score(MAJOR, bucket_span_ms), FRESH.copy() if state is None else np.array(state, ODD))

    def snapshot(self) -> Structs:
        """What must be kept to go on: a record of `ODD`."""
        return self._state.copy()

    def combine_and_learn(self, ln_p: Floats, group: Ints, n: Floats, bucket: Ints, members: Floats) -> Floats:
        """Combine the odd members of each group of a bucket, then learn them, bucket by bucket.

        A group of one member has its probability.

        Args:
            ln_p: [k] natural logarithms of the probabilities of the odd members.
            group: [k] which group each is of, 0 to g - 1; each has some.
            n: [k] members of that group in all, the same for every row of a group, >= its rows.
            bucket: [k] the bucket of that group, 0 to T - 1 in a stretch that follows the last one; it ascends with the group.
            members: [T] members of all groups of each bucket, also of those where none is odd.

        Returns:
            ln of the combined probabilities [g].
        """
        order = np.argsort(group, kind="stable")
        size = np.bincount(group)
        start = np.concatenate([[0], np.cumsum(size)])
        first = order[start[:-1]]
        assert (n[first] >= size).all(), "a group has more rows than members"
        out = np.empty(len(size))
        state = self._state.view(np.float64).reshape(1, -1)
        _scores.combine_rows(
            ln_p[order], start, np.ascontiguousarray(n[first], float), bucket[first], members, state, self._ln_mild, out
        )
        return out
