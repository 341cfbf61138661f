"""Rows of given keys, looked up by the table's own key."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

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
    for start in range(0, len(keys), _AT_ONCE):
        names = [sa.column(f"key_{place}", column.type) for place, column in enumerate(of)]
        wanted = sa.values(*names, name="wanted").data(keys[start : start + _AT_ONCE]).cte("wanted")
        same = sa.and_(*(column == wanted.c[f"key_{place}"] for place, column in enumerate(of)))
        yield from connection.execute(chosen.join_from(wanted, of[0].table, same))
