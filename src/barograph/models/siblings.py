"""What the series of a detector teach each other: how scattered and how changeable things of their kind are."""

from typing import Any, Final

import numpy as np

from barograph.results.arrays import Floats, Structs

TAUGHT: Final = np.dtype(
    [
        ("day", "i8"),  # number of the UTC day from whose beginning on this is known
        ("variance", "f8"),  # typical variance over the square of the level; 0: not known
        ("change_rate", "f8"),  # share of their buckets in which series that keep to one value leave it
        ("change_buckets", "f8"),  # of a series of its own that this counts for: the more, the more alike they are
        ("jump_centre", "f8"),  # mean of ln of how far they go
        ("jump_square", "f8"),  # and its variance over all of them
        ("births", "f8"),  # series that appear in a bucket, once the first day is over
    ]
)
"""One lesson a day. All of them are kept, so that a series can be replayed alone and learn the same."""

LESSON: Final = tuple(name for name in TAUGHT.names or () if name != "day")
"""Its numbers, in the order in which the kernel takes them."""

LEARNT_FROM: Final = np.dtype(
    [
        ("count", "f8"),
        ("born", "i8"),
        *((f"repeats.{name}", "f8") for name in ("ties", "changes", "jump_centre", "jump_square")),
        ("levels.value", "f8", (1,)),
        ("spread.variance", "f8"),
    ]
)
"""Of the record of a series (dtype `state.SERIES`), what others learn from; of its levels the first."""

_KNOWN_WELL: Final = 64  # values of a series that others may learn from
_ALIKE: Final = 500.0  # buckets that siblings count for where all do the same (chosen)
_LEAST: Final = 1.0  # where they have nothing in common (chosen: Laplace's rule adds as much)


class Siblings:
    """The lessons so far. Learnt at fixed times, never once a call: they must not depend on how time was cut."""

    def __init__(self, lessons: Structs, *, learns: bool = True) -> None:
        self._lessons = lessons
        self._learns = learns

    @classmethod
    def build(cls, lessons: Structs | np.ndarray[Any, np.dtype[Any]] | None = None, *, learns: bool = True) -> "Siblings":
        """No lesson yet, or as `snapshot` left them; `learns` is false where a series is replayed alone."""
        return cls(np.zeros(0, TAUGHT) if lessons is None else np.array(lessons, TAUGHT), learns=learns)

    def snapshot(self) -> Structs:
        """All lessons."""
        return self._lessons.copy()

    def at(self, day: int) -> tuple[Structs, bool]:
        """The lesson [1] that holds on a UTC day, and whether there is one yet."""
        before = self._lessons[: np.searchsorted(self._lessons["day"], day, side="right")]
        return (before[-1:], True) if len(before) else (np.zeros(1, TAUGHT), False)

    def learn(self, day: int, records: Structs, began: int, day_buckets: float, now: int) -> None:
        """Learn from all series as a day begins.

        Args:
            day: number of the day.
            records: the series, with the fields of `LEARNT_FROM` at least.
            began: number of the first bucket of all.
            day_buckets: buckets of a day.
            now: number of the bucket that the day begins with.
        """
        if not self._learns:
            return
        lesson = np.zeros(1, TAUGHT)
        lesson["day"] = day
        lesson["variance"] = _relative_variance(records, self.at(day)[0])
        keeping = records[(records["count"] >= _KNOWN_WELL) & (records["repeats.ties"] > 2.0 * records["repeats.changes"])]
        again = np.maximum(keeping["repeats.changes"] - 1.0, 0.0)  # one occasion teaches nothing
        if again.sum() > 0.0:
            seen = keeping["repeats.ties"] + keeping["repeats.changes"]
            lesson["change_rate"] = again.sum() / seen.sum()
            lesson["change_buckets"] = _buckets_of_a_rate(again, seen)
            centre = (again * keeping["repeats.jump_centre"]).sum() / again.sum()
            apart = keeping["repeats.jump_square"] + (keeping["repeats.jump_centre"] - centre) ** 2
            lesson["jump_centre"], lesson["jump_square"] = centre, (again * apart).sum() / again.sum()
        late = np.count_nonzero((records["count"] > 0) & (records["born"] > began + day_buckets))
        lesson["births"] = late / max(now - began - day_buckets, 1.0)
        if len(self._lessons) and lesson[0].tobytes()[8:] == self._lessons[-1].tobytes()[8:]:
            return
        self._lessons = np.concatenate([self._lessons, lesson])


def _buckets_of_a_rate(changes: Floats, buckets: Floats) -> float:
    """How many buckets of a series its siblings' rate of changes counts for.

    Of the beta distribution of their rates, by moments: chi-square over all of them is what it would be if all had the same
    rate, plus what the spread of rates adds to it. Where one changes all the time and forty never, the mean says little of any.

    Args:
        changes: of each series [n].
        buckets: in which it could have changed [n].
    """
    rate = changes.sum() / buckets.sum()
    apart = ((changes - rate * buckets) ** 2 / (rate * (1.0 - rate) * buckets)).sum()
    share = (apart - (len(changes) - 1.0)) / (buckets - 1.0).sum()  # of the variance, that is between series
    return _ALIKE if share * (_ALIKE + 1.0) <= 1.0 else max(1.0 / share - 1.0, _LEAST)


def _relative_variance(records: Structs, before: Structs) -> float:
    level, variance = records["levels.value"][:, 0], records["spread.variance"]
    known = (records["count"] >= _KNOWN_WELL) & (level != 0)
    if not known.any():
        return float(before["variance"][0])
    # Relative first, then squared: the square of a tiny level is zero.
    return float(np.median((np.sqrt(variance[known]) / level[known]) ** 2))
