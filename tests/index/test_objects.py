"""Nested objects are told apart: by queries, and by aggregations, over Python's own loops."""

from typing import Any

import pytest

from barograph.index.documents import Documents
from barograph.index.errors import BadQuery
from tests.index.making import documents, found

OBJECT = {
    **{"kind": {"type": "keyword"}, "price": {"type": "double"}, "tags": {"type": "keyword"}, "at": {"type": "date"}},
    **{"sold": {"type": "boolean"}, "parts": {"type": "nested", "properties": {"size": {"type": "long"}}}},
    "box": {"properties": {"side": {"type": "long"}}},
}
MAPPINGS = {
    "properties": {
        **{"items": {"type": "nested", "properties": OBJECT}, "plain": {"properties": {"kind": {"type": "keyword"}}}},
        **{"shop": {"type": "keyword"}, "ms": {"type": "double"}, "labels": {"type": "keyword"}},
    }
}
TEA = {"kind": "tea", "price": 3, "tags": ["hot", "green"], "at": "2016-05-01T00:00:00Z", "sold": True}
POT = {
    "kind": "pot",
    "price": 30.5,
    "tags": "hot",
    "at": 1_464_739_200_000,
    "sold": False,
    "box": [{"side": 1}, {"side": [2, 3]}],
}
DOCS: list[dict[str, Any]] = [
    {"shop": "a", "ms": 1, "labels": ["x", "y"], "items": [TEA, POT]},
    {"shop": "a", "ms": 2, "items": [{**TEA, "price": 5}, {**TEA, "price": 5, "parts": [{"size": 1}, {"size": 2}]}]},
    {"shop": "b", "ms": 4, "items": {**POT, "price": 3, "parts": {"size": 7}}},
    {"shop": "b", "ms": 8, "plain": {"kind": "tea"}},
]
ITEMS = [
    (one, item) for one in DOCS for item in (one["items"] if isinstance(one.get("items"), list) else [one.get("items")]) if item
]


@pytest.fixture(scope="module")
def index() -> Documents:
    return documents(*DOCS, mappings=MAPPINGS)


def nested(query: dict[str, Any], path: str = "items") -> dict[str, Any]:
    return {"nested": {"path": path, "query": query}}


def both(*queries: dict[str, Any], word: str = "must") -> dict[str, Any]:
    return {"bool": {word: list(queries)}}


_TEA = {"term": {"items.kind": "tea"}}
_OF_3 = {"range": {"items.price": {"gte": 3, "lt": 4}}}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (nested(_TEA), ["0", "1"]),
        (nested(both(_TEA, _OF_3)), ["0"]),  # of the third document it is the pot
        (nested(both({"term": {"items.kind": "pot"}}, _OF_3)), ["2"]),
        (both(nested(_TEA), nested(_OF_3)), ["0"]),
        (nested(both(_TEA, word="must_not")), ["0", "2"]),
        (nested({"bool": {"filter": [_TEA], "must_not": _OF_3}}), ["1"]),
        (nested(both(_TEA, {"term": {"items.tags": "green"}})), ["0", "1"]),
        (nested(both({"term": {"items.tags": "green"}}, {"term": {"items.kind": "pot"}})), []),
        (nested(both({"term": {"items.sold": "true"}}, {"range": {"items.at": {"lt": "2016-05-02"}}})), ["0", "1"]),
        (nested(both({"term": {"items.box.side": 3}}, {"term": {"items.kind": "pot"}})), ["0", "2"]),
        (nested(both({"term": {"items.box.side": 3}}, _TEA)), []),
        (nested(both({"exists": {"field": "items.box"}}, _TEA)), []),
        (nested(both({"exists": {"field": "items"}}, {"exists": {"field": "items.sold"}}, _TEA)), ["0", "1"]),
        (nested(both({"term": {"items.parts.size": 2}}, {"range": {"items.parts.size": {"gt": 1}}}), "items.parts"), ["1"]),
        (nested(both({"term": {"items.parts.size": 2}}, {"term": {"items.parts.size": 1}}), "items.parts"), []),
        (nested(both({"term": {"plain.kind": "tea"}}, {"exists": {"field": "plain.kind"}}), "plain"), ["3"]),
    ],
)
def test_a_query_is_of_one_object(index: Documents, query: dict[str, Any], ids: list[str]) -> None:
    assert found(index, query) == ids


