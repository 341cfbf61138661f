"""Dynamic quantiles: how often a kind of result has been this surprising before, so that a noisy job cries less.

A probability says how often something *should* happen. Where the job's own past says that it happens more often, the past is
believed: a score means "so rare in this job", never rarer than the probability itself. What is counted is the most surprising
value of each UTC day (or bucket, where buckets are longer), so an incident counts for its days, not for its buckets, and a job
of many series counts no more often than one. Days are learned when they are over: within a day every bucket is judged by the
same quantiles, in the order of time, however the rows came. Counts fade with a memory of six weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.scoring.severity import Floats, least_of, normalised_score, one_of

DAY_MS: Final = 86_400_000
MEMORY_DAYS: Final = 42.0
"""The reference engine ages its quantiles over 2,000 half-hours (section 0)."""
PRIOR_DAYS: Final = 30.0
"""Days for which probabilities are taken at their word: a job's first bad day must not excuse its second. Chosen: a month."""
MOVED: Final = 5.0
"""Quantiles that move a score of 25, 50, 75 or 90 by as many points call for a renormalisation. Chosen: what a person notices."""
_PROBES: Final = np.log([1.5e-2, 2.5e-3, 5e-4, 1e-6])  # about those scores in half an hour

EDGES: Final = 3.0 * np.exp(0.15 * np.arange(40))
"""Surprises (nats) at which days are counted: 3 is a probability of 0.05, the last is about 1,000."""

STATE: Final = np.dtype(
    [
        ("day", "i8"),  # number of the day that is under way; -1: none yet
        ("today", "f8"),  # its largest surprise so far, nats
        ("today_cells", "f8"),  # results that could have been surprising in it so far
        ("days", "f8"),  # decayed number of days with any
        ("cells", "f8"),  # decayed number of these results
        ("counts", "f8", (len(EDGES),)),  # decayed number of days beyond each edge
        ("told_days", "f8"),  # the same when scores were last renormalised
        ("told_cells", "f8"),
        ("told_counts", "f8", (len(EDGES),)),
    ]
)
"""What one kind of result remembers."""


@dataclass(frozen=True)
class Quantiles:
    """How often days of one kind of result were how surprising.

    Attributes:
        days: decayed number of days with any result.
        cells: decayed number of results, quiet ones too.
        counts: [len(EDGES)] decayed number of days beyond each edge.
    """

    days: float
    cells: float
    counts: Floats

    def ln_p(self, ln_p: Floats, own_day: Floats | float = 0.0) -> Floats:
        """The probabilities of results, raised to what the past has shown.

        Args:
            ln_p: [k] ln of the probabilities of single results.
            own_day: [k] weight that the result's own day has in the counts: 0 while it is under way.
        """
        if self.days <= 0.0:
            return ln_p
        a_day = max(self.cells / self.days, 1.0)
        seen = np.interp(-ln_p, EDGES, self.counts, right=0.0) - own_day
        expected = PRIOR_DAYS * np.exp(least_of(ln_p, a_day))
        with np.errstate(divide="ignore"):
            share = np.log((np.maximum(seen, 0.0) + expected) / (self.days + PRIOR_DAYS))
        return np.maximum(ln_p, np.where(np.isfinite(share), one_of(share, a_day), ln_p))

    def moved_from(self, old: "Quantiles", bucket_span_ms: int) -> bool:
        """Whether scores differ by `MOVED` points or more somewhere."""
        scores = [normalised_score(one.ln_p(_PROBES), bucket_span_ms) for one in (self, old)]
        return bool(np.abs(scores[0] - scores[1]).max() >= MOVED)


@dataclass(frozen=True)
class DayEnd:
    """The quantiles that hold from a day's end on.

    Attributes:
        bucket: the first bucket of the next day.
        quantiles: these.
        moved: whether scores are to be renormalised by them.
    """

    bucket: int
    quantiles: Quantiles
    moved: bool


class Normaliser:
    """The running quantiles of one kind of result. Its state is one record of `STATE`."""

    def __init__(self, bucket_span_ms: int, state: NDArray[np.void]) -> None:
        self._span_ms = bucket_span_ms
        self._state = state

    @classmethod
    def build(cls, bucket_span_ms: int, state: NDArray[np.generic] | None = None) -> "Normaliser":
        """One that has seen nothing, or as `snapshot` left it."""
        if state is not None:
            return cls(bucket_span_ms, np.array(state, dtype=STATE))
        fresh = np.zeros(1, STATE)
        fresh["day"] = -1
        return cls(bucket_span_ms, fresh)

    def snapshot(self) -> NDArray[np.void]:
        """What must be kept to go on."""
        return self._state.copy()

    @property
    def quantiles(self) -> Quantiles:
        """Those that the day under way is judged by."""
        state = self._state[0]
        return Quantiles(float(state["days"]), float(state["cells"]), state["counts"].copy())

    def walk(
        self, first_bucket: int, cells: Floats, bucket: NDArray[np.int64], ln_p: Floats
    ) -> tuple[Floats, Sequence[DayEnd]]:
        """Raise the probabilities of a stretch of buckets that follows the last one, and learn it.

        Args:
            first_bucket: number of its first bucket.
            cells: [T] in each bucket, how many results of this kind there could have been.
            bucket: [k] bucket number of each result, ascending.
            ln_p: [k] ln of its probability.

        Returns:
            ln of the raised probabilities [k], and the quantiles of each day that ended.
        """
        out, ended = np.empty(len(ln_p)), list[DayEnd]()
        day = np.arange(first_bucket, first_bucket + len(cells)) * self._span_ms // max(DAY_MS, self._span_ms)
        starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1)) if len(day) else np.zeros(0, np.int64)
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(day)], strict=True):
            if self._state["day"][0] != day[start]:
                ended += self._end_day(int(day[start]), first_bucket + start)
            inside = slice(*np.searchsorted(bucket, [first_bucket + start, first_bucket + end]).tolist())
            out[inside] = self.quantiles.ln_p(ln_p[inside])
            self._state["today"] = max(float(self._state["today"][0]), -float(ln_p[inside].min(initial=0.0)))
            self._state["today_cells"] += cells[start:end].sum()
        return out, ended

    def _end_day(self, next_day: int, bucket: int) -> list[DayEnd]:
        """Learn the day that is over; nothing when none has begun."""
        state = self._state[0]
        if state["day"] < 0:
            state["day"] = next_day
            return []
        keep = fading((next_day - int(state["day"])) * max(DAY_MS, self._span_ms))
        had_any = state["today_cells"] > 0
        state["days"] = keep * (state["days"] + had_any)
        state["cells"] = keep * (state["cells"] + state["today_cells"])
        state["counts"] = keep * (state["counts"] + (state["today"] > EDGES))
        state["day"], state["today"], state["today_cells"] = next_day, 0.0, 0.0
        told = Quantiles(float(state["told_days"]), float(state["told_cells"]), state["told_counts"])
        moved = self.quantiles.moved_from(told, self._span_ms)
        if moved:
            for name in ("days", "cells", "counts"):
                state[f"told_{name}"] = state[name]
        return [DayEnd(bucket, self.quantiles, moved)]


def fading(age_ms: float) -> float:
    """What is left of a count after so long."""
    return float(np.exp(-age_ms / (MEMORY_DAYS * DAY_MS)))
