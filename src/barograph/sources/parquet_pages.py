"""How long the pages of a Parquet column are, by the headers that stand before them."""

from typing import BinaryIO, Final

_STOP: Final = 0
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY = range(1, 9)
_STRUCT: Final = 12
_UNPACKED, _PACKED = 2, 3
"""The fields of a header that say how long its page is."""
_LONGEST: Final = (1 << 31) - 1
_LONGEST_NUMBER: Final = 10
_DEEPEST: Final = 4
"""Structs in each other; a header has two."""


class BadPages(Exception):
    """There are no pages where there should be some."""


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
        numbers = _struct(file)
        packed, unpacked = numbers.get(_PACKED, -1), numbers.get(_UNPACKED, -1)
        if not (0 <= packed <= _LONGEST and 0 <= unpacked <= _LONGEST):
            raise BadPages(f"page at byte {offset}: wanted a header with its lengths")
        largest = max(largest, unpacked)
        offset = file.tell() + packed
    return largest


def _struct(file: BinaryIO, depth: int = 1) -> dict[int, int]:
    """Whole numbers of a struct by field, in Thrift's compact protocol; what else is in it is passed over."""
    numbers: dict[int, int] = {}
    field = 0
    while (begin := _byte(file)) != _STOP:
        field = field + (begin >> 4) if begin >> 4 else _signed(file)
        kind = begin & 15
        if kind in (_I16, _I32, _I64):
            numbers[field] = _signed(file)
        else:
            _pass_over(file, kind, depth)
    return numbers


def _pass_over(file: BinaryIO, kind: int, depth: int) -> None:
    if kind in (_BYTE, _DOUBLE, _BINARY):
        length = {_BYTE: 1, _DOUBLE: 8}.get(kind) or _unsigned(file)
        file.seek(min(length, _LONGEST), 1)
    elif kind == _STRUCT and depth < _DEEPEST:
        _struct(file, depth + 1)
    elif kind not in (_TRUE, _FALSE):
        raise BadPages(f"byte {file.tell()}: wanted the header of a page, found a field of kind {kind}")


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
        raise BadPages("wanted the header of a page, found the end of the file")
    return read[0]
