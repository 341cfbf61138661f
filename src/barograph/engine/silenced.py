"""Counts what users did not want told: nothing is left out without a trace."""

import json
from collections.abc import Mapping
from dataclasses import asdict, astuple
from typing import Final, NamedTuple

import numpy as np

from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.engine.skips import planned_actions
from barograph.models import Skipped
from barograph.models.skips import FREQUENT, PLANNED
from barograph.results.arrays import Ints
from barograph.results.silenced import Silenced, Silencer
from barograph.results.snapshot import Arrays

_COUNTS: Final = "counts"


class _Times(NamedTuple):
    """How often it did, and in which buckets (numbers) first and last."""

    results: int
    first: int
    last: int

    def joined(self, later: "_Times") -> "_Times":
        return _Times(self.results + later.results, min(self.first, later.first), max(self.last, later.last))


class SilencedCounts:
    """What has been silenced since the job began. A result that several things silence counts for the first: a planned time
    before rules, these in their order; of several planned times, for the one that began first."""

    def __init__(self, span_ms: int, counts: Mapping[Silencer, _Times]) -> None:
        self._span_ms = span_ms
        self._counts = dict(counts)

    @classmethod
    def build(cls, span_ms: int, state: Arrays | None = None) -> "SilencedCounts":
        """Nothing yet, or as `snapshot` left it."""
        if not state:
            return cls(span_ms, {})
        kept = json.loads(state[_COUNTS].tobytes())
        return cls(span_ms, {Silencer(*by): _Times(*times) for by, times in kept})

    def snapshot(self) -> Arrays:
        """What must be kept to go on; nothing where nothing was silenced."""
        if not self._counts:
            return {}
        told = sorted(([list(astuple(by)), list(times)] for by, times in self._counts.items()), key=str)
        return {_COUNTS: np.frombuffer(json.dumps(told).encode(), np.uint8)}

    def all(self) -> tuple[Silenced, ...]:
        """Everything that has silenced a result, what did so most first."""
        told = [
            Silenced(
                **asdict(by), count=times.results, first_ms=times.first * self._span_ms, last_ms=times.last * self._span_ms
            )
            for by, times in self._counts.items()
        ]
        return tuple(sorted(told, key=lambda one: (-one.count, str(one))))

    def add(self, detector_index: int, skipped: Skipped, knowledge: Knowledge, early_ms: int) -> None:
        """Count the results of one measure, whose buckets begin so many ms early, that were skipped in a stretch of them."""
        bucket = skipped.leaves["bucket"]
        for by in np.unique(skipped.by).tolist():
            those = bucket[skipped.by == by]
            if by == PLANNED:
                self._add_planned(those, knowledge, early_ms)
            elif by == FREQUENT:
                self._add(Silencer(detector_index, "exclude_frequent"), those)
            else:
                self._add(Silencer(detector_index, knowledge.rules[detector_index][by].named), those)

    def _add_planned(self, bucket: Ints, knowledge: Knowledge, early_ms: int) -> None:
        first, end = int(bucket.min()), int(bucket.max()) + 1
        left = bucket
        for time in sorted(knowledge.planned, key=lambda one: (one.start_ms, one.end_ms, one.calendar_id, one.description)):
            if not len(left) or "skip_result" not in time.actions:
                continue
            inside = planned_actions((time,), first, end, self._span_ms, early_ms)[left - first] > 0
            if inside.any():
                self._add(_of(time), left[inside])
                left = left[~inside]

    def _add(self, by: Silencer, bucket: Ints) -> None:
        new = _Times(len(bucket), int(bucket.min()), int(bucket.max()))
        before = self._counts.get(by)
        self._counts[by] = new if before is None else before.joined(new)


def _of(time: PlannedTime) -> Silencer:
    return Silencer(
        calendar_id=time.calendar_id or None, description=time.description, start_ms=time.start_ms, end_ms=time.end_ms
    )
