"""Any bucket can be explained: the factors add up to its score, and the values named would have scored what is said."""

import math
import re
import sys
from datetime import UTC

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import InputError
from barograph.config.load import load_job
from barograph.config.moment import iso_text
from barograph.engine import Engine
from barograph.engine.explain import Explanation
from barograph.results.results import Results
from barograph.scoring.explain import FACTORS
from barograph.scoring.severity import RECORD_SCORE
from tests.engine.events import START, job, requests

HOUR = 3_600_000


def ran(of, frame: pl.DataFrame) -> tuple[Engine, Results]:
    engine = Engine.build(of)
    return engine, Results.concat([engine.add(frame), engine.flush()])


def hourly_job(function: str = "mean", **split: str):
    detector = {"function": function, **split} | ({} if "count" in function else {"field_name": "value"})
    return load_job({"job_id": "one", "analysis_config": {"bucket_span": "1h", "detectors": [detector]}})


def hourly(values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"time": [START + i * HOUR for i in range(len(values))], "value": values}).with_columns(
        pl.from_epoch("time", "ms")
    )


def series(seed: int, n: int = 400) -> np.ndarray:
    """A daily season with noise, a spike, a level shift: something for every factor."""
    random = np.random.default_rng(seed)
    t = np.arange(n)
    x = 50 + 10 * np.sin(2 * np.pi * t / 24) + random.normal(size=n) * 2
    x[150] += 40
    x[300:] += 15
    return x


def of(record: dict) -> tuple[tuple[str, str], ...]:
    splits = ((record[f"{role}_field_name"], record[f"{role}_field_value"]) for role in ("partition", "by"))
    return tuple((name, value) for name, value in splits if name is not None)


def total(one: Explanation) -> float:
    return sum(factor.points for factor in one.factors)


def test_the_factors_of_every_record_add_up_to_its_first_score() -> None:
    engine, results = ran(job(), requests())
    assert results.records.height > 20
    for record in results.records.gather_every(2).iter_rows(named=True):
        found = [
            one
            for one in engine.explain(results, record["timestamp"], of(record))
            if one.measure.detector_index == record["detector_index"]
            and one.measure.function_description == record["function_description"]
        ]
        assert len(found) == 1
        assert found[0].score == pytest.approx(record["initial_record_score"], abs=1e-9)
        assert total(found[0]) == pytest.approx(record["initial_record_score"], abs=1e-9)
        assert found[0].gate is None
        assert (found[0].typical, found[0].actual) == (record["typical"], record["actual"])
        assert found[0].anomaly_type == record["anomaly_type"]


def test_every_bucket_is_explained_and_those_without_a_record_say_why() -> None:
    engine, results = ran(hourly_job(), hourly(series(1).tolist()))
    score = dict(results.records.select("timestamp", "initial_record_score").iter_rows())
    for hour in range(1, 399, 7):
        (one,) = engine.explain(results, START + hour * HOUR)
        assert total(one) == pytest.approx(one.score, abs=1e-9)
        if one.timestamp in score:
            assert one.score == pytest.approx(score[one.timestamp], abs=1e-9)
            assert one.gate is None
        else:
            assert one.score < RECORD_SCORE
            assert one.gate


@pytest.mark.parametrize("seed", range(6))
def test_the_value_that_would_have_scored_so_much_scores_so_much(seed: int) -> None:
    values, hour = series(seed), 120 + 41 * seed
    engine, results = ran(hourly_job(), hourly(values.tolist()))
    (one,) = engine.explain(results, START + hour * HOUR)
    asked = 0
    for would in one.would_score:
        for value in (would.low, would.high):
            if value is None:
                continue
            changed = values.copy()
            changed[hour] = value
            engine, results = ran(hourly_job(), hourly(changed.tolist()))
            (again,) = engine.explain(results, START + hour * HOUR)
            asked += 1
            assert again.score >= would.score - 1e-6
            # What came before may be enough, whatever comes; and nothing at all is further off than any small value.
            if value not in (one.typical, 0.0):
                assert again.score == pytest.approx(would.score, abs=1e-3)
            if would.score >= RECORD_SCORE:
                record = results.records.filter(pl.col("timestamp") == one.timestamp)
                assert record["initial_record_score"][0] == pytest.approx(again.score, abs=1e-9)
    assert asked >= 4


