"""Killed writers and concurrent readers: commits are seen whole, and those acknowledged stay."""

import random
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from barograph.store.errors import JobBusy
from barograph.store.store import Store

KILLS = [3, pytest.param(20, marks=pytest.mark.slow)]


@contextmanager
def writing(data: Path, url: str | None):
    """A writer in a process of its own, killed (SIGKILL) at the end."""
    command = [sys.executable, Path(__file__).with_name("writer.py"), data, *([url] if url else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(60, process.kill)  # a writer that hangs ends the test, not the suite
    alarm.start()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        alarm.cancel()


def acknowledged(process: subprocess.Popen, commits: int) -> int:
    """The number of the last of the next `commits` commits."""
    return int([process.stdout.readline() for _ in range(commits)][-1])


def assert_whole(store: Store, make, at_least: int) -> int:
    """The store holds the first n commits, every table of them, and no file beside; returns n."""
    saved = store.resume("web")
    number = int(saved.snapshot.arrays["buckets.watermark"][0])
    assert number >= at_least
    whole = make.results(0, number)
    assert saved.counts == make.results(number - 1, 1).counts
    assert saved.progress["/data"].rows_done == number
    for name in ("buckets", "bucket_influencers"):
        assert_frame_equal(getattr(store, name)("web").rows, getattr(whole, name), check_exact=True)
    assert store.records("web").total == store.influencers("web").total == 3 * number
    assert_frame_equal(store.bucket_values("web"), whole.bucket_values, check_exact=True)
    assert_frame_equal(store.influencer_shares("web"), whole.influencer_shares, check_exact=True)
    listed = {one.name for one in store.history_files("web")} | {one.file for one in store.snapshots("web")}
    assert store._job_files("web").present() == listed
    return number


@pytest.mark.parametrize("kills", KILLS)
def test_a_writer_killed_at_any_instant_leaves_whole_commits(opened, url, make, tmp_path, kills):
    opened().create_job(make.job(), now_ms=1)
    draw = random.Random(2)
    done = 0
    for _ in range(kills):
        with writing(tmp_path / "data", url) as process:
            reached = acknowledged(process, draw.randint(1, 12))
            # Killed while a commit is in the making: after a moment that differs, taken from the writer's own speed.
            threading.Event().wait(draw.random() * 0.02)
        with Store.open(url, tmp_path / "data") as store:
            done = assert_whole(store, make, at_least=max(reached, done))


def test_leftovers_of_a_commit_that_never_was_are_removed_on_open(opened, make, tmp_path):
    store = opened()
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    directory = store._job_files("web").path
    for name in ("bucket_values-0000000002-0.parquet", "snapshot-0123456789abcdef.npz", "snapshot-5.npz.tmp"):
        (directory / name).write_bytes(b"half")
    stray = directory.parent / "deleted-job"
    stray.mkdir()
    (stray / "snapshot-0.npz").write_bytes(b"old")
    assert_frame_equal(store.bucket_values("web"), make.results().bucket_values)
    reopened = opened()
    assert len(list(directory.iterdir())) == 3
    assert not stray.exists()
    assert_frame_equal(reopened.bucket_values("web"), make.results().bucket_values)


def test_files_of_a_job_that_is_being_run_are_left_alone(opened, make):
    store = opened()
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    in_the_making = store._job_files("web").path / "bucket_values-0000000002-0.parquet.tmp"
    with store.lock("web"):
        in_the_making.write_bytes(b"half")
        opened()
        assert in_the_making.exists()
    opened()
    assert not in_the_making.exists()


def test_a_reader_sees_whole_commits_while_another_process_writes(opened, url, make, tmp_path):
    store = opened()
    store.create_job(make.job(), now_ms=1)
    with writing(tmp_path / "data", url) as process:
        acknowledged(process, 1)
        seen = 0
        while seen < 40:  # beyond two merges of 16 files
            saved = store.resume("web")
            number = int(saved.snapshot.arrays["buckets.watermark"][0])
            assert saved.progress["/data"].rows_done == number >= seen
            page = store.records("web")
            assert page.total == len(page.rows)
            assert page.total % 3 == 0
            assert page.total >= 3 * number
            values = store.bucket_values("web")
            assert_frame_equal(values, make.results(0, len(values) // 3).bucket_values)
            seen = number
        with pytest.raises(JobBusy), store.lock("web", wait_s=0):
            pass
    with store.lock("web"):  # the lock ends with the process
        pass
