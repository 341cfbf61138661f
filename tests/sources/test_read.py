import csv
import gzip
import io
import json
import os
import random
import sys
import time

import polars as pl
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.config.job import DataDescription
from barograph.sources import lines
from barograph.sources.read import read_files
from barograph.sources.streams import fingerprint

PLAIN = DataDescription()


def much_later() -> float:
    """A clock on which all files were written long ago."""
    return time.time() + 60


def as_text(value):
    return f"{value:.15g}" if isinstance(value, int | float) else value


def read(path, *, description=PLAIN, **options):
    """All rows as text, the number of malformed ones, and the first examples; checks what every chunk promises."""
    rows, malformed, examples, first = [], 0, [], 0
    for chunk in read_files([path], description, **{"now": much_later, **options}):
        assert chunk.first_row == first
        assert chunk.rows == chunk.frame.height + chunk.malformed > 0
        first += chunk.rows
        assert [first - chunk.rows + at + 1 for at in chunk.bad_rows][:5] == [one.row for one in chunk.examples]
        assert len(chunk.bad_rows) == chunk.malformed
        malformed += chunk.malformed
        rows += [tuple(map(as_text, row)) for row in chunk.frame.rows()]
        examples += [(one.row, one.value) for one in chunk.examples]
    return rows, malformed, examples[:5]


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


CSV = "time,v,host\n1,2,a\n3,,b\n"
ROWS = [("1", "2", "a"), ("3", None, "b")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(file, delimiter):
    assert read(file("a.csv", CSV.replace(",", delimiter)))[0] == ROWS


def test_a_delimiter_that_is_set_is_used(file):
    path = file("a.csv", "time:1,v\n5:6\n")
    assert read(path, description=DataDescription(field_delimiter=":"))[0] == [("5", "6")]


def test_tsv_is_split_at_tabs(file):
    assert read(file("a.tsv", "time\ta,b,c\n1\t2\n"))[0] == [("1", "2")]


@pytest.mark.parametrize("content", [CSV.replace("\n", "\r\n"), "\ufeff" + CSV, "\n\r\n" + CSV, CSV.strip(), CSV + "\n\n"])
def test_line_ends_marks_and_blank_lines_do_not_matter(file, content):
    assert read(file("a.csv", content))[0] == ROWS


def test_header_names_are_stripped_and_an_empty_one_is_named_by_its_position(file):
    (chunk,) = read_files([file("a.csv", ', time ,"v, w"\n0,1,2\n')], PLAIN)
    assert chunk.frame.columns == ["column_1", "time", "v, w"]


def test_a_short_row_misses_values_and_a_long_one_is_malformed(file):
    rows, malformed, examples = read(file("a.csv", "time,v\n1\n2,3,4\n5,6\n7,8,\n"))
    assert rows == [("1", None), ("5", "6")]
    assert (malformed, examples) == (2, [(2, "2,3,4"), (4, "7,8,")])


def test_invalid_utf8_costs_one_row(file):
    rows, malformed, _ = read(file("a.csv", b"time,v\n1,2\n\xff,2\n3,4\n"))
    assert (rows, malformed) == ([("1", "2"), ("3", "4")], 1)


def test_quotes_delimiters_and_line_ends_inside_quotes_are_the_value(file):
    content = 'time,v\n1,"a,""b""\n\nc"\n"2",x\n'
    assert read(file("a.csv", content))[0] == [("1", 'a,"b"\n\nc'), ("2", "x")]


def test_a_quote_inside_an_unquoted_field_is_a_character(file):
    assert read(file("a.csv", 'time,v\n1,5" disk\n2,"x"\n'))[0] == [("1", '5" disk'), ("2", "x")]


def test_a_quote_that_is_never_closed_costs_one_row(file):
    rows, malformed, examples = read(file("a.csv", 'time,v\n1,"open\n2,3\n4,5\n'))
    assert (rows, malformed, examples) == ([("2", "3"), ("4", "5")], 1, [(1, '1,"open')])


def test_text_after_a_closing_quote_makes_the_row_malformed(file):
    rows, malformed, _ = read(file("a.csv", 'time,v\n1,"a"b\n2,3\n'))
    assert (rows, malformed) == ([("2", "3")], 1)


@pytest.mark.parametrize("size", [100, 5000, 1 << 20])
def test_delimited_text_is_read_as_the_standard_library_reads_it(file, size):
    rng = random.Random(7)
    words = ["x", "", 'q"q', "a,b", "two\nlines", "é", "1.5"]
    table = [[str(index), rng.choice(words), rng.choice(words)] for index in range(5000)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["time", "v", "w"], *table])
    rows, malformed, _ = read(file("a.csv", text.getvalue()), block_bytes=size)
    assert [[value or "" for value in row] for row in rows] == table
    assert malformed == 0


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("time,v,v\n1,2,3\n", "header=v: wanted each column's name once"),
        (b"\xff\xfet\x00", "wanted UTF-8 text; this is UTF-16"),
        (b"time,\xff\n1,2\n", "wanted UTF-8 text"),
        ('time,"v\n1,2\n', "wanted its quotes closed"),
    ],
)
def test_a_header_that_cannot_be_used_is_an_error_that_names_the_file(file, content, wanted):
    with pytest.raises(InputError, match=f"a.csv: .*{wanted}"):
        read(file("a.csv", content))


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.json", "a"])
@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_has_no_chunks(file, name, content):
    assert read(file(name, content)) == ([], 0, [])


