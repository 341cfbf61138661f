"""An anomaly that goes on is not news."""

import numpy as np
import polars as pl

from barograph.scoring.episodes import QUIET_BUCKETS, Episodes, with_episodes


def mark(episodes: Episodes, *events: tuple[int, float]):
    bucket, surprise = (np.array(column) for column in zip(*events, strict=True))
    return episodes.mark_and_learn(bucket.astype(np.int64), -surprise, np.full(len(events), 80.0))


def test_the_first_bucket_is_news_and_the_next_alike_are_not() -> None:
    marks = mark(Episodes.build(), (10, 20.0), (11, 20.0), (12, 19.0))
    assert marks.is_news.tolist() == [True, False, False]
    assert marks.start.tolist() == [10, 10, 10]


def test_a_clearly_worse_bucket_is_news_again() -> None:
    assert mark(Episodes.build(), (10, 20.0), (11, 40.0), (12, 40.5)).is_news.tolist() == [True, True, False]


def test_an_episode_ends_after_quiet_buckets() -> None:
    marks = mark(Episodes.build(), (10, 20.0), (10 + QUIET_BUCKETS, 20.0), (11 + 2 * QUIET_BUCKETS, 20.0))
    assert marks.start.tolist() == [10, 10, 11 + 2 * QUIET_BUCKETS]


def test_the_memory_of_a_peak_fades() -> None:
    assert mark(Episodes.build(), (10, 20.0), (300, 20.0)).is_news.tolist() == [True, True]


def test_quiet_buckets_are_no_episode() -> None:
    marks = Episodes.build().mark_and_learn(np.array([3]), np.array([-2.0]), np.array([10.0]))
    assert marks.start.tolist() == [-1]
    assert marks.is_news.tolist() == [False]


def test_resuming_goes_on_where_it_stopped() -> None:
    whole = mark(Episodes.build(), (10, 20.0), (11, 30.0), (12, 25.0), (13, 60.0))
    first = Episodes.build()
    head = mark(first, (10, 20.0), (11, 30.0))
    tail = mark(Episodes.build(first.snapshot()), (12, 25.0), (13, 60.0))
    assert np.concatenate([head.is_news, tail.is_news]).tolist() == whole.is_news.tolist()
    assert np.concatenate([head.start, tail.start]).tolist() == whole.start.tolist()


def episodes_of(*records: tuple[int, str, int | None]) -> list[int]:
    """The episodes of records, given by bucket, series, and the episode of the bucket; buckets are 10 ms long."""
    rows = [
        {"timestamp": 10 * bucket, "detector_index": 0, "function_description": "mean", "partition_field_value": series}
        for bucket, series, _ in records
    ]
    frame = pl.DataFrame(rows).with_columns(by_field_value=pl.lit(None, pl.String))
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
