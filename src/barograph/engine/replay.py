"""Models and results made anew from kept bucket values, through the same stages as live rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.buckets import NOT_BEGUN, Buckets, Cells, DetectorValues, FinishedBuckets, KnownSeries, from_history
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.engine.exclusions import Exclusion
from barograph.engine.pipeline import PREFIXES, Pipeline
from barograph.results.arrays import Bools, Disk, Ints
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot, under

_VALUES: Final = ("timestamp", "detector_index", "series", "actual", "weight", "mean")

NOTHING_BEFORE: Final = -(2**62)
"""A bucket before every other."""

_ALL_OVER_MS: Final = 2**62
"""Every row comes before this time."""


@dataclass(frozen=True)
class KeptBuckets:
    """What the history holds of some buckets.

    Attributes:
        values: rows of `schema.BUCKET_VALUES` with the columns `columns_of` at least, in the order in which they were written.
        shares: rows of `schema.INFLUENCER_SHARES`, in the order in which they were written.
        filled: int64, start of each bucket with rows, epoch ms, ascending.
        events: int64, the rows in each of them.
    """

    values: pl.DataFrame
    shares: pl.DataFrame
    filled: Ints
    events: Ints


class Replay:
    """A pipeline that learns a job's history from its beginning. It cannot tell it from live rows.

    An unchanged job gives the same results, and the same snapshot, to the last bit.
    """

    def __init__(
        self, job: Job, pipeline: Pipeline, known: Sequence[KnownSeries], exclusions: Sequence[Exclusion], start: int
    ) -> None:
        self._job = job
        self._pipeline = pipeline
        self._known = known
        self._first = [np.where(series.first_bucket < start, series.first_bucket, NOT_BEGUN) for series in known]
        self._exclusions = exclusions

    @classmethod
    def build(
        cls,
        job: Job,
        newest: Snapshot,
        exclusions: Sequence[Exclusion] = (),
        threads: int = 0,
        knowledge: Knowledge | None = None,
        disk: Disk | None = None,
    ) -> "Replay":
        """A replay that has learned nothing yet.

        Args:
            job: the job.
            newest: its newest snapshot: which series there are, and in which order. What its models have learned is not read.
            exclusions: what the models are not to see.
            threads: how many threads share the series; 0 is one a core.
            knowledge: what the user knows, as if it had been known from the beginning; None: what the job's own rules say.
            disk: as for an engine.
        """
        return cls(
            job,
            Pipeline.build(job, None, threads, knowledge or Knowledge.of(job), disk),
            known_series(job, newest),
            exclusions,
            NOTHING_BEFORE,
        )

    @classmethod
    def since(
        cls,
        job: Job,
        old: Snapshot,
        start: int,
        newest: Snapshot,
        exclusions: Sequence[Exclusion] = (),
        threads: int = 0,
        knowledge: Knowledge | None = None,
        disk: Disk | None = None,
    ) -> "Replay":
        """A replay that goes on from what an old snapshot has learned.

        Args:
            job: as for `build`.
            old: a snapshot of which all that it has learned is still to be so: nothing before its end is newly forgotten or
                remembered, and nothing before it is hidden.
            start: the first bucket that it had not finished.
            newest: as for `build`.
            exclusions: as for `build`.
            threads: as for `build`.
            knowledge: as for `build`.
            disk: as for `build`.

        Raises:
            OtherVersion: another version learned it.
        """
        return cls(
            job,
            Pipeline.build(job, old.arrays, threads, knowledge or Knowledge.of(job), disk),
            known_series(job, newest),
            exclusions,
            start,
        )

    def add(self, start: int, end: int, kept: KeptBuckets) -> Iterator[Results]:
        """Learn the buckets [start, end) (numbers: epoch ms divided by the span), which follow the last ones that were.

        Either none of them or all of them must be forgotten in part. Yields their results, piece by piece and without counts,
        and learns as far as these are taken; of buckets that are forgotten they are not what a person wants to see.
        """
        if self._not_begun(start, end):
            return
        values = kept.values
        if not (values["weight"] > 0).all():
            values = values.filter(pl.col("weight") > 0)  # the others are not data: bounds were asked for
        detectors = tuple(self._detector(at, start, end, values, kept.shares) for at in range(len(self._known)))
        span_ms = self._job.bucket_span_ms
        yield from self._pipeline.finish(FinishedBuckets(span_ms, start, end, detectors, kept.filled // span_ms, kept.events))

    def snapshot(self, rows: Snapshot) -> Snapshot:
        """What an engine would remember that has read what `rows` has, and learned what this replay has."""
        about_rows = {name: array for name, array in rows.arrays.items() if not name.startswith(PREFIXES)}
        return Snapshot(about_rows | self._pipeline.snapshot())

    def _detector(self, at: int, start: int, end: int, values: pl.DataFrame, shares: pl.DataFrame) -> DetectorValues:
        known, function, span_ms = self._known[at], self._job.detectors[at].spec, self._job.bucket_span_ms
        # As many series as a live engine had when these buckets were finished, so that snapshots are as large as its own.
        begun = np.flatnonzero(known.first_bucket < end)
        count = int(begun[-1]) + 1 if len(begun) else 0
        hidden = self._hidden(at, start, end, count)
        values, shares = values.filter(detector_index=at), shares.filter(detector_index=at)
        if hidden.any():
            values = values.filter(~hidden[values["series"].to_numpy()])
            # Entities of rows that are not to have come were not there.
            names = known.names(np.flatnonzero(hidden).astype(np.int32))
            shares = shares.join(names, on=names.columns, how="anti", nulls_equal=True, maintain_order="left")
        cells = from_history.cells(function, values, span_ms)
        first = np.where(hidden, NOT_BEGUN, self._begun(at, cells[function.statistic], count))
        return from_history.detector_values(function, known.beginning(first), cells, shares, span_ms)

    def _not_begun(self, start: int, end: int) -> bool:
        """Whether all that came so far is forgotten: a job that had no data there would not have begun yet."""
        spans = [span.buckets(self._job.bucket_span_ms) for span in self._exclusions if not span.entity]
        hidden = any(first <= start and end <= last for first, last in spans)
        return hidden and all((first == NOT_BEGUN).all() for first in self._first)

    def _hidden(self, at: int, start: int, end: int, count: int) -> Bools:
        """The series [S] that the models are not to see in these buckets."""
        hidden = np.zeros(count, np.bool_)
        for exclusion in self._exclusions:
            first, last = exclusion.buckets(self._job.bucket_span_ms, self._job.early_ms(at))
            if first < end and start < last:
                hidden |= exclusion.series(self._job, at, self._known[at], count)
        return hidden

    def _begun(self, at: int, cells: Cells, count: int) -> Ints:
        """The first bucket of each series [S] that the models are to see, known so far."""
        first = self._first[at]
        if NOT_BEGUN not in first:  # nearly always, and there are many cells
            return first[:count]
        news = np.flatnonzero(first[cells.series] == NOT_BEGUN)
        series, bucket = cells.series[news], cells.bucket[news]
        first[series[::-1]] = bucket[::-1]  # in the order of time, so backwards the earliest is the last that is put
        return first[:count]


def columns_of(job: Job) -> tuple[str, ...]:
    """The columns of `schema.BUCKET_VALUES` that a replay reads; the others are what it makes anew, or can do without."""
    several = any(len(detector.spec.statistics) > 1 for detector in job.detectors)
    return (*_VALUES, "function_description") if several else _VALUES


def known_series(job: Job, newest: Snapshot) -> tuple[KnownSeries, ...]:
    """All series that the job's rows have brought, also those of buckets that are still open."""
    buckets = Buckets.build(job, under("buckets", newest.arrays))
    buckets.flush(_ALL_OVER_MS)
    finished = buckets.take()
    return tuple(detector.known for detector in finished.detectors) if finished is not None else ()
