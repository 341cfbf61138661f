"""What the engine does with rows, buckets and bad input."""

import json
import math

import numpy as np
import polars as pl
import pytest

import barograph
from barograph.config.errors import ConfigError, InputError
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.results import schema
from barograph.results.results import Results
from tests.engine.events import MINUTE, START

HOUR = 3_600_000


def count_job(function: str = "count", **detector: object):
    return load_job(
        {
            "job_id": "j",
            "analysis_config": {"bucket_span": "1h", "detectors": [{"function": function, **detector}]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )


def hourly(values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"time": START + HOUR * np.arange(len(values)), "value": values})


def steady(hours: int = 300, seed: int = 0) -> list[float]:
    return list(100.0 + np.random.default_rng(seed).normal(size=hours))


def test_a_job_may_be_its_document_or_its_file(tmp_path) -> None:
    document = {
        "job_id": "j",
        "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "mean", "field_name": "value"}]},
    }
    (tmp_path / "job.yaml").write_text(json.dumps(document))
    rows, given = hourly(steady(50)), [load_job(document), document, tmp_path / "job.yaml", str(tmp_path / "job.yaml")]
    first, *others = (barograph.run(job, rows).buckets for job in given)
    assert all(other.equals(first) for other in others)
    with pytest.raises(ConfigError, match="analysis_config is missing"):
        barograph.run({"job_id": "j"}, rows)
    with pytest.raises(ConfigError, match="analysis_config is missing"):
        Engine.build({"job_id": "j"})


def test_rows_that_are_misread_are_warned_of() -> None:
    rows = hourly(steady(50))
    with pytest.warns(UserWarning, match="job 'j': most rows are left out: the rows are newest first; sort them by 'time'"):
        barograph.run(count_job(), rows.reverse())
    texts = rows.with_columns(time=pl.from_epoch("time", "ms").dt.strftime("%d.%m.%Y %H:%M"))
    with pytest.warns(UserWarning, match="data_description.time_format: 'dd.MM.yyyy HH:mm' would fit"):
        barograph.run(count_job(), texts)


def test_run_gives_every_table_with_its_schema() -> None:
    results = barograph.run(count_job("mean", field_name="value"), hourly([*steady(), 200.0, 100.0]))
    for name in (
        "records",
        "buckets",
        "influencers",
        "bucket_influencers",
        "annotations",
        "bucket_values",
        "influencer_shares",
    ):
        assert getattr(results, name).schema == schema.polars_schema(getattr(schema, name.upper()))
    worst = results.records.sort("record_score", descending=True).row(0, named=True)
    assert worst["timestamp"] == START + 300 * HOUR
    assert worst["actual"] == 200.0
    assert worst["typical"] == pytest.approx(100.0, abs=0.5)
    assert worst["record_score"] > 90
    assert worst["record_score"] == worst["initial_record_score"]


def test_the_open_bucket_waits_for_more_rows() -> None:
    engine = Engine.build(count_job())
    assert engine.add(hourly([1.0, 1.0, 1.0])).buckets.height == 2
    assert engine.flush().buckets.height == 0
    assert engine.flush(START + 3 * HOUR).buckets.height == 1


def test_zero_and_no_data_are_two_things() -> None:
    gap = pl.concat([hourly([1.0] * 5), hourly([1.0] * 10)[8:]])
    counts = barograph.run(count_job(), gap)
    means = barograph.run(count_job("mean", field_name="value"), gap)
    assert counts.buckets.height == means.buckets.height == 9
    assert counts.buckets["event_count"].to_list() == [1, 1, 1, 1, 1, 0, 0, 0, 1]
    assert means.bucket_values.height == 6


def test_a_total_outage_of_a_count_alerts_and_a_mean_has_nothing_to_say() -> None:
    random = np.random.default_rng(2)
    time_ms = np.concatenate([START + HOUR * hour + random.integers(0, HOUR, random.poisson(200)) for hour in range(400)])
    outage = (time_ms >= START + 350 * HOUR) & (time_ms < START + 352 * HOUR)
    rows = pl.DataFrame({"time": np.sort(time_ms[~outage]), "value": 1.0})
    records = barograph.run(count_job(), rows).records.filter(
        pl.col("timestamp").is_between(START + 350 * HOUR, START + 351 * HOUR)
    )
    assert records["actual"].to_list() == [0.0, 0.0]
    assert records["record_score"].max() > 90


def test_a_first_bucket_that_began_before_the_first_row_gives_no_result() -> None:
    rows = hourly([1.0] * 4).with_columns(pl.col("time") + 5 * MINUTE)
    assert barograph.run(count_job(), rows).buckets["timestamp"].to_list() == [START + HOUR, START + 2 * HOUR]


def test_probabilities_far_below_the_smallest_double_keep_their_logarithm() -> None:
    results = barograph.run(count_job("mean", field_name="value"), hourly([*steady(1000), 1e12, 100.0]))
    worst = results.records.sort("log_probability").row(0, named=True)
    assert 0.0 < worst["probability"] < 1e-30
    assert math.isfinite(worst["log_probability"])


@pytest.mark.parametrize("value", [0.0, 5.0, 1e12, -1e-12])
def test_a_constant_series_is_quiet(value: float) -> None:
    results = barograph.run(count_job("mean", field_name="value"), hourly([value] * 400))
    assert results.records.is_empty()
    assert results.buckets["anomaly_score"].max() == 0.0


def test_an_empty_frame_gives_nothing() -> None:
    results = barograph.run(count_job(), hourly([]))
    assert results.buckets.is_empty()
    assert results.counts.input_record_count == 0


def test_a_frame_without_the_time_field_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'time'"):
        Engine.build(count_job()).add(pl.DataFrame({"when": [1]}))


def test_a_snapshot_of_another_job_is_refused() -> None:
    snapshot = Engine.build(count_job()).snapshot()
    with pytest.raises(ValueError, match="snapshot"):
        Engine.build(count_job("mean", field_name="value"), snapshot)


def test_a_dataframe_of_any_library_that_speaks_arrow_is_read() -> None:
    frame = hourly(steady(50))
    expected = barograph.run(count_job("mean", field_name="value"), frame)
    for other in (frame.to_pandas(), frame.to_arrow()):
        assert barograph.run(count_job("mean", field_name="value"), other).buckets.equals(expected.buckets)


def test_bounds_are_kept_for_every_bucket_when_the_job_asks() -> None:
    job = count_job("mean", field_name="value").model_copy(
        update={"model_plot_config": count_job().model_plot_config.model_copy(update={"enabled": True})}
    )
    values = barograph.run(job, hourly(steady(200))).bucket_values
    late = values.filter(pl.col("timestamp") > START + 100 * HOUR)
    assert late["lower_bound"].null_count() == 0
    inside = late.select(
        ((pl.col("actual") >= pl.col("lower_bound")) & (pl.col("actual") <= pl.col("upper_bound"))).mean()
    ).item()
    assert 0.88 <= inside <= 1.0


def test_results_join_to_what_one_call_gives() -> None:
    engine = Engine.build(count_job("mean", field_name="value"))
    frame = hourly(steady(100))
    parts = Results.concat([engine.add(frame[:50]), engine.add(frame[50:])])
    assert parts.buckets.equals(barograph.run(count_job("mean", field_name="value"), frame).buckets)


def test_a_snapshot_fits_the_same_analysis_in_other_words() -> None:
    snapshot = Engine.build(count_job()).snapshot()
    document = count_job().model_dump(mode="json", exclude_none=True)
    document["analysis_config"]["bucket_span"] = "60m"
    document["analysis_config"]["detectors"][0]["detector_description"] = "Requests"
    assert Engine.build(load_job(document), snapshot).snapshot().to_bytes() == snapshot.to_bytes()


@pytest.mark.parametrize("seed", range(3))
def test_a_record_where_more_spread_than_usual_is_expected_says_so(seed: int) -> None:
    """The noise is 5 % of a daily pattern: at its peak one and a half times the usual spread, in its trough a third of it."""
    hour = np.arange(24 * 60)
    level = 100.0 * (1.5 + np.sin(2.0 * np.pi * hour / 24))
    values = level * (1.0 + 0.05 * np.random.default_rng(seed).normal(size=len(hour)))
    peak, trough = 24 * 56 + 6, 24 * 58 + 18
    values[peak] *= 1.6
    values[trough] *= 2.6
    records = barograph.run(count_job("mean", field_name="value"), hourly(list(values))).records
    for at, says_so in ((peak, True), (trough, False)):
        (record,) = records.filter(pl.col("timestamp") == START + HOUR * at).rows(named=True)
        assert record["record_score"] > 50
        assert record["high_variance_penalty"] is says_so
