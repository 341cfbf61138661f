"""A store explains what an engine explains, whatever snapshots it has, and knows what was forgotten."""

from dataclasses import asdict

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import InputError, OtherVersion
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget
from barograph.jobs.views.explain import MEMBERS, explain
from barograph.models import SeriesModel
from barograph.results.results import Results
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests
from tests.jobs.replays import DAY, HOUR, NOW, fed, feed

FRAME = requests(days=4.0)


def test_a_store_explains_bit_for_bit_what_an_engine_does_that_kept_everything(store: Store) -> None:
    engine = feed(store, frame=FRAME)
    results = Results.concat([one for one, _ in fed(job(), FRAME)])
    for hour in (31, 78):
        at = START + hour * HOUR
        known = {asdict(one)["timestamp"] for one in engine.explain(results, at)}
        found = explain(store, "requests", at, size=1000)
        assert found.left_out == 0
        expected = sorted(engine.explain(results, at), key=lambda one: (-one.score, one.log_probability or 0.0))
        assert [asdict(one) for one in found.explanations] == [asdict(one) for one in expected]
        assert len(known) == 1


def test_the_score_that_a_record_has_today_stands_beside_the_one_it_began_with(store: Store) -> None:
    feed(store, frame=FRAME)
    worst = store.records("requests", Query(size=1)).rows.row(0, named=True)
    found = explain(store, "requests", worst["timestamp"], size=1000)
    assert worst["record_score"] in found.now
    places = store.records("requests", Query(start_ms=worst["timestamp"], end_ms=worst["timestamp"] + 1)).total
    assert sum(one is not None for one in found.now) == places > 0


@pytest.mark.slow
def test_what_was_forgotten_explains_nothing(store: Store) -> None:
    feed(store, frame=FRAME)
    forget(store, "requests", Exclusion(START + DAY, START + 2 * DAY))
    records = store.records("requests", Query(start_ms=START + 2 * DAY, sort="timestamp", descending=False)).rows
    assert records.height > 5
    for record in records.gather_every(20).iter_rows(named=True):
        found = explain(store, "requests", record["timestamp"], size=1000).explanations
        mine = [
            one
            for one in found
            if (one.measure.detector_index, one.measure.function_description, one.partition_field_value, one.by_field_value)
            == tuple(
                record[name] for name in ("detector_index", "function_description", "partition_field_value", "by_field_value")
            )
        ]
        assert mine[0].score == pytest.approx(record["initial_record_score"], abs=1e-9)


def test_a_series_among_others_is_explained_with_what_they_had_taught_it_by_then(store: Store) -> None:
    hosts = load_job(
        {
            "job_id": "hosts",
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}],
            },
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    random, hours = np.random.default_rng(6), np.arange(10 * 24)
    levels = 100.0 + 20.0 * np.cumsum(random.random((len(hours), 8)) < 0.02, axis=0)  # constants that change now and then
    frame = pl.DataFrame(
        {
            "time": np.repeat(START + hours * HOUR, 8),
            "host": [f"h{host}" for host in range(8)] * len(hours),
            "ms": levels.ravel(),
        }
    ).filter((pl.col("host") != "h7") | (pl.col("time") >= START + 5 * DAY))
    store.create_job(hosts, NOW)
    engine = Engine.build(hosts)
    for piece in frame.iter_slices(-(-frame.height // 7)):
        store.commit("hosts", engine.add(piece), engine.snapshot(), [])
    records = store.records("hosts", Query(size=1000)).rows
    late = records.filter(pl.col("timestamp") > START + 4 * DAY)
    assert late.height > 5
    assert "h7" in late["partition_field_value"]
    for record in late.iter_rows(named=True):
        (one,) = explain(store, "hosts", record["timestamp"], (("host", record["partition_field_value"]),)).explanations
        assert one.log_probability == record["log_probability"]


def test_only_so_many_are_shown_and_the_rest_is_counted(store: Store) -> None:
    feed(store, frame=FRAME)
    every = explain(store, "requests", START + 50 * HOUR, size=1000).explanations
    found = explain(store, "requests", START + 50 * HOUR, size=2)
    assert found.explanations == every[:2]
    assert found.left_out == len(every) - 2
    assert pl.Series([one.score for one in every]).is_sorted(descending=True)


def test_a_job_that_has_finished_nothing_cannot_be_explained(store: Store) -> None:
    store.create_job(job(), NOW)
    with pytest.raises(InputError, match="wanted a job that has finished a bucket"):
        explain(store, "requests", START)


def test_models_of_another_version_point_to_the_replay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(store, frame=FRAME)
    monkeypatch.setattr(SeriesModel, "readable", lambda _: False)
    with pytest.raises(OtherVersion, match="wanted models of this version; 'barograph replay requests' makes them anew"):
        explain(store, "requests", START + 5 * HOUR)


def test_the_sum_of_a_bucket_is_that_of_all_its_series_and_adds_up_to_its_first_score(store: Store) -> None:
    feed(store, frame=FRAME)
    worst = store.buckets("requests", Query(sort="initial_anomaly_score", descending=True, size=1)).rows.row(0, named=True)
    whole = explain(store, "requests", worst["timestamp"], size=1000)
    some = explain(store, "requests", worst["timestamp"], size=2)
    assert whole.bucket is not None
    assert some.bucket is not None
    assert whole.bucket.factors == some.bucket.factors
    assert whole.bucket.score == worst["initial_anomaly_score"] > 50
    assert sum(factor.points for factor in whole.bucket.factors) == pytest.approx(whole.bucket.score)
    assert whole.bucket.series == sum(one.actual is not None for one in whole.explanations)
    assert sum(share or 0.0 for share in whole.shares) == pytest.approx(1.0)
    assert some.shares == whole.shares[:2]


def test_a_bucket_names_who_shows_the_most_however_many_are_explained(store: Store) -> None:
    feed(store, frame=FRAME)
    worst = store.records("requests", Query(size=1)).rows.row(0, named=True)["timestamp"]
    one, every = (explain(store, "requests", worst, size=size) for size in (1, 1000))
    assert one.members == every.members
    assert one.detectors == every.detectors
    assert [member.share for member in one.members] == sorted((share for share in every.shares if share), reverse=True)[
        :MEMBERS
    ]
    assert sum(one.detectors.values()) == pytest.approx(1.0)


def test_an_entity_alone_has_no_sum_of_its_bucket(store: Store) -> None:
    feed(store, frame=FRAME)
    record = store.records("requests", Query(size=1)).rows.row(0, named=True)
    kind = "partition" if record["by_field_value"] is None else "by"
    entity = ((record[f"{kind}_field_name"], record[f"{kind}_field_value"]),)
    found = explain(store, "requests", record["timestamp"], entity, size=1000)
    assert found.explanations
    assert found.bucket is None
    assert not any(found.shares)
    assert not found.members
