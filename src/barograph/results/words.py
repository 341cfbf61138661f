"""A record in words."""

import math
from typing import Final

_MEASURES: Final = {
    "count": "number of rows",
    "distinct_count": "different values of {}",
    "info_content": "information in {}",
    "varp": "variance of {}",
    "min": "minimum of {}",
    "max": "maximum of {}",
    "rare": "rare values",
    "freq_rare": "frequent rare values",
    "time_of_day": "time of day",
    "time_of_week": "time of week",
    "lat_long": "place in {}",
}


ODD_BY_ITSELF: Final = 0.05
"""A less likely value needs no other words than its own, and can be blamed on somebody."""

_AS_LIKELY_AS_NOT: Final = 0.5


def measure(function_description: str, field_name: str | None) -> str:
    """What a function measures: `mean of cpu`, `number of rows`."""
    return _MEASURES.get(function_description, f"{function_description} of {{}}").format(field_name or "")


def against_usual(actual: float, typical: float) -> str:
    """How the actual value compares with the typical one: "3.2x higher than usual", "12 % lower than usual", ...

    A ratio from 1.5 up reads as a factor, below it as per cent; where a ratio means nothing (a zero, or opposite signs),
    words say so.
    """
    if actual == typical:
        return "usual by itself, unusual together with the buckets before"
    if typical == 0.0:
        return f"{short(actual)}, usually zero"
    if actual == 0.0:
        return f"unexpectedly zero, usually {short(typical)}"
    return f"{_difference(actual, typical)} than usual"


def record_against_usual(actual: float, typical: float, probability: float, odd_buckets: int) -> str:
    """The same of a record: "8 % lower, odd for 18 buckets" where this bucket by itself would not be worth a record.

    Args:
        actual: the bucket value.
        typical: the model's centre.
        probability: of the bucket by itself.
        odd_buckets: how long the series has been odd, this bucket included.
    """
    plain = against_usual(actual, typical)
    if probability < ODD_BY_ITSELF or odd_buckets < 2 or actual == typical:
        return plain
    # As likely as not: near typical, or on the side that the detector does not look at.
    now = "usual by itself" if probability >= _AS_LIKELY_AS_NOT else plain.removesuffix(" than usual")
    return f"{now}, odd for {odd_buckets:,} buckets"


def _difference(actual: float, typical: float) -> str:
    """Like "3.2x higher", "12 % lower", "far higher", or what else fits before "than usual"; neither value is zero."""
    direction = "higher" if actual > typical else "lower"
    # Of two negative numbers the one larger in size is the lower; the factor is still how far apart they are.
    ratio = max(abs(actual), abs(typical)) / min(abs(actual), abs(typical))
    if (actual > 0) != (typical > 0) or not math.isfinite(ratio):
        return f"far {direction}"
    if ratio >= 1.5:
        return f"{short(ratio, 2)}x {direction}"
    return f"{short(100.0 * abs(actual / typical - 1.0), 2)} % {direction}"


def short(value: float, digits: int = 4) -> str:
    """A number as a person writes it: `digits` significant digits, no exponent between 0.0001 and 1,000,000,000."""
    if not math.isfinite(value) or value == 0.0:
        return f"{value:g}"
    if 1e-4 <= abs(value) < 1e9:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.{digits - 1}e}"
