"""Files that somebody has uploaded to look at, and perhaps to make a job of: kept on disk for a while, bounded together."""

import math
import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Self

from barograph.config.errors import BadRequest, NotFound, UnreadableInput
from barograph.config.job import DataDescription, Job
from barograph.sources.chunk import Chunk
from barograph.sources.read import BLOCK_BYTES, read_files

_SUFFIX: Final = re.compile(r"(?:\.(?:csv|tsv|tab|ndjson|jsonl|json|parquet|pq|txt|log|gz|zst|zstd))*$", re.IGNORECASE)
_LONGEST_NAME: Final = 255
_LOOK_BYTES: Final = 4 << 20
"""Text read at a time for a look: of most files all that is looked at comes at once."""


class TooLarge(BadRequest):
    """A file is larger than all uploads together may be."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file.

    Attributes:
        upload_id: its id.
        name: what it was called where it came from, without folders.
        path: where it lies.
        bytes: its size.
    """

    upload_id: str
    name: str
    path: Path
    bytes: int


class Uploads:
    """The uploads of a server. They do not outlive it. Any thread may call."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Uploads in a folder of their own, which is emptied.

        Args:
            folder: it need not be there.
            most_bytes: of all of them together, also of those that are being uploaded; the oldest make room for new ones.
        """
        self._folder, self._most = folder, most_bytes
        self._kept: dict[str, Upload] = {}
        self._coming: dict[str, int] = {}
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)

    def receive(self, name: str) -> "Receiving":
        """A file to take, as a context manager; it is gone at the end of the block unless it was finished."""
        shown = PurePath(name.replace("\\", "/")).name[-_LONGEST_NAME:]
        upload_id = uuid.uuid4().hex[:20]
        found = _SUFFIX.search(shown)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{upload_id}{found[0].lower() if found else ''}"
        return Receiving(Upload(upload_id, shown or "upload", path, 0), self)

    def get(self, upload_id: str) -> Upload:
        """One of them.

        Raises:
            NotFound: there is none of this id, or not any more.
        """
        with self._lock:
            found = self._kept.get(upload_id)
        if found is None:
            raise NotFound(f"upload={upload_id!r}: wanted one that is kept; upload the file again")
        return found

    def delete(self, upload_id: str) -> None:
        """Remove one. Raises as `get`."""
        upload = self.get(upload_id)
        with self._lock:
            self._kept.pop(upload_id, None)
        upload.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, upload_id: str, size: int) -> None:
        """Make room for an upload that has come to so many bytes: at the cost of the oldest that are whole.

        Raises:
            TooLarge: with all others that are being uploaded it is larger than may be.
        """
        with self._lock:
            coming = {**self._coming, upload_id: size}
            if sum(coming.values()) > self._most:
                held = sum(coming.values()) - size >> 20
                others = f", of which {held} MB are taken by others that are being uploaded" if len(coming) > 1 else ""
                raise TooLarge(f"upload: wanted at most {self._most >> 20} MB (max_uploads){others}; send it in parts")
            self._coming = coming
            while sum(coming.values()) + sum(one.bytes for one in self._kept.values()) > self._most:
                oldest = self._kept.pop(next(iter(self._kept)))
                oldest.path.unlink(missing_ok=True)

    def end(self, upload: Upload, *, whole: bool) -> None:
        """An upload is not under way any more: it is kept, if it is whole."""
        with self._lock:
            self._coming.pop(upload.upload_id, None)
            if whole:
                self._kept[upload.upload_id] = upload


class Receiving:
    """A file that is being uploaded; a context manager. What is not finished leaves nothing behind."""

    def __init__(self, upload: Upload, uploads: Uploads) -> None:
        self._upload, self._uploads = upload, uploads
        self._bytes, self._finished = 0, False

    def __enter__(self) -> Self:
        self._file: BinaryIO = self._upload.path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._finished:
            self._uploads.end(self._upload, whole=False)
            self._upload.path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Take more of it.

        Raises:
            TooLarge: it is larger than may be.
        """
        self._bytes += len(piece)
        self._uploads.take(self._upload.upload_id, self._bytes)
        self._file.write(piece)

    def finish(self) -> Upload:
        """All of it is there: keep it."""
        self._file.close()
        self._finished = True
        upload = replace(self._upload, bytes=self._bytes)
        self._uploads.end(upload, whole=True)
        return upload


def rows_of(upload: Upload, description: DataDescription, job: Job | None = None) -> Iterator[Chunk]:
    """The rows of an upload, as `read_files` reads them.

    Args:
        upload: the upload.
        description: how it looks; of it the time field and the delimiter are used.
        job: the job that the rows are for; None reads all fields.

    Raises:
        UnreadableInput: while it is iterated: it cannot be read, or not on.
    """
    fields: Iterable[str] | None = None if job is None else job.fields
    numbers = () if job is None else [name for name in job.number_fields if name not in job.text_fields]
    size = BLOCK_BYTES if job is not None else _LOOK_BYTES
    try:
        for chunk in read_files([upload.path], description, fields=fields, number_fields=numbers, block_bytes=size, now=_whole):
            yield replace(chunk, source=upload.name, fingerprint=None)  # what is uploaded is new: no file here to go on with
    except UnreadableInput as error:
        raise UnreadableInput(str(error).replace(str(upload.path), upload.name)) from None


def _whole() -> float:
    """The time by which a file is long whole: nobody writes to an upload any more, so its last line needs no line end."""
    return math.inf
