"""Files of every format: where a file ends, what is half written, and that the size of a block changes nothing."""

import os
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from barograph.sources import lines
from barograph.sources.read import read_files
from tests.sources.reading import CSV, JSON_PARTS, PLAIN, content_of, much_later, read


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.json", "a"])
@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_has_no_chunks(file, name, content):
    assert read(file(name, content)) == ([], 0, [])


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize(
    ("name", "half", "whole", "before", "after"),
    [
        ("a.csv", "time,v\n1,2\n3,4", "5\n", [("1", "2")], [("1", "2"), ("3", "45")]),
        ("a.csv", 'time,v\n1,2\n3,"', 'x"\n', [("1", "2")], [("1", "2"), ("3", "x")]),
        ("a.ndjson", '{"time":1}\n{"time":2', "3}\n", [("1",)], [("1",), ("23",)]),
        ("a.csv", "time,v\n3,4", "5\n", [], [("3", "45")]),
        ("a.csv", "tim", "e,v\n1,2\n", None, [("1", "2")]),
    ],
)
def test_half_a_line_is_left_until_it_is_whole(file, size, name, half, whole, before, after):
    told = []
    options = {"fields": ["v"] if name == "a.csv" else [], "block_bytes": size, "now": time.time, "tell": told.append}
    if before is not None:
        assert read(file(name, half), **options) == (before, 0, [])
        assert len(told) == 1
        assert "a." in told[0]
        assert "the last line has no line end" in told[0]
    assert read(file(name, half + whole), **options) == (after, 0, [])


def test_files_are_read_one_after_the_other_and_keep_their_names(file):
    chunks = list(read_files([file("a.csv", CSV), file("b.ndjson", '{"time":5}\n')], PLAIN, fields=["v"]))
    assert [(os.path.basename(chunk.source), chunk.first_row, chunk.rows) for chunk in chunks] == [
        ("a.csv", 0, 2),
        ("b.ndjson", 0, 1),
    ]


def test_a_row_that_is_too_long_is_malformed_and_never_held_whole(file, monkeypatch):
    for module in ("lines", "csv_records", "delimited", "ndjson", "json_documents"):
        monkeypatch.setattr(sys.modules[f"barograph.sources.{module}"], "LONGEST_ROW", 300)
    long = "x" * 1000
    contents = {
        "a.csv": f'time,v\n1,{long}\n2,"{long}"\n3,4\n5,"{("y" * 9 + chr(10)) * 50}"\n6,{long}\n',
        "a.ndjson": f'{{"time":1,"v":"{long}"}}\n{{"time":3,"v":"4"}}\n{{"time":"{long}\n',
    }
    for name, content in contents.items():
        path = file(name, content)
        whole = read(path, fields=["v"])
        assert ("3", "4") in whole[0]
        # In the delimited file, also the two ends of the value with line ends that is too long as a whole.
        assert whole[1] == (5 if name == "a.csv" else 2)
        for size in (1, 30, 450):
            assert read(path, fields=["v"], block_bytes=size) == whole
    assert lines.LONGEST_ROW == 300


CSV_PARTS = ["a", "1", ",", '"', "\n", "\r\n", "\r\r\n", '""', ',"', '",', ',"\n', '"\n', "é", "\xff", " "]


DOCUMENT_PARTS = ['{"time":1,"v":2}', '{"time":"x}{"}', '{"v":1.5}\n', "\n", " ", ",", '{"time":', "junk", '"', "[1]", "}", "]"]


DOCUMENT_PARTS += [' {"a":{"b":1},\n"q":[{},[]]}', '{"time":tr}', "5 ", "\xff", '{"time":"a\\"b"}']


@pytest.mark.parametrize(
    ("name", "head", "vocabulary"),
    [("a.csv", b"time,v,w\n", CSV_PARTS), ("a.ndjson", b"", JSON_PARTS), ("a.json", b"[", DOCUMENT_PARTS)],
    ids=["csv", "ndjson", "json"],
)
def test_the_size_of_a_block_changes_nothing(tmp_path_factory, name, head, vocabulary):
    folder = tmp_path_factory.mktemp("blocks")

    @given(st.lists(st.sampled_from(vocabulary), max_size=40), st.integers(1, 40), st.booleans())
    @example(['"', "\n", "a", ",", ",", ",", "\n"], 1, False)
    @example(["1", '"x"', "\n", "1", "\r\r\n"], 3, False)
    def check(parts, size, fresh):
        path = folder / name
        path.write_bytes(head + content_of(parts))
        fields = ["v", "a.b"]
        now = time.time if fresh else much_later
        whole = read(path, fields=fields, now=now)
        assert read(path, fields=fields, block_bytes=size, now=now) == whole

    check()


def test_what_is_appended_after_the_end_was_reached_is_no_row_of_its_own(file):
    path = file("a.csv", "time,v\n1,2\n3,4")
    found = []
    for chunk in read_files([path], PLAIN, now=much_later):
        found += chunk.frame.rows()
        if len(found) == 2:  # the half line has been taken for a whole one
            with path.open("a") as growing:
                growing.write("5\n")
    assert found == [("1", "2"), ("3", "4")]


def test_an_array_by_the_name_of_lines_is_an_array(tmp_path):
    path = tmp_path / "rows.ndjson"
    path.write_text('[{"time": 1, "v": 2},\n {"time": 3, "v": 4}]')
    assert read(path, fields=["v"])[0] == [("1", "2"), ("3", "4")]
