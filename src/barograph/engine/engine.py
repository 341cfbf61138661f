"""The engine: rows in, finished results out. No files, no clock, no network."""

import json
import warnings
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barograph.buckets import Buckets
from barograph.categorize import Categories, definitions, statistics
from barograph.config.duration import DAY_MS, Duration
from barograph.config.errors import BadRequest
from barograph.config.forest import WITHOUT_LEARNING
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.config.load import JobSource, load_job
from barograph.config.moment import iso_text
from barograph.engine.completeness import Arrivals
from barograph.engine.description import described
from barograph.engine.entity import Entity
from barograph.engine.estimate import most_series
from barograph.engine.explain import Explanation, InResults, explain
from barograph.engine.forecast import PERCENTILE, Forecast, TellDone, check_forecast, forecast, tell_nobody
from barograph.engine.pipeline import Pipeline
from barograph.engine.sizes import ARRIVALS, BUCKETS, CATEGORIES, Meter, added
from barograph.intake import Intake, column_of
from barograph.intake.frames import as_frame
from barograph.intake.parse_times import LATEST_MS, parse_times
from barograph.intake.unusable import order_of, unusable
from barograph.models import Horizon, Known
from barograph.results.arrays import Disk
from barograph.results.category import CategorizerStats, CategoryDefinition
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.results.sizes import Sizes
from barograph.results.snapshot import Arrays, Snapshot, prefixed, under

FARTHEST_MS: Final = 366 * DAY_MS  # chosen: nobody waits for rows that long, and seconds, microseconds are further off
_GROWN: Final = 1.05
"""What is held is measured anew when there are so many times as many series as the last time, and with every snapshot."""
_LOOKED_AT: Final = 100_000
"""Rows of a frame by which it is judged whether most can be used: reading all times twice would cost a tenth of a run."""


