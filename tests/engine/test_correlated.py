"""Series that go together, in a job: who breaks with the others is told, and why; replays and explanations say the same."""

import numpy as np
import polars as pl
import pytest

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.scoring.explain import FACTORS
from tests.engine.events import START
from tests.engine.replays import SPAN, assert_same, live, replayed

BUCKETS, BREAK = 500, 420


def rows() -> pl.DataFrame:
    """Four hosts of two sites, each site with a load that its hosts share; one row or some; one breaks with its site."""
    rng, some = np.random.default_rng(4), []
    load = rng.normal(50, 8, (2, BUCKETS))
    for at in range(BUCKETS):
        for host in range(4):
            more = 15.0 if (host, at) == (1, BREAK) else 0.0
            for _ in range(int(rng.integers(1, 4))):
                value = load[host % 2 if host == 3 else 0, at] + rng.normal(0, 1.5) + more
                some.append((START + at * SPAN, f"site-{int(host == 3)}", f"host-{host}", value))
    return pl.DataFrame(some, schema=["time", "site", "host", "cpu"], orient="row")


def job(function: str) -> Job:
    split = {"partition_field_name": "site", "by_field_name": "host"}
    detector = {"function": function, "field_name": "cpu", **split}
    analysis = {"bucket_span": "15m", "detectors": [detector], "multivariate_by_fields": True, "influencers": ["host"]}
    return load_job({"job_id": "j", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}})


@pytest.mark.parametrize("function", ["mean", "sum"])
def test_live_in_pieces_and_replayed_it_is_the_same(function):
    frame = rows()
    whole, snapshots = live(job(function), frame)
    pieces, _ = live(job(function), frame, cuts=(17, 1_000, 2_500))
    assert_same(pieces, whole)
    again, snapshot = replayed(job(function), whole, snapshots[-1], cuts=(START // SPAN + 99, START // SPAN + 340))
    assert_same(again, whole)
    assert snapshot.to_bytes() == snapshots[-1].to_bytes()


def test_who_breaks_is_told_with_whom_and_explained_as_told():
    engine, frame = Engine.build(job("mean")), rows()
    found = engine.add(frame)
    best = found.records.sort("record_score").row(-1, named=True)
    assert (best["by_field_value"], best["timestamp"]) == ("host-1", START + BREAK * SPAN)
    assert best["record_score"] > 75
    assert best["correlated_by_field_value"] in ("host-0", "host-2")
    assert best["influencers"][0]["influencer_field_values"] == ["host-1"]
    for record in found.records.sort("record_score").tail(5).iter_rows(named=True):
        (told,) = engine.explain(found, record["timestamp"], (("host", record["by_field_value"]),))
        assert told.log_probability == record["log_probability"]
        assert (told.typical, told.lower) == (record["typical"], record["lower_bound"])
        assert sum(factor.points for factor in told.factors) == pytest.approx(record["initial_record_score"])
        assert [factor.name for factor in told.factors] == [
            name for name in FACTORS if name != "job" or told.factors[-1].name == name
        ]
    assert found.records.filter(partition_field_value="site-1")["correlated_by_field_value"].null_count() == len(
        found.records.filter(partition_field_value="site-1")
    )


def test_others_are_looked_at_only_where_a_job_asks_for_it():
    plain = job("mean").model_copy(
        update={"analysis_config": job("mean").analysis_config.model_copy(update={"multivariate_by_fields": False})}
    )
    found, _ = live(plain, rows())
    assert found.records["correlated_by_field_value"].null_count() == len(found.records)
    assert found.records.filter(pl.col("timestamp") == START + BREAK * SPAN, pl.col("record_score") > 50).is_empty()
