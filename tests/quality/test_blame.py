"""Who is blamed, for each function, in streams of 20 hosts: the guilty, as high as the record; bystanders not."""

import numpy as np
import polars as pl
import pytest

import barograph
from barograph.config.load import load_job

SPAN = 300_000
START = 1_700_006_400_000
BUCKETS = 900
ODD = 860
HOSTS = 20
HIGH = ("count", "high_count", "non_zero_count", "sum", "non_null_sum", "mean", "max", "median", "varp", "distinct_count")
LOW = ("count", "low_count", "sum")


def stream(seed: int) -> pl.DataFrame:
    """About 160 rows a bucket of 20 hosts and two regions, of which nearly all rows have one; each row has one of 12 users."""
    random = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(BUCKETS), random.poisson(160, BUCKETS))
    n = len(bucket)
    return pl.DataFrame(
        {
            "time": START + SPAN * bucket + random.integers(0, SPAN, n),
            "host": pl.Series(random.integers(0, HOSTS, n)).cast(pl.String),
            "region": np.where(random.random(n) < 0.98, "eu", "us"),
            "user": [f"u{i}" for i in random.integers(0, 12, n)],
            "x": random.normal(50.0, 5.0, n),
        }
    ).sort("time")


def in_odd(frame: pl.DataFrame) -> pl.Series:
    return frame["time"].is_between(START + ODD * SPAN, START + (ODD + 1) * SPAN, closed="left")


