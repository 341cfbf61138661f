"""Documents, searches and indices over HTTP, as A9 of the contract has them."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*documents: Any) -> bytes:
    return b"\n".join(map(orjson.dumps, documents)) + b"\n"


@pytest.fixture
def air(http: httpx.Client) -> Iterator[httpx.Client]:
    """An index `air` with four documents."""
    properties = {"time": {"type": "date"}, "airline": {"type": "keyword"}, "responsetime": {"type": "float"}}
    body = {"mappings": {"properties": properties}, "settings": {"number_of_shards": 1}}
    made = http.put("/air", json=body).json()
    assert made == {"acknowledged": True, "shards_acknowledged": True, "index": "air"}
    rows = [("2016-06-01T00:00:00Z", "AAA", 132.2), ("2016-06-01T00:10:00Z", "AAA", 130.1), ("2016-06-01T01:00:00Z", "BBB", 5)]
    actions = [
        part
        for at, (time, airline, ms) in enumerate(rows)
        for part in ({"index": {"_id": str(at)}}, {"time": time, "airline": airline, "responsetime": ms})
    ]
    answer = http.put("/air/_bulk", content=lines(*actions), headers=NDJSON).json()
    assert answer["errors"] is False
    assert [item["index"]["status"] for item in answer["items"]] == [201, 201, 201]
    yield http
    assert http.delete("/air").json() == {"acknowledged": True}


def test_a_document_is_written_read_changed_and_removed(air: httpx.Client) -> None:
    made = air.put("/air/_doc/a%23b%2Fc", json={"airline": "CCC"})
    assert (made.status_code, made.json()["result"], made.json()["_version"]) == (201, "created", 1)
    assert air.put("/air/_doc/a%23b%2Fc", json={"airline": "DDD"}).json()["result"] == "updated"
    assert air.get("/air/_doc/a%23b%2Fc").json()["_source"] == {"airline": "DDD"}
    assert air.get("/air/_source/a%23b%2Fc").json() == {"airline": "DDD"}
    assert air.head("/air/_doc/a%23b%2Fc").status_code == 200
    assert air.post("/air/_update/a%23b%2Fc", json={"doc": {"responsetime": 1}}).json()["_version"] == 3
    assert air.put("/air/_create/a%23b%2Fc", json={}).json()["error"]["type"] == "version_conflict_engine_exception"
    same = air.post("/air/_update/a%23b%2Fc", json={"doc": {"responsetime": 1}}).json()
    assert (same["result"], same["_version"], same["_seq_no"]) == ("noop", 3, air.get("/air/_doc/a%23b%2Fc").json()["_seq_no"])
    assert air.get("/air/_doc/a%23b%2Fc", params={"version": 3}).status_code == 200
    assert air.get("/air/_doc/a%23b%2Fc", params={"version": 9}).status_code == 409
    many = air.post("/air/_mget", json={"ids": ["0", "none"]}).json()["docs"]
    assert [item["found"] for item in many] == [True, False]
    parts = [{"_id": "0", "_source": ["air*"]}, {"_id": "0", "_source": False}, {"_id": "0", "_source": {"excludes": "time"}}]
    told = air.post("/air/_mget", json={"docs": parts}).json()["docs"]
    assert [list(one.get("_source", [])) for one in told] == [["airline"], [], ["airline", "responsetime"]]
    assert told[0]["_seq_no"] == 0
    assert air.delete("/air/_doc/a%23b%2Fc").json()["result"] == "deleted"
    gone = air.get("/air/_doc/a%23b%2Fc")
    assert (gone.status_code, gone.json()["found"]) == (404, False)


def test_a_search_over_http(air: httpx.Client) -> None:
    body = {
        "query": {"range": {"time": {"gte": "2016-06-01T00:05:00Z"}}},
        "sort": [{"time": "desc"}],
        "aggs": {"airlines": {"terms": {"field": "airline"}, "aggs": {"ms": {"avg": {"field": "responsetime"}}}}},
    }
    found = air.post("/air/_search", json=body).json()
    assert found["hits"]["total"] == {"value": 2, "relation": "eq"}
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["2", "1"]
    assert {b["key"]: b["ms"]["value"] for b in found["aggregations"]["airlines"]["buckets"]} == {"AAA": 130.1, "BBB": 5.0}
    assert air.get("/air/_search", params={"q": "airline:BBB", "rest_total_hits_as_int": "true"}).json()["hits"]["total"] == 1
    assert air.get("/*air/_count").json()["count"] == 3
    query = {"query": {"constant_score": {"filter": {"term": {"airline": "AAA"}}}}}
    assert air.post("/air/_count", json=query).json()["count"] == 2
    typed = air.post("/air/_search", params={"typed_keys": "true"}, json={**body, "size": 0}).json()["aggregations"]
    assert "avg#ms" in typed["sterms#airlines"]["buckets"][0]


def test_scrolls_and_points_in_time_over_http(air: httpx.Client) -> None:
    first = air.post("/air/_search", params={"scroll": "1m"}, json={"size": 2}).json()
    second = air.post("/_search/scroll", json={"scroll_id": first["_scroll_id"], "scroll": "1m"}).json()
    ids = [hit["_id"] for page in (first, second) for hit in page["hits"]["hits"]]
    assert ids == ["0", "1", "2"]
    ended = air.request("DELETE", "/_search/scroll", json={"scroll_id": [first["_scroll_id"]]}).json()
    assert ended == {"succeeded": True, "num_freed": 1}
    again = air.post("/_search/scroll", json={"scroll_id": first["_scroll_id"]})
    assert (again.status_code, again.json()["error"]["type"]) == (404, "search_context_missing_exception")
    pit = air.post("/air/_pit", params={"keep_alive": "1m"}).json()["id"]
    page = air.post("/_search", json={"pit": {"id": pit}, "size": 2, "sort": [{"airline": "desc"}]}).json()
    after = page["hits"]["hits"][-1]["sort"]
    rest = air.post("/_search", json={"pit": {"id": pit}, "sort": [{"airline": "desc"}], "search_after": after}).json()
    assert [hit["_id"] for hit in rest["hits"]["hits"]] == ["1"]
    assert air.request("DELETE", "/_pit", json={"id": pit}).json()["num_freed"] == 1


def test_indices_are_described(air: httpx.Client) -> None:
    assert air.head("/air").status_code == 200
    assert air.head("/nothing").status_code == 404
    told = air.get("/air").json()["air"]
    assert told["settings"]["index"]["number_of_shards"] == "1"
    assert told["mappings"]["properties"]["airline"] == {"type": "keyword"}
    assert air.get("/air/_mapping/field/air*").json()["air"]["mappings"]["airline"]["mapping"] == {
        "airline": {"type": "keyword"}
    }
    assert air.put("/air/_mapping", json={"properties": {"n": {"type": "long"}}}).json() == {"acknowledged": True}
    assert air.put("/air/_settings", json={"index": {"refresh_interval": "1s"}}).json() == {"acknowledged": True}
    assert air.get("/air/_settings").json()["air"]["settings"]["index"]["refresh_interval"] == "1s"
    assert air.post("/air,other*/_refresh", params={"expand_wildcards": "all"}).json()["_shards"]["failed"] == 0
    assert air.get("/_cat/indices/air", params={"h": "index,docs.count"}).text == "air 3\n"
    assert air.get("/_cluster/health/air", params={"wait_for_status": "green"}).json()["status"] == "green"
    assert air.get("/air/_stats").json()["indices"]["air"]["primaries"]["docs"]["count"] == 3
    assert "keyword" in air.get("/air/_field_caps", params={"fields": "airline"}).json()["fields"]["airline"]


def test_aliases_over_http(air: httpx.Client) -> None:
    assert air.put("/air/_alias/only-a", json={"filter": {"term": {"airline": "AAA"}}}).json() == {"acknowledged": True}
    assert air.get("/only-a/_count").json()["count"] == 2
    assert air.head("/_alias/only-a").status_code == 200
    resolved = air.get("/_resolve/index/air*,-airline*").json()
    assert resolved["indices"] == [{"name": "air", "aliases": ["only-a"], "attributes": ["open"]}]
    assert resolved["aliases"] == [{"name": "only-a", "indices": ["air"]}]
    assert air.get("/_remote/info").json() == {}
    assert air.get("/_alias/only-a").json() == {"air": {"aliases": {"only-a": {"filter": {"term": {"airline": "AAA"}}}}}}
    actions = [{"remove": {"index": "air", "alias": "only-a"}}, {"add": {"index": "air", "alias": "every"}}]
    assert air.post("/_aliases", json={"actions": actions}).json() == {"acknowledged": True}
    assert air.head("/_alias/only-a").status_code == 404
    assert air.delete("/air/_alias/every").json() == {"acknowledged": True}


def test_settings_of_the_cluster_are_told_as_objects(http: httpx.Client) -> None:
    body = {"transient": {"xpack.ml.max_model_memory_limit": "9gb"}}
    nested = {"xpack": {"ml": {"max_model_memory_limit": "9gb"}}}
    assert http.put("/_cluster/settings", json=body).json() == {"acknowledged": True, "persistent": {}, "transient": nested}
    assert http.get("/_cluster/settings").json()["transient"] == nested
    cleared = http.put("/_cluster/settings", json={"transient": {"xpack.ml.max_model_memory_limit": None}}).json()
    assert cleared["transient"] == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/nothing/_search", None, 404, "index_not_found_exception"),
        ("DELETE", "/nothing", None, 404, "index_not_found_exception"),
        ("PUT", "/air", {}, 400, "resource_already_exists_exception"),
        ("PUT", "/Upper", {}, 400, "invalid_index_name_exception"),
        ("GET", "/_nothing", None, 400, "invalid_index_name_exception"),
        ("POST", "/air/_update/none", {"doc": {}}, 404, "document_missing_exception"),
        ("GET", "/air/_mget", None, 400, "action_request_validation_exception"),
        ("POST", "/_mget", {"ids": ["0"]}, 400, "action_request_validation_exception"),
        ("PUT", "/air/_doc/1?refresh=soon", {}, 400, "illegal_argument_exception"),
        ("PUT", "/air/_doc/1?pipeline=p", {}, 400, "illegal_argument_exception"),
        ("PUT", "/air/_doc/1?version=3&version_type=external", {}, 400, "illegal_argument_exception"),
        ("PUT", "/air/_doc/1?require_alias=true", {}, 404, "index_not_found_exception"),
        ("PUT", "/air/_mapping", None, 400, "parse_exception"),
        ("PUT", "/new", {"settings": "x"}, 400, "illegal_argument_exception"),
        ("PUT", "/new", {"aliases": {"a": 5}}, 400, "illegal_argument_exception"),
        ("PUT", "/new", {"mappings": {"properties": {"x": {"type": ["date"]}}}}, 400, "mapper_parsing_exception"),
        ("POST", "/air/_field_caps", {"fields": 5}, 400, "x_content_parse_exception"),
        ("POST", "/_aliases", {"actions": [{"remove": {"index": "air", "alias": "x"}}]}, 404, "aliases_not_found_exception"),
        ("POST", "/air/_search", {"query": {}}, 400, "parsing_exception"),
        ("POST", "/air/_search", {"query": {"range": {"time": {"gte": "now+99999y"}}}}, 400, "parsing_exception"),
        ("POST", "/air/_search?scroll=1m", {"size": 0}, 400, "parsing_exception"),
        ("GET", "/_cluster/health?wait_for_status=blue", None, 400, "illegal_argument_exception"),
        ("GET", "/_tasks/barograph:77", None, 404, "resource_not_found_exception"),
        ("PUT", "/new", {"mappings": {"properties": {"x": {"type": "magic"}}}}, 400, "mapper_parsing_exception"),
        ("PUT", "/air/_doc/1", {"responsetime": "slow"}, 400, "document_parsing_exception"),
        ("POST", "/air/_search", {"query": {"magic": {}}}, 400, "parsing_exception"),
        ("POST", "/air/_search", {"colour": 1}, 400, "parsing_exception"),
        ("POST", "/air/_search", [1], 400, "x_content_parse_exception"),
        ("GET", "/air/_search?colour=1", None, 400, "illegal_argument_exception"),
        ("GET", "/air/_search?terminate_after=1", None, 400, "parsing_exception"),
        ("GET", "/air/_search?min_score=5", None, 400, "parsing_exception"),
        ("GET", "/air/_search?explain=true", None, 400, "parsing_exception"),
        ("GET", "/air/_count?terminate_after=1", None, 400, "parsing_exception"),
        ("GET", "/air/_search?q=AAL&analyzer=x", None, 400, "parsing_exception"),
    ],
)
def test_what_cannot_be_is_told_in_words(air: httpx.Client, method: str, path: str, body: Any, status: int, kind: str) -> None:
    answer = air.request(method, path, json=body) if body is not None else air.request(method, path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"index":{}}', "terminated by a newline"),
        (b'{"magic":{}}\n{}\n', "Malformed action/metadata line [1]"),
        (b'{"index":{}}\n\n', "ends behind line [1]"),
        (b'{"index":{"shard":1}}\n{}\n', "unknown field `shard`"),
        (b'{"index":{"pipeline":"p"}}\n{}\n', "pipeline with id [p] does not exist"),
        (b'{"index":{"version":1}}\n{}\n', "[version] in line [1] is not kept here"),
        (b'{"delete":{}}\n', "id is missing in line [1]"),
        (b"\xff\n{}\n", "Malformed action/metadata line [1]"),
    ],
)
def test_a_bulk_that_cannot_be_read_is_refused_whole(http: httpx.Client, body: bytes, told: str) -> None:
    answer = http.put("/never/_bulk", content=body, headers=NDJSON)
    assert answer.status_code == 400
    assert http.put("/never/_bulk", content=body, headers={"Content-Type": "text/csv"}).status_code == 406
    assert told in answer.json()["error"]["reason"]
    assert http.head("/never").status_code == 404


def test_items_of_a_bulk_fail_alone(air: httpx.Client) -> None:
    body = lines(
        {"create": {"_id": "0"}},
        {},
        {"index": {}},
        {"airline": "EEE"},
        {"delete": {"_id": "none"}},
        {"index": {"_index": "Bad"}},
        {},
        {"update": {"_id": "none"}},
        {"doc": {}},
    )
    answer = air.put("/air/_bulk", content=body, headers=NDJSON).json()
    told = [(name, item["status"]) for entry in answer["items"] for name, item in entry.items()]
    assert told == [("create", 409), ("index", 201), ("delete", 404), ("index", 400), ("update", 404)]
    assert answer["errors"] is True


def test_a_closed_index_is_not_reached(air: httpx.Client) -> None:
    assert air.post("/air/_close").json()["indices"] == {"air": {"closed": True}}
    answer = air.get("/air/_search")
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "cluster_block_exception")
    assert answer.json()["error"]["reason"] == "index [air] blocked by: [FORBIDDEN/4/index closed]"
    assert air.post("/air/_open").json()["acknowledged"] is True
    assert air.get("/air/_count").json()["count"] == 3


def test_several_searches_in_one_call_fail_one_by_one(http: httpx.Client) -> None:
    http.put("/many-a/_doc/1", json={"n": 1}).raise_for_status()
    http.put("/many-b/_doc/1", json={"n": 2}).raise_for_status()
    asked = [{"index": "many-a"}, {}, {"index": ["many-a", "many-b"]}, {"size": 0}, {"index": "many-none"}, {}]
    asked += [{}, {"query": {"nothing": {}}}]
    answer = http.post("/many-b/_msearch", content=lines(*asked), headers=NDJSON).json()
    one, two, none, wrong = answer["responses"]
    assert [hit["_source"]["n"] for hit in one["hits"]["hits"]] == [1]
    assert (two["hits"]["total"]["value"], two["status"]) == (2, 200)
    assert (none["status"], none["error"]["type"]) == (404, "index_not_found_exception")
    assert (wrong["status"], wrong["error"]["type"]) == (400, "parsing_exception")
    assert http.post("/_msearch", content=lines({}), headers=NDJSON).status_code == 400


def test_a_path_may_end_with_a_slash_and_a_wrong_method_is_told(air: httpx.Client) -> None:
    assert air.get("/air/_count/").json()["count"] == 3
    assert air.put("/air/_doc/end%2F", json={"airline": "FFF"}).json()["_id"] == "end/"
    assert air.delete("/air/_doc/end%2F/").json()["_id"] == "end/"
    wrong = air.put("/air/_count")
    assert (wrong.status_code, wrong.json()["status"]) == (405, 405)
    assert wrong.json()["error"] == "Incorrect HTTP method for uri [/air/_count] and method [PUT], allowed: [GET, POST]"
    told = air.get("/air/_count", params={"format": "yaml"})
    assert (told.headers["content-type"], told.text.splitlines()[:2]) == ("application/yaml", ["---", "count: 3"])
    assert air.get("/air/_settings/index.number_of_r*").json()["air"]["settings"] == {"index": {"number_of_replicas": "0"}}


def test_aliases_are_asked_of_the_indices_that_are_named(http: httpx.Client) -> None:
    for index in ("narrow-a", "narrow-b"):
        http.put(f"/{index}", json={"aliases": {"narrow": {}}}).raise_for_status()
    assert http.get("/narrow-a/_alias/narrow").json() == {"narrow-a": {"aliases": {"narrow": {}}}}
    assert set(http.get("/_alias/narrow").json()) == {"narrow-a", "narrow-b"}
    assert http.head("/narrow-a/_alias/wide").status_code == 404
