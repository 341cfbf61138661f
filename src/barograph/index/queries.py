"""The query language of Elasticsearch as conditions in SQL. What matches is exact; how well it matches is not computed."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from barograph.index.asked import only
from barograph.index.conditions import between, by_beginning, by_pattern, comparable, equals, has_words, wildcard_pattern, words
from barograph.index.errors import BadQuery
from barograph.index.kinds import TEXT
from barograph.index.mapping import Field
from barograph.index.objects import ObjectScope, asks_one_thing, is_negated, is_nested, objects_of
from barograph.index.query_string import compile_text
from barograph.index.scope import Scope
from barograph.index.sql import FALSE, TRUE, Sql, all_of, any_of, none_of
from barograph.index.words_asked import fields_asked, is_every, matches_without_words, refuse_others, taken_by

MAX_DEPTH: Final = 30
"""Queries in queries, as Elasticsearch limits them."""
MAX_TERMS: Final = 65_536

_SCORED: Final = ("function_score", "script_score", "boosting", "more_like_this", "distance_feature", "rank_feature", "knn")

Handler = Callable[[Any, Scope, int], Sql]


def compile_query(query: object, scope: Scope, depth: int = 0) -> Sql:
    """A condition over the table of documents of `scope`.

    Raises:
        BadQuery: it is no query, or one that is not answered here.
    """
    if depth > MAX_DEPTH:
        raise BadQuery(f"The nested depth of the query exceeds the maximum nested depth for queries set in [{MAX_DEPTH}]")
    if not isinstance(query, Mapping) or len(query) != 1:
        raise BadQuery(f"[query]={query!r}: wanted an object with one name of a query in it")
    ((name, body),) = query.items()
    handler = _HANDLERS.get(name)
    if name in _SCORED:
        raise BadQuery(f"query [{name}] is not answered here, as how well a document matches is not computed: wanted a [bool]")
    if handler is None:
        raise BadQuery(f"unknown query [{name}]: wanted one of {', '.join(sorted(_HANDLERS))}")
    return handler(body, scope, depth)


def _field_and_body(name: str, body: Any, short: str) -> tuple[str, dict[str, Any]]:
    """The field of a query such as `{"host": {"value": 1}}`, or in short `{"host": 1}`."""
    fields = {key: value for key, value in body.items() if key not in ("boost", "_name")} if isinstance(body, Mapping) else {}
    if len(fields) != 1:
        raise BadQuery(f"[{name}]={body!r}: wanted an object with one field in it")
    ((path, inner),) = fields.items()
    return path, dict(inner) if isinstance(inner, Mapping) else {short: inner}


def _needs(name: str, path: str, inner: Mapping[str, Any], key: str) -> Any:
    if key not in inner:
        raise BadQuery(f"[{name}] query of [{path}]: wanted [{key}]")
    return inner[key]


def _term(body: Any, scope: Scope, _depth: int) -> Sql:
    path, inner = _field_and_body("term", body, "value")
    if path == "_index":
        return TRUE if scope.index.shown == inner.get("value") else FALSE
    item = scope.field(path)
    value = _needs("term", path, inner, "value")
    if item is None:
        return FALSE
    if inner.get("case_insensitive") and not item.kind.is_number:
        return by_pattern(item, re.escape(str(value)), scope, any_case=True)
    return equals(item, value, scope)


def _terms(body: Any, scope: Scope, _depth: int) -> Sql:
    path, inner = _field_and_body("terms", body, "values")
    values = inner.get("values")
    if not isinstance(values, list):
        raise BadQuery(f"[terms] query of [{path}]={values!r}: wanted a list of values")
    if len(values) > MAX_TERMS:
        raise BadQuery(f"[terms] query of [{path}]: wanted at most {MAX_TERMS} values, found {len(values)}")
    if path == "_index":
        return TRUE if scope.index.shown in values else FALSE
    item = scope.field(path)
    if item is None or not values:
        return FALSE
    if item.kind is TEXT:
        return any_of(equals(item, value, scope) for value in values)
    wanted = tuple(comparable(item, value, scope) for value in values)
    return scope.any_value(item, lambda name: Sql(f"{name} IN ({', '.join('?' * len(wanted))})", wanted))


def _range(body: Any, scope: Scope, _depth: int) -> Sql:
    path, inner = _field_and_body("range", body, "")
    item = scope.field(path)
    return FALSE if item is None else between(item, inner, scope)


def _exists(body: Any, scope: Scope, _depth: int) -> Sql:
    if not isinstance(body, Mapping) or not isinstance(body.get("field"), str):
        raise BadQuery(f"[exists]={body!r}: wanted an object with [field]")
    return scope.exists(body["field"])


def _ids(body: Any, _scope: Scope, _depth: int) -> Sql:
    values = body.get("values") if isinstance(body, Mapping) else None
    if not isinstance(values, list):
        raise BadQuery(f"[ids]={body!r}: wanted an object with a list [values]")
    return Sql(f"id IN ({', '.join('?' * len(values))})", tuple(map(str, values))) if values else FALSE


def _pattern(name: str, regex: Callable[[str], str], key: str = "value") -> Handler:
    def handler(body: Any, scope: Scope, _depth: int) -> Sql:
        path, inner = _field_and_body(name, body, key)
        item, text = scope.field(path), inner.get(key, inner.get(name))
        if not isinstance(text, str):
            raise BadQuery(f"[{name}] query of [{path}]: wanted [{key}] as text, found {text!r}")
        return FALSE if item is None else by_pattern(item, regex(text), scope, any_case=bool(inner.get("case_insensitive")))

    return handler


def _of_words(name: str, body: Any, scope: Scope, compiled: Callable[[Field, Any, dict[str, Any]], Sql]) -> Sql:
    """A query of the words of one field; what would make it match other documents is not left out in silence."""
    path, inner = _field_and_body(name, body, "query")
    refuse_others(name, f"{name} [{path}]", inner)
    item, text = scope.field(path), _needs(name, path, inner, "query")
    if item is None:
        return FALSE
    if item.kind is TEXT and not has_words(str(text)):
        return TRUE if matches_without_words(inner) else FALSE
    return compiled(item, text, inner)


def _match(body: Any, scope: Scope, _depth: int) -> Sql:
    def compiled(item: Field, text: Any, inner: dict[str, Any]) -> Sql:
        if item.kind is not TEXT:
            return equals(item, text, scope)
        return words(item, str(text), scope, as_phrase=False, every=is_every(inner))

    return _of_words("match", body, scope, compiled)


def _match_phrase(body: Any, scope: Scope, _depth: int) -> Sql:
    return _of_words(
        "match_phrase", body, scope, lambda item, text, _: words(item, str(text), scope, as_phrase=True, every=True)
    )


def _match_phrase_prefix(body: Any, scope: Scope, _depth: int) -> Sql:
    return _of_words("match_phrase_prefix", body, scope, lambda item, text, _: by_beginning(item, str(text), scope))


_OF_TYPE: Final = {"phrase": "match_phrase", "phrase_prefix": "match_phrase_prefix"}


def _multi_match(body: Any, scope: Scope, depth: int) -> Sql:
    if not isinstance(body, Mapping) or "query" not in body:
        raise BadQuery(f"[multi_match]={body!r}: wanted an object with [query]")
    refuse_others("multi_match", "multi_match", body)
    kind = str(body.get("type")).lower()
    if kind == "cross_fields" and is_every(body):
        raise BadQuery("[multi_match] type='cross_fields': wanted another one with the operator and, or a [bool]")
    name = _OF_TYPE.get(kind, "match")
    rest = taken_by(name, body)
    items = scope.fields(fields_asked("multi_match", body))
    return any_of(compile_query({name: {item.path: rest}}, scope, depth + 1) for item in items)


def _bool(body: Any, scope: Scope, depth: int) -> Sql:
    if not isinstance(body, Mapping):
        raise BadQuery(f"[bool]={body!r}: wanted an object")
    unknown = body.keys() - {
        "must",
        "filter",
        "should",
        "must_not",
        "minimum_should_match",
        "boost",
        "_name",
        "adjust_pure_negative",
    }
    if unknown:
        raise BadQuery(f"[bool] query does not support [{sorted(unknown)[0]}]: wanted must, filter, should, must_not")
    parts = {name: _clauses(name, body.get(name, []), scope, depth) for name in ("must", "filter", "should", "must_not")}
    wanted = [*parts["must"], *parts["filter"], *map(none_of, parts["must_not"])]
    least = _least(body.get("minimum_should_match"), len(parts["should"]), bool(parts["must"] or parts["filter"]))
    if least == 1:
        wanted.append(any_of(parts["should"]))
    elif least > len(parts["should"]):
        return FALSE
    elif least > 1:
        counts = [part.put("CAST(coalesce(({}), FALSE) AS INTEGER)") for part in parts["should"]]
        wanted.append(
            Sql(" + ".join(part.text for part in counts) + f" >= {least}", tuple(v for c in counts for v in c.values))
        )
    return all_of(wanted)


def _clauses(name: str, clauses: Any, scope: Scope, depth: int) -> list[Sql]:
    listed = clauses if isinstance(clauses, list) else [clauses]
    if any(not isinstance(clause, Mapping) for clause in listed):
        raise BadQuery(f"[bool].{name}={clauses!r}: wanted queries")
    return [compile_query(clause, scope, depth + 1) for clause in listed]


def _least(given: Any, count: int, has_others: bool) -> int:
    if given is None:
        return int(count > 0 and not has_others)
    text = str(given).strip()
    try:
        number = int(text[:-1]) * count // 100 if text.endswith("%") else int(text)
    except ValueError:
        raise BadQuery(f"minimum_should_match={given!r}: wanted a whole number or a percentage") from None
    return number + count if number < 0 else number


def _around(body: Any, scope: Scope, depth: int) -> Sql:
    inner = body.get("filter", body.get("query")) if isinstance(body, Mapping) else None
    return compile_query(inner, scope, depth + 1)


def _nested(body: Any, scope: Scope, depth: int) -> Sql:
    """Documents with an object of which all of a query is true; where it asks for one thing, of all objects together."""
    path, inner = (body.get("path"), body.get("query")) if isinstance(body, Mapping) else (None, None)
    if not is_nested(scope, path) or isinstance(scope, ObjectScope) or asks_one_thing(inner):
        return _around(body, scope, depth)
    objects = objects_of(scope, str(path), TRUE if is_negated(inner) else compile_query(inner, scope, depth + 1))
    found, rows = compile_query(inner, objects, depth + 1), objects.table
    return Sql(f"seq IN (SELECT seq FROM {rows.text} o WHERE {found.text})", rows.values + found.values)


def _match_all(body: Any, _scope: Scope, _depth: int) -> Sql:
    if not isinstance(body, Mapping):
        raise BadQuery(f"[match_all]={body!r}: wanted an object")
    only(body, "match_all", {"boost", "_name"})
    return TRUE


def _dis_max(body: Any, scope: Scope, depth: int) -> Sql:
    queries = body.get("queries") if isinstance(body, Mapping) else None
    return any_of(_clauses("queries", queries or [], scope, depth))


_HANDLERS: Final[Mapping[str, Handler]] = {
    "match_all": _match_all,
    "match_none": lambda _body, _scope, _depth: FALSE,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "exists": _exists,
    "ids": _ids,
    "prefix": _pattern("prefix", lambda text: re.escape(text) + ".*"),
    "wildcard": _pattern("wildcard", wildcard_pattern),
    "regexp": _pattern("regexp", lambda text: text),
    "match": _match,
    "match_phrase": _match_phrase,
    "match_phrase_prefix": _match_phrase_prefix,
    "multi_match": _multi_match,
    "bool": _bool,
    "constant_score": _around,
    "nested": _nested,
    "dis_max": _dis_max,
    "query_string": lambda body, scope, _depth: compile_text(body, scope),
    "simple_query_string": lambda body, scope, _depth: compile_text(body, scope, "simple_query_string"),
}
