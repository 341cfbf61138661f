"""Records in words."""

import pytest

from barograph.results.words import against_usual, record_against_usual, short


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
        (3.0, 3.0, "usual by itself, unusual together with the buckets before"),
    ],
)
def test_a_value_is_compared_in_words(actual: float, typical: float, words: str) -> None:
    assert against_usual(actual, typical) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1234567.0, "1,234,567"), (0.00012345, "0.0001234"), (3.0, "3"), (1e-9, "1.000e-09"), (2.5e12, "2.500e+12")],
)
def test_a_number_is_written_as_a_person_would(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("actual", "typical", "probability", "odd", "words"),
    [
        (92.0, 100.0, 0.3, 18, "8 % lower, odd for 18 buckets"),
        (92.0, 100.0, 0.6, 18, "usual by itself, odd for 18 buckets"),
        (92.0, 100.0, 0.01, 18, "8 % lower than usual"),
        (92.0, 100.0, 0.6, 1, "8 % lower than usual"),
        (0.0, 100.0, 0.3, 2, "unexpectedly zero, usually 100, odd for 2 buckets"),
        (5.0, 5.0, 1.0, 9, "usual by itself, unusual together with the buckets before"),
    ],
)
def test_a_record_that_is_usual_by_itself_says_how_long_it_has_been_odd(actual, typical, probability, odd, words) -> None:
    assert record_against_usual(actual, typical, probability, odd) == words
