"""Searches, counts, scrolls and points in time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from barograph.api.elastic.arguments import argument, flag, whole
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import ElasticError, as_elastic, bad, envelope
from barograph.api.elastic.index.names import OPTIONS, SEARCHED, expression, in_words, options, reached, told
from barograph.api.elastic.result_names import plain
from barograph.api.errors import HttpProblem
from barograph.config.errors import BarographError
from barograph.index.search import Page


def search(call: Call) -> dict[str, Any]:
    """Answer a search; with `scroll`, the first page of a scroll."""
    body = _body(call)
    began = call.server.service.now_ms()
    documents = reached(call)
    with in_words():
        if call.query.get("scroll"):
            name, page = documents.start_scroll(expression(call), body, call.query["scroll"], options(call))
            return {"_scroll_id": name, **_answer(call, page, body, began)}
        if "pit" in body and "index" in call.path:
            raise bad("[index] cannot be used with point in time. Do not specify any index with point in time.")
        page = documents.search(expression(call), body, options(call))
    return _answer(call, page, body, began) | ({"pit_id": body["pit"]["id"]} if "pit" in body else {})


def _body(call: Call) -> dict[str, Any]:
    """The search of the body, with what the URL says of it."""
    body: dict[str, Any] = dict(call.body or {})
    for name in ("size", "from"):
        if call.query.get(name) is not None:
            body[name] = whole(call, name, 0, call.query[name])
    if call.query.get("q"):
        more = {name: call.query[name] for name in _OF_TEXT if call.query.get(name)}
        body["query"] = {"query_string": {"query": call.query["q"], "default_field": call.query.get("df", "*"), **more}}
    if call.query.get("sort"):
        parts = (part.partition(":") for part in call.query["sort"].split(","))
        body["sort"] = [{name: {"order": way or "asc"}} for name, _, way in parts]
    if call.query.get("_source"):
        given = call.query["_source"]
        body["_source"] = given == "true" if given in ("true", "false") else given.split(",")
    for name in ("includes", "excludes"):
        if call.query.get(f"_source_{name}"):
            source = body.get("_source")
            body["_source"] = {**(source if isinstance(source, dict) else {}), name: call.query[f"_source_{name}"].split(",")}
    for name in ("version", "seq_no_primary_term"):
        if call.query.get(name) is not None:
            body[name] = flag(call, name, False)
    for name in ("terminate_after", "min_score", "explain"):
        if call.query.get(name) not in (None, "0", "false"):
            body[name] = call.query[name] or True  # refused as in the body, with what does instead
    return body


def _answer(call: Call, page: Page, body: Mapping[str, Any], began: int) -> dict[str, Any]:
    as_number = flag(call, "rest_total_hits_as_int", False)
    total: Any = page.total if as_number else {"value": page.total, "relation": "eq"}
    tracked = body.get("track_total_hits", call.query.get("track_total_hits")) not in (False, "false")
    score = 1.0 if page.hits and not body.get("sort") else None
    hits = ({"total": total} if tracked else {}) | {"max_score": score, "hits": page.hits}
    head = {"took": max(0, call.server.service.now_ms() - began), "timed_out": False, "_shards": SEARCHED, "hits": hits}
    if page.aggregations is None:
        return head
    typed = flag(call, "typed_keys", False)
    given = body.get("aggs", body.get("aggregations", {}))
    return head | {"aggregations": _typed(page.aggregations, given) if typed else page.aggregations}


_SIMPLE: Final = "simple_value"
_TYPED: Final = {
    **{"terms": "sterms", "percentiles": "tdigest_percentiles"},
    **{"bucket_script": _SIMPLE, "cumulative_sum": _SIMPLE, "serial_diff": _SIMPLE},
}
"""What clients that ask for typed keys want in front of a name, where it is not the type itself."""


def _typed(answered: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Names with the types in front of them, on the outermost level as well as below."""
    made: dict[str, Any] = {}
    for name, part in answered.items():
        definition = given.get(name, {})
        kind = next((key for key in definition if key not in ("aggs", "aggregations", "meta")), None)
        if kind is None:
            made[name] = part
            continue
        below = definition.get("aggs", definition.get("aggregations", {}))
        front = _TYPED.get(kind, kind)
        if kind == "terms" and part["buckets"] and not isinstance(part["buckets"][0]["key"], str):
            front = "dterms" if isinstance(part["buckets"][0]["key"], float) else "lterms"
        made[f"{front}#{name}"] = _typed_part(part, below)
    return made


def _typed_part(part: Any, below: Mapping[str, Any]) -> Any:
    if not below:
        return part
    buckets = part.get("buckets")
    if isinstance(buckets, list):
        return {**part, "buckets": [_typed_part(bucket, below) for bucket in buckets]}
    if isinstance(buckets, Mapping):
        return {**part, "buckets": {key: _typed_part(bucket, below) for key, bucket in buckets.items()}}
    inner = {name: part[name] for name in part if name in below}
    return {name: part[name] for name in part if name not in below} | _typed(inner, below)


def search_many(call: Call) -> dict[str, Any]:
    """Answer several searches: a line for where, and a line for the search, of each. One that fails leaves the others alone."""
    began = call.server.service.now_ms()
    lines = [line for line in call.body.split(b"\n") if line.strip()]
    if not lines or len(lines) % 2:
        raise ElasticError(400, "parse_exception", f"[msearch] wanted two lines for each search, found {len(lines)}")
    if len(lines) > 2 * _MOST_SEARCHES:
        raise bad(f"[msearch] wanted at most {_MOST_SEARCHES} searches, found {len(lines) // 2}")
    answers = [_one_of_many(call, *lines[at : at + 2]) for at in range(0, len(lines), 2)]
    return {"took": max(0, call.server.service.now_ms() - began), "responses": answers}


