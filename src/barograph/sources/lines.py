"""Streams cut into blocks of whole lines."""

from collections.abc import Callable, Iterator
from typing import Final

LONGEST_ROW: Final = 4 << 20
"""Bytes of the longest row that is read. A longer one is malformed: it is counted and shown, and never held in memory."""

TOO_LONG: Final = f"a row of at most {LONGEST_ROW >> 20} MiB"

Read = Callable[[int], bytes]


def line_blocks(read: Read, size: int) -> Iterator[tuple[bytes, int]]:
    """Blocks that end where a line ends, and how long they are in the source.

    Of a line longer than `LONGEST_ROW` only the first bytes are handed on, enough to see that it is too long.
    """
    rest, left_out = b"", 0
    while data := read(size):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut], cut + left_out
            left_out = 0
        rest = data[cut:]
        if len(rest) > LONGEST_ROW:
            left_out += len(rest) - LONGEST_ROW - 1
            rest = rest[: LONGEST_ROW + 1]
    if rest:
        yield rest, len(rest) + left_out


def has_long_line(block: bytes) -> bool:
    """Whether a line of the block may be longer than `LONGEST_ROW`: never wrong with "no"."""
    window = LONGEST_ROW // 2
    return any(block.find(b"\n", at, at + window) < 0 for at in range(0, len(block) - window, window))
