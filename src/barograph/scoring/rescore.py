"""Current scores brought up to date when quantiles move: what is read for that, what is made anew, what is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from barograph.scoring.leaves import Measure
from barograph.scoring.renormalise import TABLES, ScoredTable, current_scores, kind_of, window_ms


class ScoredRows(Protocol):
    """The results of one job, wherever they are kept, in the transaction that brings new ones. None of them are interim."""

    def moved_quantiles(self, after_ms: int) -> pl.DataFrame:
        """The rows of `schema.QUANTILES` by which scores are to be renormalised, that begin to hold after a time; by time."""

    def rows(self, table: ScoredTable, start_ms: int) -> pl.DataFrame:
        """Rows of a result table from a bucket on, epoch ms.

        Columns: `timestamp`, `seq` if the table has it, the current score, the initial one, `log_probability`, `table.scope`,
        whatever `kind_of` needs, and `is_forgotten`: whether the models are not to have seen it.
        """

    def write(self, table: ScoredTable, changed: pl.DataFrame) -> None:
        """Put current scores in their rows: the table's key (`timestamp`, `seq` if it has it) and its score."""

    def follow_records(self, start_ms: int) -> None:
        """Make `max_record_score` of the buckets from this one on what the scores of their records are now."""


@dataclass(frozen=True)
class Window:
    """How far back scores are renormalised.

    Attributes:
        bucket_span_ms: length of a bucket.
        days: `renormalization_window_days` of the job; None is the default.
    """

    bucket_span_ms: int
    days: int | None = None

    @property
    def ms(self) -> int:
        """Its length."""
        return window_ms(self.days, self.bucket_span_ms)


def first_moved(quantiles: pl.DataFrame) -> int | None:
    """When the first of these quantiles that scores are renormalised by begin to hold, epoch ms; None: none are."""
    moved = quantiles.filter("moved")["timestamp"]
    return int(moved[0]) if len(moved) else None


def rescore(results: ScoredRows, measures: Sequence[Measure], window: Window, since_ms: int | None) -> None:
    """Bring the current scores up to date with the quantiles from `since_ms` on; None: there are no new ones.

    A score is a function of the result and of the last quantiles that reach it, so doing this once for many days, or once
    more for the same, gives the same scores. Only those that change are written. When quantiles that were there before have
    gone, what they had made of scores goes with them.
    """
    if since_ms is None or window.ms <= 0:
        return
    start = since_ms - window.ms
    moved = results.moved_quantiles(start)
    for table in TABLES:
        # Rows before the start are only compared with: the windows of the first quantiles reach further back.
        rows = results.rows(table, start - window.ms)
        score = current_scores(table, rows, kind_of(table, rows, measures), moved, window.bucket_span_ms, window.ms)
        new = rows.with_columns(pl.Series("new", score))
        changed = new.filter(pl.col("new") != pl.col(table.score), pl.col("timestamp") >= start)
        if changed.height:
            key = [name for name in ("timestamp", "seq") if name in rows.columns]
            results.write(table, changed.select(*key, pl.col("new").alias(table.score)))
    results.follow_records(start)
