"""One datafeed that runs: rows of the past first, then of the present as they become old enough. It never waits itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Literal, Protocol, TypeVar

import polars as pl

from barograph.config.datafeed import Datafeed
from barograph.config.job import Job
from barograph.sources.feed import Feed, RowClock

T = TypeVar("T")
_FEW: Final = 4
"""A page that is less than this part of what is best to read at once is too short."""
_SLOW_MS: Final = 1_000


class Sink(Protocol):
    """The job that is fed."""

    def take(self, frame: pl.DataFrame) -> None:
        """Give it rows."""

    def finish(self, until_ms: int, *, interim: bool) -> None:
        """All rows before a time have come: finish the buckets that end by it, and judge the open ones if wanted."""

    def newest_ms(self) -> int | None:
        """The time of the newest row that it has; None before the first."""

    def counts(self, start_ms: int, end_ms: int) -> dict[int, int]:
        """How many rows it has counted in each finished bucket of a span, by the bucket's start."""

    def close(self) -> None:
        """Close the job."""

    def tell(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """Note something for whoever reads the job's messages."""

    def annotate(self, start_ms: int, end_ms: int, text: str) -> None:
        """Note something of a span, for whoever looks at the job's charts."""


@dataclass
class Searches:
    """What the searches of a datafeed cost.

    Attributes:
        count: how many there were.
        ms: what they took together.
        mean_ms: a mean of what one takes, the newest counting most.
        interval: the span that was searched last.
    """

    count: int = 0
    ms: float = 0.0
    mean_ms: float = 0.0
    interval: tuple[int, int] | None = None


@dataclass
class Feeder:
    """Feeds one job from one source.

    Attributes:
        datafeed: what is fed, and how.
        job: the job.
        feed: the source.
        sink: the job's end.
        position_ms: all rows before it have been given.
        end_ms: where it ends; None never.
        searches: what the searches cost.
        timer: seconds on a clock that only goes forward.
        is_live: the past has been read; what comes now is the present.
    """

    datafeed: Datafeed
    job: Job
    feed: Feed
    sink: Sink
    position_ms: int
    end_ms: int | None
    searches: Searches = field(default_factory=Searches)
    timer: Callable[[], float] = perf_counter
    is_live: bool = False
    _window_ms: int = 0
    _empty: int = 0
    _rows_of_round: int = 0
    _missed: tuple[int, int] = (0, 0)
    _finished_ms: int = 0

    def __post_init__(self) -> None:
        """Go on behind what the job has already."""
        newest, interval = self.sink.newest_ms(), self.datafeed.interval_ms
        if newest is not None:
            self.position_ms = max(self.position_ms, newest + 1)
        if interval is not None:  # whole buckets only, none of them twice
            self.position_ms = -(-self.position_ms // interval) * interval
        self._window_ms = max(100 * self.job.bucket_span_ms, self.datafeed.every_ms(self.job), interval or 0)

    def step(self, now_ms: int) -> int | None:
        """Read a page, or see that there is none yet.

        Returns:
            When to call again, epoch ms (`now_ms`: at once); None when it has come to its end.

        Raises:
            BarographError: the source cannot be read, or the job takes nothing.
        """
        limit = self._limit(now_ms)
        if self.position_ms < limit:
            self._read(limit)
            if self.position_ms < limit:
                return now_ms
        self._end_of_round(limit)
        if self.end_ms is not None and limit >= self._whole(self.end_ms):
            self.sink.tell("info", f"Datafeed [{self.datafeed.datafeed_id}] has read all up to its end")
            self.sink.close()
            return None
        if self._gives_up():
            return None
        self.is_live = True
        every = self.datafeed.every_ms(self.job)
        return ((now_ms - self.datafeed.delay_ms) // every + 1) * every + self.datafeed.delay_ms

    def _limit(self, now_ms: int) -> int:
        """Up to where rows are old enough, in whole steps once it is live."""
        limit = self.feed.rows_until() if isinstance(self.feed, RowClock) else now_ms - self.datafeed.delay_ms
        if self.is_live and not isinstance(self.feed, RowClock):
            every = self.datafeed.every_ms(self.job)
            limit = limit // every * every
        if self.end_ms is not None:
            limit = min(limit, self.end_ms)
        return self._whole(limit)

    def _whole(self, time_ms: int) -> int:
        interval = self.datafeed.interval_ms
        return time_ms if interval is None else time_ms // interval * interval

    def _read(self, limit: int) -> None:
        start, end = self.position_ms, self._chunk_end(limit)
        page = self._timed(start, end, lambda: self.feed.page(start, end, self.feed.page_rows))
        if page.frame.height:
            self.sink.take(page.frame)
            self._rows_of_round += page.frame.height
            self.position_ms = page.until_ms
            self._adapt(page.frame.height, page.until_ms < end)
            return
        following = self._timed(end, limit, lambda: self.feed.next_time(end, limit)) if end < limit else None
        self.position_ms = limit if following is None else max(end, self._whole(following))

    def _chunk_end(self, limit: int) -> int:
        chunking = self.datafeed.chunking_config
        if chunking is not None and chunking.mode == "off":
            return limit
        span = chunking.time_span.ms if chunking is not None and chunking.time_span is not None else self._window_ms
        interval = self.datafeed.interval_ms or 1
        return min(limit, self.position_ms + max(span // interval, 1) * interval)

    def _adapt(self, rows: int, was_cut: bool) -> None:
        """The next span: as long as about a page of rows needs."""
        if was_cut:
            self._window_ms = max(self._window_ms // 2, _SLOW_MS)
        elif rows < self.feed.page_rows // _FEW:
            self._window_ms *= 2

    def _timed(self, start: int, end: int, search: Callable[[], T]) -> T:
        began = self.timer()
        found = search()
        ms = (self.timer() - began) * 1000
        self.searches.count += 1
        self.searches.ms += ms
        self.searches.mean_ms = ms if self.searches.count == 1 else 0.9 * self.searches.mean_ms + 0.1 * ms
        self.searches.interval = (start, end)
        return found

    def _end_of_round(self, limit: int) -> None:
        """All rows up to `limit` are there: finish what ends by it, and look whether rows have come late."""
        if limit > self._finished_ms:
            self.sink.finish(limit, interim=self.end_ms is None or limit < self.end_ms)
            self._finished_ms = limit
        if self.is_live:
            self._empty = 0 if self._rows_of_round else self._empty + 1
        self._rows_of_round = 0
        if self.is_live and self.datafeed.delayed_data_check_config.enabled and self.datafeed.aggregations is None:
            self._check_delayed(limit)

    def _gives_up(self) -> bool:
        most = self.datafeed.max_empty_searches
        if most is None or self._empty < most or self.sink.newest_ms() is not None:
            return False
        self.sink.tell(
            "warning",
            f"Datafeed [{self.datafeed.datafeed_id}] has seen no data in {self._empty} searches: "
            "it is stopped, and the job closed",
        )
        self.sink.close()
        return True

    def _check_delayed(self, limit: int) -> None:
        """Count finished buckets again: rows that have come since were read too early, and belong to no result."""
        span = self.job.bucket_span_ms
        end = limit // span * span - span
        start = max(0, end - self.datafeed.check_window_ms(self.job) // span * span)
        had = self.sink.counts(start, end)
        if not had:
            return
        there = self.feed.counts(min(had), end, span)
        missed = {at: count - had[at] for at, count in there.items() if at in had and count > had[at]}
        total = sum(missed.values())
        if not missed or (total, max(missed)) == self._missed:
            return
        self._missed = (total, max(missed))
        text = (
            f"Datafeed has missed {total} documents due to ingest latency, latest bucket with missing data is [{max(missed)}]. "
            f"Consider increasing query_delay, which is {self.datafeed.delay_ms // 1000}s"
        )
        self.sink.tell("warning", text)
        self.sink.annotate(min(missed), max(missed) + span, text)
