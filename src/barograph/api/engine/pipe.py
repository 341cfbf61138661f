"""The way of an upload's bytes from the event loop, where they arrive, to the thread that reads them."""

import asyncio
from typing import Final

_WAITING: Final = 8
"""Pieces that may wait, of at most a megabyte each: then whoever sends them waits, too."""


class Pipe:
    """Bytes in order. `put`, `end` and `fail` are for the event loop, `read` and `close` for one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes | Exception] = asyncio.Queue(_WAITING)
        self._is_closed = False
        self._is_over: Exception | bool = False

    @property
    def is_closed(self) -> bool:
        """Nobody reads any more."""
        return self._is_closed

    async def put(self, piece: bytes) -> None:
        """Hand on more bytes; waits while enough of them wait. What nobody reads any more is dropped."""
        if piece and not self._is_closed:
            await self._pieces.put(piece)

    async def end(self, failure: Exception | None = None) -> None:
        """There is no more, or it cannot go on: `failure` is raised to the reader."""
        if not self._is_closed:
            await self._pieces.put(b"" if failure is None else failure)

    def read(self, size: int) -> bytes:
        """The next bytes, about as many as are wanted, fewer when no more have come yet; none at the end.

        Raises:
            Exception: the bytes do not go on.
        """
        if isinstance(self._is_over, Exception):
            raise self._is_over
        return b"" if self._is_over else asyncio.run_coroutine_threadsafe(self._take(size), self._loop).result()

    async def _take(self, size: int) -> bytes:
        taken: list[bytes] = []
        while not taken or (sum(map(len, taken)) < size and not self._pieces.empty()):
            piece = await self._pieces.get()
            if isinstance(piece, Exception) or not piece:
                self._is_over = piece or True
                if isinstance(piece, Exception) and not taken:
                    raise piece
                break
            taken.append(piece)
        return b"".join(taken)

    def close(self) -> None:
        """Read no more: what comes is dropped, and whoever waits to hand it on is let go."""
        self._loop.call_soon_threadsafe(self._drop)

    def _drop(self) -> None:
        self._is_closed = True
        while not self._pieces.empty():
            self._pieces.get_nowait()
