"""Dynamic quantiles, against their definition, and the laws of renormalisation."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.kernels._quantiles import FEW_DAYS, PRIOR_DAYS
from barograph.results import schema
from barograph.scoring import quantiles
from barograph.scoring.normalise import DAY_MS, Normaliser, Quantiles, fading
from barograph.scoring.quantiles_layout import EDGES
from barograph.scoring.renormalise import TABLES, current_scores
from barograph.scoring.severity import ln_p_of_score, normalised_score, one_of

HOUR = 3_600_000
MINUTES_5 = 300_000
BUCKETS, RECORDS = TABLES[0], TABLES[1]


def walk(normaliser: Normaliser, days: int, events: dict[int, float], span: int = HOUR, first_day: int = 0):
    """Feed whole days of a kind with one result a bucket; `events` are ln p by day, in the day's last bucket."""
    a_day = DAY_MS // span
    bucket = np.array([(first_day + day + 1) * a_day - 1 for day in sorted(events)], np.int64)
    ln_p = np.array([events[day] for day in sorted(events)])
    return normaliser.raise_and_learn(first_day * a_day, np.ones(days * a_day), bucket, np.zeros_like(bucket), ln_p)


def test_the_first_of_its_kind_is_taken_at_its_word() -> None:
    raised, _ = walk(Normaliser.build(HOUR), 50, {49: -20.0})
    assert raised[0] == -20.0


def test_what_happens_every_day_is_no_news_after_a_month_or_two() -> None:
    raised, _ = walk(Normaliser.build(HOUR), 90, dict.fromkeys(range(90), -20.0))
    score = normalised_score(raised, HOUR)
    assert np.all(np.diff(score) <= 1e-9)
    assert score[1] == score[0]  # one day teaches nothing
    assert score[7] > 75  # nor does a week much
    assert score[40] < 25


def test_what_happens_once_a_week_loses_a_little_only() -> None:
    raised, _ = walk(Normaliser.build(HOUR), 180, dict.fromkeys(range(0, 180, 7), -20.0))
    score = normalised_score(raised, HOUR)
    assert 80 < score[-1] < score[0] - 5


def test_what_goes_further_than_what_happens_every_day_is_told() -> None:
    normaliser = Normaliser.build(HOUR)
    walk(normaliser, 90, dict.fromkeys(range(90), -12.0))
    same, further = normalised_score(normaliser.quantiles.ln_p(np.array([-12.0, -40.0])), HOUR)
    assert same < 10
    assert further == normalised_score(np.array([-40.0]), HOUR)[0]


def test_one_day_of_each_entity_teaches_nothing() -> None:
    """Ten entities, each with one day as odd, on ten days: the next such day of any of them is taken at its word."""
    normaliser, ten = Normaliser.build(DAY_MS), np.arange(10)
    normaliser.raise_and_learn(0, np.full(10, 10.0), ten, ten, np.full(10, -20.0))
    raised, _ = normaliser.raise_and_learn(10, np.full(1, 10.0), ten[:1] + 10, ten[:1], np.full(1, -20.0))
    assert raised[0] == -20.0


def test_the_past_fades() -> None:
    often = dict.fromkeys(range(30), -20.0)
    soon, _ = walk(Normaliser.build(HOUR), 40, often | {39: -20.0})
    late, _ = walk(Normaliser.build(HOUR), 240, often | {239: -20.0})
    assert normalised_score(late[-1:], HOUR)[0] > normalised_score(soon[-1:], HOUR)[0] + 10


def test_a_calibrated_job_keeps_its_probabilities() -> None:
    """Null: uniform probabilities. What the quantiles make of 5e-4 after a year is within a factor 2 of it."""
    normaliser = Normaliser.build(MINUTES_5)
    ln_p = np.log(np.random.default_rng(0).random(365 * 288))
    at = np.arange(len(ln_p))
    normaliser.raise_and_learn(0, np.ones(len(ln_p)), at, np.zeros_like(at), ln_p)
    asked = np.log([1e-2, 1e-3, 5e-4])
    assert np.all(normaliser.quantiles.ln_p(asked) - asked < math.log(2))


def test_the_job_of_heavy_tails_is_quieted() -> None:
    """Probabilities that are ten times too small are found out, whatever the number of series."""
    random = np.random.default_rng(1)
    for series in (1, 50):
        normaliser = Normaliser.build(MINUTES_5)
        u = np.log(random.random(200 * 288 * series)) * 1.6
        bucket = np.repeat(np.arange(200 * 288), series)
        normaliser.raise_and_learn(0, np.full(200 * 288, float(series)), bucket, np.tile(np.arange(series), 200 * 288), u)
        asked = np.array([-9.0])
        true = -9.0 / 1.6
        assert normaliser.quantiles.ln_p(asked)[0] == pytest.approx(true, abs=0.9)


