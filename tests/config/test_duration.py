import pytest

from barograph.config.duration import Duration


@pytest.mark.parametrize(
    ("text", "ms"),
    [("5m", 300_000), ("3600s", 3_600_000), ("3600000ms", 3_600_000), ("1h", 3_600_000), ("1d", 86_400_000), ("0", 0), (0, 0)],
)
def test_a_duration_is_a_whole_number_and_a_unit(text, ms):
    assert Duration.parse(text).ms == ms


REFUSED = ["1w", "5", "1.5h", "-1s", "", "m", "5 m", "5M", True, None, 5.0, "99999999999999d", "\u0665m"]


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="a whole number with one of the units"):
        Duration.parse(text)


def test_a_bare_number_is_told_how_to_say_seconds():
    with pytest.raises(ValueError, match="write '300s'"):
        Duration.parse(300)


def test_equal_lengths_are_equal_however_they_are_written():
    assert Duration.parse("60m") == Duration.parse("1h")
    assert str(Duration.parse("60m")) == "60m"
