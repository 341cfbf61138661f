"""Which records are one incident, against a slow, obvious definition, and as laws."""

import time
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import poisson

from barograph.results import schema
from barograph.scoring.incidents import incidents

SPAN_MS = 300_000


def record(bucket: int, host: str | None, score: float = 80.0, region: str | None = None, **other: object) -> dict:
    blamed = other.pop("user", None)
    influencers = (
        [{"influencer_field_name": "user", "influencer_field_values": [blamed], "influences": [1.0]}] if blamed else []
    )
    return {
        "timestamp": bucket * SPAN_MS,
        "detector_index": 0,
        "function": "mean",
        "function_description": "mean",
        "field_name": "ms",
        "partition_field_name": "region" if region else None,
        "partition_field_value": region,
        "by_field_name": "host" if host else None,
        "by_field_value": host,
        "actual": 30.0,
        "typical": 10.0,
        "record_score": score,
        "log_probability": -score / 5,
        "influencers": influencers,
        **other,
    }


def frame(*records: dict) -> pl.DataFrame:
    names = [one.name for one in schema.RECORDS]
    rows = [{name: one.get(name) for name in names} for one in records]
    return pl.DataFrame(rows, schema=schema.polars_schema(schema.RECORDS))


def found(*records: dict, **given_: object) -> list[dict]:
    return incidents(frame(*records), SPAN_MS, **given_).rows(named=True)


def hosts(incident: dict) -> list[str]:
    return [one["by_field_value"] for one in incident["members"]]


def test_what_is_mildly_odd_hours_before_an_outage_is_no_cause_of_it() -> None:
    mild = [record(bucket, "mild", 30, "eu", actual=11.0) for bucket in range(1, 60)]
    out = [record(bucket, "out", 98, "eu") for bucket in range(59, 64)]
    (one,) = found(*mild, *out, record(62, "late", 90, "eu"))
    assert hosts(one) == ["out", "mild", "late"]


def test_an_incident_tells_when_how_bad_and_who_was_first() -> None:
    (one,) = found(
        record(11, "b", 90, "eu"), record(9, "a", 60, "eu"), record(12, "b", 70, "eu"), record(11, "c", 30, "eu", user="eve")
    )
    assert one["start"] == 9 * SPAN_MS
    assert one["peak_time"] == 11 * SPAN_MS
    assert one["end"] == 13 * SPAN_MS
    assert (one["score"], one["records"], one["series"]) == (90.0, 4, 3)
    assert hosts(one) == ["a", "b", "c"]
    first = one["members"][1]
    assert (first["onset"], first["end"], first["score"], first["records"]) == (11 * SPAN_MS, 13 * SPAN_MS, 90.0, 2)
    assert one["entities"] == [{"field_name": "region", "field_value": "eu", "members": 3}]
    assert one["summary"] == (
        "3 series (mean of ms), all with region=eu; a hint at the cause: region=eu host=a, mean of ms: 3x higher than usual"
    )
    assert one["is_whole"]


def test_an_incident_says_when_it_was_worst_and_how_far_from_the_normal_of_before() -> None:
    fading = [("log_probability", p) for p in (-30.0, -50.0, -40.0)]
    (one,) = found(
        *(record(10 + i, "a", 100.0, actual=10.0 * i, typical=100.0, **dict([p])) for i, p in enumerate(fading)),
        record(13, "a", 26.0, actual=99.0, typical=100.0),
        record(14, "a", 20.0, actual=99.0, typical=100.0),
    )
    member = one["members"][0]
    assert (one["start"], one["peak_time"], one["end"]) == (10 * SPAN_MS, 11 * SPAN_MS, 14 * SPAN_MS)
    assert (member["peak_time"], member["actual"], member["typical"]) == (11 * SPAN_MS, 10.0, 100.0)
    assert one["summary"] == "host=a, mean of ms: 10x lower than usual (10 instead of 100)"


def test_of_what_begins_at_once_the_first_is_who_has_most_of_what_changed_in_its_measure() -> None:
    """Latencies go further off than a share of calls that fail can; where all wait, who waits most is not who failed."""
    waiting = [record(11, f"h{i}", 95, "eu", actual=30.0 * (1 + i), log_probability=-300.0 + i) for i in range(3)]
    of_calls = {"detector_index": 1, "function_description": "low_mean", "field_name": "ok", "typical": 100.0}
    failing = record(11, "store", 60, "eu", actual=60.0, log_probability=-10.0, **of_calls)
    (one,) = found(*waiting, failing)
    assert hosts(one) == ["store", "h2", "h1", "h0"]
    assert "a hint at the cause: region=eu host=store, low_mean of ok" in one["summary"]
    (one,) = found(*waiting, failing, record(11, "h2", 60, "eu", actual=20.0, log_probability=-11.0, **of_calls))
    assert hosts(one) == ["h2", "h2", "h1", "h0", "store"]


