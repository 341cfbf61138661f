"""Searches of detectors, tasks and results, and what is asked of them by name and number."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.index.names import SEARCHED, in_words
from barograph.api.elastic.parameters import unparsed
from barograph.api.opensearch.endpoint import DASHBOARDS, of_detectors, switch
from barograph.api.opensearch.errors import impossible, no_index, not_requested, refused
from barograph.api.opensearch.shelves import DETECTORS, RESULTS, TASKS, every, own_results
from barograph.index.catalog import Options
from barograph.index.check import check_query
from barograph.index.search import Page

_COUNTED: Final = 10_000
"""Hits that a total tells exactly, unless more are asked for."""


def _body(call: Call) -> dict[str, Any]:
    """The search of a call.

    Raises:
        ElasticError: there is none.
    """
    given = call.body
    if given is None and call.query.get("source") is not None:
        given = unparsed(call.query["source"])
    if given is None:
        raise ElasticError(400, "parse_exception", "request body or source parameter is required")
    body = {**given, "version": True, "seq_no_primary_term": True}
    return body if DASHBOARDS in call.agent else {**body, "_source": _without_metadata(given.get("_source", True))}


def _without_metadata(source: Any) -> Any:
    """What is told of a document, without what only its own page needs."""
    if source is False:
        return False
    if isinstance(source, Mapping):
        excluded = source.get("excludes", source.get("exclude", []))
        listed = [excluded] if isinstance(excluded, str) else list(excluded)
        kept = {name: value for name, value in source.items() if name not in ("excludes", "exclude")}
        return {**kept, "excludes": [*listed, "ui_metadata"]}
    includes = [] if source is True else [source] if isinstance(source, str) else source
    return {"includes": includes, "excludes": ["ui_metadata"]}


def answered(body: Mapping[str, Any], page: Page, took: int) -> dict[str, Any]:
    """The answer to a search: a page in the shape that clients read."""
    tracked = body.get("track_total_hits", _COUNTED)
    most = _COUNTED if tracked is True else tracked
    exact = tracked is True or isinstance(tracked, bool) or page.total <= most
    total = {"value": page.total if exact else most, "relation": "eq" if exact else "gte"}
    score = 1.0 if page.hits and not body.get("sort") else None
    hits = ({} if tracked is False else {"total": total}) | {"max_score": score, "hits": page.hits}
    head = {"took": took, "timed_out": False, "_shards": SEARCHED, "hits": hits}
    return head if page.aggregations is None else {**head, "aggregations": page.aggregations}


def search_in(call: Call, expression: str) -> dict[str, Any]:
    """Answer the search of a call in these indices, hidden ones too.

    Raises:
        ElasticError: it cannot be answered.
    """
    documents, began = call.server.documents, call.server.service.now_ms()
    body = _body(call)
    with in_words():
        check_query(body.get("query") or {"match_all": {}})  # also where there is no index yet that would refuse it
        page = documents.search(expression, body, Options(with_hidden=True))
    return answered(body, page, max(0, call.server.service.now_ms() - began))


def search_detectors(call: Call) -> dict[str, Any]:
    """Search detectors."""
    return _search_there(call, DETECTORS)


def search_tasks(call: Call) -> dict[str, Any]:
    """Search the tasks of detectors: what has run, and how far it is."""
    return _search_there(call, TASKS)


def _search_there(call: Call, index: str) -> dict[str, Any]:
    if index not in call.server.documents.catalog.indices:
        _body(call)
        raise no_index(index)
    return search_in(call, index)


def search_results(call: Call) -> dict[str, Any]:
    """Search results: the common ones, those of the indices that the path names, or both."""
    named = call.path.get("result_index")
    only_own = switch(call, "only_query_custom_result_index")
    if named is None and only_own:
        raise impossible("No custom result index set.")
    documents = call.server.documents
    found = [] if named is None else own_results(documents, named)
    if only_own and not found:
        raise refused("No custom result indices found")
    listed = [*found, *([] if only_own else [f"{RESULTS}*"])]
    answer = search_in(call, ",".join(listed))
    if not found and not documents.catalog.names(f"{RESULTS}*", Options(with_hidden=True)):
        answer.pop("aggregations", None)
    return answer


def count(call: Call) -> Mapping[str, Any]:
    """How many detectors there are."""
    return {"count": len(every(call.server.documents, DETECTORS)), "match": False}


def match(call: Call) -> Mapping[str, Any]:
    """Whether a detector is called so."""
    name = call.query.get("name", "")
    if not name:
        raise bad("[name] is missing: wanted the name of a detector")
    return {"count": 0, "match": bool(every(call.server.documents, DETECTORS, {"term": {"name.keyword": name}}))}


def delete_results(call: Call) -> Answer:
    """Remove those of the common results that a query is true of."""
    query = (call.body or {}).get("query")
    if query is None:
        raise not_requested("query is missing")
    began = call.server.service.now_ms()
    with in_words():
        gone = call.server.documents.delete_matching(f"{RESULTS}*", query, Options(with_hidden=True))
    return Answer(
        {
            "took": max(0, call.server.service.now_ms() - began),
            "timed_out": False,
            "total": gone,
            "updated": 0,
            "created": 0,
            "deleted": gone,
            "batches": 1 if gone else 0,
            "version_conflicts": 0,
            "noops": 0,
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": 0,
            "requests_per_second": -1.0,
            "throttled_until_millis": 0,
            "failures": [],
        }
    )


PARAMETERS: Final = "source source_content_type"
"""Of a search, by name: all else is asked for in its body."""
ENDPOINTS = (
    *of_detectors("GET POST", "/_search", search_detectors, query=PARAMETERS),
    *of_detectors("GET POST", "/tasks/_search", search_tasks, query=PARAMETERS),
    *of_detectors("GET POST", "/results/_search", search_results, query=f"{PARAMETERS} only_query_custom_result_index"),
    *of_detectors(
        "GET POST",
        "/results/_search/{result_index}",
        search_results,
        query=f"{PARAMETERS} only_query_custom_result_index",
        is_old=False,
    ),
    *of_detectors("DELETE", "/results", delete_results, query="refresh conflicts", writes=True),
    *of_detectors("GET", "/count", count),
    *of_detectors("GET", "/match", match, query="name"),
)
