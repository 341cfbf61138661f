"""Who is to blame in streams of events: members of a population, rare processes, and whoever tries passwords on a real host.

The data lie beside the project, as those of the benchmarks do.
"""

import gzip
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import barograph

DATA = Path(__file__).parents[2].parent / "shared" / "data"
EVENTS, LOG = DATA / "synth" / "events", DATA / "authlog" / "auth.log.gz"
FAILED = re.compile(r"(\w{3} +\d+ [\d:]{8}) .*(?:Failed password|Invalid user).* from (\d+\.\d+\.\d+\.\d+)")
HOUR_MS = 3_600_000


def results(rows: pl.DataFrame, span: str, detectors: list[dict[str, Any]], influencers: list[str]) -> barograph.Results:
    config = {"bucket_span": span, "detectors": detectors, "influencers": influencers}
    return barograph.run({"job_id": "who", "analysis_config": config, "data_description": {"time_format": "epoch_ms"}}, rows)


def stream(name: str) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The rows of a stream, and what is unusual in it."""
    rows = pl.read_csv(EVENTS / f"{name}.csv.gz", try_parse_dates=True)
    times = pl.col("timestamp").dt.epoch("ms").alias("time")
    return rows.with_columns(times), json.loads((EVENTS / f"{name}.truth.json").read_text())


def false_above(records: pl.DataFrame, role: str, truth: list[dict[str, Any]]) -> list[int]:
    """For each unusual thing how many records of none are above its first one; as many as there are for one never found."""
    found, false = {}, 0
    for row in records.sort("record_score", descending=True).iter_rows(named=True):
        hits = [
            at for at, one in enumerate(truth) if one["value"] == row[f"{role}_field_value"] and near(one, row["timestamp"])
        ]
        false += not hits
        for at in hits:
            found.setdefault(at, false)
    return [found.get(at, records.height) for at in range(len(truth))]


def near(one: dict[str, Any], time_ms: int) -> bool:
    start, end = (datetime.fromisoformat(f"{one[name]}+00:00").timestamp() * 1000 for name in ("start", "end"))
    return start - HOUR_MS <= time_ms <= end + HOUR_MS


@pytest.mark.skipif(not EVENTS.exists(), reason="the streams are not here")
def test_members_unlike_all_others_come_before_anyone_else():
    rows, truth = stream("population")
    detectors = [
        {"function": "high_count", "over_field_name": "user"},
        {"function": "high_sum", "field_name": "bytes", "over_field_name": "user"},
        {"function": "high_distinct_count", "field_name": "url", "over_field_name": "user"},
    ]
    found = results(rows, "1h", detectors, ["user"])
    assert false_above(found.records, "over", truth) == [0] * len(truth)


@pytest.mark.skipif(not EVENTS.exists(), reason="the streams are not here")
def test_processes_that_their_host_never_ran_are_all_found():
    rows, truth = stream("rare")
    detector = {"function": "rare", "by_field_name": "process", "partition_field_name": "host"}
    found = results(rows, "15m", [detector], ["process", "host"])
    assert false_above(found.records, "by", truth) == [0] * len(truth)


@pytest.mark.skipif(not EVENTS.exists(), reason="the streams are not here")
def test_hosts_unlike_themselves_come_first():
    rows, truth = stream("partitions")
    split = {"by_field_name": "service", "partition_field_name": "host"}
    detectors = [{"function": "mean", "field_name": "response_ms", **split}, {"function": "count", **split}]
    found = results(rows, "15m", detectors, ["host", "service"])
    above = false_above(found.records, "partition", truth)
    assert sum(1 / (1 + false) for false in above if false < found.records.height) / len(truth) > 0.6


@pytest.mark.skipif(not LOG.exists(), reason="the log is not here")
def test_who_tries_passwords_is_the_top_influencer():
    with gzip.open(LOG, "rt", errors="replace") as lines:
        failed = [match.groups() for match in map(FAILED.match, lines) if match]
    times = [int(datetime.strptime(f"2015 {time} +0000", "%Y %b %d %H:%M:%S %z").timestamp() * 1000) for time, _ in failed]
    rows = pl.DataFrame({"time": times, "ip": [ip for _, ip in failed]}).sort("time", maintain_order=True)
    found = results(rows, "15m", [{"function": "high_count"}], ["ip"])
    assert found.influencers.sort("influencer_score")["influencer_field_value"][-1] == "24.151.103.17"
