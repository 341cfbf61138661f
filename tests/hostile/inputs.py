"""Bad input of every kind, the same for the same number: a job file and data files, with one to three things wrong.

A case begins as a good job and good rows. What is wrong is in the values, in the order of the rows, in the bytes, in the
packing, in the names of files or in the job.
"""

import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl
import yaml
import zstandard

START: Final = 1_700_000_000_000
SPAN_MS: Final = 300_000

TIMES: Final[tuple[Any, ...]] = (
    0,
    1,
    -1,
    1e10,
    1e11,
    1e18,
    2**31,
    2**62,
    2**63,
    2**64,
    -(2**63),
    1e308,
    1e400,
    float("nan"),
    "",
    " ",
    "never",
    None,
    True,
    [],
    {},
    "1970-01-01",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2023-02-30",
    "2023-11-14T25:00:00",
    "2023-11-14T22:13:20+99:99",
    "2023-11-14T22:13:20 Mars/Base",
    "999999999999999999999999",
    "1.7e12",
    "0x1p40",
    "\uff11\uff17",
    "2199-12-31T23:59:59.999Z",
)
NUMBERS: Final[tuple[Any, ...]] = (
    0,
    -0.0,
    1e150,
    1e151,
    -1e308,
    1e400,
    5e-324,
    2**63,
    2**200,
    float("nan"),
    float("inf"),
    "NaN",
    "-inf",
    "1,5",
    "1_000",
    "0x10",
    "",
    " 7 ",
    "7\0",
    None,
    True,
    [1],
    {"a": 1},
    "\u0663",
    "1e",
    "--1",
    "9" * 400,
)
TEXTS: Final[tuple[Any, ...]] = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ufeff",
    "\ud800",
    "é" * 50,
    "x" * 70_000,
    "a,b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "'; DROP TABLE job; --",
    "../../x",
    "-",
    "\x1b[31m",
    "[bold]",
    "{0}",
    "%s",
    "\U0001f300",
    None,
    5,
    5.0,
    True,
    [],
    ["a", "b"],
    {"a": {"b": 1}},
    "\u202e",
    "null",
    "a" * 5_000,
)
SETTINGS: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\0",
    "\ud800",
    "x" * 5_000,
    "5m",
    "0",
    "1ms",
    "36501d",
    "99999999999999999999d",
    "-5m",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    "count",
    "time",
    "host",
    "é",
    "\n",
    "yyyy",
    "'",
    "UTC",
    "Mars/Base",
    ["host"] * 3,
)
BYTES: Final[tuple[bytes, ...]] = (
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\n",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"[",
    b"]",
    b"{",
    b"}",
    b'{"a":',
    b"[[[[",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"NaN",
    b"1e999",
    b"'",
    b"&a [*a]",
    b"*a",
    b"!!python/object",
    b"#",
    b"PAR1",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x00\x00\x00\x00",
    b"\xc3",
    b"\xed\xa0\x80",
    b" ",
    b": ",
    b"- ",
    b"=",
)
NAMES: Final = ("data", "d[0-9]", "d*", "year=2023", "a b", "é", "-x", "data.gz", "data.zst", "x.csv.json", "a%20b", "data.tar")
SUFFIXES: Final = (".csv", ".tsv", ".ndjson", ".jsonl", ".json", ".parquet", ".txt", "", ".gz")
LARGEST: Final = 1 << 21
"""Bytes that a repeated piece may come to: where time is quadratic, this takes minutes; where it is not, no second."""


@dataclass
class Case:
    """What is given to a run.

    Attributes:
        number: it makes the case.
        job: content of the job file, and its name.
        files: names and contents of the data files.
        wrong: what was done to them, in words.
    """

    number: int
    job: tuple[str, bytes] = ("", b"")
    files: list[tuple[str, bytes]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def case(number: int) -> Case:
    """The case of a number."""
    draw = random.Random(number)
    made = Case(number)
    rows, document = _rows(draw), _job(draw)
    kinds = draw.choices(
        ("values", "order", "bytes", "packing", "name", "job", "job bytes"), (4, 2, 5, 2, 1, 4, 2), k=draw.randint(1, 3)
    )
    for kind in kinds:
        if kind == "values":
            made.wrong.append(_wrong_values(draw, rows))
        elif kind == "order":
            made.wrong.append(_wrong_order(draw, rows))
        elif kind == "job":
            made.wrong.append(_wrong_setting(draw, document))
    style = draw.choice(("csv", "tsv", "ndjson", "json", "parquet"))
    data = _written(style, rows, random.Random(f"types of {number}"))
    for _ in range(kinds.count("bytes")):
        data, what = _wrong_bytes(draw, data)
        made.wrong.append(f"{style}: {what}")
    suffix = f".{style}"
    if draw.random() < 0.3 or "packing" in kinds:
        data, suffix, what = _packed(draw, data, suffix, wrong="packing" in kinds)
        made.wrong.append(what)
    name = "data" + suffix
    if "name" in kinds:
        name = draw.choice(NAMES) + draw.choice(SUFFIXES)
        made.wrong.append(f"named {name!r}")
    made.files = [(name, data)]
    made.job = _job_file(draw, document)
    for _ in range(kinds.count("job bytes")):
        content, what = _wrong_bytes(draw, made.job[1])
        made.job = (made.job[0], content)
        made.wrong.append(f"{made.job[0]}: {what}")
    return made


def _rows(draw: random.Random) -> list[dict[str, Any]]:
    step = draw.choice((1_000, 20_000, 200_000))
    return [
        {"time": START + step * k, "host": f"web-{k % 3}", "user": f"u{k % 7}", "value": float(k % 50), "hits": k % 5}
        for k in range(draw.choice((1, 2, 50, 400)))
    ]


def _job(draw: random.Random) -> dict[str, Any]:
    function = draw.choice(("count", "mean", "sum", "median", "distinct_count", "metric", "varp", "max", "non_zero_count"))
    detector: dict[str, Any] = {"function": function}
    if function not in ("count", "non_zero_count"):
        detector["field_name"] = "user" if function == "distinct_count" else "value"
    if draw.random() < 0.6:
        detector[draw.choice(("by_field_name", "partition_field_name"))] = "host"
    config = {
        "bucket_span": draw.choice(("1m", "5m", "1h")),
        "detectors": [detector],
        "influencers": draw.choice(([], ["user"], ["host", "user"])),
    }
    if draw.random() < 0.2:
        config["latency"] = draw.choice(("10m", "1d"))
    if draw.random() < 0.2:
        config["summary_count_field_name"] = "hits"
    return {"job_id": "hostile", "analysis_config": config, "data_description": {"time_field": "time"}}


def _wrong_values(draw: random.Random, rows: list[dict[str, Any]]) -> str:
    name, values = draw.choice((("time", TIMES), ("value", NUMBERS), ("hits", NUMBERS), ("host", TEXTS), ("user", TEXTS)))
    value = draw.choice(values)
    share = draw.choice((0.02, 0.5, 1.0))
    for row in rows:
        if draw.random() < share:
            row[name] = value
    if draw.random() < 0.2:
        wide = draw.choice((300, 3_000, 60_000))
        rows[0].update({f"c{k}": k for k in range(wide)})
        return f"{name}={value!r:.60}, {wide} columns"
    return f"{name}={value!r:.60}"


def _wrong_order(draw: random.Random, rows: list[dict[str, Any]]) -> str:
    what = draw.choice(("old first", "future first", "gap", "shuffled", "newest first", "far last", "same"))
    years = draw.choice((1, 4, 20, 50)) * 31_557_600_000
    if what == "old first":
        rows[0]["time"] = max(1, rows[0]["time"] - years) if isinstance(rows[0]["time"], int) else 1
    elif what == "future first":
        rows[0]["time"] = START + years
    elif what == "gap":
        for row in rows[len(rows) // 2 :]:
            row["time"] = row["time"] + years if isinstance(row["time"], int) else row["time"]
    elif what == "shuffled":
        draw.shuffle(rows)
    elif what == "newest first":
        rows.reverse()
    elif what == "far last":
        rows[-1]["time"] = START + years
    else:
        for row in rows:
            row["time"] = START
    return f"{what} ({years // 31_557_600_000} years)"


def _wrong_setting(draw: random.Random, document: dict[str, Any]) -> str:
    value: Any = draw.choice(SETTINGS)
    many = draw.random()
    if many < 0.1:
        count = draw.choice((50, 2_000, 10_000))
        analysis = document["analysis_config"]
        if isinstance(analysis, dict) and isinstance(analysis.get("detectors"), list):
            analysis["detectors"] = analysis["detectors"][:1] * count
        return f"{count} detectors"
    if many < 0.2:
        deep: Any = []
        for _ in range(draw.choice((50, 900, 20_000))):
            deep = [deep]
        document["custom_settings"] = {"deep": deep}
        return "deep settings"
    parts = [document, document["analysis_config"], document["data_description"]]
    detectors = parts[1].get("detectors") if isinstance(parts[1], dict) else None
    parts += detectors[:1] if isinstance(detectors, list) else []
    at: dict[str, Any] = draw.choice([part for part in parts if isinstance(part, dict)])
    known = {
        id(document): (
            "job_id",
            "description",
            "groups",
            "analysis_config",
            "data_description",
            "time_zone",
            "seed",
            "results_retention_days",
            "history_retention_days",
            "model_snapshot_retention_days",
            "background_persist_interval",
            "analysis_limits",
            "model_plot_config",
            "custom_settings",
        ),
        id(document["analysis_config"]): ("bucket_span", "latency", "detectors", "influencers", "summary_count_field_name"),
        id(document["data_description"]): ("time_field", "time_format", "field_delimiter", "format"),
    }
    name = draw.choice(
        known.get(id(at), ("function", "field_name", "by_field_name", "partition_field_name", "use_null", "custom_rules"))
    )
    at[name] = value
    return f"{name}={value!r:.60}"


def _written(style: str, rows: list[dict[str, Any]], types: random.Random) -> bytes:
    if style == "parquet":
        out = io.BytesIO()
        _typed(types, _frame(rows)).write_parquet(out)
        return out.getvalue()
    if style in ("csv", "tsv"):
        glue = "," if style == "csv" else "\t"
        names = list(dict.fromkeys(name for row in rows for name in row))
        lines = [glue.join(names), *(glue.join(_cell(row.get(name), glue) for name in names) for row in rows)]
        return ("\n".join(lines) + "\n").encode(errors="surrogatepass")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return ("\n".join(lines) + "\n" if style == "ndjson" else f"[{', '.join(lines)}]").encode(errors="surrogatepass")


def _cell(value: object, glue: str) -> str:
    text = "" if value is None else str(value)
    return f'"{text}"' if glue in text or "\n" in text else text


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([_series(name, [row.get(name) for row in rows]) for name in names])


def _typed(draw: random.Random, frame: pl.DataFrame) -> pl.DataFrame:
    """Whole numbers are sometimes times, of which one may be beyond any calendar."""
    changed = []
    for column in frame.get_columns()[:100]:
        if column.dtype != pl.Int64 or draw.random() < 0.5:
            continue
        unit = draw.choice(("ms", "us", "ns"))
        values = column * {"ms": 1, "us": 1_000, "ns": 1_000_000}[unit]
        if draw.random() < 0.5:
            values[draw.randrange(len(values))] = draw.choice((2**62, -(2**62), 2**63 - 1, -(2**63)))
        changed.append(values.cast(pl.Datetime(unit, draw.choice((None, "UTC", "Europe/Berlin")))))
    return frame.with_columns(changed)


def _series(name: str, values: list[Any]) -> pl.Series:
    try:
        series = pl.Series(name, values, strict=False)
    except (pl.exceptions.PolarsError, OverflowError, TypeError, ValueError):
        series = pl.Series(name, values, dtype=pl.Object)
    if series.dtype.is_nested() or series.dtype == pl.Object:
        return pl.Series(name, [str(value).encode(errors="replace").decode() for value in values])
    return series


def _wrong_bytes(draw: random.Random, data: bytes) -> tuple[bytes, str]:
    at = draw.randrange(len(data) + 1)
    piece = draw.choice(BYTES)
    many = piece * (draw.choice((100, 5_000, LARGEST)) // len(piece) + 1)
    ways: dict[str, tuple[bytes, str]] = {
        "flip": (_flipped(draw, data, draw.choice((1, 4, 30))), ""),
        "cut": (data[:at], f"at {at}"),
        "insert": (data[:at] + piece + data[at:], f"{piece!r} at {at}"),
        "repeat": (data[:at] + many + data[at:], f"{piece!r} to {len(many)} bytes"),
        "only": (many, f"{piece!r} to {len(many)} bytes"),
        "all again": (data * draw.choice((2, 7)), ""),
        "remove": (data[:at] + data[at + draw.choice((1, 20, 1_000)) :], f"at {at}"),
        "twice": (data[:at] + data[max(0, at - 200) :], f"before {at}"),
        "random": (draw.randbytes(draw.choice((0, 10, 3_000))), ""),
    }
    way = draw.choice(("flip", *ways))
    return ways[way][0], f"{way} {ways[way][1]}"


def _flipped(draw: random.Random, data: bytes, times: int) -> bytes:
    changed = bytearray(data)
    for _ in range(times if data else 0):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _packed(draw: random.Random, data: bytes, suffix: str, *, wrong: bool) -> tuple[bytes, str, str]:
    pack: Callable[[bytes], bytes]
    name, pack = draw.choice(((".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)))
    if not wrong:
        return pack(data), suffix + name, f"packed {name}"
    what = draw.choice(("cut", "flipped", "twice", "bomb", "trailing", "frames"))
    if what == "bomb":
        return pack(draw.choice((b"\0", b"\n", b",", b"{", b"[", b'"', b"1")) * (24 << 20)), suffix + name, f"bomb {name}"
    packed = pack(data)
    if what == "cut":
        packed = packed[: draw.randrange(len(packed))]
    elif what == "flipped":
        changed = bytearray(packed)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        packed = bytes(changed)
    elif what == "twice":
        packed = pack(packed)
    elif what == "trailing":
        packed += draw.choice((b"\0" * 10, b"trailing", packed[:9]))
    else:
        packed = b"".join(pack(data[k : k + 50]) for k in range(0, min(len(data), 5_000), 50))
    return packed, suffix + name, f"{what} {name}"


def _job_file(draw: random.Random, document: dict[str, Any]) -> tuple[str, bytes]:
    kind = draw.choice(("json", "json", "yaml"))
    try:
        text = _deep_json(document) if kind == "json" else yaml.safe_dump(document)
    except (RecursionError, yaml.YAMLError):
        kind, text = "json", _deep_json(document)
    return f"job.{kind}", text.encode(errors="surrogatepass")


def _deep_json(value: Any) -> str:
    """JSON also of what is nested deeper than Python's own writer goes."""
    parts: list[str] = []
    todo: list[Any] = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, _Raw):
            parts.append(one.text)
        elif isinstance(one, dict):
            todo.append(_Raw("}"))
            items = [[_Raw(json.dumps(key) + ":"), below] for key, below in one.items()]
            todo += [part for item in reversed(_between(items)) for part in reversed(item)]
            todo.append(_Raw("{"))
        elif isinstance(one, list):
            todo.append(_Raw("]"))
            todo += [part for item in reversed(_between([[below] for below in one])) for part in reversed(item)]
            todo.append(_Raw("["))
        else:
            parts.append(json.dumps(one))
    return "".join(parts)


@dataclass(frozen=True)
class _Raw:
    text: str


def _between(items: list[list[Any]]) -> list[list[Any]]:
    return [item if k == 0 else [_Raw(","), *item] for k, item in enumerate(items)]
