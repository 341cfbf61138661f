"""Conditions on the values of one field, which all kinds of queries are made of."""

import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.index.dates import DEFAULT_FORMAT, query_nanos
from barograph.index.errors import BadQuery
from barograph.index.kinds import BOOLEAN, DATE, LARGE, NANOS, NS, NUMBER, TEXT, WHOLE
from barograph.index.mapping import Field
from barograph.index.scope import Scope
from barograph.index.sql import FALSE, Sql, all_of, any_of

_BOUNDS: Final = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "from": ">=", "to": "<="}
_RANGE_WORDS: Final = {"format", "time_zone", "boost", "relation", "include_lower", "include_upper"}
_SHORT_DATE: Final = {10: "d", 7: "M"}
_WORD: Final = re.compile(r"\w+")


def comparable(item: Field, value: Any, scope: Scope, *, up: bool = False, body: Mapping[str, Any] | None = None) -> Any:
    """A value of a query as the column of a field holds it, or None if none of its values can be equal.

    Raises:
        BadQuery: it is no value of this field.
    """
    kind, body = item.kind, body or {}
    if kind in (DATE, NANOS):
        form = body.get("format") or item.definition.get("format", DEFAULT_FORMAT)
        if up and isinstance(value, str) and len(value) in _SHORT_DATE and re.fullmatch(r"\d{4}-\d\d(-\d\d)?", value):
            value = f"{value}||/{_SHORT_DATE[len(value)]}"
        at = query_nanos(value, form, scope.now_ms, up=up, zone=body.get("time_zone", "UTC"))
        return at // NS if kind is DATE else at
    if kind is BOOLEAN:
        if value not in (True, False, "true", "false", ""):
            raise BadQuery(f"Can't parse boolean value [{value}] of [{item.path}], expected [true] or [false]")
        return value in (True, "true")
    if kind in (WHOLE, LARGE, NUMBER):
        try:
            number = float(value) if not isinstance(value, int) or isinstance(value, bool) else value
        except (TypeError, ValueError):
            raise BadQuery(f"failed to create query: For input string: [{value}] of [{item.path}]: wanted a number") from None
        return int(number) if kind is not NUMBER and number % 1 == 0 and abs(number) < 1 << 63 else number
    return str(value).lower() if isinstance(value, bool) else str(value)


def equals(item: Field, value: Any, scope: Scope) -> Sql:
    """True where a field has this value; for text, where it has the word."""
    if value is None:
        raise BadQuery(f"value of [{item.path}]: wanted a value, found null")
    if item.kind is TEXT:
        return words(item, str(value), scope, as_phrase=False, every=True, split=False)
    wanted = comparable(item, value, scope)
    return scope.any_value(item, lambda name: Sql(f"{name} = ?", (wanted,)))


def words(item: Field, text: str, scope: Scope, *, as_phrase: bool, every: bool, split: bool = True) -> Sql:
    """True where a text has the words of another one: all, any, or all in their order."""
    if item.kind is not TEXT:
        return equals(item, text, scope)
    found = _WORD.findall(text.lower()) if split else [text]
    if not found:
        return FALSE
    parts = [r"\W+".join(map(re.escape, found))] if as_phrase else [re.escape(word) for word in found]
    made = [_matches(item, rf"(?is)(^|.*\W){part}($|\W.*)", scope) for part in parts]
    return all_of(made) if every or as_phrase else any_of(made)


def has_words(text: str) -> bool:
    """Whether there is a word in a text."""
    return _WORD.search(text) is not None


def _matches(item: Field, pattern: str, scope: Scope) -> Sql:
    return scope.any_value(item, lambda name: Sql(f"regexp_full_match({name}, ?)", (pattern,)))


def by_pattern(item: Field, pattern: str, scope: Scope, *, any_case: bool = False) -> Sql:
    """True where a field matches a regular expression as a whole; for text, where one of its words does."""
    if item.kind.is_number:
        raise BadQuery(f"field [{item.path}] of type [{item.type}]: wanted text for a prefix, a wildcard or a regexp")
    flags = "(?is)" if any_case or item.kind is TEXT else "(?s)"
    pattern = rf"(^|.*\W)({pattern})($|\W.*)" if item.kind is TEXT else pattern
    return _matches(item, flags + pattern, scope)


def by_beginning(item: Field, text: str, scope: Scope) -> Sql:
    """True where a field begins so; for text, where it has these words in their order, of the last at least the beginning."""
    if item.kind is not TEXT:
        return by_pattern(item, re.escape(text) + ".*", scope)
    found = _WORD.findall(text.lower())
    return by_pattern(item, r"\W+".join(map(re.escape, found)) + r"\w*", scope) if found else FALSE


def wildcard_pattern(text: str) -> str:
    """A wildcard expression (`*`, `?`) as a regular one."""
    return "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text)


def between(item: Field, inner: Mapping[str, Any], scope: Scope) -> Sql:
    """True where a field lies between the bounds of a `range` query."""
    unknown = inner.keys() - _BOUNDS.keys() - _RANGE_WORDS
    if unknown:
        raise BadQuery(f"[range] query does not support [{sorted(unknown)[0]}]: wanted gte, gt, lte, lt")
    bounds: list[tuple[str, Any]] = []
    for name, value in inner.items():
        if name in _BOUNDS and value is not None:
            sign = _BOUNDS[name]
            if (name == "from" and inner.get("include_lower") is False) or (
                name == "to" and inner.get("include_upper") is False
            ):
                sign = sign[0]
            bounds.append((sign, comparable(item, value, scope, up=sign in (">", "<="), body=inner)))
    if not bounds:
        return scope.exists(item.path)
    text = " AND ".join(f"{{0}} {sign} ?" for sign, _ in bounds)
    values = tuple(value for _, value in bounds)
    return scope.any_value(item, lambda name: Sql(text.replace("{0}", name), values))
