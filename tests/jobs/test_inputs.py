"""Which rows are new: no way of cutting, growing or repeating files doubles or loses one."""

import hashlib
import os
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.jobs.inputs import Inputs
from barograph.results.counts import Example
from barograph.sources.chunk import Chunk, Fingerprint
from barograph.sources.streams import fingerprint

BAD = "x"


def chunk(path, rows: list[str], first: int, end: int) -> Chunk:
    """Rows `first .. end - 1` of a file with one row a line; the row `x` is malformed."""
    part = rows[first:end]
    bad = [first + at for at, row in enumerate(part) if row == BAD]
    return Chunk(
        frame=pl.DataFrame({"value": [row for row in part if row != BAD]}, schema={"value": pl.String}),
        source=str(path),
        first_row=first,
        rows=len(part),
        bytes=sum(len(row) + 1 for row in part),
        malformed=len(bad),
        bad_rows=np.array(bad, np.int64) - first,
        examples=[Example("malformed", at + 1, BAD, "a row") for at in bad],
        read_bytes=0,
        total_bytes=0,
        fingerprint=fingerprint(str(path)),
    )


def read(inputs: Inputs, path, rows: list[str], cuts: list[int]) -> tuple[list[str], int, int]:
    """What is new when the file is read in these pieces: good rows, malformed rows, bytes."""
    values, malformed, length = [], 0, 0
    edges = [0, *sorted({min(cut, len(rows)) for cut in cuts} - {0}), len(rows)]
    for first, end in pairwise(edges):
        new = inputs.new_rows(chunk(path, rows, first, end)) if end > first else None
        if new is not None:
            assert new.rows == len(new.frame) + new.malformed
            assert len(new.examples) == new.malformed
            assert [new.first_row + at + 1 for at in new.bad_rows] == [one.row for one in new.examples]
            values += new.frame["value"].to_list()
            malformed += new.malformed
            length += new.bytes
    return values, malformed, length


@given(
    rows=st.lists(st.sampled_from(["a", "bb", BAD]), min_size=1, max_size=30),
    ends=st.lists(st.integers(0, 30), max_size=3),
    cuts=st.lists(st.lists(st.integers(1, 29), max_size=4), min_size=4, max_size=4),
)
def test_a_growing_file_gives_each_row_once_however_it_is_cut(tmp_path_factory, rows, ends, cuts):
    path = tmp_path_factory.mktemp("input") / "rows"
    values, malformed, length, progress = [], 0, 0, {}
    for run, end in enumerate([*sorted(min(end, len(rows)) for end in ends), len(rows)]):
        path.write_text("".join(f"{row}\n" for row in rows[:end]))
        inputs = Inputs(progress)
        new = read(inputs, path, rows[:end], cuts[run])
        values, malformed, length = values + new[0], malformed + new[1], length + new[2]
        progress = {**progress, **{one.source: one for one in inputs.progress()}}
    assert values == [row for row in rows if row != BAD]
    assert malformed == rows.count(BAD)
    assert length == sum(len(row) + 1 for row in rows)
    assert progress[str(path)].rows_done == len(rows)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows"
    path.write_text("a\nb\nc\n")
    return path


def after(file, rows: list[str]) -> dict:
    inputs = Inputs({})
    read(inputs, file, rows, [])
    return {one.source: one for one in inputs.progress()}


def test_a_file_read_before_is_skipped(file):
    inputs = Inputs(after(file, ["a", "b", "c"]))
    assert read(inputs, file, ["a", "b", "c"], [1]) == ([], 0, 0)
    assert inputs.skipped() == (str(file),)


def test_another_file_of_the_same_name_is_new(file):
    progress = after(file, ["a", "b", "c"])
    file.write_text("d\ne\n")
    inputs = Inputs(progress)
    assert read(inputs, file, ["d", "e"], []) == (["d", "e"], 0, 4)
    assert inputs.progress()[0].rows_done == 2


