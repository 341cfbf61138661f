"""Files and standard input as streams of unpacked bytes."""

import gzip
import hashlib
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final, Self

import zstandard

from barograph.config.errors import UnreadableInput
from barograph.sources.chunk import Fingerprint
from barograph.sources.pipes import Idle, Pipe

HEAD_BYTES: Final = 1 << 16
"""How much of a file's start is enough to recognise it, and to tell its format."""

STDIN: Final = "-"

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""A frame without data, which parallel packers write first."""
_BROKEN: Final = (OSError, EOFError, zlib.error, zstandard.ZstdError)
# A Zstandard block can unpack to 128 KiB from 4 bytes; small reads bound what a hostile file can make of one: 32 MiB.
_PACKED_READ: Final = 1 << 10
_GZIP_READ: Final = 1 << 17


class Stream:
    """One source, unpacked as it is read. A context manager: it closes what it opened.

    Attributes:
        path: as it was given; "-" is standard input.
        total_bytes: size of the file as it is stored; None for a pipe.
        fingerprint: of the file; None for a pipe.
        packed: it is unpacked from gzip or Zstandard.
    """

    def __init__(self, path: str, idle: Idle = lambda: None) -> None:
        """`idle` is called about once a second while a pipe is waited for."""
        self.path = path
        self._stack = ExitStack()
        file = self._open()
        self.total_bytes, self.fingerprint = self._identity()
        self._raw = _Counted(file if self.fingerprint is not None else _as_it_comes(file, idle))
        self._head = b""
        self._tail = _Tail()
        self._read_elsewhere = 0
        self.packed = True
        self._unpacked = self._unpack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def read_bytes(self) -> int:
        """How many bytes of the file as it is stored have been read."""
        return max(self._raw.count, self._read_elsewhere)

    def note_progress(self, read_bytes: int) -> None:
        """Say how far the file has been read by something else than this stream."""
        self._read_elsewhere = read_bytes

    @property
    def unfinished_bytes(self) -> int:
        """Length of a last line that has no line end; 0 before the end, and where no more can come: what is packed, a pipe."""
        growing = self.total_bytes is not None and not self.packed
        return self._tail.bytes if growing and self._tail.at_end and not self._tail.blank else 0

    def seconds_since_change(self, now: float) -> float:
        """How long ago the file was written, on a clock of epoch seconds; below zero when that clock is behind the file's."""
        return now - os.stat(self.path).st_mtime

    def head(self) -> bytes:
        """The first unpacked bytes, up to 64 KiB, of a pipe up to its first line; the next `read` begins with them again."""
        while len(self._head) < HEAD_BYTES and not (self.total_bytes is None and b"\n" in self._head.lstrip()):
            try:
                more = self._next(HEAD_BYTES - len(self._head))
            except UnreadableInput:
                break  # the read that gets there raises it again
            if not more:
                break
            self._head += more
        return self._head

    def read(self, size: int) -> bytes:
        """About `size` unpacked bytes, at least one; empty at the end.

        Raises:
            UnreadableInput: the file cannot be read on, or is not what its first bytes say.
        """
        head, self._head = self._head[:size], self._head[size:]
        return head or self._next(size)

    def _next(self, size: int) -> bytes:
        try:
            data = self._unpacked(size)
        except _BROKEN as error:
            raise UnreadableInput(f"{self.path}: wanted a readable file; after {self.read_bytes} bytes: {error}") from error
        self._tail.note(data)
        return data

    def _open(self) -> BinaryIO:
        if self.path == STDIN:
            if sys.stdin is None:  # so Python says that its caller has closed it
                raise UnreadableInput(f"{STDIN}: wanted rows on standard input, which is closed")
            return sys.stdin.buffer
        return self._stack.enter_context(open_binary(self.path))

    def _identity(self) -> tuple[int | None, Fingerprint | None]:
        if self.path == STDIN:
            return None, None
        status = os.stat(self.path)
        if not stat.S_ISREG(status.st_mode):
            return None, None
        return status.st_size, fingerprint(self.path)

    def _unpack(self) -> Callable[[int], bytes]:
        """The reader for the file's packing, which its first bytes tell whatever its name says."""
        start = self._raw.peek(4)
        if start.startswith(_GZIP):
            packed = self._stack.enter_context(gzip.GzipFile(fileobj=self._raw))
            return _Pieces(self._packed_once(iter(lambda: packed.read1(_GZIP_READ), b""))).read
        if start == _ZSTD or _ZSTD_SKIPPABLE.match(start):
            return _Pieces(self._packed_once(_zstandard_pieces(self._raw))).read
        self.packed = False
        return self._raw.read

    def _packed_once(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces.

        Raises:
            UnreadableInput: what is packed is itself packed; who reads the rows might unpack it without any bound.
        """
        first = b""
        while len(first) < len(_ZSTD) and (more := next(pieces, None)) is not None:
            first += more  # of a frame's head alone there is nothing yet
        if first.startswith((_GZIP, _ZSTD)):
            raise UnreadableInput(f"{self.path}: wanted a file that is packed once; what is in it is packed again")
        yield first
        yield from pieces


def _as_it_comes(file: BinaryIO, idle: Idle) -> BinaryIO | io.RawIOBase:
    try:
        return Pipe(file.fileno(), idle)
    except OSError:  # a program has put something else in the place of its standard input
        return file


class _Counted(io.RawIOBase):
    """A raw stream that counts what is read from it and can look ahead a few bytes."""

    def __init__(self, raw: BinaryIO | io.RawIOBase) -> None:
        self._raw = raw
        self._ahead = b""
        self.count = 0

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them."""
        while len(self._ahead) < size and (more := self._raw.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; what was looked at first comes by itself."""
        if self._ahead:
            length = len(self._ahead) if size < 0 else size
            data, self._ahead = self._ahead[:length], self._ahead[length:]
        else:
            data = self._raw.read(size)
        self.count += len(data)
        return data


class _Tail:
    """What follows the last line end of the bytes that came by."""

    def __init__(self) -> None:
        self.bytes = 0
        self.blank = True
        self.at_end = False

    def note(self, data: bytes) -> None:
        """Go on with the next bytes; none are the end."""
        self.at_end = not data
        line = data.rfind(b"\n") + 1
        if line:
            self.bytes, self.blank = 0, True
        self.bytes += len(data) - line
        self.blank = self.blank and not data[line:].strip(b" \t\r")


class _Pieces:
    """Joins unpacked pieces. Those before an error are handed out first: the rows in them are good."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._error: Exception | None = None

    def read(self, size: int) -> bytes:
        """At least `size` bytes, fewer only at the end or before an error."""
        parts: list[bytes] = []
        length = 0
        while length < size and self._error is None:
            try:
                piece = next(self._pieces, None)
            except (*_BROKEN, UnreadableInput) as error:
                self._error = error
                break
            if piece is None:
                break
            parts.append(piece)
            length += len(piece)
        if not length and self._error is not None:
            raise self._error
        return b"".join(parts)


def _zstandard_pieces(raw: _Counted) -> Iterator[bytes]:
    """The contents of Zstandard frames one after the other.

    Raises:
        EOFError: the last frame has no end.
        ZstdError: this is not a frame.
    """
    frame, inside = zstandard.ZstdDecompressor().decompressobj(), False
    while packed := raw.read(_PACKED_READ):
        while packed:
            inside = True
            yield frame.decompress(packed)
            packed = b""
            if frame.eof:
                packed = frame.unused_data
                frame, inside = zstandard.ZstdDecompressor().decompressobj(), False
    if inside:
        raise EOFError("the last Zstandard frame has no end")


def open_binary(path: str) -> BinaryIO:
    """Open a file to read.

    Raises:
        UnreadableInput: there is none, it is a directory, or it may not be read; the message names the path.
    """
    if os.path.isdir(path):
        raise UnreadableInput(f"{path}: wanted a file; this is a directory")
    try:
        return open(path, "rb")
    except OSError as error:
        raise UnreadableInput(f"{path}: wanted a readable file ({error.strerror})") from None


def fingerprint(path: str) -> Fingerprint:
    """The fingerprint of a file: how many of its first bytes, up to 64 KiB, and their SHA-256.

    Raises:
        UnreadableInput: it cannot be read.
    """
    with open_binary(path) as file:
        head = file.read(HEAD_BYTES)
    return Fingerprint(len(head), hashlib.sha256(head).hexdigest())
