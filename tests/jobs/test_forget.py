"""Forgetting a span of time: the models that never saw it, and the results that stay."""

import re
from datetime import UTC
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError
from barograph.config.load import load_job
from barograph.config.moment import iso_text
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget, remember
from barograph.jobs.replay import replay
from barograph.results.results import Results
from barograph.store.store import Store
from tests.engine.events import START, job, requests
from tests.jobs.replays import FROM, HOUR, NOW, SPLIT, TO, all_of, assert_same, feed, files, listed


def means() -> object:
    document = {
        "job_id": "requests",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [{"function": "mean", "field_name": "bytes", "partition_field_name": "host"}],
            "influencers": ["user"],
        },
        "data_description": {"time_format": "epoch_ms"},
    }
    return load_job(document)


def without(frame: pl.DataFrame) -> pl.DataFrame:
    gone = pl.col("time").is_between(FROM, TO, closed="left")
    return frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes")))


def test_forget_keeps_the_results_of_the_span_and_gives_the_model_that_never_saw_it(store: Store) -> None:
    frame = requests()
    feed(store, means(), frame)
    before = all_of(store)
    forget(store, "requests", Exclusion(FROM, TO))
    after = all_of(store)
    inside = pl.col("timestamp").is_between(FROM, TO, closed="left")
    for name in ("buckets", "records", "influencers", "bucket_values"):
        assert_frame_equal(after[name].filter(inside), before[name].filter(inside), check_exact=True)
    assert store.forgotten("requests") == (Exclusion(FROM, TO),)

    engine = Engine.build(means())
    expected = Results.concat([engine.add(without(frame))])
    late = pl.col("timestamp") >= TO
    assert_frame_equal(
        after["records"].filter(late).drop("influencers"), expected.records.filter(late).drop("influencers"), check_exact=True
    )
    models = {name: value.tobytes() for name, value in engine.snapshot().arrays.items() if name.startswith(("model", "scores"))}
    found = store.resume("requests").snapshot.arrays
    assert {name: found[name].tobytes() for name in models} == models


@pytest.mark.parametrize("function", ["sum", "mean"])
def test_forget_goes_on_from_a_snapshot_to_the_same_result(store: Store, tmp_path: Path, function: str) -> None:
    of = means().model_copy(
        update={"analysis_config": job(analysis_config={"detectors": [{"function": function, **SPLIT}]}).analysis_config}
    )
    feed(store, of)
    span = Exclusion(FROM, TO, (("host", "host-1"),))
    done = forget(store, "requests", span)
    assert 0 < done.buckets < store.summary("requests").counts.bucket_count
    with Store.open(None, tmp_path / "other") as other:
        feed(other, of)
        _drop_all_but_the_newest_snapshot(other)
        whole = forget(other, "requests", span)
        assert whole.buckets > done.buckets
        expected, found = all_of(other), all_of(store)
        assert [one.snapshot_id for one in found["snapshots"]][-1] == expected["snapshots"][-1].snapshot_id
        assert_same({name: value for name, value in expected.items() if name != "snapshots"}, found)
    replay(store, "requests")
    assert_same(all_of(store), found)
    assert files(store) == listed(store)


@pytest.mark.slow
def test_remember_undoes_what_went_on_from_a_snapshot(store: Store) -> None:
    feed(store)
    before = all_of(store)
    forget(store, "requests", Exclusion(FROM, TO))
    assert remember(store, "requests", Exclusion(FROM, TO)).buckets < before["buckets"].height
    assert_same(all_of(store), before)


def _drop_all_but_the_newest_snapshot(store: Store) -> None:
    of = store.job("requests").model_copy(
        update={"model_snapshot_retention_days": 0, "daily_model_snapshot_retention_after_days": 0}
    )
    store.create_job(of, NOW)
    store.expire("requests")
    assert len(store.snapshots("requests")) == 1


def test_what_is_forgotten_stays_forgotten_and_can_be_remembered(store: Store) -> None:
    feed(store)
    before = all_of(store)
    span, other = Exclusion(FROM, TO, (("host", "host-2"),)), Exclusion(START + 10 * HOUR, START + 11 * HOUR)
    forget(store, "requests", span)
    once = all_of(store)
    replay(store, "requests")
    assert_same(all_of(store), once)
    forget(store, "requests", other)
    assert store.forgotten("requests") == (span, other)
    remember(store, "requests", other)
    remember(store, "requests", span)
    assert store.forgotten("requests") == ()
    assert_same(all_of(store), before)
    with pytest.raises(InputError, match="wanted one that was forgotten"):
        remember(store, "requests", span)


def test_what_has_not_come_yet_cannot_be_forgotten(store: Store) -> None:
    feed(store)
    end = store.summary("requests").counts.latest_bucket_timestamp + 900_000
    with pytest.raises(
        InputError, match=f"wanted an end at or before {re.escape(iso_text(end, UTC))}, where the newest finished bucket ends"
    ):
        forget(store, "requests", Exclusion(FROM, end + 1))
    forget(store, "requests", Exclusion(FROM, end))


def test_what_was_before_all_data_cannot_be_forgotten(store: Store) -> None:
    feed(store)
    with pytest.raises(InputError, match=r"wanted an end after 20.*, where the data begins"):
        forget(store, "requests", Exclusion(START - 2 * HOUR, START))
    assert store.forgotten("requests") == ()


def test_an_entity_that_never_came_cannot_be_forgotten(store: Store) -> None:
    feed(store)
    with pytest.raises(InputError, match="entity='host=nobody': wanted one that the job has seen"):
        forget(store, "requests", Exclusion(FROM, FROM + HOUR, (("host", "nobody"),)))
    assert store.forgotten("requests") == ()


def test_a_revert_ends_what_is_forgotten_where_the_job_is_then(store: Store) -> None:
    feed(store)
    points = store.snapshots("requests")
    until = points[-3].latest_bucket_timestamp + 900_000
    forget(store, "requests", Exclusion(until - HOUR, until + HOUR))
    forget(store, "requests", Exclusion(until, until + HOUR))
    store.revert("requests", store.snapshots("requests")[-3].snapshot_id, delete_later_results=True)
    assert store.forgotten("requests") == (Exclusion(until - HOUR, until),)
    before = all_of(store)
    replay(store, "requests")
    assert_same(all_of(store), before)
