"""Buckets and numbers are those that one would count by hand."""

import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from barograph.index.errors import BadQuery
from tests.index.making import documents

START = datetime(2016, 6, 1, tzinfo=UTC)
MAPPINGS = {"properties": {"host": {"type": "keyword"}, "t": {"type": "date"}}}


def made(count: int = 500) -> list[dict[str, Any]]:
    rng = random.Random(7)
    return [
        {
            "t": (START + timedelta(minutes=rng.randrange(3 * 24 * 60))).isoformat(),
            "host": f"h{min(rng.randrange(8), rng.randrange(8))}",
            "ms": rng.randrange(1000) / 10,
            "tags": rng.sample(["a", "b", "c"], rng.randrange(1, 4)),
        }
        for _ in range(count)
    ]


ROWS = made()


def ms(row: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(row["t"]).timestamp() * 1000)


def answer(aggs: dict[str, Any], query: dict[str, Any] | None = None) -> Any:
    with documents(*ROWS, mappings=MAPPINGS) as into:
        return into.search("logs", {"size": 0, "aggs": aggs} | ({"query": query} if query else {})).aggregations


def test_a_tree_of_terms_and_hours_with_numbers_in_each() -> None:
    aggs = {
        "hosts": {
            "terms": {"field": "host", "size": 3},
            "aggs": {
                "hours": {
                    "date_histogram": {"field": "t", "fixed_interval": "12h"},
                    "aggs": {"sum": {"sum": {"field": "ms"}}, "last": {"max": {"field": "t"}}},
                }
            },
        }
    }
    counts: dict[str, int] = defaultdict(int)
    cells: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in ROWS:
        counts[row["host"]] += 1
        cells[row["host"], ms(row) // 43_200_000 * 43_200_000].append(row)
    top = sorted(counts, key=lambda host: (-counts[host], host))[:3]
    got = answer(aggs)["hosts"]
    assert [(b["key"], b["doc_count"]) for b in got["buckets"]] == [(host, counts[host]) for host in top]
    assert got["sum_other_doc_count"] == len(ROWS) - sum(counts[host] for host in top)
    for bucket in got["buckets"]:
        for hour in bucket["hours"]["buckets"]:
            rows = cells[bucket["key"], hour["key"]]
            assert hour["doc_count"] == len(rows)
            assert hour["sum"]["value"] == pytest.approx(sum(row["ms"] for row in rows))
            assert hour["last"]["value"] == max(map(ms, rows))


def test_composite_pages_are_the_whole() -> None:
    sources = [
        {"t": {"date_histogram": {"field": "t", "fixed_interval": "6h"}}},
        {"host": {"terms": {"field": "host", "order": "desc"}}},
    ]
    expected: dict[tuple[int, str], int] = defaultdict(int)
    for row in ROWS:
        expected[ms(row) // 21_600_000 * 21_600_000, row["host"]] += 1
    got: list[tuple[int, str, int]] = []
    after: dict[str, Any] = {}
    with documents(*ROWS, mappings=MAPPINGS) as into:
        while True:
            body = {"size": 0, "aggs": {"c": {"composite": {"sources": sources, "size": 7, **after}}}}
            page = (into.search("logs", body).aggregations or {})["c"]
            if not page["buckets"]:
                break
            got += [(b["key"]["t"], b["key"]["host"], b["doc_count"]) for b in page["buckets"]]
            after = {"after": page["after_key"]}
    assert got == [(*key, expected[key]) for key in sorted(expected, key=lambda k: (k[0], -int(k[1][1:])))]


def test_a_document_counts_in_each_of_its_values() -> None:
    got = answer({"tags": {"terms": {"field": "tags.keyword"}, "aggs": {"ms": {"sum": {"field": "ms"}}}}})["tags"]["buckets"]
    for bucket in got:
        rows = [row for row in ROWS if bucket["key"] in row["tags"]]
        assert bucket["doc_count"] == len(rows)
        assert bucket["ms"]["value"] == pytest.approx(sum(row["ms"] for row in rows))


def test_terms_are_sorted_as_asked() -> None:
    def keys(order: Any) -> list[str]:
        aggs = {"h": {"terms": {"field": "host", "order": order}, "aggs": {"m": {"avg": {"field": "ms"}}}}}
        return [bucket["key"] for bucket in answer(aggs)["h"]["buckets"]]

    means = {host: [row["ms"] for row in ROWS if row["host"] == host] for host in {row["host"] for row in ROWS}}
    assert keys({"_key": "desc"}) == sorted(means, reverse=True)
    assert keys({"m": "asc"}) == sorted(means, key=lambda host: sum(means[host]) / len(means[host]))
    assert keys([{"_count": "asc"}, {"_key": "asc"}]) == sorted(means, key=lambda host: (len(means[host]), host))


def test_empty_buckets_between_others_are_shown_and_those_around_when_asked_for() -> None:
    rows = [{"t": "2016-06-01T00:10:00Z"}, {"t": "2016-06-01T03:10:00Z"}]
    with documents(*rows, mappings=MAPPINGS) as into:

        def counts(**more: Any) -> list[int]:
            aggs = {"h": {"date_histogram": {"field": "t", "fixed_interval": "1h", **more}}}
            return [b["doc_count"] for b in (into.search("logs", {"size": 0, "aggs": aggs}).aggregations or {})["h"]["buckets"]]

        assert counts() == [1, 0, 0, 1]
        assert counts(min_doc_count=1) == [1, 1]
        assert counts(extended_bounds={"min": "2016-05-31T22:00:00Z"}) == [0, 0, 1, 0, 0, 1]
        with pytest.raises(BadQuery, match="too many buckets"):
            counts(extended_bounds={"min": "1970-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("step", "keys"),
    [
        ({"calendar_interval": "week"}, ["2016-05-23T00:00", "2016-05-30T00:00", "2016-06-06T00:00"]),
        (
            {"calendar_interval": "week", "time_zone": "Europe/Berlin"},
            ["2016-05-23T00:00+02", "2016-05-30T00:00+02", "2016-06-06T00:00+02"],
        ),
        ({"calendar_interval": "month"}, ["2016-05-01T00:00", "2016-06-01T00:00"]),
        (
            {"fixed_interval": "7d", "offset": "+1h"},
            ["2016-05-19T01:00", "2016-05-26T01:00", "2016-06-02T01:00", "2016-06-09T01:00"],
        ),
    ],
)
def test_bounds_widen_a_histogram_by_whole_buckets(step: dict[str, Any], keys: list[str]) -> None:
    bounds = {"min": "2016-05-25T13:30:00Z", "max": "2016-06-09T08:15:00Z"}
    aggs = {"h": {"date_histogram": {"field": "t", **step, "extended_bounds": bounds}}}
    with documents({"t": "2016-06-01T12:00:00Z"}, mappings=MAPPINGS) as into:
        buckets = (into.search("logs", {"size": 0, "aggs": aggs}).aggregations or {})["h"]["buckets"]
    shown = [f"{key[:16]}:00.000{'+02:00' if key.endswith('+02') else 'Z'}" for key in keys]
    assert [bucket["key_as_string"] for bucket in buckets] == shown
    assert sum(bucket["doc_count"] for bucket in buckets) == 1


def test_months_and_days_begin_in_their_zone() -> None:
    rows = [{"t": "2016-03-31T21:59:59Z"}, {"t": "2016-03-31T22:00:00Z"}, {"t": "2016-05-01T00:00:00Z"}]
    with documents(*rows, mappings=MAPPINGS) as into:
        body = {
            "size": 0,
            "aggs": {"m": {"date_histogram": {"field": "t", "calendar_interval": "month", "time_zone": "Europe/Berlin"}}},
        }
        buckets = (into.search("logs", body).aggregations or {})["m"]["buckets"]
    assert [(b["key_as_string"], b["doc_count"]) for b in buckets] == [
        ("2016-03-01T00:00:00.000+01:00", 1),
        ("2016-04-01T00:00:00.000+02:00", 1),
        ("2016-05-01T00:00:00.000+02:00", 1),
    ]


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"calendar_interval": "day", "time_zone": "+05:30"}, ["27 00:00+05:30", "28 00:00+05:30", "29 00:00+05:30"]),
        ({"fixed_interval": "1d", "time_zone": "-01:00"}, ["26 00:00-01:00", "27 00:00-01:00", "28 00:00-01:00"]),
        ({"calendar_interval": "day", "time_zone": "Europe/Berlin"}, ["27 00:00+01:00", "28 00:00+02:00"]),
    ],
)
def test_days_begin_at_an_offset_and_when_clocks_change(asked: dict[str, Any], keys: list[str]) -> None:
    rows = [{"t": "2016-03-26T23:30:00Z"}, {"t": "2016-03-28T20:00:00Z"}]
    days = {"date_histogram": {"field": "t", **asked, "format": "yyyy-MM-dd HH:mmX"}}
    with documents(*rows, mappings=MAPPINGS) as into:
        found = into.search("logs", {"size": 0, "aggs": {"days": days}}).aggregations or {}
        assert [bucket["key_as_string"] for bucket in found["days"]["buckets"]] == [f"2016-03-{key}" for key in keys]
        pages: dict[str, Any] = {"composite": {"size": 1, "sources": [{"day": days}]}}
        first = (into.search("logs", {"size": 0, "aggs": {"p": pages}}).aggregations or {})["p"]
        assert first["after_key"] == {"day": f"2016-03-{keys[0]}"}
        pages["composite"]["after"] = first["after_key"]
        second = (into.search("logs", {"size": 0, "aggs": {"p": pages}}).aggregations or {})["p"]
        assert [bucket["key"]["day"] for bucket in second["buckets"]] == [f"2016-03-{keys[-1]}"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "+05:30"])
