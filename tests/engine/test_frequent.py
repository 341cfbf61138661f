"""exclude_frequent: what is there nearly always is learned and not told, and that is counted."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import barograph
from barograph.engine.frequent import OFTEN, fading
from barograph.engine.silenced import SilencedCounts
from barograph.results.snapshot import under
from tests.engine.events import START

SPAN, N = 900_000, 600
ODD = 500


def rows() -> pl.DataFrame:
    """Errors of kind "a" in each bucket, "b" in every other, "c" in each twentieth; all have far too many in one."""
    rng = np.random.default_rng(3)
    of = {"a": 1, "b": 2, "c": 20}
    given = [
        (START + bucket * SPAN + i, kind)
        for bucket in range(N)
        for kind, every in of.items()
        if bucket % every == 0
        for i in range(int(rng.poisson(20)) + 1 + 400 * (bucket == ODD))
    ]
    return pl.DataFrame(given, schema=["time", "kind"], orient="row")


def job(exclude: str | None) -> barograph.Job:
    detector = {"function": "high_non_zero_count", "by_field_name": "kind", "exclude_frequent": exclude}
    analysis = {"bucket_span": "15m", "detectors": [detector]}
    described = {"time_format": "epoch_ms"}
    return barograph.load_job({"job_id": "frequent", "analysis_config": analysis, "data_description": described})


def found(exclude: str | None, chunks: int = 1) -> tuple[barograph.Engine, barograph.Results]:
    of, parts, frame = job(exclude), [], rows()
    engine = barograph.Engine.build(of)
    for chunk in frame.iter_slices(-(-frame.height // chunks)):
        parts.append(engine.add(chunk))
        engine = barograph.Engine.build(of, barograph.Snapshot.from_bytes(engine.snapshot().to_bytes()))
    parts.append(engine.flush(START + N * SPAN))
    return engine, barograph.Results.concat(parts)


@pytest.fixture(scope="module")
def without() -> tuple[barograph.Engine, barograph.Results]:
    return found("by")


def odd(of: barograph.Results) -> set[str]:
    return set(of.records.filter(pl.col("timestamp") == START + ODD * SPAN, pl.col("record_score") > 75)["by_field_value"])


def test_frequent_values_are_learned_and_not_told(without: tuple[barograph.Engine, barograph.Results]) -> None:
    _, everything = found(None)
    assert odd(everything) == odd(found("none")[1]) == {"a", "b", "c"}
    assert odd(without[1]) == {"c"}
    assert_frame_equal(without[1].bucket_values, everything.bucket_values, check_exact=True)


def test_how_rows_are_cut_and_resumed_changes_nothing(without: tuple[barograph.Engine, barograph.Results]) -> None:
    engine, again = found("by", chunks=7)
    assert_frame_equal(again.records, without[1].records, check_exact=True)
    assert_frame_equal(again.buckets, without[1].buckets, check_exact=True)
    assert engine.snapshot().to_bytes() == without[0].snapshot().to_bytes()


def test_what_is_left_out_is_counted_and_explained(without: tuple[barograph.Engine, barograph.Results]) -> None:
    engine, of = without
    counts = SilencedCounts.build(SPAN, under("silenced", engine.snapshot().arrays)).all()
    (told,) = [one for one in counts if one.rule == "exclude_frequent"]
    assert told.count >= 2
    reasons = {one.by_field_value: one.gate for one in engine.explain(of, START + ODD * SPAN)}
    assert reasons["a"] == "Its value is frequent, in 100 % of buckets: exclude_frequent leaves it out."
    assert reasons["b"] == "Its value is frequent, in 50 % of buckets: exclude_frequent leaves it out."
    assert reasons["c"] is None


@pytest.mark.parametrize("by", [None, "kind"])
def test_a_frequent_member_of_a_population_is_explained_as_left_out(by: str | None) -> None:
    rng = np.random.default_rng(3)
    given = [
        (START + bucket * SPAN + i, f"u{user}", None if i % 2 else "x")
        for bucket in range(400)
        for user in range(12)
        if user < 11 or bucket % 25 == 0
        for i in range(int(rng.poisson(6)) + 1 + 600 * (bucket == 350 and user in (3, 11)))
    ]
    detector = {"function": "high_count", "over_field_name": "user", "by_field_name": by, "use_null": True}
    analysis = {"bucket_span": "15m", "detectors": [detector | {"exclude_frequent": "over"}]}
    described = {"time_format": "epoch_ms"}
    of = barograph.load_job({"job_id": "frequent", "analysis_config": analysis, "data_description": described})
    engine = barograph.Engine.build(of)
    rows = pl.DataFrame(given, schema=["time", "user", "kind"], orient="row").sort("time")
    everything = barograph.Results.concat([engine.add(rows), engine.flush(START + 400 * SPAN)])
    records = everything.records.filter(pl.col("timestamp") == START + 350 * SPAN)
    assert set(records["over_field_value"]) == {"u11"}
    told = {one.over_field_value: one for one in engine.explain(everything, START + 350 * SPAN)}
    assert told["u3"].score == 0.0
    assert told["u3"].gate == "Its value is frequent, in 100 % of buckets: exclude_frequent leaves it out."
    assert told["u11"].gate is None


def test_a_value_is_frequent_by_its_share_of_the_buckets_of_its_partition() -> None:
    assert OFTEN == 0.1
    assert fading(SPAN) == pytest.approx(np.exp(-0.00025))
    assert fading(3_600_000) == pytest.approx(np.exp(-0.0005))


def test_frequent_members_of_a_population_are_left_out() -> None:
    """Two members have far too many rows in one bucket: one is always there, the other in each twentieth."""
    rng = np.random.default_rng(1)
    given = [
        (START + bucket * SPAN, f"user-{user}")
        for bucket in range(300)
        for user in range(24)
        if user == 0 or (bucket + user) % 20 == 0
        for _ in range(int(rng.poisson(5)) + 1 + 300 * (bucket == 280 and user in (0, 20)))
    ]
    frame = pl.DataFrame(given, schema=["time", "user"], orient="row")
    told = {}
    for exclude in (None, "over", "all"):
        detector = {"function": "high_count", "over_field_name": "user", "exclude_frequent": exclude}
        document = {"job_id": "members", "analysis_config": {"bucket_span": "15m", "detectors": [detector]}}
        engine = barograph.Engine.build(document | {"data_description": {"time_format": "epoch_ms"}})
        of = barograph.Results.concat([engine.add(frame), engine.flush()])
        told[exclude] = set(of.records.filter(pl.col("record_score") > 50)["over_field_value"])
    assert told == {None: {"user-0", "user-20"}, "over": {"user-20"}, "all": {"user-20"}}
    (explained,) = engine.explain(of, START + 280 * SPAN, (("user", "user-0"),))
    assert explained.gate == "Its value is frequent, in 100 % of buckets: exclude_frequent leaves it out."
