"""A search: what matches, how much, in which order, which parts of it, and aggregations over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from barograph.index.aggregations import Level, Run, answers
from barograph.index.asked import only
from barograph.index.bucket_kinds import BUCKETS
from barograph.index.catalog import Target
from barograph.index.errors import BadQuery
from barograph.index.hits import Hits
from barograph.index.pipelines import add_pipelines, without_pipelines
from barograph.index.runtime import runtime_fields
from barograph.index.shape import Shape
from barograph.index.sort import PLACE, behind, parse_sort
from barograph.index.sql import TRUE

WINDOW: Final = 10_000
"""Hits that can be reached with `from` and `size`, as Elasticsearch limits them; `search_after` and scrolls go on behind."""
_KNOWN: Final = {
    *("query", "size", "from", "sort", "search_after", "_source", "fields", "docvalue_fields", "aggs", "aggregations", "pit"),
    *("track_total_hits", "track_scores", "runtime_mappings", "timeout", "version", "seq_no_primary_term", "stored_fields"),
    *("indices_boost", "stats", "ext"),
}
_INSTEAD: Final = {
    "post_filter": "a filter of the query; aggregations are made of what is found",
    "min_score": "a filter; how well a document matches is not computed",
    "explain": "no [explain]; how well a document matches is not computed",
    "rescore": "a [sort]; how well a document matches is not computed",
    "profile": "no [profile]; how long parts of a search take is not told",
    "terminate_after": "a smaller [size]; totals are exact",
    "slice": "a scroll or [search_after] for all documents",
    "collapse": "a [terms] aggregation with [top_hits]",
    "script_fields": "[runtime_mappings] and [fields]",
    "highlight": "the documents themselves",
    "suggest": "a [terms] aggregation",
    "knn": "a query",
}
"""What Elasticsearch does and this does not, with what does instead: leaving it out in silence would be another answer."""


@dataclass(frozen=True)
class Page:
    """What a search found.

    Attributes:
        hits: in their order, each with `_index`, `_id`, `_score`, `_source` and what else was asked for.
        total: how many match, exactly.
        aggregations: what they answer, by name; None if none were asked for.
        last: the sort values of the last hit, by which the next page begins.
    """

    hits: list[dict[str, Any]]
    total: int
    aggregations: dict[str, Any] | None
    last: list[Any] | None


@dataclass(frozen=True)
class Request:
    """A search.

    Attributes:
        body: as it came.
        targets: the indices.
        now_ms: what `now` means.
        bounds: the number of the next document of each index when a view of it was taken; documents from there on are newer.
        every_place: hits that are equal in the sort are told apart by their place.
        after: begin behind these sort values instead of `search_after`.
    """

    body: Mapping[str, Any]
    targets: Sequence[Target]
    now_ms: int
    bounds: Mapping[int, int] | None = None
    every_place: bool = False
    after: list[Any] | None = None


def search(connection: duckdb.DuckDBPyConnection, request: Request) -> Page:
    """Answer a search.

    Raises:
        BadQuery: it cannot be answered.
    """
    body = request.body
    _refuse_unanswered(body)
    size, skipped = _count(body, "size", 10), _count(body, "from", 0)
    if size + skipped > WINDOW and request.after is None and not request.every_place:
        raise BadQuery(
            f"Result window is too large, from + size must be less than or equal to: [{WINDOW}] but was [{size + skipped}]. "
            "Go on with search_after or a scroll"
        )
    hits = _hits(request)
    total = int(connection.execute(*_counted(hits)).fetchall()[0][0])
    found, last = _page(connection, hits, request, size, skipped) if size else ([], None)
    return Page(found, total, _aggregations(connection, hits, body), last)


def _refuse_unanswered(body: Mapping[str, Any]) -> None:
    for name, instead in _INSTEAD.items():
        if body.get(name):
            raise BadQuery(f"[{name}] is not answered here: wanted {instead}")
    only(body, "search", _KNOWN | _INSTEAD.keys())


def count(connection: duckdb.DuckDBPyConnection, request: Request) -> int:
    """How many documents match. Raises as `search`."""
    only(request.body, "count", {"query", "runtime_mappings"})
    return int(connection.execute(*_counted(_hits(request))).fetchall()[0][0])


def _hits(request: Request) -> Hits:
    query = request.body.get("query")
    if query == {}:
        raise BadQuery("query malformed, empty clause found: wanted an object with one name of a query in it")
    query = {"match_all": {}} if query is None else query
    runtime = runtime_fields(request.body.get("runtime_mappings") or {})
    hits = Hits.of(request.targets, query, request.now_ms, runtime)
    return hits if request.bounds is None else hits.before(request.bounds)


def _counted(hits: Hits) -> tuple[str, tuple[Any, ...]]:
    counted = hits.relation([]).put("SELECT count(*) FROM ({}) r")
    return counted.text, counted.values


def _count(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadQuery(f"[{name}] parameter cannot be negative, found [{value}]: wanted a whole number from 0")
    return value


def _page(
    connection: duckdb.DuckDBPyConnection, hits: Hits, request: Request, size: int, skipped: int
) -> tuple[list[dict[str, Any]], list[Any] | None]:
    body = request.body
    orders = parse_sort(body.get("sort"), hits, with_place=request.every_place)
    after = request.after if request.after is not None else body.get("search_after")
    condition = TRUE if after is None else behind(orders, after, hits)
    relation = hits.relation([order.column for order in orders if order.column is not None], ", id, version, source")
    keys = ", ".join([*(f"{order.sql} AS o{at}" for at, order in enumerate(orders)), "TRUE"])
    clauses = ", ".join([*(order.clause for order in orders if order.path != "_score"), PLACE])
    sql = (
        f"SELECT part, seq, id, version, source, {keys} FROM ({relation.text}) r WHERE {condition.text} "
        f"ORDER BY {clauses} LIMIT {size} OFFSET {skipped}"
    )
    rows = connection.execute(sql, relation.values + condition.values).fetchall()
    shape = Shape(body, hits, orders)
    last = list(rows[-1][5:-1]) if rows else None
    return [shape.hit(row) for row in rows], last


def _aggregations(connection: duckdb.DuckDBPyConnection, hits: Hits, body: Mapping[str, Any]) -> dict[str, Any] | None:
    given = body.get("aggs", body.get("aggregations"))
    if given is None:
        return None
    answered = answers(without_pipelines(given), Level(Run(connection, BUCKETS), hits))(())
    add_pipelines(given, answered)
    return answered
