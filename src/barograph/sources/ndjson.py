"""Newline-delimited JSON: one object a line."""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec
import polars as pl

from barograph.sources.chunk import Bad, Block
from barograph.sources.lines import LONGEST_ROW, TOO_LONG, has_long_line

T = TypeVar("T")
_BLANK = b" \t\r"
_PACKED = (b"\x1f", b"\x28", b"\x78")
_WANTED = "one JSON object a line"
_HUGE: Final = re.compile(rb"\d{309}")
_HALF: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u)")
"""The first half of a pair, alone: msgspec refuses it, Polars reads it as the zero byte."""
_ANYTHING: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_OBJECT: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NdjsonParser:
    """Blocks of lines in, tables out. Values that are not text come as the text of their JSON number, boolean or object.

    A field `a.b` is read from a field of that name, else from the field `b` of the object `a`.
    """

    def __init__(self, fields: Iterable[str] | None, number_fields: Iterable[str]) -> None:
        """`fields` None reads all, slower; `number_fields` are read as numbers where a block has nothing else in them."""
        self._fields = None if fields is None else tuple(dict.fromkeys(fields))
        self._numbers = frozenset(number_fields)

    def parse(self, block: bytes, size: int) -> Block:
        """The rows of a block of whole lines; `size` is its length in the source."""
        fields = self._fields if self._fields is not None else _all_fields(block)
        layout = _Layout(fields)
        # Of a block without a single object Polars would read nothing, and call that a success.
        if fields and not has_long_line(block):
            for schema in (layout.typed(block, self._numbers), layout.schema):
                frame = _read(block, schema)
                if frame is not None:
                    return Block(layout.select(frame), [], size)
        frame, bad = _line_by_line(block, layout)
        return Block(frame, bad, size)


class _Layout:
    """Which columns to ask Polars for, and how they become the fields."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._fields = fields
        tree: dict[str, Any] = {}
        for field in fields:
            head, *rest = field.split(".")
            # An object cannot be read both as text, for the field `a`, and for its parts, for `a.b`: the text wins.
            if rest and all((head, *rest)) and head not in fields:
                _plant(tree.setdefault(head, {}), rest)
        self.flat: dict[str, pl.DataType] = {field: pl.String() for field in fields}
        self.schema = {**self.flat, **{head: _struct(below) for head, below in tree.items()}}
        self._tree = tree

    def typed(self, block: bytes, numbers: frozenset[str]) -> dict[str, pl.DataType]:
        """The schema with Float64 for the fields that the first row writes as numbers: reading those is 1.6 times faster.

        Polars refuses the block when another row writes them otherwise, so the guess can cost time but never a value.
        """
        try:
            first = msgspec.json.decode(block[: block.find(b"\n") + 1] or block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.schema
        if not isinstance(first, dict):
            return self.schema
        numeric = {name for name in numbers if name in self.flat and type(first.get(name)) in (int, float)}
        return {**self.schema, **dict.fromkeys(numeric, pl.Float64())}

    def select(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The fields, in order."""
        return frame.select(self._value(field, frame.columns) for field in self._fields)

    def _value(self, field: str, columns: list[str]) -> pl.Expr:
        head, *rest = field.split(".")
        if head not in self._tree or head not in columns or not rest:
            return pl.col(field)
        nested = pl.col(head)
        for name in rest:
            nested = nested.struct.field(name)
        return pl.coalesce(pl.col(field), nested).alias(field)


def _plant(tree: dict[str, Any], path: list[str]) -> None:
    for name in path:
        tree = tree.setdefault(name, {})


def _struct(tree: dict[str, Any]) -> pl.DataType:
    return pl.Struct({name: _struct(below) for name, below in tree.items()}) if tree else pl.String()


def _read(block: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame | None:
    """The table, or None when Polars refuses a line of it."""
    # Polars unpacks what begins as if it were packed; a blank before it changes no row.
    packed = block.startswith(_PACKED)
    try:
        return pl.read_ndjson(io.BytesIO(b" " + block if packed else block), schema=schema)
    except pl.exceptions.PolarsError:
        return None


def _all_fields(block: bytes) -> tuple[str, ...]:
    """Every field name in the block, in order of first use."""
    names: dict[str, None] = {}
    for line in block.split(b"\n"):
        names.update(dict.fromkeys(_decoded(line) or ()))
    return tuple(names)


def is_object(line: bytes) -> bool:
    """Whether a line is one whole JSON object."""
    return _decoded(line) is not None


def _decoded(line: bytes) -> dict[str, msgspec.Raw] | None:
    """The fields of the object on a line, None where there is none; empty for one too deep to say, which Polars judges."""
    try:
        return _with_halves(_OBJECT, line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    except RecursionError:
        return {}


def _with_halves(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    """What is on a line, where there are first halves of pairs as Polars reads them. Raises as msgspec."""
    try:
        return decoder.decode(line)
    except msgspec.DecodeError:
        whole = _HALF.sub(rb"\\u0000", line)
        if whole == line:
            raise
        return decoder.decode(whole)


def _is_refused(line: bytes) -> bool:
    """Whether Polars certainly refuses a line: asking it takes 100 times as long, which a million such lines would feel.

    Beside what is no object, that is text in another encoding and a number beyond the largest double, wherever they are.
    """
    try:
        value = _with_halves(_ANYTHING, line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    except RecursionError:
        return False
    return not isinstance(value, dict) or (_HUGE.search(line) is not None and _has_huge(value))


def _has_huge(value: Any) -> bool:
    """Whether a value is, or has in it, a whole number that no double can hold."""
    if isinstance(value, (dict, list)):
        return any(map(_has_huge, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) > sys.float_info.max


def _line_by_line(block: bytes, layout: _Layout) -> tuple[pl.DataFrame, list[Bad]]:
    """The rows of a block with lines that Polars refuses. Polars reads the others, so both ways give the same values."""
    good: list[tuple[int, bytes]] = []
    bad: list[Bad] = []
    lines = (line for line in block.split(b"\n") if line.strip(_BLANK))
    for position, line in enumerate(lines):
        if len(line) > LONGEST_ROW:
            bad.append(Bad(position, line[:200], TOO_LONG))
        elif _is_refused(line):
            bad.append(Bad(position, line[:200], _WANTED))
        else:
            good.append((position, line))
    frames = []
    for part in _halve(good, layout):
        if isinstance(part, Bad):
            bad.append(part)
        else:
            frames.append(layout.select(part))
    empty = pl.DataFrame(schema=layout.flat)
    return pl.concat([empty, *frames]), sorted(bad, key=lambda row: row.position)


def _halve(lines: list[tuple[int, bytes]], layout: _Layout) -> Iterator[pl.DataFrame | Bad]:
    """Tables of the lines that Polars reads, and the lines that it does not, in order: halve until they stand alone."""
    if not lines:
        return
    frame = _read(b"\n".join(line for _, line in lines), layout.schema)
    if frame is not None:
        yield frame
    elif len(lines) > 1:
        middle = len(lines) // 2
        yield from _halve(lines[:middle], layout)
        yield from _halve(lines[middle:], layout)
    else:
        position, line = lines[0]
        # Where an object was expected there is something else: the fields inside it are missing, the row is not bad.
        frame = _read(line, layout.flat)
        if frame is not None:
            frame = frame.with_columns(
                pl.lit(None, dtype).alias(name) for name, dtype in layout.schema.items() if name not in layout.flat
            )
        yield Bad(position, line[:200], _WANTED) if frame is None else frame
