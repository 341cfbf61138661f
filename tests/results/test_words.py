"""Records in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.results.words import against_usual, impact, multi_bucket, record_compared, short


@pytest.mark.parametrize(
    ("actual", "typical", "words"),
    [
        (32.0, 10.0, "3.2x higher than usual"),
        (10.0, 32.0, "3.2x lower than usual"),
        (112.0, 100.0, "12 % higher than usual"),
        (99.5, 100.0, "0.5 % lower than usual"),
        (0.0, 4120.0, "unexpectedly zero, usually 4,120"),
        (7.0, 0.0, "7, usually zero"),
        (-20.0, -10.0, "2x lower than usual"),
        (5.0, -5.0, "far higher than usual"),
        (1e300, 1e-300, "far higher than usual"),
        (3.0, 3.0, "usual"),
        (6.0, 2.0, "3x higher than usual"),
        (100.0, 1.0, "100x higher than usual"),
        (1000.0, 1.0, "more than 100x higher than usual"),
    ],
)
def test_a_value_is_compared_in_words(actual: float, typical: float, words: str) -> None:
    assert against_usual(actual, typical) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.0, "0"), (-0.0, "0"), (1234567.0, "1,234,567"), (0.00012345, "0.0001234")),
        *((3.0, "3"), (1e-9, "1.000e-09"), (2.5e12, "2.500e+12")),
    ],
)
def test_a_number_is_written_as_a_person_would(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("actual", "typical", "lower", "upper", "words"),
    [
        (7.0, 0.02, -2.0, 2.0, "7, usually about zero"),
        (0.0, 0.02, -2.0, 2.0, "zero, usually 0.02"),
        (-3.0, 0.1, -1.0, 1.2, "-3, usually about zero"),
        (5.0, 0.05, -0.0, 0.0, "5, usually zero"),
        (30.0, 3.0, 0.0, 7.0, "10x higher than usual"),
        (0.0, 40.0, 28.0, 53.0, "unexpectedly zero, usually 40"),
    ],
)
def test_there_is_no_ratio_to_what_is_about_zero(actual: float, typical: float, lower: float, upper: float, words: str) -> None:
    assert against_usual(actual, typical, lower, upper) == words


def record(actual: float | None, length: int = 1, means: int = 0) -> dict[str, object]:
    bounds = {"typical": 100.0, "lower_bound": 80.0, "upper_bound": 120.0}
    return {"actual": actual, **bounds, "anomaly_length": length, "means_impact": means}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (record(20.0, 18), "5x lower than usual"),
        (record(92.0, 18), "8 % lower, odd for 18 buckets"),
        (record(92.0, 1, 6), "8 % lower, as were the buckets before"),
        (record(115.0), "15 % higher than usual, a sudden change"),
        ({**record(97.3, 18), "anomaly_type": "still"}, "the same value (97.3) for 18 buckets"),
        ({**record(20.0, 18), "anomaly_type": "still"}, "5x lower than usual"),
        (record(0.0, 3), "unexpectedly zero, usually 100"),
        (record(None), "unusual"),
        ({**record(20.0), "lower_bound": None, "upper_bound": None}, "5x lower than usual"),
    ],
)
def test_a_record_inside_its_usual_range_says_what_else_makes_it_odd(row: dict[str, object], words: str) -> None:
    assert record_compared(row) == words


@given(
    actual=st.floats(-1e9, 1e9),
    typical=st.floats(-1e9, 1e9),
    below=st.floats(0, 1e9),
    above=st.floats(0, 1e9),
    length=st.integers(1, 50),
)
def test_what_lies_outside_its_range_is_never_called_usual_and_its_side_is_true(actual, typical, below, above, length) -> None:
    row = {"actual": actual, "typical": typical, "lower_bound": typical - below, "upper_bound": typical + above}
    text = record_compared({**row, "anomaly_length": length, "means_impact": 0})
    if "higher" in text or "lower" in text:
        assert ("higher" in text) == (actual > typical)
    if not row["lower_bound"] <= actual <= row["upper_bound"]:
        assert not text.startswith("usual")
        assert "odd for" not in text


@pytest.mark.parametrize(
    ("value", "wanted"), [(-5.0, "none"), (None, "none"), (1.0, "low"), (2.0, "medium"), (3.0, "high"), (5.0, "high")]
)
def test_several_buckets_together_have_a_word(value: float | None, wanted: str) -> None:
    assert multi_bucket(value) == wanted


@pytest.mark.parametrize(
    ("value", "step", "word"),
    [
        (0, 1, "weak"),
        (1, 1, "weak"),
        (2, 2, "moderate"),
        (4, 3, "clear"),
        (7, 4, "strong"),
        (12, 5, "very strong"),
        (99, 5, "very strong"),
    ],
)
def test_an_impact_is_a_step_and_a_word(value: int, step: int, word: str) -> None:
    assert impact(value) == (step, word)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"typical": 0.0, "values_before": 0, "buckets_before": 14_000}, "first seen, after 14,000 buckets"),
        ({"typical": 0.0, "values_before": 0, "buckets_before": 1}, "first seen, after 1 bucket"),
        ({"typical": 3 / 14_000, "values_before": 3, "buckets_before": 14_000}, "seen in 3 of 14,000 buckets"),
        (
            {"typical": 1e-4, "values_before": 5_000, "buckets_before": 14_000},
            "seen in 5,000 of 14,000 buckets, but not lately",
        ),
        (
            {
                "typical": 0.0,
                "values_before": 0,
                "buckets_before": 600,
                "over_field_value": "eve",
                "by_field_relative_rarity": 45.3,
            },
            "first seen, after 600 buckets; a value of few members: a usual one has 45x as many",
        ),
        ({"typical": 0.0}, "first seen"),
        ({"typical": 0.0021}, "seen in 0.21 % of buckets"),
    ],
)
def test_what_is_rare_is_told_by_the_buckets_that_have_it(row, text) -> None:
    both = {"function_description": "rare", "actual": 1.0, "lower_bound": 0.0, "upper_bound": 0.0}
    assert record_compared({**both, **row}) == text