def burst(frame: pl.DataFrame, function: str, guilty: list[str]) -> pl.DataFrame:
    """What makes the function's value of one bucket far too high, by these hosts alone."""
    own = pl.concat([frame.filter(in_odd(frame) & (pl.col("host") == host)).head(3) for host in guilty])
    if function == "median":  # more rows than all others have
        more = pl.concat([own] * (300 // own.height)).with_columns(x=pl.lit(90.0) + pl.int_range(pl.len()) % 7)
    elif function == "distinct_count":
        more = pl.concat([own] * (200 // own.height)).with_columns(user=pl.lit("new") + pl.int_range(pl.len()).cast(pl.String))
    elif "count" in function or "sum" in function:
        more = pl.concat([own] * (400 // own.height))
    else:
        more = own.with_columns(x=pl.lit(400.0) + pl.int_range(pl.len()) % 2 * 5.0)
    return pl.concat([frame, more]).sort("time")


def blamed(frame: pl.DataFrame, function: str) -> tuple[float, dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """The score of the record, the influence of each entity in it, and their scores."""
    field = {} if "count" in function else {"field_name": "x"}
    field = {"field_name": "user"} if function == "distinct_count" else field
    analysis = {"bucket_span": "5m", "detectors": [{"function": function, **field}], "influencers": ["host", "region"]}
    document = {"job_id": "blame", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}}
    found = barograph.run(load_job(document), frame)
    at = pl.col("timestamp") == START + ODD * SPAN
    (record,) = found.records.filter(at).to_dicts()
    influences = {
        (one["influencer_field_name"], value): influence
        for one in record["influencers"]
        for value, influence in zip(one["influencer_field_values"], one["influences"], strict=True)
    }
    columns = ("influencer_field_name", "influencer_field_value", "initial_influencer_score")
    scores = {(field, value): score for field, value, score in found.influencers.filter(at).select(columns).rows()}
    return record["initial_record_score"], influences, scores


@pytest.mark.parametrize("guilty", [["3"], ["3", "11"]], ids=["one", "two"])
@pytest.mark.parametrize("function", HIGH)
def test_the_guilty_are_blamed_and_nobody_else(function: str, guilty: list[str]) -> None:
    record, influences, scores = blamed(burst(stream(7), function, guilty), function)
    assert record > 75
    assert set(influences) == {("host", host) for host in guilty}
    assert sum(influences.values()) == pytest.approx(1.0, abs=0.2)
    assert min(influences.values()) > 0.3 / (len(guilty) / 2)
    assert set(scores) == set(influences)
    assert min(scores.values()) >= record - 10


@pytest.mark.parametrize("missing", [["3", "4", "5", "6", "7"], [f"{i}" for i in range(3, 11)]], ids=["five", "eight"])
@pytest.mark.parametrize("function", LOW)
def test_who_is_missing_is_blamed(function: str, missing: list[str]) -> None:
    frame = stream(8)
    gone = in_odd(frame) & frame["host"].is_in(missing)
    record, influences, scores = blamed(frame.filter(~gone), function)
    assert record > 25
    assert set(influences) == {("host", host) for host in missing}
    assert sum(influences.values()) == pytest.approx(1.0, abs=0.25)
    assert min(scores.values()) >= record - 15


@pytest.mark.parametrize("function", ["count", "sum"])
def test_nobody_is_blamed_where_all_are_missing(function: str) -> None:
    frame = stream(9)
    everybody = in_odd(frame)
    everybody &= pl.Series(np.random.default_rng(1).random(frame.height) < 0.9)
    record, influences, _ = blamed(frame.filter(~everybody), function)
    assert record > 75
    assert not influences


def few_rows(function: str, guilty: int, seed: int) -> tuple[pl.DataFrame, set[tuple[str, str]]]:
    """About 60 rows a bucket of 20 hosts and 12 regions; in one each of some hosts has a few odd rows more, of any region."""
    random = np.random.default_rng(seed)
    bucket = np.repeat(np.arange(BUCKETS), random.poisson(60, BUCKETS))
    bad = random.choice(HOSTS, guilty, replace=False)
    each = 20 // guilty if function == "distinct_count" else 2
    odd = np.full(guilty * each, ODD)
    n = len(bucket) + len(odd)
    host = np.concatenate([random.integers(0, HOSTS, len(bucket)), np.repeat(bad, each)])
    frame = pl.DataFrame(
        {
            "time": START + SPAN * np.concatenate([bucket, odd]) + random.integers(0, SPAN, n),
            "host": pl.Series(host).cast(pl.String),
            "region": [f"r{i}" for i in random.integers(0, 12, n)],
            "user": [f"u{i}" for i in [*random.integers(0, 12, len(bucket)), *range(12, 12 + len(odd))]],
            "x": random.normal(50.0, 5.0, n) + np.repeat([0.0, 1500.0], [len(bucket), len(odd)]),
        }
    )
    return frame.sort("time"), {("host", str(host)) for host in bad}


@pytest.mark.parametrize("guilty", [2, 5])
@pytest.mark.parametrize("function", ["sum", "mean", "distinct_count"])
def test_regions_that_have_rows_of_guilty_hosts_by_chance_are_not_named(function: str, guilty: int) -> None:
    for seed in range(5):
        frame, hosts = few_rows(function, guilty, seed)
        _, influences, _ = blamed(frame, function)
        assert set(influences) == hosts, seed


@pytest.mark.parametrize(("hosts", "named"), [(1, {("user", "u3"), ("host", "0")}), (14, {("user", "u3")})])
def test_a_host_that_has_all_rows_of_an_odd_user_is_named_but_not_those_that_share_them(
    hosts: int, named: set[tuple[str, str]]
) -> None:
    frame = stream(7)
    more = frame.filter(in_odd(frame)).head(60).with_columns(user=pl.lit("u3"), host=(pl.int_range(60) % hosts).cast(pl.String))
    analysis = {
        "bucket_span": "5m",
        "detectors": [{"function": "count", "over_field_name": "user"}],
        "influencers": ["user", "host"],
    }
    document = {"job_id": "blame", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}}
    found = barograph.run(load_job(document), pl.concat([frame, more]).sort("time")).influencers
    high = found.filter(pl.col("timestamp") == START + ODD * SPAN, pl.col("initial_influencer_score") >= 50)
    assert set(high.select("influencer_field_name", "influencer_field_value").rows()) == named
