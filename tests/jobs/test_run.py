"""A run: what it commits, what it says, and that interruptions change nothing."""

import itertools
import os
import signal
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError, UnreadableInput
from barograph.jobs.run import IdleTime, run_job
from barograph.sources.read import read_files
from barograph.store.errors import JobBusy, JobChanged, NoSuchJob
from barograph.store.query import Query
from barograph.store.store import Store

BLOCK = 2000  # bytes; some forty rows


class Ticking:
    """A clock on which every chunk takes three seconds and a commit none, so that each chunk is committed."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self, _progress) -> None:
        self.now += 3.0


@pytest.fixture
def run(make, fake):
    def run_once(store, paths, *, job=None, chunks=None, engine=fake.FakeEngine, on_progress=None):
        job = job or make.job()
        clock = Ticking()
        chunks = chunks or read_files(paths, job.data_description, fields=["value"], block_bytes=BLOCK)
        return run_job(store, job, chunks, on_progress or clock.tick, build=engine.build, clock=clock)

    return run_once


@pytest.fixture
def input_file(tmp_path, fake):
    return fake.write(tmp_path / "rows.ndjson", 0, 1000)


def state(store) -> dict:
    """All that a run leaves, as a comparison sees it."""
    asked = Query(sort="timestamp", descending=False)
    saved = store.resume("web")
    return {
        "buckets": store.buckets("web", asked).rows,
        "records": store.records("web", asked).rows,
        "bucket_values": store.bucket_values("web"),
        "snapshot": saved.snapshot.to_bytes(),
        "counts": replace(saved.counts, examples=()),
        "examples": {(one.reason, one.row) for one in saved.counts.examples},
        "progress": saved.progress,
    }


def assert_same(left: dict, right: dict) -> None:
    for name in ("buckets", "records", "bucket_values"):
        assert_frame_equal(left.pop(name), right.pop(name), check_exact=True)
    assert left == right


@pytest.fixture
def undisturbed(run, input_file, tmp_path):
    with Store.open(None, tmp_path / "undisturbed") as other:
        run(other, [input_file])
        yield state(other)


def test_a_run_says_what_it_did(run, store, input_file):
    done = run(store, [input_file])
    malformed = len(range(0, 1000, 23))
    assert done.rows == 1000
    assert done.dropped == {"malformed": malformed}
    assert done.buckets == len(store.buckets("web").rows) > 190
    assert done.records == store.records("web").total > 0
    times = store.buckets("web").rows["timestamp"]
    assert (done.first_ms, done.last_ms) == (times[0], times[-1])
    assert (done.resumed, done.skipped, done.interrupted) == (False, (), None)
    assert done.commits > 10
    assert done.seconds == 3.0 * (done.commits + 1)  # the first chunk is too early for a commit
    assert done.counts == store.resume("web").counts
    assert done.counts.input_record_count == 1000
    assert done.counts.malformed_record_count == malformed
    assert done.counts.input_bytes == os.path.getsize(input_file)
    assert [one.row for one in done.counts.examples] == [1, 24, 47, 70, 93]


def test_the_same_command_again_reads_nothing(run, store, input_file):
    run(store, [input_file])
    before = state(store)
    again = run(store, [input_file])
    assert (again.rows, again.buckets, again.commits, again.resumed) == (0, 0, 0, True)
    assert again.skipped == (input_file,)
    assert again.dropped == {}
    assert_same(state(store), before)


def test_an_appended_file_goes_on_where_it_was(run, store, tmp_path, fake, undisturbed):
    path = tmp_path / "growing.ndjson"
    for first, end in ((0, 17), (17, 430), (430, 1000)):
        run(store, [fake.write(path, first, end)])
    found = state(store)
    (progress,) = found["progress"].values()
    assert progress.rows_done == 1000
    found["progress"] = undisturbed["progress"]  # by another name
    assert_same(found, undisturbed)


def test_one_more_file_adds_its_rows_only(run, store, tmp_path, fake, undisturbed):
    one = fake.write(tmp_path / "one.ndjson", 0, 500)
    run(store, [one])
    two = fake.write(tmp_path / "two.ndjson", 500, 1000)
    done = run(store, [one, two])
    assert done.rows == 500
    assert done.skipped == (one,)
    found = state(store)
    assert found.pop("bucket_values").equals(undisturbed.pop("bucket_values"))
    assert found["snapshot"] == undisturbed["snapshot"]


def interrupted_after(chunks, number: int, error: BaseException):
    for at, chunk in enumerate(chunks):
        if at == number:
            raise error
        yield chunk


@pytest.mark.parametrize("number", [0, 1, 7, 15])
def test_an_interrupted_run_commits_what_is_done_and_goes_on(run, store, make, input_file, undisturbed, number):
    chunks = read_files([input_file], make.job().data_description, fields=["value"], block_bytes=BLOCK)
    first = run(store, [], chunks=interrupted_after(chunks, number, KeyboardInterrupt()))
    assert first.interrupted == "SIGINT"
    second = run(store, [input_file])
    assert (second.resumed, second.interrupted) == (number > 0, None)
    assert first.rows + second.rows == 1000
    assert first.buckets + second.buckets == len(undisturbed["buckets"])
    assert_same(state(store), undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_chunks_ends_the_run_with_a_commit(run, store, input_file, undisturbed, number):
    seen = []

    def on_progress(progress) -> None:
        seen.append(progress)
        if len(seen) == 5:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    done = run(store, [input_file], on_progress=on_progress)
    assert signal.getsignal(number) is before
    assert done.interrupted == signal.Signals(number).name
    assert done.rows == seen[-1].rows < 1000
    assert store.resume("web").counts.input_record_count == done.rows
    run(store, [input_file])
    assert_same(state(store), undisturbed)


def test_a_broken_input_costs_nothing_before_it(run, store, make, input_file, undisturbed):
    chunks = read_files([input_file], make.job().data_description, fields=["value"], block_bytes=BLOCK)
    with pytest.raises(InputError, match="cut off"):
        run(store, [], chunks=interrupted_after(chunks, 9, InputError("rows.ndjson: cut off")))
    assert store.resume("web").counts.input_record_count > 0
    run(store, [input_file])
    assert_same(state(store), undisturbed)


def test_a_failing_engine_commits_nothing_of_its_chunk(run, store, fake, input_file, undisturbed):
    class Failing(fake.FakeEngine):
        def add(self, frame):
            found = super().add(frame)
            if self.counts.input_record_count > 300:
                raise MemoryError
            return found

    with pytest.raises(MemoryError):
        run(store, [input_file], engine=Failing)
    assert store.resume("web").counts.processed_record_count <= 300
    run(store, [input_file])
    assert_same(state(store), undisturbed)


def test_a_chunk_that_the_engine_refuses_costs_nothing_before_it(run, store, fake, input_file, undisturbed):
    class Refusing(fake.FakeEngine):
        def add(self, frame):
            if self.counts.input_record_count > 300:
                raise InputError("data_description.time_field='time': wanted a column of the input")
            return super().add(frame)

    seen = []
    with pytest.raises(InputError, match="wanted a column"):
        run(store, [input_file], engine=Refusing, on_progress=seen.append)
    saved = store.resume("web")
    assert saved.counts.processed_record_count > 300
    (progress,) = saved.progress.values()
    assert progress.rows_done == saved.counts.input_record_count == seen[-1].rows_committed
    run(store, [input_file])
    assert_same(state(store), undisturbed)


def test_rows_are_not_reported_as_committed_before_they_are(run, store, input_file):
    seen = []

    def on_progress(progress) -> None:
        saved = store.resume("web")
        assert progress.rows_committed == (saved.counts.input_record_count if saved else 0)
        seen.append(progress)

    done = run(store, [input_file], on_progress=on_progress)  # on a clock that stands still: one commit, at the end
    assert done.commits == 1
    assert [one.rows_committed for one in seen] == [0] * len(seen)
    assert seen[-1].rows == 1000


def test_the_time_of_a_chunk_is_shared_out_among_the_buckets_it_finished(store, make, fake, input_file):
    job, seconds = make.job(), itertools.count()
    chunks = list(read_files([input_file], job.data_description, fields=["value"], block_bytes=BLOCK))
    run_job(store, job, chunks, build=fake.FakeEngine.build, clock=lambda: float(next(seconds)))
    took = store.buckets("web", Query(sort="timestamp", descending=False)).rows["processing_time_ms"]
    assert (took > 0).all()
    assert took.sum() == pytest.approx(1000 * len(chunks), rel=0.02)  # each takes a second of this clock


def test_a_file_of_malformed_rows_only_is_refused_and_leaves_no_job(run, store, tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text("{]\n" * 10)
    with pytest.raises(UnreadableInput, match="10 of 10 rows are not rows of its format; nothing of it was read"):
        run(store, [str(path)])
    with pytest.raises(NoSuchJob):
        store.job("web")


def test_a_refused_file_leaves_a_job_as_it_was(run, store, input_file, tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text("{]\n" * 10)
    run(store, [input_file])
    before = state(store)
    with pytest.raises(UnreadableInput):
        run(store, [str(path)])
    assert_same(state(store), before)
    assert list(store.progress("web")) == [input_file]


def test_an_empty_input_creates_the_job_only(run, store, tmp_path):
    path = tmp_path / "empty.ndjson"
    path.write_text("")
    assert run(store, [str(path)]).commits == 0
    assert store.resume("web") is None


def test_a_job_that_is_being_run_is_refused(run, store, input_file, tmp_path):
    with Store.open(None, tmp_path / "data") as other, other.lock("web"), pytest.raises(JobBusy):
        run(store, [input_file])


def test_a_changed_job_is_refused_and_the_lock_given_back(run, store, make, input_file):
    run(store, [input_file])
    with pytest.raises(JobChanged):
        run(store, [input_file], job=make.job(seed=5))
    assert run(store, [input_file]).resumed


def test_a_job_that_cannot_run_is_not_created(run, store, input_file):
    class Refusing:
        @classmethod
        def build(cls, _job, _state, _knowledge, _disk):
            raise InputError("not this one")

    with pytest.raises(InputError, match="not this one"):
        run(store, [input_file], engine=Refusing)
    assert store.jobs() == []


def test_time_in_which_a_pipe_brings_nothing_is_used_to_commit(store, make, fake, input_file):
    idle, clock, found = IdleTime(), Ticking(), []

    def rows():
        chunks = read_files([input_file], make.job().data_description, fields=["value"], block_bytes=BLOCK)
        yield replace(next(chunks), fingerprint=None)
        idle()
        assert store.resume("web") is None  # it was not long enough
        clock.now += 10.0
        idle()
        first = store.records("web").total
        assert store.resume("web").counts.input_record_count > 0
        for chunk in chunks:
            yield replace(chunk, fingerprint=None)
        clock.now += 10.0
        idle()
        assert sum(found) == store.records("web").total - first > 0

    def on_records(frame):
        found.append(len(frame))

    done = run_job(store, make.job(), rows(), build=fake.FakeEngine.build, clock=clock, idle=idle, on_records=on_records)
    assert (done.rows, done.commits) == (1000, 2)


def test_a_signal_while_idle_time_is_used_ends_the_wait_behind_it(store, make, fake, input_file):
    idle, clock = IdleTime(), Ticking()

    def rows():
        chunks = read_files([input_file], make.job().data_description, fields=["value"], block_bytes=BLOCK)
        yield replace(next(chunks), fingerprint=None)
        clock.now += 10.0
        idle()
        raise AssertionError("the wait is over")

    def on_progress(progress):
        if progress.rows_committed:
            os.kill(os.getpid(), signal.SIGINT)

    done = run_job(store, make.job(), rows(), on_progress, build=fake.FakeEngine.build, clock=clock, idle=idle)
    assert (done.interrupted, done.commits) == ("SIGINT", 1)
    assert store.resume("web").counts.input_record_count == done.rows > 0
