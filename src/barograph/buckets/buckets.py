"""Rows in, finished buckets out: the stage between intake and the models."""

from dataclasses import replace

import numpy as np
import polars as pl

from barograph.buckets.accumulator import Accumulator, FinishedCells, Folded
from barograph.buckets.batch import EACH_ONE, Batch
from barograph.buckets.believed_times import BelievedTimes, FirstRow
from barograph.buckets.bucket_counts import BucketCounter
from barograph.buckets.dropped_rows import DroppedRows, uncountable
from barograph.buckets.finished import DetectorValues, FinishedBuckets
from barograph.buckets.from_rows import detector_values
from barograph.buckets.growing_records import NO_LIMIT, NONE, REFUSED
from barograph.buckets.influencers import Influencers
from barograph.buckets.known_series import KnownSeries
from barograph.buckets.refused_rows import RefusedRows
from barograph.buckets.row_times import row_seconds
from barograph.buckets.split_keys import Split, SplitKeys
from barograph.buckets.watermark import Watermark
from barograph.config.detector import Detector
from barograph.config.fields import number_column, place_column, text_column
from barograph.config.functions import Statistic
from barograph.config.job import Job
from barograph.config.splits import ROLES
from barograph.kernels import _fold
from barograph.results.arrays import Bools, Floats, Ids, Ints
from barograph.results.counts import DataCounts
from barograph.results.points import PERIODS
from barograph.results.snapshot import Arrays, prefixed, under

_JOB = Folded(Split((), False), None, "rows")