def test_quantiles_are_their_definition() -> None:
    counts = np.where(EDGES < 15.0, 6.0, 0.0)
    found = Quantiles(60.0, 60.0, 60.0 * 24, counts).ln_p(np.array([-10.0]))[0]
    expected_days = 1 - (1 - math.exp(-10.0)) ** 24
    again = 6.0 - 1.0  # days after the entity's first
    share = (again + PRIOR_DAYS * expected_days) / (60.0 + PRIOR_DAYS)
    of_the_past = -math.log(1 - (1 - share) ** (1 / 24))
    belief = again / (again + FEW_DAYS)
    assert found == pytest.approx(-(10.0 ** (1 - belief) * of_the_past**belief), rel=1e-9)


def test_counted_days_are_the_share_of_entities_beyond_an_edge() -> None:
    """Above the 90 % quantile of a day's surprises: no error beyond 0.02, 0.0043 on average (the reference engine's floors)."""
    entities, days, random = 100, 250, np.random.default_rng(4)
    surprise = random.gamma(2.0, 3.0, days * entities)
    day = np.repeat(np.arange(days), entities)
    normaliser = Normaliser.build(DAY_MS)
    normaliser.raise_and_learn(0, np.full(days, float(entities)), day, np.tile(np.arange(entities), days), -surprise)
    normaliser.raise_and_learn(days, np.ones(1), *(np.zeros(0, np.int64),) * 2, np.zeros(0))  # the last day is over
    found = normaliser.quantiles.counts / normaliser.quantiles.entity_days
    true = (1.0 + EDGES / 3.0) * np.exp(-EDGES / 3.0)
    error = np.abs(found - true)[true < 0.1]
    assert error.max() < 0.02
    assert error.mean() < 0.0043


@given(st.lists(st.floats(-1e6, 0.0), min_size=2, max_size=40), st.floats(0.0, 100.0), st.floats(1.0, 1e6), st.data())
def test_raised_probabilities_keep_the_order_and_are_never_lower(ln_p, days, cells_a_day, data) -> None:
    entities = data.draw(st.integers(1, 1000))
    drawn = data.draw(st.lists(st.floats(0.0, days * entities), min_size=len(EDGES), max_size=len(EDGES)))
    quantiles = Quantiles(days, days * entities, days * entities * cells_a_day, np.sort(np.array(drawn))[::-1])
    given_ = np.sort(np.array(ln_p))
    raised = quantiles.ln_p(given_)
    assert np.isfinite(raised).all()
    assert (raised >= given_).all()
    assert (raised <= 0.0).all()
    assert (np.diff(raised) >= -1e-9 * np.abs(raised[1:])).all()


def test_cuts_change_no_bit() -> None:
    random = np.random.default_rng(2)
    bucket = np.sort(random.choice(24 * 40, 100, replace=False))
    ln_p = -random.gamma(2.0, 4.0, 100)
    whole = Normaliser.build(HOUR)
    entity = random.integers(0, 3, 100)
    expected, days = whole.raise_and_learn(0, np.full(24 * 40, 3.0), bucket, entity, ln_p)
    parts, got, ended = Normaliser.build(HOUR), [], []
    edges = [0, 1, 13, 24, 25, 480, 500, 24 * 40]
    for start, end in itertools.pairwise(edges):
        inside = (bucket >= start) & (bucket < end)
        raised, some = parts.raise_and_learn(start, np.full(end - start, 3.0), bucket[inside], entity[inside], ln_p[inside])
        parts = Normaliser.build(HOUR, *parts.snapshot(0))
        got.append(raised)
        ended += some.bucket.tolist()
    assert np.concatenate(got).tobytes() == expected.tobytes()
    assert [one.tobytes() for one in parts.snapshot(0)] == [one.tobytes() for one in whole.snapshot(0)]
    assert ended == days.bucket.tolist() == list(range(24, 24 * 40, 24))