def test_aggregations_are_of_objects_and_back_of_their_documents(index: Documents) -> None:
    back = {"reverse_nested": {}, "aggs": {"ms": {"sum": {"field": "ms"}}, "labels": {"terms": {"field": "labels"}}}}
    inside = {
        "price": {"avg": {"field": "items.price"}},
        "last": {"max": {"field": "items.at"}},
        "back": back,
        "tags": {"terms": {"field": "items.tags"}},
    }
    aggs = {
        "shops": {
            "terms": {"field": "shop"},
            "aggs": {"items": {"nested": {"path": "items"}, "aggs": {"n": {"value_count": {"field": "items.kind"}}}}},
        },
        "items": {
            "nested": {"path": "items"},
            "aggs": {
                "kinds": {"terms": {"field": "items.kind", "order": {"back>ms": "desc"}}, "aggs": inside},
                "sides": {"sum": {"field": "items.box.side"}},
                "tea": {"filter": _TEA, "aggs": {"price": {"avg": {"field": "items.price"}}}},
                "parts": {"nested": {"path": "items.parts"}, "aggs": {"size": {"sum": {"field": "items.parts.size"}}}},
            },
        },
        "plain": {"nested": {"path": "plain"}, "aggs": {"kinds": {"terms": {"field": "plain.kind"}}}},
    }
    got = index.search("logs", {"size": 0, "aggs": aggs}).aggregations
    assert got is not None
    items = got["items"]
    assert (items["doc_count"], got["plain"]["doc_count"]) == (len(ITEMS), 1)
    for bucket in items["kinds"]["buckets"]:
        mine = [(one, item) for one, item in ITEMS if item["kind"] == bucket["key"]]
        assert bucket["doc_count"] == len(mine)
        assert bucket["price"]["value"] == pytest.approx(sum(item["price"] for _, item in mine) / len(mine))
        docs = {one["ms"]: one for one, _ in mine}
        assert (bucket["back"]["doc_count"], bucket["back"]["ms"]["value"]) == (len(docs), sum(docs))
        labels = {label: sum(label in one.get("labels", ()) for one in docs.values()) for label in ("x", "y")}
        assert {one["key"]: one["doc_count"] for one in bucket["back"]["labels"]["buckets"]} == labels
        tags = {tag: sum(tag in item["tags"] for _, item in mine) for tag in ("hot", "green")}
        told = {one["key"]: one["doc_count"] for one in bucket["tags"]["buckets"]}
        assert told == {tag: count for tag, count in tags.items() if count}
    assert [bucket["key"] for bucket in items["kinds"]["buckets"]] == ["pot", "tea"]
    assert items["kinds"]["buckets"][0]["last"]["value_as_string"] == "2016-06-01T00:00:00.000Z"
    assert items["tea"]["price"]["value"] == pytest.approx((3 + 5 + 5) / 3)
    assert items["sides"]["value"] == 2 * (1 + 2 + 3)
    assert items["parts"] == {"doc_count": 3, "size": {"value": 10.0}}
    counts = {bucket["key"]: bucket["items"]["n"]["value"] for bucket in got["shops"]["buckets"]}
    assert counts == {"a": 4, "b": 1}


def test_objects_of_documents_of_objects_are_refused(index: Documents) -> None:
    again = {"back": {"reverse_nested": {}, "aggs": {"again": {"nested": {"path": "items"}}}}}
    with pytest.raises(BadQuery, match=r"wanted no \[nested\] one inside a \[reverse_nested\] one"):
        index.search("logs", {"size": 0, "aggs": {"items": {"nested": {"path": "items"}, "aggs": again}}})
    with pytest.raises(BadQuery, match=r"\[path\] of aggregation \[items\]=None"):
        index.search("logs", {"size": 0, "aggs": {"items": {"nested": {}}}})
