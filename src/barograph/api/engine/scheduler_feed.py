"""The source of a job that reads its rows itself, behind its transforms."""

from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import SecretStr

from barograph.api.engine.rows import Rows
from barograph.api.engine.scheduler_config import source_of
from barograph.api.engine.state import State
from barograph.api.engine.transforms import transformed
from barograph.config.datafeed import Datafeed
from barograph.config.job import Job
from barograph.config.sources import FileSource, SearchSource
from barograph.sources.feed import Feed, FeedPage
from barograph.sources.file_feed import FileFeed
from barograph.sources.remote_feed import RemoteFeed

_FORMATS = {"DELIMITED": "csv", "JSON": "ndjson", "SINGLE_LINE": "lines"}


def own_feed(state: State, datafeed: Datafeed, job: Job) -> Feed | None:
    """The source of a datafeed of this dialect; None of all others.

    Raises:
        BadRequest: it is not there, cannot be read, or lacks a field that the job needs; or the key of its password is gone.
    """
    if datafeed.indices != (source_of(job.job_id),):
        return None
    extras = state.extras(job.job_id)
    scheduler, rows = extras.get("scheduler"), Rows.of(job, extras)
    if scheduler is None:
        return None
    if scheduler["dataSource"] == "FILE":
        return _of_files(scheduler, rows, datafeed, job)
    sealed = scheduler.get("encryptedPassword")
    password = None if sealed is None else state.vault.password(sealed, scheduler["baseUrl"], scheduler["username"])
    return _of_elasticsearch(scheduler, password, rows, datafeed, job)


def _of_files(scheduler: Mapping[str, Any], rows: Rows, datafeed: Datafeed, job: Job) -> "_Files":
    description = rows.wanted.description
    signs = {"delimiter": description.get("fieldDelimiter", ","), "quote": description.get("quoteCharacter", '"')}
    source = FileSource.model_validate({"files": [scheduler["filePath"]], "format": _FORMATS[description["format"]], **signs})
    schema = dict.fromkeys(rows.used, pl.String())

    def prepared(scanned: pl.LazyFrame) -> pl.LazyFrame:
        if not rows.steps:
            return scanned
        return scanned.map_batches(
            lambda frame: transformed(frame, rows.steps).frame.select(pl.col(*rows.used).cast(pl.String())),
            schema=schema,
            streamable=True,
        )

    feed = FileFeed(source_of(job.job_id), source, datafeed, job, prepared)
    return _Files(feed, scheduler["filePath"], job.latency_ms if scheduler.get("tailFile") else None)


def _of_elasticsearch(scheduler: Mapping[str, Any], password: str | None, rows: Rows, datafeed: Datafeed, job: Job) -> Feed:
    source = SearchSource(
        url=SecretStr(scheduler["baseUrl"]),
        indices=",".join(scheduler["indexes"]),
        username=scheduler.get("username"),
        password=None if password is None else SecretStr(password),
    )
    if not rows.steps:
        return RemoteFeed(source_of(job.job_id), source, datafeed, job)
    # What the transforms read, as a job of these fields would ask for it.
    inputs = [name for name in rows.wanted.fields if name != job.time_field]
    analysis = {"detectors": [{"function": "count"}], "influencers": inputs, "bucket_span": f"{job.bucket_span_ms}ms"}
    asking = Job.model_validate({"job_id": job.job_id, "analysis_config": analysis, "data_description": job.data_description})
    return _TransformedFeed(RemoteFeed(source_of(job.job_id), source, datafeed, asking), rows, job)


class _Files:
    """Files that are read by the times of their rows: once, or as they are written to."""

    def __init__(self, feed: FileFeed, pattern: str, latency_ms: int | None) -> None:
        """The files of a pattern; `latency_ms`: how late their rows may come, None: they are all there."""
        self.page_rows, self.page, self.next_time, self.counts = feed.page_rows, feed.page, feed.next_time, feed.counts
        self._feed, self._pattern, self._latency_ms = feed, pattern, latency_ms
        self._state: list[tuple[str, int, int]] | None = None
        self._newest_ms: int | None = None

    def rows_until(self) -> int:
        """As of `RowClock`. While the files are written to, more rows of the newest time may come, and late ones."""
        state = [(path, of.st_size, of.st_mtime_ns) for path in sorted(glob(self._pattern)) for of in (Path(path).stat(),)]
        is_quiet = state == self._state
        if not is_quiet:
            self._state, self._newest_ms = state, self._feed.newest_ms()
        if self._newest_ms is None:
            return 0
        return self._newest_ms + 1 if is_quiet or self._latency_ms is None else self._newest_ms - self._latency_ms


class _TransformedFeed:
    """The rows of a feed behind transforms. The time is the one that the documents have."""

    def __init__(self, feed: Feed, rows: Rows, job: Job) -> None:
        self.page_rows = feed.page_rows
        self._feed, self._rows, self._time = feed, rows, job.time_field

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """See `Feed`."""
        found = self._feed.page(start_ms, end_ms, limit)
        made = transformed(found.frame, self._rows.steps)
        times = found.frame[self._time].filter(made.kept)
        chosen = made.frame.select(name for name in self._rows.used if name in made.frame.columns)
        return FeedPage(chosen.with_columns(times), found.until_ms)

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """See `Feed`."""
        return self._feed.next_time(start_ms, end_ms)

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """See `Feed`."""
        return self._feed.counts(start_ms, end_ms, span_ms)
