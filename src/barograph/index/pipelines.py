"""Aggregations over the buckets of the aggregation that they lie in: they need no documents, only the answer of the others.

A bucket whose values are missing has no result (`gap_policy` `skip`), or counts as 0 (`insert_zeros`).
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from barograph.index.errors import BadQuery

Value = float | None
_OPERATORS: Final[Mapping[type[ast.AST], Callable[..., float]]] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Mod: math.fmod},
    **{ast.UAdd: operator.pos, ast.USub: operator.neg},
}
_SCRIPT: Final = re.compile(r"\s*(?:return\s+)?(.*?)\s*;?\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?)[LlDdFf]\b")
_SCRIPT_WANTED: Final = "wanted numbers, params.NAME, + - * / % and brackets"
_DEEPEST: Final = 50
_SORT: Final = "bucket_sort"
"""Puts the buckets into another order, where the others add a value to each."""


def without_pipelines(body: Any) -> Any:
    """Aggregations without those of this file, at every level.

    Raises:
        BadQuery: they are no object.
    """
    if body is None:
        return None
    if not isinstance(body, Mapping):
        raise BadQuery(f"[aggs]={body!r}: wanted an object with aggregations by name")
    return {name: _plain(definition) for name, definition in body.items() if _pipeline(definition) is None}


def _plain(definition: Any) -> Any:
    if not isinstance(definition, Mapping):
        return definition
    return {key: without_pipelines(part) if key in ("aggs", "aggregations") else part for key, part in definition.items()}


def _pipeline(definition: Any) -> str | None:
    """The kind of an aggregation, if it is one of this file."""
    names = (PIPELINES.keys() | {_SORT}) & definition.keys() if isinstance(definition, Mapping) else set()
    return next(iter(names), None)


def add_pipelines(body: Any, answered: dict[str, Any], *, within: bool = False) -> None:
    """Put their results into the buckets of an answer.

    Args:
        body: the aggregations that were asked for.
        answered: what the others have answered; it is changed.
        within: they lie in an aggregation that has several buckets.

    Raises:
        BadQuery: one of them cannot be computed.
    """
    for name, definition in body.items():
        kind = _pipeline(definition)
        if kind is not None and not within:
            raise BadQuery(f"[{kind}] aggregation [{name}]: wanted one within a histogram, whose buckets follow one another")
        below = definition.get("aggs", definition.get("aggregations")) if isinstance(definition, Mapping) else None
        part = answered.get(name)
        if not below or not isinstance(part, dict):
            continue
        if "buckets" not in part:
            add_pipelines(below, part)
            continue
        buckets = list(part["buckets"].values()) if isinstance(part["buckets"], Mapping) else part["buckets"]
        for bucket in buckets:
            add_pipelines(below, bucket, within=True)
        sorts: list[tuple[str, Mapping[str, Any]]] = []
        for inner, kind, asked in _in_order(below):
            if kind == _SORT:
                sorts.append((inner, asked))
                continue
            for bucket, value in zip(buckets, PIPELINES[kind](f"[{kind}] aggregation [{inner}]", asked, buckets), strict=True):
                if value is not None and math.isfinite(value):
                    bucket[inner] = {"value": value}
        for inner, asked in sorts:  # behind all others, so that it may sort by what they have found
            part["buckets"] = _bucket_sort(f"[{_SORT}] aggregation [{inner}]", asked, part["buckets"])


def _in_order(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Those of a level, each behind those that it reads."""
    waiting: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for name, definition in body.items():
        kind = _pipeline(definition)
        if kind is not None:
            asked = definition[kind]
            if not isinstance(asked, Mapping):
                raise BadQuery(f"[{kind}] aggregation [{name}]={asked!r}: wanted an object")
            waiting[name] = kind, asked
    while waiting:
        free = [name for name in waiting if not _reads(waiting[name][1]) & waiting.keys()]
        if not free:
            raise BadQuery(f"aggregations {sorted(waiting)}: wanted none that reads itself by its buckets_path")
        for name in free:
            yield name, *waiting.pop(name)


def _reads(asked: Mapping[str, Any]) -> set[str]:
    paths = asked.get("buckets_path")
    return {re.split(r"[>.\[]", str(path))[0] for path in (paths.values() if isinstance(paths, Mapping) else [paths])}


def _values(where: str, asked: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]], path: Any) -> list[Value]:
    gaps = asked.get("gap_policy", "skip")
    if gaps not in ("skip", "insert_zeros"):
        raise BadQuery(f"{where}: gap_policy={gaps!r}: wanted skip or insert_zeros")
    if not isinstance(path, str):
        raise BadQuery(f"{where}: buckets_path={path!r}: wanted the name of an aggregation beside it")
    found = [_value(where, bucket, path) for bucket in buckets]
    return [0.0 if value is None else value for value in found] if gaps == "insert_zeros" else found


def _bucket_sort(where: str, asked: Mapping[str, Any], buckets: Any) -> list[dict[str, Any]]:
    """Buckets by values of theirs, and of these a part. A bucket without such a value is left out."""
    _only(where, asked, {"sort", "from", "size", "gap_policy"})
    if not isinstance(buckets, list):
        raise BadQuery(f"{where}: wanted it within an aggregation whose buckets are a list")
    first, size = asked.get("from", 0), asked.get("size", len(buckets))
    if not isinstance(first, int) or not isinstance(size, int) or first < 0 or size < 0:
        raise BadQuery(f"{where}: from={first!r}, size={size!r}: wanted whole numbers from 0")
    return sorted_buckets(where, buckets, asked.get("sort") or [])[first : first + size]


