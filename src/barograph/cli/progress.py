"""How far a run is: a bar on a terminal, nothing in a pipe."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from barograph.cli.console import console
from barograph.jobs.summary import Progress as Run
from barograph.results.labels import rough
from barograph.sources.chunk import Chunk


class ProgressBar:
    """A bar on stderr with rows, rows a second, buckets and time left, gone when done. Silent unless stderr is a terminal.

    How far it is goes by the bytes of the files as they are stored; where the input is a pipe, no end is known.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        sizes = {path: _size(path) for path in paths}
        known = [size for size in sizes.values() if size is not None]
        self._sizes = sizes
        self._before = 0
        self._read = 0
        self._progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f} % {task.fields[words]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("left"),
            console=console(sys.stderr),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        total = sum(known) if len(known) == len(sizes) else None
        self._task = self._progress.add_task("", total=total, words="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def stop(self) -> None:
        """Take the bar away for good."""
        self._progress.stop()

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks; how far each is in its file is noted."""
        source = None
        for chunk in chunks:
            if chunk.source != source:
                self._before += self._sizes.get(source or "") or 0
                source = chunk.source
            self._read = self._before + chunk.read_bytes
            yield chunk

    def show(self, run: Run) -> None:
        """Draw how far it is."""
        per_second = rough(run.rows / max(run.seconds, 1e-9))
        words = f"{run.rows:,} rows, {per_second} a second, {run.buckets:,} buckets,"
        self._progress.update(self._task, completed=self._read, words=words)


def _size(path: str) -> int | None:
    """Size of a file; None where it has none, or is not there (reading it will tell)."""
    return os.path.getsize(path) if Path(path).is_file() else None
