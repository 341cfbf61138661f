"""Aggregations by the values of a field, and what lies in the buckets of any aggregation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from barograph.index.aggregations import Answer, Level, Path, answers, tree
from barograph.index.asked import number_of, only
from barograph.index.errors import BadQuery
from barograph.index.hits import Column
from barograph.index.keys import Key, value_key
from barograph.index.metrics import Metric
from barograph.index.pipelines import sorted_buckets
from barograph.index.sql import Sql

_TERMS: Final = {
    *("field", "size", "order", "min_doc_count", "missing", "include", "exclude", "shard_size", "show_term_doc_count_error"),
    *("execution_hint", "collect_mode", "shard_min_doc_count", "value_type", "format"),
}
_OF_BUCKET: Final = ("_count", "_key", "_term")
_MAX_SIZE: Final = 65_536


def below_of(key: Key, rows: Sequence[Path], level: Level, inside: Any) -> Answer:
    """What is inside the buckets that are answered; `rows` are their keys."""
    if not inside:
        return lambda _path: {}
    names = [*level.names, f"k{len(level.keys)}"]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    dtypes = [_dtype(item) for item in (*level.keys, key)]
    kept = pl.DataFrame([pl.Series(n, c, dtype=d) for n, c, d in zip(names, columns, dtypes, strict=True)])
    return answers(inside, level.inside(key, kept))


def _dtype(key: Key) -> pl.DataType:
    if isinstance(key.step, float) and not key.is_time:
        return pl.Float64()
    return pl.String() if key.kind is None else pl.Int64() if key.is_time else key.kind.dtype


def terms(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    """A bucket for each value of a field, the largest ones.

    Raises:
        BadQuery: it cannot be computed.
    """
    only(body, f"terms [{name}]", _TERMS)
    key, size = value_key(body, level.hits, name), body.get("size", 10)
    if not isinstance(size, int) or not 0 < size <= _MAX_SIZE:
        raise BadQuery(f"[size] of aggregation [{name}]={size!r}: wanted a whole number from 1 to {_MAX_SIZE}")
    own = f"k{len(level.keys)}"
    metrics = {item.name: item for item in tree(inside, level).metrics} if inside else {}
    wanted = _orders(body.get("order", {"_count": "desc"}), name)
    # By what buckets inside them hold, buckets are sorted when all of them are known.
    is_late = any(path not in _OF_BUCKET and path.partition(".")[0] not in metrics for path, _ in wanted)
    for path in (path for path, _ in wanted if path not in _OF_BUCKET):
        if re.split(r"[.>]", path)[0] not in (inside or {}):
            raise BadQuery(f"Invalid aggregation order path [{path}]: wanted _count, _key or what lies in this aggregation")
    order, metric_columns = _order([("_count", True)] if is_late else wanted, own, metrics)
    most = _MAX_SIZE if is_late else size
    by = [{path: "desc" if is_down else "asc"} for path, is_down in wanted]
    inner = replace(level, keys=(*level.keys, key))
    parts = [f"count(*) AS documents, {order} AS place"]
    over = f"PARTITION BY {', '.join(level.names)}" if level.names else ""
    grouped = inner.grouped(parts, metric_columns)
    chosen, values = _chosen(own, body, name)
    least = int(number_of(body, "min_doc_count", 1, name))
    ranked = grouped.put(
        f"SELECT *, row_number() OVER ({over} ORDER BY place, {own}) AS position, sum(documents) OVER ({over}) AS every "
        f"FROM ({{}}) g WHERE {chosen} AND documents >= {max(least, 1)}"
    )
    width = len(level.keys)
    sql = Sql(f"SELECT * EXCLUDE (place) FROM ({ranked.text}) WHERE position <= {most}", ranked.values + values)
    sql = sql.put(f"SELECT * FROM ({{}}) ORDER BY {', '.join([*level.names, 'position'])}")
    rows = level.rows(sql)
    level.run.count(len(rows))
    below = below_of(key, [row[: width + 1] for row in rows], level, inside)
    found: dict[Path, list[Path]] = {}
    for row in rows:
        found.setdefault(row[:width], []).append(row)

    def answer(path: Path) -> dict[str, Any]:
        mine = found.get(path, [])
        buckets = [{**key.shown(r[width]), "doc_count": r[width + 1], **below(r[: width + 1])} for r in mine]
        if is_late:
            buckets = sorted_buckets(f"aggregation [{name}]", buckets, by)[:size]
        others = (int(mine[0][-1]) if mine else 0) - sum(bucket["doc_count"] for bucket in buckets)
        return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": buckets}

    return answer


def _orders(given: Any, name: str) -> list[tuple[str, bool]]:
    """The paths that the buckets of a `terms` are sorted by, and whether downwards."""
    wanted = []
    for item in given if isinstance(given, list) else [given]:
        if not isinstance(item, Mapping) or len(item) != 1:
            raise BadQuery(f"[order] of aggregation [{name}]={given!r}: wanted an object with one name, or a list of them")
        ((path, way),) = item.items()
        if str(way).lower() not in ("asc", "desc"):
            raise BadQuery(f"[order] of aggregation [{name}].{path}={way!r}: wanted asc or desc")
        wanted.append((str(path), str(way).lower() == "desc"))
    return wanted


def _order(wanted: Sequence[tuple[str, bool]], own: str, metrics: Mapping[str, Metric]) -> tuple[str, list[Column]]:
    """The sort of a `terms` as an expression that is sorted upwards, and the columns that it needs."""
    parts, columns = [], []
    for path, is_down in wanted:
        if path in _OF_BUCKET:
            value = "count(*)" if path == "_count" else own
        else:
            first, _, part = path.partition(".")
            value = metrics[first].part(part or None)
            columns += metrics[first].columns
        if value == own:
            parts.append(f"dense_rank() OVER (ORDER BY {own} {'desc' if is_down else 'asc'})")
        else:
            parts.append(f"coalesce({'-' if is_down else ''}CAST({value} AS DOUBLE), 'Infinity'::DOUBLE)")
    return f"[{', '.join(f'CAST({part} AS DOUBLE)' for part in parts)}]", columns


def _chosen(own: str, body: Mapping[str, Any], name: str) -> tuple[str, tuple[Any, ...]]:
    """Which values `include` and `exclude` leave, as a condition."""
    parts, values = ["TRUE"], []
    for word, sign in (("include", ""), ("exclude", "NOT ")):
        given = body.get(word)
        if given is None:
            continue
        if isinstance(given, list):
            parts.append(f"{sign}CAST({own} AS VARCHAR) IN ({', '.join('?' * len(given)) or 'NULL'})")
            values += [str(value) for value in given]
        elif isinstance(given, str):
            parts.append(f"{sign}regexp_full_match(CAST({own} AS VARCHAR), ?)")
            values.append(given)
        else:
            raise BadQuery(f"[{word}] of aggregation [{name}]={given!r}: wanted a list of values or a regular expression")
    return " AND ".join(parts), tuple(values)