def sorted_buckets(where: str, buckets: Sequence[dict[str, Any]], given: Any) -> list[dict[str, Any]]:
    """Buckets in an order such as `[{"a>b": "desc"}]`; those that have not its values are left out.

    Raises:
        BadQuery: there is no such order.
    """
    keys: list[tuple[str, bool]] = []
    for item in given if isinstance(given, list) else [given]:
        for path, definition in ({item: "asc"} if isinstance(item, str) else item).items():
            way = definition.get("order", "asc") if isinstance(definition, Mapping) else definition
            if str(way).lower() not in ("asc", "desc"):
                raise BadQuery(f"{where}: {path}={way!r}: wanted asc or desc")
            keys.append((path, str(way).lower() == "desc"))
    rows = []
    for bucket in buckets:
        values = [_value(where, bucket, path) for path, _ in keys]
        signed = [-value if is_down else value for value, (_, is_down) in zip(values, keys, strict=True) if value is not None]
        if len(signed) == len(keys):
            rows.append((signed, bucket))
    rows.sort(key=operator.itemgetter(0))
    return [bucket for _, bucket in rows]


def _value(where: str, bucket: Mapping[str, Any], path: str) -> Value:
    """The number that a path leads to: `_count`, `metric`, `stats.avg`, `percentiles.95`, `filter>metric`."""
    if path in ("_count", "_key"):
        return float(bucket["doc_count" if path == "_count" else "key"])
    place: Any = bucket
    *outer, last = path.split(">")
    name, _, part = last.partition(".")
    for step in (*outer, name):
        place = place.get(step) if isinstance(place, Mapping) else None
    if isinstance(place, Mapping):
        inside = place.get("values", place)
        place = inside.get(part, inside.get(f"{part}.0")) if part else place.get("value", place.get("doc_count", place))
        place = place.get("value", place) if isinstance(place, Mapping) else place
    if place is None or (isinstance(place, int | float) and not isinstance(place, bool)):
        return None if place is None else float(place)
    raise BadQuery(f"{where}: buckets_path={path!r}: wanted a number, such as that of a metric")


def _derivative(where: str, asked: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]) -> list[Value]:
    _only(where, asked, {"buckets_path", "gap_policy", "format"})
    values = _values(where, asked, buckets, asked.get("buckets_path"))
    return [None, *(_difference(now, before) for before, now in pairwise(values))][: len(values)]


def _serial_diff(where: str, asked: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]) -> list[Value]:
    _only(where, asked, {"buckets_path", "gap_policy", "format", "lag"})
    lag = asked.get("lag", 1)
    if isinstance(lag, bool) or not isinstance(lag, int) or lag < 1:
        raise BadQuery(f"{where}: lag={lag!r}: wanted a whole number of at least 1")
    values = _values(where, asked, buckets, asked.get("buckets_path"))
    return [None if at < lag else _difference(value, values[at - lag]) for at, value in enumerate(values)]


def _difference(now: Value, before: Value) -> Value:
    return None if now is None or before is None else now - before


def _cumulative_sum(where: str, asked: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]) -> list[Value]:
    _only(where, asked, {"buckets_path", "format"})
    total, sums = 0.0, []
    for value in _values(where, asked, buckets, asked.get("buckets_path")):
        total += value or 0.0
        sums.append(total)
    return list(sums)


def _bucket_script(where: str, asked: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]) -> list[Value]:
    _only(where, asked, {"buckets_path", "gap_policy", "format", "script"})
    paths, script = asked.get("buckets_path"), asked.get("script")
    source = script.get("source") if isinstance(script, Mapping) else script
    if not isinstance(paths, Mapping) or not isinstance(source, str):
        raise BadQuery(f"{where}: wanted buckets_path with a name for each path, and a script")
    tree = _parsed(where, source)
    columns = {name: _values(where, asked, buckets, path) for name, path in paths.items()}
    constants = script.get("params", {}) if isinstance(script, Mapping) else {}
    results: list[Value] = []
    for at in range(len(buckets)):
        params = {**constants, **{name: column[at] for name, column in columns.items()}}
        is_missing = any(column[at] is None for column in columns.values())
        results.append(None if is_missing else _computed(where, source, tree, params))
    return results


def _parsed(where: str, source: str) -> ast.expr:
    found = _SCRIPT.fullmatch(source)
    try:
        return ast.parse(_NUMBER.sub(r"\1", found[1] if found else source), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadQuery(f"{where}: script={source[:200]!r}: {_SCRIPT_WANTED}") from None


def _computed(where: str, source: str, tree: ast.expr, params: Mapping[str, Any]) -> Value:
    def of(node: ast.expr, depth: int = 0) -> float:
        if depth <= _DEEPEST:
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
                return float(node.value)
            if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](of(node.left, depth + 1), of(node.right, depth + 1))
            if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](of(node.operand, depth + 1))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "params":
                value = params.get(node.attr)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return float(value)
        raise BadQuery(f"{where}: script={source[:200]!r}: {_SCRIPT_WANTED}")

    try:
        return of(tree)
    except (ZeroDivisionError, OverflowError, ValueError):  # of what is not defined, nothing is told
        return None


def _only(where: str, asked: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(asked.keys() - known)
    if unknown:
        raise BadQuery(f"{where}: unknown field [{unknown[0]}]: wanted {', '.join(sorted(known))}")


Pipeline = Callable[[str, Mapping[str, Any], Sequence[Mapping[str, Any]]], list[Value]]
PIPELINES: Final[Mapping[str, Pipeline]] = {
    "bucket_script": _bucket_script,
    "cumulative_sum": _cumulative_sum,
    "derivative": _derivative,
    "serial_diff": _serial_diff,
}
"""What each computes: a value a bucket, None where there is none."""
