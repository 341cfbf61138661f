"""Documents into columns: a field of many documents at once, and value by value only where one is not plainly right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, NoReturn

import polars as pl

from barograph.config.errors import BadRequest, shortened
from barograph.index.dates import DEFAULT_FORMAT, nanos
from barograph.index.errors import BadDocument, BadMapping
from barograph.index.kinds import BOOLEAN, DATE, EXACT, LARGE, NANOS, NS, NUMBER, TEXT, WHOLE, Kind
from barograph.index.mapping import Field, IndexMapping, can_widen

Flat = dict[str, Any]
MAX_DEPTH: Final = 20
"""Objects in objects, as Elasticsearch limits them."""
_NONE: Final = type(None)
_PLAIN: Final[dict[Kind, set[type]]] = {
    TEXT: {str, _NONE},
    EXACT: {str, _NONE},
    WHOLE: {int, _NONE},
    LARGE: {int, _NONE},
    NUMBER: {int, float, _NONE},
    BOOLEAN: {bool, _NONE},
    DATE: {int, _NONE},
}
"""Types of Python that need no conversion. A boolean is no `int` here, as types are compared, not classes."""
_LONG: Final = 1 << 63
_LARGEST: Final = 1.7e308
MORE: Final = {"row": pl.Int64(), "column": pl.Int32(), "text": pl.String(), "number": pl.Float64()}


@dataclass
class Columns:
    """What of documents is searched.

    Attributes:
        mapping: the mapping that fits them: the old one, or one with more fields.
        values: a series a column number, of the length of all documents; bad ones are null.
        more: values but the first of fields that have several, under `MORE`; `row` is the place of the document.
        errors: what is wrong with a document, by its place.
        widened: new columns that take over the values of old ones: (from, to).
    """

    mapping: IndexMapping
    values: dict[int, pl.Series] = field(default_factory=dict)
    more: list[tuple[int, int, str | None, float | None]] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)
    widened: list[tuple[int, int]] = field(default_factory=list)


def columns_of(documents: Sequence[dict[str, Any]], mapping: IndexMapping) -> Columns:
    """The columns of documents, which are parsed JSON objects."""
    made = Columns(mapping)
    flats: list[Flat] = []
    for row, document in enumerate(documents):
        try:
            flats.append(_flat(document))
        except BadDocument as error:
            made.errors[row] = error
            flats.append({})
    for path in dict.fromkeys(name for flat in flats for name in flat):
        _add_field(made, path, [flat.get(path) for flat in flats])
    return made


def _flat(document: dict[str, Any]) -> Flat:
    """A document with dots between the names of objects; lists hold plain values."""
    for value in document.values():
        if type(value) is dict or type(value) is list:
            flat: Flat = {}
            _flatten(document, "", flat, 0)
            return flat
    return document


def _flatten(item: dict[str, Any], prefix: str, into: Flat, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadDocument(f"limit of mapping depth [{MAX_DEPTH}] has been exceeded due to object field [{prefix[:200]}]")
    for name, value in item.items():
        _put(prefix + name, value, into, depth)


def _put(path: str, value: Any, into: Flat, depth: int) -> None:
    if isinstance(value, dict):
        _flatten(value, f"{path}.", into, depth + 1)
    elif isinstance(value, list):
        if depth > MAX_DEPTH:
            raise BadDocument(f"limit of mapping depth [{MAX_DEPTH}] has been exceeded due to the lists of [{path[:200]}]")
        for element in value:
            _put(path, element, into, depth + 1)
    elif value is not None:
        old = into.get(path)
        if old is None:
            into[path] = value
        elif isinstance(old, list):
            if value not in old:
                old.append(value)
        elif old != value:
            into[path] = [old, value]


def _add_field(made: Columns, path: str, values: list[Any]) -> None:
    item = made.mapping.fields.get(path)
    if item is None:
        item = _new_field(made, path, values)
    if item is None:
        return
    types = set(map(type, values))
    if item.kind is WHOLE and float in types and can_widen(item) and any(v % 1 for v in values if type(v) is float):
        made.mapping = made.mapping.widened(path)
        made.widened.append((item.column, made.mapping.fields[path].column))
        item = made.mapping.fields[path]
    made.values[item.column] = _series(made, item, values, types)


def _new_field(made: Columns, path: str, values: list[Any]) -> Field | None:
    dynamic = made.mapping.dynamic
    rows = [row for row, value in enumerate(values) if value is not None]
    if dynamic == "strict":
        wanted = "mapping set to strict, dynamic introduction of [{}] within [_doc] is not allowed"
        made.errors.update((row, BadDocument(wanted.format(path))) for row in rows)
    elif dynamic == "true" and rows:
        firsts = [value[0] if isinstance(value, list) else value for value in (values[row] for row in rows)]
        first = next((value for value in firsts if isinstance(value, float)), firsts[0]) if _numbers(firsts) else firsts[0]
        try:
            made.mapping = made.mapping.with_field(path, first)
        except BadMapping as error:
            made.errors.update(dict.fromkeys(rows, error))
    return made.mapping.fields.get(path)


def _numbers(values: Iterable[Any]) -> bool:
    return all(type(value) in (int, float) for value in values)


def _series(made: Columns, item: Field, values: list[Any], types: set[type]) -> pl.Series:
    kind = item.kind
    if types <= _PLAIN.get(kind, set()) and "format" not in item.definition:
        try:
            return pl.Series(values, dtype=kind.dtype, strict=True)
        except (OverflowError, TypeError, pl.exceptions.PolarsError):
            pass  # a number is too large for its column; which one, is found below
    first: list[Any] = []
    several = False
    for row, value in enumerate(values):
        try:
            found = [_one(item, kind, v) for v in (value if isinstance(value, list) else (value,))]
        except ValueError as error:
            made.errors[row] = _unfit(item, value, str(error))
            found = [None]
        except BadRequest as error:
            made.errors[row] = error
            found = [None]
        first.append(found[0])
        several = several or len(found) > 1
        made.more.extend((row, item.column, *((v, None) if kind.dtype == pl.String else (None, float(v)))) for v in found[1:])
    if several and not item.is_multi:
        made.mapping = made.mapping.with_several([item.path])
    return pl.Series(first, dtype=kind.dtype, strict=True)


def _unfit(item: Field, value: object, wanted: str) -> BadDocument:
    message = f"failed to parse field [{item.path}] of type [{item.type}]: wanted {wanted}, found {shortened(value)}"
    return BadDocument(message)


def _one(item: Field, kind: Kind, value: Any) -> Any:
    """A value as its column holds it."""
    if value is None:
        return None
    if kind in (TEXT, EXACT):
        return value if isinstance(value, str) else _text(value)
    if kind is BOOLEAN:
        if value in (True, "true"):
            return True
        if value in (False, "false", ""):
            return False
        raise ValueError("true or false")
    if kind in (DATE, NANOS):
        at = nanos(value, item.definition.get("format", DEFAULT_FORMAT))
        at = at // NS if kind is DATE else at
        if not -_LONG <= at < _LONG:
            raise ValueError("a time between the years 1677 and 2262")
        return at
    return _number(kind, value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(kind: Kind, value: Any) -> Any:
    wanted = "a number" if kind is NUMBER else "a whole number"
    if isinstance(value, bool):
        raise ValueError(wanted)
    try:
        number = value if isinstance(value, int) else _read(value)
    except ValueError:
        raise ValueError(wanted) from None
    if kind is NUMBER:
        return float(number) if abs(number) < _LARGEST else _refuse("a number that is not too large")
    number = int(number)  # as Elasticsearch does, which leaves out the fraction
    low, high = (0, 2 * _LONG) if kind is LARGE else (-_LONG, _LONG)
    return number if low <= number < high else _refuse(f"a whole number from {low} to {high - 1}")


def _refuse(wanted: str) -> NoReturn:
    raise ValueError(wanted)


def _read(value: Any) -> int | float:
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    number = float(value)
    return number if isfinite(number) else _refuse("a finite number")
