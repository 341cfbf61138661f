"""A kind of model that nobody has written code for runs through the engine, a store, a replay and an explanation."""

from dataclasses import asdict

import pytest
from polars.testing import assert_frame_equal

from barograph.config import functions
from barograph.config.duration import Duration
from barograph.config.functions import Function
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.jobs.replay import replay
from barograph.jobs.views.explain import explain
from barograph.models import MODELS
from barograph.results.results import Results
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, requests
from tests.models.toy import ToyModel

HOUR = 3_600_000
NOW = 1_800_000_000_000
TABLES = ("buckets", "records", "influencers", "bucket_influencers", "annotations")


@pytest.fixture(autouse=True)
def toy_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose kind is a toy: one entry in each of the two tables."""
    toy = Function("toy_sum", (("sum", "both"),), "zero", description="toy_sum", kind="toy")  # type: ignore[arg-type]
    monkeypatch.setitem(functions.FUNCTIONS, "toy_sum", toy)
    monkeypatch.setitem(MODELS, "toy", ToyModel)


def toy_job():
    detectors = [{"function": "toy_sum", "field_name": "bytes", "partition_field_name": "host"}, {"function": "count"}]
    return load_job(
        {
            "job_id": "toys",
            "analysis_config": {"bucket_span": "15m", "detectors": detectors, "influencers": ["host", "user"]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )


def feed(store: Store, pieces: int = 7) -> tuple[Engine, Results]:
    store.create_job(toy_job(), NOW)
    frame, parts, state = requests(days=3.0), [], None
    for piece in frame.iter_slices(-(-frame.height // pieces)):
        engine = Engine.build(toy_job(), state)  # as each run begins: from the snapshot of the one before
        parts.append(engine.add(piece))
        state = engine.snapshot()
        store.commit("toys", parts[-1], state, [])
    return engine, Results.concat(parts)


def test_another_kind_has_records_and_influencers_beside_the_series_kind() -> None:
    engine = Engine.build(toy_job())
    results = Results.concat([engine.add(requests(days=3.0)), engine.flush()])
    toys = results.records.filter(function="toy_sum")
    assert toys.height > 3
    assert toys["influencers"].list.len().max() > 0
    assert set(toys["partition_field_value"]) <= {"host-0", "host-1", "host-2", "host-3"}
    assert results.bucket_values.filter(function_description="toy_sum").height > 500
    described = engine.describe().filter(function_description="toy_sum")
    assert described["text"].str.starts_with("A toy that has seen").all()
    assert described["season"].is_null().all()


def test_another_kind_resumes_and_replays_to_the_same_bits(store: Store) -> None:
    _, results = feed(store)
    at_once = Engine.build(toy_job()).add(requests(days=3.0))
    for name in (*TABLES, "bucket_values"):
        assert_frame_equal(getattr(at_once, name), getattr(results, name), check_exact=True)
    before = {name: getattr(store, name)("toys", Query(sort="timestamp", descending=False)).rows for name in TABLES}
    replay(store, "toys")
    for name, rows in before.items():
        assert_frame_equal(getattr(store, name)("toys", Query(sort="timestamp", descending=False)).rows, rows, check_exact=True)


def test_any_bucket_of_another_kind_is_explained(store: Store) -> None:
    engine, results = feed(store)
    record = results.records.filter(function="toy_sum").row(0, named=True)
    entity = ((record["partition_field_name"], record["partition_field_value"]),)
    for at in (record["timestamp"], START + 30 * HOUR):
        (found,) = engine.explain(results, at, entity)
        (kept,) = explain(store, "toys", at, entity).explanations
        assert asdict(found) == asdict(kept)
        assert [factor.name for factor in found.factors] == ["this_bucket", "job"]
        assert sum(factor.points for factor in found.factors) == pytest.approx(found.score)
    (odd,) = engine.explain(results, record["timestamp"], entity)
    assert odd.score == pytest.approx(record["initial_record_score"])
    assert odd.gate is None


def test_what_another_kind_cannot_forecast_is_left_out() -> None:
    engine = Engine.build(toy_job())
    engine.add(requests(days=3.0))
    found = engine.forecast(Duration.parse("1d"))
    assert found.left_out.function == 4
    assert found.rows["function_description"].unique().to_list() == ["count"]
