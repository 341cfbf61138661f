"""The causes of a member's record are all that the member did in the bucket, the least likely first."""

import polars as pl

from barograph.results import schema
from barograph.results.causes import COLUMNS, MOST, are_several, wanted, with_causes


def records(*rows: tuple[int, str | None, str | None, float]) -> pl.DataFrame:
    """Records of (timestamp, member, by value, probability); what else they have is null."""
    given = [
        {
            "timestamp": time,
            "over_field_value": over,
            "by_field_value": by,
            "probability": p,
            "detector_index": 0,
            "function": "count",
        }
        for time, over, by, p in rows
    ]
    return schema.empty(schema.RECORDS).vstack(
        pl.DataFrame(given)
        .select(*(pl.col(one.name) if one.name in given[0] else pl.lit(None).alias(one.name) for one in schema.RECORDS))
        .cast(schema.empty(schema.RECORDS).schema)
    )


def causes(frame: pl.DataFrame) -> list[list[str] | None]:
    return [None if told is None else [one["by_field_value"] for one in told] for told in frame["causes"].to_list()]


def test_all_records_of_a_member_in_a_bucket_are_causes_of_each() -> None:
    found = records(
        (0, "ann", "a", 1e-3), (0, "ann", "b", 1e-9), (0, "bob", "a", 1e-4), (900, "ann", "a", 1e-5), (0, None, "a", 1e-6)
    )
    assert causes(with_causes(found, found)) == [["b", "a"], ["b", "a"], ["a"], ["a"], None]
    assert causes(with_causes(found[:1], found)) == [["b", "a"]]
    assert are_several(found)
    assert not are_several(found[4:])


def test_the_least_likely_ten_are_told_and_what_is_likely_is_none() -> None:
    many = records(*((0, "ann", f"v{at}", 10.0 ** (at - 20)) for at in range(18)), (0, "bob", "a", 0.3), (0, "bob", "b", 0.4))
    told = causes(with_causes(many, many))
    assert told[0] == told[17] == [f"v{at}" for at in range(MOST)]
    assert told[18] == told[19] == ["a"]
    assert set(with_causes(many, many)["causes"][0].struct.fields) == set(COLUMNS)


def test_what_is_wanted_is_asked_a_few_buckets_and_members_at_once() -> None:
    found = records(
        *((at // 3, f"u{at % 3}", "a", 1e-3) for at in range(7)),
        (9, None, "a", 1e-3),
        (0, "u0", "b", 1e-3),
        (1, "u9", "a", 1e-3),
    )
    assert list(wanted(found, 2)) == [((0, 1), ("u0", "u1")), ((0, 1), ("u2", "u9")), ((2,), ("u0",))]
    assert list(wanted(found, 9)) == [((0, 1, 2), ("u0", "u1", "u2", "u9"))]
    assert list(wanted(found[7:8], 2)) == []
