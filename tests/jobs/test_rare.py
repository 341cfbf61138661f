"""Rare values through the engine: records, influencers, words, any cut of the rows, and the explanation of any bucket."""

import numpy as np
import polars as pl
import pytest

from barograph.api.elastic import documents
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.jobs.views.explain import explain
from barograph.results.results import Results
from barograph.results.words import record_compared
from barograph.store.store import Store
from tests.jobs.laws import check_pieces, check_replay

START, SPAN, BUCKETS = 1_704_067_200_000, 1_800_000, 700


def job_of(analysis=None, **detector):
    config = {"bucket_span": "30m", "detectors": [{"function": "rare", "by_field_name": "process"} | detector]}
    config |= {"influencers": ["process", "user", "host"]} | (analysis or {})
    return load_job({"job_id": "processes", "analysis_config": config, "data_description": {"time_format": "epoch_ms"}})


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Twelve usual processes on two hosts; one that only mallory runs, twice, and one of everybody that was never on host b."""
    random = np.random.default_rng(5)
    there = random.random((BUCKETS, 12, 2)) < np.linspace(0.3, 0.9, 12)[None, :, None]
    there[:, 11, 1] = False
    bucket, process, host = np.nonzero(there)
    usual = pl.DataFrame({"bucket": bucket, "process": [f"p{i}" for i in process], "host": [f"host-{'ab'[i]}" for i in host]})
    usual = usual.with_columns(user=pl.Series([f"u{i}" for i in random.integers(0, 4, len(bucket))]))
    odd = pl.DataFrame(
        {
            "bucket": [600, 600, 640, 660],
            "process": ["evil", "evil", "evil", "p11"],
            "host": ["host-a", "host-a", "host-a", "host-b"],
            "user": ["mallory", "mallory", "mallory", "u1"],
        }
    )
    frame = pl.concat([usual, odd.select(usual.columns)]).sort("bucket", maintain_order=True)
    return frame.with_columns(time=START + pl.col("bucket").cast(pl.Int64) * SPAN).drop("bucket")


@pytest.fixture(scope="module")
def ran(rows) -> tuple[Engine, Results]:
    engine = Engine.build(job_of(partition_field_name="host"))
    return engine, Results.concat([engine.add(rows), engine.flush()])


def test_what_is_rare_has_records_that_say_how_rare(ran):
    records = ran[1].records.sort("timestamp")
    told = records.select(
        (pl.col("timestamp") - START) // SPAN, "by_field_value", "partition_field_value", "values_before", "buckets_before"
    )
    assert told.rows() == [
        (600, "evil", "host-a", 0, 600),
        (640, "evil", "host-a", 1, 640),
        (660, "p11", "host-b", 0, 660),
    ]
    first, again, other = records.iter_rows(named=True)
    assert record_compared(first) == "first seen, after 600 buckets"
    assert record_compared(again) == "seen in 1 of 640 buckets"
    assert (first["by_field_first_occurrence"], again["by_field_first_occurrence"]) == (True, False)
    assert first["record_score"] > other["record_score"] - 5 > again["record_score"]
    assert (again["actual"], again["typical"]) == (1.0, pytest.approx(1 / 640))
    explanation = documents.record("processes", first)["anomaly_score_explanation"]
    assert explanation["by_field_first_occurrence"] is True
    assert explanation["by_field_relative_rarity"] == pytest.approx(350, rel=0.2)


def test_who_has_the_rare_value_is_to_blame(ran):
    first, *_ = ran[1].records.sort("timestamp").iter_rows(named=True)
    blamed = {entity["influencer_field_name"]: entity["influencer_field_values"] for entity in first["influencers"]}
    assert blamed == {"process": ["evil"], "user": ["mallory"], "host": ["host-a"]}
    users = ran[1].influencers.filter(influencer_field_name="user").sort("influencer_score", descending=True)
    assert users["influencer_field_value"][0] == "mallory"


def test_rows_in_any_pieces_and_a_resumed_job_give_the_same_bits(rows, ran):
    check_pieces(job_of(partition_field_name="host"), rows, 997, ran[1])


def test_a_replay_gives_the_same_bits_and_any_bucket_is_explained(rows, ran, store: Store):
    engine = check_replay(store, job_of(partition_field_name="host"), rows, 4)
    values = {
        (row["timestamp"], row["by_field_value"]): row["log_probability"]
        for row in ran[1].bucket_values.filter(partition_field_value="host-a").iter_rows(named=True)
    }
    for bucket, process in ((600, "evil"), (640, "evil"), (0, "p11"), (333, "p11"), (333, "p0")):
        at, entity = START + bucket * SPAN, (("host", "host-a"), ("process", process))
        (kept,) = explain(store, "processes", at, entity).explanations
        assert kept.log_probability == values.get((at, process))
        (found,) = engine.explain(ran[1], at, entity)
        assert found.log_probability == kept.log_probability
    (odd,) = explain(store, "processes", START + 600 * SPAN, (("process", "evil"),)).explanations
    record = ran[1].records.filter(pl.col("timestamp") == START + 600 * SPAN).row(0, named=True)
    assert odd.score == pytest.approx(record["initial_record_score"])
    assert (odd.gate, odd.actual, odd.typical) == (None, 1.0, 0.0)
    assert [would.high for would in odd.would_score if would.score <= odd.score] == [1.0, 1.0, 1.0]
    (usual,) = explain(store, "processes", START + 640 * SPAN, (("host", "host-b"), ("process", "p9"))).explanations
    assert usual.gate is not None
    assert usual.model[0].startswith("Seen in ")


def test_a_missing_value_is_none_unless_nulls_are_values(rows):
    missing = rows.with_columns(process=pl.lit(None, pl.String))
    for use_null, series in ((False, 0), (True, 1)):
        engine = Engine.build(job_of(use_null=use_null))
        results = Results.concat([engine.add(missing), engine.flush()])
        assert results.records.is_empty()
        assert results.bucket_values["by_field_value"].n_unique() == series


def test_what_is_new_everywhere_is_found_without_partitions(rows):
    engine = Engine.build(job_of())
    records = Results.concat([engine.add(rows), engine.flush()]).records
    assert records["by_field_value"].to_list() == ["evil", "evil"]
    assert engine.describe((("process", "evil"),))["values"].to_list() == [2]


@pytest.mark.parametrize("function", ["rare", "freq_rare"])
def test_what_few_members_have_is_found_whatever_the_cut_and_explained_bit_for_bit(rows, store: Store, function):
    job = job_of(function=function, over_field_name="user")
    whole = Engine.build(job)
    results = Results.concat([whole.add(rows), whole.flush()])
    check_pieces(job, rows, -(-rows.height // 3), results)
    check_replay(store, job, rows, 3)
    first, *_ = results.records.sort("timestamp").iter_rows(named=True)
    assert (first["by_field_value"], first["over_field_value"]) == ("evil", "mallory")
    assert first["by_field_first_occurrence"] is True
    assert first["actual"] == {"rare": 1.0, "freq_rare": 2.0}[function]
    assert record_compared(first).startswith("first seen, after 600 buckets; a value of few members: a usual one has ")
    assert {entity["influencer_field_name"] for entity in first["influencers"]} == {"process", "user", "host"}
    values = results.bucket_values.filter(pl.col("timestamp") == START + 600 * SPAN)
    for row in values.head(6).iter_rows(named=True):
        entity = (("user", row["over_field_value"]), ("process", row["by_field_value"]))
        (told,) = explain(store, "processes", row["timestamp"], entity).explanations
        assert told.log_probability == row["log_probability"]
    (odd,) = explain(store, "processes", START + 600 * SPAN, (("process", "evil"),)).explanations
    assert odd.score == pytest.approx(first["initial_record_score"])


@pytest.mark.slow
@pytest.mark.parametrize("over", [None, "user"])
def test_a_million_different_values_accuse_nobody(over):
    split = {} if over is None else {"over_field_name": over}
    engine, n = Engine.build(job_of({"influencers": []}, **split)), 50_000
    for bucket in range(20):
        numbers = np.arange(bucket * n, (bucket + 1) * n)
        names = {"process": pl.Series(numbers).cast(pl.String), "user": pl.Series(numbers % 100).cast(pl.String)}
        frame = pl.DataFrame({"time": START + bucket * SPAN + numbers % n, **names, "host": "a"})
        assert engine.add(frame).records.is_empty()
    assert engine.flush().records.is_empty()


def test_messages_of_a_kind_never_seen_before_are_rare_in_their_partition():
    random, texts = (
        np.random.default_rng(3),
        ("Accepted connection from {}", "Disk usage of volume {}", "Job {} finished in time"),
    )
    there = np.argwhere(random.random((BUCKETS, 3, 2)) < 0.6)
    rows = [(bucket, "ab"[of], texts[kind].format(random.integers(999))) for bucket, kind, of in there.tolist()]
    rows.append((600, "b", "Kernel panic not syncing: fatal exception in interrupt"))
    frame = pl.DataFrame(sorted(rows), schema=["bucket", "host", "message"], orient="row")
    frame = frame.select("host", "message", time=START + pl.col("bucket") * SPAN)
    by_partition = {"enabled": True}
    analysis = {"categorization_field_name": "message", "per_partition_categorization": by_partition, "influencers": ["host"]}
    engine = Engine.build(job_of(analysis, by_field_name="mlcategory", partition_field_name="host"))
    records = Results.concat([engine.add(frame), engine.flush()]).records
    told = records.select((pl.col("timestamp") - START) // SPAN, "partition_field_value", "values_before")
    assert told.rows() == [(600, "b", 0)]
