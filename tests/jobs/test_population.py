"""Populations through the engine: records, influencers, any cut of the rows, replay, and the explanation of any bucket."""

import numpy as np
import polars as pl
import pytest

from barograph.api.elastic import documents
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.jobs.service import Service
from barograph.jobs.views.explain import explain
from barograph.jobs.views.one_series import OneSeries
from barograph.jobs.views.series import SeriesQuery
from barograph.results.causes import with_causes
from barograph.results.results import Results
from barograph.results.words import record_compared
from barograph.store.store import Store
from tests.jobs.laws import check_pieces, check_replay

START, SPAN, BUCKETS, ODD = 1_704_067_200_000, 3_600_000, 24 * 6, 100


def job_of(*detectors, **more):
    config = {"bucket_span": "1h", "detectors": list(detectors), "influencers": ["user", "ip"], **more}
    return load_job({"job_id": "users", "analysis_config": config, "data_description": {"time_format": "epoch_ms"}})


SUMS = {"function": "high_sum", "field_name": "bytes", "over_field_name": "user", "partition_field_name": "site"}
COUNTS = {"function": "count", "over_field_name": "user"}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Thirty users on two sites, more of them by day; one once has a hundred times what the others have, from one address."""
    random = np.random.default_rng(7)
    busy = 0.35 * (1 + 0.9 * np.sin(np.arange(BUCKETS) * 2 * np.pi / 24))
    bucket, user = np.nonzero(random.random((BUCKETS, 30)) < busy[:, None])
    levels = random.lognormal(7.0, 0.8, 30)
    usual = pl.DataFrame(
        {
            "time": START + bucket * SPAN + random.integers(0, SPAN, len(bucket)),
            "user": [f"u{i}" for i in user],
            "site": [f"site-{'ab'[i % 2]}" for i in user],
            "ip": [f"10.0.0.{i}" for i in random.integers(0, 20, len(user))],
            "bytes": np.round(levels[user] * random.lognormal(0.0, 0.5, len(user))),
        }
    )
    odd = pl.DataFrame(
        {
            "time": [START + ODD * SPAN + at for at in range(9)],
            "user": "u4",
            "site": "site-a",
            "ip": "6.6.6.6",
            "bytes": 40_000.0,
        }
    )
    return pl.concat([usual, odd]).sort("time", maintain_order=True)


@pytest.fixture(scope="module")
def ran(rows) -> tuple[Engine, Results]:
    engine = Engine.build(job_of(SUMS, COUNTS))
    return engine, Results.concat([engine.add(rows), engine.flush()])


def test_who_has_more_than_its_peers_has_the_record_and_the_blame(ran):
    records = ran[1].records.filter(pl.col("record_score") > 50).sort("detector_index")
    named = ("timestamp", "detector_index", "over_field_name", "over_field_value", "partition_field_value")
    at = START + ODD * SPAN
    assert records.select(named).rows() == [(at, 0, "user", "u4", "site-a"), (at, 1, "user", "u4", None)]
    sums, counts = records.iter_rows(named=True)
    assert (sums["actual"], counts["actual"]) == (pytest.approx(361_000, rel=0.02), pytest.approx(9, abs=1))
    assert record_compared(sums).endswith("x higher than usual")
    assert sums["lower_bound"] < sums["typical"] < sums["upper_bound"] < 40_000
    blamed = {entity["influencer_field_name"]: entity["influencer_field_values"] for entity in sums["influencers"]}
    assert blamed == {"user": ["u4"], "ip": ["6.6.6.6"]}
    worst = ran[1].buckets.sort("anomaly_score", descending=True).row(0, named=True)
    assert (worst["timestamp"], worst["anomaly_score"] > 75) == (at, True)


def test_elastics_record_has_what_the_member_did_as_its_cause(ran):
    row = with_causes(ran[1].records, ran[1].records).filter(detector_index=0).sort("record_score").row(-1, named=True)
    document = documents.record("users", row)
    names = ("probability", "function", "function_description", "field_name", "over_field_name", "over_field_value")
    (cause,) = document["causes"]
    assert {name: cause[name] for name in names} == {name: row[name] for name in names}
    assert (cause["actual"], cause["typical"]) == ([row["actual"]], [row["typical"]])


def test_rows_in_any_pieces_and_a_resumed_job_give_the_same_bits(rows, ran):
    check_pieces(job_of(SUMS, COUNTS), rows, 397, ran[1])


def test_a_replay_gives_the_same_bits_and_any_bucket_is_explained(rows, ran, store: Store):
    engine = check_replay(store, job_of(SUMS, COUNTS), rows, 3)
    values = ran[1].bucket_values.filter(detector_index=0)
    for row in (
        *values.filter(pl.col("timestamp") == START + ODD * SPAN).head(3).iter_rows(named=True),
        values.row(-9, named=True),
    ):
        entity = (("site", row["partition_field_value"]), ("user", row["over_field_value"]))
        (kept,) = explain(store, "users", row["timestamp"], entity).explanations
        assert kept.log_probability == row["log_probability"]
        (found,) = engine.explain(ran[1], row["timestamp"], entity)
        assert found.log_probability == kept.log_probability
    series = OneSeries(0, None, ("site-a", None, "u4"))
    line = Service(store).series("users", SeriesQuery(series)).rows
    assert line["actual"].max() == pytest.approx(361_000, rel=0.02)
    assert line["actual"].null_count() > 0
    (odd,) = explain(store, "users", START + ODD * SPAN, (("site", "site-a"), ("user", "u4"))).explanations
    record = ran[1].records.filter(detector_index=0).sort("record_score").row(-1, named=True)
    assert odd.score == pytest.approx(record["initial_record_score"])
    assert (odd.gate, odd.typical, odd.upper) == (None, record["typical"], record["upper_bound"])
    assert [would.low for would in odd.would_score] == [None] * len(odd.would_score)
    assert odd.would_score[0].high < record["actual"]
    (absent,) = explain(store, "users", START + 19 * SPAN, (("site", "site-a"), ("user", "u4"))).explanations
    assert absent.actual is None or absent.gate is not None
    assert absent.typical is not None


def test_a_rule_skips_members(rows):
    rule = {"actions": ["skip_result"], "conditions": [{"applies_to": "actual", "operator": "gt", "value": 8}]}
    engine = Engine.build(job_of({**COUNTS, "custom_rules": [rule]}))
    told = Results.concat([engine.add(rows), engine.flush()]).records
    assert "u4" not in told.filter(pl.col("record_score") > 50)["over_field_value"].to_list()


def test_populations_are_not_forecast(ran):
    forecast = ran[0].forecast("1d")
    assert (forecast.series, forecast.rows.is_empty()) == (0, True)
    assert forecast.left_out.function > 0


def test_each_by_value_has_a_population_of_its_own(rows):
    job = job_of({"function": "sum", "field_name": "bytes", "by_field_name": "site", "over_field_name": "user"})
    engine = Engine.build(job)
    results = Results.concat([engine.add(rows), engine.flush()])
    worst = results.records.sort("record_score").row(-1, named=True)
    assert (worst["by_field_value"], worst["over_field_value"]) == ("site-a", "u4")


@pytest.mark.parametrize("function", ["mean", "median", "min", "max", "varp", "distinct_count", "info_content", "metric"])
def test_every_function_of_values_compares_members(rows, function):
    odd = rows.with_columns(
        bytes=pl.when(pl.col("ip") == "6.6.6.6").then(pl.col("bytes") * (1 + pl.col("time") % 9)).otherwise("bytes")
    )
    odd = pl.concat([odd, odd.with_columns(bytes=pl.col("bytes") * 1.3)]).sort("time", maintain_order=True)
    engine = Engine.build(job_of({"function": function, "field_name": "bytes", "over_field_name": "user"}))
    results = Results.concat([engine.add(odd.filter(pl.col("bytes").is_not_null())), engine.flush()])
    if function != "min":  # of which only small values are odd
        worst = results.records.sort("record_score").row(-1, named=True)
        assert (worst["timestamp"], worst["over_field_value"]) == (START + ODD * SPAN, "u4")
    assert results.bucket_values["over_field_value"].n_unique() == 30


def test_without_rows_of_anybody_there_is_nothing(rows):
    engine = Engine.build(job_of(SUMS))
    results = Results.concat([engine.add(rows.with_columns(user=pl.lit(None, pl.String))), engine.flush()])
    assert results.records.is_empty()
    assert results.bucket_values.is_empty()
