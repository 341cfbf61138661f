"""What users do not want told or learned of the values that a model judges: planned times, rules, changes of the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from barograph.config.rule import Action, Condition, Rule
from barograph.models.civil import Shifts
from barograph.results.arrays import Bools, Bytes, Ints, Structs

_ACTIONS: Final[dict[Action, int]] = {"skip_result": 1, "skip_model_update": 2}  # bits, as in kernels/skips.hpp
_SUBJECTS: Final = ("actual", "typical", "diff_from_typical", "time")
_OPERATORS: Final = ("lt", "lte", "gt", "gte")

_CONDITION: Final = np.dtype([("subject", "i8"), ("compared", "i8"), ("value", "f8")])
_RULE: Final = np.dtype([("first", "i8"), ("end", "i8"), ("actions", "i8")])

NOT_SKIPPED: Final = -1
PLANNED: Final = -2
FREQUENT: Final = -3
"""By what a result is skipped, where it is no rule: by nothing, by a planned time, or as its value is frequent."""


def bits(actions: Sequence[Action]) -> int:
    """Actions as a number."""
    return sum(_ACTIONS[action] for action in set(actions))


@dataclass(frozen=True)
class Skips:
    """What is skipped of S series in T buckets.

    Attributes:
        planned: [T] actions of the planned times that a bucket shares, as bits.
        rules: [R] records: where a rule's conditions begin and end, and its actions.
        conditions: [C] records.
        scope: [R, S] whether a series is one that a rule is about.
        shifts: changes of the clock.
        resets: [S, T] where all that was learnt of a series goes, before the bucket; None: nowhere.
    """

    planned: Bytes
    rules: Structs
    conditions: Structs
    scope: Bytes
    shifts: Shifts
    resets: Bytes | None = None

    @classmethod
    def none(cls, series: int, buckets: int) -> Self:
        """Nothing."""
        scope = np.zeros((0, series), np.uint8)
        nothing = np.zeros(0, _RULE), np.zeros(0, _CONDITION)
        return cls(np.zeros(buckets, np.uint8), *nothing, scope, Shifts.none(series))

    @classmethod
    def clock(cls, shifts: Shifts, buckets: int) -> Self:
        """Nothing, but for changes of the clock."""
        return replace(cls.none(shifts.scope.shape[1], buckets), shifts=shifts)

    @classmethod
    def of(cls, planned: Bytes, rules: Sequence[Rule], scope: Bools, shifts: Shifts) -> Self:
        """Planned times [T], rules with the series [R, S] that each is about, and changes of the clock."""
        conditions = [_record(condition) for rule in rules for condition in rule.conditions]
        ends = np.cumsum([len(rule.conditions) for rule in rules], dtype=np.int64)
        records = np.zeros(len(rules), _RULE)
        records["first"][1:], records["end"] = ends[:-1], ends
        records["actions"] = [bits(rule.actions) for rule in rules]
        return cls(planned, records, np.array(conditions, _CONDITION), scope.astype(np.uint8), shifts)

    def buckets(self, part: slice) -> "Skips":
        """Of some of the buckets."""
        resets = None if self.resets is None else np.ascontiguousarray(self.resets[:, part])
        return replace(self, planned=self.planned[part], resets=resets)

    def series(self, part: slice | Ints) -> "Skips":
        """Of some of the series."""
        resets = None if self.resets is None else self.resets[part]
        return replace(self, scope=np.ascontiguousarray(self.scope[:, part]), shifts=self.shifts.series(part), resets=resets)


def _record(condition: Condition) -> tuple[int, int, float]:
    return _SUBJECTS.index(condition.applies_to), _OPERATORS.index(condition.operator), condition.value
