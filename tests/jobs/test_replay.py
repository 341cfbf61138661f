"""Replay and forget on a store: what is replayed is what was, and readers see the old or the new, never half."""

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
from barograph.store.history import Span
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests

DAY = 86_400_000
HOUR = 3_600_000
NOW = 1_800_000_000_000


def feed(store: Store, of=None, frame: pl.DataFrame | None = None, pieces: int = 12) -> Engine:
    """Run a job, with a commit after each piece of its rows."""
    of, frame = of or job(), requests() if frame is None else frame
    store.create_job(of, NOW)
    engine = Engine.build(of)
    for piece in frame.iter_slices(-(-frame.height // pieces)):
        store.commit(of.job_id, engine.add(piece), engine.snapshot(), [])
    return engine


def all_of(store: Store, job_id: str = "requests") -> dict[str, object]:
    """Everything that a job has come to, but when it was replayed."""
    tables = ("buckets", "records", "influencers", "bucket_influencers", "annotations")
    results = {name: getattr(store, name)(job_id, Query(sort="timestamp", descending=False)).rows for name in tables}
    history = {"bucket_values": store.bucket_values(job_id), "influencer_shares": store.influencer_shares(job_id)}
    return {**results, **history, "snapshots": store.snapshots(job_id), "counts": store.summary(job_id).counts}


def assert_same(one: dict[str, object], other: dict[str, object]) -> None:
    for name, value in one.items():
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, other[name], check_exact=True)
        else:
            assert value == other[name], name


def files(store: Store, job_id: str = "requests") -> set[str]:
    return store._job_files(job_id).present()


def listed(store: Store, job_id: str = "requests") -> set[str]:
    return {one.name for one in store.history_files(job_id)} | {one.file for one in store.snapshots(job_id)}


def test_a_replay_of_an_unchanged_job_changes_nothing_but_the_time_of_the_replay(store: Store) -> None:
    feed(store)
    before = all_of(store)
    assert len(before["snapshots"]) > 3
    done = replay(store, "requests")
    assert_same(all_of(store), before)
    assert done.records == done.records_before == before["records"].height
    assert done.buckets == before["buckets"].height
    assert store.summary("requests").replay_time > NOW - 10 * 365 * DAY
    assert files(store) == listed(store)


def test_a_replay_ends_what_the_models_before_it_told_of_open_buckets(store: Store) -> None:
    engine = feed(store, frame=requests()[:2_000])
    before = all_of(store)
    store.commit("requests", engine.flush(calc_interim=True), engine.snapshot(), [])
    assert store.buckets("requests", Query(exclude_interim=False)).total == before["buckets"].height + 1
    replay(store, "requests")
    assert_same(all_of(store) | {"snapshots": before["snapshots"]}, before)
    assert store.buckets("requests", Query(exclude_interim=False)).total == before["buckets"].height


def test_a_replayed_job_goes_on_as_if_it_had_not_been(store: Store, tmp_path: Path) -> None:
    frame = requests()
    feed(store, frame=frame[:4_000])
    replay(store, "requests")
    engine = Engine.build(job(), store.resume("requests").snapshot)
    store.commit("requests", engine.add(frame[4_000:]), engine.snapshot(), [])
    with Store.open(None, tmp_path / "other") as other:
        feed(other, frame=frame[:4_000])
        resumed = Engine.build(job(), other.resume("requests").snapshot)
        other.commit("requests", resumed.add(frame[4_000:]), resumed.snapshot(), [])
        expected = {name: value for name, value in all_of(other).items() if name != "snapshots"}
        assert_same(expected, all_of(store))
        assert [one.snapshot_id for one in store.snapshots("requests")] == [
            one.snapshot_id for one in other.snapshots("requests")
        ]


def test_readers_see_the_old_results_until_all_new_ones_are_there(store: Store, tmp_path: Path) -> None:
    feed(store)
    before = all_of(store)
    seen = []

    def look(_done: int, _of: int) -> None:
        with Store.open(None, tmp_path / "data") as reader:
            seen.append(all_of(reader))

    forget(store, "requests", Exclusion(START + DAY, START + DAY + 6 * HOUR), look)
    assert len(seen) > 3
    for one in seen:
        assert_same(one, before)


class Killed(BaseException):
    """Ends a replay where nothing can catch it."""


def test_a_replay_that_is_cut_short_leaves_everything_as_it_was(store: Store) -> None:
    feed(store)
    before = all_of(store)

    def stop(done: int, _of: int) -> None:
        if done > 50:
            raise Killed

    with pytest.raises(Killed):
        replay(store, "requests", on_progress=stop)
    assert_same(all_of(store), before)
    assert files(store) == listed(store)


SPLIT = {"field_name": "bytes", "partition_field_name": "host"}
FROM, TO = START + DAY, START + DAY + 6 * HOUR


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


def test_results_that_have_expired_do_not_come_back(store: Store) -> None:
    of = job(results_retention_days=1)
    feed(store, of)
    before = all_of(store)
    assert before["buckets"]["timestamp"][0] > before["bucket_values"]["timestamp"][0]
    replay(store, "requests")
    assert_same(all_of(store), before)


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


def test_a_job_whose_results_have_all_expired_is_replayed_without_them(store: Store) -> None:
    feed(store)
    with store._database.write() as connection:
        for table in ("bucket", "record", "record_influencer", "influencer", "bucket_influencer"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    before = all_of(store)
    assert replay(store, "requests").records == 0
    assert_same(all_of(store), before)


def test_a_job_without_a_finished_bucket_has_nothing_to_replay(store: Store) -> None:
    store.create_job(job(), NOW)
    with pytest.raises(InputError, match="wanted a job that has finished a bucket"):
        replay(store, "requests")
    feed(store, frame=requests()[:2], pieces=1)
    with pytest.raises(InputError, match="wanted a job that has finished a bucket"):
        replay(store, "requests")


def test_reset_forgets_that_there_was_a_replay(store: Store) -> None:
    feed(store)
    forget(store, "requests", Exclusion(FROM, TO))
    store.reset_job("requests")
    assert store.summary("requests").replay_time is None
    assert store.forgotten("requests") == ()


def test_history_of_a_replayed_job_is_read_by_series(store: Store) -> None:
    feed(store)
    before = store.bucket_values("requests", Span(detector_index=1, split_values=("host-2",)))
    replay(store, "requests")
    assert_frame_equal(
        store.bucket_values("requests", Span(detector_index=1, split_values=("host-2",))), before, check_exact=True
    )
