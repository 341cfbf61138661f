"""What is looked at before a file's first row is taken: can most of its rows be used, and are they in the order of time?

A file of which most rows would be lost is refused as a whole, with the likely cause: the job put right can then read it. One
that is newest first, or in no order, is sorted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barograph.config.errors import UnreadableInput
from barograph.config.job import Job
from barograph.config.moment import iso_text
from barograph.intake import column_of
from barograph.intake.parse_times import parse_times
from barograph.intake.unusable import order_of, unusable
from barograph.sources.chunk import Chunk

ENOUGH_ROWS: Final = 100
"""Rows by which a file, or a pipe, is judged at the least, if it has so many."""

MOST_SORTED_BYTES: Final = 512 << 20
"""Of text, unpacked: what is sorted is held in memory, which takes about three times as much."""


class Reader(Protocol):
    """What must be known of the session that takes the rows."""

    def is_fresh(self, chunk: Chunk) -> bool:
        """Whether nothing of the chunk's file has been read before."""

    @property
    def newest_ms(self) -> int | None:
        """The newest time that the job has read, epoch ms."""


def checked(job: Job, chunks: Iterable[Chunk], reader: Reader, tell: Callable[[str], None]) -> Iterator[Chunk]:
    """The same chunks; those of a file that is not in the order of time as one, sorted.

    Args:
        job: the job.
        chunks: rows of one or more sources, each from its beginning.
        reader: who takes them; what it has read of a file before is let through.
        tell: takes a sentence about a file that was sorted.

    Raises:
        UnreadableInput: most rows of a file cannot be used, or it cannot be sorted; nothing of it was handed on.
    """
    number = -1

    def source_number(chunk: Chunk) -> int:
        nonlocal number
        number += chunk.first_row == 0
        return number

    for _, of_source in groupby(chunks, key=source_number):
        yield from _checked_source(job, of_source, reader, tell)


def _checked_source(job: Job, chunks: Iterator[Chunk], reader: Reader, tell: Callable[[str], None]) -> Iterator[Chunk]:
    head = [next(chunks)]
    if not reader.is_fresh(head[0]):
        yield from chain(head, chunks)
        return
    cause = _cause(job, head)
    while cause is not None and sum(chunk.rows for chunk in head) < ENOUGH_ROWS and (more := next(chunks, None)):
        head.append(more)
        cause = _cause(job, head)
    if cause is not None:
        raise UnreadableInput(f"{head[0].source}: {cause}; nothing of it was read")
    yield from _in_order(job, head, chunks, reader, tell)


def _cause(job: Job, head: Sequence[Chunk]) -> str | None:
    frame = joined(head)
    malformed = sum(chunk.malformed for chunk in head)
    return unusable(job, frame, column_of(frame, job.time_field), head[0].columns, malformed)


def _in_order(
    job: Job, head: Sequence[Chunk], rest: Iterator[Chunk], reader: Reader, tell: Callable[[str], None]
) -> Iterator[Chunk]:
    times = _times(job, joined(head)).drop_nulls().to_numpy()
    order, name = order_of(times, job), head[0].source
    if 2 * order.left_out <= 1:
        yield from chain(_unless_old(job, head, rest, reader), rest)
        return
    what = "newest first" if order.newest_first else "not in the order of time"
    held = list(head)
    while (size := sum(chunk.bytes for chunk in held)) <= MOST_SORTED_BYTES and (more := next(rest, None)):
        held.append(more)
    if size > MOST_SORTED_BYTES:
        raise UnreadableInput(
            f"{name}: its rows are {what}; wanted them in the order of time, or at most {MOST_SORTED_BYTES >> 20} MiB, "
            "which are sorted in memory; nothing of it was read"
        )
    tell(f"{name}: its rows are {what}, and were sorted by time; rows are numbered in that order")
    yield _sorted(job, held)


def _unless_old(job: Job, head: Sequence[Chunk], rest: Iterator[Chunk], reader: Reader) -> Sequence[Chunk]:
    """The first chunks of a source, up to one with a row that is not older than what the job has finished.

    Raises:
        UnreadableInput: no row of the source is.
    """
    held, until = list(head), reader.newest_ms
    if until is None:
        return held
    finished = (until - job.latency_ms) // job.bucket_span_ms * job.bucket_span_ms
    newest = _newest(job, joined(head))
    while newest < finished and sum(chunk.bytes for chunk in held) <= MOST_SORTED_BYTES:
        more = next(rest, None)
        if more is None:
            break
        held.append(more)
        newest = max(newest, _newest(job, more.frame))
    else:
        return held
    zone = ZoneInfo(job.time_zone)
    raise UnreadableInput(
        f"{head[0].source}: its newest row, of {iso_text(newest, zone)}, is older than what the job has read, which is up to "
        f"{iso_text(until, zone)}; wanted files in the order of time; nothing of it was read"
    )


def _newest(job: Job, frame: pl.DataFrame) -> int:
    """The newest time of rows, epoch ms; 0 where none has one."""
    newest = _times(job, frame).max()
    return int(newest) if isinstance(newest, int) else 0


def _times(job: Job, frame: pl.DataFrame) -> pl.Series:
    values = column_of(frame, job.time_field)
    return pl.Series([], dtype=pl.Int64) if values is None else parse_times(values, job)


def joined(chunks: Sequence[Chunk]) -> pl.DataFrame:
    """The rows of some chunks of one source."""
    frames = [chunk.frame for chunk in chunks if chunk.frame.width]
    if not frames:
        return pl.DataFrame()
    # A column can be numbers in one block and text in another.
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def _sorted(job: Job, chunks: Sequence[Chunk]) -> Chunk:
    """All rows of a file as one chunk, by time, rows of one time in the order of the file; those without a time last."""
    frame = joined(chunks)
    times = _times(job, frame).fill_null(np.iinfo(np.int64).max).to_numpy()
    return replace(
        chunks[-1],
        frame=frame[np.argsort(times, kind="stable")],
        first_row=0,
        rows=sum(chunk.rows for chunk in chunks),
        bytes=sum(chunk.bytes for chunk in chunks),
        malformed=sum(chunk.malformed for chunk in chunks),
        bad_rows=np.concatenate([chunk.bad_rows + chunk.first_row for chunk in chunks]),
        examples=[example for chunk in chunks for example in chunk.examples][:5],
        fields_elsewhere=sum(chunk.fields_elsewhere for chunk in chunks),
    )