def test_a_header_alone_has_no_chunks(file):
    assert read(file("a.csv", "time,v")) == ([], 0, [])


def test_a_header_without_the_time_is_an_error_when_there_are_no_rows_to_show_it(file):
    with pytest.raises(InputError, match=r"a.csv: header='when, v': wanted a column 'time'"):
        read(file("a.csv", "when,v\n"))


@pytest.mark.parametrize("content", ["time,v\r1,2\r3,4\r", "time,v\r1,2"])
def test_line_ends_of_old_macs_are_an_error_in_delimited_text(file, content):
    with pytest.raises(InputError, match=r"a.csv: wanted lines that end with \\n or \\r\\n; these end with \\r"):
        read(file("a.csv", content))


def test_line_ends_of_old_macs_are_white_space_between_objects(file):
    assert read(file("a.ndjson", '{"time":1}\r{"time":2}\r'), fields=[]) == ([("1",), ("2",)], 0, [])


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


def test_a_last_line_without_a_line_end_is_read_when_the_file_is_left_alone(file):
    assert read(file("a.csv", "time,v\n1,2\n3,4"), now=much_later)[0] == [("1", "2"), ("3", "4")]


def test_a_whole_object_needs_no_line_end(file):
    assert read(file("a.ndjson", '{"time":1}\n{"time":2}'), fields=[], now=time.time)[0] == [("1",), ("2",)]


def test_half_a_row_is_left_whenever_it_was_written_but_counted_where_no_more_can_come(file):
    assert read(file("a.ndjson", '{"time":1}\n{"ti'), fields=[], now=much_later) == ([("1",)], 0, [])
    packed = file("a.ndjson.gz", gzip.compress(b'{"time":1}\n{"ti'))
    assert read(packed, fields=[], now=time.time) == ([("1",)], 1, [(2, '{"ti')])
    packed = file("b.csv.gz", gzip.compress(b"time,v\n1,2"))
    assert read(packed, now=time.time)[0] == [("1", "2")]


NDJSON = '{"time":1,"v":2.5,"k":"a"}\n{"time":"x","k":null}\n\n{"v":"7","z":[1]}\n'


def test_ndjson_gives_the_fields_that_are_asked_for_as_text(file):
    assert read(file("a.ndjson", NDJSON), fields=["v", "k"])[0] == [("1", "2.5", "a"), ("x", None, None), (None, "7", None)]