def _one_of_many(call: Call, header: bytes, body: bytes) -> dict[str, Any]:
    try:
        where, wanted = _line(header), _line(body)
        index = where.get("index", call.path.get("index", "_all"))
        path = {"index": plain(",".join(index) if isinstance(index, list) else str(index))}
        return {**search(replace(call, path=path, query={**call.query, **_as_query(where)}, body=wanted)), "status": 200}
    except (BarographError, HttpProblem) as error:
        return envelope(as_elastic(told(error)))


def _line(line: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ElasticError(400, "x_content_parse_exception", f"[msearch] wanted JSON ({error.msg})") from None
    if not isinstance(document, dict):
        raise ElasticError(400, "x_content_parse_exception", "[msearch] wanted an object in each line")
    return document


def _as_query(where: Mapping[str, Any]) -> dict[str, str]:
    """What a line says of how names are read, as a URL would."""
    given = {name: where[name] for name in OPTIONS.split() if name in where}
    return {name: ",".join(value) if isinstance(value, list) else str(value).lower() for name, value in given.items()}


def count(call: Call) -> dict[str, Any]:
    """How many documents match."""
    body = _body(call)
    with in_words():
        return {"count": reached(call).count(expression(call), body, options(call)), "_shards": SEARCHED}


def scroll(call: Call) -> dict[str, Any]:
    """The next page of a scroll."""
    name = argument(call, "scroll_id") or call.path.get("scroll_id")
    if not isinstance(name, str):
        raise bad("[scroll_id] is missing: wanted the one of the page before")
    began = call.server.service.now_ms()
    with in_words():
        page = reached(call).scroll(name, argument(call, "scroll"))
    return {"_scroll_id": name, **_answer(call, page, {}, began)}


def end_scroll(call: Call) -> dict[str, Any]:
    """End scrolls."""
    given = argument(call, "scroll_id") or call.path.get("scroll_id")
    return _ended(call, given)


def open_pit(call: Call) -> dict[str, Any]:
    """Take a point in time."""
    with in_words():
        name = reached(call).open_view(expression(call), call.query.get("keep_alive"), options(call))
    return {"id": name, "_shards": SEARCHED}


def close_pit(call: Call) -> dict[str, Any]:
    """End a point in time."""
    return _ended(call, (call.body or {}).get("id"))


def _ended(call: Call, given: Any) -> dict[str, Any]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad("no ids specified: wanted the id of a scroll or of a point in time, or a list of them")
    ended = reached(call).end_views(None if names == ["_all"] else names)
    if not ended and names != ["_all"]:
        raise ElasticError(
            404, "search_context_missing_exception", f"No search context found for id [{names[0] if names else ''}]"
        )
    return {"succeeded": True, "num_freed": ended}


_OF_TEXT: Final = ("default_operator", "analyzer", "analyze_wildcard", "lenient")
_SEARCH: Final = (
    f"{OPTIONS} q df size from sort _source _source_includes _source_excludes scroll rest_total_hits_as_int typed_keys "
    "track_total_hits track_scores version seq_no_primary_term timeout routing preference search_type request_cache "
    "default_operator analyzer analyze_wildcard lenient batched_reduce_size max_concurrent_shard_requests "
    "pre_filter_shard_size ccs_minimize_roundtrips allow_partial_search_results force_synthetic_source "
    "terminate_after min_score explain"
)
_MANY: Final = (
    f"{OPTIONS} rest_total_hits_as_int typed_keys search_type max_concurrent_searches max_concurrent_shard_requests "
    "pre_filter_shard_size ccs_minimize_roundtrips routing include_named_queries_score"
)
_MOST_SEARCHES: Final = 1000
"""Of one call: more would hold up all others. Chosen."""

ENDPOINTS = (
    Endpoint("GET POST", "/_search", search, query=_SEARCH, fields=ANY),
    Endpoint("GET POST", "/{index}/_search", search, query=_SEARCH, fields=ANY),
    Endpoint("GET POST", "/_msearch", search_many, query=_MANY, fields=ANY, raw=True),
    Endpoint("GET POST", "/{index}/_msearch", search_many, query=_MANY, fields=ANY, raw=True),
    Endpoint("GET POST", "/_count", count, query=_SEARCH, fields=ANY),
    Endpoint("GET POST", "/{index}/_count", count, query=_SEARCH, fields=ANY),
    Endpoint("GET POST", "/_search/scroll", scroll, query="scroll scroll_id rest_total_hits_as_int", fields="scroll scroll_id"),
    Endpoint(
        "GET POST", "/_search/scroll/{scroll_id}", scroll, query="scroll rest_total_hits_as_int", fields="scroll scroll_id"
    ),
    Endpoint("DELETE", "/_search/scroll", end_scroll, query="scroll_id", fields="scroll_id"),
    Endpoint("DELETE", "/_search/scroll/{scroll_id}", end_scroll, fields="scroll_id"),
    Endpoint("POST", "/{index}/_pit", open_pit, query=f"{OPTIONS} keep_alive routing preference", fields=ANY),
    Endpoint("DELETE", "/_pit", close_pit, fields="id"),
)
