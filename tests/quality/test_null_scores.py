"""Null hypothesis of each test: where nothing happens, scores reach 75 once in ten series-months and 50 five times at most."""

import numpy as np
import polars as pl
import pytest

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.results.results import Results
from tests.quality.series_data import MINUTES_5, NULLS

MONTH = 8640
LEARNT = 750  # buckets before which a series may still be settling
START_MS = 1_700_006_400_000


def job(detector: dict) -> Job:
    analysis = {"bucket_span": "5m", "detectors": [{"function": "mean", "field_name": "value", **detector}]}
    return load_job({"job_id": "null", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}})


def found(values: np.ndarray) -> Results:
    """The results of a job with one partition for each row of values [S, T]."""
    series, buckets = values.shape
    rows = pl.DataFrame(
        {
            "time": np.repeat(START_MS + np.arange(buckets) * MINUTES_5, series),
            "host": np.tile(np.arange(series), buckets).astype(str),
            "value": values.T.ravel(),
        }
    )
    engine = Engine.build(job({"partition_field_name": "host"} if series > 1 else {}))
    return Results.concat([engine.add(chunk) for chunk in rows.iter_slices(400_000)])


def told(table: pl.DataFrame, score: str, least: float) -> int:
    """Results that score as much once all has settled; those of one series less than an hour apart are one."""
    late = table.filter(pl.col(score) >= least, pl.col("timestamp") >= START_MS + LEARNT * MINUTES_5)
    of = [name for name in ("partition_field_value",) if name in late.columns]
    apart = pl.col("timestamp").diff().fill_null(2**60) > 12 * MINUTES_5
    return int(late.sort("timestamp").select(apart.over(of).sum() if of else apart.sum()).item(0, 0) or 0) if late.height else 0


@pytest.mark.parametrize("kind", NULLS)
def test_a_job_of_one_null_series_is_told_of_once_in_ten_months_at_75_and_five_times_at_50(kind):
    random, months = np.random.default_rng(5), 10
    jobs = [found(NULLS[kind](random, 1, MONTH + LEARNT)) for _ in range(months)]
    for least, a_month in ((75.0, 0.1), (50.0, 0.5)):
        assert sum(told(one.records, "record_score", least) for one in jobs) <= a_month * months
        assert sum(told(one.buckets, "anomaly_score", least) for one in jobs) <= a_month * months


@pytest.mark.parametrize("kind", NULLS)
def test_of_twenty_null_partitions_each_is_told_of_as_rarely_and_their_bucket_once_in_all(kind):
    results = found(NULLS[kind](np.random.default_rng(6), 20, MONTH + LEARNT))
    assert told(results.buckets, "anomaly_score", 75.0) <= 1
    assert told(results.records, "record_score", 75.0) <= 0.1 * 20
    assert told(results.records, "record_score", 50.0) <= 0.5 * 20


def test_the_same_job_alarms_when_something_happens():
    values = NULLS["gaussian"](np.random.default_rng(5), 1, MONTH + LEARNT)
    values[0, -100:-95] += 40.0  # 20 deviations
    results = found(values)
    assert told(results.buckets, "anomaly_score", 75.0) == 1
    assert told(results.records, "record_score", 75.0) == 1
