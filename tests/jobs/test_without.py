"""A series without the rows of one entity is what the engine makes of the other rows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.service import Service
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.series import SeriesQuery

SPAN_MS = 3_600_000
FUNCTIONS = ("count", "sum", "mean", "min", "max", "median", "varp")


def job(job_id: str, function: str) -> Job:
    field = {} if function == "count" else {"field_name": "value"}
    return load_job(
        {
            "job_id": job_id,
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": function, **field}],
                "influencers": ["host"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
        }
    )


def events() -> pl.DataFrame:
    """Rows of three hosts; `a` has all of the rows of some hours, and none of those of others."""
    random = np.random.default_rng(3)
    time = np.sort(random.integers(0, 40 * SPAN_MS, 900)) + 1_000_000 * SPAN_MS
    hour = time // SPAN_MS
    host = np.where(hour % 7 == 0, "a", np.where(hour % 7 == 1, "b", random.choice(["a", "b", "c"], 900)))
    return pl.DataFrame({"time": time, "host": host, "value": random.normal(100, 20, 900)})


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service.open(None, tmp_path) as opened:
        yield opened


def fed(service: Service, function: str, rows: pl.DataFrame, name: str) -> None:
    service.create(job(name, function))
    service.open_job(name)
    service.feed(name, rows)
    service.close_job(name)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_left_is_what_the_other_rows_make(service: Service, function: str) -> None:
    rows = events()
    fed(service, function, rows, "whole")
    fed(service, function, rows.filter(pl.col("host") != "a"), "others")
    whole = service.series("whole", SeriesQuery(OneSeries(0), without=("host", "a"))).rows
    others = service.series("others", SeriesQuery(OneSeries(0))).rows
    both = whole.select("timestamp", "without").join(others.select("timestamp", "actual"), on="timestamp", how="left")
    inside = both.filter(pl.col("timestamp") < others["timestamp"].max())
    empty = 0.0 if function in ("count", "sum") else None
    assert len(inside) > 30
    for left, made in inside.select("without", "actual").iter_rows():
        expected = empty if made is None else made
        assert left is None if expected is None else left == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_who_is_not_there_takes_nothing(service: Service) -> None:
    fed(service, "mean", events(), "whole")
    rows = service.series("whole", SeriesQuery(OneSeries(0), without=("host", "nobody"))).rows
    assert rows["without"].equals(rows["actual"].rename("without"))


def test_a_field_that_is_no_influencer_is_refused(service: Service) -> None:
    fed(service, "mean", events(), "whole")
    with pytest.raises(BadRequest, match=r"without='region=eu': wanted one of the influencer fields \(host\)"):
        service.series("whole", SeriesQuery(OneSeries(0), without=("region", "eu")))