def test_days_that_are_odd_again_call_for_a_renormalisation_and_a_first_one_does_not() -> None:
    for odd_days, first in ((1, None), (3, 23)):
        _, days = walk(Normaliser.build(HOUR), 60, dict.fromkeys(range(20, 20 + odd_days), -20.0))
        moved = (days.bucket[days.moved] // 24).tolist()
        assert moved[:1] == ([] if first is None else [first])
        assert len(moved) <= 4  # as days without another pass, it is rarer than it seemed


@given(st.floats(0.1, 100.0), st.integers(1_000, 604_800_000))
def test_the_probability_of_a_score_has_that_score(score: float, span: int) -> None:
    assert normalised_score(np.array([ln_p_of_score(score, span)]), span)[0] == pytest.approx(score, rel=1e-6)


@given(st.floats(-600.0, -1e-6), st.floats(1.0, 1e6))
def test_one_of_undoes_the_least_of(ln_p: float, n: float) -> None:
    from barograph.scoring.severity import least_of  # noqa: PLC0415

    assert float(one_of(least_of(np.array([ln_p]), 1.0), 1.0)[0]) == pytest.approx(ln_p, rel=1e-9)
    assert float(least_of(one_of(np.array([ln_p]), n), n)[0]) == pytest.approx(ln_p, rel=1e-6)


# ---- renormalisation


def rows(*results: tuple[int, float, str]) -> pl.DataFrame:
    """Records (day, ln of the evidence, partition) at noon with the initial score that their evidence has."""
    day, ln_p, partition = zip(*results, strict=True)
    score = normalised_score(np.array(ln_p), HOUR)
    return pl.DataFrame(
        {
            "timestamp": [one * DAY_MS + DAY_MS // 2 for one in day],
            "log_probability": ln_p,
            "initial_record_score": score,
            "initial_anomaly_score": score,
            "detector_index": 0,
            "function_description": "mean",
            "partition_field_value": partition,
            "by_field_value": None,
            "over_field_value": None,
            "is_forgotten": False,
        }
    )


def told(*ends: tuple[int, float, float, float], kind: str = quantiles.BUCKET) -> pl.DataFrame:
    """Quantiles (day from which they hold, days, counts up to a surprise, that surprise)."""
    found = [
        (day * DAY_MS, kind, days, days, days * 24, np.where(u > EDGES, n, 0.0).tolist(), True) for day, days, n, u in ends
    ]
    return pl.DataFrame(found, schema=schema.polars_schema(schema.QUANTILES), orient="row")


def scores(table, frame: pl.DataFrame, moved: pl.DataFrame, window_days: int = 30) -> np.ndarray:
    kind = pl.repeat(moved["kind"][0], len(frame), dtype=pl.String, eager=True)
    return current_scores(table, frame, kind, moved, HOUR, window_days * DAY_MS)


def test_results_outside_every_window_keep_their_first_score() -> None:
    frame = rows((1, -20.0, "a"), (70, -20.0, "a"))
    found = scores(BUCKETS, frame, told((60, 60.0, 20.0, 30.0)))
    assert found.tolist() == frame["initial_anomaly_score"].to_list()  # one too old, one after


def test_what_turned_out_to_be_common_sinks_and_its_own_day_is_no_witness() -> None:
    frame = rows((50, -20.0, "a"))
    common = scores(BUCKETS, frame, told((60, 42.0, 20.0, 30.0)))
    alone = scores(BUCKETS, frame, told((60, 42.0, fading(10 * DAY_MS), 30.0)))
    assert common[0] < 40
    assert alone[0] == pytest.approx(frame["initial_anomaly_score"][0])


def test_the_last_quantiles_that_reach_a_result_decide() -> None:
    frame = rows((50, -20.0, "a"))
    last = told((60, 42.0, 3.0, 30.0))
    assert scores(BUCKETS, frame, pl.concat([told((55, 42.0, 30.0, 30.0)), last])) == scores(BUCKETS, frame, last)


def test_a_far_worse_record_of_the_same_series_takes_the_top() -> None:
    quiet = told((60, 42.0, 0.0, 3.0), kind=quantiles.record(0))
    frame = rows((50, -12.0, "a"), (55, -300.0, "a"), (50, -12.0, "b"))
    found = scores(RECORDS, frame, quiet)
    assert found[0] < found[2] == frame["initial_record_score"][2]
    assert found[1] == frame["initial_record_score"][1]


def test_a_far_worse_record_that_is_forgotten_takes_the_top_of_no_other() -> None:
    quiet = told((60, 42.0, 0.0, 3.0), kind=quantiles.record(0))
    frame = rows((50, -12.0, "a"), (55, -300.0, "a")).with_columns(is_forgotten=pl.Series([False, True]))
    assert scores(RECORDS, frame, quiet).tolist() == frame["initial_record_score"].to_list()


def test_mild_results_are_left_alone() -> None:
    frame = rows((50, -0.5, "a"))
    assert scores(BUCKETS, frame, told((60, 42.0, 42.0, 30.0))).tolist() == frame["initial_anomaly_score"].to_list()


@pytest.mark.parametrize("hours", [24, 36, 60, 168])
def test_a_long_bucket_is_no_witness_against_itself(hours: int) -> None:
    span, normaliser = hours * HOUR, Normaliser.build(hours * HOUR)
    loud = np.array([30, 41])
    _, ended = normaliser.raise_and_learn(0, np.ones(61), loud, np.zeros_like(loud), np.array([-40.0, -80.0]))
    *counted, counts = ended.quantiles[-1].tolist()
    told = (int(ended.bucket[-1]) * span, quantiles.BUCKET, *counted, counts.tolist(), True)
    moved = pl.DataFrame([told], schema=schema.polars_schema(schema.QUANTILES), orient="row")
    first = normalised_score(np.array([-80.0]), span)
    frame = pl.DataFrame(
        {"timestamp": [41 * span], "log_probability": [-80.0], "initial_anomaly_score": first, "is_forgotten": [False]}
    )
    kind = pl.Series([quantiles.BUCKET])
    found = current_scores(BUCKETS, frame, kind, moved, span, 100 * span)
    assert found[0] == pytest.approx(first[0], abs=0.01)
