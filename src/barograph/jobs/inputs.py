"""Which rows of an input are new to a job, so that reading it again never doubles a row."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from barograph.config.errors import InputError, UnreadableInput
from barograph.results.arrays import Ints
from barograph.results.counts import Example
from barograph.sources.chunk import Chunk, Fingerprint
from barograph.store.job_rows import InputProgress


@dataclass(frozen=True)
class NewRows:
    """The part of a chunk that the job has not read yet; the fields are those of the chunk."""

    frame: pl.DataFrame
    first_row: int
    rows: int
    bytes: int
    malformed: int
    bad_rows: Ints
    examples: Sequence[Example]
    fields_elsewhere: int = 0

    @classmethod
    def of_chunk(cls, chunk: Chunk) -> Self:
        """Rows that are all new."""
        whole = (chunk.frame, chunk.first_row, chunk.rows, chunk.bytes, chunk.malformed, chunk.bad_rows, chunk.examples)
        return cls(*whole, chunk.fields_elsewhere)

    @classmethod
    def of_frame(cls, frame: pl.DataFrame) -> Self:
        """Rows that come from no source: each of them is a row, and new."""
        return cls(frame, 0, frame.height, 0, 0, np.zeros(0, np.int64), ())


@dataclass
class _Reading:
    """One source in this run: how far the job is in it, which row must come next, and what of it has come by again."""

    done: InputProgress
    next_row: int
    seen_malformed: int = 0
    seen_bytes: int = 0
    news: bool = False


class Inputs:
    """The sources of one run.

    A file is known by its absolute path and its beginning: one that has grown goes on where it was left, one whose beginning is
    another is new. One that was renamed, as logs are, is known by its beginning alone; a copy beside the file it was made of is
    new. What a pipe brings is always new.
    """

    def __init__(self, progress: Mapping[str, InputProgress]) -> None:
        self._before = dict(progress)
        self._readings: dict[str, _Reading] = {}
        self._names: dict[str, str] = {}

    def progress(self) -> list[InputProgress]:
        """How far each file of this run has been read."""
        return [reading.done for reading in self._readings.values()]

    def skipped(self) -> tuple[str, ...]:
        """The files of this run, as they were given, that brought nothing new."""
        return tuple(self._names[path] for path, reading in self._readings.items() if not reading.news)

    @contextmanager
    def reading(self, chunk: Chunk) -> Iterator[NewRows | None]:
        """The rows of a chunk as `new_rows` gives them. They have been read when the block ends, but not if it is refused.

        Raises:
            UnreadableInput: as `new_rows`.
        """
        path = os.path.abspath(chunk.source)
        before = self._readings.get(path)
        undisturbed = None if before is None else replace(before)
        try:
            yield self.new_rows(chunk)
        except InputError:
            self._readings.pop(path, None)
            if undisturbed is not None:
                self._readings[path] = undisturbed
            raise

    def new_rows(self, chunk: Chunk) -> NewRows | None:
        """The rows of a chunk that are new; None if none is.

        Chunks of a source come in its order, from its first row or from the first that is new.

        Raises:
            UnreadableInput: rows are missing between, or the file is not what was read before though it begins like it.
        """
        if chunk.fingerprint is None:
            return NewRows.of_chunk(chunk)
        reading = self._reading(chunk, chunk.fingerprint)
        done, end = reading.done, chunk.first_row + chunk.rows
        if chunk.first_row == 0:
            reading.seen_malformed = reading.seen_bytes = 0
        elif chunk.first_row != reading.next_row:
            raise UnreadableInput(
                f"{chunk.source}: wanted row {reading.next_row} next, or the first; got row {chunk.first_row}"
            )
        reading.next_row = end
        fresh = None
        if end > done.rows_done:
            fresh = _rest(chunk, reading)
            reading.news = True
            reading.done = replace(
                done,
                rows_done=end,
                malformed_done=done.malformed_done + fresh.malformed,
                bytes_done=done.bytes_done + fresh.bytes,
            )
        reading.seen_malformed += chunk.malformed
        reading.seen_bytes += chunk.bytes
        return fresh

    def is_fresh(self, chunk: Chunk) -> bool:
        """Whether nothing of a chunk's source has been read before, as of what a pipe brings."""
        if chunk.fingerprint is None:
            return True
        reading = self._readings.get(os.path.abspath(chunk.source))
        return (self._begun(chunk, chunk.fingerprint) if reading is None else reading.done).rows_done == 0

    def _reading(self, chunk: Chunk, fingerprint: Fingerprint) -> _Reading:
        path = os.path.abspath(chunk.source)
        if path not in self._readings:
            at = self._begun(chunk, fingerprint)
            self._readings[path] = _Reading(at, next_row=at.rows_done)
            self._names[path] = _as_text(chunk.source)
        return self._readings[path]

    def _begun(self, chunk: Chunk, fingerprint: Fingerprint) -> InputProgress:
        """How far earlier runs have read the chunk's file."""
        path = os.path.abspath(chunk.source)
        name = _as_text(path)
        known = self._before.get(name)
        if known is None or not _begins(path, known):
            known = self._renamed(path)
        at = InputProgress(name, fingerprint.head_bytes, fingerprint.sha256, 0)
        return at if known is None else replace(known, source=name, head_bytes=at.head_bytes, sha256=at.sha256)

    def _renamed(self, path: str) -> InputProgress | None:
        """How far the file was read under another path, at which it is no longer."""
        gone = (progress for progress in self._before.values() if _begins(path, progress) and not _is_there(progress))
        return max(gone, key=lambda progress: progress.rows_done, default=None)


def _rest(chunk: Chunk, reading: _Reading) -> NewRows:
    """The chunk without the rows that were read before. These may end inside it: the file's last chunk was shorter then.

    Which rows of a chunk are malformed is not known, but how many were among those read before is.
    """
    done = reading.done
    rows = max(0, done.rows_done - chunk.first_row)
    malformed = done.malformed_done - reading.seen_malformed if rows else 0
    length = done.bytes_done - reading.seen_bytes if rows else 0
    good = rows - malformed
    if not (0 <= malformed <= chunk.malformed and 0 <= good <= chunk.frame.height and 0 <= length <= chunk.bytes):
        raise UnreadableInput(
            f"{chunk.source}: wanted the file whose first {done.rows_done} rows were read before; it begins like it, but "
            "its rows are others. Give the new data under another name, or reset the job"
        )
    return NewRows(
        chunk.frame.slice(good) if good else chunk.frame,
        chunk.first_row + rows,
        chunk.rows - rows,
        chunk.bytes - length,
        chunk.malformed - malformed,
        chunk.bad_rows[malformed:] - rows,
        [example for example in chunk.examples if example.row > done.rows_done] if rows else chunk.examples,
    )


def _begins(path: str, known: InputProgress) -> bool:
    """Whether the file still begins as it did; it may have grown since."""
    try:
        with open(path, "rb") as file:
            head = file.read(known.head_bytes)
    except OSError as error:
        raise UnreadableInput(f"{path}: wanted a readable file ({error.strerror})") from error
    return hashlib.sha256(head).hexdigest() == known.sha256


def _is_there(known: InputProgress) -> bool:
    """Whether the file is still where it was read."""
    try:
        return _begins(known.source, known)
    except UnreadableInput:
        return False


def _as_text(path: str) -> str:
    """A path that can be stored and printed: bytes of a file name that are not UTF-8 are written as `\\xff`."""
    return os.fsencode(path).decode(errors="backslashreplace")
