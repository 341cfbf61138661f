"""Injected outages, through the whole engine: one outage is one incident with all that it touched."""

import numpy as np
import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.scoring.incidents import incidents
from tests.engine.events import START

SPAN_MS = 900_000
BUCKETS = 96 * 8
JOB = {
    "job_id": "j",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "mean", "field_name": "v", "by_field_name": "host", "partition_field_name": "region"}],
    },
    "data_description": {"time_format": "epoch_ms"},
}


def rows(hosts: int, outages: dict[range, range], region: dict[int, str]) -> pl.DataFrame:
    """Steady values of many hosts; `outages`: which hosts drop to a tenth, and in which buckets (the k-th host k % 2 later)."""
    random = np.random.default_rng(3)
    values = 100.0 + 8.0 * random.normal(size=(BUCKETS, hosts))
    for broken, buckets in outages.items():
        for host in broken:
            values[buckets.start + host % 2 : buckets.stop, host] *= 0.1
    return pl.DataFrame(
        {
            "time": np.repeat(START + SPAN_MS * np.arange(BUCKETS), hosts),
            "host": [f"h{host:02}" for host in range(hosts)] * BUCKETS,
            "region": [region.get(host, "eu") for host in range(hosts)] * BUCKETS,
            "v": values.ravel(),
        }
    )


def found(frame: pl.DataFrame) -> pl.DataFrame:
    """The incidents that are not chance. An outage is the surer the fewer series of the job have had one some days before."""
    engine = Engine.build(load_job(JOB))
    return incidents(engine.add(frame).records, SPAN_MS).filter(pl.col("score") > 75)


def affected(incident: dict, outage: range) -> set[str]:
    """The hosts whose worst bucket lies in an outage. A mild record of chance may lie just before it and be the onset."""
    inside = [one for one in incident["members"] if (one["peak_time"] - START) // SPAN_MS in outage and one["score"] > 70]
    return {one["by_field_value"] for one in inside}


def test_an_outage_of_fifty_series_is_one_incident_with_all_of_them() -> None:
    outage = range(600, 606)
    one = found(rows(60, {range(50): outage}, {})).rows(named=True)
    assert len(one) == 1
    assert affected(one[0], outage) == {f"h{host:02}" for host in range(50)}
    assert one[0]["members"][-1]["onset"] <= START + 608 * SPAN_MS
    assert one[0]["entities"][0] == {"field_name": "region", "field_value": "eu", "members": one[0]["series"]}
    assert "all with region=eu; a hint at the cause: region=eu host=h" in one[0]["summary"]


@pytest.mark.parametrize("second", [range(400, 406), range(600, 606)], ids=["another time", "at once"])
def test_two_unrelated_outages_are_two(second: range) -> None:
    region = dict.fromkeys(range(25, 50), "us")
    frame = rows(50, {range(25): range(600, 606), range(25, 50): second}, region)
    two = found(frame).sort("start", "incident_id").rows(named=True)
    assert len(two) == 2
    sets = sorted(
        sorted(affected(one, outage)) for one, outage in zip(two, sorted([second, range(600, 606)], key=min), strict=True)
    )
    assert sets == [[f"h{host:02}" for host in range(25)], [f"h{host:02}" for host in range(25, 50)]]
