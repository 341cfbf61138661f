"""The score stage as a whole: a made stretch of buckets to tables."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.splits import SPLIT_VALUES
from barograph.results import schema
from barograph.results.leaf import LEAF, SHARES
from barograph.scoring.aggregate import Evidence
from barograph.scoring.leaves import NO_PRESENCE, Measure, Stretch
from barograph.scoring.severity import ln_p_of_score, normalised_score
from barograph.scoring.stage import ScoreStage

HOUR = 3_600_000
COUNT = Measure(0, "count", "count", None, "host", None, None, "count")
MEAN = Measure(1, "mean", "mean", "cpu", "host", None, None, "mean")


def leaf(bucket: int, p: float, measure: int = 0, series: int = 0, actual: float = 50.0, typical: float = 10.0) -> tuple:
    ln_p = math.log(p)
    told = (ln_p, ln_p, actual, typical, 5.0, 15.0, -5.0, 0.0, 0.0, bucket, 500.0, False, False, 0.0, 0.0, False, False)
    return (bucket, measure, series, *told, 0, actual, math.nan, 0.0)


def stretch(
    *leaves: tuple,
    shares: pl.DataFrame | None = None,
    presence: pl.DataFrame = NO_PRESENCE,
    first: int = 100,
    buckets: int = 10,
    series: int = 4,
) -> Stretch:
    """Odd leaves among `series` partitions of each measure that are quiet otherwise."""
    rows = np.array(list(leaves), dtype=LEAF)
    shown = np.full((2, series, buckets), math.log(0.9))
    shown[rows["measure"], rows["series"], rows["bucket"] - first] = rows["ln_evidence"]
    return Stretch(
        first_bucket=first,
        event_count=np.full(buckets, 7.0),
        evidence=[Evidence(i, shown[i], np.full(buckets, float(series))) for i in range(2)],
        leaves=rows,
        names=pl.DataFrame(
            {
                name: [f"host-{one}" if name == "partition_field_value" else None for one in rows["series"]]
                for name in (*SPLIT_VALUES, "correlated_by_field_value")
            },
            schema=dict.fromkeys((*SPLIT_VALUES, "correlated_by_field_value"), pl.String),
        ),
        payloads=[np.zeros(np.count_nonzero(rows["measure"] == i), [("centre", "f8")]) for i in range(2)],
        shares=pl.DataFrame(schema=SHARES) if shares is None else shares,
        presence=presence,
        filled=np.full(buckets, 2.0 * series),
    )


def judge(_payload: np.ndarray, value: np.ndarray) -> np.ndarray:
    return np.minimum(-np.abs(value - 10.0), 0.0)


def stage() -> ScoreStage:
    return ScoreStage.build((COUNT, MEAN), (judge, judge), ("user", "host"), HOUR)


def test_every_bucket_has_a_row_and_quiet_ones_score_zero() -> None:
    buckets = stage().score_and_learn(stretch(leaf(103, 1e-9))).buckets
    assert buckets["timestamp"].to_list() == [hour * HOUR for hour in range(100, 110)]
    assert buckets["event_count"].to_list() == [7] * 10
    assert (buckets["anomaly_score"] > 0).to_list() == [hour == 103 for hour in range(100, 110)]
    assert buckets.filter(pl.col("is_news"))["episode_start"].to_list() == [103 * HOUR]


def test_a_stretch_without_odd_leaves_gives_empty_tables_with_their_schemas() -> None:
    tables = stage().score_and_learn(stretch())
    for name in ("records", "influencers", "bucket_influencers"):
        assert getattr(tables, name).is_empty()
        assert getattr(tables, name).schema == schema.polars_schema(getattr(schema, name.upper()))
    assert tables.buckets["anomaly_score"].max() == 0.0


surprises = st.lists(
    st.tuples(st.integers(100, 104), st.integers(0, 1), st.integers(0, 3), st.floats(1e-30, 1e-2)),
    min_size=1,
    max_size=30,
    unique_by=lambda one: one[:3],
)


@given(leaves=surprises)
def test_the_less_likely_of_two_records_of_a_bucket_never_scores_less(leaves: list[tuple[int, int, int, float]]) -> None:
    made = stretch(*(leaf(bucket, p, measure, series) for bucket, measure, series, p in leaves))
    records = stage().score_and_learn(made).records
    for _, inside in records.group_by("timestamp"):
        by_rank = inside.sort("seq")
        assert by_rank["log_probability"].is_sorted()
        assert by_rank["initial_record_score"].is_sorted(descending=True)


def test_a_record_has_the_probability_that_its_score_is_made_of() -> None:
    odd = leaf(103, 0.4)
    together = (*odd[:4], math.log(1e-6), *odd[5:])  # usual by itself, with the buckets before it one in a million
    (row,) = stage().score_and_learn(stretch(together)).records.rows(named=True)
    assert row["probability"] == pytest.approx(1e-6)
    assert row["log_probability"] == row["log_evidence"] == pytest.approx(math.log(1e-6))
    assert row["single_bucket_impact"] == 0


def test_records_are_ranked_within_their_bucket_and_labelled() -> None:
    records = stage().score_and_learn(stretch(leaf(103, 1e-3), leaf(103, 1e-12, measure=1, series=2), leaf(105, 1e-5))).records
    assert records["seq"].to_list() == [0, 1, 0]
    worst = records.row(0, named=True)
    assert (worst["function"], worst["field_name"], worst["partition_field_value"]) == ("mean", "cpu", "host-2")
    assert worst["probability"] == pytest.approx(1e-12)
    assert worst["influencers"] == []  # nobody is to blame, as the store gives it back
    assert worst["record_score"] == worst["initial_record_score"] > records["record_score"][1]


def test_a_leaf_that_is_only_mildly_odd_counts_but_is_no_record() -> None:
    tables = stage().score_and_learn(stretch(leaf(103, 0.04)))
    assert tables.records.is_empty()


def test_a_probability_below_the_smallest_double_is_written_as_that() -> None:
    rows = list(leaf(103, 1e-300))
    rows[3] = rows[4] = -5000.0
    record = stage().score_and_learn(stretch(tuple(rows))).records.row(0, named=True)
    assert record["probability"] == np.finfo(float).tiny
    assert record["log_probability"] == -5000.0


def test_the_entity_behind_a_record_is_its_influencer_and_has_a_result_of_its_own() -> None:
    shares = pl.DataFrame(
        {
            "leaf": [0, 0, 0],
            "influencer_field_name": ["user", "user", "host"],
            "influencer_field_value": ["mallory", "alice", "host-0"],
            "weight": [40.0, 10.0, 50.0],
            "effect": [40.0, 10.0, 50.0],
            "usual": [0.0, 10.0, 10.0],
            "spread": [0.0, 1.0, 1.0],
            "usual_share": [0.0, 1.0, 1.0],
        }
    )
    shares = pl.concat([pl.DataFrame(schema=SHARES), shares], how="diagonal")
    presence = pl.DataFrame(
        {
            "bucket": [103] * 3,
            "influencer_field_name": ["user", "user", "host"],
            "influencer_field_value": ["mallory", "alice", "host-0"],
            "leaves": [1, 1, 1],
        },
        schema_overrides={"leaves": pl.UInt32},
    )
    tables = stage().score_and_learn(stretch(leaf(103, 1e-17, actual=50.0), shares=shares, presence=presence))
    found = {one["influencer_field_name"]: one for one in tables.records["influencers"][0]}
    assert found["user"]["influencer_field_values"] == ["mallory"]
    assert found["host"]["influences"] == [1.0]
    assert set(tables.influencers["influencer_field_value"]) == {"mallory", "host-0"}
    assert set(tables.bucket_influencers["influencer_field_name"]) == {"user", "host", "bucket_time"}
    assert tables.influencers["influencer_score"].max() > 80


def test_scoring_in_two_stretches_is_scoring_in_one() -> None:
    leaves = [leaf(101, 1e-8), leaf(102, 1e-9), leaf(106, 1e-8), leaf(108, 1e-30)]
    whole = stage().score_and_learn(stretch(*leaves)).buckets
    first = stage()
    head = first.score_and_learn(stretch(*leaves[:2], buckets=5)).buckets
    second = ScoreStage.build((COUNT, MEAN), (judge, judge), ("user", "host"), HOUR, first.snapshot())
    tail = second.score_and_learn(stretch(*leaves[2:], first=105, buckets=5)).buckets
    assert pl.concat([head, tail]).equals(whole)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "spike"),
        ({"actual": 2.0}, "dip"),
        ({"actual": 0.0, "weight": 0.0}, "missing"),
        ({"actual": 0.0, "weight": 3.0}, "dip"),
        ({"impact": 3.5}, "change"),
    ],
)
def test_a_record_says_what_kind_of_anomaly_it_is(change: dict[str, float], kind: str) -> None:
    rows = np.array([leaf(103, 1e-9)], dtype=LEAF)
    for name, value in change.items():
        rows[name] = value
    assert stage().score_and_learn(stretch(*rows.tolist())).records["anomaly_type"].to_list() == [kind]


def test_a_record_explains_itself() -> None:
    rows = np.array([leaf(105, 1e-9)], dtype=LEAF)
    for name, value in {"since": 102, "means": 12.0, "seen": 2.0, "high_variance": True, "count": 77}.items():
        rows[name] = value
    record = stage().score_and_learn(stretch(*rows.tolist())).records.row(0, named=True)
    wanted = {
        "anomaly_length": 4,
        "single_bucket_impact": 9,
        "means_impact": 5,
        "characteristics_impact": 0,  # below a surprise of 1 in 20 there is nothing to tell
        "high_variance_penalty": True,
        "multimodal_distribution": False,
        "values_before": 77,
    }
    assert {name: record[name] for name in wanted} == wanted


def bucket_scores(stage: ScoreStage, *odd: tuple[int, float, int]) -> dict[int, float]:
    """Feed fifty days of hours with these odd leaves (bucket, p, measure); the bucket scores by bucket."""
    found = stage.score_and_learn(stretch(*(leaf(*one) for one in odd), first=0, buckets=50 * 24)).buckets
    return dict(zip((found["timestamp"] // HOUR).to_list(), found["initial_anomaly_score"].to_list(), strict=True))


def test_a_detector_that_cries_every_day_is_quieted_once_and_silences_no_other() -> None:
    daily = [(24 * day + 5, 1e-9, 0) for day in range(50)]
    alone = ScoreStage.build((COUNT,), (judge,), (), HOUR)
    one = stretch(*(leaf(*odd) for odd in daily), first=0, buckets=50 * 24)
    scored = alone.score_and_learn(replace(one, evidence=one.evidence[:1])).buckets["initial_anomaly_score"].to_list()
    both = bucket_scores(stage(), *daily, (24 * 45 + 12, 1e-9, 1))
    of_two = math.log(2.0 / 0.75)  # what looking at two detectors explains, and at their sum
    for day in (0, 1, 4, 8, 15, 30):
        explained = np.array([ln_p_of_score(scored[24 * day + 5], HOUR) + of_two])
        assert both[24 * day + 5] >= normalised_score(np.minimum(explained, 0.0), HOUR)[0] - 0.01
    assert scored[24 * 44 + 5] < 25
    assert both[24 * 45 + 12] > 85