@pytest.mark.parametrize("odd", [{"actual": 10.0}, {"actual": 0.0, "typical": 0.0}, {"actual": None, "typical": None}])
def test_what_is_odd_in_its_measure_alone_stands_by_its_score_whatever_it_changed_by(odd: dict) -> None:
    by_itself = record(11, "x", 60, "eu", **odd, detector_index=1)
    for score, is_first in ((59.0, True), (61.0, False)):
        (one,) = found(by_itself, record(11, "h", score, "eu", actual=1e9, detector_index=0))
        assert (hosts(one)[0] == "x") == is_first


def test_what_a_time_or_a_place_changed_by_is_how_far_it_moved() -> None:
    """Two minutes over midnight are less than an hour, though the numbers of seconds are far apart; so are two places."""
    ways = {"time_of_day": [(60.0, 86_340.0), (46_800.0, 43_200.0)], "lat_long": [(2.0**26, 2.0**27 - 1.0), (2.0**50, 2.0**51)]}
    for name, near_and_far in ways.items():
        near, far = ({"actual": actual, "typical": typical} for actual, typical in near_and_far)
        of_point = {"function": name, "function_description": name, "field_name": None}
        (one,) = found(record(10, "a", 80, "eu", **near, **of_point), record(10, "b", 80, "eu", **far, **of_point))
        assert hosts(one) == ["b", "a"]


@pytest.mark.parametrize(("before", "is_first"), [(1, False), (2, True)])
def test_who_begins_two_buckets_before_others_stands_first(before: int, is_first: bool) -> None:
    (one,) = found(record(20 - before, "early", 55, "eu"), record(20, "late", 95, "eu"))
    assert (hosts(one)[0] == "early") == is_first


def test_no_records_are_no_incidents() -> None:
    assert_frame_equal(incidents(frame(), SPAN_MS), schema.empty(schema.INCIDENTS))
    assert found(record(1, "a", 24.9)) == []


@pytest.mark.parametrize(("apart", "number"), [(1, 1), (12, 1), (13, 2)])
def test_twelve_quiet_buckets_end_an_episode(apart: int, number: int) -> None:
    assert len(found(record(10, "a"), record(10 + apart, "a"))) == number


def test_while_the_same_anomaly_goes_on_it_is_one_incident() -> None:
    assert len(found(record(10, "a"), record(73, "a", anomaly_length=64))) == 1
    assert len(found(record(10, "a"), record(73, "a", anomaly_length=63))) == 2


@pytest.mark.parametrize(("apart", "number"), [(0, 1), (1, 1), (2, 1), (3, 2)])
def test_episodes_of_two_series_touch_over_one_bucket(apart: int, number: int) -> None:
    assert len(found(record(10, "a", region="eu"), record(10 + apart, "b", region="eu"))) == number


def test_what_has_no_entity_in_common_is_apart() -> None:
    assert len(found(record(10, "a", region="eu"), record(10, "b", region="us"))) == 2
    assert len(found(record(10, "a"), record(10, "b"))) == 2
    assert len(found(record(10, "a", user="eve"), record(10, "b", user="eve"))) == 1
    assert len(found(record(10, "eve"), record(10, "b", user="eve"))) == 2  # another field is another entity


def test_what_begins_at_once_is_one_where_so_many_are_no_chance() -> None:
    def hosts_out(many: int, *before: dict) -> list[int]:
        return sorted(one["series"] for one in found(*before, *(record(20 + i % 2, f"h{i}", 60) for i in range(many))))

    assert hosts_out(2) == [1, 1]
    assert hosts_out(3) == [3]
    assert hosts_out(3, record(12, "x")) == [1, 1, 1, 1]  # where one begins every dozen buckets, three at once may be chance
    assert hosts_out(4, record(12, "x")) == [1, 4]
    assert hosts_out(30, record(12, "x")) == [1, 30]