def test_ndjson_gives_all_fields_when_none_are_asked_for(file):
    (chunk,) = read_files([file("a.ndjson", NDJSON)], PLAIN)
    assert chunk.frame.columns == ["time", "v", "k", "z"]


def test_number_fields_of_ndjson_stay_numbers(file):
    (chunk,) = read_files([file("a.jsonl", '{"time":1,"v":2}\n{"time":2,"v":0.1}\n')], PLAIN, fields=["v"], number_fields=["v"])
    assert chunk.frame.to_dict(as_series=False) == {"time": [1.0, 2.0], "v": [2.0, 0.1]}


def test_a_bad_line_costs_nothing_but_itself(file):
    content = b'{"time":1}\n{"time":\n[1]\n\xff\n{"time":{"a":1}}\n{"time":1e400}\nnull\n{"time":2}\n'
    rows, malformed, examples = read(file("a.ndjson", content), fields=[])
    assert rows == [("1",), ('{"a": 1}',), ("2",)]
    assert malformed == 5
    assert examples[0] == (2, '{"time":')


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
@pytest.mark.parametrize("value", ["1" * 5000, "[" * 2000 + "]" * 2000], ids=["digits", "depth"])
@pytest.mark.parametrize("fields", [None, []])
@pytest.mark.parametrize("place", [0, 1])
def test_a_number_too_long_and_a_nesting_too_deep_cost_one_row(file, name, value, fields, place):
    objects = ['{"time":1}', '{"time":2}']
    objects.insert(place, f'{{"time":9,"v":{value}}}')
    rows, malformed, _ = read(file(name, "\n".join(objects) + "\n"), fields=fields)
    assert ([row[0] for row in rows], malformed) == (["1", "2"], 1)


def test_a_block_of_bad_lines_alone_is_counted(file):
    for fields in (None, ("time",)):
        assert read(file("a.ndjson", "{]\n" * 3), fields=fields)[:2] == ([], 3)


def test_fields_inside_objects_are_found_by_their_path(file):
    content = '{"a":{"b":{"c":1}}}\n{"a.b.c":2}\n{"a":5}\n{"a":[]}\n{"a":{"b":"x"}}\n'
    rows, malformed, _ = read(file("a.ndjson", content), fields=["a.b.c"])
    assert [row[1] for row in rows] == ["1", "2", None, None, None]
    assert malformed == 0


DOCUMENTS = [{"time": 1, "v": "a}b"}, {"time": 2, "v": {"x": ["{"]}}, {"time": 3}]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(DOCUMENTS),
        json.dumps(DOCUMENTS, indent=2),
        " ".join(json.dumps(one) for one in DOCUMENTS),
        "\n".join(json.dumps(one, indent=1) for one in DOCUMENTS),
        "\n".join(json.dumps(one) for one in DOCUMENTS),
        "\ufeff" + json.dumps(DOCUMENTS),
    ],
    ids=["array", "indented array", "spaces", "indented documents", "lines", "marked"],
)
@pytest.mark.parametrize("name", ["a.json", "a", "a.log"])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_documents_are_read_however_they_are_laid_out(file, content, name, size):
    rows, malformed, _ = read(file(name, content), fields=["v"], block_bytes=size)
    assert rows == [("1", "a}b"), ("2", '{"x": ["{"]}'), ("3", None)]
    assert malformed == 0


def test_a_bad_document_costs_nothing_but_itself(file):
    content = '[{"time":1},{"time":},xx, {"time":"open},\n{"time":2}]'
    rows, malformed, examples = read(file("a.json", content), fields=[])
    assert rows == [("1",), ("2",)]
    assert (malformed, examples) == (3, [(2, '{"time":}'), (3, "xx"), (4, '{"time":"open}')])


