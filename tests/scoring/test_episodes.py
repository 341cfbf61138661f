"""An anomaly that goes on is not news."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.duration import DAY_MS
from barograph.scoring.episodes import MEMORY_MS, QUIET_BUCKETS, Episodes, with_episodes

HOUR = 3_600_000
MINUTE = 60_000


def mark(episodes: Episodes, *events: tuple[int, float]):
    bucket, score = (np.array(column) for column in zip(*events, strict=True))
    return episodes.mark_and_learn(bucket.astype(np.int64), score.astype(float), bucket.astype(np.int64))


def news(*events: tuple[int, float], span_ms: int = HOUR) -> list[int]:
    """The buckets that are news, of buckets with scores."""
    marks = mark(Episodes.build(span_ms), *events)
    return [bucket for (bucket, _), is_news in zip(events, marks.is_news, strict=True) if is_news]


def test_an_episode_that_creeps_up_is_news_at_50_and_at_75_and_never_else() -> None:
    assert news((10, 27), (11, 40), (12, 51), (13, 60), (14, 74.9), (15, 78), (16, 95), (17, 60), (18, 90)) == [12, 15]


def test_an_episode_that_opens_critical_is_news_once() -> None:
    assert news((10, 95), (11, 80), (12, 55), (13, 99)) == [10]


def test_what_never_reaches_50_is_an_episode_but_no_news() -> None:
    marks = mark(Episodes.build(HOUR), (10, 30.0), (11, 49.9))
    assert (marks.start.tolist(), marks.is_news.tolist()) == ([10, 10], [False, False])


def test_an_episode_ends_after_quiet_buckets() -> None:
    marks = mark(Episodes.build(HOUR), (10, 60.0), (10 + QUIET_BUCKETS, 60.0), (11 + 2 * QUIET_BUCKETS, 60.0))
    assert marks.start.tolist() == [10, 10, 11 + 2 * QUIET_BUCKETS]
    assert marks.is_news.tolist() == [True, False, True]


@pytest.mark.parametrize("span_ms", [MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR])
def test_what_was_told_is_remembered_for_half_a_day_whatever_the_span(span_ms: int) -> None:
    memory = MEMORY_MS // span_ms
    assert news((10, 80), (10 + memory, 80), (11 + 2 * memory, 80), span_ms=span_ms) == [10, 11 + 2 * memory]


def test_of_long_buckets_nothing_is_told_twice_while_the_episode_goes_on() -> None:
    assert news((10, 60), (11, 60), (15, 60), (28, 60), span_ms=DAY_MS) == [10, 28]


def test_an_outage_is_not_over_because_nothing_is_due_at_night() -> None:
    """Told on Friday evening, it is no news on Monday morning; what began on Monday is."""
    for began, starts, told in ((10, [10, 10], [True, False]), (70, [10, 73], [True, True])):
        bucket, score = np.array([10, 73]), np.array([80.0, 90.0])
        marks = Episodes.build(HOUR).mark_and_learn(bucket, score, np.array([10, began]))
        assert (marks.start.tolist(), marks.is_news.tolist()) == (starts, told)


def test_an_old_alert_of_50_does_not_keep_back_one_of_75() -> None:
    assert news((10, 60), (11, 30), (12, 80), (13, 30), (14, 60)) == [10, 12]


def test_in_a_job_that_is_never_quiet_what_comes_anew_is_news() -> None:
    mildly_odd = [(bucket, 90.0 if bucket in (50, 90) else 30.0) for bucket in range(120)]
    assert news(*mildly_odd) == [50, 90]


scores = st.lists(st.tuples(st.integers(1, 30), st.floats(0, 100)), min_size=1, max_size=60)


@given(steps=scores, cut=st.integers(0, 60), span_ms=st.sampled_from([MINUTE, HOUR, DAY_MS]))
def test_resuming_goes_on_where_it_stopped(steps: list[tuple[int, float]], cut: int, span_ms: int) -> None:
    bucket, score = np.cumsum([step for step, _ in steps]), np.array([score for _, score in steps])
    whole = Episodes.build(span_ms).mark_and_learn(bucket, score, bucket)
    first = Episodes.build(span_ms)
    head = first.mark_and_learn(bucket[:cut], score[:cut], bucket[:cut])
    tail = Episodes.build(span_ms, first.snapshot()).mark_and_learn(bucket[cut:], score[cut:], bucket[cut:])
    assert np.concatenate([head.is_news, tail.is_news]).tolist() == whole.is_news.tolist()
    assert np.concatenate([head.start, tail.start]).tolist() == whole.start.tolist()


@given(steps=scores)
def test_whatever_is_major_is_told_within_half_a_day_before_it_or_with_it(steps: list[tuple[int, float]]) -> None:
    """Each score of 50 or 75 is news itself, or follows one as bad within the memory."""
    bucket, score = np.cumsum([step for step, _ in steps]), np.array([score for _, score in steps])
    marks = Episodes.build(HOUR).mark_and_learn(bucket, score, bucket)
    for level in (50, 75):
        bad = np.flatnonzero(score >= level)
        for at, before in zip(bad.tolist(), [None, *bad.tolist()], strict=False):
            if before is None or bucket[at] - bucket[before] > MEMORY_MS // HOUR:
                assert marks.is_news[at]


def episodes_of(*records: tuple[int, str, int | None]) -> list[int]:
    """The episodes of records, given by bucket, series, and the episode of the bucket; buckets are 10 ms long."""
    rows = [
        {
            **{"timestamp": 10 * bucket, "detector_index": 0, "function_description": "mean", "partition_field_value": series},
            "anomaly_length": 1,
        }
        for bucket, series, _ in records
    ]
    frame = pl.DataFrame(rows).with_columns(by_field_value=pl.lit(None, pl.String), over_field_value=pl.lit(None, pl.String))
    start = {10 * bucket: None if episode is None else 10 * episode for bucket, _, episode in records}
    buckets = pl.DataFrame(
        {"timestamp": list(start), "episode_start": list(start.values())}, schema_overrides={"episode_start": pl.Int64}
    )
    return [one // 10 for one in with_episodes(frame, buckets, 10)["episode"].to_list()]


def test_a_record_outside_any_episode_belongs_to_the_last_one_of_its_series() -> None:
    assert episodes_of((5, "a", 5), (7, "a", None), (19, "a", None), (32, "a", None)) == [5, 5, 5, 32]


def test_or_else_to_the_next_one() -> None:
    assert episodes_of((3, "a", None), (5, "a", 5)) == [5, 5]


def test_another_series_is_another_matter() -> None:
    assert episodes_of((5, "a", 5), (7, "b", None), (9, "b", None)) == [5, 7, 7]


def test_records_keep_their_order_and_the_episode_of_their_bucket() -> None:
    assert episodes_of((30, "a", 29), (5, "a", 5), (17, "a", 17)) == [29, 5, 17]
