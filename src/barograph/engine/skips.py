"""What the user knows, as a model takes it: which series rules are about, and which buckets are planned times."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from barograph.buckets import KnownSeries
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.config.rule import Rule, Scope
from barograph.config.splits import SPLIT_VALUES
from barograph.engine.entity import split_columns
from barograph.models.skips import Skips, bits
from barograph.results.arrays import Bools, Bytes


def in_scope(scope: Scope, value: pl.Expr) -> pl.Expr:
    """Whether values of its field are in a scope; one that is missing is not."""
    return (value.str.contains(scope.pattern) ^ pl.lit(scope.exclude)).fill_null(False)


class DetectorSkips:
    """What is skipped of the series of one detector. Which series a rule is about is looked up once a series."""

    def __init__(self, job: Job, detector_index: int, knowledge: Knowledge) -> None:
        self._span_ms = job.bucket_span_ms
        self._columns = split_columns(job, detector_index)
        self._planned = knowledge.planned
        self._rules: Sequence[Rule] = knowledge.rules.get(detector_index, ())
        self._scope = np.zeros((len(self._rules), 0), np.bool_)

    def between(self, known: KnownSeries, series: int, start: int, end: int) -> Skips | None:
        """What is skipped of the first `series` series in buckets [start, end); None: nothing."""
        planned = planned_actions(self._planned, start, end, self._span_ms)
        if not self._rules and not planned.any():
            return None
        if series > self._scope.shape[1]:
            names = known.names(np.arange(self._scope.shape[1], series, dtype=np.int32))
            self._scope = np.concatenate([self._scope, self._about(names)], axis=1)
        return Skips.of(planned, self._rules, self._scope[:, :series])

    def of_one(self, names: Sequence[str | None], start: int, end: int) -> Skips:
        """What is skipped of the series with these split values (`SPLIT_VALUES`) in buckets [start, end)."""
        frame = pl.DataFrame([names], schema=dict.fromkeys(SPLIT_VALUES, pl.String), orient="row")
        return Skips.of(planned_actions(self._planned, start, end, self._span_ms), self._rules, self._about(frame))

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


def planned_actions(planned: Sequence[PlannedTime], start: int, end: int, span_ms: int) -> Bytes:
    """What planned times skip of buckets [start, end), as bits of `models.skips`."""
    actions = np.zeros(end - start, np.uint8)
    for time in planned:
        first, last = time.start_ms // span_ms - start, -(-time.end_ms // span_ms) - start
        actions[max(first, 0) : max(last, 0)] |= bits(time.actions)
    return actions