def test_of_counts_the_nearest_whole_number_is_told() -> None:
    random = np.random.default_rng(3)
    counts = random.poisson(20, 300)
    rows = pl.DataFrame({"time": np.repeat(START + np.arange(300) * HOUR, counts)}).with_columns(pl.from_epoch("time", "ms"))
    engine, results = ran(hourly_job("count"), rows)
    (one,) = engine.explain(results, START + 200 * HOUR)
    for would in one.would_score:
        assert would.high is not None
        assert would.high == int(would.high)
        for value, enough in ((int(would.high), True), (int(would.high) - 1, False)):
            changed = counts.copy()
            changed[200] = value
            again = pl.DataFrame({"time": np.repeat(START + np.arange(300) * HOUR, changed)})
            engine, results = ran(hourly_job("count"), again.with_columns(pl.from_epoch("time", "ms")))
            (other,) = engine.explain(results, START + 200 * HOUR)
            assert (other.score >= would.score) == enough


@pytest.mark.parametrize("frozen", [399, 400, 401])
def test_of_a_count_that_stands_still_the_values_named_are_other_ones(frozen: int) -> None:
    """Of 400 in a series around 400 it was told that 75 is scored at or below 400 and at or above 400."""
    detector = {"function": "count"}
    of = {"job_id": "one", "analysis_config": {"bucket_span": "5m", "summary_count_field_name": "n", "detectors": [detector]}}
    counts = np.concatenate([np.random.default_rng(1).poisson(400, 8 * 288), np.full(18, frozen)])
    rows = pl.DataFrame({"time": START + np.arange(len(counts)) * HOUR // 12, "n": counts})
    engine, results = ran(load_job(of), rows.with_columns(pl.from_epoch("time", "ms")))
    (one,) = engine.explain(results, START + (len(counts) - 2) * HOUR // 12)
    assert one.anomaly_type == "still"
    assert one.score > 50
    low, high = zip(*((would.low, would.high) for would in one.would_score), strict=True)
    assert 250 < low[3] < low[2] < low[1] < low[0] < 370
    assert 430 < high[0] < high[1] < high[2] < high[3] < 550


@pytest.mark.parametrize("seed", range(4))
def test_no_value_that_cannot_be_is_named(seed: int) -> None:
    """A mean of cpu that never was below zero was told that -21,180 would have scored 75."""
    random = np.random.default_rng(seed)
    wide = random.gamma(2.0, 10.0, 400)
    counts = pl.DataFrame({"time": np.repeat(START + np.arange(300) * HOUR, random.poisson(2, 300))})
    for of, frame, none_so_low in (
        (hourly_job(), hourly(wide.tolist()), False),  # next to nothing is rarer than zero is far
        (hourly_job("count"), counts.with_columns(pl.from_epoch("time", "ms")), True),
    ):
        engine, results = ran(of, frame)
        (one,) = engine.explain(results, START + 250 * HOUR)
        assert all(would.low is None or would.low >= 0 for would in one.would_score)
        assert one.would_score[-1].low is None or not none_so_low
        assert one.would_score[-1].high is not None


def test_what_was_below_zero_before_may_be_so_again() -> None:
    values = np.random.default_rng(1).normal(size=400)
    engine, results = ran(hourly_job(), hourly(values.tolist()))
    (one,) = engine.explain(results, START + 250 * HOUR)
    assert one.would_score[-1].low < -2


@pytest.mark.parametrize("shape", ["steady", "daily", "heavy"])
def test_of_a_series_that_is_never_zero_zero_is_critical(shape: str) -> None:
    random, t = np.random.default_rng(3), np.arange(700)
    values = {
        "steady": 50 + 5 * random.normal(size=700),
        "daily": 50 + 30 * np.sin(2 * np.pi * t / 24) + 3 * random.normal(size=700),
        "heavy": 50 + 4 * np.clip(random.standard_t(3, 700), -8, 8),
    }[shape]
    engine, results = ran(hourly_job(), hourly(values.tolist()))
    for hour in (600, 606, 612, 618):
        (one,) = engine.explain(results, START + hour * HOUR)
        critical = one.would_score[-1]
        assert critical.score == 75
        assert critical.low is not None
        assert 0 <= critical.low < one.typical


def test_the_bucket_itself_pays_for_the_views_that_say_nothing() -> None:
    engine, results = ran(hourly_job(), hourly((50 + np.random.default_rng(2).normal(size=400)).tolist()))
    for hour in range(100, 390, 30):
        (one,) = engine.explain(results, START + hour * HOUR)
        assert [factor.name for factor in one.factors] == [name for name in FACTORS if name != "others_beside"]  # it is alone
        by_name = {factor.name: factor.points for factor in one.factors}
        assert min(by_name[name] for name in ("bucket_before", "buckets_around")) >= 0.0


def test_a_side_that_is_not_looked_at_is_named() -> None:
    values = series(2)
    values[200] = -100.0
    engine, results = ran(hourly_job("high_mean"), hourly(values.tolist()))
    (one,) = engine.explain(results, START + 200 * HOUR)
    assert one.gate == "The detector looks at high values only, and this one is not."


def test_a_bucket_without_data_is_explained_too() -> None:
    values = series(4)
    frame = hourly(values.tolist()).filter(pl.int_range(pl.len()) != 200)
    engine, results = ran(hourly_job(), frame)
    (one,) = engine.explain(results, START + 200 * HOUR)
    assert (one.actual, one.score, one.factors) == (None, 0.0, ())
    assert one.gate == "There is no data in this bucket, so there is nothing to judge."
    assert one.lower < one.typical < one.upper
    assert one.would_score[-1].high > one.upper


def test_the_first_value_has_nothing_to_be_compared_with() -> None:
    engine, results = ran(hourly_job(), hourly(series(5).tolist()))
    (one,) = engine.explain(results, START)
    assert one.typical is None
    assert one.would_score == ()
    assert "first value" in one.gate
    assert max(abs(factor.points) for factor in one.factors) < 1.0


def test_a_value_less_likely_than_any_double_is_a_plain_number_too() -> None:
    """`explain --json` ended in a traceback: the smallest double was NumPy's."""
    engine, results = ran(hourly_job(), hourly([5.0 + 0.1 * (i % 7) for i in range(200)] + [1e9, 5.0]))
    (one,) = engine.explain(results, START + 200 * HOUR)
    assert one.log_probability < math.log(sys.float_info.min)
    assert type(one.probability) is float


def test_explaining_changes_nothing() -> None:
    engine, results = ran(job(), requests())
    before = engine.snapshot().to_bytes()
    engine.explain(results, START + 20 * HOUR)
    assert engine.snapshot().to_bytes() == before


def test_what_cannot_be_explained_is_named() -> None:
    engine, results = ran(job(), requests())
    end = results.buckets["timestamp"][-1] + 900_000
    text = re.escape(iso_text(end, UTC))
    with pytest.raises(InputError, match=f"time={text}: wanted a time before {text}"):
        engine.explain(results, end)
    with pytest.raises(InputError, match="wanted an entity that the job has seen"):
        engine.explain(results, START + HOUR, (("host", "nobody"),))
    with pytest.raises(InputError, match="wanted a partition or by field"):
        engine.explain(results, START + HOUR, (("colour", "red"),))
    assert math.isfinite(total(engine.explain(results, START + HOUR)[0]))
