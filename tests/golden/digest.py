"""Digests of tables, a column each: two are equal when all values are, to the last bit."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

Table = Mapping[str, Sequence[object]]
"""The values of each column, by its name."""

Digests = dict[str, dict[str, str]]
"""By table and column."""


def of_frame(frame: pl.DataFrame) -> Table:
    """A frame as a table; the type of a column is its first value."""
    return {name: [str(frame.schema[name]), *frame[name].to_list()] for name in frame.columns}


def of_documents(documents: Iterable[Mapping[str, Any]]) -> Table:
    """Documents as a table; a document without a field has None."""
    rows = list(documents)
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def digests(tables: Mapping[str, Table]) -> Digests:
    """The digests of all columns, each with the number of its values."""
    return {table: {name: _digest(values) for name, values in columns.items()} for table, columns in tables.items()}


def _digest(values: Sequence[object]) -> str:
    # `repr` of a float is exact, and tells -0.0 from 0.0; what tells one NaN from another is no result.
    return f"{hashlib.sha256(repr(list(values)).encode()).hexdigest()[:16]} of {len(values)}"


def differences(found: Digests, pinned: Digests) -> list[str]:
    """What differs, a line each: the table and its columns."""
    lines = [f"{table}: there is no such table any more" for table in pinned if table not in found]
    lines += [f"{table}: a new table" for table in found if table not in pinned]
    for table, columns in pinned.items():
        now = found.get(table, columns)
        changed = [f"{name} ({columns.get(name)} -> {now.get(name)})" for name in {**columns, **now}
                   if columns.get(name) != now.get(name)]  # fmt: skip
        lines += [f"{table}: {', '.join(changed)}"] if changed else []
    return lines
