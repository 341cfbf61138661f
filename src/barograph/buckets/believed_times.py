"""When the rows of a job were that are believed, and its first row as long as it is alone."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from barograph.kernels import _fold
from barograph.results.arrays import Bools, Ints
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Arrays

_NONE: Final = _fold.NO_BUCKET


class FirstRow(NamedTuple):
    """What is to be known of a job's first row while it is alone: the next ones may tell that its clock was wrong.

    Attributes:
        time_ms: epoch ms.
        number: its place among the job's rows.
        fields: the values that it holds.
        uncountable: 1 when its summary count is none, else 0.
    """

    time_ms: int
    number: int
    fields: int
    uncountable: int


_NO_ROW: Final = FirstRow(_NONE, 0, 0, 0)


@dataclass(frozen=True)
class BelievedTimes:
    """A value: `after` gives the next one.

    Attributes:
        earliest_ms: of all rows that are believed, also late ones; `_NONE` before the first.
        latest_ms: the same.
        first: the job's first row.
    """

    earliest_ms: int = _NONE
    latest_ms: int = _NONE
    first: FirstRow = _NO_ROW

    @classmethod
    def build(cls, state: Arrays | None) -> "BelievedTimes":
        """Before the first row, or as `snapshot` left it; the first snapshots did not say."""
        if state is None or "believed_times" not in state:
            return cls()
        earliest, latest, *first = state["believed_times"].tolist()
        return cls(earliest, latest, FirstRow(*first))

    def snapshot(self) -> Arrays:
        """What the rows have changed."""
        return {"believed_times": np.array([self.earliest_ms, self.latest_ms, *self.first], np.int64)}

    def after(self, time_ms: Ints, ahead: Bools) -> "BelievedTimes":
        """With rows [n] more, of which those `ahead` are not believed."""
        times = time_ms[~ahead]
        if not len(times):
            return self
        earliest, latest = int(times.min()), int(times.max())
        if self.earliest_ms != _NONE:
            earliest, latest = min(earliest, self.earliest_ms), max(latest, self.latest_ms)
        return replace(self, earliest_ms=earliest, latest_ms=latest)

    def counted(self, counts: DataCounts) -> DataCounts:
        """Intake's counts, which are of all times that can be read, with the times that are believed."""
        if self.earliest_ms == _NONE:
            return counts
        return replace(counts, earliest_record_timestamp=self.earliest_ms, latest_record_timestamp=self.latest_ms)
