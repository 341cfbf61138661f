"""What the bucket stage yields, by definition: one row after the other, exact fractions, dictionaries, no state but lists."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from barograph.config.job import Job

MASK = (1 << 64) - 1
Row = dict[str, Any]  # "time" in epoch ms, and the job's fields; a missing value is None


@dataclass
class Fold:
    """`cells[detector][partition, by, over, bucket]` and `shares[...][field, value]` hold the rows as (value, weight)."""

    cells: dict[int, dict[tuple[Any, Any, Any, int], list[tuple[Any, float]]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    shares: dict[tuple[Any, ...], list[tuple[Any, float]]] = field(default_factory=lambda: defaultdict(list))
    events: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    late: int = 0
    first: int | None = None
    closed_until: int | None = None


def fold(job: Job, rows: Iterable[Row]) -> Fold:
    """All rows of a job, whether their bucket is over or not."""
    span, latency, out = job.bucket_span_ms, job.latency_ms, Fold()
    begin = newest = None
    accepted = []
    for row in rows:
        time = row["time"]
        bucket = time // span
        over = newest is not None and (bucket + 1) * span <= newest - latency
        newest = time if newest is None else max(newest, time)
        if over:
            out.late += 1
            continue
        accepted.append(row)
        if begin is None or (latency and time < begin):
            begin = time
    if begin is not None:
        out.first = -(-begin // span)
    for row in accepted:
        if row["time"] // span >= out.first:
            _add(job, out, row["time"] // span, row)
    out.closed_until = None if newest is None else max(begin // span, (newest - latency) // span)
    return out


def _add(job: Job, out: Fold, bucket: int, row: Row) -> None:
    weight_field = job.analysis_config.summary_count_field_name
    weight = 1.0 if weight_field is None else row[weight_field]
    if weight is None or not weight > 0:
        return
    out.events[bucket] += weight
    for index, detector in enumerate(job.detectors):
        split = [detector.partition_field_name, detector.by_field_name, detector.over_field_name]
        values = [None if name is None else row[name] for name in split]
        if detector.use_null:
            values = ["" if name is not None and value is None else value for name, value in zip(split, values, strict=True)]
        if any(name is not None and value is None for name, value in zip(split, values, strict=True)):
            continue
        value = None if detector.field_name is None else row[detector.field_name]
        if detector.field_name is not None and value is None:
            continue
        key = (*values, bucket)
        out.cells[index].setdefault(key, []).append((value, weight))
        for name in job.influencers:
            if row[name] is not None:
                out.shares[index, *key, name, row[name]].append((value, weight))


def weight_of(rows: list[tuple[Any, float]]) -> Fraction:
    return sum((Fraction(weight) for _, weight in rows), Fraction(0))


def mean_of(rows: list[tuple[Any, float]]) -> Fraction:
    return sum((Fraction(value) * Fraction(weight) for value, weight in rows), Fraction(0)) / weight_of(rows)


def m2_of(rows: list[tuple[Any, float]]) -> Fraction:
    mean = mean_of(rows)
    return sum((Fraction(weight) * (Fraction(value) - mean) ** 2 for value, weight in rows), Fraction(0))


def median_of(rows: list[tuple[Any, float]]) -> Fraction:
    """Half way between the two middle values, a row of weight w standing for w equal values."""
    rows = sorted(rows)
    half, below = weight_of(rows) / 2, Fraction(0)
    for at, (value, weight) in enumerate(rows):
        below += Fraction(weight)
        if below > half:
            return Fraction(value)
        if below == half:
            return (Fraction(value) + Fraction(rows[at + 1][0])) / 2
    raise AssertionError("the weights add up")


def value_of(statistic: str, rows: list[tuple[Any, float]]) -> Fraction | None:
    """The statistic of a cell's or a share's rows, exactly; None when they do not define it."""
    if statistic == "varp":
        return m2_of(rows) / weight_of(rows) if len(rows) >= 2 else None
    simple = {
        "count": lambda: weight_of(rows),
        "sum": lambda: sum((Fraction(value) for value, _ in rows), Fraction(0)),
        "mean": lambda: mean_of(rows),
        "median": lambda: median_of(rows),
        "min": lambda: Fraction(min(value for value, _ in rows)),
        "max": lambda: Fraction(max(value for value, _ in rows)),
        "distinct_count": lambda: Fraction(len({value for value, _ in rows})),
        "info_content": lambda: Fraction(len(set().union(*(runs_of(value) for value, _ in rows)))),
    }
    return simple[statistic]()


def runs_of(text: str) -> set[bytes]:
    """For each byte of a text it and the four before it, or all there are."""
    data = text.encode()
    return {data[max(0, end - 5) : end] for end in range(1, len(data) + 1)}


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0, as its specification words it."""
    prime = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
    p1, p2, p3, p4, p5 = prime

    def left(x: int, by: int) -> int:
        return ((x << by) | (x >> (64 - by))) & MASK

    def round_(lane: int, value: int) -> int:
        return left((lane + value * p2) & MASK, 31) * p1 & MASK

    def word(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    at, h = 0, p5
    if len(data) >= 32:
        lanes = [(p1 + p2) & MASK, p2, 0, -p1 & MASK]
        while len(data) - at >= 32:
            lanes = [round_(lane, word(at + 8 * i, 8)) for i, lane in enumerate(lanes)]
            at += 32
        h = sum(left(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            h = ((h ^ round_(0, lane)) * p1 + p4) & MASK
    h = (h + len(data)) & MASK
    while len(data) - at >= 8:
        h = (left(h ^ round_(0, word(at, 8)), 27) * p1 + p4) & MASK
        at += 8
    if len(data) - at >= 4:
        h = (left(h ^ (word(at, 4) * p1 & MASK), 23) * p2 + p3) & MASK
        at += 4
    for byte in data[at:]:
        h = left(h ^ (byte * p5 & MASK), 11) * p1 & MASK
    h = (h ^ (h >> 33)) * p2 & MASK
    h = (h ^ (h >> 29)) * p3 & MASK
    return h ^ (h >> 32)
