"""`top_hits`: the first documents of each bucket."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.index.aggregations import Answer, Level, Path
from barograph.index.asked import only
from barograph.index.errors import BadQuery
from barograph.index.shape import Shape
from barograph.index.sort import PLACE, parse_sort

_KNOWN: Final = {
    *("size", "from", "sort", "_source", "fields", "docvalue_fields", "version", "seq_no_primary_term"),
    *("track_scores", "explain"),
}
_MOST: Final = 100
"""Documents of a bucket, as Elasticsearch limits them."""


def top_hits(name: str, body: Mapping[str, Any], _inside: Any, level: Level) -> Answer:
    """The first documents of each bucket, in the order of `sort`.

    Raises:
        BadQuery: it cannot be answered.
    """
    only(body, f"top_hits [{name}]", _KNOWN)
    size, skipped = _count(body, "size", 3, name), _count(body, "from", 0, name)
    if size + skipped > _MOST:
        raise BadQuery(f"[from] + [size] of aggregation [{name}]={size + skipped}: wanted at most {_MOST}")
    orders = parse_sort(body.get("sort"), level.hits, with_place=False)
    members = level.members([order.column for order in orders if order.column is not None], ", id, version, source")
    names = level.names
    keys = ", ".join([*(f"{order.sql} AS o{at}" for at, order in enumerate(orders)), "TRUE"])
    over = f"PARTITION BY {', '.join(names)}" if names else ""
    clauses = ", ".join([*(order.clause for order in orders), PLACE])
    head = "".join(f"{one}, " for one in names)
    ranked = members.put(
        f"SELECT {head}part, seq, id, version, source, {keys}, row_number() OVER ({over} ORDER BY {clauses}) AS position, "
        f"count(*) OVER ({over}) AS every FROM ({{}}) m"
    )
    chosen = ranked.put(
        f"SELECT * FROM ({{}}) WHERE position > {skipped} AND position <= {skipped + size} ORDER BY position"
        if size
        else "SELECT * FROM ({}) WHERE position = 1"
    )
    shape, width = Shape(body, level.hits, orders), len(names)
    found: dict[Path, list[Path]] = {}
    for row in level.rows(chosen):
        found.setdefault(row[:width], []).append(row)

    def answer(path: Path) -> dict[str, Any]:
        mine = found.get(path, [])
        total = {"value": mine[0][-1] if mine else 0, "relation": "eq"}
        hits = [shape.hit(row[width:-2]) for row in mine] if size else []
        return {"hits": {"total": total, "max_score": 1.0 if hits and not body.get("sort") else None, "hits": hits}}

    return answer


def _count(body: Mapping[str, Any], word: str, default: int, name: str) -> int:
    value = body.get(word, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadQuery(f"[{word}] of aggregation [{name}]={value!r}: wanted a whole number from 0")
    return value
