"""Aggregations that put documents into buckets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from barograph.index.aggregations import Answer, Level, Path, answers
from barograph.index.asked import number_of, object_of, only
from barograph.index.composite import composite
from barograph.index.dates import DEFAULT_FORMAT, query_nanos, shown_time
from barograph.index.errors import BadQuery
from barograph.index.keys import Key, number_key, time_key
from barograph.index.kinds import DATE, NANOS, NS
from barograph.index.sql import Sql
from barograph.index.terms import below_of, terms
from barograph.index.top_hits import top_hits

Build = Callable[[str, Mapping[str, Any], Any, Level], Answer]
_HISTOGRAM: Final = {
    *("field", "interval", "fixed_interval", "calendar_interval", "time_zone", "offset", "min_doc_count", "missing", "format"),
    *("extended_bounds", "hard_bounds", "keyed", "order"),
}
_MAX_SIZE: Final = 65_536


def _histogram(make: Callable[[Mapping[str, Any], Any, str], Key]) -> Build:
    def build(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
        only(body, f"histogram [{name}]", _HISTOGRAM)
        key, width = make(body, level.hits, name), len(level.keys)
        least = int(number_of(body, "min_doc_count", 0, name))
        inner = replace(level, keys=(*level.keys, key))
        rows = level.rows(inner.grouped(["count(*)"], []))
        low, high = _bounds(key, object_of(body, "hard_bounds", name), level)
        rows = [row for row in rows if (low is None or row[width] >= low) and (high is None or row[width] <= high)]
        level.run.count(len(rows))
        below = below_of(key, [row[: width + 1] for row in rows], level, inside)
        found: dict[Path, dict[Any, int]] = {}
        for row in rows:
            found.setdefault(row[:width], {})[row[width]] = row[width + 1]
        wider = _bounds(key, object_of(body, "extended_bounds", name), level)
        by, downwards = _order(object_of(body, "order", name), name)

        def answer(path: Path) -> dict[str, Any]:
            counts = _filled(found.get(path, {}), key, wider, level) if least == 0 else found.get(path, {})
            keys = sorted((k for k, n in counts.items() if n >= least), reverse=downwards and by == "_key")
            if by == "_count":
                keys.sort(key=lambda k: counts[k], reverse=downwards)
            buckets = [{**key.shown(k), "doc_count": counts[k], **below((*path, k))} for k in keys]
            if body.get("keyed"):
                return {"buckets": {str(bucket.get("key_as_string", bucket["key"])): bucket for bucket in buckets}}
            return {"buckets": buckets}

        return answer

    return build


def _order(given: Mapping[str, Any], name: str) -> tuple[str, bool]:
    """What buckets of a histogram are sorted by, and whether the largest comes first."""
    if not given:
        return "_key", False
    ((by, way), *more) = given.items()
    if by not in ("_key", "_count") or more or str(way).lower() not in ("asc", "desc"):
        raise BadQuery(f"[order] of aggregation [{name}]={dict(given)!r}: wanted _key or _count, asc or desc")
    return by, str(way).lower() == "desc"


def _bounds(key: Key, given: Mapping[str, Any], level: Level) -> tuple[Any, Any]:
    values: list[Any] = [given.get("min"), given.get("max")]
    if key.is_time:
        values = [None if v is None else query_nanos(v, DEFAULT_FORMAT, level.hits.scopes[0].now_ms) // NS for v in values]
    else:
        values = [None if given.get(word) is None else number_of(given, word, 0, "bounds") for word in ("min", "max")]
    return _on_grid(key, values[0], level), _on_grid(key, values[1], level)


def _on_grid(key: Key, bound: Any, level: Level) -> Any:
    """The key of the bucket that a bound is in."""
    if bound is None:
        return None
    literal = repr(int(bound) if key.is_time else float(bound))
    sql = f"SELECT {key.form.text.replace('{}', f'({literal})')}"
    return level.rows(Sql(sql, key.form.values))[0][0]


def _filled(counts: Mapping[Any, int], key: Key, wider: tuple[Any, Any], level: Level) -> dict[Any, int]:
    """Counts with the empty buckets between the first and the last one."""
    ends = [*counts, *(bound for bound in wider if bound is not None)]
    if not ends or key.step is None:
        return dict(counts)
    filled: dict[Any, int] = {}
    for at in key.between(min(ends), max(ends)):
        filled[at] = 0
        if len(filled) % 1024 == 0:
            level.run.count(0 if level.run.buckets + len(filled) <= _MAX_SIZE else len(filled))
    level.run.count(max(len(filled) - len(counts), 0))
    return filled | dict(counts)


def _one(_name: str, query: Any, inside: Any, level: Level) -> Answer:
    """A single bucket of the documents that `query` is true of."""
    narrower = replace(level, hits=level.hits.where(query), depth=level.depth + 1)
    width = len(level.keys)
    found = {row[:width]: row[width] for row in narrower.rows(narrower.grouped(["count(*)"], []))}
    level.run.count(1)
    below = answers(inside, narrower) if inside else lambda _path: {}
    return lambda path: {"doc_count": found.get(path, 0), **below(path)}


def _global(name: str, _body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    if level.depth:
        raise BadQuery(f"Aggregation [{name}]: wanted a [global] one inside no other")
    return _one(name, {"match_all": {}}, inside, replace(level, hits=level.hits.whatever_is_asked()))


def _sampler(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    """All documents: numbers of a sample would not be exact."""
    only(body, f"sampler [{name}]", {"shard_size"})
    return _one(name, {"match_all": {}}, inside, level)


def _missing(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    query = {"bool": {"must_not": {"exists": {"field": body.get("field")}}}}
    return _one(name, query, inside, level)


def _filters(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    only(body, f"filters [{name}]", {"filters", "other_bucket", "other_bucket_key", "keyed"})
    given = body.get("filters")
    if not isinstance(given, (Mapping, list)) or not given:
        raise BadQuery(f"[filters] of aggregation [{name}]={given!r}: wanted queries by name, or a list of them")
    named: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {str(at): query for at, query in enumerate(given)}
    if body.get("other_bucket") or "other_bucket_key" in body:
        others = {"bool": {"must_not": list(named.values())}}
        named[str(body.get("other_bucket_key", "_other_"))] = others
    parts = {key: _one(name, query, inside, level) for key, query in named.items()}
    if isinstance(given, list):
        return lambda path: {"buckets": [part(path) for part in parts.values()]}
    return lambda path: {"buckets": {key: part(path) for key, part in parts.items()}}


def _range(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    only(body, f"range [{name}]", {"field", "ranges", "keyed", "format", "time_zone"})
    ranges = body.get("ranges")
    if not isinstance(ranges, list) or not all(isinstance(item, Mapping) for item in ranges):
        raise BadQuery(f"[ranges] of aggregation [{name}]={ranges!r}: wanted a list of objects with from, to")
    is_time = level.hits.kind(str(body.get("field"))) in (DATE, NANOS)
    parts: list[tuple[dict[str, Any], Answer]] = []
    for item in ranges:
        bounds = {sign: item[word] for word, sign in (("from", "gte"), ("to", "lt")) if item.get(word) is not None}
        own = {word: body[word] for word in ("format", "time_zone") if word in body} if is_time else {}
        query = {"range": {str(body.get("field")): {**bounds, **own}}} if bounds else {"exists": {"field": body.get("field")}}
        parts.append((_head(item, body, level, is_time=is_time), _one(name, query, inside, level)))
    if body.get("keyed"):
        return lambda path: {"buckets": {head["key"]: {**_but_key(head), **part(path)} for head, part in parts}}
    return lambda path: {"buckets": [{**head, **part(path)} for head, part in parts]}


def _but_key(head: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if name != "key"}


def _head(item: Mapping[str, Any], body: Mapping[str, Any], level: Level, *, is_time: bool) -> dict[str, Any]:
    """What is told of a range: its ends as numbers, those of time as text, too, and both in its key."""
    told: dict[str, Any] = {}
    ends: list[str] = []
    zone, shape = str(body.get("time_zone") or "UTC"), str(body.get("format") or DEFAULT_FORMAT)
    for word in ("from", "to"):
        given = item.get(word)
        if given is None:
            ends.append("*")
        elif is_time:
            at = query_nanos(given, shape, level.hits.scopes[0].now_ms, zone=zone) // NS
            told |= {word: float(at), f"{word}_as_string": shown_time(at, shape, zone)}
            ends.append(told[f"{word}_as_string"])
        else:
            told[word] = number_of({word: given}, word, 0, "range") * 1.0
            ends.append(str(told[word]))
    return {"key": str(item.get("key", "-".join(ends))), **told}


def _nested(name: str, body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    path = body.get("path")
    if not isinstance(path, str):
        raise BadQuery(f"[path] of aggregation [{name}]={path!r}: wanted the name of nested objects")
    if level.is_of_documents:
        raise BadQuery(f"Aggregation [{name}]: wanted no [nested] one inside a [reverse_nested] one")
    objects = level.hits.objects(path)
    if objects is None:
        return _one(name, {"exists": {"field": path}}, inside, level)
    return _one(name, {"match_all": {}}, inside, replace(level, hits=objects))


def _reverse_nested(name: str, _body: Mapping[str, Any], inside: Any, level: Level) -> Answer:
    """The documents that objects are of."""
    return _one(name, {"match_all": {}}, inside, replace(level, is_of_documents=level.hits.are_objects))


BUCKETS: Final[Mapping[str, Build]] = {
    "terms": terms,
    "date_histogram": _histogram(time_key),
    "histogram": _histogram(number_key),
    "composite": composite,
    "filter": _one,
    "filters": _filters,
    "global": _global,
    "sampler": _sampler,
    "missing": _missing,
    "range": _range,
    "date_range": _range,
    "nested": _nested,
    "reverse_nested": _reverse_nested,
    "top_hits": top_hits,
}
"""What is computed here, under Elastic's names."""
