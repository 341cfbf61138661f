"""The documents that match a request, over all its indices, as one relation with columns of the fields that are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from barograph.index.catalog import Target
from barograph.index.errors import BadQuery
from barograph.index.kinds import BOOLEAN, DATE, EXACT, LARGE, NANOS, NS, NUMBER, TEXT, WHOLE, Kind
from barograph.index.mapping import Field
from barograph.index.objects import ObjectScope, is_nested, objects_of
from barograph.index.queries import compile_query
from barograph.index.runtime import RuntimeField
from barograph.index.scope import Scope
from barograph.index.sql import TRUE, Sql, all_of, any_of, joined

_NUMBERS: Final = {WHOLE, LARGE, NUMBER}
_TEXTS: Final = {TEXT, EXACT}
_DATES: Final = {DATE, NANOS}


ITSELF: Final = Sql("{}")


@dataclass(frozen=True)
class Column:
    """A column of the relation.

    Attributes:
        name: what it is called.
        path: the field.
        form: an expression with `{}` for a value of it.
        each: a row for each value of the field, not only one for the first.
        absent: what its values would be, where no index has the field.
    """

    name: str
    path: str
    form: Sql = ITSELF
    each: bool = True
    absent: Kind = EXACT


@dataclass(frozen=True)
class Hits:
    """What matches.

    Attributes:
        scopes: the indices that are asked.
        conditions: what a document of each must fulfil.
        everything: what it must fulfil whatever is asked for.
    """

    scopes: tuple[Scope, ...]
    conditions: tuple[Sql, ...]
    everything: tuple[Sql, ...] = ()

    @classmethod
    def of(cls, targets: Sequence[Target], query: object, now_ms: int, runtime: Mapping[str, RuntimeField]) -> "Hits":
        """What matches `query`, or is in one of the aliases that were named.

        Raises:
            BadQuery: the query cannot be answered.
        """
        scopes = tuple(Scope(target.index, now_ms, runtime) for target in targets)
        conditions, everything = [], []
        for scope, target in zip(scopes, targets, strict=True):
            own = [any_of(compile_query(condition, scope) for condition in target.filters)] if target.filters else []
            conditions.append(all_of([compile_query(query, scope), *own]))
            everything.append(all_of(own))
        return cls(scopes, tuple(conditions), tuple(everything))

    def whatever_is_asked(self) -> "Hits":
        """All documents that could match."""
        return replace(self, conditions=self.everything)

    def before(self, bounds: Mapping[int, int]) -> "Hits":
        """Those that are older than the number of an index, by the numbers of indices."""
        older = [Sql("seq < ?", (bounds.get(scope.index.number, 0),)) for scope in self.scopes]
        both = [[all_of(pair) for pair in zip(old, older, strict=True)] for old in (self.conditions, self.everything)]
        return replace(self, conditions=tuple(both[0]), everything=tuple(both[1]))

    def where(self, query: object) -> "Hits":
        """Those of which also `query` is true."""
        more = [all_of([old, compile_query(query, scope)]) for scope, old in zip(self.scopes, self.conditions, strict=True)]
        return replace(self, conditions=tuple(more))

    @property
    def are_objects(self) -> bool:
        """Whether these are nested objects, and not documents."""
        return any(isinstance(scope, ObjectScope) for scope in self.scopes)

    def objects(self, path: str) -> "Hits | None":
        """The nested objects of a path in these; None where no index tells them apart."""
        if not any(is_nested(scope, path) for scope in self.scopes):
            return None
        found = [objects_of(scope, path, old) for scope, old in zip(self.scopes, self.conditions, strict=True)]
        return replace(self, scopes=tuple(found), conditions=(TRUE,) * len(found))

    def kind(self, path: str) -> Kind | None:
        """What the values of a field are, in all indices together; None if it has none anywhere.

        Raises:
            BadQuery: it is text in one and a number in another.
        """
        found = {item.kind for scope in self.scopes if (item := scope.field(path)) is not None}
        if not found:
            return None
        for several, common in ((_NUMBERS, NUMBER), (_TEXTS, EXACT), (_DATES, DATE)):
            if found <= several:
                return found.pop() if len(found) == 1 else common
        if found == {BOOLEAN}:
            return BOOLEAN
        kinds = sorted(kind.name for kind in found)
        raise BadQuery(f"field [{path}]: wanted one type in all indices that are asked, found {', '.join(kinds)}")

    def has_several(self, path: str) -> bool:
        """Whether documents have several values of a field."""
        return any((item := scope.field(path)) is not None and item.is_multi for scope in self.scopes)

    def relation(self, columns: Sequence[Column], also: str = "") -> Sql:
        """A SELECT of the matching documents: `part` (the place of the index), `seq`, what `also` names, and the columns."""
        parts = []
        for number, (scope, condition) in enumerate(zip(self.scopes, self.conditions, strict=True)):
            rows = scope.table
            table = Sql(f"(SELECT * FROM {rows.text} WHERE {condition.text})", rows.values + condition.values)
            expressions = []
            for column in columns:
                item = scope.field(column.path)
                if item is not None and item.is_multi and column.each:
                    table = _exploded(table, scope, item)
                expressions.append(self._expression(scope, item, column))
            selected = joined([Sql(f"SELECT {number} AS part, seq{also}"), *expressions], ", ")
            parts.append(Sql(f"{selected.text} FROM {table.text}", selected.values + table.values))
        if not parts:
            names = "".join(f", NULL::{(self.kind(c.path) or c.absent).sql} AS {c.name}" for c in columns)
            return Sql(f"SELECT 0 AS part, 0 AS seq{also.replace(', ', ', NULL AS ')}{names} WHERE FALSE")
        return joined(parts, " UNION ALL ")

    def _expression(self, scope: Scope, item: Field | None, column: Column) -> Sql:
        common = self.kind(column.path) or column.absent
        if item is None:
            value = Sql(f"NULL::{common.sql}")
        elif item.is_multi and column.each:
            value = Sql(f"each_{item.column}")
        else:
            value = scope.value(item)
        if item is not None and item.kind is NANOS:
            value = value.put(f"({{}} // {NS})")
        elif item is not None and item.kind is not common and common is NUMBER:
            value = value.put("CAST({} AS DOUBLE)")
        text = column.form.text.replace("{}", value.text)
        return Sql(f"{text} AS {column.name}", value.values * column.form.text.count("{}") + column.form.values)


def _exploded(table: Sql, scope: Scope, item: Field) -> Sql:
    """A table with a row for each value of a field, in the column `each_N`."""
    name = f"each_{item.column}"
    if f" AS {name} " in table.text:
        return table
    if isinstance(scope, ObjectScope) and scope.has(item):
        every = scope.values(item)
        return Sql(f"(SELECT *, unnest({every.text}) AS {name} FROM {table.text} d)", every.values + table.values)
    value = f"CAST(number AS {item.kind.sql})" if item.kind.is_number else '"text"'
    others = f'SELECT seq, list({value}) AS others FROM {scope.index.more} WHERE "column" = {item.column} GROUP BY seq'
    prepended = f"unnest(list_prepend(d.{item.name}, coalesce(m.others, [])))"
    return table.put(f"(SELECT d.*, {prepended} AS {name} FROM {{}} d LEFT JOIN ({others}) m ON m.seq = d.seq)")