def test_spans_follow_each_other_whenever_clocks_change(zone: str) -> None:
    """A document every twenty minutes for a year: no bucket is empty, and each document is in the last that has begun."""
    rows = [{"t": at} for at in range(1_700_000_400_000, 1_732_000_000_000, 1_200_000)]
    steps = [{"fixed_interval": length} for length in ("30m", "1h", "5h", "12h", "1d", "5d")]
    steps += [{"calendar_interval": unit} for unit in ("hour", "day", "week", "month", "quarter")]
    steps += [{"calendar_interval": "day", "offset": "+6h"}, {"fixed_interval": "12h", "offset": "-1h"}]
    asked = {str(at): {"date_histogram": {"field": "t", "time_zone": zone, **step}} for at, step in enumerate(steps)}
    with documents(*rows, mappings=MAPPINGS) as into:
        found = into.search("logs", {"size": 0, "aggs": asked}).aggregations or {}
    for at, step in enumerate(steps):
        keys = [bucket["key"] for bucket in found[str(at)]["buckets"]]
        counts = [bucket["doc_count"] for bucket in found[str(at)]["buckets"]]
        assert min(counts) > 0, (step, keys[counts.index(0)])
        if zone not in ("America/Havana", "Australia/Lord_Howe"):  # where days, and halves of hours, begin twice
            edges = np.searchsorted([row["t"] for row in rows], [*keys[1:], rows[-1]["t"] + 1])
            assert np.diff(edges, prepend=0).tolist() == counts, step


