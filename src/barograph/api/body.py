"""Bodies of requests: bounded, also unpacked, and bounded over all requests together."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from barograph.api.errors import HttpProblem
from barograph.api.server import InFlight, Server

_PIECE: Final = 1 << 20
LONGEST_WAIT_S: Final = 60
"""For the next piece of a body: who sends half of one holds memory that others could have. Chosen: no network is slower."""
_GZIP: Final = ("gzip", "x-gzip")
_WANTED_ENCODING: Final = "wanted none, identity or gzip"


class NotPacked(HttpProblem):
    """A body that is not the gzip that its Content-Encoding says."""


@asynccontextmanager
async def body_of(request: Request, server: Server, *, any_encoding: bool = False) -> AsyncIterator[bytes]:
    """The whole body, unpacked. It counts as in flight until the block ends.

    Args:
        request: the request.
        server: whose limits are kept.
        any_encoding: as of `unpacked`.

    Raises:
        HttpProblem: it is too large (413), not what its encoding says (400), of an unknown encoding (415), ended too early
            (400), or all bodies together are too large at the moment (429).
    """
    held = _Held(server)
    try:
        async for piece in unpacked(request, any_encoding=any_encoding):
            held.add(piece)
        body = b"".join(held.pieces)
        server.metrics.body_bytes.inc(len(body))
        yield body
    except ClientDisconnect:
        raise HttpProblem(400, "body: wanted all of it; the connection ended before") from None
    finally:
        held.release()


class _Held:
    """What of a body has come, within the limits."""

    def __init__(self, server: Server) -> None:
        self._most, self._most_together = server.config.max_body_bytes, server.config.max_in_flight_bytes
        self._config = server.config
        self._in_flight: InFlight = server.in_flight
        self._bytes = 0
        self.pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._bytes += len(piece)
        self._in_flight.bytes += len(piece)
        if self._bytes > self._most:
            raise HttpProblem(413, f"body: wanted at most {self._config.max_body} (max_body), unpacked; send it in parts")
        if self._in_flight.bytes > self._most_together:
            raise HttpProblem(
                429,
                f"body: wanted at most {self._config.max_in_flight} of bodies at a time (max_in_flight); send it again later",
                {"Retry-After": "1"},
            )
        self.pieces.append(piece)

    def release(self) -> None:
        self._in_flight.bytes -= self._bytes


async def unpacked(
    request: Request, *, longest_wait_s: float = LONGEST_WAIT_S, any_encoding: bool = False
) -> AsyncIterator[bytes]:
    """The body piece by piece, as `Content-Encoding` says.

    Args:
        request: the request.
        longest_wait_s: for the next piece.
        any_encoding: an encoding that is not known is none: there are clients that name that of the text there.

    Raises:
        HttpProblem: it is not what that says (400), it says something else than gzip (415), or it does not go on (408).
        ClientDisconnect: the connection ended before.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity") or (any_encoding and encoding not in _GZIP):
        async for piece in _arriving(request, longest_wait_s):
            yield piece
        return
    if encoding not in _GZIP:
        raise HttpProblem(415, f"Content-Encoding={encoding[:100]!r}: {_WANTED_ENCODING}")
    unpacker = _Gunzip()
    async for packed in _arriving(request, longest_wait_s):
        for piece in unpacker.pieces(packed):
            yield piece
    unpacker.check_whole()


async def _arriving(request: Request, longest_wait_s: float) -> AsyncIterator[bytes]:
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(longest_wait_s):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            reason = f"body: wanted more of it within {longest_wait_s:g} s; send all of it again"
            raise HttpProblem(408, reason, {"Connection": "close"}) from None
        yield piece


class _Gunzip:
    """Unpacks gzip piece by piece, never more than a piece at a time; one file may follow another."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._began = False

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        try:
            while packed:
                if self._inflate.eof:
                    self._inflate = zlib.decompressobj(wbits=31)
                self._began = True
                yield self._inflate.decompress(packed, _PIECE)
                packed = self._inflate.unconsumed_tail or self._inflate.unused_data
        except zlib.error as error:
            raise NotPacked(400, f"body: wanted gzip, as Content-Encoding says ({error})") from None

    def check_whole(self) -> None:
        if self._began and not self._inflate.eof:
            raise HttpProblem(400, "body: wanted whole gzip; it ends too early")
