"""Which bucket a row belongs to, whether it comes too late, and which buckets are over."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from barograph.config.duration import DAY_MS
from barograph.kernels import _fold
from barograph.results.arrays import Bools, Ints
from barograph.results.snapshot import Arrays

_NEVER: Final = _fold.NO_BUCKET
_HORIZON_MS: Final = 30 * DAY_MS
_HORIZON_BUCKETS: Final = 1000
"""A row further ahead of the newest than both is not believed until the next row agrees. Chosen: longer than most outages."""

_ALONE: Final = 1


@dataclass(frozen=True)
class PlacedRows:
    """What became of the rows of one call.

    Attributes:
        bucket: [n] bucket number of each row: epoch ms divided by the bucket span, rounded down.
        late: [n] the row's bucket was over, or before the job's first, when the row came.
        partial: [n] the row is known to belong to a bucket before the first with a result.
        ahead: [n] the row was too far from all others to be believed. Neither late nor partial.
        anew: the row with which the job begins anew, as those before it are not believed any more; None when it does not. They
            are late, or were ahead already.
    """

    bucket: Ints
    late: Bools
    partial: Bools
    ahead: Bools
    anew: int | None


@dataclass(frozen=True)
class Watermark:
    """The event time of a job. A value: placing rows gives the watermark after them.

    Attributes:
        span_ms: length of a bucket.
        latency_ms: how far a row may lag behind the newest one before it.
        newest_ms: latest time seen, `_NEVER` before the first row.
        floor: buckets before this one are over whatever the rows say: flushed.
        start: the first bucket with a result, `_NEVER` before the first row. With a latency an earlier row may still come, and
            move it and `begin`, until a bucket is over.
        doubted_ms: time of the row before, if it was not believed; else `_NEVER`.
        alone: 1 while no row but the first is believed, and nothing was flushed; else 0.
        begin: the first bucket with an accepted row, `_NEVER` before it.
    """

    span_ms: int
    latency_ms: int
    newest_ms: int = _NEVER
    floor: int = _NEVER
    start: int = _NEVER
    doubted_ms: int = _NEVER
    alone: int = _ALONE
    begin: int = _NEVER

    @classmethod
    def build(cls, span_ms: int, latency_ms: int, state: Arrays | None) -> "Watermark":
        """Before the first row, or as `snapshot` left it."""
        if state is None:
            return cls(span_ms, latency_ms)
        newest, floor, start, doubted, *later = state["watermark"].tolist()
        alone, begin = later + [0, start][len(later) :]  # the first snapshots did not tell
        return cls(span_ms, latency_ms, newest, floor, start, doubted, alone, begin)

    @property
    def closed_until(self) -> int | None:
        """The first bucket that is still open; None before the first row."""
        return None if self.start == _NEVER else max(self.floor, self.begin, (self.newest_ms - self.latency_ms) // self.span_ms)

    def place(self, time_ms: Ints) -> tuple[PlacedRows, "Watermark"]:
        """Place rows [n >= 1] one after the other, each by what came before it: so the size of a chunk cannot matter."""
        bucket = time_ms // self.span_ms
        clock, newest = np.array([self.newest_ms, self.doubted_ms, self.alone]), np.empty(len(time_ms), np.int64)
        ahead = np.empty(len(time_ms), np.uint8)
        anew = _fold.tell_time(time_ms, max(_HORIZON_MS, _HORIZON_BUCKETS * self.span_ms), clock, newest, ahead)
        begun = self if anew < 0 else replace(self, floor=_NEVER, start=_NEVER, begin=_NEVER)
        over = np.maximum((newest - self.latency_ms) // self.span_ms, begun.floor)
        late = bucket < over
        late[: max(anew, 0)] = True
        doubted = ahead.view(np.bool_)
        late &= ~doubted
        accepted = ~late & ~doubted
        after = replace(begun, newest_ms=int(clock[0]), doubted_ms=int(clock[1]), alone=int(clock[2]))._begun(time_ms[accepted])
        # With a latency it is known when buckets are over what came before the first of them, and taken out again then.
        partial = accepted & (bucket < after.start) if self.latency_ms == 0 else np.zeros(len(bucket), np.bool_)
        return PlacedRows(bucket, late, partial, doubted, anew if anew >= 0 else None), after

    def _begun(self, accepted_ms: Ints) -> "Watermark":
        """With accepted rows [k]: the first in time of those that may come in any order says where the job begins.

        Its bucket gives no result unless the row lies on its start: the rows before the job's first are unknown, not absent.
        """
        if not len(accepted_ms) or (self.start != _NEVER and self.latency_ms == 0):
            return self
        first_ms = int(accepted_ms[0] if self.latency_ms == 0 else accepted_ms.min())
        begin, start = first_ms // self.span_ms, -(-first_ms // self.span_ms)
        if self.start == _NEVER:
            return replace(self, begin=begin, start=start)
        return replace(self, begin=min(begin, self.begin), start=min(start, self.start))

    def flush(self, until_ms: int | None) -> "Watermark":
        """No more waiting: for rows before `until_ms`, or with None for rows before the newest one's bucket."""
        if until_ms is None and self.newest_ms == _NEVER:
            return self
        floor = max(self.floor, (self.newest_ms if until_ms is None else until_ms) // self.span_ms)
        return replace(self, floor=floor, alone=self.alone if floor == self.floor else 0)

    def skip(self, until_ms: int) -> "Watermark":
        """Begin at the first bucket that starts at `until_ms` or later; the job has finished none yet."""
        begin = -(-until_ms // self.span_ms)
        return replace(
            self, newest_ms=max(self.newest_ms, begin * self.span_ms), floor=begin, start=begin, alone=0, begin=begin
        )

    def over(self) -> "Watermark":
        """No more waiting for any row: the bucket of the newest row, which is the last open one, is over as well."""
        return self if self.newest_ms == _NEVER else self.flush(self.newest_ms + self.span_ms)

    def snapshot(self) -> Arrays:
        """What the rows have changed."""
        clock = (self.newest_ms, self.floor, self.start, self.doubted_ms, self.alone, self.begin)
        return {"watermark": np.array(clock, np.int64)}
