"""Going back to a snapshot is as if the later rows had not been read; expiring is one mechanism for all."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import NotFound, OtherVersion
from barograph.jobs.replay import replay
from barograph.jobs.run import run_job
from barograph.jobs.summary import Progress
from barograph.sources.read import read_files
from barograph.store.errors import NoSuchJob
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import job, requests

DAY = 86_400_000
TABLES = ("buckets", "records", "influencers", "bucket_influencers", "annotations")


class Ticking:
    """A clock that makes every chunk look long enough for a commit."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self, _: Progress) -> None:
        self.now += 3.0


def run(store: Store, path: Path, of=None) -> None:
    of, clock = of or job(), Ticking()
    chunks = read_files([str(path)], of.data_description, fields=of.fields, block_bytes=20_000)
    run_job(store, of, chunks, clock.tick, clock=clock)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text(requests().write_csv() + "broken\n")
    return path


@pytest.fixture(scope="module")
def finished(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store in which the job has read all rows; each test has a copy."""
    folder = tmp_path_factory.mktemp("finished") / "data"
    with Store.open(None, folder) as store:
        run(store, rows)
    return folder


@pytest.fixture
def store(finished: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(None, shutil.copytree(finished, tmp_path / "data")) as opened:
        yield opened


def state(store: Store) -> dict[str, object]:
    """All that later runs build on, and all results."""
    history = {"values": store.bucket_values("requests"), "shares": store.influencer_shares("requests")}
    newest = store.snapshots("requests")[-1]
    found = {name: getattr(store, name)("requests", Query(sort="timestamp", descending=False)).rows for name in TABLES}
    saved = {"snapshot": newest.snapshot_id, "counts": store.summary("requests").counts, "progress": store.progress("requests")}
    return {**history, **found, **saved}


def assert_same(one: dict[str, object], other: dict[str, object], *names: str) -> None:
    for name in names or one:
        if isinstance(one[name], pl.DataFrame):
            assert_frame_equal(one[name], other[name], check_exact=True)
        else:
            assert one[name] == other[name], name


@pytest.mark.parametrize("delete", [False, True])
def test_a_reverted_job_reads_the_later_rows_again_to_the_same_end(store: Store, rows: Path, delete: bool) -> None:
    before = state(store)
    points = store.snapshots("requests")
    done = store.revert("requests", points[2].snapshot_id, delete_later_results=delete)
    assert [one.snapshot_id for one in done.snapshots] == [one.snapshot_id for one in points[3:]]
    assert store.snapshots("requests") == points[:3]
    assert store.summary("requests").counts.latest_record_timestamp == points[2].latest_record_timestamp
    assert state(store)["values"]["timestamp"].max() == points[2].latest_bucket_timestamp
    run(store, rows)
    assert_same(state(store), before)


def test_later_results_stay_unless_they_are_to_go(store: Store) -> None:
    before = state(store)
    point = store.snapshots("requests")[2]
    assert store.revert("requests", point.snapshot_id).results == 0
    assert_same(state(store), before, *TABLES)
    assert store.revert("requests", point.snapshot_id, delete_later_results=True).results > 0
    for name in TABLES:
        earlier = before[name].filter(pl.col("timestamp") <= point.latest_bucket_timestamp)
        assert_frame_equal(state(store)[name], earlier, check_exact=True)


def test_a_reverted_job_can_be_replayed(store: Store) -> None:
    store.revert("requests", store.snapshots("requests")[2].snapshot_id, delete_later_results=True)
    before = state(store)
    replay(store, "requests")
    assert_same(state(store), before)


def test_files_are_those_that_are_listed(store: Store) -> None:
    store.revert("requests", store.snapshots("requests")[1].snapshot_id)
    listed = {one.name for one in store.history_files("requests")} | {one.file for one in store.snapshots("requests")}
    assert store._job_files("requests").present() == listed


def test_a_snapshot_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="snapshot_id='nope': wanted a snapshot of job 'requests'"):
        store.revert("requests", "nope")


def test_a_snapshot_of_the_first_tables_cannot_be_reverted_to(store: Store) -> None:
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE snapshot SET counts = NULL, progress = NULL")
    with pytest.raises(OtherVersion, match="wanted one that says what had been read"):
        store.revert("requests", store.snapshots("requests")[1].snapshot_id)


def test_expiring_by_hand_does_what_a_commit_does(store: Store, rows: Path, tmp_path: Path) -> None:
    before = state(store)
    shorter = job(results_retention_days=1, model_snapshot_retention_days=0)
    store.create_job(shorter, 1)
    assert_same(state(store), before)
    done = store.expire("requests")
    after = state(store)
    newest = before["buckets"]["timestamp"].max()
    for name in TABLES:
        assert_frame_equal(after[name], before[name].filter(pl.col("timestamp") >= newest - DAY), check_exact=True)
    assert_same(after, before, "values", "shares", "snapshot", "counts")
    assert done.results > 0
    assert len(done.snapshots) > 0
    assert len(store.snapshots("requests")) == 1
    assert store.expire("requests").results == 0
    with Store.open(None, tmp_path / "other") as other:
        run(other, rows, shorter)
        assert_same(state(other), after)


def test_an_unknown_job_does_not_expire(store: Store) -> None:
    with pytest.raises(NoSuchJob):
        store.expire("nope")