def test_parquet_keeps_its_types_and_gives_the_columns_that_are_asked_for(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"time": [1, 2, 3], "v": [0.5, None, 1.5], "x": ["a", "b", "c"]}).write_parquet(path)
    (chunk,) = read_files([path], PLAIN, fields=["v"])
    assert chunk.frame.to_dict(as_series=False) == {"time": [1, 2, 3], "v": [0.5, None, 1.5]}
    assert chunk.bytes == chunk.total_bytes == path.stat().st_size


def test_the_path_of_a_parquet_file_is_no_pattern(tmp_path):
    folder = tmp_path / "year=2026"
    folder.mkdir()
    for name, time_ms in (("data[1].parquet", 1), ("data1.parquet", 2)):
        pl.DataFrame({"time": [time_ms]}).write_parquet(folder / name)
    (chunk,) = read_files([folder / "data[1].parquet"], PLAIN)
    assert chunk.frame.to_dict(as_series=False) == {"time": [1]}


def test_a_parquet_file_without_the_time_shows_what_it_has(tmp_path):
    pl.DataFrame({"when": [1], "v": [2]}).write_parquet(tmp_path / "a.parquet")
    (chunk,) = read_files([tmp_path / "a.parquet"], PLAIN, fields=["v"])
    assert chunk.frame.columns == ["when", "v"]


def test_all_columns_are_named_whatever_is_read(tmp_path):
    frame = pl.DataFrame({"time": [1, 2], "v": [2, 2], "x": [1, 1]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    frame.write_ndjson(tmp_path / "a.ndjson")
    read = read_files([tmp_path / f"a.{kind}" for kind in ("parquet", "csv", "ndjson")], PLAIN, fields=["v", "w"])
    parquet, csv, ndjson = read
    assert parquet.frame.columns == ["time", "v"]
    assert parquet.columns == csv.columns == ("time", "v", "x")
    assert ndjson.columns == ()


def test_parquet_comes_packed_too(tmp_path):
    buffer = io.BytesIO()
    pl.DataFrame({"time": [1, 2]}).write_parquet(buffer)
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(buffer.getvalue()))
    assert read(tmp_path / "a.parquet.gz")[0] == [("1",), ("2",)]


def test_what_is_not_parquet_is_an_error_that_names_the_file(file):
    with pytest.raises(InputError, match=r"a\.parquet: wanted a Parquet file"):
        read(file("a.parquet", "time,v\n1,2\n"))


PACKINGS = {
    "gz": gzip.compress,
    "zst": zstandard.compress,
    "gz in two parts": lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:]),
    "zst in two parts": lambda data: zstandard.compress(data[:9]) + zstandard.compress(data[9:]),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv", "a"])
def test_packed_files_are_unpacked_whatever_their_name(file, packing, name):
    path = file(name, PACKINGS[packing](CSV.encode()))
    (chunk,) = read_files([path], PLAIN)
    assert chunk.frame.rows() == ROWS
    assert chunk.bytes == len(CSV)
    assert chunk.read_bytes == chunk.total_bytes == path.stat().st_size


@pytest.mark.parametrize("packing", ["gz", "zst"])
@pytest.mark.parametrize("height", [500, 50_000])
def test_a_packed_file_that_is_cut_short_gives_its_rows_and_an_error_that_names_it(file, packing, height):
    data = "".join(f"{index},{index * 7919 % 10007}\n" for index in range(height))
    packed = PACKINGS[packing](f"time,v\n{data}".encode())
    path = file(f"a.csv.{packing}", packed[: -9 if packing == "gz" else -len(packed) // 3])
    chunks = read_files([path], PLAIN)
    heights = []
    with pytest.raises(InputError, match=rf"a\.csv\.{packing}: wanted a readable file"):
        heights.extend(chunk.rows for chunk in chunks)
    if packing == "gz" or height == 50_000:  # a Zstandard frame of one block gives nothing before its end
        assert sum(heights) > height // 3


def test_a_zstandard_file_may_begin_with_a_frame_to_skip(file):
    skipped = b"\x5e\x2a\x4d\x18\x04\x00\x00\x00\x01\x02\x03\x04"
    assert read(file("a.csv.zst", skipped + zstandard.compress(CSV.encode())))[0] == ROWS


@pytest.mark.parametrize("name", ["none.csv", "folder"])
def test_a_path_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=rf"{name}: wanted a"):
        read(tmp_path / name)


def test_standard_input_is_a_file_called_dash(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CSV.encode()))))
    (chunk,) = read_files(["-"], PLAIN)
    assert (chunk.source, chunk.frame.rows()) == ("-", ROWS)
    assert (chunk.total_bytes, chunk.fingerprint) == (None, None)


