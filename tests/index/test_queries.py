"""What a query finds is what the plain definition of it says."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.index.errors import BadQuery
from tests.index.making import NOW_MS, documents, found, put

MAPPINGS = {"properties": {"host": {"type": "keyword"}, "n": {"type": "long"}, "t": {"type": "date"}, "text": {"type": "text"}}}
WORDS = ("red", "green", "blue")
plain = st.fixed_dictionaries(
    {},
    optional={
        "host": st.one_of(st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)),
        "n": st.one_of(st.integers(-3, 3), st.lists(st.integers(-3, 3), min_size=1, max_size=3)),
        "text": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    },
)
leaves = st.one_of(
    st.builds(lambda v: {"term": {"host": v}}, st.sampled_from(WORDS)),
    st.builds(lambda v: {"terms": {"n": v}}, st.lists(st.integers(-3, 3), max_size=3)),
    st.builds(lambda v: {"prefix": {"host": v[:2]}}, st.sampled_from(WORDS)),
    st.builds(lambda v: {"match": {"text": v}}, st.sampled_from(WORDS)),
    st.builds(lambda v: {"exists": {"field": v}}, st.sampled_from(["host", "n", "text", "nothing"])),
    st.builds(lambda a, b: {"range": {"n": {"gte": a, "lt": b}}}, st.integers(-3, 3), st.integers(-3, 3)),
    st.just({"match_all": {}}),
)
queries = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda must, should, must_not, least: {
            "bool": {"must": must, "should": should, "must_not": must_not}
            | ({} if least is None else {"minimum_should_match": least})
        },
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=2),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_leaves=6,
)


def holds(query: dict[str, Any], document: dict[str, Any]) -> bool:
    """The definition."""
    ((name, body),) = query.items()
    if name == "bool":
        should = sum(holds(q, document) for q in body["should"])
        least = body.get("minimum_should_match", int(bool(body["should"]) and not body["must"]))
        rest = all(holds(q, document) for q in body["must"]) and not any(holds(q, document) for q in body["must_not"])
        return rest and should >= least
    if name in ("match_all", "exists"):
        return name == "match_all" or body["field"] in document
    ((path, wanted),) = body.items()
    value = document.get(path, [])
    return any(value_fits(name, wanted, v) for v in (value if isinstance(value, list) else [value]))


def value_fits(name: str, wanted: Any, value: Any) -> bool:
    fits = {
        "term": lambda: wanted == value,
        "terms": lambda: value in wanted,
        "prefix": lambda: value.startswith(wanted),
        "match": lambda: wanted in value.split(),
        "range": lambda: wanted["gte"] <= value < wanted["lt"],
    }
    return fits[name]()


@settings(max_examples=25, deadline=None)
@given(st.lists(plain, min_size=1, max_size=8), st.lists(queries, min_size=1, max_size=8))
def test_a_query_finds_what_its_definition_says(sources: list[dict[str, Any]], asked: list[dict[str, Any]]) -> None:
    with documents(*sources, mappings=MAPPINGS) as into:
        for query in asked:
            assert found(into, query) == [str(at) for at, document in enumerate(sources) if holds(query, document)], query


LOGS = (
    {
        "t": "2016-06-01T14:30:00Z",
        "host": "web-1",
        "text": "Connection refused by db-2",
        "n": 1,
        "deep": {"a": {"b": "Val ue"}},
    },
    {"t": "2016-05-31T23:59:59.999Z", "host": "web-2", "text": "connection closed", "n": 2},
    {"t": NOW_MS, "host": "db-2", "text": "refused: connection", "n": 3, "ok": True},
)


EVERY_DEFAULT = {
    **{"operator": "OR", "prefix_length": 0, "max_expansions": 50, "fuzzy_transpositions": True, "lenient": False},
    **{"zero_terms_query": "NONE", "auto_generate_synonyms_phrase_query": True, "boost": 1.0},
}
"""As the Java builders write it."""


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"range": {"t": {"gte": "now-1h"}}}, ["0", "2"]),
        ({"range": {"t": {"gte": "now/d"}}}, ["0", "2"]),
        ({"range": {"t": {"lte": "2016-05-31"}}}, ["1"]),
        ({"range": {"t": {"gte": "2016-06-01||-1d/d", "lt": "2016-06-01"}}}, ["1"]),
        ({"range": {"t": {"gte": "2016-06-01T00:00:00", "time_zone": "Europe/Berlin"}}}, ["0", "1", "2"]),
        ({"range": {"t": {"gte": "2016-06-01T01:59:59", "time_zone": "+02:00"}}}, ["0", "1", "2"]),
        ({"range": {"t": {"gte": "2016-06-01T00:00:00", "time_zone": "-0100"}}}, ["0", "2"]),
        ({"range": {"t": {"gt": 1464791400000, "format": "epoch_millis"}}}, ["2"]),
        ({"match": {"text": {"query": "refused connection", "operator": "and"}}}, ["0", "2"]),
        ({"match_phrase": {"text": "connection refused"}}, ["0"]),
        ({"match_phrase_prefix": {"text": "Connection ref"}}, ["0"]),
        ({"match_phrase_prefix": {"text": {"query": "by db-"}}}, ["0"]),
        ({"match_phrase_prefix": {"host": "web-"}}, ["0", "1"]),
        ({"term": {"text": "connection"}}, ["0", "1", "2"]),
        ({"wildcard": {"host": "web-?"}}, ["0", "1"]),
        ({"regexp": {"host": "(web|app)-[12]"}}, ["0", "1"]),
        ({"ids": {"values": ["2", "9"]}}, ["2"]),
        ({"term": {"deep.a.b.keyword": "Val ue"}}, ["0"]),
        ({"exists": {"field": "deep"}}, ["0"]),
        ({"term": {"ok": "true"}}, ["2"]),
        ({"constant_score": {"filter": {"term": {"host": "db-2"}}}}, ["2"]),
        ({"multi_match": {"query": "db-2", "fields": ["host", "text"]}}, ["0", "2"]),
        ({"multi_match": {"query": "refused connection", "fields": ["text"], **EVERY_DEFAULT, "slop": 0}}, ["0", "1", "2"]),
        ({"multi_match": {"query": "connection refused", "fields": ["text"], "type": "phrase", **EVERY_DEFAULT}}, ["0"]),
        ({"multi_match": {"query": "connection ref", "fields": ["text"], "type": "phrase_prefix", "slop": 0}}, ["0"]),
        ({"multi_match": {"query": "db-2", "fields": ["h*^3", "te*t"]}}, ["0", "2"]),
        ({"multi_match": {"query": "web-1"}}, ["0"]),
        ({"multi_match": {"query": "refused", "fields": "*"}}, ["0", "2"]),
        ({"multi_match": {"query": "refused: connection", "fields": ["*.keyword"]}}, ["2"]),
        ({"match": {"text": {"query": "closed", **EVERY_DEFAULT, "minimum_should_match": 1}}}, ["1"]),
        ({"match": {"text": {"query": "...", "zero_terms_query": "all"}}}, ["0", "1", "2"]),
        ({"match": {"text": "..."}}, []),
        ({"match_phrase": {"text": {"query": "connection refused", "slop": 0, "zero_terms_query": "NONE"}}}, ["0"]),
        (
            {"simple_query_string": {"query": "refused", "fields": ["text"], "flags": -1, "minimum_should_match": "1"}},
            ["0", "2"],
        ),
        ({"query_string": {"query": "closed", "fuzziness": "AUTO", "phrase_slop": 0, "escape": False}}, ["1"]),
        ({"query_string": {"query": "t:>=2016-06-01", "time_zone": "Europe/Berlin"}}, ["0", "1", "2"]),
        ({"query_string": {"query": "t:>=2016-06-01", "time_zone": "+02:00"}}, ["0", "1", "2"]),
        ({"query_string": {"query": 'text:closed^2 OR (host:db-2)^1.5 OR "refused by"^3 n:[9 TO 9]^2'}}, ["0", "1", "2"]),
        ({"query_string": {"query": "n:>=3^2"}}, ["2"]),
        ({"query_string": {"query": r"host:web-2\^2"}}, []),
        ({"query_string": {"query": "web-2", "fields": ["ho*^2"]}}, ["1"]),
        ({"query_string": {"query": "refused"}}, ["0", "2"]),
        ({"query_string": {"query": "host:web* AND NOT closed"}}, ["0"]),
        ({"query_string": {"query": "n:[2 TO *] -host:db-2"}}, ["1"]),
        ({"query_string": {"query": '"connection refused" OR n:>=3'}}, ["0", "2"]),
        ({"query_string": {"query": "ok:* +host:db-2"}}, ["2"]),
        ({"query_string": {"query": "(n:1 OR n:2) AND host:web-2"}}, ["1"]),
        ({"query_string": {"query": "*"}}, ["0", "1", "2"]),
        ({"query_string": {"query": " "}}, []),
        ({"query_string": {"query": "host:/[wd]b?.*2/"}}, ["1", "2"]),
        ({"term": {"nothing": 1}}, []),
    ],
)
def test_each_kind_of_query(query: dict[str, Any], ids: list[str]) -> None:
    mappings = {"properties": {"host": {"type": "keyword"}, "t": {"type": "date"}}}
    with documents(*LOGS, mappings=mappings) as into:
        assert found(into, query) == ids


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"fuzzy": {"a": 1}}, "unknown query [fuzzy]"),
        ({"term": {}}, "[term]={}: wanted an object with one field"),
        ({"range": {"n": {"above": 1}}}, "[range] query does not support [above]"),
        ({"term": {"n": "many"}}, "For input string: [many] of [n]"),
        ({"range": {"t": {"gte": "2016-01-01", "format": 5}}}, "[format]=5: wanted text"),
        ({"range": {"t": {"gte": "9999-12-31||+1y"}}}, "failed to parse date math [9999-12-31||+1y]"),
        ({"match_all": {"colour": 1}}, "[match_all] unknown field [colour]"),
        ({"query_string": {"query": "a AND"}}, "a term is missing beside AND or OR"),
        ({"range": {"t": {"gte": "soon"}}}, "failed to parse date field [soon]"),
        (
            {"range": {"t": {"gte": "now/d", "time_zone": "Mars/Base"}}},
            "[time_zone]='Mars/Base': wanted a name such as Europe/B",
        ),
        ({"range": {"t": {"gte": "2016-06-01", "time_zone": "+25:00"}}}, "[time_zone]='+25:00': wanted a name"),
        ({"multi_match": {"query": "a", "fields": [1]}}, "[multi_match] fields=[1]: wanted names of fields"),
        ({"regexp": {"host": "("}}, "the query cannot be answered"),
        ({"query_string": {"query": "(a"}}, "a bracket is not closed"),
        ({"match_all": {}, "term": {}}, "wanted an object with one name"),
        ({"bool": {"must": 1}}, "[bool].must=1: wanted queries"),
        ({"function_score": {}}, "query [function_score] is not answered here"),
        ({"match": {"host": {"query": "a", "fuzziness": "AUTO"}}}, "[match [host]] fuzziness='AUTO': wanted 0"),
        ({"match_phrase": {"host": {"query": "a", "slop": 2}}}, "[match_phrase [host]] slop=2: wanted 0"),
        ({"match": {"host": {"query": "a", "analyzer": "b"}}}, "[match [host]] unknown field [analyzer]"),
        ({"match": {"host": {"query": "a", "minimum_should_match": "75%"}}}, "minimum_should_match='75%': wanted 1"),
        ({"match": {"host": {"query": "a", "operator": "xor"}}}, "operator='xor': wanted one of or, and"),
        ({"multi_match": {"query": "a", "fields": ["n"], "fuzziness": 1}}, "[multi_match] fuzziness=1: wanted 0"),
        (
            {"multi_match": {"query": "a", "fields": ["n"], "type": "bool_prefix"}},
            "type='bool_prefix': wanted one of best_fields",
        ),
        ({"multi_match": {"query": "a", "fields": [], "type": "cross_fields", "operator": "and"}}, "type='cross_fields'"),
        ({"simple_query_string": {"query": "a", "flags": "OR"}}, "[simple_query_string] flags='OR': wanted one of all, -1"),
        ({"query_string": {"query": "a", "phrase_slop": 1}}, "[query_string] phrase_slop=1: wanted 0"),
        ({"query_string": {"query": "a", "analyzer": "b"}}, "[query_string] unknown field [analyzer]"),
        ({"query_string": {"query": "host:web~1", "fuzziness": 1}}, "wanted no [~], as words are the same or not: 'web~1'"),
    ],
)
def test_what_cannot_be_answered_is_told(query: dict[str, Any], told: str) -> None:
    with (
        documents(*LOGS, mappings={"properties": {"host": {"type": "keyword"}}}) as into,
        pytest.raises(BadQuery, match=re.escape(told)),
    ):
        into.search("logs", {"query": query})


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"collapse": {"field": "host"}}, "[collapse] is not answered here: wanted a [terms] aggregation with [top_hits]"),
        ({"script_fields": {"a": {}}}, "[script_fields] is not answered here: wanted [runtime_mappings]"),
        ({"slice": {"id": 0, "max": 2}}, "[slice] is not answered here"),
        ({"min_score": 0.5}, "[min_score] is not answered here"),
        ({"post_filter": {"match_all": {}}}, "[post_filter] is not answered here: wanted a filter of the query"),
        ({"colour": 1}, "[search] unknown field [colour]"),
    ],
)
def test_parts_of_a_search_that_would_change_its_answer_are_refused_by_name(part: dict[str, Any], told: str) -> None:
    with documents(*LOGS) as into, pytest.raises(BadQuery, match=re.escape(told)):
        into.search("logs", part)


def test_deep_queries_are_refused_before_they_run_out_of_stack() -> None:
    query: dict[str, Any] = {"match_all": {}}
    for _ in range(200):
        query = {"bool": {"must": [query]}}
    with documents(*LOGS) as into, pytest.raises(BadQuery, match="nested depth"):
        into.search("logs", {"query": query})


def test_a_field_that_is_computed_is_searched_as_any_other() -> None:
    body: dict[str, Any] = {
        "runtime_mappings": {"twice": {"type": "double", "script": {"source": "emit(doc['n'].value * 2.0)"}}},
        "query": {"range": {"twice": {"gt": 3}}},
        "aggs": {"most": {"max": {"field": "twice"}}},
    }
    with documents(*LOGS) as into:
        page = into.search("logs", body)
        assert page.total == 2
        assert page.aggregations == {"most": {"value": 6.0}}
        body["runtime_mappings"]["twice"]["script"]["source"] = "emit(doc['n'].value * System.exit(0))"
        with pytest.raises(BadQuery, match=re.escape("wanted emit(...) of numbers")):
            into.search("logs", body)


def test_fields_of_several_indices_are_searched_together() -> None:
    with documents({"n": 1, "host": "a"}) as into:
        into.create_index("more", {})
        put(into, [{"n": 2.5}, {"other": 1}], "more")
        page = into.search("logs,more", {"sort": [{"n": {"order": "desc"}}], "aggs": {"all": {"sum": {"field": "n"}}}})
        assert [hit["sort"] for hit in page.hits] == [[2.5], [1.0], [None]]
        assert page.aggregations == {"all": {"value": 3.5}}


def test_hits_that_all_match_alike_are_sorted_as_they_were_written() -> None:
    with documents(*LOGS) as into:
        hits = into.search("logs", {"sort": ["_score"]}).hits
        assert [(hit["_id"], json.dumps(hit["sort"])) for hit in hits] == [("0", "[1.0]"), ("1", "[1.0]"), ("2", "[1.0]")]
