"""How full a bucket is that is still open, and what its values are likely to become."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from barograph.buckets import FinishedBuckets
from barograph.config.functions import Statistic
from barograph.config.job import Job
from barograph.engine.silence import Silence
from barograph.models import MODELS, Model, ModelConfig
from barograph.results.arrays import Floats, Ints
from barograph.results.snapshot import Arrays, prefixed, under

GROWING: Final[frozenset[Statistic]] = frozenset({"count", "sum", "distinct_count", "info_content"})
"""What grows with each row. Of all else half a bucket is a fair sample: it is judged as it is."""

_AT_ONCE: Final = 1_000_000  # buckets; bounds memory where a gap is long, changes nothing
_TOGETHER: Final = 64  # buckets from which they are learned together: live ones come one by one


class Arrivals:
    """How many rows a job's buckets usually have, by the same model as any series.

    It belongs to what is remembered about rows, as the counts do: a replay does not make it anew, because the rows of buckets
    whose results have expired are known nowhere else, and forgetting values does not mean that their rows have not come.
    """

    def __init__(self, model: Model, silence: Silence, span_ms: int) -> None:
        self._model = model
        self._silence = silence
        self._span_ms = span_ms
        self._unlearned: list[tuple[int, Ints]] = []  # first bucket, rows in it and in those behind it

    @classmethod
    def build(cls, job: Job, state: Arrays | None) -> "Arrivals":
        """One that has seen no bucket, or as `snapshot` left it; anew where another version, or one without it, left it."""
        config = ModelConfig(job.bucket_span_ms, job.time_zone, integer=True, non_negative=True)
        kind = MODELS["series"]
        if not state or not kind.readable(state):
            model = kind.build(config)
            model.grow(1)
            return cls(model, Silence.build(job.bucket_span_ms, None), job.bucket_span_ms)
        silence = Silence.build(job.bucket_span_ms, under("silence", state))
        return cls(kind.build(config, state), silence, job.bucket_span_ms)

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        self._learn_all()
        return self._model.snapshot() | prefixed("silence", self._silence.snapshot())

    def add(self, closed: FinishedBuckets) -> None:
        """Learn finished buckets that follow the last ones, at once or when it matters: many take as long as one."""
        for first, end in self._silence.awake_and_learn(closed.first_bucket, closed.end_bucket, closed.filled):
            for start in range(first, end, _AT_ONCE):
                self._unlearned.append((start, closed.event_count(start, min(start + _AT_ONCE, end))))
                if sum(len(rows) for _, rows in self._unlearned) >= _TOGETHER:
                    self._learn_all()

    def _learn_all(self) -> None:
        for first, rows in _joined(self._unlearned):
            self._model.advance(rows[None, :].astype(float), first * self._span_ms)
        self._unlearned = []

    def completeness(self, still_open: FinishedBuckets) -> Floats:
        """The share of its usual rows that each open bucket [T] has, in [0, 1]; 1 while nobody knows what is usual."""
        self._learn_all()
        first, end = still_open.first_bucket, still_open.end_bucket
        expected = self._model.expect(first * still_open.span_ms, end - first)[0]
        usual = np.where(expected > 0.0, expected, np.nan)
        return np.nan_to_num(np.clip(still_open.event_count(first, end) / usual, 0.0, 1.0), nan=1.0)


def _joined(stretches: Sequence[tuple[int, Ints]]) -> Iterator[tuple[int, Ints]]:
    """Stretches of buckets, with those that follow each other as one."""
    parts: list[Ints] = []
    begin = end = 0
    for first, rows in stretches:
        if parts and first != end:
            yield begin, np.concatenate(parts)
            parts = []
        if not parts:
            begin = first
        parts.append(rows)
        end = first + len(rows)
    if parts:
        yield begin, np.concatenate(parts)


def still_to_come(value: Floats, typical: Floats, completeness: float, *, whole: bool) -> Floats:
    """What is to be added to the values of an open bucket to judge them by what they are likely to become.

    A value is brought nearer to the typical one, never beyond it, by no more than the typical share of the rows that are still
    to come (reference engine, section 11). So half a bucket at the usual pace is typical, and one that is beyond the typical
    value already is judged as it is.

    Args:
        value: [S] the values so far; NaN is no data.
        typical: [S] what they are expected to be in the end; NaN is no idea.
        completeness: how full the bucket is, in [0, 1].
        whole: the values are counts: what is added is a whole number, the nearest one.

    Returns:
        [S], 0 where nothing is known.
    """
    room = (1.0 - completeness) * typical
    added = np.nan_to_num(np.clip(typical - value, np.minimum(0.0, room), np.maximum(0.0, room)), nan=0.0)
    return np.rint(added) if whole else added
