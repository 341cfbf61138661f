"""The watermark: which bucket, what is late, what is over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.buckets import Buckets
from barograph.buckets.watermark import Watermark
from barograph.results.counts import DataCounts
from barograph.results.snapshot import Snapshot
from tests.buckets.support import SPAN, frame, make_job

COUNT = [{"function": "count"}]


def at(*times: int) -> list[dict[str, object]]:
    return [{"time": time, "x": 1.0} for time in times]


def finished(buckets: Buckets, until_ms: int | None = None) -> dict[int, int]:
    """Rows by bucket of everything that is over."""
    buckets.flush(until_ms)
    closed = buckets.take()
    return (
        {}
        if closed is None
        else dict(enumerate(closed.event_count(closed.first_bucket, closed.end_bucket).tolist(), closed.first_bucket))
    )


def fed(*times: int, latency: str = "0") -> Buckets:
    buckets = Buckets.build(make_job(COUNT, latency=latency))
    buckets.add(*frame(make_job(COUNT), at(*times)))
    return buckets


def test_the_first_bucket_gives_no_result_when_it_began_before_the_first_row():
    # row at:   |  0:30 | 1:00 | 2:00
    # bucket:   |   0   |  1   |  2
    assert finished(fed(SPAN // 2, SPAN, 2 * SPAN), 3 * SPAN) == {1: 1, 2: 1}


def test_the_first_bucket_counts_when_the_first_row_lies_on_its_start():
    assert finished(fed(0, SPAN, 2 * SPAN), 3 * SPAN) == {0: 1, 1: 1, 2: 1}


def test_rows_of_the_first_partial_bucket_are_processed_and_rows_before_it_are_out_of_order():
    buckets = fed(3 * SPAN + 1, 3 * SPAN, 2 * SPAN + 5, 4 * SPAN)
    assert buckets.counted(DataCounts(processed_record_count=4)).processed_record_count == 3
    assert finished(buckets, 5 * SPAN) == {4: 1}


def test_with_a_latency_the_job_begins_with_the_first_row_in_time():
    buckets = fed(3 * SPAN + 1, 3 * SPAN, 2 * SPAN + 5, 4 * SPAN, latency="10m")
    assert buckets.counted(DataCounts(processed_record_count=4)).processed_record_count == 4
    assert finished(buckets, 5 * SPAN) == {3: 2, 4: 1}


def test_what_is_flushed_is_not_where_a_job_begins():
    buckets = fed(3 * SPAN + 1, 4 * SPAN, latency="10m")
    assert finished(buckets) == {}
    buckets.add(*frame(make_job(COUNT), at(2 * SPAN, 3 * SPAN, 4 * SPAN + 1)))
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 2
    assert finished(buckets, 5 * SPAN) == {4: 2}


@given(st.permutations([SPAN // 2, SPAN // 2 + 1, SPAN, SPAN + 7, 2 * SPAN, 3 * SPAN - 1]), st.integers(0, 5))
def test_in_which_order_rows_come_within_the_latency_changes_no_bucket(times, cut):
    job = make_job([{"function": "count", "partition_field_name": "site"}], latency="10m")
    rows = [{"time": time, "site": "early" if time < SPAN else "late"} for time in times]
    buckets = Buckets.build(job)
    for part in (rows[:cut], rows[cut:]):
        buckets.add(*frame(job, part))
        buckets = Buckets.build(job, Snapshot.from_bytes(Snapshot(buckets.snapshot()).to_bytes()).arrays)
    buckets.flush(4 * SPAN)
    taken = buckets.take()
    assert (taken.first_bucket, taken.event_count(1, 4).tolist()) == (1, [2, 2, 0])
    known = taken.detectors[0].known
    begun = np.flatnonzero(known.first_bucket < 4)
    assert known.names(begun)["partition_field_value"].to_list() == ["late"]


def test_a_row_is_late_by_what_came_before_it_and_not_by_what_comes_after():
    #                 accepted   opens 1    late      in time (bucket 1 is open)
    buckets = fed(0, SPAN, SPAN - 1, SPAN + 5)
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 1
    assert finished(buckets, 2 * SPAN) == {0: 1, 1: 2}


def test_latency_keeps_a_bucket_open_until_it_has_passed():
    buckets = fed(0, SPAN, 2 * SPAN - 1, 5, latency="1m")
    assert buckets.closed_until == 0
    buckets.add(*frame(make_job(COUNT), at(2 * SPAN, 6)))
    assert buckets.closed_until == 1
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 1
    assert finished(buckets, SPAN * 3) == {0: 2, 1: 2, 2: 1}


def test_flush_without_a_time_stops_waiting_but_keeps_the_newest_bucket_open():
    buckets = fed(0, SPAN, 2 * SPAN, latency="1h")
    assert buckets.take() is None
    assert finished(buckets) == {0: 1, 1: 1}
    buckets.add(*frame(make_job(COUNT), at(SPAN, 2 * SPAN)))
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 1
    assert finished(buckets, 3 * SPAN) == {2: 2}


def test_flush_to_a_time_finishes_whole_buckets_also_beyond_the_newest_row():
    buckets = fed(0)
    assert finished(buckets, 3 * SPAN - 1) == {0: 1, 1: 0}
    assert finished(buckets, 3 * SPAN) == {2: 0}


def test_flushing_before_the_first_row_makes_older_rows_late_but_no_buckets():
    buckets = Buckets.build(make_job(COUNT))
    buckets.flush()
    buckets.flush(2 * SPAN)
    assert buckets.take() is None
    buckets.add(*frame(make_job(COUNT), at(SPAN, 2 * SPAN + 1, 3 * SPAN)))
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 1
    assert finished(buckets, 4 * SPAN) == {3: 1}


def test_buckets_before_1970_are_aligned_like_all_others():
    assert finished(fed(-2 * SPAN, -SPAN - 1, -SPAN, 0), SPAN) == {-2: 2, -1: 1, 0: 1}


def test_taking_twice_gives_every_bucket_once():
    buckets = fed(0, SPAN, 2 * SPAN)
    closed = buckets.take()
    assert closed.end_bucket - closed.first_bucket == 2
    assert buckets.take() is None


def test_nothing_is_taken_before_the_first_row():
    assert Buckets.build(make_job(COUNT)).take() is None
    assert Buckets.build(make_job(COUNT)).closed_until is None


@pytest.mark.parametrize("latency", [0, 1, 59_999, 60_000, 61_000])
def test_the_closed_buckets_are_those_that_make_a_row_late(latency):
    _, mark = Watermark.build(SPAN, latency, None).place(np.array([0, 7 * SPAN + 11]))
    until = mark.closed_until
    placed, _ = mark.place(np.array([(until - 1) * SPAN + SPAN - 1, until * SPAN]))
    assert placed.late.tolist() == [True, False]


def far(*days: float) -> list[int]:
    return [int(day * 86_400_000) for day in days]


def test_one_row_far_ahead_is_left_out_and_costs_no_other_row():
    buckets = Buckets.build(make_job(COUNT))
    buckets.add(*frame(make_job(COUNT), at(SPAN, *far(400), 2 * SPAN, 3 * SPAN)))
    counts = buckets.counted(DataCounts(processed_record_count=4))
    assert (counts.invalid_date_count, counts.out_of_order_timestamp_count, counts.processed_record_count) == (1, 0, 3)
    assert [(one.reason, one.row) for one in counts.examples] == [("invalid_date", 2)]
    assert buckets.closed_until == 3


def test_a_gap_that_the_next_row_confirms_is_believed():
    buckets = Buckets.build(make_job(COUNT))
    buckets.add(*frame(make_job(COUNT), at(SPAN, *far(400, 400.1, 400.2))))
    assert buckets.counted(DataCounts()).invalid_date_count == 1
    assert buckets.closed_until == far(400.2)[0] // SPAN


@pytest.mark.parametrize(("span", "believed", "doubted"), [("1m", 29, 31), ("1h", 41, 42.5), ("1d", 999, 1001)])
def test_a_row_ahead_is_believed_up_to_a_month_and_up_to_a_thousand_buckets(span, believed, doubted):
    job = make_job(COUNT, span=span)
    for days, left_out in ((believed, 0), (doubted, 1)):
        buckets = Buckets.build(job)
        buckets.add(*frame(job, at(0, *far(days))))
        assert buckets.counted(DataCounts()).invalid_date_count == left_out


@given(st.lists(st.sampled_from(far(1, 1.5, 2, 40, 41, 90, 400, 401)), min_size=2, max_size=12), st.integers(1, 11))
def test_where_a_call_ends_does_not_change_what_is_believed(times, cut):
    whole, parts = Buckets.build(make_job(COUNT)), Buckets.build(make_job(COUNT))
    whole.add(*frame(make_job(COUNT), at(*times)))
    for rows, before in ((times[:cut], 0), (times[cut:], cut)):
        if rows:
            parts.add(*frame(make_job(COUNT), at(*rows), before))
    assert Snapshot(parts.snapshot()).to_bytes() == Snapshot(whole.snapshot()).to_bytes()


@pytest.mark.parametrize("first", [-400, -1, 400, 20_000])
def test_a_first_row_that_is_alone_is_believed_as_little_as_any_other(first):
    buckets = Buckets.build(make_job(COUNT))
    start = far(20_000)[0]
    buckets.add(*frame(make_job(COUNT), at(start + far(first)[0], start, start + SPAN, start + 2 * SPAN, start + 3 * SPAN)))
    counts = buckets.counted(DataCounts(processed_record_count=5))
    if first == -1:
        assert (counts.invalid_date_count, counts.out_of_order_timestamp_count) == (0, 0)
        return
    assert (counts.invalid_date_count, counts.out_of_order_timestamp_count, counts.processed_record_count) == (1, 1, 3)
    assert [(one.reason, one.row) for one in counts.examples] == [("out_of_order", 1), ("invalid_date", 2)]
    assert (counts.earliest_record_timestamp, counts.latest_record_timestamp) == (start + SPAN, start + 3 * SPAN)
    assert finished(buckets, start + 4 * SPAN) == {start // SPAN + k: 1 for k in (1, 2, 3)}


def test_a_second_row_that_agrees_makes_the_first_one_believed_for_good():
    buckets = Buckets.build(make_job(COUNT))
    buckets.add(*frame(make_job(COUNT), at(SPAN, 2 * SPAN, *far(400, 400.1, 400.2))))
    counts = buckets.counted(DataCounts())
    assert (counts.invalid_date_count, counts.out_of_order_timestamp_count) == (1, 0)
    assert counts.earliest_record_timestamp == SPAN


def test_what_was_flushed_is_never_taken_back():
    buckets = fed(SPAN)
    assert finished(buckets, 2 * SPAN) == {1: 1}
    buckets.add(*frame(make_job(COUNT), at(*far(400, 400.1, 400.2))))
    assert buckets.counted(DataCounts()).out_of_order_timestamp_count == 0
    assert finished(buckets)[2] == 0


def test_a_time_that_is_not_believed_is_not_the_newest_of_the_job():
    buckets = fed(SPAN, 2 * SPAN, *far(9_000), 3 * SPAN)
    counts = buckets.counted(DataCounts(latest_record_timestamp=far(9_000)[0]))
    assert counts.latest_record_timestamp == 3 * SPAN