@pytest.mark.parametrize("form", ["epoch_millis", "epoch_second||epoch_millis", "yyyy-MM", "strict_date_optional_time"])
def test_times_of_buckets_are_written_in_their_format(form: str) -> None:
    wanted = {"e": "1456790400000", "y": "2016-03", "s": "2016-03-01T00:00:00.000Z"}[form[0]]
    months = {"date_histogram": {"field": "t", "calendar_interval": "month", "format": form}}
    with documents({"t": "2016-03-26T23:30:00Z"}, mappings=MAPPINGS) as into:
        found = into.search("logs", {"size": 0, "aggs": {"m": months}}).aggregations or {}
    assert found["m"]["buckets"][0]["key_as_string"] == (wanted[:-3] if "second" in form else wanted)


def test_single_buckets_and_numbers() -> None:
    aggs = {
        "few": {"filter": {"range": {"ms": {"lt": 10}}}, "aggs": {"hosts": {"cardinality": {"field": "host"}}}},
        "both": {"filters": {"filters": {"low": {"range": {"ms": {"lt": 50}}}}, "other_bucket_key": "high"}},
        "none": {"missing": {"field": "nothing"}},
        "stats": {"stats": {"field": "ms"}},
        "more": {"extended_stats": {"field": "ms"}},
        "parts": {"range": {"field": "ms", "ranges": [{"to": 50}, {"from": 50}]}},
        "by": {"histogram": {"field": "ms", "interval": 25}},
        "nothing": {"avg": {"field": "nothing"}},
        "p": {"percentiles": {"field": "ms", "percents": [50]}},
        "all": {"sampler": {"shard_size": 10}, "aggs": {"n": {"value_count": {"field": "_index"}}}},
        "weighted": {"weighted_avg": {"value": {"field": "ms"}, "weight": {"field": "ms"}}},
        "by_nothing": {"weighted_avg": {"value": {"field": "ms"}, "weight": {"field": "nothing"}}},
        "by_one": {"weighted_avg": {"value": {"field": "ms"}, "weight": {"field": "nothing", "missing": 1}}},
        "hosts": {
            "terms": {"field": "host", "order": {"mean": "desc"}},
            "aggs": {"mean": {"weighted_avg": {"value": {"field": "ms"}, "weight": {"field": "ms"}}}},
        },
    }
    got, values = answer(aggs), [row["ms"] for row in ROWS]
    few = [row for row in ROWS if row["ms"] < 10]
    low = sum(value < 50 for value in values)
    mean = sum(values) / len(values)
    assert got["few"] == {"doc_count": len(few), "hosts": {"value": len({row["host"] for row in few})}}
    assert [got["both"]["buckets"][name]["doc_count"] for name in ("low", "high")] == [low, len(values) - low]
    assert got["none"] == {"doc_count": len(values)}
    assert got["stats"] == pytest.approx(
        {"count": 500, "min": min(values), "max": max(values), "avg": mean, "sum": sum(values)}
    )
    assert got["more"]["variance"] == pytest.approx(sum((v - mean) ** 2 for v in values) / len(values))
    assert [part["doc_count"] for part in got["parts"]["buckets"]] == [low, len(values) - low]
    assert [(b["key"], b["doc_count"]) for b in got["by"]["buckets"]] == [
        (float(k), sum(k <= v < k + 25 for v in values)) for k in (0, 25, 50, 75)
    ]
    assert got["nothing"] == {"value": None}
    assert min(values) < got["p"]["values"]["50.0"] < max(values)
    assert got["all"] == {"doc_count": len(values), "n": {"value": len(values)}}
    assert got["weighted"]["value"] == pytest.approx(sum(v * v for v in values) / sum(values))
    assert (got["by_nothing"]["value"], got["by_one"]["value"]) == (None, pytest.approx(mean))
    means = [bucket["mean"]["value"] for bucket in got["hosts"]["buckets"]]
    assert means == sorted(means, reverse=True)
    all_of_all = {"all": {"global": {}, "aggs": {"n": {"terms": {"field": "_index"}}}}}
    whole = answer(all_of_all, {"range": {"ms": {"lt": 10}}})["all"]
    assert (whole["doc_count"], whole["n"]["buckets"]) == (len(values), [{"key": "logs", "doc_count": len(values)}])