class Buckets:
    """The open buckets of a job.

    Buckets are epoch-aligned and half-open. A row is late when its bucket was over before it came: when the newest time before
    it, less the latency, had reached the bucket's end. Late rows are dropped and counted. The job's first bucket gives no
    result unless the job's first row lies exactly on its start: the first that came, with a latency the first in time. How rows
    are cut into calls changes nothing, to the last bit. Those of an overlapping detector are half a bucket early: whether a row
    is late does not depend on the detector.

    A row without a value that a detector needs, or without a split value (and no `use_null`), is not there for that detector.
    A row with a summary count of 0, or without one, is not there at all.
    """

    def __init__(self, job: Job, state: Arrays | None, most: int) -> None:
        self._job = job
        self._most = most
        self._weight_field = job.analysis_config.summary_count_field_name
        self._folded_by_detector = [_folded(detector, job.early_ms(at)) for at, detector in enumerate(job.detectors)]
        self._watermark = Watermark.build(job.bucket_span_ms, job.latency_ms, state)
        self._bucket_counter = BucketCounter.build(job.bucket_span_ms, state)
        self._dropped = DroppedRows.build(state)
        self._times = BelievedTimes.build(state)
        self._refused = RefusedRows.build(state)
        self._begin(state)
        self._next = int(state["next_bucket"][0]) if state is not None else _fold.NO_BUCKET

    def _begin(self, state: Arrays | None) -> None:
        """What rows are folded into, without any or as `snapshot` left it."""
        self._splits = SplitKeys(list(dict.fromkeys(folded.split for folded in self._folded_by_detector)), state, self._most)
        self._influencers = Influencers(self._job.influencers, state)
        self._accumulators = {
            folded: Accumulator.build(folded, statistics, self._job.influencers, _under(f"fold{at}", state))
            for at, (folded, statistics) in enumerate(_statistics(self._job, self._folded_by_detector).items())
        }
        self._events = Accumulator.build(_JOB, frozenset({"count"}), (), _under("events", state))

    @classmethod
    def build(cls, job: Job, state: Arrays | None = None, most: int = NO_LIMIT) -> "Buckets":
        """A job that has seen no row, or one that goes on where `snapshot` left it. `job` must be the same then.

        Of each split there are at most `most` series: a row of one more is not there for the detectors of that split.
        """
        return cls(job, state, most)

    @property
    def refused(self) -> RefusedRows:
        """Rows of series that were one too many."""
        return self._refused

    def add(self, time_ms: Ints, columns: pl.DataFrame, number: Ints) -> None:
        """Fold rows [n] into their buckets, in the order given.

        Args:
            time_ms: int64[n], epoch ms.
            columns: the columns of `intake.CleanRows`.
            number: int64[n], the place of each row among the job's rows, for the examples of what was dropped.
        """
        if not len(time_ms):
            return
        placed, watermark = self._watermark.place(time_ms)
        if placed.anew:  # behind other rows: these are taken first, as if they had come in a call of their own
            at = placed.anew  # slices by method: those by brackets forget how many rows a frame without columns has
            self.add(time_ms[:at], columns.slice(0, at), number[:at])
            self.add(time_ms[at:], columns.slice(at), number[at:])
            return
        weight = self._weight(columns)
        if placed.anew is not None:
            self._begin_anew()
        if self._watermark.newest_ms == _fold.NO_BUCKET:
            self._times = replace(
                self._times, first=self._first_row(int(time_ms[0]), columns.slice(0, 1), int(number[0]), weight)
            )
        self._watermark = watermark
        self._times = self._times.after(time_ms, placed.ahead)
        dropped = placed.late | placed.ahead
        fields = self._present(columns, dropped)
        self._dropped = self._dropped.after(time_ms, number, placed, fields, weight, self._weight_field or "")
        keep = ~(dropped | placed.partial)
        if weight is not EACH_ONE:
            keep &= (weight > 0) & ~uncountable(weight)
        if keep.all():
            self._fold(time_ms, placed.bucket, columns, weight)
        elif keep.any():
            kept = weight if weight is EACH_ONE else weight[keep]
            self._fold(time_ms[keep], placed.bucket[keep], columns.filter(keep), kept)

    def _first_row(self, time_ms: int, columns: pl.DataFrame, number: int, weight: Floats) -> FirstRow:
        bad = weight is not EACH_ONE and bool(uncountable(weight)[0])
        return FirstRow(time_ms, number, self._present(columns, np.ones(1, np.bool_)), int(bad))

    def _begin_anew(self) -> None:
        """Forget the first row, which was alone and whose clock was wrong: it is counted as late."""
        self._dropped = self._dropped.without_first(self._times.first)
        self._times = BelievedTimes()
        self._begin(None)

    def _weight(self, columns: pl.DataFrame) -> Floats:
        return EACH_ONE if self._weight_field is None else columns[number_column(self._weight_field)].to_numpy()

    def _present(self, columns: pl.DataFrame, rows: Bools) -> int:
        """How many of the job's fields have a value in these rows; a field that is read in two ways counts once."""
        if not rows.any():
            return 0
        numbers = {number_column(field) for field in self._job.number_fields}
        places = {place_column(field) for field in self._job.place_fields if field not in self._job.number_fields}
        others = (*self._job.number_fields, *self._job.place_fields)
        texts = {text_column(field) for field in self._job.text_fields if field not in others}
        chosen = columns.filter(rows).select(*numbers, *places, *texts)
        return chosen.height * chosen.width - sum(column.null_count() for column in chosen)

    def _fold(self, time_ms: Ints, bucket: Ints, columns: pl.DataFrame, weight: Floats) -> None:
        keys = self._admitted(self._splits.keys(columns), bucket)
        influencers = self._influencers.ids(columns)
        self._events.fold(bucket, np.zeros(len(bucket), np.int32), Batch(weight), {})
        read: dict[tuple[str, str, int], tuple[Batch, Bools | None]] = {}
        for folded, accumulator in self._accumulators.items():
            own, key = (bucket, keys[folded.split]) if not folded.early_ms else self._early(folded, time_ms, keys)
            what = (folded.read, folded.field or "", folded.early_ms if folded.read in PERIODS else 0)
            if what not in read:
                read[what] = self._read(folded, time_ms, own, columns, weight)
            batch, absent = read[what]
            accumulator.fold(own, key if absent is None else _without(key, absent), batch, influencers)

    def _early(self, folded: Folded, time_ms: Ints, keys: dict[Split, Ids]) -> tuple[Ints, Ids]:
        """The buckets and keys [n] of rows for detectors that are early, without those known to be of the job's first bucket.

        Of that one the rows before the job's first are unknown.
        """
        bucket, key = (time_ms + folded.early_ms) // self._job.bucket_span_ms, keys[folded.split]
        return bucket, key if self._job.latency_ms else _without(key, bucket <= self._watermark.start)

    def _read(
        self, folded: Folded, time_ms: Ints, bucket: Ints, columns: pl.DataFrame, weight: Floats
    ) -> tuple[Batch, Bools | None]:
        """What of the rows a folded folds, and which rows lack it; None when no row does."""
        period, span_ms = PERIODS.get(folded.read), self._job.bucket_span_ms
        if period is None:
            return _batch(folded, columns, weight)
        from_ms = bucket * span_ms - folded.early_ms
        return Batch(weight, row_seconds(time_ms, from_ms, span_ms, period, self._job.time_zone)), None

    def _admitted(self, keys: dict[Split, Ids], bucket: Ints) -> dict[Split, Ids]:
        """The keys [n] of rows in buckets [n] without those of series that are too many, which are counted."""
        refused = {split: key == REFUSED for split, key in keys.items()}
        any_refused = np.any(list(refused.values()), axis=0)
        if not any_refused.any():
            return keys
        self._refused = self._refused.after(bucket[any_refused])
        return {split: _without(key, refused[split]) for split, key in keys.items()}

    @property
    def closed_until(self) -> int | None:
        """The first bucket that still takes rows (a number: epoch ms divided by the bucket span); None before the first row."""
        return self._watermark.closed_until

    def flush(self, until_ms: int | None = None) -> None:
        """Finish buckets without waiting for the latency; rows that come for them later are late.

        Args:
            until_ms: finish what ends at or before this time, also beyond the newest row. None: what ends before the bucket
                of the newest row.
        """
        self._watermark = self._watermark.flush(until_ms)

    def skip(self, until_ms: int) -> None:
        """Drop what is open, and begin at the first bucket that starts at a time or later: no bucket may be finished yet."""
        begun = Buckets(self._job, None, self._most)
        begun._watermark, begun._dropped = self._watermark.skip(until_ms), self._dropped
        vars(self).update(vars(begun))

    def empty(self, start_ms: int, end_ms: int) -> None:
        """Take the rows of the open buckets that share a time with `[start_ms, end_ms)` out again, as if they had not come.

        They stay counted, and the newest time stays: only what the buckets hold goes, for rows that take their place.
        """
        self._empty(start_ms // self._job.bucket_span_ms, end_ms)

    def _empty(self, first: int, end_ms: int) -> None:
        for accumulator in (self._events, *self._accumulators.values()):
            accumulator.empty(first, -(-(end_ms + accumulator.folded.early_ms) // self._job.bucket_span_ms))
        self._influencers.forget(self._accumulators.values())

    def take(self) -> FinishedBuckets | None:
        """Hand out the finished buckets since the last call, empty ones too, and forget them; None when there are none."""
        end = self.closed_until
        first = max(self._next, self._watermark.start)
        if end is None or end <= first:
            return None
        if self._next == _fold.NO_BUCKET:
            self._empty(_fold.NO_BUCKET, first * self._job.bucket_span_ms)
        texts = dict(self._influencers.texts)
        cells = {folded: accumulator.finish(end, texts) for folded, accumulator in self._accumulators.items()}
        self._influencers.forget(self._accumulators.values())
        events = self._events.finish(end, {})
        counts = np.rint(events.statistics.column("weight")).astype(np.int64)
        self._bucket_counter = self._bucket_counter.after(first, end, events.bucket, counts)
        self._next = end
        return FinishedBuckets(
            self._job.bucket_span_ms,
            first,
            end,
            tuple(self._detector(at, cells) for at in range(len(self._folded_by_detector))),
            events.bucket,
            counts,
        )

    def still_open(self) -> FinishedBuckets | None:
        """What `take` would hand out if every bucket with rows were over now; None when there is none. Changes nothing."""
        ended = Buckets(self._job, self.snapshot(), self._most)
        ended._watermark = ended._watermark.over()
        return ended.take()

    def _detector(self, at: int, cells: dict[Folded, FinishedCells]) -> DetectorValues:
        folded, function = self._folded_by_detector[at], self._job.detectors[at].spec
        finished = cells[folded]
        known = KnownSeries(finished.first_bucket, finished.key, folded.split, self._splits)
        return detector_values(at, function, known, finished, self._job.bucket_span_ms)

    def names(self, detector_index: int, series: Ids) -> pl.DataFrame:
        """The split values of a detector's series [k]: the columns `SPLIT_VALUES`, all null for a role without a field."""
        folded = self._folded_by_detector[detector_index]
        return self._splits.names(folded.split, self._accumulators[folded].keys[series])

    def split_counts(self) -> dict[str, int]:
        """How many values of partition fields, series by by-fields and values of over fields there are, over all detectors."""
        counts = dict.fromkeys(ROLES, 0)
        for folded, detector in zip(self._folded_by_detector, self._job.detectors, strict=True):
            for role in ("partition", "over"):
                if (field := detector.splits.get(role)) is not None:
                    counts[role] += self._splits.values(field, folded.split.use_null)
            if detector.by_field_name is not None:
                counts["by"] += self._splits.count(folded.split, folded.split.fields.index(detector.by_field_name) + 1)
        return counts

    def counted(self, counts: DataCounts) -> DataCounts:
        """Intake's counts of the rows given to `add`, completed by what only this stage knows.

        Late rows are out of order and not processed; a summary count that is none is a missing one.
        """
        return replace(self._times.counted(self._dropped.counted(counts)), **vars(self._bucket_counter.counts))

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal rows make equal snapshots, however they were cut into calls."""
        arrays, ids = self._influencers.snapshot(self._accumulators.values())
        arrays |= (
            self._watermark.snapshot() | self._bucket_counter.snapshot() | self._dropped.snapshot() | self._splits.snapshot()
        ) | self._times.snapshot()
        arrays |= self._refused.snapshot()
        for at, accumulator in enumerate(self._accumulators.values()):
            arrays |= prefixed(f"fold{at}", accumulator.snapshot(ids))
        arrays |= prefixed("events", self._events.snapshot({}))
        return arrays | {"next_bucket": np.array([self._next])}


def _folded(detector: Detector, early_ms: int) -> Folded:
    spec, field = detector.spec, detector.field_name
    read = spec.field_type if field is not None else spec.statistic if spec.statistic in PERIODS else "rows"
    return Folded(Split.of(detector), field, read, early_ms)  # type: ignore[arg-type]


def _statistics(job: Job, by_detector: list[Folded]) -> dict[Folded, frozenset[Statistic]]:
    wanted: dict[Folded, frozenset[Statistic]] = {}
    for folded, detector in zip(by_detector, job.detectors, strict=True):
        statistics = frozenset(statistic for statistic, _ in detector.spec.statistics)
        wanted[folded] = wanted.get(folded, frozenset()) | statistics
    return wanted


def _batch(folded: Folded, columns: pl.DataFrame, weight: Floats) -> tuple[Batch, Bools | None]:
    """What of the rows a folded folds, and which rows lack it; None when no row does."""
    if folded.field is None:
        return Batch(weight), None
    if folded.read == "place":
        code = columns[place_column(folded.field)].to_numpy()
        missing = np.isnan(code)
        return Batch(weight, place=code), missing if missing.any() else None
    if folded.read == "number":
        value = columns[number_column(folded.field)].to_numpy()
        absent = ~np.isfinite(value)
        return Batch(weight, value=value), absent if absent.any() else None
    column = columns[text_column(folded.field)]
    hashes = np.empty(len(column), np.uint64)
    _fold.hash_texts(column.__arrow_c_stream__(), hashes)
    return Batch(weight, hash=hashes, text=column), column.is_null().to_numpy() if column.null_count() else None


def _without(key: Ids, absent: Bools) -> Ids:
    return np.where(absent, np.int32(NONE), key)


def _under(prefix: str, state: Arrays | None) -> Arrays | None:
    return None if state is None else under(prefix, state)
