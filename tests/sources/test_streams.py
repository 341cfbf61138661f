"""Where bytes come from: packed files, pipes, standard input; and how a file is recognised."""

import gzip
import io
import os
import sys

import pytest
import zstandard

from barograph.config.errors import InputError, UnreadableInput
from barograph.sources.read import read_files
from barograph.sources.streams import Stream, fingerprint
from tests.sources.reading import CSV, PLAIN, ROWS, read

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


def test_a_file_is_recognised_by_its_beginning(file):
    path = file("a.csv", CSV)
    (chunk,) = read_files([path], PLAIN)
    assert chunk.fingerprint == fingerprint(str(path))
    assert chunk.fingerprint.head_bytes == len(CSV)


def test_a_closed_standard_input_is_said(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableInput, match="-: wanted rows on standard input, which is closed"):
        Stream("-")