def test_two_groups_that_each_have_something_in_common_stay_two_though_they_begin_at_once() -> None:
    two = found(*(record(20, f"h{i}", 60, region=f"r{i % 2}") for i in range(10)))
    assert [one["series"] for one in two] == [5, 5]


def test_a_milder_series_goes_with_those_that_begin_at_once() -> None:
    (one,) = found(record(20, "mild", 30), *(record(20, f"h{i}", 60) for i in range(3)))
    assert (one["series"], one["entities"]) == (4, [])


def test_detectors_without_a_split_share_the_job() -> None:
    (one,) = found(record(10, None), record(10, None, detector_index=1, function_description="count", field_name=None))
    assert one["series"] == 2
    assert one["entities"] == []
    assert one["summary"].startswith("2 series (2 measures); a hint at the cause: mean of ms: 3x higher")
    assert len(found(record(10, None), record(10, "a"))) == 2


def test_minor_episodes_go_to_a_major_one_and_join_none() -> None:
    chain = [record(10 + 2 * i, f"h{i}", 40, "eu") for i in range(6)]
    assert len(found(*chain)) == 6
    one, *rest = found(*chain, record(10, "big", 90, "eu"))
    assert hosts(one) == ["big", "h0", "h1"]
    assert len(rest) == 4
    first, second = found(record(10, "x", 90, "eu"), record(14, "y", 90, "eu"), record(12, "m", 40, "eu"))
    assert (hosts(first), hosts(second)) == (["x", "m"], ["y"])


def test_an_incident_keeps_its_name_while_it_grows() -> None:
    records = [
        record(10, "b", 40, "eu"),
        record(10, "c", 60, "eu"),
        record(11, "a", 90, "eu"),
        record(11, "b", 95, "eu"),
        record(13, "d", 99, "eu"),
    ]
    names = [incidents(frame(*records[:count]), SPAN_MS)["incident_id"].to_list() for count in range(2, 6)]
    assert len({tuple(one) for one in names}) == 1
    assert len(names[0]) == 1


def test_an_incident_that_may_have_begun_before_what_is_kept_says_so() -> None:
    assert [one["is_whole"] for one in found(record(110, "a"), known_from_ms=100 * SPAN_MS)] == [False]
    assert [one["is_whole"] for one in found(record(113, "a"), known_from_ms=100 * SPAN_MS)] == [True]


def test_a_chain_of_a_thousand_is_one() -> None:
    records = [record(3 * i + k, f"h{i + k}", 80, f"r{i}") for i in range(1_000) for k in range(2)]
    assert [one["series"] for one in found(*records)] == [2_000]
    linked = [record(i, f"h{i}", 80, user=f"u{i // 2}") for i in range(1_000)]
    linked += [record(i, f"h{i}", 80, user=f"u{(i + 1) // 2}") for i in range(1_000)]
    assert [one["series"] for one in found(*linked)] == [1_000]


made = st.lists(
    st.builds(
        lambda bucket, host, region, user, score: record(
            bucket, f"h{host}", score, f"r{region}" if region else None, user=f"u{user}" if user else None
        ),
        st.integers(0, 60),
        st.integers(0, 8),
        st.integers(0, 2),
        st.integers(0, 3),
        st.sampled_from([20.0, 30.0, 45.0, 55.0, 90.0]),
    ),
    max_size=40,
    unique_by=lambda one: (one["timestamp"], one["by_field_value"], one["partition_field_value"]),
)


