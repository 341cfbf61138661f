"""Reading a store: jobs, results, history, snapshots. Needs no lock, whoever writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import polars as pl
import sqlalchemy as sa

from barograph.config.errors import NotFound, StorageFailure
from barograph.config.job import Job
from barograph.engine.exclusions import Exclusion
from barograph.results.arrays import Disk
from barograph.results.snapshot import Reduce, Snapshot, Wanted
from barograph.scoring.normalise import Quantiles
from barograph.store import (
    blamed,
    documents,
    entity_scores,
    forecasts,
    forest_results,
    found_records,
    history,
    job_rows,
    lanes,
    query,
    rows,
    tables,
)
from barograph.store.blamed import BlamedQuery
from barograph.store.database import Database
from barograph.store.documents import Level, Message
from barograph.store.files import Checked, JobFiles
from barograph.store.forecasts import SavedForecast
from barograph.store.forest_results import TopQuery
from barograph.store.found_records import FoundRecords
from barograph.store.history import HistoryFile, Span
from barograph.store.job_rows import InputProgress, JobSummary, Listing, ResumePoint
from barograph.store.keyed import keyed
from barograph.store.lanes import LanesOf
from barograph.store.parts import Marks, parts
from barograph.store.query import Page, Query, ResultTable
from barograph.store.records_query import RecordsQuery
from barograph.store.scored_rows import read_quantiles
from barograph.store.scratch import Scratch
from barograph.store.snapshots import SavedSnapshot, load
from barograph.store.timing import Timing, timing

T = TypeVar("T")

_ALL = Query()
_ALWAYS = Span()


class Reader:
    """What can be asked of a store.

    Every method that takes a `job_id` raises `NoSuchJob` when there is no such job, and `StorageFailure` when the database
    cannot be read or a file that it lists is gone or damaged.
    """

    def __init__(self, database: Database, files: Path) -> None:
        self._database = database
        self._files = files
        self._checked: Checked = {}

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One state of the database for several functions of a module of this room, such as `alerts`."""
        with self._database.read() as connection:
            yield connection

    @property
    def store_id(self) -> str:
        """The store's random name; its files lie in a folder of this name."""
        return self._files.name

    def job(self, job_id: str) -> Job:
        """A job's configuration."""
        with self._database.read() as connection:
            return Job.model_validate_json(job_rows.job_row(connection, job_id).config)

    def jobs(self) -> list[JobSummary]:
        """All jobs, by id."""
        with self._database.read() as connection:
            return job_rows.summaries(connection)

    def summary(self, job_id: str) -> JobSummary:
        """One job as `jobs` lists it."""
        with self._database.read() as connection:
            return job_rows.summary(connection, job_id)

    def commits(self, job_id: str) -> int:
        """The number of the job's last commit: whatever changes its results makes it larger."""
        with self._database.read() as connection:
            return int(job_rows.job_row(connection, job_id).commits)

    def parts(self, job_id: str, part_ms: int) -> dict[int, Marks]:
        """What tells whether the results of each part of time are as they were. See `store.parts`."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return parts(connection, job_id, part_ms)

    def resume(self, job_id: str, reduced: Mapping[str, Reduce] = MappingProxyType({})) -> ResumePoint | None:
        """Where the job goes on, with arrays of its snapshot as `reduced`; None when nothing has been committed yet."""

        def read(connection: sa.Connection, listed: Listing) -> ResumePoint | None:
            counts = job_rows.counts(connection, job_id)
            if not listed.snapshots or counts is None:
                return None
            snapshot = load(self._job_files(job_id), listed.snapshots[-1], reduced)
            return ResumePoint(snapshot, counts, job_rows.progress(connection, job_id))

        return self._read_files(job_id, read)

    def newest_snapshot(
        self, job_id: str, reduced: Mapping[str, Reduce] = MappingProxyType({}), wanted: Wanted = lambda _: True
    ) -> Snapshot | None:
        """The snapshot that the job goes on from; see `Snapshot.read`. None before the first."""

        def read(_: sa.Connection, listed: Listing) -> Snapshot | None:
            return load(self._job_files(job_id), listed.snapshots[-1], reduced, wanted) if listed.snapshots else None

        return self._read_files(job_id, read)

    def records(self, job_id: str, asked: Query = _ALL) -> Page:
        """Records, the highest scores first unless asked otherwise; columns as `schema.RECORDS`."""
        with self._database.read() as connection:
            page = self._page(connection, job_id, query.RECORDS, asked)
            keys = list(zip(page.rows["timestamp"].to_list(), page.rows["seq"].to_list(), strict=True))
            influences = _influencers(connection, job_id, keys)
        names = [column.name for column in query.RECORDS.columns]
        return Page(rows.with_influencers(page.rows, rows.influence_frame(influences))[names], page.total)

    def buckets(self, job_id: str, asked: Query = _ALL) -> Page:
        """Buckets, in the order of time unless asked otherwise; columns as `schema.BUCKETS`."""
        with self._database.read() as connection:
            return self._page(connection, job_id, query.BUCKETS, asked)

    def influencers(self, job_id: str, asked: Query = _ALL) -> Page:
        """Influencers, the highest scores first unless asked otherwise; columns as `schema.INFLUENCERS`."""
        with self._database.read() as connection:
            return self._page(connection, job_id, query.INFLUENCERS, asked)

    def bucket_influencers(self, job_id: str, asked: Query = _ALL) -> Page:
        """Bucket influencers, in the order of time unless asked otherwise; columns as `schema.BUCKET_INFLUENCERS`."""
        with self._database.read() as connection:
            return self._page(connection, job_id, query.BUCKET_INFLUENCERS, asked)

    def annotations(self, job_id: str, asked: Query = _ALL) -> Page:
        """Annotations, in the order of time unless asked otherwise; columns as `schema.ANNOTATIONS`. They have no score."""
        with self._database.read() as connection:
            return self._page(connection, job_id, query.ANNOTATIONS, asked)

    def forest_results(self, job_id: str, asked: Query = _ALL, *, anomalies_only: bool = False) -> Page:
        """What the forests of a job have found, in the order of time unless asked otherwise; columns as
        `schema.FOREST_RESULTS`. The lowest score of a query is that of `anomaly_grade`."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return forest_results.page(connection, job_id, asked, anomalies_only=anomalies_only)

    def forest_top(self, job_id: str, columns: Sequence[str], asked: TopQuery) -> pl.DataFrame:
        """The entities with the worst anomalies, or the most. See `forest_results.top`."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return forest_results.top(connection, job_id, columns, asked)

    def _page(self, connection: sa.Connection, job_id: str, table: ResultTable, asked: Query) -> Page:
        job_rows.job_row(connection, job_id)
        fetched = connection.execute(table.select(job_id, asked)).all()
        total = connection.execute(table.count(job_id, asked)).scalar_one()
        return Page(rows.frame_of(fetched, table.flat), total)

    def highest_scores(self, job_ids: Sequence[str], window_ms: int, asked: Query = _ALL) -> pl.DataFrame:
        """The highest bucket score of each of several jobs in each window of time, for those that have a bucket in it.

        Args:
            job_ids: the jobs.
            window_ms: length of a window; the first begins at epoch 0.
            asked: which buckets; `min_score`, order and size mean nothing here.

        Returns:
            `window` (its start, epoch ms), `job_id`, `score`, `interim` (1: the highest may be of a bucket that is still open).
        """
        with self._database.read() as connection:
            return query.highest_scores(connection, job_ids, window_ms, asked)

    def lane_scores(self, job_ids: Sequence[str], of: LanesOf, window_ms: int, asked: Query = _ALL) -> pl.DataFrame:
        """The highest score of each of several things in each window of time. See `lanes.highest`."""
        with self._database.read() as connection:
            return lanes.highest(connection, job_ids, of, window_ms, asked)

    def found_records(self, asked: RecordsQuery) -> FoundRecords:
        """A page of records of several jobs, with their influencers. See `found_records`."""
        with self._database.read() as connection:
            found = found_records.found_records(connection, asked)
            keys = found.rows.group_by("job_id").agg(pl.struct("timestamp", "seq").alias("keys"))
            influences = {
                job_id: rows.influence_frame(_influencers(connection, job_id, [(key["timestamp"], key["seq"]) for key in of]))
                for job_id, of in keys.iter_rows()
            }
        return replace(found, rows=found_records.with_influencers(found.rows, influences))

    def records_extent(self, asked: RecordsQuery) -> tuple[int | None, int | None]:
        """The times of the first and the last record of a query, epoch ms; None without any."""
        with self._database.read() as connection:
            return found_records.extent(connection, asked)[:2]

    def blamed(self, asked: BlamedQuery) -> pl.DataFrame:
        """Who is to blame over several jobs. See `blamed`."""
        with self._database.read() as connection:
            return blamed.blamed(connection, asked)

    def entity_scores(self, job_id: str, detectors: Sequence[int], asked: Query = _ALL) -> pl.DataFrame:
        """The highest record score of each series of some detectors that has one. See `entity_scores`."""
        with self._database.read() as connection:
            return entity_scores.entity_scores(connection, job_id, detectors, asked)

    def bucket_values(self, job_id: str, span: Span = _ALWAYS, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Bucket values in the order of time; columns as `schema.BUCKET_VALUES`, or those of them that are named."""
        return self._history(job_id, "bucket_values", span, columns)

    def influencer_shares(self, job_id: str, span: Span = _ALWAYS) -> pl.DataFrame:
        """Influencers' own values in the order of time; columns as `schema.INFLUENCER_SHARES`."""
        return self._history(job_id, "influencer_shares", span)

    def _history(self, job_id: str, kind: str, span: Span, columns: Sequence[str] | None = None) -> pl.DataFrame:
        files = self._job_files(job_id)

        def read(_: sa.Connection, listed: Listing) -> pl.DataFrame:
            return history.read(files, [file for file in listed.history if file.kind == kind], kind, span, columns)

        return self._read_files(job_id, read)

    def quantiles(self, job_id: str) -> pl.DataFrame:
        """What scores have been normalised by, in the order of time; columns as `schema.QUANTILES`."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return read_quantiles(connection, job_id)

    def quantiles_at(self, job_id: str, kind: str, time_ms: int) -> Quantiles | None:
        """The quantiles that results of a kind were first normalised by at a time; None before the first day had ended."""
        c = tables.QUANTILES.c
        with self._database.read() as connection:
            newest = sa.select(sa.func.max(c.timestamp)).where(c.job_id == job_id, c.kind == kind, c.timestamp <= time_ms)
            quantiles = read_quantiles(connection, job_id, c.kind == kind, c.timestamp == newest.scalar_subquery())
        return Quantiles.of_row(quantiles.row(0, named=True)) if len(quantiles) else None

    def progress(self, job_id: str) -> dict[str, InputProgress]:
        """How far a job has read each of its files, by absolute path."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return job_rows.progress(connection, job_id)

    def snapshots(self, job_id: str) -> list[SavedSnapshot]:
        """The snapshots that are kept, oldest first; the last is the one to resume from."""
        return list(self._listing(job_id).snapshots)

    def scratch(self, job_id: str) -> Disk:
        """Where a job's series may sleep: files without names, beside its own."""
        return Scratch(self._files / job_id)

    def snapshot(self, job_id: str, snapshot_id: str) -> Snapshot:
        """One of the snapshots that are kept."""

        def read(_: sa.Connection, listed: Listing) -> Snapshot:
            by_id = {snapshot.snapshot_id: snapshot for snapshot in listed.snapshots}
            if snapshot_id not in by_id:
                raise NotFound(f"snapshot_id={snapshot_id!r}: wanted one of {', '.join(by_id) or 'none: the job has none'}")
            return load(self._job_files(job_id), by_id[snapshot_id])

        return self._read_files(job_id, read)

    def forecasts(self, job_id: str) -> list[SavedForecast]:
        """The forecasts that are kept, oldest first."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return [forecast for forecast in forecasts.listed(connection, job_id) if forecast.bytes is not None]

    def forecast(self, job_id: str, forecast_id: str | None = None) -> tuple[SavedForecast, pl.DataFrame]:
        """One of the forecasts that are kept, the newest unless it is named, with its rows: columns as `schema.FORECASTS`."""
        saved = self._saved_forecast(job_id, forecast_id)
        return saved, forecasts.read(self._job_files(job_id), saved)

    def _saved_forecast(self, job_id: str, forecast_id: str | None) -> SavedForecast:
        by_id = {forecast.forecast_id: forecast for forecast in self.forecasts(job_id)}
        name = next(reversed(by_id), None) if forecast_id is None else forecast_id
        if name not in by_id:
            wanted = f"one of {', '.join(by_id)}" if by_id else "none: the job has none"
            raise NotFound(f"forecast_id={name!r}: wanted {wanted}")
        return by_id[name]

    def timing(self, job_id: str) -> Timing:
        """How long a job's finished buckets took."""
        with self._database.read() as connection:
            return timing(connection, job_id)

    def documents(self, kind: str) -> dict[str, str]:
        """All documents of a kind, by name, in the order of the names."""
        with self._database.read() as connection:
            return documents.of_kind(connection, kind)

    def document(self, kind: str, name: str) -> str | None:
        """A document; None when there is none."""
        with self._database.read() as connection:
            return documents.one(connection, kind, name)

    def messages(self, job_ids: Sequence[str], levels: Sequence[Level], most: int) -> tuple[list[tuple[str, Message]], int]:
        """What happened to jobs, newest first: `most` of it, each with its job, and how much there is."""
        with self._database.read() as connection:
            return documents.messages(connection, job_ids, levels, most)

    def forgotten(self, job_id: str) -> tuple[Exclusion, ...]:
        """What the job's models are not to have seen, in the order in which it was forgotten."""
        with self._database.read() as connection:
            job_rows.job_row(connection, job_id)
            return job_rows.forgotten(connection, job_id)

    def history_from(self, job_id: str) -> int | None:
        """The first bucket, epoch ms, of which all values are kept; None when none have expired."""
        with self._database.read() as connection:
            history_from: int | None = job_rows.job_row(connection, job_id).history_from
            return history_from

    def history_files(self, job_id: str) -> list[HistoryFile]:
        """The history's files, oldest first."""
        return list(self._listing(job_id).history)

    def _listing(self, job_id: str) -> Listing:
        with self._database.read() as connection:
            return job_rows.listing(connection, job_id)

    def _read_files(self, job_id: str, read: Callable[[sa.Connection, Listing], T]) -> T:
        """Read listed files. A commit meanwhile may merge or outdate one; then the listing has changed, and is read again."""
        before: set[str] | None = None
        while True:
            with self._database.read() as connection:
                listed = job_rows.listing(connection, job_id)
                try:
                    return read(connection, listed)
                except FileNotFoundError as error:
                    if listed.files == before:
                        raise StorageFailure(
                            f"job {job_id!r}: wanted the file {error.filename or error}, which is gone; "
                            "'barograph store check' says what can be saved"
                        ) from error
                    before = listed.files

    def _job_files(self, job_id: str) -> JobFiles:
        return JobFiles(self._files / job_id, self._checked)


def _influencers(connection: sa.Connection, job_id: str, keys: Sequence[tuple[int, int]]) -> list[sa.Row[Any]]:
    """The influencers of records, given their `timestamp` and `seq`; those of one record by rank."""
    c = tables.RECORD_INFLUENCER.c
    chosen = sa.select(*(column for column in c if column.name not in {"job_id", "rank"}))
    ordered = chosen.order_by(c.timestamp, c.seq, c.rank)
    return list(keyed(connection, ordered, [(job_id, *key) for key in keys], c.job_id, c.timestamp, c.seq))