def test_a_shorter_file_of_the_same_beginning_brings_nothing(file):
    progress = after(file, ["a", "b", "c"])
    known = {path: replace(one, head_bytes=2, sha256=hashlib.sha256(b"a\n").hexdigest()) for path, one in progress.items()}
    file.write_text("a\n")
    assert read(Inputs(known), file, ["a"], []) == ([], 0, 0)


def test_a_renamed_file_goes_on_where_it_was(file):
    progress = after(file, ["a", "b", "c"])
    moved = file.rename(file.with_name("rows.1"))
    moved.write_text("a\nb\nc\nd\n")
    file.write_text("e\n")
    inputs = Inputs(progress)
    assert read(inputs, moved, ["a", "b", "c", "d"], []) == (["d"], 0, 2)
    assert read(inputs, file, ["e"], []) == (["e"], 0, 2)
    progress |= {one.source: one for one in inputs.progress()}
    moved = moved.rename(file.with_name("rows.2"))
    file.rename(file.with_name("rows.1"))
    inputs = Inputs(progress)
    assert read(inputs, file.with_name("rows.1"), ["e"], []) == ([], 0, 0)
    assert read(inputs, moved, ["a", "b", "c", "d"], []) == ([], 0, 0)


def test_a_copy_beside_its_original_is_new(file):
    progress = after(file, ["a", "b", "c"])
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    assert read(Inputs(progress), copy, ["a", "b", "c"], [])[0] == ["a", "b", "c"]


def test_a_file_name_that_is_not_utf8_is_known_again(file):
    odd = file.rename(os.fsdecode(os.fsencode(file.parent) + b"/r\xff"))
    progress = after(odd, ["a", "b", "c"])
    assert [path.encode().endswith(b"/r\\xff") for path in progress] == [True]
    inputs = Inputs(progress)
    assert read(inputs, odd, ["a", "b", "c"], []) == ([], 0, 0)
    assert [name.encode() for name in inputs.skipped()] == [name.encode() for name in progress]


def test_a_relative_path_is_the_absolute_one(file, monkeypatch):
    progress = after(file, ["a", "b", "c"])
    monkeypatch.chdir(file.parent)
    assert read(Inputs(progress), file.name, ["a", "b", "c"], []) == ([], 0, 0)


def test_the_same_file_twice_in_a_run_is_read_once(file):
    inputs = Inputs({})
    assert read(inputs, file, ["a", "b", "c"], [1])[0] == ["a", "b", "c"]
    assert read(inputs, file, ["a", "b", "c"], [2])[0] == []


def test_a_pipe_is_always_new(file):
    inputs = Inputs({})
    piped = replace(chunk(file, ["a"], 0, 1), fingerprint=None, source="-")
    assert inputs.new_rows(piped).rows == inputs.new_rows(piped).rows == 1
    assert inputs.progress() == []


def test_a_source_may_begin_where_the_job_is(file):
    progress = after(file, ["a", "b"])
    inputs = Inputs(progress)
    assert inputs.new_rows(chunk(file, ["a", "b", "c"], 2, 3)).frame["value"].to_list() == ["c"]


@pytest.mark.parametrize("first", [1, 3])
def test_a_source_that_begins_elsewhere_is_refused(file, first):
    inputs = Inputs(after(file, ["a", "b"]))
    with pytest.raises(InputError, match=f"wanted row 2 next, or the first; got row {first}"):
        inputs.new_rows(chunk(file, ["a", "b", "c", "d"], first, 4))


def test_a_file_changed_behind_its_beginning_is_refused(file):
    (saved,) = after(file, ["a", BAD, "c"]).values()
    inputs = Inputs({str(file): saved})
    with pytest.raises(InputError, match="wanted the file whose first 3 rows were read before"):
        inputs.new_rows(chunk(file, ["a", "b", "c", "d"], 0, 4))


def test_the_fingerprint_grows_with_the_file(file):
    progress = after(file, ["a", "b", "c"])
    file.write_text("a\nb\nc\nd\n")
    inputs = Inputs(progress)
    read(inputs, file, ["a", "b", "c", "d"], [])
    assert Fingerprint(inputs.progress()[0].head_bytes, inputs.progress()[0].sha256) == fingerprint(str(file))