class Engine:
    """One job's pipeline. The only way in is `build`, the only way out `snapshot`.

    What comes out does not depend on how the rows are cut into frames, on the number of threads, or on snapshots in between.
    """

    def __init__(
        self,
        job: Job,
        intake: Intake,
        categories: Categories | None,
        buckets: Buckets,
        pipeline: Pipeline,
        arrivals: Arrivals,
    ) -> None:
        self.job = job
        self._intake = intake
        self._categories = categories
        self._buckets = buckets
        self._pipeline = pipeline
        self._arrivals = arrivals
        self._peak = self._measured_series = 0

    @classmethod
    def build(
        cls,
        job: JobSource,
        state: Snapshot | None = None,
        knowledge: Knowledge | None = None,
        disk: Disk | None = None,
        threads: int = 0,
    ) -> "Engine":
        """An engine for a job, fresh or resumed.

        Args:
            job: the job, its document as a dictionary, or the path of its file: what `load_job` takes.
            state: what `snapshot` returned, of the same analysis.
            knowledge: what the user knows; None: what the job's own rules say, which may then refer to no filters.
            disk: where series sleep that the job's `model_memory_limit` has no room for; None: all are in memory.
            threads: how many threads share the series; 0 is one a core.

        Raises:
            ConfigError: a rule needs a filter that is not given.
            OtherVersion: the models of the snapshot are of another version.
            ValueError: the snapshot is of another analysis.
        """
        job = load_job(job)
        arrays = {} if state is None else state.arrays
        if state is not None and _decisive(arrays["analysis"].tobytes()) != _decisive(_analysis(job)):
            raise ValueError(f"job {job.job_id!r}: this snapshot is of another analysis")

        def part(name: str) -> Arrays | None:
            return None if state is None else under(name, arrays)

        pipeline = Pipeline.build(job, None if state is None else arrays, threads, knowledge or Knowledge.of(job), disk)
        intake, buckets = Intake.build(job, part("intake")), Buckets.build(job, part("buckets"), most_series(job))
        categories = Categories.build(job, part("categories"))
        return cls(job, intake, categories, buckets, pipeline, Arrivals.build(job, part("arrivals")))

    @property
    def counts(self) -> DataCounts:
        """What was read and dropped since the job began."""
        return self._buckets.counted(self._intake.counts)

    @property
    def refused_rows(self) -> int:
        """Rows of new series since the job began, for which its `model_memory_limit` has no room: they are left out."""
        return self._buckets.refused.rows

    @property
    def categorizer_stats(self) -> tuple[CategorizerStats, ...]:
        """How well categories fit the messages that they are of, by partition."""
        return () if self._categories is None else tuple(statistics(self.job, self._categories))

    def add(self, frame: object) -> Results:
        """Take rows, and return the results of the buckets that they finished.

        Args:
            frame: a DataFrame of any library that speaks Arrow; rows in about the order of their times.

        Raises:
            UnreadableInput: it is not a table, or has no column with the time.
        """
        rows = self._intake.parse(frame)
        columns = rows.columns if self._categories is None else self._categories.add(rows.columns)
        self._buckets.add(rows.time_ms, columns, rows.number)
        return self._finish()

    def flush(self, until: int | None = None, calc_interim: bool = False) -> Results:
        """Close buckets without waiting for more rows, or judge those that are open, or both.

        Rows that come later for a closed bucket are out of order.

        Args:
            until: epoch ms; every bucket that ends at or before it is closed, also empty ones. None closes the buckets before
                the newest row's, which only a latency had kept open; with `calc_interim` it closes none.
            calc_interim: also judge the buckets up to the newest row's that stay open, by what they are likely to become.
                These results are marked `is_interim`. They change nothing: closing a bucket later gives its results all over.

        Raises:
            BadRequest: `until` is no time of this job: more than a year behind its newest row and bucket.
        """
        if until is not None:
            self._check_until(until)
        if until is None and calc_interim:
            return self._interim().but(counts=self.counts)
        self._buckets.flush(until)
        finished = self._finish()
        return Results.concat([finished, self._interim().but(counts=self.counts)]) if calc_interim else finished

    def skip(self, until: int) -> Results:
        """Leave out the buckets before the first that starts at a time or later: no results, nothing learnt, and rows dropped.

        Once buckets are finished the models have a past that must not have holes: then these buckets are closed without rows.
        That nothing is found in them, or learned from them, is for a planned time to say.

        Args:
            until: epoch ms.

        Raises:
            BadRequest: it is no time of this job, as for `flush`.
        """
        self._check_until(until)
        newest = self.counts.latest_bucket_timestamp
        if newest is not None:
            end = -(-until // self.job.bucket_span_ms) * self.job.bucket_span_ms
            self._buckets.empty(newest + self.job.bucket_span_ms, end)
            return self.flush(end)
        self._buckets.skip(until)
        return Results(counts=self.counts, job=self.job)

    def empty(self, start: int, end: int) -> None:
        """Take the rows of buckets that a latency keeps open out again, for others that take their place.

        Args:
            start: epoch ms; the bucket that it lies in is the first.
            end: epoch ms, exclusive: what ends behind it is emptied, too.

        Raises:
            BadRequest: a detector is overlapping: of its buckets some would lose the half of their rows that stay.
        """
        if any(detector.overlapping for detector in self.job.detectors):
            wanted = "one without overlapping detectors, whose buckets lie in two others"
            raise BadRequest(f"job {self.job.job_id!r}: wanted {wanted}")
        self._buckets.empty(start, end)

    def _check_until(self, until: int) -> None:
        """All rows before `until` would be late for good, so a typing error there ends a job."""
        counts = self.counts
        known = [time for time in (counts.latest_record_timestamp, counts.latest_bucket_timestamp) if time is not None]
        most = max(known) + FARTHEST_MS if known else LATEST_MS
        if not 0 <= until <= most:
            behind = "the year 2199" if not known else f"a year after the newest row, {iso_text(max(known), ZoneInfo('UTC'))}"
            raise BadRequest(f"until={until}: wanted epoch ms, from 0 to {most} ({behind})")

    def explain(self, results: Results, time_ms: int, entity: Sequence[tuple[str, str]] = ()) -> tuple[Explanation, ...]:
        """Explain the bucket that a time lies in, for every series of an entity: why it scores what it scores.

        Args:
            results: all results of this engine so far, joined: its past lies in their bucket values and quantiles.
            time_ms: epoch ms, in a finished bucket.
            entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.

        Raises:
            BadRequest: no series is what was asked for, or the bucket is not finished.
        """
        past = InResults(results, time_ms, self.job, self._pipeline.knowledge)
        return tuple(explain(self.job, self.snapshot(), past, time_ms, entity))

    def describe(self, entity: tuple[tuple[str, str], ...] = ()) -> pl.DataFrame:
        """What the models believe about each series now, in words and numbers: rows of `schema.DESCRIPTIONS`.

        Args:
            entity: values of partition or by fields, by field name; a series must have them all. Empty is every series, which
                takes about 50 us each.

        Raises:
            BadRequest: no detector is split by all fields of the entity.
        """
        return described(self.job, self._pipeline.series_stages, self._buckets.names, entity)

    def forecast(
        self,
        duration: Duration | str,
        percentile: float = PERCENTILE,
        entity: Entity = (),
        tell: TellDone = tell_nobody,
    ) -> Forecast:
        """What all series that can be forecast are expected to do after the newest finished bucket. Nothing is learnt.

        Args:
            duration: how far, such as `14d`; of a part of a bucket nothing is said.
            percentile: share of values that are to lie inside the bounds, more than 0 and less than 100.
            entity: values of partition or by fields, by field name; a series must have them all. Empty is every series.
            tell: told how many series are done, of how many, now and then; what it raises ends the forecast.

        Raises:
            BadRequest: no bucket is finished yet, the duration or the percentile cannot be, or no series is of the entity.
        """
        far = _duration(duration)
        check_forecast(self.job, far, percentile)
        newest, span_ms = self.counts.latest_bucket_timestamp, self.job.bucket_span_ms
        if newest is None:
            raise BadRequest(
                f"job {self.job.job_id!r}: wanted a job that has finished a bucket; there is nothing to forecast yet"
            )
        ask = Horizon(newest + span_ms, far.ms // span_ms, percentile)
        return forecast(self.job, self._pipeline.series_stages, self._buckets.names, ask, entity, tell)

    def known(self) -> Known:
        """What the models know of all series together, and what not yet."""
        return sum((stage.model.known() for stage in self._pipeline.series_stages), Known())

    def know(self, knowledge: Knowledge) -> None:
        """From the next bucket on that is finished, this is what the user knows."""
        self._pipeline.know(knowledge)

    def snapshot(self) -> Snapshot:
        """All that must be kept to go on as if nothing had happened. Equal histories give equal bytes."""
        arrays: Arrays = {"analysis": np.frombuffer(_analysis(self.job), dtype=np.uint8)}
        arrays |= prefixed("intake", self._intake.snapshot()) | prefixed("buckets", self._buckets.snapshot())
        arrays |= prefixed("arrivals", self._arrivals.snapshot())
        if self._categories is not None:
            arrays |= prefixed("categories", self._categories.snapshot())
        return Snapshot(arrays | self._pipeline.snapshot(), self._measure())

    def _finish(self) -> Results:
        closed = self._buckets.take()
        if closed is None:
            return Results(counts=self.counts, job=self.job)
        self._arrivals.add(closed)
        results = Results.concat(self._pipeline.finish(closed)).but(counts=self.counts)
        if self._pipeline.n_series > _GROWN * self._measured_series:
            self._measure()
        return results

    def _measure(self) -> Sizes:
        """What is held now; series that there is no room for sleep from now on."""
        meter = Meter()
        own = {BUCKETS: meter.bytes(self._buckets), CATEGORIES: meter.bytes(self._categories)}
        parts = added(own, {ARRIVALS: meter.bytes(self._arrivals)}, self._pipeline.sizes(meter))
        total = sum(parts.values())
        self._peak, self._measured_series = max(self._peak, total), self._pipeline.n_series
        self._pipeline.make_room(total - self._pipeline.awake_bytes())
        refused = self._buckets.refused
        return Sizes(parts, self._peak, self._pipeline.asleep, refused.rows, refused.buckets, self._pipeline.left_out)

    def _interim(self) -> Results:
        """What the open buckets would give if they were over, their growing values estimated; by copies."""
        still_open = self._buckets.still_open()
        if still_open is None:
            return Results(job=self.job)
        completeness = self._arrivals.completeness(still_open)
        return Results.concat(self._pipeline.copy().finish(still_open, completeness)).as_interim()


def split_counts(job: Job, state: Snapshot) -> dict[str, int]:
    """How many values of `partition` fields, series by `by` fields and values of `over` fields a snapshot knows.

    No model is built for that: a server asks it of all of its jobs at once.
    """
    return Buckets.build(job, under("buckets", state.arrays)).split_counts()


def known_categories(job: Job, state: Snapshot) -> tuple[list[CategoryDefinition], list[CategorizerStats]]:
    """The categories of messages that a snapshot knows, by id, and how well they fit, by partition; none without messages."""
    categories = Categories.build(job, under("categories", state.arrays))
    return ([], []) if categories is None else (definitions(job, categories), statistics(job, categories))


def _duration(given: Duration | str) -> Duration:
    try:
        return Duration.parse(given)
    except ValueError as error:
        raise BadRequest(f"duration={given!r}: wanted {error}") from None


def _analysis(job: Job) -> bytes:
    """What a snapshot is tied to: the settings that decide what the state means, whatever words they are written in."""
    config = job.analysis_config.model_dump(mode="json", exclude={"detectors": {"__all__": {"detector_description"}}})
    spans = {name: span.ms for name, span in job.analysis_config if isinstance(span, Duration)}
    return json.dumps([config | spans, job.time_zone, job.seed, *_forest(job)], sort_keys=True).encode()


def _forest(job: Job) -> list[Any]:
    if job.forest_config is None:
        return []
    free: Any = set(WITHOUT_LEARNING)
    features = {"features": {"__all__": {"feature_name"}}}
    return [job.forest_config.model_dump(mode="json", exclude=dict.fromkeys(free, True) | features)]


def _decisive(analysis: bytes) -> Any:
    """The same without what may change while a job goes on: rules, how long series are kept, when categories are given up."""
    config, *others = json.loads(analysis)
    defaults = {"overlapping": False}  # snapshots of older versions have none
    detectors = [
        {name: value for name, value in (defaults | one).items() if name != "custom_rules"} for one in config["detectors"]
    ]
    categories = {**config["per_partition_categorization"], "stop_on_warn": None}
    free = {"detectors": detectors, "model_prune_window": None, "per_partition_categorization": categories}
    return [config | free, *others]


def run(job: JobSource, frame: object) -> Results:
    """Analyse a whole frame at once.

    The bucket of the newest row is left open, as more rows may belong to it; `Engine.flush` closes it. When most rows cannot be
    used, a warning (`UserWarning`) says why that is likely; another tells of rows of series that there is no room for.

    Args:
        job: the job, its document as a dictionary, or the path of its file: what `load_job` takes.
        frame: a DataFrame of any library that speaks Arrow.

    Raises:
        ConfigError: the job cannot be used.
        UnreadableInput: the frame is not a table, or has no column with the time.
    """
    engine, rows = Engine.build(job), as_frame(frame)
    _warn(engine.job, rows.head(_LOOKED_AT))
    results = Results.concat([engine.add(rows), engine.flush()])
    if engine.refused_rows:
        limit, most = engine.job.analysis_limits.model_memory_limit, most_series(engine.job)
        refused = f"{engine.refused_rows:,} rows of new series are left out"
        room = f"model_memory_limit={limit!r} has room for {most:,} series of each detector"
        warnings.warn(f"job {engine.job.job_id!r}: {refused}: {room}", stacklevel=2)
    return results


def _warn(job: Job, frame: pl.DataFrame) -> None:
    values = column_of(frame, job.time_field)
    cause = unusable(job, frame, values)
    if cause is None and values is not None:
        order = order_of(parse_times(values, job).drop_nulls().to_numpy(), job)
        if order.left_out > 0.5:
            what = "newest first" if order.newest_first else "not in the order of time"
            cause = f"the rows are {what}; sort them by {job.time_field!r}"
    if cause is not None:
        warnings.warn(f"job {job.job_id!r}: most rows are left out: {cause}", stacklevel=3)
