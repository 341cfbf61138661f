"""The composite aggregation: buckets of several keys at once, a page at a time, in the order of their keys."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import polars as pl

from barograph.index.aggregations import Answer, Level, Path, answers
from barograph.index.asked import object_of, only
from barograph.index.errors import BadQuery
from barograph.index.keys import Key, number_key, time_key, value_key
from barograph.index.sql import Sql

_MAKE: Final = {"terms": value_key, "date_histogram": time_key, "histogram": number_key}
_MAX_SIZE: Final = 65_536


def composite(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    """Buckets by several keys. `after` goes on behind the last one of the page before.

    Raises:
        BadQuery: it is inside another aggregation, or cannot be computed.
    """
    only(body, f"composite [{name}]", {"sources", "size", "after"})
    if level.keys:
        raise BadQuery(f"[composite] aggregation [{name}]: wanted outside of other aggregations")
    size = body.get("size", 10)
    if not isinstance(size, int) or not 0 < size <= _MAX_SIZE:
        raise BadQuery(f"[size] of aggregation [{name}]={size!r}: wanted a whole number from 1 to {_MAX_SIZE}")
    sources = _sources(name, body.get("sources"), level)
    inner = replace(level, keys=tuple(key for _, key, _ in sources), kept=None)
    grouped = inner.grouped(["count(*) AS documents"], [])
    ways = [is_down for _, _, is_down in sources]
    order = ", ".join(f"{n} {'DESC' if down else 'ASC'}" for n, down in zip(inner.names, ways, strict=True))
    after = _after(name, body.get("after"), sources, inner)
    sql = Sql(
        f"SELECT * FROM ({grouped.text}) g WHERE {after.text} ORDER BY {order} LIMIT {size}", grouped.values + after.values
    )
    rows = level.rows(sql)
    level.run.count(len(rows))
    below = _inside(inner, rows, inside)
    keys = [{name: key.paged(value) for (name, key, _), value in zip(sources, row[:-1], strict=True)} for row in rows]
    buckets = [{"key": key, "doc_count": row[-1], **below(row[:-1])} for key, row in zip(keys, rows, strict=True)]

    def answer(_path: Path) -> dict[str, Any]:
        return ({"after_key": buckets[-1]["key"]} if buckets else {}) | {"buckets": buckets}

    return answer


def _sources(name: str, given: Any, level: Level) -> list[tuple[str, Key, bool]]:
    if not isinstance(given, list) or not given:
        raise BadQuery(f"[sources] of aggregation [{name}]={given!r}: wanted a list of sources")
    made = []
    for item in given:
        if not isinstance(item, Mapping) or len(item) != 1:
            raise BadQuery(f"[sources] of aggregation [{name}]: wanted objects with one name each, found {item!r}")
        ((source, definition),) = item.items()
        kinds = [kind for kind in definition if kind in _MAKE] if isinstance(definition, Mapping) else []
        if len(kinds) != 1:
            raise BadQuery(f"source [{source}] of aggregation [{name}]={definition!r}: wanted one of {', '.join(_MAKE)}")
        inner = object_of(definition, kinds[0], name)
        if inner.get("missing_bucket"):
            raise BadQuery(f"source [{source}] of aggregation [{name}].missing_bucket=True: wanted false")
        made.append((str(source), _MAKE[kinds[0]](inner, level.hits, name), str(inner.get("order", "asc")).lower() == "desc"))
    return made


def _after(name: str, given: Any, sources: list[tuple[str, Key, bool]], inner: Level) -> Sql:
    """True of the keys behind `after`."""
    if given is None:
        return Sql("TRUE")
    if not isinstance(given, Mapping) or given.keys() != {source for source, _, _ in sources}:
        raise BadQuery(f"[after] of aggregation [{name}]={given!r}: wanted a value for each source")
    parts, values = [], []
    equal = ""
    for column, (_, key, is_down) in zip(inner.names, sources, strict=True):
        cast = f"CAST(? AS {_sql_type(key)})"
        parts.append(f"({equal}{column} {'<' if is_down else '>'} {cast})")
        values += [of.unpaged(given[before]) for before, of, _ in sources[: len(parts)]]
        equal += f"{column} = {cast} AND "
    return Sql("(" + " OR ".join(parts) + ")", tuple(values))


def _sql_type(key: Key) -> str:
    if key.is_time:
        return "BIGINT"
    return "DOUBLE" if isinstance(key.step, float) else key.kind.sql if key.kind is not None else "VARCHAR"


def _inside(inner: Level, rows: list[Path], inside: Any) -> Answer:
    if not inside:
        return lambda _path: {}
    outer = replace(inner, keys=inner.keys[:-1])
    columns = list(zip(*(row[:-1] for row in rows), strict=True)) if rows else [()] * len(inner.names)
    kept = pl.DataFrame([pl.Series(name, column, strict=False) for name, column in zip(inner.names, columns, strict=True)])
    return answers(inside, outer.inside(inner.keys[-1], kept))