def test_a_pipe_is_read_like_a_file(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, CSV.encode())
    os.close(write_end)
    assert read(f"/dev/fd/{read_end}")[0] == ROWS
    os.close(read_end)


def test_files_are_read_one_after_the_other_and_keep_their_names(file):
    chunks = list(read_files([file("a.csv", CSV), file("b.ndjson", '{"time":5}\n')], PLAIN, fields=["v"]))
    assert [(os.path.basename(chunk.source), chunk.first_row, chunk.rows) for chunk in chunks] == [
        ("a.csv", 0, 2),
        ("b.ndjson", 0, 1),
    ]


def test_a_file_is_recognised_by_its_beginning(file):
    path = file("a.csv", CSV)
    (chunk,) = read_files([path], PLAIN)
    assert chunk.fingerprint == fingerprint(str(path))
    assert chunk.fingerprint.head_bytes == len(CSV)


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
JSON_PARTS = [
    '{"time":1,"v":2}\n',
    '{"time":"x"}\n',
    '{"v":1.5}\n',
    "\n",
    " \n",
    '{"time":\n',
    "junk\n",
    '{"time":"é"}\n',
    "{}\n",
    "x",
]
JSON_PARTS += ['{"a":{"b":1}}\n', '{"a":3}\n', '{"a.b":4,"time":1e3}\r\n', "[1]\n", '{"time":true,"v":"7"}\n', "\xff\n"]
JSON_PARTS += ['{"time":{"q":[1]}}\n']
DOCUMENT_PARTS = ['{"time":1,"v":2}', '{"time":"x}{"}', '{"v":1.5}\n', "\n", " ", ",", '{"time":', "junk", '"', "[1]", "}", "]"]
DOCUMENT_PARTS += [' {"a":{"b":1},\n"q":[{},[]]}', '{"time":tr}', "5 ", "\xff", '{"time":"a\\"b"}']


def content_of(parts):
    """`\\xff` stands for a byte that is not UTF-8."""
    return b"".join(b"\xff" if part == "\xff" else part.replace("\xff", "").encode() for part in parts)


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


@given(st.lists(st.sampled_from(JSON_PARTS), max_size=30))
def test_numbers_read_directly_are_those_read_through_text(tmp_path_factory, parts):
    path = tmp_path_factory.getbasetemp() / "numbers.ndjson"
    path.write_bytes(content_of(parts))

    def numbers(**options):
        frames = [
            chunk.frame.with_columns(pl.col("v").cast(pl.Float64, strict=False))
            for chunk in read_files([path], PLAIN, fields=["v"], **options)
        ]
        return [row for frame in frames for row in frame["v"].to_list()]

    assert numbers(number_fields=["v"]) == numbers() == numbers(number_fields=["v"], block_bytes=20)


def test_what_is_appended_after_the_end_was_reached_is_no_row_of_its_own(file):
    path = file("a.csv", "time,v\n1,2\n3,4")
    found = []
    for chunk in read_files([path], PLAIN, now=much_later):
        found += chunk.frame.rows()
        if len(found) == 2:  # the half line has been taken for a whole one
            with path.open("a") as growing:
                growing.write("5\n")
    assert found == [("1", "2"), ("3", "4")]