def bursts_of(episodes: list[list[dict]], major: list[int], group: dict[int, set[int]]) -> list[set[int]]:
    """The sets of episodes that begin at once and hang together with nothing else, by the definition: bucket by bucket."""
    onset = {i: one[0]["timestamp"] // SPAN_MS for i, one in enumerate(episodes)}
    alone = [i for i in group if len(group[i]) == 1]
    first = []
    for bucket in sorted({onset[i] for i in alone if i in major}):
        many = sum(onset[i] - bucket in (0, 1) for i in alone if i in major)
        before = sum(bucket - 12 <= onset[i] < bucket for i in major)
        if poisson.sf(many - 1, 2 * max(before, 0.25) / 12) < 1e-4:
            first.append(bucket)
    found: list[set[int]] = []
    for bucket in first:
        inside = {i for i in alone if onset[i] - bucket in (0, 1)}
        if found and bucket - 1 in first:
            found[-1] |= inside
        else:
            found.append(inside)
    return found


def defined(records: list[dict]) -> set[frozenset]:
    """The incidents as sets of (series, onset), by the definition: one pair after the other."""
    series: dict[tuple, list[dict]] = {}
    for one in sorted((one for one in records if one["record_score"] >= 25), key=lambda one: one["timestamp"]):
        series.setdefault((one["partition_field_value"], one["by_field_value"]), []).append(one)
    episodes: list[list[dict]] = []
    for rows in series.values():
        for before, one in zip([None, *rows], rows, strict=False):
            if before is None or one["timestamp"] - before["timestamp"] > 12 * SPAN_MS:
                episodes.append([])
            episodes[-1].append(one)

    def entities(episode: list[dict]) -> set:
        found = {("host", episode[0]["by_field_value"])}
        if episode[0]["partition_field_value"]:
            found.add(("region", episode[0]["partition_field_value"]))
        return found | {("user", one["influencers"][0]["influencer_field_values"][0]) for one in episode if one["influencers"]}

    def touch(a: list[dict], b: list[dict]) -> bool:
        apart = max(a[0]["timestamp"], b[0]["timestamp"]) - min(a[-1]["timestamp"], b[-1]["timestamp"])
        return apart <= 2 * SPAN_MS and bool(entities(a) & entities(b))

    major = [i for i, one in enumerate(episodes) if max(row["record_score"] for row in one) >= 50]
    group = {i: {i} for i in range(len(episodes))}
    for i, j in combinations(major, 2):
        if touch(episodes[i], episodes[j]) and group[i] is not group[j]:
            group[i] |= group[j]
            for k in group[j]:
                group[k] = group[i]

    def key(i: int) -> tuple:
        start = next(row["timestamp"] for row in episodes[i] if row["record_score"] >= 50)
        return start, episodes[i][0]["partition_field_value"] or "", episodes[i][0]["by_field_value"]

    for i in sorted(set(range(len(episodes))) - set(major)):
        near = [min(group[j] & set(major), key=key) for j in major if touch(episodes[i], episodes[j])]
        if near:
            home = group[min(near, key=key)]
            home.add(i)
            group[i] = home
    for burst in bursts_of(episodes, major, group):
        for i in burst:
            group[i] = burst
    names = {i: (episodes[i][0]["partition_field_value"], episodes[i][0]["by_field_value"]) for i in group}
    return {frozenset(names[i] for i in one) | {min(episodes[i][0]["timestamp"] for i in one)} for one in group.values()}


@settings(max_examples=150)
@given(records=made)
def test_incidents_are_what_the_definition_says(records: list[dict]) -> None:
    result = found(*records)
    sets = {
        frozenset((one["partition_field_value"], one["by_field_value"]) for one in incident["members"]) | {incident["start"]}
        for incident in result
    }
    assert sets == defined(records)
    for incident in result:
        members = incident["members"]
        first = min((one["onset"] for one in members if one["score"] >= 50), default=incident["start"])
        assert members == sorted(
            members, key=lambda one: (max(one["onset"] - first, 0) // (2 * SPAN_MS), -one["score"], one["onset"])
        )
    assert len({one["incident_id"] for one in result}) == len(result)
    assert sum(one["records"] for one in result) == sum(one["record_score"] >= 25 for one in records)


@settings(max_examples=50)
@given(records=made, seed=st.integers(0, 1000))
def test_the_order_of_the_records_does_not_matter(records: list[dict], seed: int) -> None:
    shuffled = [records[i] for i in np.random.default_rng(seed).permutation(len(records))]
    assert_frame_equal(incidents(frame(*shuffled), SPAN_MS), incidents(frame(*records), SPAN_MS))


@pytest.mark.slow
def test_two_hundred_thousand_records_take_seconds() -> None:
    random, k = np.random.default_rng(0), 200_000
    host = random.integers(0, 5_000, k)
    rows = frame(record(0, "h", region="r"))
    many = pl.concat([rows] * k).with_columns(
        pl.Series("timestamp", random.integers(0, 20_000, k) * SPAN_MS),
        pl.Series("record_score", random.exponential(25, k).clip(10, 100)),
        by_field_value=pl.Series([f"h{one}" for one in host]),
        partition_field_value=pl.Series([f"r{one % 50}" for one in host]),
    )
    started = time.process_time()
    assert incidents(many, SPAN_MS).height > 10_000
    assert time.process_time() - started < 30  # about 4 s; a loop per record or pair would take minutes
