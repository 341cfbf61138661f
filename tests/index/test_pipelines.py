"""Aggregations over buckets are what one would compute from the buckets by hand."""

from typing import Any

import pytest

from barograph.index.errors import BadQuery
from tests.index.making import documents

HOUR_MS = 3_600_000
VALUES = [[1.0], [4.0, 6.0], [], [2.0], [10.0]]
"""Of each hour: an hour is empty."""
ROWS = [{"t": hour * HOUR_MS, "v": value} for hour, values in enumerate(VALUES) for value in values]
MAPPINGS = {"properties": {"t": {"type": "date"}, "v": {"type": "double"}}}
MEAN = {"mean": {"avg": {"field": "v"}}}


def hours(**inside: Any) -> list[dict[str, Any]]:
    histogram = {"date_histogram": {"field": "t", "fixed_interval": "1h"}, "aggs": {**MEAN, **inside}}
    with documents(*ROWS, mappings=MAPPINGS) as index:
        buckets: list[dict[str, Any]] = index.search("logs", {"size": 0, "aggs": {"hours": histogram}}).aggregations["hours"][
            "buckets"
        ]
        return buckets


def values(name: str, **inside: Any) -> list[float | None]:
    return [bucket[name]["value"] if name in bucket else None for bucket in hours(**inside)]


@pytest.mark.parametrize(
    ("kind", "asked", "wanted"),
    [
        ("derivative", {"buckets_path": "mean"}, [None, 4.0, None, None, 8.0]),
        ("derivative", {"buckets_path": "mean", "gap_policy": "insert_zeros"}, [None, 4.0, -5.0, 2.0, 8.0]),
        ("derivative", {"buckets_path": "_count"}, [None, 1.0, -2.0, 1.0, 0.0]),
        ("serial_diff", {"buckets_path": "mean", "lag": 3}, [None, None, None, 1.0, 5.0]),
        ("cumulative_sum", {"buckets_path": "mean"}, [1.0, 6.0, 6.0, 8.0, 18.0]),
        (
            "bucket_script",
            {"buckets_path": {"m": "mean", "n": "_count"}, "script": "params.m / params.n * 100d"},
            [100.0, 250.0, None, 200.0, 1000.0],
        ),
        (
            "bucket_script",
            {"buckets_path": {"m": "mean"}, "script": {"source": "return -(params.m - params.k1d);", "params": {"k1d": 1}}},
            [0.0, -4.0, None, -1.0, -9.0],
        ),
        ("bucket_script", {"buckets_path": {"m": "mean"}, "script": "1 / (params.m - 5)"}, [-0.25, None, None, -1 / 3, 0.2]),
    ],
)
def test_what_follows_from_the_buckets_is_computed_by_hand(kind: str, asked: dict[str, Any], wanted: list[Any]) -> None:
    assert values("made", made={kind: asked}) == wanted


def test_one_may_read_another_whatever_their_order() -> None:
    second = {"derivative": {"buckets_path": "first"}}
    assert values("second", second=second, first={"cumulative_sum": {"buckets_path": "mean"}}) == [None, 5.0, 0.0, 2.0, 10.0]


def test_parts_of_numbers_and_single_buckets_can_be_read() -> None:
    stats = {"stats": {"field": "v"}}
    few = {"filter": {"range": {"v": {"lt": 5}}}, "aggs": {"most": {"max": {"field": "v"}}}}
    found = values(
        "made",
        s=stats,
        few=few,
        made={"bucket_script": {"buckets_path": {"a": "s.max", "b": "few>most"}, "script": "params.a - params.b"}},
    )
    assert found == [0.0, 2.0, None, 0.0, None]


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ({"d": {"derivative": {"buckets_path": "mean", "unit": "day"}}}, "unknown field [unit]"),
        ({"d": {"derivative": {}}}, "buckets_path=None: wanted the name"),
        ({"d": {"derivative": {"buckets_path": "d"}}}, "wanted none that reads itself"),
        (
            {"d": {"bucket_script": {"buckets_path": {"m": "mean"}, "script": "__import__('os')"}}},
            "wanted numbers, params.NAME",
        ),
        ({"d": {"bucket_script": {"buckets_path": {"m": "mean"}, "script": "params.x"}}}, "wanted numbers, params.NAME"),
        ({"d": {"bucket_script": {"buckets_path": {"m": "mean"}, "script": "(" * 5000 + "1"}}}, "wanted numbers, params.NAME"),
        ({"d": {"moving_fn": {"buckets_path": "mean"}}}, "Unknown aggregation type [moving_fn]"),
    ],
)
def test_what_cannot_be_computed_is_refused(inside: dict[str, Any], says: str) -> None:
    with pytest.raises(BadQuery) as refused:
        hours(**inside)
    assert says in str(refused.value)


def test_one_that_lies_in_no_buckets_is_refused() -> None:
    with documents(*ROWS, mappings=MAPPINGS) as index, pytest.raises(BadQuery, match="wanted one within a histogram"):
        index.search("logs", {"size": 0, "aggs": {**MEAN, "d": {"derivative": {"buckets_path": "mean"}}}})
