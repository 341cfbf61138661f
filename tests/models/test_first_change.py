"""What is said when a series leaves for the first time the one value that it has kept to: laws over lengths, sizes, spans."""

from types import SimpleNamespace

import numpy as np
import pytest

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score
from tests.oracle.expectation import first_change

MINUTE, HOUR = 60_000, 3_600_000
SPANS = (MINUTE, 15 * MINUTE, HOUR)
AGES = (30, 60, 100, 150, 300, 600, 1500, 4000)
TIMES = np.array([1.01, 1.5, 2.0, 10.0, 100.0, 1000.0])
"""The value, in values of before."""


def scores(kept: float, age: int, values: np.ndarray, span_ms: int) -> np.ndarray:
    """Of each of some values [k] in the bucket after so many that were all alike."""
    model = SeriesModel.build(ModelConfig(span_ms, ln_threshold=0.0))
    model.grow(1)
    model.advance(np.full((1, age), kept), 0)
    return normalised_score(model.try_values(values, age * span_ms).leaves["ln_evidence"], span_ms)


@pytest.fixture(scope="module")
def table() -> dict[int, np.ndarray]:
    """Scores [age, times] of a series of one fraction, by span."""
    return {span: np.array([scores(5.25, age, 5.25 * TIMES, span) for age in AGES]) for span in SPANS}


@pytest.mark.parametrize("span_ms", SPANS)
def test_the_longer_it_kept_to_a_value_the_more_it_says_that_it_does_not(table, span_ms):
    assert (np.diff(table[span_ms], axis=0) > -0.01).all()


@pytest.mark.parametrize("span_ms", SPANS)
def test_going_further_never_scores_less(table, span_ms):
    assert (np.diff(table[span_ms], axis=1) > -0.01).all()


def test_after_as_long_a_time_as_much_is_said_whatever_the_span(table):
    """Ten hours of minutes and 40 quarters of an hour know as much; a score means as many alarms a month."""
    for times in TIMES[2:]:
        value = 5.25 * np.array([times])
        assert abs(scores(5.25, 600, value, MINUTE) - scores(5.25, 40, value, 15 * MINUTE)) < 8


@pytest.mark.parametrize("span_ms", SPANS)
def test_what_goes_far_is_told_after_thirty_buckets_and_critical_once_a_day_is_known(table, span_ms):
    """A person sees one peak in a line; what that is worth depends on how far it goes, and on how long the line was."""
    times, ages = list(TIMES), [age * span_ms for age in AGES]
    assert (table[span_ms][:, times.index(10.0)] > 25).all()
    assert (table[span_ms][:, times.index(1000.0)] > 75).all()
    known = np.array(ages) >= 36 * HOUR
    assert (table[span_ms][known][:, TIMES >= 2.0] > 75).all()


@pytest.mark.parametrize("span_ms", SPANS)
def test_the_end_of_a_night_of_zeros_is_no_alarm(span_ms):
    """Zero has no tenth: the first thing that comes says only that one came, and how many there are says nothing."""
    after = {hours: scores(0.0, hours * HOUR // span_ms, np.array([1.0, 1e3]), span_ms) for hours in (8, 16, 72)}
    assert all(one == thousand for one, thousand in after.values())
    assert max(after[8]) < 20
    assert max(after[16]) < 40
    assert min(after[72]) > 75


@pytest.mark.parametrize("times", [10.0, 1000.0])
@pytest.mark.parametrize("span_ms", SPANS)
def test_one_occasion_does_not_hide_the_next(span_ms, times):
    for age in (100, 400, 1500):
        x = np.full(age, 5.25)
        x[2 * age // 3] *= times
        model = SeriesModel.build(ModelConfig(span_ms, ln_threshold=0.0))
        model.grow(1)
        model.advance(x[None], 0)
        leaves = model.try_values(np.array([5.25 * times]), age * span_ms).leaves
        assert abs(normalised_score(leaves["ln_evidence"], span_ms) - scores(5.25, age, np.array([5.25 * times]), span_ms)) < 10


def test_as_an_old_change_fades_nothing_jumps():
    """Of two changes the second fades for ten days of hours; then how far they go is no sample any more."""
    x = np.full(300, 5.25)
    x[[40, 60]] = 7.25
    model = SeriesModel.build(ModelConfig(HOUR, ln_threshold=0.0))
    model.grow(1)
    said = []
    for bucket, value in enumerate(x):
        if bucket > 80:
            leaves = model.try_values(5.25 * np.array([10.0, 1000.0]), bucket * HOUR).leaves
            said.append(normalised_score(leaves["ln_evidence"], HOUR))
        model.advance(np.array([[value]]), bucket * HOUR)
    assert (np.abs(np.diff(said, axis=0)) < 1.0).all()


def test_another_unit_changes_no_score():
    for span_ms in SPANS:
        small = 42.0 / 2**20
        np.testing.assert_allclose(
            scores(5.25, 150, 5.25 * TIMES, span_ms), scores(small, 150, small * TIMES, span_ms), atol=0.01
        )


def test_as_many_first_changes_come_as_were_expected():
    """Series as it thinks them to be: half never change, the others at any rate from once a bucket to once in eight hours."""
    rng, m, n = np.random.default_rng(5), SimpleNamespace(day=288.0), 200_000
    rate = np.exp(rng.uniform(np.log(3 / m.day), 0.0, n))
    first = np.where(rng.random(n) < 0.5, rng.exponential(1 / rate), np.inf)
    for age in (10, 30, 60, 100, 200, 300):
        there = first > age
        width = age / 10
        seen = np.count_nonzero(first[there] <= age + width)
        expected = there.sum() * width * first_change(age + width / 2, m)
        assert 0.92 < expected / seen < 1.2, (age, expected, seen)  # by chance 0.07, and up to a fifth is meant
