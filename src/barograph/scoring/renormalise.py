"""Renormalisation: what scores are in the light of what came after. Initial scores are never touched.

When quantiles move much (`DayEnds.moved`), the current scores of the results in the renormalisation window are made anew: by
the new quantiles, less the result's own day, and no higher than the most surprising result of the same scope in the window
allows (a series for records, an entity for influencers), as far as the models have seen it: what is forgotten stands in
nobody's way. A score follows from the last quantiles that reached it, so it does not matter when or how often this is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.config.duration import DAY_MS
from barograph.kernels.elementary import ln_1p
from barograph.results import schema
from barograph.results.arrays import Floats, Ints
from barograph.scoring import quantiles
from barograph.scoring.leaves import Measure
from barograph.scoring.normalise import Quantiles, fading
from barograph.scoring.severity import normalised_score

LEAST_SCORE: Final = 1.0
"""Results whose initial score is below stay as they are: nobody looks at their rank."""

_BUCKETS_AT_LEAST: Final = 100
_DAYS: Final = 30


@dataclass(frozen=True)
class ScoredTable:
    """How one result table is renormalised.

    Attributes:
        name: attribute of `Results`.
        score: its score; `initial_` and that is the first one.
        scope: columns of which equal values share a maximum; none: there is no such maximum.
    """

    name: str
    score: str
    scope: tuple[str, ...] = ()


TABLES: Final = (
    ScoredTable("buckets", "anomaly_score"),
    ScoredTable("records", "record_score", schema.SERIES_KEY),
    ScoredTable("influencers", "influencer_score", schema.INFLUENCER_KEY),
    ScoredTable("bucket_influencers", "anomaly_score"),
)


def window_ms(days: int | None, bucket_span_ms: int) -> int:
    """How far back scores are renormalised; by default 30 days or 100 buckets, whichever is longer."""
    return max(_DAYS * DAY_MS, _BUCKETS_AT_LEAST * bucket_span_ms) if days is None else days * DAY_MS


def kind_of(table: ScoredTable, rows: pl.DataFrame, measures: Sequence[Measure]) -> pl.Series:
    """The kind of each row of a result table."""
    if table.name == "buckets":
        return pl.repeat(quantiles.BUCKET, len(rows), dtype=pl.String, eager=True)
    if table.name == "records":
        names = {
            (measure.detector_index, measure.function_description): quantiles.record(position)
            for position, measure in enumerate(measures)
        }
        keys = zip(rows["detector_index"].to_list(), rows["function_description"].to_list(), strict=True)
        return pl.Series([names.get(key) for key in keys], dtype=pl.String)
    prefix = quantiles.influencer("") if table.name == "influencers" else quantiles.bucket_influencer("")
    field = pl.col("influencer_field_name")
    own = pl.when(field == "bucket_time").then(pl.lit(quantiles.BUCKET)).otherwise(pl.lit(prefix) + field)
    return rows.select(own).to_series()


def current_scores(
    table: ScoredTable, rows: pl.DataFrame, kind: pl.Series, moved: pl.DataFrame, bucket_span_ms: int, window: int
) -> Floats:
    """The current scores of results.

    Args:
        table: which table they are of.
        rows: [k] rows of it, with `timestamp`, the initial score, `log_probability`, `is_forgotten` and the scope. All that lie
            in the windows of the quantiles that reach a row must be there, or its scope's maximum is not known.
        kind: [k] of each row.
        moved: the rows of `schema.QUANTILES` by which scores are to be renormalised, by time.
        bucket_span_ms: length of a bucket.
        window: how far back each of them reaches, ms.
    """
    initial = rows[f"initial_{table.score}"].to_numpy()
    score = initial.copy()
    if window <= 0 or moved.is_empty():
        return score
    time, ln_p = rows["timestamp"].to_numpy(), rows["log_probability"].fill_null(np.nan).to_numpy()
    scope, forgotten = _codes(rows, table.scope), rows["is_forgotten"].to_numpy()
    day_ms = max(DAY_MS, bucket_span_ms)  # what quantiles count as a day
    loud = (initial >= LEAST_SCORE) & ~np.isnan(ln_p)
    for (name,), events in moved.partition_by("kind", as_dict=True, maintain_order=True).items():
        of_kind = np.flatnonzero((kind == name).fill_null(False).to_numpy() & loud)
        at = events["timestamp"].to_numpy()
        last = np.searchsorted(at, time[of_kind] + window, side="right") - 1
        reached = (last >= 0) & (at[np.maximum(last, 0)] > time[of_kind])
        for event in np.unique(last[reached]).tolist():
            chosen = of_kind[reached & (last == event)]
            own_day = fading(float(day_ms) * (at[event] // day_ms - time[chosen] // day_ms))
            by = Quantiles.of_row(events.row(event, named=True))
            score[chosen] = normalised_score(by.ln_p(ln_p[chosen], own_day), bucket_span_ms)
            if scope is not None:
                inside = of_kind[(time[of_kind] >= at[event] - window) & (time[of_kind] < at[event]) & ~forgotten[of_kind]]
                score[chosen] = np.minimum(score[chosen], _ceiling(-ln_p, scope, chosen, inside))
    return score


def _codes(rows: pl.DataFrame, scope: tuple[str, ...]) -> Ints | None:
    if not scope:
        return None
    return rows.select(pl.struct(scope).rank("dense").cast(pl.Int64)).to_series().to_numpy()


def _ceiling(surprise: Floats, scope: Ints, chosen: Ints, inside: Ints) -> Floats:
    """What the most surprising result of the same scope leaves room for.

    The reference engine compares raw scores (section 7), which leaves next to nothing beside a gross outlier; logarithms of
    surprises rank the others below it without hiding them.
    """
    most = np.zeros(int(scope.max()) + 1)
    np.maximum.at(most, scope[inside], surprise[inside])
    ratio = ln_1p(surprise[chosen]) / ln_1p(np.maximum(most[scope[chosen]], surprise[chosen]))
    return np.asarray(100.0 * np.minimum(1.5 * ratio, 0.5 + 0.5 * ratio))
