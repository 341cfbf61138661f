"""Dynamic quantiles: how often a kind of result has been this surprising before, so that a noisy job cries less.

A probability says how often something *should* happen. Where the job's own past says that it happens more often, the past is
believed: a score means "so rare in this job", never rarer than the probability itself. What is counted is the most surprising
value of each entity (a series, an influencer, the bucket as such) in each UTC day, or bucket where buckets are longer: an
incident counts for its days, not for its buckets. Days are learned when they are over, so within a day every bucket is judged
by the same quantiles, however the rows came. Counts fade with a memory of six weeks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self, overload

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels.elementary import e_to, least_of, ln, one_of
from barograph.results.arrays import Floats, Ints, Structs
from barograph.scoring.severity import normalised_score

MEMORY_DAYS: Final = 42.0
"""The reference engine ages its quantiles over 2,000 half-hours (section 0)."""
PRIOR_DAYS: Final = 30.0
"""Days for which probabilities are taken at their word: a job's first bad day must not excuse its second. Chosen: a month."""
FEW_DAYS: Final = 8.0
"""Days of an entity that were as surprising, after which that rate is believed by half. Chosen."""
MOVED: Final = 5.0
"""Quantiles that move a score of 25, 50, 75 or 90 by as many points call for a renormalisation: what a person notices."""
_ROUNDING: Final = 1e-9
"""Share of a result's own day that may be left of it when it is taken away: fading it twice differs in the last digits."""
_PROBES: Final = ln(np.array([2.5e-3, 3e-4, 3e-5, 5e-8]))  # about those scores in half an hour

EDGES: Final = 3.0 * e_to(0.15 * np.arange(40, dtype=np.float64))
"""Surprises (nats) at which days are counted: 3 is a probability of 0.05, the last is about 1,000."""

STATE: Final = np.dtype(
    [
        ("day", "i8"),  # number of the day that is under way; -1: none yet
        ("today_cells", "f8"),  # results that could have been surprising in it so far
        ("today_entities", "f8"),  # entities that they are of: the most in any of its buckets
        ("days", "f8"),  # decayed number of days with any
        ("entity_days", "f8"),  # decayed number of entities in them
        ("cells", "f8"),  # decayed number of these results
        ("counts", "f8", (len(EDGES),)),  # decayed number of entity days beyond each edge
        ("told_days", "f8"),  # the same when scores were last renormalised
        ("told_entity_days", "f8"),
        ("told_cells", "f8"),
        ("told_counts", "f8", (len(EDGES),)),
    ]
)
"""What one kind of result remembers."""

TODAY: Final = np.dtype([("kind", "i4"), ("entity", "i8"), ("most", "f8")])
"""... and the largest surprise (nats) that each odd entity has shown in the day under way."""

_DAY_FIELDS: Final = ("days", "entity_days", "cells", "counts")


