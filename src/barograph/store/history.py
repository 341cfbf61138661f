"""The history: what came out of every bucket, in Parquet files that the database lists.

A commit writes one file of each kind. Whenever `MERGE` files of a level have come together, the commit merges them into one
of the next level: a job of n commits has less than `MERGE` files a level and log(n) levels, and rewrites each row log(n) times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from barograph.config.errors import StorageFailure
from barograph.config.splits import SPLIT_VALUES
from barograph.results import schema
from barograph.results.results import Results
from barograph.store.files import JobFiles, digest

KINDS: Final = {"bucket_values": schema.BUCKET_VALUES, "influencer_shares": schema.INFLUENCER_SHARES}
"""The tables that are kept as files."""

ROWS: Final[dict[str, Callable[[Results], pl.DataFrame]]] = {
    "bucket_values": lambda results: results.coded_values,
    "influencer_shares": lambda results: results.influencer_shares,
}
"""The rows of each in a commit."""

_AS_TEXT: Final = pl.ScanCastOptions(categorical_to_string="allow")

MERGE: Final = 16
MERGED_ROWS: Final = 4_000_000
"""Larger files are not made: at 10 to 40 bytes a row, merging more would hold a commit up for seconds and gain nothing."""

_PACKED: Final[Any] = {"compression": "zstd", "compression_level": 1}
"""Doubles hardly get smaller at the higher levels, which take twice the time."""


@dataclass(frozen=True)
class HistoryFile:
    """One file, as it is listed: `number` is that of the commit, times are those of its first and last bucket in epoch ms.

    `sha256` is that of its content, in hexadecimal; None when an old version wrote it.
    """

    kind: str
    number: int
    level: int
    name: str
    rows: int
    bytes: int
    first_timestamp: int
    last_timestamp: int
    sha256: str | None = None


@dataclass(frozen=True)
class Change:
    """What a commit does to the listing of one kind: files to list, and files to list no more."""

    added: tuple[HistoryFile, ...] = ()
    removed: tuple[HistoryFile, ...] = ()

    @property
    def gone(self) -> int:
        """Rows that are in no file any more."""
        return sum(file.rows for file in self.removed) - sum(file.rows for file in self.added)


def coded(kind: str, rows: schema.Frame) -> schema.Frame:
    """Rows of a kind as its files hold them."""
    return schema.coded(rows) if kind == "bucket_values" else rows


def add(files: JobFiles, listed: Sequence[HistoryFile], kind: str, frame: pl.DataFrame, number: int) -> Change:
    """Write the rows of a commit, merged with older files where it is time to. `listed` is in the order of the numbers."""
    if frame.is_empty():
        return Change()
    times = frame["timestamp"]
    first, last = times.min(), times.max()
    assert isinstance(first, int)
    assert isinstance(last, int)
    write = partial(frame.write_parquet, **_PACKED)
    newest = _write(files, HistoryFile(kind, number, 0, "", frame.height, 0, first, last), write)
    remaining, removed = list(listed), list[HistoryFile]()
    while merging := _mergeable([*remaining, newest]):
        older = merging[:-1]
        merged = _merge(files, merging)
        # The newest file is this commit's own and was never listed: once merged it is simply left over.
        files.remove([newest.name])
        removed += older
        remaining, newest = remaining[: len(remaining) - len(older)], merged
    return Change((newest,), tuple(removed))


def cut(files: JobFiles, listed: Sequence[HistoryFile], kind: str, oldest_ms: int) -> Change:
    """Leave out the rows of a kind before a bucket, epoch ms: older files go, one that lies across it is written anew."""
    old = [file for file in listed if file.kind == kind and file.first_timestamp < oldest_ms]
    added = []
    for file in old:
        if file.last_timestamp >= oldest_ms:
            rows = coded(kind, read(files, [file], kind, Span(start_ms=oldest_ms)))
            first = rows["timestamp"][0]
            planned = replace(file, level=file.level + 1, rows=rows.height, first_timestamp=first)
            added.append(_write(files, planned, partial(rows.write_parquet, **_PACKED)))
    return Change(tuple(added), tuple(old))


def _mergeable(files: Sequence[HistoryFile]) -> list[HistoryFile]:
    """The newest `MERGE` files if they are all of one level and small enough together, else none."""
    tail = list(files[-MERGE:])
    one_level = len(tail) == MERGE and len({file.level for file in tail}) == 1
    return tail if one_level and sum(file.rows for file in tail) <= MERGED_ROWS else []


def _merge(files: JobFiles, parts: Sequence[HistoryFile]) -> HistoryFile:
    newest = parts[-1]
    whole = HistoryFile(
        kind=newest.kind,
        number=newest.number,
        level=newest.level + 1,
        name="",
        rows=sum(file.rows for file in parts),
        bytes=0,
        first_timestamp=min(file.first_timestamp for file in parts),
        last_timestamp=max(file.last_timestamp for file in parts),
    )
    scans = [coded(newest.kind, pl.scan_parquet(files.whole(file.name, file.sha256), glob=False)) for file in parts]
    rows = pl.concat(scans, how="diagonal")  # files of a former version have fewer columns
    return _write(files, whole, partial(rows.sink_parquet, maintain_order=True, **_PACKED))


def _write(files: JobFiles, planned: HistoryFile, fill: Callable[[Path], object]) -> HistoryFile:
    name = f"{planned.kind}-{planned.number:010d}-{planned.level}.parquet"
    size = files.write(name, fill)
    return replace(planned, name=name, bytes=size, sha256=digest(files.path / name))


@dataclass(frozen=True)
class Span:
    """Which history to read.

    Attributes:
        start_ms: first bucket, epoch ms, inclusive; None is from the beginning.
        end_ms: epoch ms, exclusive; None is to the end.
        detector_index: one detector; None is all.
        function: one of a detector's measures, by its `function_description`; None is all.
        split_values: values of the columns `SPLIT_VALUES`; None is all.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    detector_index: int | None = None
    function: str | None = None
    split_values: tuple[str | None, ...] = ()

    def touches(self, file: HistoryFile) -> bool:
        """Whether the file can hold rows of the span."""
        after = self.start_ms is None or file.last_timestamp >= self.start_ms
        return after and (self.end_ms is None or file.first_timestamp < self.end_ms)

    def condition(self) -> pl.Expr:
        """The rows of the span."""
        series = {
            "detector_index": self.detector_index,
            "function_description": self.function,
            **dict(zip(SPLIT_VALUES, self.split_values, strict=False)),
        }
        conditions = [pl.lit(True), *(pl.col(name) == value for name, value in series.items() if value is not None)]
        if self.start_ms is not None:
            conditions.append(pl.col("timestamp") >= self.start_ms)
        if self.end_ms is not None:
            conditions.append(pl.col("timestamp") < self.end_ms)
        return pl.all_horizontal(conditions)


def read(
    files: JobFiles, listed: Sequence[HistoryFile], kind: str, span: Span, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """The rows of a span in the order they were written, which is that of the buckets; all columns, or only those named.

    Raises:
        FileNotFoundError: a listed file is gone.
        StorageFailure: a listed file is damaged.
    """
    paths = [files.whole(file.name, file.sha256) for file in listed if span.touches(file)]
    if not paths:
        return schema.empty(KINDS[kind]).select(columns or pl.all())
    try:
        wanted = schema.polars_schema(KINDS[kind])
        # What a file of a former version does not have is null.
        rows = pl.scan_parquet(paths, glob=False, schema=wanted, cast_options=_AS_TEXT, missing_columns="insert")
        return rows.filter(span.condition()).select(columns or pl.all()).collect()
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError) as error:
        raise StorageFailure(f"history in {str(files.path)!r}: wanted whole Parquet files ({error})") from error
