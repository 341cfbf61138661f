"""JSON that is not one object a line: an array of objects, or objects with white space or commas between them."""

import json
import re
from collections.abc import Iterator
from typing import Final

from barograph.config.errors import UnreadableInput
from barograph.sources.lines import LONGEST_ROW, MOST_LINES, Read

_BETWEEN: Final = re.compile(r"[ \t\r\n,\[\]]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]')
_STOP: Final = re.compile(r"[\n,{]")
_MOST_TOKENS: Final = 10_000_000
"""Braces and strings that are looked through for the ends of what are no documents, again where they have none: 5 s."""

_DECODER: Final = json.JSONDecoder(parse_int=str)  # only ends are wanted, and Python refuses integers of 5,000 digits


def document_lines(path: str, read: Read, size: int) -> Iterator[tuple[bytes, int]]:
    """The documents of a stream as lines of NDJSON, in blocks, and the length of each block in the source.

    What is not a document is handed on as a line too, for the parser of the lines to refuse.

    Raises:
        UnreadableInput: far too much of it is none.
    """
    rest, scanned = b"", 0
    at_end = full = False
    while full or not at_end:
        if not full:  # else the rest has more documents
            data = read(size)
            at_end = not data
            rest += data
        lines, used, looked_through = _documents(rest, at_end)
        scanned += looked_through
        if scanned > _MOST_TOKENS:
            raise UnreadableInput(f"{path}: wanted JSON objects; far too many begin here that never end")
        rest, full = rest[used:], len(lines) == MOST_LINES
        if lines or used:
            yield b"".join(lines), used


def _documents(data: bytes, at_end: bool) -> tuple[list[bytes], int, int]:
    """The documents that certainly end within the data, how many bytes they take, and the tokens looked through for ends.

    Stops early when these are far too many, and after `MOST_LINES` documents.
    """
    # One character a byte keeps positions equal; JSON's own signs are ASCII, and the bytes come back out unchanged.
    text = data.decode("latin-1")
    lines: list[bytes] = []
    at, scanned = _after_blank(text, 0), 0
    while at < len(text) and scanned <= _MOST_TOKENS and len(lines) < MOST_LINES:
        end = _document_end(text, at)
        if end is None or end - at > LONGEST_ROW:
            if end is None and len(text) - at <= LONGEST_ROW and not at_end:
                break
            end, looked_through = _resume(text, at)
            scanned += looked_through
        elif end == len(text) and not at_end and text[at] != "{":
            break  # a number can go on in the next block
        lines.append(text[at:end].replace("\n", " ").encode("latin-1") + b"\n")
        at = _after_blank(text, end)
    return lines, min(at, len(text)), scanned


def _after_blank(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _document_end(text: str, at: int) -> int | None:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except (json.JSONDecodeError, RecursionError):
        return None


def _resume(text: str, at: int) -> tuple[int, int]:
    """Where something that is not a document ends, and the tokens looked through for it.

    An object ends at its closing brace, else with its line; anything else at a comma.
    """
    last = min(at + LONGEST_ROW, len(text))
    if text[at] == "{":
        depth = tokens = 0
        for tokens, token in enumerate(_TOKEN.finditer(text, at, last), 1):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if depth == 0:
                return token.end(), tokens
        line = text.find("\n", at, last)
        return (last if line < 0 else line), tokens
    stop = _STOP.search(text, at + 1, last)
    return (stop.start() if stop else last), 1
