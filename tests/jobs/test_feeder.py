"""A datafeed reads each row once, in time order, never too early, and says when rows came too late."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest

from barograph.config.datafeed import Datafeed
from barograph.config.errors import UnreadableInput
from barograph.config.job import Job
from barograph.jobs.feeder import Feeder
from barograph.sources.feed import FeedPage, cut, with_times

MINUTE = 60_000
JOB = Job.model_validate(
    {
        "job_id": "j",
        "data_description": {"time_field": "t"},
        "analysis_config": {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "v"}]},
    }
)


@dataclass
class Rows:
    """A source of rows that are known beforehand."""

    times: list[int]
    spans: list[tuple[int, int]] = field(default_factory=list)
    page_rows: int = 1_000

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        self.spans.append((start_ms, end_ms))
        return with_times(cut(self._rows, "t", (start_ms, end_ms), limit), "t")

    def _rows(self, start_ms: int, end_ms: int, limit: int | None) -> pl.DataFrame:
        found = sorted(t for t in self.times if start_ms <= t < end_ms)
        return pl.DataFrame(
            {"t": pl.Series(found[:limit], dtype=pl.Int64), "v": pl.Series([1.0] * len(found[:limit]), dtype=pl.Float64)}
        )

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        return min((t for t in self.times if start_ms <= t < end_ms), default=None)

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        made: dict[int, int] = {}
        for t in self.times:
            if start_ms <= t < end_ms:
                made[t // span_ms * span_ms] = made.get(t // span_ms * span_ms, 0) + 1
        return made


@dataclass
class Taken:
    """A job that only remembers."""

    times: list[int] = field(default_factory=list)
    finished: list[tuple[int, bool]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    notes: list[tuple[int, int]] = field(default_factory=list)
    is_closed: bool = False

    def take(self, frame: pl.DataFrame) -> None:
        self.times += frame["t"].dt.epoch("ms").to_list()

    def finish(self, until_ms: int, *, interim: bool) -> None:
        self.finished.append((until_ms, interim))

    def newest_ms(self) -> int | None:
        return max(self.times, default=None)

    def counts(self, start_ms: int, end_ms: int) -> dict[int, int]:
        return Rows(self.times).counts(start_ms, end_ms, JOB.bucket_span_ms)

    def close(self) -> None:
        self.is_closed = True

    def tell(self, _level: str, text: str) -> None:
        self.told.append(text)

    def annotate(self, start_ms: int, end_ms: int, _text: str) -> None:
        self.notes.append((start_ms, end_ms))


def datafeed(**more: Any) -> Datafeed:
    return Datafeed.model_validate({"datafeed_id": "d", "job_id": "j", "indices": ["i"], "query_delay": "60s", **more})


def run(feeder: Feeder, now_ms: int) -> int | None:
    """Steps until it waits for a later time, or ends."""
    due: int | None = now_ms
    while due == now_ms:
        due = feeder.step(now_ms)
    return due


def test_the_past_is_read_once_in_order_whatever_the_gaps() -> None:
    times = [*range(0, 100 * MINUTE, 7_000), *range(10**11, 10**11 + 50 * MINUTE, 7_000)]
    source, sink = Rows(times), Taken()
    assert run(Feeder(datafeed(), JOB, source, sink, 0, 2 * 10**11), 3 * 10**11) is None
    assert sink.times == times
    assert sink.is_closed
    assert len(source.spans) < 40  # gaps are leapt over, not searched through


def test_rows_are_left_alone_until_they_are_old_enough() -> None:
    start = 10**9 * MINUTE
    source, sink = Rows([start + at * 1_000 for at in range(600)]), Taken()
    feeder = Feeder(datafeed(), JOB, source, sink, start, None)
    now = start + 5 * MINUTE
    due = run(feeder, now)
    assert max(sink.times) < now - MINUTE
    assert due == start + 6 * MINUTE
    for _ in range(3):
        assert due is not None
        now = due
        due = run(feeder, now)
        assert max(sink.times) == now - MINUTE - 1_000
        assert sink.finished[-1] == (now - MINUTE, True)
    assert sink.times == source.times[: len(sink.times)]


def test_rows_of_one_ms_are_never_parted() -> None:
    many = 1_010
    source, sink = Rows([5] * many + [6] * many + [7]), Taken()
    run(Feeder(datafeed(), JOB, source, sink, 0, 1_000), 10**6)
    assert sink.times == source.times


def test_it_goes_on_behind_what_the_job_has() -> None:
    source = Rows(list(range(0, 3_600_000, 60_000)))
    sink = Taken(times=source.times[:30])
    run(Feeder(datafeed(), JOB, source, sink, 0, 3_600_000), 10**9)
    assert sink.times == source.times


def test_a_span_is_cut_as_the_chunking_says() -> None:
    source = Rows([0, 3_599_999])
    run(Feeder(datafeed(chunking_config={"mode": "manual", "time_span": "10m"}), JOB, source, Taken(), 0, 3_600_000), 10**9)
    assert max(end - start for start, end in source.spans) == 10 * MINUTE
    source = Rows([0, 3_599_999])
    run(Feeder(datafeed(chunking_config={"mode": "off"}), JOB, source, Taken(), 0, 3_600_000), 10**9)
    assert source.spans == [(0, 3_600_000)]


def test_it_gives_up_after_so_many_empty_searches_if_there_never_was_a_row() -> None:
    sink = Taken()
    feeder = Feeder(datafeed(max_empty_searches=3, delayed_data_check_config={"enabled": False}), JOB, Rows([]), sink, 0, None)
    now, rounds = 10**9 * MINUTE, 0
    due: int | None = now
    while due is not None:
        due = run(feeder, due)
        rounds += 1
    assert rounds == 4  # the past, and three searches of the present
    assert sink.is_closed
    assert "has seen no data in 3 searches" in sink.told[-1]


def test_rows_that_came_too_late_are_told_once_and_annotated() -> None:
    start = 10**9 * MINUTE
    source, sink = Rows([start + at * MINUTE for at in range(600)]), Taken()
    feeder = Feeder(datafeed(), JOB, source, sink, start, None)
    due = run(feeder, start + 60 * MINUTE)
    source.times += [start + 12 * MINUTE, start + 17 * MINUTE + 1]
    for _ in range(3):
        assert due is not None
        due = run(feeder, due)
    told = [text for text in sink.told if "has missed" in text]
    assert told == [
        f"Datafeed has missed 2 documents due to ingest latency, latest bucket with missing data is [{start + 15 * MINUTE}]. "
        "Consider increasing query_delay, which is 60s"
    ]
    assert sink.notes == [(start + 10 * MINUTE, start + 20 * MINUTE)]


def test_a_source_that_fails_is_read_again_from_where_it_was() -> None:
    class Broken(Rows):
        fails = True

        def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
            if self.fails:
                raise UnreadableInput("source: wanted one that answers")
            return super().page(start_ms, end_ms, limit)

    source, sink = Broken([0, 1, 2]), Taken()
    feeder = Feeder(datafeed(), JOB, source, sink, 0, 1_000)
    with pytest.raises(UnreadableInput):
        feeder.step(10**9)
    source.fails = False
    run(feeder, 10**9)
    assert sink.times == [0, 1, 2]


@dataclass
class Told(Rows):
    """A source whose rows tell the time."""

    until_ms: int = 0

    def rows_until(self) -> int:
        return self.until_ms


def test_rows_that_tell_the_time_are_read_and_finished_by_it_whatever_the_clock_shows() -> None:
    source, sink, now = Told([1_000, 2_000, 9_000]), Taken(), 10**12
    feeder = Feeder(datafeed(frequency="5s"), JOB, source, sink, 0, None)
    assert run(feeder, now) == now + 5_000  # nothing is there yet
    assert (sink.times, sink.finished) == ([], [])
    source.until_ms = 2_000
    run(feeder, now)
    run(feeder, now)
    assert (sink.times, sink.finished) == ([1_000], [(2_000, True)])
    source.times.append(2_000)  # of the newest time, as others before
    source.until_ms = 9_001
    run(feeder, now)
    assert (sink.times[1:], sink.finished[1:]) == ([2_000, 2_000, 9_000], [(9_001, True)])
    done = Taken()
    assert run(Feeder(datafeed(), JOB, source, done, 0, 9_001), now) is None
    assert (len(done.times), done.finished, done.is_closed) == (4, [(9_001, False)], True)
