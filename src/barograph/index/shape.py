"""How a document that was found is shown: its head, the parts of its source that were asked for, the values of its sort."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from barograph.index.errors import BadQuery
from barograph.index.hits import Hits
from barograph.index.sort import Order
from barograph.index.values import shown_fields
from barograph.index.write import parsed


class Shape:
    """Which parts of a document a hit has, by the body of a search or of a `top_hits`."""

    def __init__(self, body: Mapping[str, Any], hits: Hits, orders: Sequence[Order]) -> None:
        self._hits, self._body = hits, body
        self._is_sorted = bool(body.get("sort"))
        self._has_score = not self._is_sorted or any(order.path == "_score" for order in orders)
        self._with_sort = bool(orders)
        source = body.get("_source", True)
        if isinstance(source, Mapping):
            self._includes, self._excludes = _patterns(source, "include"), _patterns(source, "exclude")
        else:
            self._includes, self._excludes = ([] if isinstance(source, bool) else _listed(source)), []
        self._has_source = source is not False
        self._fields = [*_fields(body, "fields"), *_fields(body, "docvalue_fields")]

    def hit(self, row: Sequence[Any]) -> dict[str, Any]:
        """The hit of a row: the place of its index, seq, id, version, source, the sort values, and one column more."""
        part, seq, name, version, source = row[:5]
        scope = self._hits.scopes[part]
        made: dict[str, Any] = {"_index": scope.index.shown, "_id": name, "_score": 1.0 if self._has_score else None}
        if self._body.get("version"):
            made["_version"] = version
        if self._body.get("seq_no_primary_term"):
            made |= {"_seq_no": seq, "_primary_term": 1}
        if self._has_source:
            document = parsed(source)
            plain = not self._includes and not self._excludes
            made["_source"] = document if plain else chosen(document, self._includes, self._excludes)
        if self._fields:
            made["fields"] = shown_fields(parsed(source), self._fields, scope)
        if self._with_sort:
            made["sort"] = list(row[5:-1])
        return made


def _listed(given: Any) -> list[str]:
    listed = given.split(",") if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise BadQuery(f"[_source]={given!r}: wanted true, false, names of fields, or includes and excludes")
    return listed


def _fields(body: Mapping[str, Any], name: str) -> list[Any]:
    given = body.get(name, [])
    if not isinstance(given, list) or not all(isinstance(item, (str, Mapping)) for item in given):
        raise BadQuery(f"[{name}]={given!r}: wanted a list of names of fields, or of objects with [field]")
    return given


def _patterns(source: Mapping[str, Any], word: str) -> list[str]:
    return _listed(source.get(f"{word}s", source.get(word, [])))


def chosen(document: Mapping[str, Any], includes: Sequence[str], excludes: Sequence[str], prefix: str = "") -> dict[str, Any]:
    """The part of a document that patterns of names leave."""
    kept: dict[str, Any] = {}
    for name, value in document.items():
        path = prefix + name
        if any(fnmatchcase(path, pattern) for pattern in excludes):
            continue
        is_in = not includes or any(fnmatchcase(path, pattern) or path.startswith(f"{pattern}.") for pattern in includes)
        if isinstance(value, Mapping):
            inner = chosen(value, [] if is_in else includes, excludes, f"{path}.")
            if inner or is_in:
                kept[name] = inner
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            parts = [chosen(v, [] if is_in else includes, excludes, f"{path}.") for v in value if isinstance(v, Mapping)]
            if any(parts) or is_in:
                kept[name] = parts
        elif is_in:
            kept[name] = value
    return kept
