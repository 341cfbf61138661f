"""Parquet files."""

import gzip
import io
import signal
import tempfile

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from barograph.config.errors import InputError
from barograph.sources import parquet, parquet_groups
from barograph.sources.parquet_pages import BadPages, columns_of, largest_page
from barograph.sources.read import read_files
from tests.sources.reading import PLAIN, read


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


def test_a_text_that_no_line_could_hold_leaves_out_its_row(tmp_path):
    texts = ["a", "x" * (5 << 20), None, "b"]
    pl.DataFrame({"time": range(4), "host": texts}).write_parquet(tmp_path / "few.parquet")
    (chunk,) = read_files([tmp_path / "few.parquet"], PLAIN)
    assert chunk.frame["host"].to_list() == ["a", None, "b"]
    assert (chunk.rows, chunk.malformed, chunk.bad_rows.tolist()) == (4, 1, [1])
    assert "wanted a row of at most 4 MiB" in chunk.examples[0].message


@pytest.mark.parametrize("name", ["v", "a, b"])
def test_texts_that_may_be_one_of_any_size_are_refused_with_the_bound(tmp_path, monkeypatch, name):
    monkeypatch.setattr(parquet, "MOST_TEXT", 8 << 20)
    monkeypatch.setattr(parquet, "MOST_PAGE", 8 << 20)
    path = tmp_path / "a[1]*.parquet"
    frame = pl.DataFrame({"time": range(8), name: [f"{k}" + "x" * (3 << 20) for k in range(8)], "n": range(8)})
    frame.write_parquet(path, row_group_size=4, data_page_size=32 << 20)
    told = rf"row group 0, column '{name}': wanted pages of at most 8 MiB, unpacked, "
    told += "as it has more than 8 MiB of texts, found 12 MiB"
    with pytest.raises(InputError, match=told):
        read(path)
    assert sum(chunk.rows for chunk in read_files([path], PLAIN, fields=["n"])) == 8  # what is not needed is not unpacked
    frame.write_parquet(path, row_group_size=2)
    assert sum(chunk.rows for chunk in read_files([path], PLAIN, fields=[name])) == 8


def test_many_short_texts_in_one_row_group_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MOST_TEXT", 4 << 20)
    monkeypatch.setattr(parquet, "MOST_PAGE", 2 << 20)
    frame = pl.DataFrame({"time": range(20_000), "v": [f"{k}" + "x" * 300 for k in range(20_000)]})
    for version in (1, 2):
        path = tmp_path / f"v{version}.parquet"
        frame.write_parquet(path, use_pyarrow=version == 2, row_group_size=20_000)
        assert sum(chunk.rows for chunk in read_files([path], PLAIN, fields=["v"])) == 20_000


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"\x15", b"\x1c" * 5_000, b"\x18" + b"\xff" * 30, b"\x15\x00\x15\x01\x15\x02\x00", b"\x19"),
        b"\x19" * 5_000,
        b"\x19\xf5" + b"\xff" * 9 + b"\x01",  # a list of 2 ** 63 numbers
        b"\x49\x15\x02\x00",  # a row group that is a number
        b"\x17" + b"\x00" * 7,
    ],
)
def test_pages_without_headers_and_files_without_footers_are_an_error(header):
    with pytest.raises(BadPages, match="wanted"):
        largest_page(io.BytesIO(header), 0, 1)
    with pytest.raises(BadPages, match="wanted"):
        columns_of(io.BytesIO(header + len(header).to_bytes(4, "little") + b"PAR1"))


def blocks(path):
    return pl.concat([chunk.frame for chunk in read_files([path], PLAIN)])


KINDS = {
    "f": [float("nan"), float("inf"), None, 0.1],
    "i": pl.Series([-(2**63), 2**63 - 1, None, 0], dtype=pl.Int64),
    "u": pl.Series([2**64 - 1, None, 0, 1], dtype=pl.UInt64),
    "ms": pl.Series([-1, 0, None, 1], dtype=pl.Datetime("ms")),
    "utc": pl.Series([-1, 0, None, 1], dtype=pl.Datetime("us", "UTC")),
    "money": pl.Series(["0.10", "-1.00", None, "7.25"]).cast(pl.Decimal(12, 2)),
    'te"xt': ["", None, "a\0b", "\U0001f600"],
    "yes": [True, False, None, True],
}


def test_rows_of_a_group_that_is_too_large_come_from_a_copy_in_small_ones_as_they_are(tmp_path, monkeypatch):
    rows = pl.DataFrame({"time": [4, 3, 2, 1], **KINDS}).sample(6_000, with_replacement=True, seed=1)
    rows.write_parquet(tmp_path / "a [1].parquet", row_group_size=6_000)
    made = []
    monkeypatch.setattr(parquet_groups, "_ROWS", 2_048)
    monkeypatch.setattr(parquet_groups, "MOST_PACKED", 100)
    whole = parquet_groups._copied

    def copied(pattern, columns, to):
        assert whole(pattern, columns, to)
        made.append(pq.ParquetFile(to).num_row_groups)
        return True

    monkeypatch.setattr(parquet_groups, "_copied", copied)
    assert blocks(tmp_path / "a [1].parquet").equals(rows)
    assert made == [3]


@pytest.mark.parametrize(
    "more",
    [
        {"V": [7, 8]},  # told from v by its case only
        {"ns": pl.Series([1, 2], dtype=pl.Datetime("ns"))},
        {"list": [[1], [2, 3]]},
        {"ms": pl.Series([2**62, 0], dtype=pl.Datetime("ms"))},
    ],
)
def test_what_no_copy_can_hold_is_read_as_it_is(tmp_path, monkeypatch, more):
    rows = pl.DataFrame({"time": [1, 2], "v": [0.5, 1.5], **more})
    rows.write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_groups, "MOST_PACKED", 0)
    assert blocks(tmp_path / "a.parquet").equals(rows)


def test_rows_are_read_as_they_are_where_there_is_no_room_for_a_copy(tmp_path, monkeypatch):
    rows = pl.DataFrame({"time": [1, 2]})
    rows.write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_groups, "MOST_PACKED", 0)
    whole = parquet_groups._copied
    monkeypatch.setattr(parquet_groups, "_copied", lambda name, columns, to: whole(name, columns, to / "none" / to.name))
    assert blocks(tmp_path / "a.parquet").equals(rows)


def test_rows_are_read_as_they_are_where_no_folder_can_be_written_to(tmp_path, monkeypatch):
    rows = pl.DataFrame({"time": [1, 2]})
    rows.write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_groups, "MOST_PACKED", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert blocks(tmp_path / "a.parquet").equals(rows)


def test_an_interrupt_while_a_copy_is_made_is_one(tmp_path, monkeypatch):
    pl.DataFrame({"time": np.random.default_rng(1).random(1_000_000)}).write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_groups, "MOST_PACKED", 0)
    whole = parquet_groups._copied

    def interrupted(name, columns, to):
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        return whole(name, columns, to)

    def stop(number, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet_groups, "_copied", interrupted)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            blocks(tmp_path / "a.parquet")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
