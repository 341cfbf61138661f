"""Rows that this stage leaves out, counted, with the first of them as examples."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.buckets.believed_times import FirstRow
from barograph.buckets.watermark import PlacedRows
from barograph.results.arrays import Bools, Floats, Ints
from barograph.results.counts import MAX_EXAMPLES, DataCounts, Example
from barograph.results.snapshot import Arrays

MOST_EVENTS: Final = 1e12
"""What one row can stand for: sums of such counts stay whole numbers, and fit into 64 bits."""

_AHEAD: Final = (
    "wanted a time less than a month (and 1,000 buckets) after the newest, and as near to a first row that is alone; "
    "further away the next row must agree"
)
_LATE: Final = "wanted a time within the latency"
_FIRST: Final = "wanted a time less than a month (or 1,000 buckets) from those of the rows that follow"


def uncountable(weight: Floats) -> Bools:
    """Which summary counts [n] are none: below zero, or beyond what can be counted."""
    return (weight < 0) | (weight > MOST_EVENTS)


@dataclass(frozen=True)
class DroppedRows:
    """A value: `after` gives the next one.

    Attributes:
        late: rows whose bucket was over.
        ahead: rows too far ahead of all others to be believed.
        fields: the values that were in both.
        uncountable: rows in time whose summary count is none.
        examples: the first of each.
    """

    late: int = 0
    ahead: int = 0
    fields: int = 0
    uncountable: int = 0
    examples: tuple[Example, ...] = ()

    @classmethod
    def build(cls, state: Arrays | None) -> "DroppedRows":
        """Nothing dropped yet, or as `snapshot` left it."""
        if state is None:
            return cls()
        document = json.loads(state["dropped"].tobytes())
        return cls(**{**document, "examples": tuple(Example(**example) for example in document["examples"])})

    def after(
        self,
        time_ms: Ints,
        number: Ints,
        placed: PlacedRows,
        fields: int,
        weight: Floats,
        weight_field: str,
    ) -> "DroppedRows":
        """Count the rows [n] of a call.

        Args:
            time_ms: [n] epoch ms.
            number: [n] their places among the job's rows.
            placed: what became of them.
            fields: how many values the late rows and those ahead hold.
            weight: [n] summary counts; empty when there is no summary count field `weight_field`.
            weight_field: its name.
        """
        if not (placed.late.any() or placed.ahead.any() or len(weight)):
            return self
        late, ahead, times = placed.late, placed.ahead, time_ms.astype("M8[ms]")
        dropped_examples = self._examples(self.late, late, number, times, "out_of_order", _LATE)
        dropped_examples += self._examples(self.ahead, ahead, number, times, "invalid_date", _AHEAD)
        bad = ~(late | ahead) & uncountable(weight) if len(weight) else np.zeros(0, np.bool_)
        wanted = f"{weight_field}: wanted a count of 0 to {MOST_EVENTS:g}"
        dropped_examples += self._examples(self.uncountable, bad, number, weight, "missing_field", wanted)
        return replace(
            self,
            late=self.late + int(late.sum()),
            ahead=self.ahead + int(ahead.sum()),
            fields=self.fields + fields,
            uncountable=self.uncountable + int(bad.sum()),
            examples=self.examples + tuple(dropped_examples),
        )

    def without_first(self, first: FirstRow) -> "DroppedRows":
        """Count a row as late that was believed as long as it was the only one."""
        return replace(
            self,
            late=self.late + 1,
            fields=self.fields + first.fields,
            uncountable=self.uncountable - first.uncountable,
            examples=(
                Example("out_of_order", first.number, str(np.datetime64(first.time_ms, "ms")), _FIRST),
                *(example for example in self.examples if example.row != first.number),
            ),
        )

    def _examples(
        self, known: int, dropped: Bools, number: Ints, values: NDArray[Any], reason: str, message: str
    ) -> list[Example]:
        rows = np.flatnonzero(dropped)[: max(MAX_EXAMPLES - known, 0)]
        return [Example(reason, int(number[row]), str(values[row]), message) for row in rows]

    def counted(self, counts: DataCounts) -> DataCounts:
        """Intake's counts of the same rows, without these."""
        return replace(
            counts,
            processed_record_count=counts.processed_record_count - self.late - self.ahead,
            processed_field_count=counts.processed_field_count - self.fields,
            invalid_date_count=counts.invalid_date_count + self.ahead,
            out_of_order_timestamp_count=counts.out_of_order_timestamp_count + self.late,
            missing_field_count=counts.missing_field_count + self.uncountable,
        ).with_examples(list(self.examples))

    def snapshot(self) -> Arrays:
        """The counts and examples, as JSON."""
        # Sorted by row: of two reasons in one call the examples would else lie in another order than in two calls.
        examples = sorted(self.examples, key=lambda example: (example.row, example.reason))
        text = json.dumps({**asdict(self), "examples": [asdict(example) for example in examples]})
        return {"dropped": np.frombuffer(text.encode(), np.uint8).copy()}
