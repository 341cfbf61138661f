from zoneinfo import ZoneInfo

import pytest

from barograph.config.errors import InputError
from barograph.config.moment import epoch_ms, iso_text

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1767222000", 1_767_222_000_000),
        ("1767222000000", 1_767_222_000_000),
        ("0", 0),
        ("-60", -60_000),
        ("2026-01-01", 1_767_222_000_000),
        ("2026-01-01 00:00", 1_767_222_000_000),
        ("2025-12-31T23:00Z", 1_767_222_000_000),
        ("2026-01-01T01:00:00.250+02:00", 1_767_222_000_250),
    ],
)
def test_a_time_is_seconds_ms_or_iso(text: str, ms: int) -> None:
    assert epoch_ms("--start", text, BERLIN) == ms


def test_a_bad_time_is_named_with_its_option() -> None:
    with pytest.raises(InputError, match=r"^--end='tomorrow': wanted a time such as 2026-03-01"):
        epoch_ms("--end", "tomorrow", BERLIN)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1_769_900_400_000, "2026-02-01T00:00+01:00"),
        (1_783_209_600_000, "2026-07-05T02:00+02:00"),
        (1_769_900_401_000, "2026-02-01T00:00:01+01:00"),
        (1_769_900_401_500, "2026-02-01T00:00:01.500000+01:00"),
    ],
)
def test_a_time_in_a_message_can_be_typed_again(ms: int, text: str) -> None:
    assert iso_text(ms, BERLIN) == text
    assert epoch_ms("--start", text, BERLIN) == ms


def test_a_time_that_no_calendar_has_stays_a_number() -> None:
    assert iso_text(2**62, BERLIN) == str(2**62)
    assert iso_text(-(2**62), BERLIN) == str(-(2**62))
