"""Every type of a column of Parquet and Arrow: what it is as a time, a number and a text. docs/input.md has the same table."""

import datetime
import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barograph.config.errors import UnreadableInput
from barograph.config.load import load_job
from barograph.intake import Intake
from barograph.sources import parquet_groups
from barograph.sources.read import read_files

DAY = datetime.date(2026, 3, 1)
NOON = datetime.datetime(2026, 3, 1, 12)
MS = 1_772_366_400_000
"""That noon in UTC."""

# name in the docs: array of one value, then what it is as a time (epoch ms), as a number, as text; None: it is none.
TYPES = {
    "int8, int16, int32, int64": (pa.array([MS], pa.int64()), MS, MS, str(MS)),
    "uint8, uint16, uint32, uint64": (pa.array([MS // 1000], pa.uint32()), MS, MS // 1000, str(MS // 1000)),
    "float16, float32, float64": (pa.array([float(MS)], pa.float64()), MS, MS, str(MS)),
    "decimal128": (pa.array([Decimal(MS)], pa.decimal128(20, 2)), MS, MS, f"{MS}.00"),
    "bool": (pa.array([True]), None, None, "true"),
    "string, large_string, string_view": (pa.array(["2026-03-01T12:00:00Z"]), MS, None, "2026-03-01T12:00:00Z"),
    "dictionary": (pa.array(["2026-03-01 12:00"]).dictionary_encode(), MS, None, "2026-03-01 12:00"),
    "timestamp": (pa.array([NOON], pa.timestamp("us")), MS, None, "2026-03-01 12:00:00.000000"),
    "timestamp[UTC]": (pa.array([NOON], pa.timestamp("ms", "UTC")), MS, None, "2026-03-01 12:00:00.000+00:00"),
    "timestamp[+05:30]": (pa.array([NOON], pa.timestamp("ms", "+05:30")), MS, None, "2026-03-01 12:00:00.000+00:00"),
    "date32, date64": (pa.array([DAY], pa.date32()), MS - 43_200_000, None, "2026-03-01"),
    "time32, time64": (pa.array([NOON.time()], pa.time64("us")), None, None, "12:00:00"),
    "duration": (pa.array([5_000], pa.duration("ms")), None, None, "PT5S"),
    "binary, large_binary, fixed_size_binary": (pa.array([b"ab\xff"], pa.binary()), None, None, "ab\\xff"),
    "list, large_list, fixed_size_list": (pa.array([[1, 2]], pa.list_(pa.int32())), None, None, "1,2"),
    "struct": (pa.array([{"a": 1}]), None, None, '{"a":1}'),
    "map": (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())), None, None, "{'a': 1}"),
    "null": (pa.array([None], pa.null()), None, None, None),
}
REFUSED = {"decimal256": pa.array([Decimal(10) ** 50], pa.decimal256(60, 2))}
OTHERS = {
    **{f"int{bits}": getattr(pa, f"int{bits}")() for bits in (8, 16, 32)},
    **{f"uint{bits}": getattr(pa, f"uint{bits}")() for bits in (8, 16, 64)},
    **{"float16": pa.float16(), "float32": pa.float32(), "large_string": pa.large_string(), "string_view": pa.string_view()},
}


def job(time: str, field: str, function: str):
    detector = {"function": function, "field_name": field}
    data = {"time_field": time}
    return load_job({"job_id": "a", "analysis_config": {"detectors": [detector]}, "data_description": data})


def read(frame: object) -> tuple[int | None, float | None, str | None]:
    times = Intake.build(job("x", "good", "mean")).parse(frame).time_ms.tolist()
    number = Intake.build(job("good", "x", "mean")).parse(frame).columns["n:x"].to_list()
    text = Intake.build(job("good", "x", "distinct_count")).parse(frame).columns["s:x"].to_list()
    return (times or [None])[0], number[0], text[0]


def table(array: pa.Array) -> pa.Table:
    return pa.table({"good": pa.array([MS]), "x": array})


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *((name, "arrow") for name in TYPES),
        *((name, way) for name in TYPES if name != "duration" for way in ("parquet", "large groups")),
    ],
)
def test_a_type_is_what_the_docs_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, way: str) -> None:
    array, *expected = TYPES[name]
    frame: object = table(array)
    if way != "arrow":
        monkeypatch.setattr(parquet_groups, "MOST_PACKED", 0 if way == "large groups" else parquet_groups.MOST_PACKED)
        pq.write_table(table(array), tmp_path / "a.parquet")
        (chunk,) = read_files([tmp_path / "a.parquet"], job("good", "x", "mean").data_description, fields=["x"])
        frame = chunk.frame
    assert read(frame) == tuple(expected)


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_widths_are_the_same(name: str) -> None:
    kind = OTHERS[name]
    array = pa.array(["7"], kind) if "string" in name else pa.array([7.0]).cast(kind)
    assert read(table(array))[1:] == (7.0, "7")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    pq.write_table(table(REFUSED[name]), tmp_path / "a.parquet")
    with pytest.raises(UnreadableInput, match=r"a.parquet: wanted a Parquet file"):
        list(read_files([tmp_path / "a.parquet"], job("good", "x", "mean").data_description, fields=["x"]))
    with pytest.raises(UnreadableInput, match="wanted a table"):
        read(table(REFUSED[name]))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_that_no_calendar_has_are_shown_as_numbers(unit: str) -> None:
    intake = Intake.build(job("x", "good", "mean"))
    intake.parse(pa.table({"good": [1.0, 2.0], "x": pa.array([2**62, -(2**62)], pa.timestamp(unit))}))
    wrong = 1 if unit == "ns" else 2  # nanoseconds reach no further than the year 2262
    assert intake.counts.invalid_date_count == len(intake.counts.examples) == wrong


def test_the_page_lists_every_type() -> None:
    page = (Path(__file__).parents[2] / "docs" / "input.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `([^|]+?)`(?: [^`|]*)? \| (yes|no)[^|]* \| (yes|no)[^|]* \|", page)
    yes = {True: "yes", False: "no"}
    facts = [(name, yes[time is not None], yes[number is not None]) for name, (_, time, number, _) in TYPES.items()]
    expected = [(name.replace(", ", "`, `"), time, number) for name, time, number in facts]
    assert [row for row in rows if row in expected] == expected
