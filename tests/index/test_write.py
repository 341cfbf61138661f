"""What is written is there, once, and in its order; what cannot be is told and leaves the rest alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from barograph.config.errors import BadRequest
from barograph.index.documents import Documents
from barograph.index.errors import BadDocument, BadMapping, IndexClosed, IndexExists, NoSuchIndex, VersionConflict
from barograph.index.write import Operation
from tests.index.making import NOW_MS, documents, found


def op(action: Any, document_id: str | None, source: object = None, index: str = "logs") -> Operation:
    return Operation(action, index, document_id, b"" if source is None else json.dumps(source).encode())


def source(of: Documents, document_id: str) -> Any:
    stored = of.get("logs", document_id)
    return None if stored is None else json.loads(stored.source)


def test_a_document_that_is_written_again_is_there_once_with_its_next_version() -> None:
    into = documents()
    outcomes = into.bulk([op("index", "a", {"n": 1}), op("index", "a", {"n": 2}), op("index", "a", {"n": 3})])
    assert [(o.result, o.version) for o in outcomes] == [("created", 1), ("updated", 2), ("updated", 3)]
    assert into.totals() == {"logs": 1}
    assert source(into, "a") == {"n": 3}
    assert found(into, {"term": {"n": 1}}) == []


def test_create_does_not_write_over_a_document() -> None:
    into = documents({"n": 1})
    outcomes = into.bulk([op("create", "0", {"n": 2}), op("create", "1", {"n": 3}), op("create", "1", {"n": 4})])
    assert [type(o.error) for o in outcomes] == [VersionConflict, type(None), VersionConflict]
    assert source(into, "0") == {"n": 1}
    assert source(into, "1") == {"n": 3}


def test_operations_count_as_done_one_after_the_other() -> None:
    into = documents()
    outcomes = into.bulk([op("index", "a", {"n": 1}), op("delete", "a"), op("delete", "a"), op("index", "a", {"n": 2})])
    assert [o.result for o in outcomes] == ["created", "deleted", "not_found", "created"]
    assert source(into, "a") == {"n": 2}


def test_no_number_is_given_twice_also_by_the_next_process(tmp_path: Path) -> None:
    numbers, path = [], tmp_path / "index.duckdb"

    def write(*operations: Operation) -> None:
        with Documents(path, lambda: NOW_MS) as into:
            numbers.extend(outcome.seq for outcome in into.bulk(operations))

    write(op("index", "a", {"n": 1}), op("index", "b", {"n": 2}), op("delete", "b"))
    write(op("index", "b", {"n": 3}))
    write(op("delete", "b"), op("delete", "none"))
    write(op("index", "b", {"n": 4}))
    with Documents(path, lambda: NOW_MS) as into:
        assert into.delete_matching("logs", {"match_all": {}}) == 2
    write(op("index", "c", {"n": 5}))
    assert numbers == list(range(8))
    with Documents(path, lambda: NOW_MS) as into:
        into.delete_indices("logs")
    write(op("index", "a", {"n": 6}))
    assert numbers[-1] == 0  # another index


def test_an_update_changes_the_fields_that_it_names() -> None:
    into = documents({"n": 1, "deep": {"a": 1, "b": 2}})
    outcomes = into.bulk(
        [
            op("update", "0", {"doc": {"deep": {"b": 3}}}),
            op("update", "0", {"doc": {"deep": {"b": 3}}}),
            op("update", "x", {"doc": {"n": 1}}),
            op("update", "y", {"doc": {"n": 7}, "doc_as_upsert": True}),
            op("update", "z", {"doc": {"n": 8}, "upsert": {"n": 9}}),
        ]
    )
    assert [o.result for o in outcomes] == ["updated", "noop", "not_found", "created", "created"]
    assert source(into, "0") == {"n": 1, "deep": {"a": 1, "b": 3}}
    assert [source(into, name) for name in ("x", "y", "z")] == [None, {"n": 7}, {"n": 9}]
    assert found(into, {"term": {"deep.b": 3}}) == ["0"]


def test_one_bad_document_leaves_the_others_alone_and_says_what_is_wrong() -> None:
    into = documents({"n": 1, "at": "2016-06-01T00:00:00Z"})
    outcomes = into.bulk(
        [
            op("index", "good", {"n": 2}),
            op("index", "bad", {"n": "two"}),
            op("index", "worse", {"at": "noon"}),
            op("index", "list", [1]),
        ]
    )
    assert outcomes[0].error is None
    assert str(outcomes[1].error) == "failed to parse field [n] of type [long]: wanted a whole number, found 'two'"
    assert "failed to parse field [at] of type [date]" in str(outcomes[2].error)
    assert isinstance(outcomes[3].error, BadDocument)
    assert into.totals() == {"logs": 2}


def test_ids_are_made_where_none_are_given_and_can_be_written_over() -> None:
    into = documents()
    names = [o.id for o in into.bulk([op("index", None, {"n": n}) for n in range(100)])]
    assert len(set(names)) == 100
    assert into.write(op("index", names[7], {"n": 1000})).result == "updated"
    assert into.totals() == {"logs": 100}


def test_whole_numbers_that_turn_out_to_be_any_numbers_lose_nothing() -> None:
    into = documents({"n": 1}, {"n": [2, 3]})
    into.write(op("index", "2", {"n": 3.5}))
    assert found(into, {"range": {"n": {"gt": 2.9}}}) == ["1", "2"]
    assert into.catalog.indices["logs"].mapping.fields["n"].type == "double"


def test_a_declared_type_is_kept_and_texts_are_read_as_it() -> None:
    into = documents(mappings={"properties": {"n": {"type": "integer"}, "ok": {"type": "boolean"}, "t": {"type": "date"}}})
    into.bulk(
        [op("index", "a", {"n": "42", "ok": "true", "t": "1464793200000"}), op("index", "b", {"n": 7.9, "t": "2016-06-01"})]
    )
    assert found(into, {"term": {"n": 42}}) == ["a"]
    assert found(into, {"term": {"n": 7}}) == ["b"]
    assert found(into, {"term": {"ok": True}}) == ["a"]
    assert found(into, {"term": {"t": NOW_MS}}) == ["a"]


def test_a_field_keeps_its_type() -> None:
    into = documents(mappings={"properties": {"n": {"type": "long"}}})
    with pytest.raises(BadMapping, match=r"mapper \[n\] cannot be changed from type \[long\] to \[keyword\]"):
        into.put_mapping("logs", {"properties": {"n": {"type": "keyword"}}})
    with pytest.raises(BadMapping, match="No handler for type"):
        into.put_mapping("logs", {"properties": {"v": {"type": "dense_vector"}}})


def test_strict_and_false_mappings_take_no_new_fields() -> None:
    into = Documents(None, lambda: NOW_MS)
    into.create_index("strict", {"mappings": {"dynamic": "strict", "properties": {"a": {"type": "long"}}}})
    into.create_index("kept", {"mappings": {"dynamic": False}})
    assert into.bulk([op("index", "1", {"a": 1, "b": 2}, "strict")])[0].error is not None
    into.write(op("index", "1", {"b": 2}, "kept"))
    assert into.search("kept", {}).hits[0]["_source"] == {"b": 2}
    assert into.catalog.indices["kept"].mapping.fields == {}


def test_names_aliases_wildcards_and_closed_indices() -> None:
    into = documents({"job": "a"}, {"job": "b"})
    into.create_index(".hidden", {})
    into.change_aliases([("add", "logs", "only-a", {"filter": {"term": {"job.keyword": "a"}}}), ("add", "logs", "all", {})])
    assert into.search("only-a", {}).total == 1
    assert into.search("only-a,logs", {}).total == 2
    assert into.search("al*", {}).total == 2
    assert into.write(Operation("index", "only-a", "new", b"{}")).index == "logs"
    assert into.catalog.names("*") == ["logs"]
    assert into.catalog.names(".*") == [".hidden"]
    with pytest.raises(IndexExists):
        into.create_index("logs", {})
    with pytest.raises(BadRequest):
        into.create_index("Upper", {})
    with pytest.raises(NoSuchIndex):
        into.search("missing", {})
    assert into.search("missing*", {}).total == 0
    into.set_open("logs", is_open=False)
    with pytest.raises(IndexClosed):
        into.search("logs", {})
    assert into.delete_indices("logs") == ["logs"]
    assert not into.catalog.aliases


def test_all_of_it_is_there_when_it_is_opened_again(tmp_path: Any) -> None:
    path = tmp_path / "index.duckdb"
    with Documents(path, lambda: NOW_MS) as into:
        into.create_index(
            "logs", {"mappings": {"properties": {"host": {"type": "keyword"}}}, "settings": {"number_of_shards": 1}}
        )
        into.change_aliases([("add", "logs", "all", {})])
        into.bulk([op("index", "a", {"host": ["x", "y"], "n": 1}), op("index", "b", {"host": "z"})])
    with Documents(path, lambda: NOW_MS) as into:
        assert found(into, {"term": {"host": "y"}}, "all") == ["a"]
        assert into.write(op("index", "a", {"n": 2})).version == 2
        assert into.totals() == {"logs": 2}
        assert into.catalog.indices["logs"].settings == {"index.number_of_shards": 1}
