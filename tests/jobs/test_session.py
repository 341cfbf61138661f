"""An open job, fed by whoever has rows: the same results as a run on files, and safe once committed."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import BadRequest, UnreadableInput
from barograph.jobs.open_jobs import opened
from barograph.sources.read import read_files
from barograph.store.query import Query

ORDER = Query(sort="timestamp", descending=False)


def rows(first: int, end: int) -> pl.DataFrame:
    numbers = range(first, end)
    return pl.DataFrame({"time": [n * 60_000 for n in numbers], "value": [n * 37 % 101 / 7 for n in numbers]})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def session(store, make, fake, clock):
    with opened(store, make.job(), build=fake.FakeEngine.build, clock=clock) as session:
        yield session


def test_frames_give_what_one_frame_gives(store, make, fake):
    whole = fake.FakeEngine().add(rows(0, 300))
    for first in (0, 120):
        with opened(store, make.job(), build=fake.FakeEngine.build) as session:
            for start in range(first, 120 if first == 0 else 300, 20):
                session.feed_frame(rows(start, start + 20))
    assert_frame_equal(store.buckets("web", ORDER).rows["anomaly_score"].to_frame(), whole.buckets.select("anomaly_score"))
    assert store.resume("web").counts.input_record_count == 300


def test_rows_are_visible_once_they_are_committed(store, session, clock):
    session.feed_frame(rows(0, 30))
    assert (session.progress().rows, session.progress().rows_committed) == (30, 0)
    assert store.resume("web") is None
    session.commit()
    assert session.progress().rows_committed == 30
    assert store.buckets("web").total == session.progress().buckets > 0
    clock.now += 60.0
    session.feed_frame(rows(30, 60))  # it is time to commit
    assert session.progress().rows_committed == 60


def test_a_commit_without_news_writes_nothing(store, session):
    session.feed_frame(rows(0, 30))
    session.commit()
    before = store.snapshots("web")
    session.commit()
    assert store.snapshots("web") == before
    assert session.summary().commits == 1


def test_what_the_engine_refuses_leaves_the_job_open(store, session, monkeypatch):
    session.feed_frame(rows(0, 30))

    def refuse(_frame):
        raise BadRequest("no such column")

    with monkeypatch.context() as patch:
        patch.setattr(session._engine, "add", refuse)
        with pytest.raises(BadRequest):
            session.feed_frame(rows(30, 60))
    session.feed_frame(rows(30, 60))
    session.commit()
    assert store.resume("web").counts.input_record_count == 60


def test_a_chunk_that_was_refused_has_not_been_read(store, session, make, fake, tmp_path, monkeypatch):
    """Whoever mends what was wrong and sends the rows again loses none of them."""
    path = fake.write(tmp_path / "rows.ndjson", 0, 90)
    first, *others = read_files([path], make.job().data_description, fields=["value"], block_bytes=1000)

    def refuse(_frame):
        raise UnreadableInput("no such column")

    for chunk in (first, others[0]):
        with monkeypatch.context() as patch:
            patch.setattr(session._engine, "add", refuse)
            with pytest.raises(UnreadableInput):
                session.feed(chunk)
        session.commit()
        session.feed(chunk)
    for chunk in others[1:]:
        session.feed(chunk)
    session.commit()
    assert store.resume("web").counts.input_record_count == 90