@pytest.mark.parametrize(
    ("aggs", "told"),
    [
        ({"a": {"moving_fn": {"buckets_path": "b"}}}, "Unknown aggregation type [moving_fn] of [a]"),
        ({"a": {"children": {"type": "b"}}}, "Aggregation type [children] of [a] is not answered here: wanted a field of the"),
        (
            {"a": {"filter": {"match_all": {}}, "aggs": {"b": {"global": {}}}}},
            "wanted a [global] one inside no",
        ),
        ({"a": {"weighted_avg": {"value": {"field": "ms"}}}}, "[weighted_avg] aggregation [a.weight]=None"),
        ({"a": {"sum": {"field": "host"}}}, "Field [host] of type [keyword] is not supported for aggregation [sum]"),
        ({"a": {"terms": {"field": "host", "size": 0}}}, "[size] of aggregation [a]=0"),
        ({"a": {"date_histogram": {"field": "t", "fixed_interval": "1w"}}}, "interval of aggregation [a]='1w'"),
        (
            {"a": {"date_histogram": {"field": "t", "fixed_interval": "1h", "time_zone": "posix/Europe/Berlin"}}},
            "[time_zone]='posix/Europe/Berlin'",
        ),
        (
            {"a": {"date_histogram": {"field": "t", "fixed_interval": "1h", "time_zone": "Nowhere/At all"}}},
            "[time_zone]='Nowhere/A",
        ),
        ({"a": {"date_histogram": {"field": "t", "calendar_interval": "2d"}}}, "[calendar_interval] of aggregation [a]='2d'"),
        (
            {"a": {"date_histogram": {"field": "t", "interval": "1d", "fixed_interval": "1d"}}},
            "wanted one of fixed_interval and",
        ),
        ({"a": {"date_histogram": {"field": "t", "interval": "1d", "order": {"m": "asc"}}}}, "wanted _key or _count"),
        ({"a": {"date_histogram": {"field": "t", "calendar_interval": [1]}}}, "[calendar_interval] of aggregation [a]=[1]"),
        ({"a": {"stats": {"field": "ms"}, "aggs": "more"}}, "[aggs]='more': wanted an object"),
        ({"a": {"range": {"field": "ms", "ranges": [{"from": "few"}]}}}, "[from] of aggregation [range]='few'"),
        ({"a": {"terms": {"field": "host", "colour": 1}}}, "unknown field [colour]"),
        ({"a": {}}, "wanted one type in it, found 0"),
        ({"a": {"terms": {"field": "host", "order": {"b": "asc"}}}}, "Invalid aggregation order path [b]"),
    ],
)
def test_what_cannot_be_computed_is_told(aggs: dict[str, Any], told: str) -> None:
    with pytest.raises(BadQuery, match=re.escape(told)):
        answer(aggs)


