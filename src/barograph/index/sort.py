"""The order of hits, and going on behind one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph.index.conditions import comparable
from barograph.index.errors import BadQuery
from barograph.index.hits import Column, Hits
from barograph.index.kinds import EXACT
from barograph.index.sql import Sql, joined

PLACE: Final = "((part::BIGINT << 44) + seq)"
"""The place of a document among all: by index, then as they were written. Sorts end with it, so that no two hits are alike."""
_PLACES: Final = ("_doc", "_shard_doc", "_seq_no")
_SCORES: Final = ("_score",)


@dataclass(frozen=True)
class Order:
    """One key that hits are sorted by.

    Attributes:
        path: the field, `_doc` for the place, or `_score`, which is the same for all.
        column: its column of the relation; None for the last two.
        is_down: the largest comes first.
        nulls_last: documents without a value come last.
        sql_type: what its values are.
    """

    path: str
    column: Column | None
    is_down: bool
    nulls_last: bool
    sql_type: str

    @property
    def sql(self) -> str:
        """The key as an expression over the relation."""
        return PLACE if self.path == "_doc" else "CAST(1 AS DOUBLE)" if self.column is None else self.column.name

    @property
    def clause(self) -> str:
        """The key in an ORDER BY."""
        way = "DESC" if self.is_down else "ASC"
        return f"{self.sql} {way} NULLS {'LAST' if self.nulls_last else 'FIRST'}"


def parse_sort(given: Any, hits: Hits, *, with_place: bool) -> list[Order]:
    """The order of a request.

    Args:
        given: `sort` as it came.
        hits: what is sorted.
        with_place: sort equal hits by their place, so that each has one.

    Raises:
        BadQuery: it cannot be sorted so.
    """
    items = given if isinstance(given, list) else [] if given is None else [given]
    orders: list[Order] = []
    for item in items:
        definitions = {item: {}} if isinstance(item, str) else item
        if not isinstance(definitions, Mapping):
            raise BadQuery(f"[sort]={item!r}: wanted the name of a field, or an object with one")
        for path, definition in definitions.items():
            orders.append(_order(str(path), definition, hits, len(orders)))
    if with_place and not any(order.path == "_doc" for order in orders):
        orders.append(Order("_doc", None, False, True, "BIGINT"))
    return orders


def _order(path: str, definition: Any, hits: Hits, number: int) -> Order:
    if isinstance(definition, str):
        definition = {"order": definition}
    if not isinstance(definition, Mapping):
        raise BadQuery(f"[sort].{path}={definition!r}: wanted asc, desc or an object")
    way = str(definition.get("order", "desc" if path in _SCORES else "asc")).lower()
    if way not in ("asc", "desc"):
        raise BadQuery(f"[sort].{path}.order={way!r}: wanted asc or desc")
    if path in _PLACES:
        return Order("_doc", None, way == "desc", True, "BIGINT")
    if path in _SCORES:
        return Order("_score", None, way == "desc", True, "DOUBLE")
    kind = hits.kind(path)
    if kind is None and hits.scopes and "unmapped_type" not in definition and not _is_named(path, hits):
        raise BadQuery(f"No mapping found for [{path}] in order to sort on: wanted a field that some document has")
    missing, form = definition.get("missing", "_last"), Sql("{}")
    if missing not in ("_last", "_first"):
        form = Sql("coalesce({}, ?)", (missing,))
    column = Column(f"s{number}", path, form, each=False)
    return Order(path, column, way == "desc", missing != "_first", (kind or EXACT).sql)


def _is_named(path: str, hits: Hits) -> bool:
    """Whether an index of the request has no documents yet that could have brought the field."""
    return path == "_id" or all(not scope.index.mapping.fields for scope in hits.scopes)


def behind(orders: Sequence[Order], after: Any, hits: Hits) -> Sql:
    """True of the hits that come behind one whose sort values are `after`.

    Raises:
        BadQuery: these are not values of this sort.
    """
    if not isinstance(after, Sequence) or isinstance(after, str) or len(after) != len(orders):
        raise BadQuery(f"[search_after]={after!r}: wanted {len(orders)} values, one for each [sort]")
    parts: list[Sql] = []
    equal: list[Sql] = []
    for order, given in zip(orders, after, strict=True):
        value = _comparable(order, given, hits)
        parts.append(joined([*equal, _beyond(order, value)], " AND "))
        equal.append(
            Sql(f"{order.sql} IS NULL") if value is None else Sql(f"{order.sql} = CAST(? AS {order.sql_type})", (value,))
        )
    return joined((part.put("({})") for part in parts), " OR ")


def _comparable(order: Order, given: Any, hits: Hits) -> Any:
    if given is None or order.column is None:
        return given
    for scope in hits.scopes:
        item = scope.field(order.path)
        if item is not None and item.kind.name in ("date", "date_nanos") and isinstance(given, str):
            found = comparable(item, given, scope)
            return found if item.kind.name == "date" else found // 1_000_000
    return given


def _beyond(order: Order, value: Any) -> Sql:
    if value is None:
        return Sql("FALSE") if order.nulls_last else Sql(f"{order.sql} IS NOT NULL")
    beyond = Sql(f"{order.sql} {'<' if order.is_down else '>'} CAST(? AS {order.sql_type})", (value,))
    return beyond.put(f"({{}} OR {order.sql} IS NULL)") if order.nulls_last else beyond
