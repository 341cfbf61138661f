"""What the user knows, as a model takes it: which series rules are about, which buckets are planned, and what clocks show."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from barograph.buckets import KnownSeries
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.config.rule import Rule, Scope
from barograph.config.splits import SPLIT_VALUES
from barograph.engine.entity import split_columns
from barograph.engine.exclusions import buckets_within
from barograph.models import Shifts
from barograph.models.skips import Skips, bits
from barograph.results.arrays import Bools, Bytes

_NEVER_MS: Final = 2**62


def in_scope(scope: Scope, value: pl.Expr) -> pl.Expr:
    """Whether values of its field are in a scope; one that is missing is not."""
    return (value.str.contains(scope.pattern) ^ pl.lit(scope.exclude)).fill_null(False)


class DetectorSkips:
    """What is skipped of the series of one detector. Which series a rule is about is looked up once a series."""

    def __init__(self, job: Job, detector_index: int, knowledge: Knowledge) -> None:
        self._span_ms = job.bucket_span_ms
        self._early_ms = job.early_ms(detector_index)
        self._columns = split_columns(job, detector_index)
        self._planned = knowledge.planned
        self._rules: Sequence[Rule] = knowledge.rules.get(detector_index, ())
        self._common = [
            ((time.start_ms + self._early_ms) // self._span_ms * self._span_ms, time.shift_ms)
            for time in self._planned
            if time.shift_ms
        ]
        self._scope = np.zeros((len(self._rules), 0), np.bool_)

    def between(self, known: KnownSeries, series: int, start: int, end: int) -> Skips | None:
        """What is skipped of the first `series` series in buckets [start, end); None: nothing."""
        planned = planned_actions(self._planned, start, end, self._span_ms, self._early_ms)
        if not self._rules and not self._common and not planned.any():
            return None
        if series > self._scope.shape[1]:
            names = known.names(np.arange(self._scope.shape[1], series, dtype=np.int32))
            self._scope = np.concatenate([self._scope, self._about(names)], axis=1)
        return self._skips(planned, self._scope[:, :series])

    def of_one(self, names: Sequence[str | None], start: int, end: int) -> Skips:
        """What is skipped of the series with these split values (`SPLIT_VALUES`) in buckets [start, end)."""
        frame = pl.DataFrame([names], schema=dict.fromkeys(SPLIT_VALUES, pl.String), orient="row")
        planned = planned_actions(self._planned, start, end, self._span_ms, self._early_ms)
        return self._skips(planned, self._about(frame))

    def shifts(self, names: pl.DataFrame) -> Shifts:
        """The changes of the clock of series with these split values, the columns `SPLIT_VALUES`."""
        return self._shifts(self._about(names))

    def _skips(self, planned: Bytes, scope: Bools) -> Skips:
        return Skips.of(planned, self._rules, scope, self._shifts(scope))

    def _shifts(self, scope: Bools) -> Shifts:
        changes = [at for at, rule in enumerate(self._rules) if rule.shift_ms]
        some = [(first_held(self._rules[at], self._span_ms), self._rules[at].shift_ms) for at in changes]
        return Shifts.of(self._common, some, scope[changes])

    def _about(self, names: pl.DataFrame) -> Bools:
        """Whether each rule is about each of some series [R, k]."""
        if not self._rules:
            return np.zeros((0, len(names)), np.bool_)
        about = names.select(
            pl.all_horizontal(pl.lit(True), *self._in_scopes(rule)).alias(str(at)) for at, rule in enumerate(self._rules)
        )
        return np.broadcast_to(about.to_numpy().T, (len(self._rules), len(names)))

    def _in_scopes(self, rule: Rule) -> list[pl.Expr]:
        return [
            in_scope(scope, pl.col(self._columns[scope.field])) if scope.field in self._columns else pl.lit(False)
            for scope in rule.scope
        ]


def first_held(rule: Rule, span_ms: int) -> int:
    """Start of the first bucket in which the conditions on time of a rule hold, epoch ms; one that never comes if none is."""
    least, most = 0, _NEVER_MS
    for condition in rule.conditions:
        whole = math.floor(condition.value) if condition.operator in ("gt", "lte") else math.ceil(condition.value)
        if condition.operator in ("gt", "gte"):
            least = max(least, whole + (condition.operator == "gt"))
        else:
            most = min(most, whole - (condition.operator == "lt"))
    first = -(-least // span_ms) * span_ms
    return first if first <= most else _NEVER_MS


def planned_actions(planned: Sequence[PlannedTime], start: int, end: int, span_ms: int, early_ms: int = 0) -> Bytes:
    """What planned times skip of buckets [start, end), which begin so many ms early, as bits of `models.skips`."""
    actions = np.zeros(end - start, np.uint8)
    for time in planned:
        first, last = buckets_within(time.start_ms, time.end_ms, span_ms, early_ms)
        actions[max(first - start, 0) : max(last - start, 0)] |= bits(time.actions)
    return actions
