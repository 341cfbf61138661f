"""Pages put together are the whole, each hit once, whatever is written meanwhile."""

import re
from typing import Any

import pytest

from barograph.index.documents import Documents
from barograph.index.errors import BadQuery, NoSuchContext
from barograph.index.write import Operation
from tests.index.making import documents, put

ROWS = [{"n": at * 7 % 10, "host": f"h{at}"} if at % 5 else {"host": f"h{at}"} for at in range(57)]


def scrolled(into: Documents, body: dict[str, Any]) -> list[str]:
    name, page = into.start_scroll("logs", body, "1m")
    ids: list[str] = []
    while page.hits:
        ids += [hit["_id"] for hit in page.hits]
        put(into, [{"n": 5}] * 3, "other")
        into.bulk([Operation("index", "logs", None, b'{"n":5}')])
        page = into.scroll(name)
    return ids


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("missing", ["_last", "_first"])
def test_a_scroll_gives_each_hit_once_in_its_order(way: str, missing: str) -> None:
    with documents(*ROWS) as into:
        rank = {"_last": 1, "_first": -1}[missing]
        sign = 1 if way == "asc" else -1
        ids = scrolled(into, {"size": 10, "sort": [{"n": {"order": way, "missing": missing}}]})
        keyed = [(rank, 0, at) if "n" not in row else (0, sign * row["n"], at) for at, row in enumerate(ROWS)]
        assert ids == [str(at) for _, _, at in sorted(keyed)]


def test_a_scroll_without_a_sort_goes_as_documents_were_written() -> None:
    with documents(*ROWS) as into:
        assert scrolled(into, {"size": 10, "query": {"exists": {"field": "n"}}}) == [str(at) for at in range(57) if at % 5]


def test_search_after_in_a_point_in_time_gives_each_hit_once() -> None:
    with documents(*ROWS) as into:
        pit = into.open_view("logs", "1m")
        ids: list[str] = []
        after: dict[str, Any] = {}
        while True:
            page = into.search("", {"size": 10, "pit": {"id": pit}, "sort": [{"n": "desc"}], **after})
            if not page.hits:
                break
            ids += [hit["_id"] for hit in page.hits]
            after = {"search_after": page.hits[-1]["sort"]}
            into.bulk([Operation("index", "logs", None, b'{"n":5}')])
        assert sorted(map(int, ids)) == list(range(57))
        assert into.end_views([pit]) == 1
        with pytest.raises(NoSuchContext):
            into.search("", {"pit": {"id": pit}})


def test_from_and_size_reach_ten_thousand_hits_and_say_how_to_go_on() -> None:
    with documents(*ROWS) as into:
        page = into.search("logs", {"from": 50, "size": 10, "sort": ["host.keyword"]})
        assert (len(page.hits), page.total) == (7, 57)
        with pytest.raises(BadQuery, match=re.escape("must be less than or equal to: [10000] but was [10001]")):
            into.search("logs", {"from": 1, "size": 10_000})


def test_a_view_ends_when_its_time_is_over() -> None:
    now = [1_000]
    with Documents(None, lambda: now[0]) as into:
        into.create_index("logs", {})
        name, _ = into.start_scroll("logs", {}, "1m")
        now[0] += 59_000
        into.scroll(name)
        now[0] += 59_000
        into.scroll(name)
        now[0] += 61_000
        with pytest.raises(NoSuchContext):
            into.scroll(name)


def test_a_hit_has_the_parts_that_are_asked_for() -> None:
    source = {"a": {"b": 1, "c": 2}, "t": "2016-06-01T00:00:00Z", "list": [{"x": 1, "y": 2}]}
    with documents(source) as into:

        def hit(**body: Any) -> Any:
            return into.search("logs", body).hits[0]

        assert hit(_source=["a.b"])["_source"] == {"a": {"b": 1}}
        assert hit(_source={"excludes": ["a.*", "list.x"]})["_source"] == {"a": {}, "t": source["t"], "list": [{"y": 2}]}
        assert "_source" not in hit(_source=False)
        fields = hit(fields=[{"field": "t", "format": "epoch_millis"}, "list.*"], _source=False)["fields"]
        assert fields == {"t": ["1464739200000"], "list.x": [1], "list.y": [2]}
        assert hit(version=True, seq_no_primary_term=True)["_version"] == 1
