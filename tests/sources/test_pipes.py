"""A pipe is read as its rows come."""

import os

import pytest

from barograph.config.job import DataDescription
from barograph.sources import pipes
from barograph.sources.pipes import Pipe
from barograph.sources.read import read_files


@pytest.fixture
def ends():
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_what_is_there_is_read_without_waiting_for_more(ends):
    reading, writing = ends
    pipe = Pipe(reading, lambda: None)
    os.write(writing, b"one")
    assert pipe.read(1 << 20) == b"one"
    os.write(writing, b"two")
    assert pipe.read(2) == b"tw"
    os.close(writing)
    assert pipe.read(1 << 20) == b"o"
    assert pipe.read(1 << 20) == b""


def test_who_waits_may_use_the_time(ends, monkeypatch):
    monkeypatch.setattr(pipes, "IDLE_S", 0.0)
    reading, writing = ends
    calls = []

    def idle() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            os.write(writing, b"row\n")
            os.close(writing)

    assert Pipe(reading, idle).read(100) == b"row\n"
    assert calls == [0, 1, 2]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_each_row_is_handed_on_before_the_next_is_written(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(pipes, "IDLE_S", 0.0)
    path = tmp_path / f"rows.{kind}"
    os.mkfifo(path)
    rows = (
        ["time,v\n1,2\n", "3,4\n", "5,6\n"]
        if kind == "csv"
        else ['{"time":1,"v":2}\n', '{"time":3,"v":4}\n', '{"time":5,"v":6}\n']
    )
    writing = os.open(path, os.O_RDWR)
    rest, seen = iter(rows), []

    def write() -> None:
        nonlocal writing
        row = next(rest, None)
        if row is not None:
            os.write(writing, row.encode())
        elif writing >= 0:
            os.close(writing)
            writing = -1

    for chunk in read_files([path], DataDescription(), fields=["v"], idle=write):
        seen.append(chunk.first_row)
        assert chunk.rows == 1
    assert seen == [0, 1, 2]
