"""What is small on the disk and huge in memory: read within bounds, or refused with the reason."""

import gzip
import io
import json
import resource
import time
from functools import partial

import polars as pl
import pytest
import zstandard

from barograph.config.errors import UnreadableInput
from barograph.config.job import DataDescription
from barograph.sources import json_documents
from barograph.sources.lines import MOST_LINES, line_blocks
from barograph.sources.read import BLOCK_BYTES, read_files
from barograph.sources.streams import Stream

PACKERS = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
MB = 1 << 20


def read(path) -> int:
    return sum(chunk.rows for chunk in read_files([path], DataDescription(), fields=["v"]))


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_read_of_a_bomb_has_a_bounded_size(tmp_path, suffix):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(PACKERS[suffix](bytes(200 * MB)))
    assert path.stat().st_size < MB
    with Stream(str(path)) as stream:
        sizes = []
        while data := stream.read(BLOCK_BYTES):
            sizes.append(len(data))
    assert sum(sizes) == 200 * MB
    assert max(sizes) <= BLOCK_BYTES + 32 * MB


@pytest.mark.parametrize("suffix", [".gz"])
@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"{\n", b'{"a":\n', b"[\n", b'"\n', b",\n", b"0\n"])
@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_a_million_lines_of_nothing_take_no_minutes(tmp_path, suffix, line, kind):
    path = tmp_path / f"a.{kind}{suffix}"
    head = b"time,v\n" if kind == "csv" else b'{"time": 1}\n'
    path.write_bytes(PACKERS[suffix](head + line * (MB // 2)))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        read(path)
    except UnreadableInput as error:
        assert "wanted" in str(error)  # noqa: PT017  either is right, but not a minute
    assert time.process_time() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700 << 10


@pytest.mark.parametrize("outer", PACKERS)
@pytest.mark.parametrize("inner", PACKERS)
def test_what_is_packed_twice_is_refused(tmp_path, outer, inner):
    path = tmp_path / f"a.ndjson{outer}"
    path.write_bytes(PACKERS[outer](PACKERS[inner](b'{"time": 1, "v": 2}\n' * 100)))
    with pytest.raises(UnreadableInput, match=r"a.ndjson.*: wanted a file that is packed once"):
        read(path)


def test_lines_that_begin_as_if_they_were_packed_are_lines(tmp_path):
    (tmp_path / "a.ndjson").write_bytes(b'{"time": 1, "v": 2}\n\x28\xb5\x2f\xfd\n\x1f\x8b\x08\n')
    chunks = list(read_files([tmp_path / "a.ndjson"], DataDescription(), fields=["v"]))
    assert [(chunk.rows, chunk.malformed) for chunk in chunks] == [(3, 2)]


def test_too_many_objects_without_an_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_documents, "_MOST_TOKENS", 10_000)
    (tmp_path / "a.json").write_bytes(b"[\n" + b"{\n" * 1_000)
    with pytest.raises(UnreadableInput, match=r"a.json: wanted JSON objects; far too many begin here that never end"):
        read(tmp_path / "a.json")


def test_blank_lines_are_no_rows_however_many(tmp_path):
    for end in ("\n", "\r\n"):
        for blank in (1, 2, 3, 1_000):
            text = f"time,v{end}{end * blank}1,2{end * (blank + 1)}3,4{end}"
            (tmp_path / "a.csv").write_bytes(text.encode())
            assert read(tmp_path / "a.csv") == 2


def test_a_header_of_very_many_columns_is_refused_at_once(tmp_path):
    (tmp_path / "a.csv").write_text(",".join(f"c{k}" for k in range(200_000)) + "\n1\n")
    started = time.process_time()
    with pytest.raises(UnreadableInput, match="wanted at most 10,000 columns"):
        read(tmp_path / "a.csv")
    assert time.process_time() - started < 5


@pytest.mark.parametrize("end", ["", "\n1,2\n"])
@pytest.mark.parametrize("size", [5 * MB, 24 * MB])
def test_a_header_of_quotes_alone_is_refused_before_they_are_counted(tmp_path, size, end):
    (tmp_path / "a.csv").write_text('"' * size + end)
    started = time.process_time()
    with pytest.raises(UnreadableInput, match=r"a\.csv: wanted a header within the first 4 MiB"):
        read(tmp_path / "a.csv")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("cut", [line_blocks, partial(json_documents.document_lines, "a.json")])
def test_a_block_of_millions_of_lines_comes_in_parts(cut):
    lines = b"0\n" * (2 * MOST_LINES + 5)
    parts = list(cut(io.BytesIO(lines).read, len(lines)))
    assert b"".join(block for block, _ in parts) == lines
    assert sum(length for _, length in parts) == len(lines)
    assert [block.count(b"\n") for block, _ in parts] == [MOST_LINES, MOST_LINES, 5]


def test_a_value_of_many_megabytes_is_one_malformed_row(tmp_path):
    rows = [json.dumps({"time": 1, "v": "x" * (20 * MB)}), json.dumps({"time": 2, "v": 3})]
    (tmp_path / "a.ndjson").write_text("\n".join(rows) + "\n")
    chunks = list(read_files([tmp_path / "a.ndjson"], DataDescription(), fields=["v"]))
    assert sum(chunk.malformed for chunk in chunks) == 1
    assert sum(chunk.frame.height for chunk in chunks) == 1


def test_long_texts_of_a_parquet_file_come_a_few_at_a_time(tmp_path):
    rows = 300
    texts = ["x" * (2 << 10)] * rows + ["y" * MB] * rows  # what is learned from short ones does not hold for long ones
    path = tmp_path / "a.parquet"
    pl.DataFrame({"time": range(2 * rows), "v": texts}).write_parquet(path)
    assert path.stat().st_size < MB
    chunks = list(read_files([path], DataDescription(), fields=["v"]))
    assert [time for chunk in chunks for time in chunk.frame["time"]] == list(range(2 * rows))
    assert sum(chunk.bytes for chunk in chunks) == path.stat().st_size
    sizes = [chunk.frame["v"].str.len_bytes().sum() for chunk in chunks]
    assert max(sizes) <= 64 * MB