@dataclass(frozen=True)
class Quantiles:
    """How often days of one kind of result were how surprising.

    Attributes:
        days: decayed number of days with any result.
        entity_days: decayed number of entities in them.
        cells: decayed number of results, quiet ones too.
        counts: [len(EDGES)] decayed number of entity days beyond each edge.
    """

    days: float
    entity_days: float
    cells: float
    counts: Floats

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Of a row of `schema.QUANTILES`."""
        return cls(row["days"], row["entity_days"], row["cells"], np.array(row["counts"]))

    def ln_p(self, ln_p: Floats, own_day: Floats | float = 0.0) -> Floats:
        """The probabilities of results, raised to what the past has shown.

        Args:
            ln_p: [k] ln of the probabilities of single results.
            own_day: [k] weight that the result's own day has in the counts: 0 while it is under way.
        """
        least_counted = -EDGES[0]
        if self.days <= 0.0 or self.entity_days <= 0.0 or not (ln_p < least_counted).any():
            return ln_p
        a_day = max(self.cells / self.entity_days, 1.0)
        # Days beyond the edge below: surprises that differ by less than an edge's width (15 %) are as large as each other.
        # One day of an entity teaches nothing: after its first outage the second is as critical.
        seen = np.interp(-ln_p, EDGES[1:], self.counts[:-1], right=self.counts[-1]) - own_day
        again = np.maximum(np.where(seen > _ROUNDING * own_day, seen, 0.0) - self.entity_days / self.days, 0.0)
        if not again.any():  # as mostly, and the rest is most of the work
            return ln_p
        prior = PRIOR_DAYS * self.entity_days / self.days
        expected = prior * e_to(least_of(ln_p, a_day))
        share = ln((again + expected) / (self.entity_days + prior))
        raised = np.where(np.isfinite(share), np.minimum(one_of(share, a_day), least_counted), ln_p)
        # The rate is believed as far as it was seen often, an entity; and what goes further keeps some of it.
        belief = again / (again + FEW_DAYS * self.entity_days / self.days)
        own, past = (ln(np.clip(-one, 1e-300, 1e300)) for one in (ln_p, raised))
        surprise = e_to((1.0 - belief) * own + belief * past)
        return np.maximum(ln_p, np.where((ln_p < least_counted) & (again > 0.0), -surprise, ln_p))

    @cached_property
    def _probed(self) -> Floats:
        """What the past has shown of `_PROBES`. It is asked of the same quantiles day after day."""
        return self.ln_p(_PROBES)

    def moved_from(self, old: "Quantiles", bucket_span_ms: int) -> bool:
        """Whether scores differ by `MOVED` points or more somewhere."""
        now, before = self._probed, old._probed
        if np.array_equal(now, before):
            return False
        scores = normalised_score(np.concatenate([now, before]), bucket_span_ms)
        return bool(np.abs(scores[: len(_PROBES)] - scores[len(_PROBES) :]).max() >= MOVED)


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
    """The running quantiles of one kind of result."""

    def __init__(self, bucket_span_ms: int, state: Structs, entities: Ints, most: Floats) -> None:
        self._span_ms = bucket_span_ms
        self._state = state
        self._quantiles, self._told = self._of(""), self._of("told_")
        self._entities = entities
        self._most = most

    @classmethod
    def build(cls, bucket_span_ms: int, state: Structs | None = None, today: Structs | None = None) -> Self:
        """One that has seen nothing, or as `snapshot` left it."""
        if state is not None and today is not None:
            return cls(bucket_span_ms, np.array(state, STATE), np.array(today["entity"]), np.array(today["most"]))
        fresh = np.zeros(1, STATE)
        fresh["day"] = -1
        return cls(bucket_span_ms, fresh, np.zeros(0, np.int64), np.zeros(0))

    def snapshot(self, kind: int) -> tuple[Structs, Structs]:
        """What must be kept to go on: a record of `STATE`, and records of `TODAY` under the number of the kind."""
        today = np.zeros(len(self._entities), TODAY)
        today["kind"], today["entity"], today["most"] = kind, self._entities, self._most
        return self._state.copy(), today

    @property
    def quantiles(self) -> Quantiles:
        """Those that the day under way is judged by."""
        return self._quantiles

    def _of(self, prefix: str) -> Quantiles:
        days, entity_days, cells, counts = (self._state[f"{prefix}{name}"][0] for name in _DAY_FIELDS)
        return Quantiles(float(days), float(entity_days), float(cells), counts.copy())

    def raise_and_learn(
        self, first_bucket: int, cells: Floats, bucket: Ints, entity: Ints, ln_p: Floats
    ) -> tuple[Floats, Sequence[DayEnd]]:
        """Raise the probabilities of a stretch of buckets that follows the last one, and learn it.

        Args:
            first_bucket: number of its first bucket.
            cells: [T] in each bucket, how many results of this kind there could have been, each of another entity.
            bucket: [k] bucket number of each result, ascending.
            entity: [k] number of the entity that it is of.
            ln_p: [k] ln of its probability.

        Returns:
            ln of the raised probabilities [k], and the quantiles of each day that ended.
        """
        out, ended, state = np.array(ln_p), list[DayEnd](), self._state[0]
        for day, start, end in self._days(first_bucket, len(cells)):
            if state["day"] != day:
                ended += self._end_day(day, first_bucket + start)
            if len(bucket):
                inside = slice(*np.searchsorted(bucket, (first_bucket + start, first_bucket + end)).tolist())
                out[inside] = self.quantiles.ln_p(ln_p[inside])
                self._note(entity[inside], -ln_p[inside])
            today = cells[start:end]
            state["today_cells"] += today.sum()
            state["today_entities"] = max(state["today_entities"], today.max())
        return out, ended

    def _days(self, first_bucket: int, buckets: int) -> Iterator[tuple[int, int, int]]:
        """The days that consecutive buckets lie in: number, and which of the buckets, [start, end)."""
        day_ms, start = max(DAY_MS, self._span_ms), 0
        while start < buckets:
            day = (first_bucket + start) * self._span_ms // day_ms
            end = min(-(-(day + 1) * day_ms // self._span_ms) - first_bucket, buckets)
            yield day, start, end
            start = end

    def _note(self, entity: Ints, surprise: Floats) -> None:
        """Remember the largest surprise of each entity; what no edge counts is not worth it."""
        odd = surprise > EDGES[0]
        if not odd.any():
            return
        both = np.concatenate([self._entities, entity[odd]])
        self._entities, code = np.unique(both, return_inverse=True)
        most = np.zeros(len(self._entities))
        np.maximum.at(most, code, np.concatenate([self._most, surprise[odd]]))
        self._most = most

    def _end_day(self, next_day: int, bucket: int) -> list[DayEnd]:
        """Learn the day that is over; nothing when none has begun."""
        state = self._state
        if state["day"][0] < 0:
            state["day"] = next_day
            return []
        keep = fading((next_day - int(state["day"][0])) * max(DAY_MS, self._span_ms))
        state["days"] = keep * (state["days"] + (state["today_cells"] > 0))
        entity_days = state["entity_days"] + state["today_entities"]
        state["entity_days"] = keep * entity_days
        state["cells"] = keep * (state["cells"] + state["today_cells"])
        state["counts"] = keep * (state["counts"] + len(self._most) - np.searchsorted(np.sort(self._most), EDGES, side="right"))
        state["day"], state["today_cells"], state["today_entities"] = next_day, 0.0, 0.0
        self._quantiles = self._of("")
        self._entities, self._most = np.zeros(0, np.int64), np.zeros(0)
        moved = self.quantiles.moved_from(self._told, self._span_ms)
        if moved:
            self._told = self._quantiles
            for name in _DAY_FIELDS:
                state[f"told_{name}"] = state[name]
        return [DayEnd(bucket, self.quantiles, moved)]


@overload
def fading(age_ms: float) -> float: ...
@overload
def fading(age_ms: Floats) -> Floats: ...
def fading(age_ms: Floats | float) -> Floats | float:
    """What is left of a count after so long."""
    return e_to(-age_ms / (MEMORY_DAYS * DAY_MS))
