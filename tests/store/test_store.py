"""Jobs, commits and what reads back, on both databases."""

from dataclasses import replace

import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from barograph.config.errors import BadRequest, NotFound, StorageFailure
from barograph.results.results import Results
from barograph.store.errors import JobBusy, JobChanged, NoSuchJob
from barograph.store.job_rows import InputProgress, JobState
from barograph.store.query import Query
from barograph.store.store import Store

ALL = Query(sort="timestamp", descending=False)


def assert_same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(left, right, check_exact=True)


def test_every_table_reads_back_as_it_was_written(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results(buckets=30)
    store.commit("web", written, make.snapshot(1), [])
    for name in ("records", "buckets", "influencers", "bucket_influencers", "annotations"):
        page = getattr(store, name)("web", ALL)
        assert_same(page.rows, getattr(written, name))
        assert page.total == len(page.rows)
    assert_same(store.bucket_values("web"), written.bucket_values)
    assert_same(store.influencer_shares("web"), written.influencer_shares)


@pytest.mark.parametrize(
    "value", [1e-308, 5e-324, -5e-324, 1.7976931348623157e308, 0.1 + 0.2, float("-inf"), 3.0, 2.0**60 + 256]
)
def test_a_double_keeps_every_bit(store, make, value):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    records = written.records.with_columns(pl.lit(value).alias("actual"))
    store.commit("web", replace(written, records=records), make.snapshot(1), [])
    assert {one.hex() for one in store.records("web").rows["actual"]} == {value.hex()}


def test_nan_is_null_and_a_negative_zero_is_zero(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    records = written.records.with_columns(pl.lit(float("nan")).alias("actual"), pl.lit(-0.0).alias("typical"))
    store.commit("web", replace(written, records=records), make.snapshot(1), [])
    read = store.records("web").rows
    assert read["actual"].null_count() == len(read)
    assert {one.hex() for one in read["typical"]} == {(0.0).hex()}


def test_text_with_a_zero_byte_does_not_stop_a_commit(store, make):
    store.create_job(make.job(), now_ms=1)
    written = make.results()
    influencers = written.influencers.with_columns(pl.lit("a\x00b").alias("influencer_field_value"))
    store.commit("web", replace(written, influencers=influencers), make.snapshot(1), [])
    assert set(store.influencers("web").rows["influencer_field_value"]) == {"a\u2400b"}


def test_a_job_resumes_with_what_was_committed_together(store, make):
    store.create_job(make.job(), now_ms=1)
    assert store.resume("web") is None
    first = InputProgress("/data/a.csv", 100, "ab" * 32, 50)
    store.commit("web", make.results(0), make.snapshot(1), [first])
    second = InputProgress("/data/b.csv", 10, "cd" * 32, 5)
    store.commit("web", make.results(4), make.snapshot(2), [second, replace(first, rows_done=70)])
    saved = store.resume("web")
    assert saved.snapshot.to_bytes() == make.snapshot(2).to_bytes()
    assert saved.counts == make.results(4).counts
    assert saved.progress == {"/data/a.csv": replace(first, rows_done=70), "/data/b.csv": second}


def test_creating_a_job_again_goes_on_with_it(store, make):
    assert store.create_job(make.job(), now_ms=1)
    assert not store.create_job(make.job(), now_ms=2)
    assert [(one.job.job_id, one.create_time, one.counts) for one in store.jobs()] == [("web", 1, None)]


def test_what_models_do_not_depend_on_may_change_in_place(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    changed = make.job(
        description="new", groups=["g"], custom_settings={"a": 1}, results_retention_days=3, model_snapshot_retention_days=20
    )
    assert not store.create_job(changed, now_ms=2)
    assert store.job("web") == changed


def test_other_analysis_settings_are_refused_with_each_difference(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    config = {
        "bucket_span": "1h",
        "detectors": [{"function": "max", "field_name": "bytes"}, {"function": "count"}],
        "influencers": ["host"],
    }
    with pytest.raises(JobChanged) as caught:
        store.create_job(make.job(analysis_config=config, time_zone="Europe/Berlin"), now_ms=2)
    text = str(caught.value)
    assert "analysis_config.bucket_span: '5m' in the store, '1h' now" in text
    assert "analysis_config.detectors[0].function: 'mean' in the store, 'max' now" in text
    assert "analysis_config.detectors[1]: None in the store, {" in text
    assert "analysis_config.influencers[0]: None in the store, 'host' now" in text
    assert "time_zone: 'UTC' in the store, 'Europe/Berlin' now" in text
    assert "barograph jobs reset web" in text
    assert store.job("web") == make.job()


def test_a_job_that_has_learned_nothing_takes_any_settings(store, make):
    store.create_job(make.job(), now_ms=1)
    assert not store.create_job(make.job(seed=1), now_ms=2)
    store.commit("web", make.results(), make.snapshot(1), [])
    with pytest.raises(JobChanged):
        store.create_job(make.job(seed=2), now_ms=3)
    store.reset_job("web")
    assert not store.create_job(make.job(seed=2), now_ms=4)
    assert store.job("web").seed == 2


def test_the_same_analysis_in_other_words_is_no_change(store, make):
    config = {"bucket_span": "60m", "detectors": [{"function": "count"}]}
    store.create_job(make.job(analysis_config=config), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    other = {"bucket_span": "1h", "detectors": [{"function": "count", "detector_description": "Requests"}]}
    assert not store.create_job(make.job(analysis_config=other), now_ms=2)
    assert store.job("web").detectors[0].detector_description == "Requests"


def test_an_unknown_job_is_named_with_the_nearest(store, make):
    store.create_job(make.job("web-logs"), now_ms=1)
    for ask in (store.job, store.resume, store.records, store.bucket_values, store.delete_job, store.reset_job):
        with pytest.raises(NoSuchJob, match="job_id='web-log': wanted the id of a job in this store; did you mean 'web-logs'"):
            ask("web-log")


def test_a_reset_job_keeps_its_configuration_only(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.create_job(make.job("other"), now_ms=1)
    for job_id in ("web", "other"):
        store.commit(job_id, make.results(), make.snapshot(1), [InputProgress("/a", 1, "00", 1)])
    store.reset_job("web")
    assert store.job("web") == make.job()
    assert store.resume("web") is None
    assert store.records("web").total == 0
    assert store.bucket_values("web").is_empty()
    assert {path.parent.name for path in (tmp_path / "data").glob("files/*/*/*")} == {"other"}
    store.commit("web", make.results(), make.snapshot(1), [])
    assert store.records("web").total == store.records("other").total == 12


def test_a_deleted_job_leaves_nothing(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [InputProgress("/a", 1, "00", 1)])
    store.delete_job("web")
    assert store.jobs() == []
    assert not list((tmp_path / "data" / "files").glob("*/*/*"))
    assert store.create_job(make.job(), now_ms=2)
    assert store.resume("web") is None


def test_a_job_has_one_writer(opened, make):
    one, other = opened(), opened()
    one.create_job(make.job(), now_ms=1)
    with one.lock("web"):
        one.commit("web", make.results(), make.snapshot(1), [])
        with pytest.raises(JobBusy, match="job 'web' is being run by another process"), other.lock("web", wait_s=0):
            pass
        assert other.records("web").total == 12  # reading is free
    with other.lock("web", wait_s=0):
        other.commit("web", make.results(4), make.snapshot(2), [])
    assert one.records("web").total == 24


def test_two_jobs_have_two_writers(opened, make):
    one, other = opened(), opened()
    for job_id in ("web", "db"):
        one.create_job(make.job(job_id), now_ms=1)
    with one.lock("web"), other.lock("db", wait_s=0):
        one.commit("web", make.results(), make.snapshot(1), [])
        other.commit("db", make.results(), make.snapshot(1), [])


def test_a_failed_commit_is_invisible_and_leaves_no_file(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0), make.snapshot(1), [])
    files = sorted((tmp_path / "data").glob("files/*/web/*"))
    twice = make.results(4)
    twice = replace(twice, records=pl.concat([twice.records, twice.records]))  # breaks the key
    with pytest.raises(StorageFailure):
        store.commit("web", twice, make.snapshot(2), [InputProgress("/a", 1, "00", 1)])
    assert sorted((tmp_path / "data").glob("files/*/web/*")) == files
    saved = store.resume("web")
    assert saved.counts == make.results(0).counts
    assert saved.snapshot.to_bytes() == make.snapshot(1).to_bytes()
    assert saved.progress == {}
    assert_same(store.bucket_values("web"), make.results(0).bucket_values)
    store.commit("web", make.results(4), make.snapshot(2), [])
    assert store.records("web").total == 24


def test_a_full_disk_is_told_and_costs_the_commit_only(store, make, monkeypatch):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0), make.snapshot(1), [])
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageFailure, match=r"web'?: wanted to write a file there .*No space left on device"):
        store.commit("web", make.results(4), make.snapshot(2), [])
    monkeypatch.undo()
    assert store.records("web").total == 12
    store.commit("web", make.results(4), make.snapshot(2), [])
    assert store.records("web").total == 24


BOTH = replace(ALL, exclude_interim=False)


def interim(make, first: int, buckets: int) -> Results:
    """Interim results; the counts are those of the finished buckets."""
    return replace(make.results(first, buckets).as_interim(), counts=make.counts(first))


def rows_of(store) -> dict[str, list[int]]:
    """The buckets that each table has rows of; the influencers of records are asked for beside the records."""
    found = {name: getattr(store, name)("web", BOTH).rows["timestamp"] for name in ("buckets", "records", "influencers")}
    found["bucket_influencers"] = store.bucket_influencers("web", BOTH).rows["timestamp"]
    with store._database.read() as connection:
        found["record_influencers"] = pl.Series(connection.exec_driver_sql("SELECT timestamp FROM record_influencer").scalars())
    return {name: sorted(set(times.to_list())) for name, times in found.items()}


def test_interim_results_are_shown_to_who_asks_for_them(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    told = interim(make, 2, 3)
    store.commit("web", told, make.snapshot(1), [])
    for name in ("records", "buckets", "influencers", "bucket_influencers"):
        read = getattr(store, name)
        assert_same(read("web", ALL).rows, getattr(make.results(0, 2), name))
        assert_same(read("web", BOTH).rows, pl.concat([getattr(make.results(0, 2), name), getattr(told, name)]))
    assert store.summary("web").counts.bucket_count == 2
    assert store.bucket_values("web")["timestamp"].max() == make.SPAN_MS


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        ("results", 2),  # the final ones of two of three: what was told of the third knew less
        ("interim", 3),
        ("interim", 1),
    ],
)
def test_newer_results_replace_all_interim_ones(store, make, newer: str, left: int):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    store.commit("web", interim(make, 2, 3), make.snapshot(1), [])
    follow = make.results(2, left) if newer == "results" else interim(make, 2, left)
    store.commit("web", follow, make.snapshot(2), [])
    expected = [bucket * make.SPAN_MS for bucket in range(2 + left)]
    found = rows_of(store)
    assert all(set(times) <= set(expected) for times in found.values())
    assert found["buckets"] == found["records"] == found["influencers"] == found["bucket_influencers"] == expected
    assert_same(store.records("web", BOTH).rows, pl.concat([make.results(0, 2).records, follow.records]))


def test_a_commit_without_results_leaves_interim_ones(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", interim(make, 0, 1), make.snapshot(1), [])
    store.commit("web", Results(counts=make.counts(0)), make.snapshot(2), [])
    assert store.buckets("web", BOTH).total == 1


@pytest.mark.parametrize("delete_later", [True, False])
def test_a_revert_ends_what_was_told_of_open_buckets(store, make, delete_later: bool):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(0, 2), make.snapshot(1), [])
    store.commit("web", interim(make, 2, 1), make.snapshot(1), [])
    store.revert("web", store.snapshots("web")[-1].snapshot_id, delete_later_results=delete_later)
    assert store.buckets("web", BOTH).total == 2


def test_results_older_than_their_retention_go(store, make):
    day = 86_400_000 // make.SPAN_MS
    store.create_job(make.job(results_retention_days=1), now_ms=1)
    store.commit("web", make.results(0, 10), make.snapshot(1), [])
    store.commit("web", make.results(10, day), make.snapshot(2), [])
    newest = store.buckets("web", Query(descending=True, size=1)).rows["timestamp"][0]
    for read in (store.records, store.buckets, store.influencers, store.bucket_influencers, store.annotations):
        assert read("web", ALL).rows["timestamp"].min() == newest - 86_400_000
    assert store.bucket_values("web")["timestamp"].min() == 0  # the truth that models are replayed from stays


def test_an_empty_commit_moves_the_snapshot_only(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", Results(), make.snapshot(1), [])
    store.commit("web", Results(), make.snapshot(1), [])
    assert [one.number for one in store.snapshots("web")] == [2]
    assert store.history_files("web") == []
    assert store.resume("web").snapshot.to_bytes() == make.snapshot(1).to_bytes()


def test_two_databases_in_one_directory_do_not_touch_each_others_files(make, tmp_path, postgres):
    for url in (None, postgres()):
        with Store.open(url, tmp_path) as one:
            one.create_job(make.job(), now_ms=1)
            one.commit("web", make.results(), make.snapshot(1), [])
    with Store.open(None, tmp_path) as one:
        assert len(one.bucket_values("web")) == 12


def test_a_damaged_snapshot_is_named(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    (path,) = (tmp_path / "data").glob("files/*/web/snapshot-*")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StorageFailure, match=f"{path.name}.*is damaged"):
        store.resume("web")
    path.unlink()
    with pytest.raises(StorageFailure, match=rf"wanted the file .*{path.name}.*, which is gone"):
        store.resume("web")


def test_a_missing_history_file_is_named(store, make, tmp_path):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    (path,) = (tmp_path / "data").glob("files/*/web/bucket_values-*")
    path.unlink()
    with pytest.raises(StorageFailure, match=f"{path.name}.*, which is gone"):
        store.bucket_values("web")


def test_what_is_not_a_store_is_refused(tmp_path):
    with pytest.raises(NotFound, match="nothing has been run there yet"):
        Store.open(None, tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    for url in ("mysql://a:secret@b/c", "nonsense"):
        with pytest.raises(BadRequest, match="wanted postgresql://") as caught:
            Store.open(url, tmp_path)
        assert "secret" not in str(caught.value)
    with pytest.raises(StorageFailure, match=r"127\.0\.0\.1"):
        Store.open("postgresql://a:secret@127.0.0.1:1/c", tmp_path)
    (tmp_path / "barograph.sqlite").write_text("this is a text, and not a database at all " * 100)
    with pytest.raises(StorageFailure, match="not a database"):
        Store.open(None, tmp_path)


@pytest.mark.parametrize("ask", ["job", "summary", "history_from"])
def test_a_job_is_one_query_that_reads_nothing_of_its_files(store, make, ask):
    store.create_job(make.job(), now_ms=1)
    for number in range(3):
        store.commit("web", make.results(number), make.snapshot(number), [])
    asked = list[str]()

    @sa.event.listens_for(store._database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    getattr(store, ask)("web")
    selects = [statement for statement in asked if statement.startswith("SELECT")]
    assert len(selects) == 1
    assert not any(table in selects[0] for table in ("snapshot", "history_file"))


def test_a_state_is_kept_with_its_reason(store, make):
    store.create_job(make.job(), now_ms=1)
    with store.lock("web"):
        store.set_state("web", JobState.FAILED, "no space left on device")
    (listed,) = store.jobs()
    assert (listed.state, listed.failure) == (JobState.FAILED, "no space left on device")
