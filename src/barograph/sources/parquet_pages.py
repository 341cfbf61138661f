"""How long the columns of a Parquet file and their pages are, by its footer and the headers that stand before pages.

Nothing else of a footer is understood: a value that no library can hold, among its statistics, is of no matter here.
"""

import io
from typing import Any, BinaryIO, Final, NamedTuple

_STOP: Final = 0
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET = range(1, 11)
_STRUCT: Final = 12
_UNPACKED, _PACKED = 2, 3
"""The fields of a header that say how long its page is."""
_GROUPS, _COLUMNS, _ABOUT = 4, 1, 3
"""Those of a footer, of a row group and of a column in it that lead to what is said of the column."""
_TYPE, _PATH, _ALL_UNPACKED, _ALL_PACKED, _DATA, _DICTIONARY = 1, 3, 6, 7, 9, 11
_BYTE_ARRAY: Final = 6
_END: Final = 8  # the footer's length and a mark
_LONGEST: Final = (1 << 31) - 1
_LONGEST_NUMBER: Final = 10
_LONGEST_NAME: Final = 1 << 16
_DEEPEST: Final = 8
"""Structs and lists in each other; a footer has six."""

Struct = dict[int, Any]


class BadPages(Exception):
    """There are no pages, or no footer, where there should be some."""


class Column(NamedTuple):
    """A column in one row group.

    Attributes:
        group: which of the row groups.
        path: its name; of what is inside others, all names from the outermost on.
        of_bytes: whether it has texts, or bytes.
        offset: where the first header of its pages begins.
        packed: bytes of all of its pages, with their headers.
        unpacked: the same, unpacked.
    """

    group: int
    path: tuple[str, ...]
    of_bytes: bool
    offset: int
    packed: int
    unpacked: int


def columns_of(file: BinaryIO) -> list[Column]:
    """All columns of all row groups.

    Raises:
        BadPages: the file has no footer that says so.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(max(length - _END, 0))
    size = int.from_bytes(file.read(4), "little")
    if size > length - _END:
        raise BadPages(f"footer of {size} bytes: wanted one that fits into the file")
    file.seek(length - _END - size)
    footer = _struct(io.BytesIO(file.read(size)))
    try:
        return [_column(at, one[_ABOUT]) for at, group in enumerate(footer[_GROUPS]) for one in group[_COLUMNS]]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadPages(f"footer: wanted the sizes of all columns ({error})") from None


def _column(group: int, about: Struct) -> Column:
    path = tuple(name.decode(errors="replace") for name in about[_PATH])
    offset = min(about[_DATA], about.get(_DICTIONARY) or about[_DATA])
    return Column(group, path, about[_TYPE] == _BYTE_ARRAY, offset, about[_ALL_PACKED], about[_ALL_UNPACKED])


def largest_page(file: BinaryIO, offset: int, length: int) -> int:
    """Bytes, unpacked, of the largest page of a column in a row group. Readers make room for what its header says.

    Args:
        file: the Parquet file.
        offset: where the first header of the column begins.
        length: bytes of all of its pages, packed, with their headers.

    Raises:
        BadPages: there are no such headers.
    """
    end, largest = offset + length, 0
    while offset < end:
        file.seek(offset)
        header = _struct(file)
        packed, unpacked = header.get(_PACKED, -1), header.get(_UNPACKED, -1)
        if not (_is_length(packed) and _is_length(unpacked)):
            raise BadPages(f"page at byte {offset}: wanted a header with its lengths")
        largest = max(largest, unpacked)
        offset = file.tell() + packed
    return largest


def _is_length(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= _LONGEST


def _struct(file: BinaryIO, depth: int = 1) -> Struct:
    """The values of a struct by field, in Thrift's compact protocol."""
    values: Struct = {}
    field = 0
    while (begin := _byte(file)) != _STOP:
        field = field + (begin >> 4) if begin >> 4 else _signed(file)
        kind = begin & 15
        values[field] = kind == _TRUE if kind in (_TRUE, _FALSE) else _value(file, kind, depth)
    return values


def _value(file: BinaryIO, kind: int, depth: int) -> Any:
    if kind in (_I16, _I32, _I64):
        return _signed(file)
    if kind == _BINARY:
        return _bytes(file)
    if kind == _STRUCT and depth < _DEEPEST:
        return _struct(file, depth + 1)
    if kind in (_LIST, _SET) and depth < _DEEPEST:
        return _list(file, depth)
    if kind in (_TRUE, _FALSE, _BYTE):  # in a list, which is where those of a struct do not come from
        return _byte(file)
    if kind == _DOUBLE:
        return file.read(8)
    raise BadPages(f"byte {file.tell()}: wanted a header or footer, found a field of kind {kind}")


def _bytes(file: BinaryIO) -> bytes:
    """The first of them: nothing that is needed is longer."""
    length = min(_unsigned(file), _LONGEST)
    begin = file.read(min(length, _LONGEST_NAME))
    file.seek(length - len(begin), io.SEEK_CUR)
    return begin


def _list(file: BinaryIO, depth: int) -> list[Any]:
    begin = _byte(file)
    many, kind = begin >> 4, begin & 15
    many = many if many < 15 else _unsigned(file)
    return [_value(file, kind, depth + 1) for _ in range(many)]


def _signed(file: BinaryIO) -> int:
    number = _unsigned(file)
    return (number >> 1) ^ -(number & 1)


def _unsigned(file: BinaryIO) -> int:
    number = 0
    for place in range(_LONGEST_NUMBER):
        byte = _byte(file)
        number |= (byte & 127) << (7 * place)
        if byte < 128:
            return number
    raise BadPages(f"byte {file.tell()}: wanted a number of at most {_LONGEST_NUMBER} bytes")


def _byte(file: BinaryIO) -> int:
    read = file.read(1)
    if not read:
        raise BadPages("wanted a header or footer, found the end of the file")
    return read[0]
