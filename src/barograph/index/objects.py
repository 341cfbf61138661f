"""Nested objects one by one: a row for each object of a list, in the place of one for each document."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from barograph.index.kinds import BOOLEAN, DATE, NANOS, NS
from barograph.index.mapping import Field
from barograph.index.scope import Scope
from barograph.index.sql import FALSE, TRUE, Sql, any_of, joined

_SEVERAL: Final = ("bool", "dis_max", "multi_match", "query_string", "simple_query_string")
"""Queries that may ask for several values of an object."""
_PLAIN: Final = "json_type(one) NOT IN ('ARRAY', 'OBJECT', 'NULL')"


@dataclass(frozen=True)
class ObjectScope(Scope):
    """Names of fields as SQL, where rows are nested objects. Fields of the document are those of each of its objects.

    Attributes:
        path: of the objects.
        rows: the table of objects: the columns of their documents, and `object`.
    """

    path: str = ""
    rows: Sql = TRUE

    @property
    def table(self) -> Sql:
        """What is asked."""
        return self.rows

    def value(self, item: Field) -> Sql:
        """The value of a field; of several in one object the first."""
        if not self.has(item):
            return super().value(item)
        return self._texts(item).put(_typed(item).replace("{}", "({})[1]"))

    def has(self, item: Field) -> bool:
        """Whether a field is one of the objects, and not of their documents."""
        return item.path.startswith(f"{self.path}.")

    def values(self, item: Field) -> Sql:
        """All values of a field that they have, as a list."""
        return self._texts(item).put(f"[{_typed(item).replace('{}', 'one')} for one in {{}}]")

    def any_value(self, item: Field, holds: Callable[[str], Sql]) -> Sql:
        """True where any value of a field is such that `holds` of its name is."""
        if not self.has(item) or not item.is_multi:
            return super().any_value(item, holds)
        every, here = self.values(item), holds("one")
        return Sql(f"len([one for one in {every.text} if {here.text}]) > 0", every.values + here.values)

    def exists(self, path: str) -> Sql:
        """True where a field, or any field of an object, has a value."""
        if path == self.path:
            return TRUE
        if self.field(path) is not None or not path.startswith(f"{self.path}."):
            return super().exists(path)
        return any_of(self.value(child).put("{} IS NOT NULL") for child in self.index.mapping.below(path)) or FALSE

    def _texts(self, item: Field) -> Sql:
        """The values of a field as a list of texts, with at least one, which is null where there are none."""
        names = (item.parent or item.path)[len(self.path) + 1 :].split(".")
        if len(names) > 1:
            found = _at_all(names, "object").put(f"[json_extract_string(one, '$') for one in {{}} if {_PLAIN}]")
            return found.put("CASE WHEN len({}) > 0 THEN {} ELSE [NULL] END")
        path, several = f"$.{json.dumps(names[0])}", "json_extract_string(object, ?)"
        one = f"CASE json_type(object, ?) WHEN 'ARRAY' THEN {several} ELSE [{several}] END"
        return Sql(one, (path, f"{path}[*]", path))


def is_nested(scope: Scope, path: object) -> bool:
    """Whether the objects of a path were declared to be told apart."""
    return scope.index.mapping.objects.get(str(path), {}).get("type") == "nested"


def objects_of(scope: Scope, path: str, condition: Sql) -> ObjectScope:
    """The objects of a path of the rows that a condition is true of."""
    inner = scope.path if isinstance(scope, ObjectScope) and path.startswith(f"{scope.path}.") else None
    source, steps = ("source", path) if inner is None else ("object", path[len(inner) + 1 :])
    found = _at_all(steps.split("."), source).put("unnest([one for one in {} if json_type(one) = 'OBJECT']) AS object")
    others = " EXCLUDE (object)" if isinstance(scope, ObjectScope) else ""
    from_, where = scope.table, condition
    text = f"(SELECT *{others}, {found.text} FROM {from_.text} WHERE {where.text})"
    return ObjectScope(scope.index, scope.now_ms, scope.runtime, path, Sql(text, found.values + from_.values + where.values))


def asks_one_thing(query: Any) -> bool:
    """Whether a query asks for one value: then it is true of an object where it is of all objects together."""
    if not isinstance(query, Mapping) or len(query) != 1:
        return False
    ((name, body),) = query.items()
    if name != "bool":
        return name not in _SEVERAL
    parts = [body.get(word) or [] for word in ("must", "filter", "should")] if isinstance(body, Mapping) else []
    inside = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return len(inside) == 1 and not body.get("must_not") and asks_one_thing(inside[0])


def is_negated(query: Any) -> bool:
    """Whether a query asks for what is not."""
    if isinstance(query, Mapping):
        return "must_not" in query or any(map(is_negated, query.values()))
    return isinstance(query, list) and any(map(is_negated, query))


def _at_all(names: list[str], source: str) -> Sql:
    """A list of what lies at the end of all ways by these names."""
    lists = [
        Sql(f"json_extract({source}, ?)" if many else f"[json_extract({source}, ?)]", (at,)) for at, many in _pointers(names)
    ]
    return joined(lists, ", ").put("list_concat({})")


def _pointers(names: list[str]) -> Iterator[tuple[str, bool]]:
    """The ways by names, behind each of which there may be a list; and whether one leads to many."""
    for ends in product(("[*]", ""), repeat=len(names)):
        yield "$" + "".join(f".{json.dumps(name)}{end}" for name, end in zip(names, ends, strict=True)), "[*]" in ends


def _typed(item: Field) -> str:
    """A text as the column of a field would have it."""
    if item.kind is BOOLEAN:
        return "({} = 'true')"
    if item.kind in (DATE, NANOS):
        ms = "coalesce(TRY_CAST({} AS BIGINT), epoch_ms(TRY_CAST({} AS TIMESTAMPTZ)))"
        return ms if item.kind is DATE else f"({ms} * {NS})"
    return f"TRY_CAST({{}} AS {item.kind.sql})" if item.kind.is_number else "{}"
