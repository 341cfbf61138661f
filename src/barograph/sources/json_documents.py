"""JSON that is not one object a line: an array of objects, or objects with white space or commas between them."""

import json
import re
from collections.abc import Iterator
from typing import Final

from barograph.sources.lines import LONGEST_ROW, Read

_BETWEEN: Final = re.compile(r"[ \t\r\n,\[\]]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]')
_STOP: Final = re.compile(r"[\n,{]")
_DECODER: Final = json.JSONDecoder(parse_int=str)  # only ends are wanted, and Python refuses integers of 5,000 digits


def document_lines(read: Read, size: int) -> Iterator[tuple[bytes, int]]:
    """The documents of a stream as lines of NDJSON, in blocks, and the length of each block in the source.

    What is not a document is handed on as a line too, for the parser of the lines to refuse.
    """
    rest = b""
    at_end = False
    while not at_end:
        data = read(size)
        at_end = not data
        data = rest + data
        lines, used = _documents(data, at_end)
        rest = data[used:]
        if lines or used:
            yield b"".join(lines), used


def _documents(data: bytes, at_end: bool) -> tuple[list[bytes], int]:
    """The documents that certainly end within the data, and how many bytes they take."""
    # One character a byte keeps positions equal; JSON's own signs are ASCII, and the bytes come back out unchanged.
    text = data.decode("latin-1")
    lines: list[bytes] = []
    at = _after_blank(text, 0)
    while at < len(text):
        end = _document_end(text, at)
        if end is None or end - at > LONGEST_ROW:
            if end is None and len(text) - at <= LONGEST_ROW and not at_end:
                break
            end = _resume(text, at)
        elif end == len(text) and not at_end and text[at] != "{":
            break  # a number can go on in the next block
        lines.append(text[at:end].replace("\n", " ").encode("latin-1") + b"\n")
        at = _after_blank(text, end)
    return lines, min(at, len(text))


def _after_blank(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _document_end(text: str, at: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except (json.JSONDecodeError, RecursionError):
        return None


def _resume(text: str, at: int) -> int:
    """Where something that is not a document ends: an object at its closing brace, else its line; anything else at a comma."""
    last = min(at + LONGEST_ROW, len(text))
    if text[at] == "{":
        depth = 0
        for token in _TOKEN.finditer(text, at, last):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        line = text.find("\n", at, last)
        return last if line < 0 else line
    stop = _STOP.search(text, at + 1, last)
    return stop.start() if stop else last
