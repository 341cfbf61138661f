"""CSV and TSV, as the standard library reads them."""

import csv
import gzip
import io
import random
import time

import pytest

from barograph.config.errors import InputError
from barograph.config.job import DataDescription
from barograph.sources.read import read_files
from tests.sources.reading import CSV, PLAIN, ROWS, much_later, read


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


def test_a_header_alone_has_no_chunks(file):
    assert read(file("a.csv", "time,v")) == ([], 0, [])


def test_a_header_without_the_time_is_an_error_when_there_are_no_rows_to_show_it(file):
    with pytest.raises(InputError, match=r"a.csv: header='when, v': wanted a column 'time'"):
        read(file("a.csv", "when,v\n"))


@pytest.mark.parametrize("content", ["time,v\r1,2\r3,4\r", "time,v\r1,2"])
def test_line_ends_of_old_macs_are_an_error_in_delimited_text(file, content):
    with pytest.raises(InputError, match=r"a.csv: wanted lines that end with \\n or \\r\\n; these end with \\r"):
        read(file("a.csv", content))


def test_a_last_line_without_a_line_end_is_read_when_the_file_is_left_alone(file):
    assert read(file("a.csv", "time,v\n1,2\n3,4"), now=much_later)[0] == [("1", "2"), ("3", "4")]


def test_half_a_row_is_left_whenever_it_was_written_but_counted_where_no_more_can_come(file):
    assert read(file("a.ndjson", '{"time":1}\n{"ti'), fields=[], now=much_later) == ([("1",)], 0, [])
    packed = file("a.ndjson.gz", gzip.compress(b'{"time":1}\n{"ti'))
    assert read(packed, fields=[], now=time.time) == ([("1",)], 1, [(2, '{"ti')])
    packed = file("b.csv.gz", gzip.compress(b"time,v\n1,2"))
    assert read(packed, now=time.time)[0] == [("1", "2")]
