"""Streams cut into blocks of whole lines."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np

LONGEST_ROW: Final = 4 << 20
"""Bytes of the longest row that is read. A longer one is malformed: it is counted and shown, and never held in memory."""

TOO_LONG: Final = f"a row of at most {LONGEST_ROW >> 20} MiB"

MOST_LINES: Final = 1 << 19
"""Lines handed on at a time: a malformed one takes some 200 bytes until it is counted, and may have two in its source."""

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
            first, *others = _few_lines(data[:cut])
            yield first, len(first) + left_out
            yield from ((block, len(block)) for block in others)
            left_out = 0
        rest = data[cut:]
        if len(rest) > LONGEST_ROW:
            left_out += len(rest) - LONGEST_ROW - 1
            rest = rest[: LONGEST_ROW + 1]
    if rest:
        yield rest, len(rest) + left_out


def _few_lines(block: bytes) -> list[bytes]:
    """Whole lines in parts of at most `MOST_LINES`."""
    if block.count(b"\n") <= MOST_LINES:
        return [block]
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
    cuts = [0, *ends[MOST_LINES - 1 : -1 : MOST_LINES].tolist(), len(block)]
    return [block[start:end] for start, end in pairwise(cuts)]


def has_long_line(block: bytes) -> bool:
    """Whether a line of the block may be longer than `LONGEST_ROW`: never wrong with "no"."""
    window = LONGEST_ROW // 2
    return any(block.find(b"\n", at, at + window) < 0 for at in range(0, len(block) - window, window))
