"""What the models accept as changed comes out as rows, the same however the rows were cut."""

import math
import re

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.load import load_job
from barograph.config.splits import SPLIT_VALUES
from barograph.engine import Engine
from barograph.engine.annotations import annotations
from barograph.engine.replay import Replay
from barograph.models import CHANGE, ChangeKind, SeasonKind
from barograph.results import schema
from barograph.results.results import Results
from barograph.scoring.leaves import Measure
from tests.engine.events import START
from tests.engine.replays import kept

HOUR = 3_600_000
DAY_MS = 24 * HOUR
DAYS = 40


def job(span: str = "15m"):
    detector = {"function": "mean", "field_name": "v", "partition_field_name": "host"}
    return load_job(
        {
            "job_id": "j",
            "analysis_config": {"bucket_span": span, "detectors": [{"function": "count"}, detector]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )


def rows() -> pl.DataFrame:
    """A host with a daily pattern that ends, a host whose level and spread change, a steady one."""
    random, n = np.random.default_rng(5), DAYS * 96
    t = np.arange(n)
    daily = np.where(t < n // 2, 20.0 * np.sin(2 * np.pi * t / 96), 0.0) + 100.0 + random.normal(size=n)
    moved = np.where(t < n // 3, 10.0, 50.0) + random.normal(size=n) * np.where(t < 2 * n // 3, 1.0, 12.0)
    steady = 5.0 + random.normal(size=n)
    time = np.repeat(START + t * 900_000, 3)
    return pl.DataFrame(
        {"time": time, "host": ["daily", "moved", "steady"] * n, "v": np.stack([daily, moved, steady]).T.ravel()}
    )


@pytest.fixture(scope="module")
def whole() -> tuple[Results, Engine]:
    engine = Engine.build(job())
    return engine.add(rows()), engine


def test_accepted_changes_are_told_where_when_and_how(whole: tuple[Results, Engine]) -> None:
    found = whole[0].annotations
    assert found.schema == schema.polars_schema(schema.ANNOTATIONS)
    assert found["timestamp"].is_sorted()
    assert set(found["partition_field_value"]) == {"daily", "moved"}  # nor do the constant counts change
    assert set(found["partition_field_name"]) == {"host"}
    daily, moved = (found.filter(partition_field_value=host) for host in ("daily", "moved"))
    assert daily["text"][0] == "a daily pattern was found"
    assert daily.filter(kind="season_found")["after"][0] == DAY_MS
    assert "the daily pattern was given up" in daily["text"].to_list()
    level = moved.filter(kind="level").row(0, named=True)
    assert level["before"] == pytest.approx(10, abs=1)
    assert level["after"] == pytest.approx(50, abs=2)
    assert 0 < level["timestamp"] - START - DAYS // 3 * DAY_MS < 2 * DAY_MS
    spread = moved.filter(kind="scale").row(0, named=True)
    assert (spread["before"], spread["after"]) == (pytest.approx(1, rel=0.5), pytest.approx(12, rel=0.5))


def test_a_trend_is_told_with_its_slope_a_day_and_since_when() -> None:
    t = np.arange(28 * 24)
    values = 50.0 + 2.0 * np.maximum(t / 24 - 18, 0.0) + np.random.default_rng(5).normal(size=len(t))
    rising = {"time": START + t * HOUR, "host": ["bent"] * len(t), "v": values}
    found = Engine.build(job("1h")).add(pl.DataFrame(rising)).annotations
    assert found["kind"].to_list() == ["trend"]
    row = found.row(0, named=True)
    assert (row["before"], row["after"]) == (0, pytest.approx(2, abs=0.5))
    assert re.fullmatch(r"since \d{4}-\d\d-\d\d \d\d:\d\d it rises by [\d.]+ a day; before it was steady", row["text"])
    assert 0 < row["timestamp"] - START - 18 * DAY_MS < 5 * DAY_MS


@pytest.mark.parametrize("size", [1, 1_000, 4_999])
def test_how_rows_are_cut_changes_no_annotation(whole: tuple[Results, Engine], size: int) -> None:
    short = rows() if size > 1 else rows().head(3_000)
    expected = whole[0].annotations if size > 1 else Engine.build(job()).add(short).annotations
    engine = Engine.build(job())
    assert expected.height > 0
    found = pl.concat([engine.add(piece).annotations for piece in short.iter_slices(size)])
    assert_frame_equal(found, expected, check_exact=True)


def test_a_replay_annotates_as_the_rows_did(whole: tuple[Results, Engine]) -> None:
    results, engine = whole
    start, end = results.buckets["timestamp"][0] // 900_000, results.buckets["timestamp"][-1] // 900_000 + 1
    replay, middle = Replay.build(job(), engine.snapshot()), (start + end) // 2
    parts = [*replay.add(start, middle, kept(results, start, middle)), *replay.add(middle, end, kept(results, middle, end))]
    assert_frame_equal(Results.concat(parts).annotations, results.annotations, check_exact=True)


def texts(*changes: tuple[ChangeKind, int, float, float]) -> list[str]:
    records = np.zeros(len(changes), CHANGE)
    for name, column in zip(("kind", "season", "before", "after"), zip(*changes, strict=True), strict=True):
        records[name] = column
    records["since"] = 96
    names = pl.DataFrame({name: [None] * len(changes) for name in SPLIT_VALUES})
    measure = Measure(0, "mean", "mean", "v", None, None, None, "mean")
    return annotations(measure, records, 0, 900_000, names, "Europe/Berlin")["text"].to_list()


def test_every_kind_of_change_is_a_sentence() -> None:
    none = SeasonKind.NONE
    assert texts(
        (ChangeKind.LEVEL, none, 12.1, 48.3),
        (ChangeKind.LEVEL, none, 100.0012, 100.0019),
        (ChangeKind.LEVEL, SeasonKind.DAY, 24.0, -32.4),
        (ChangeKind.LEVEL, none, -3.0, 2.0),
        (ChangeKind.SCALE, none, 1.0, 2.5),
        (ChangeKind.SCALE, none, 0.0, 2.5),
        (ChangeKind.SCALE, none, 2.5, 1e-9),
        (ChangeKind.TIME_SHIFT, SeasonKind.DAY, 0, HOUR),
        (ChangeKind.TIME_SHIFT, SeasonKind.DAY, HOUR, 0),
        (ChangeKind.TIME_SHIFT, SeasonKind.DAY, 0, -HOUR),
        (ChangeKind.SEASON_FOUND, SeasonKind.DAY, 0, DAY_MS),
        (ChangeKind.SEASON_FOUND, SeasonKind.WORKDAYS, DAY_MS, DAY_MS),
        (ChangeKind.SEASON_FOUND, SeasonKind.WEEK, DAY_MS, 7 * DAY_MS),
        (ChangeKind.SEASON_FOUND, SeasonKind.FREE, 0, 6.5 * HOUR),
        (ChangeKind.SEASON_DROPPED, none, DAY_MS, 0),
        (ChangeKind.SEASON_DROPPED, none, 6.5 * HOUR, 0),
        (ChangeKind.AMPLITUDE, SeasonKind.DAY, 10.0, 19.6),
        (ChangeKind.AMPLITUDE, SeasonKind.WEEK, 10.0, 4.9),
        (ChangeKind.TREND, none, 0, 12.04),
        (ChangeKind.TREND, none, -0.3, 0),
        (ChangeKind.TREND, none, 1_200, -3_456),
    ) == [
        "the level moved from 12.1 to 48.3",
        "the level moved from 100.001 to 100.002",
        "values are 56.4 lower than before",
        "values are 5 higher than before",
        "the spread moved from 1 to 2.5",
        "it scatters now, by about 2.5; before it hardly did",
        "it hardly scatters any more; before it did by about 2.5",
        "the pattern moved 1 hour later",
        "the pattern moved 1 hour earlier and is back in its place",
        "the pattern moved 1 hour earlier",
        "a daily pattern was found",
        "weekends have a daily pattern of their own",
        "a weekly pattern was found in place of the daily pattern",
        "a pattern of 6.5 hours was found",
        "the daily pattern was given up",
        "the pattern of 6.5 hours was given up",
        "the pattern became 2 times as strong: it swings by 19.6 instead of 10 to either side",
        "the pattern became 0.49 times as strong: it swings by 4.9 instead of 10 to either side",
        "since 1970-01-02 01:00 it rises by 12 a day; before it was steady",
        "since 1970-01-02 01:00 it is steady; before it fell by 0.3 a day",
        "since 1970-01-02 01:00 it falls by 3,456 a day; before it rose by 1,200 a day",
    ]


def test_no_kind_of_change_is_without_a_text() -> None:
    assert len(texts(*((kind, SeasonKind.DAY, 1.0, math.pi) for kind in ChangeKind))) == len(ChangeKind)
