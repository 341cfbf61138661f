"""Rare values: what the reference engine's own tests ask for (sections 16.11, 16.14), and intrusions among usual processes."""

import numpy as np
import polars as pl
import pytest

import barograph
from tests.models.rare_data import build, there

START, TEN_MINUTES = 1_704_067_200_000, 600_000


def job(span: str, influencers: list[str], **detector: str) -> dict:
    config = {"bucket_span": span, "detectors": [{"function": "rare"} | detector], "influencers": influencers}
    return {"job_id": "rare", "analysis_config": config, "data_description": {"time_format": "epoch_ms"}}


def test_as_rare_values_are_as_likely_and_a_rare_one_is_fifty_times_less_so():
    random = np.random.default_rng(1)
    x = there(random.random((5, 400)) < 0.5)
    x[:2, :], x[4, :] = 1.0, np.nan
    x[3] = x[2]
    x[:, -1] = 1.0
    p = np.exp(build(5, ln_threshold=0.0).advance(x, 0).ln_p[:, -1])
    assert p[0] == p[1] >= p[2] == p[3] > 50 * p[4]


def test_eleven_outages_in_a_week_are_the_eleven_least_likely_buckets():
    random, buckets = np.random.default_rng(4), 1_008
    outages = np.sort(random.choice(np.arange(150, buckets), 11, replace=False))
    statuses = {"200": 1.0, "304": 0.97, "404": 0.7, "302": 0.5, "500": 0.2}
    rows = [(bucket, status) for bucket in range(buckets) for status, rate in statuses.items() if random.random() < rate]
    rows += [(bucket, status) for bucket in outages.tolist() for status in ("503", "SQL abort")]
    frame = pl.DataFrame(sorted(rows), schema=["bucket", "status"], orient="row")
    frame = frame.select("status", time=START + pl.col("bucket") * TEN_MINUTES)
    found = barograph.run(job("10m", [], by_field_name="status"), frame)
    least = found.buckets.sort("log_probability").head(11)
    assert sorted(((least["timestamp"] - START) // TEN_MINUTES).to_list()) == outages.tolist()
    both = found.bucket_values.filter(pl.col("by_field_value").is_in(["503", "SQL abort"]))
    assert both.group_by("timestamp").len()["len"].to_list() == [2] * 11


@pytest.mark.parametrize("seed", [1, 2])
def test_every_intrusion_is_found_above_all_else(seed):
    """Hosts with habits of their own, and five intrusions among twelve thousand usual starts of processes."""
    random, hosts, days = np.random.default_rng(seed), 12, 20
    n = 12_000
    time = np.sort(random.integers(0, days * 86_400, n)) * 1_000
    host = random.integers(0, hosts, n)
    rank = np.minimum(random.zipf(1.4, n) - 1, 14)
    usual = pl.DataFrame(
        {"time": START + time, "host": [f"h{i}" for i in host], "process": [f"p{i}" for i in (host * 7 + rank) % 30]}
    )
    at = START + random.integers(14 * 86_400, days * 86_400, 5) * 1_000
    where = random.permutation(hosts)[:5]
    odd = pl.DataFrame(
        {"time": at, "host": [f"h{i}" for i in where], "process": [f"x{i}.exe" for i in range(3)] + ["p999", "p998"]}
    )
    frame = pl.concat([usual, odd]).sort("time", maintain_order=True)
    asked = job("10m", ["process", "host"], by_field_name="process", partition_field_name="host")
    records = barograph.run(asked, frame).records.sort("record_score", descending=True)
    wanted = set(odd.select("host", "process").rows())
    assert set(records.head(5).select("partition_field_value", "by_field_value").rows()) == wanted
    blamed = records.row(0, named=True)["influencers"]
    assert {entity["influencer_field_name"] for entity in blamed} == {"process", "host"}
