"""Rows out of an index: some fields of what matches, as columns, in the order of a time field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from barograph.index.catalog import Target
from barograph.index.database import frame
from barograph.index.hits import Column, Hits
from barograph.index.runtime import runtime_fields
from barograph.index.sort import PLACE


@dataclass(frozen=True)
class Extraction:
    """What is taken out.

    Attributes:
        query: what must match.
        time_field: the field with the time.
        fields: the others; the first value of each.
        runtime: `runtime_mappings`.
    """

    query: Mapping[str, Any]
    time_field: str
    fields: Sequence[str] = ()
    runtime: Mapping[str, Any] = field(default_factory=dict)

    def within(self, start_ms: int, end_ms: int) -> dict[str, Any]:
        """The query for the times of a span, `end_ms` not in it."""
        bounds = {"gte": start_ms, "lt": end_ms, "format": "epoch_millis"}
        return {"bool": {"filter": [self.query, {"range": {self.time_field: bounds}}]}}


def extract(
    connection: duckdb.DuckDBPyConnection,
    targets: Sequence[Target],
    wanted: Extraction,
    span: tuple[int, int],
    limit: int | None,
) -> pl.DataFrame:
    """The first rows of a span, by time, and those of one time as they were written.

    Args:
        connection: where.
        targets: the indices.
        wanted: what.
        span: first ms, and the first one behind it.
        limit: how many at most; None for all.

    Raises:
        BadQuery: the query cannot be answered.
    """
    hits = Hits.of(targets, wanted.within(*span), span[0], runtime_fields(wanted.runtime))
    names = [wanted.time_field, *(name for name in wanted.fields if name != wanted.time_field)]
    columns = [Column(f"f{at}", name, each=False) for at, name in enumerate(names)]
    relation = hits.relation(columns)
    selected = ", ".join(column.name for column in columns)
    most = "" if limit is None else f" LIMIT {limit}"
    sql = relation.put(f"SELECT {selected} FROM ({{}}) r ORDER BY f0, {PLACE}{most}")
    return frame(connection, sql.text, sql.values).rename({column.name: column.path for column in columns})
