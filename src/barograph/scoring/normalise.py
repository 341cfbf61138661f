"""Dynamic quantiles: how often a kind of result has been this surprising before, so that a noisy job cries less.

A probability says how often something *should* happen. Where the job's own past says that it happens more often, the past is
believed: a score means "so rare in this job", never rarer than the probability itself. What is counted is the most surprising
value of each entity (a series, an influencer, the bucket as such) in each UTC day, or bucket where buckets are longer: an
incident counts for its days, not for its buckets. Days are learned when they are over, so within a day every bucket is judged
by the same quantiles, however the rows came. Counts fade with a memory of six weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, overload

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels import _quantiles
from barograph.kernels.elementary import e_to, ln
from barograph.results.arrays import Bools, Floats, Ints, Structs, as_bytes
from barograph.scoring.quantiles_layout import DAY_END, ODD, QUANTILES, RUNNING, STATE, TODAY
from barograph.scoring.severity import normalised_score

MOVED: Final = 5.0
"""Quantiles that move a score of 25, 50, 75 or 90 by as many points call for a renormalisation: what a person notices."""
_PROBES: Final = ln(np.array([2.5e-3, 3e-4, 3e-5, 5e-8]))  # about those scores in half an hour


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
        itself = np.array([(self.days, self.entity_days, self.cells, self.counts)], QUANTILES)
        return _raised(itself, ln_p, own_day).reshape(-1)


def _raised(quantiles: Structs, ln_p: Floats, own_day: Floats | float = 0.0) -> Floats:
    """Probabilities [k], raised by each of the quantiles [q]: [q, k]."""
    out, own = np.empty((len(quantiles), len(ln_p))), np.full(len(ln_p), own_day, np.float64)
    _quantiles.raised(as_bytes(quantiles), np.ascontiguousarray(ln_p), own, out.reshape(-1))
    return out


@dataclass(frozen=True)
class DayEnds:
    """The ends of d days, and the quantiles that hold from each on.

    Attributes:
        bucket: [d] the first bucket of the next day.
        quantiles: [d] records of `QUANTILES`.
        moved: [d] whether scores are to be renormalised by them.
    """

    bucket: Ints
    quantiles: Structs
    moved: Bools


_NONE_ENDED: Final = DayEnds(np.zeros(0, np.int64), np.zeros(0, QUANTILES), np.zeros(0, np.bool_))
_NOT_ASKED: Final[Floats] = np.zeros(0)
_ONE_ONLY: Final[Ints] = np.zeros(0, np.int64)


class Normaliser:
    """The running quantiles of one kind of result."""

    def __init__(self, bucket_span_ms: int, state: Structs, today: Structs) -> None:
        self._span_ms = bucket_span_ms
        self._state = state
        self._today = today

    @classmethod
    def build(cls, bucket_span_ms: int, state: Structs | None = None, today: Structs | None = None) -> Self:
        """One that has seen nothing, or as `snapshot` left it."""
        known = np.zeros(0, ODD) if today is None else today[list(ODD.names or ())].astype(ODD)
        if state is not None:
            return cls(bucket_span_ms, np.array(state, STATE).view(RUNNING), known)
        fresh = np.zeros(1, RUNNING)
        fresh["day"] = -1
        return cls(bucket_span_ms, fresh, known)

    def snapshot(self, kind: int) -> tuple[Structs, Structs]:
        """What must be kept to go on: a record of `STATE`, and records of `TODAY` under the number of the kind."""
        today = np.zeros(len(self._today), TODAY)
        today["kind"], today["entity"], today["most"] = kind, self._today["entity"], self._today["most"]
        return self._state.view(STATE).copy(), today

    @property
    def quantiles(self) -> Quantiles:
        """Those that the day under way is judged by."""
        now = self._state["now"][0]
        return Quantiles(float(now["days"]), float(now["entity_days"]), float(now["cells"]), now["counts"].copy())

    def raise_and_learn(
        self, first_bucket: int, cells: Floats, bucket: Ints, entity: Ints | None, ln_p: Floats
    ) -> tuple[Floats, DayEnds]:
        """Raise the probabilities of a stretch of buckets that follows the last one, and learn it.

        Args:
            first_bucket: number of its first bucket.
            cells: [T] in each bucket, how many results of this kind there could have been, each of another entity.
            bucket: [k] bucket number of each result, ascending.
            entity: [k] number of the entity that it is of; None where there is one only.
            ln_p: [k] ln of its probability.

        Returns:
            ln of the raised probabilities [k], and the quantiles of each day that ended.
        """
        raised = np.empty(len(ln_p))
        return raised, self._learn(first_bucket, cells, bucket, entity, ln_p, raised)

    def learn(self, first_bucket: int, cells: Floats, bucket: Ints, entity: Ints | None, ln_p: Floats) -> DayEnds:
        """The same where nobody asks for the raised probabilities."""
        return self._learn(first_bucket, cells, bucket, entity, ln_p, _NOT_ASKED)

    def _learn(
        self, first_bucket: int, cells: Floats, bucket: Ints, entity: Ints | None, ln_p: Floats, raised: Floats
    ) -> DayEnds:
        ended = np.empty(len(cells) * self._span_ms // max(DAY_MS, self._span_ms) + 2, DAY_END)
        today = np.empty(len(self._today) + len(ln_p), ODD)
        n_ended, n_today = _quantiles.raise_and_learn(
            as_bytes(self._state),
            as_bytes(self._today),
            self._span_ms,
            first_bucket,
            cells,
            bucket,
            _ONE_ONLY if entity is None else entity,
            ln_p,
            raised,
            as_bytes(ended),
            as_bytes(today),
        )
        self._today = today[:n_today].copy()
        return self._day_ends(ended[:n_ended]) if n_ended else _NONE_ENDED

    def _day_ends(self, ended: Structs) -> DayEnds:
        """Days that ended, and which of them move scores by `MOVED` points or more from those of the last that did."""
        quantiles = np.concatenate([self._state["told"], ended["now"]])
        probed = normalised_score(_raised(quantiles, _PROBES).reshape(-1), self._span_ms).reshape(len(quantiles), -1)
        moved, last = np.zeros(len(quantiles), np.bool_), 0
        while (far := np.abs(probed[last:] - probed[last]).max(axis=1) >= MOVED).any():
            last += int(far.argmax())
            moved[last] = True
        self._state["told"] = quantiles[last]
        return DayEnds(ended["bucket"], quantiles[1:], moved[1:])


@overload
def fading(age_ms: float) -> float: ...
@overload
def fading(age_ms: Floats) -> Floats: ...
def fading(age_ms: Floats | float) -> Floats | float:
    """What is left of a count after so long."""
    return e_to(-age_ms / (_quantiles.MEMORY_DAYS * DAY_MS))
