"""Rows of given keys, looked up by the table's own key."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

_AT_ONCE: Final = 500
"""Keys in one query; far below the databases' limits on parameters."""


def keyed(connection: sa.Connection, chosen: "sa.Select[Any]", keys: "Sequence[tuple[Any, ...]]", *of: Any) -> Iterator[Any]:
    """The rows of a select with one of several keys, those of the first keys first.

    A list of keys in a condition is no good: SQLite reads the whole table for it, 0.26 s of a million rows.

    Args:
        connection: to the store.
        chosen: what of the rows.
        keys: a value for each of the columns `of`.
        of: the columns.
    """
    wanted_of = _values if connection.dialect.name == "postgresql" else _of_json
    for start in range(0, len(keys), _AT_ONCE):
        wanted, columns = wanted_of(keys[start : start + _AT_ONCE], of)
        same = sa.and_(*(column == key for column, key in zip(of, columns, strict=True)))
        yield from connection.execute(chosen.join_from(wanted, of[0].table, same))


def _values(keys: "Sequence[tuple[Any, ...]]", of: Sequence[Any]) -> "tuple[sa.FromClause, Sequence[Any]]":
    """The keys as a table, and its columns."""
    names = [sa.column(f"key_{place}", column.type) for place, column in enumerate(of)]
    wanted = sa.values(*names, name="wanted").data(list(keys)).cte("wanted")
    return wanted, list(wanted.c)


def _of_json(keys: "Sequence[tuple[Any, ...]]", of: Sequence[Any]) -> "tuple[sa.FromClause, Sequence[Any]]":
    """The same as one value, so that a query is one for any number of keys: to compile one of 100 took 7 ms."""
    wanted = sa.func.json_each(msgspec.json.encode(keys).decode()).table_valued("value", name="wanted")
    return wanted, [sa.func.json_extract(wanted.c.value, f"$[{place}]", type_=column.type) for place, column in enumerate(of)]