def test_the_worst_document_of_each_bucket_is_shown() -> None:
    top = {"top_hits": {"size": 1, "sort": [{"ms": "desc"}], "_source": {"include": ["ms", "host"]}}}
    aggs = {"hosts": {"terms": {"field": "host", "size": 20}, "aggs": {"worst": top}}, "all": {"top_hits": {"size": 2}}}
    found = answer(aggs)
    for bucket in found["hosts"]["buckets"]:
        most = max(row["ms"] for row in ROWS if row["host"] == bucket["key"])
        hits = bucket["worst"]["hits"]
        assert hits["total"]["value"] == bucket["doc_count"]
        assert [hit["_source"] for hit in hits["hits"]] == [{"ms": most, "host": bucket["key"]}]
        assert hits["hits"][0]["sort"] == [most]
    assert [hit["_id"] for hit in found["all"]["hits"]["hits"]] == ["0", "1"]


def test_buckets_are_sorted_by_what_lies_in_them() -> None:
    inside = {"all": {"reverse_nested": {}, "aggs": {"most": {"max": {"field": "ms"}}}}}
    late = {"filter": {"range": {"t": {"gte": "2016-06-03"}}}}
    sort = {"bucket_sort": {"sort": [{"all.most": {"order": "desc"}}], "size": 3}}
    aggs = {
        "sorted": {"terms": {"field": "host", "size": 20}, "aggs": {**inside, "sort": sort}},
        "ordered": {"terms": {"field": "host", "size": 3, "order": {"all>most": "desc"}}, "aggs": inside},
        "counted": {"terms": {"field": "host", "size": 2, "order": {"late": "desc"}}, "aggs": {"late": late}},
    }
    found = answer(aggs)
    most = {host: max(row["ms"] for row in ROWS if row["host"] == host) for host in {row["host"] for row in ROWS}}
    expected = sorted(most.values(), reverse=True)[:3]
    for name in ("sorted", "ordered"):
        assert [bucket["all"]["most"]["value"] for bucket in found[name]["buckets"]] == expected
    counts = defaultdict(int)
    for row in ROWS:
        counts[row["host"]] += row["t"] >= "2016-06-03"
    assert [b["late"]["doc_count"] for b in found["counted"]["buckets"]] == sorted(counts.values(), reverse=True)[:2]
    assert found["counted"]["sum_other_doc_count"] == len(ROWS) - sum(b["doc_count"] for b in found["counted"]["buckets"])
    with pytest.raises(BadQuery, match="Invalid aggregation order path"):
        answer({"hosts": {"terms": {"field": "host", "order": {"nothing": "desc"}}}})


def test_ranges_are_told_as_numbers_and_times_as_text_too() -> None:
    days = {"field": "t", "time_zone": "+02:00", "format": "yyyy-MM-dd"}
    aggs: dict[str, Any] = {
        "ms": {"range": {"field": "ms", "ranges": [{"to": 5}, {"from": 5, "to": 7.5, "key": "some"}], "keyed": True}},
        "days": {"date_range": {**days, "ranges": [{"from": "2016-03-27", "to": "2016-03-28"}]}},
        "last": {"max": {"field": "t", "format": "yyyy-MM-dd"}},
        "by": {"date_histogram": {"field": "t", "calendar_interval": "day", "min_doc_count": 1, "order": {"_count": "desc"}}},
        "spans": {"histogram": {"field": "t", "interval": 86_400_000}},
    }
    times = ("2016-03-26T23:30:00Z", "2016-03-28T20:00:00Z", "2016-03-28T21:00:00Z")
    with documents(*({"t": time, "ms": at} for at, time in enumerate(times, 4)), mappings=MAPPINGS) as into:
        got = into.search("logs", {"size": 0, "aggs": aggs}).aggregations or {}
    assert got["ms"]["buckets"] == {"*-5.0": {"to": 5.0, "doc_count": 1}, "some": {"from": 5.0, "to": 7.5, "doc_count": 2}}
    ends = {"from": 1459029600000.0, "from_as_string": "2016-03-27", "to": 1459116000000.0, "to_as_string": "2016-03-28"}
    assert got["days"]["buckets"] == [{"key": "2016-03-27-2016-03-28", **ends, "doc_count": 1}]
    assert got["last"]["value_as_string"] == "2016-03-28"
    assert [bucket["doc_count"] for bucket in got["by"]["buckets"]] == [2, 1]
    assert [type(bucket["key"]) for bucket in got["spans"]["buckets"]] == [int, int, int]
