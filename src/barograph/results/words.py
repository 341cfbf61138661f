"""A record in words."""

import math
from collections.abc import Mapping
from typing import Any, Final

from barograph.results import points

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
_UNITS: Final = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second"))

ODD_BY_ITSELF: Final = 0.05
"""A less likely value needs no other words than its own, and can be blamed on somebody."""

_ABOUT_ZERO: Final = 0.25
"""A typical value that is a smaller share of the usual range's width is about zero: a ratio to it says nothing. Chosen: of a
normal value that is within one deviation of zero."""

_FACTOR_SAYS_NOTHING: Final = 100.0
"""A larger factor is one of size only: what is compared with has next to nothing. Chosen, as Elastic's page has it."""

RARE: Final = ("rare", "freq_rare")
_WITHOUT_RANGE: Final = frozenset({*RARE, *points.POINTS})

_NOT_LATELY: Final = 0.5
"""A smaller part of the share of buckets that a value had is told. Chosen."""

_MULTI_BUCKET: Final = ((3.0, "high"), (2.0, "medium"), (1.0, "low"))
_IMPACTS: Final = ((12, "very strong"), (7, "strong"), (4, "clear"), (2, "moderate"))


def multi_bucket(impact: float | None) -> str:
    """How much of a record is of the last buckets together, by its `multi_bucket_impact`: none, low, medium or high."""
    return next((word for least, word in _MULTI_BUCKET if impact is not None and impact >= least), "none")


def impact(value: int) -> tuple[int, str]:
    """An impact, which is -log10 of a probability, as a step from 1 to 5 and in words."""
    step = next((place for place, (least, _) in enumerate(_IMPACTS) if value >= least), len(_IMPACTS))
    return 5 - step, _IMPACTS[step][1] if step < len(_IMPACTS) else "weak"


def measure(function_description: str, field_name: str | None) -> str:
    """What a function measures: `mean of cpu`, `number of rows`."""
    return _MEASURES.get(function_description, f"{function_description} of {{}}").format(field_name or "")


def written(function_description: str, number: float | None) -> str | None:
    """A bucket value that says nothing as a number, as a person writes it: a time, or a place. None of all others."""
    return None if number is None or function_description not in points.POINTS else points.text(function_description, number)


def value_text(function_description: str, number: float) -> str:
    """A bucket value as a person writes it: a number, a time, or a place."""
    return points.text(function_description, number) if function_description in points.POINTS else short(number)


def against_usual(actual: float, typical: float, lower: float | None = None, upper: float | None = None) -> str:
    """How the actual value compares with the typical one: "3.2x higher than usual", "12 % lower than usual", ...

    A ratio from 1.5 up reads as a factor, below it as per cent; where a ratio means nothing (a typical value about zero, or of
    the other sign), words say so.

    Args:
        actual: the bucket value.
        typical: what it would be if nothing were wrong.
        lower: lower end of the usual range; None: not known.
        upper: upper end of it.
    """
    if typical == 0.0 or lower == upper == 0.0:  # a mean of many zeros and a few others is no usual value
        return "usual" if actual == 0.0 else f"{short(actual)}, usually zero"
    if _is_about_zero(typical, lower, upper):
        return f"{short(actual)}, usually about zero" if actual else f"zero, usually {short(typical, 2)}"
    if actual == 0.0:
        return f"unexpectedly zero, usually {short(typical)}"
    return "usual" if actual == typical else f"{_difference(actual, typical)} than usual"


def compared(row: Mapping[str, Any]) -> str:
    """The same of a row with `function_description`, `actual`, `typical` and bounds: "unusual" where nothing is known."""
    if row["actual"] is None or row["typical"] is None:
        return "unusual"
    if row.get("function_description") in RARE:
        return rarity(row)
    # Members of a population may be far apart, and yet a factor between them says something.
    bounds = ("lower_bound", "upper_bound") if row.get("over_field_value") is None else ()
    return against_usual_of(row.get("function_description", ""), *(row[name] for name in ("actual", "typical", *bounds)))


def against_usual_of(
    function_description: str, actual: float, typical: float, lower: float | None = None, upper: float | None = None
) -> str:
    """As `against_usual`; a time or place by how far it is from a usual one: "at 03:12, 5.8 hours from the usual 09:00".

    What is there or not is told by how many buckets have it: "seen in 0.2 % of buckets".
    """
    if function_description in RARE:
        return f"seen in {short(100.0 * typical, 2)} % of buckets" if typical else "first seen"
    if function_description in points.POINTS:
        return points.compared(function_description, actual, typical)
    return against_usual(actual, typical, lower, upper)


def rarity(row: Mapping[str, Any]) -> str:
    """How rare a value is among the buckets of its partition: "first seen", "seen in 3 of 14,000 buckets".

    Args:
        row: `typical`, the share of buckets that have it; and where they are known `values_before` and `buckets_before`.
    """
    of = row.get("buckets_before")
    if of is None:
        return against_usual_of(RARE[0], 1.0, row["typical"])
    buckets = f"{of:,} bucket{'' if of == 1 else 's'}"
    seen = f"seen in {row['values_before']:,} of {buckets}" if row["values_before"] else f"first seen, after {buckets}"
    if row.get("over_field_value") is not None:
        more = short(row["by_field_relative_rarity"], 2)
        return f"{seen}; a value of few members: a usual one has {more}x as many"
    # What comes more rarely than it came was common once.
    late = row["values_before"] and row["typical"] < _NOT_LATELY * row["values_before"] / of
    return f"{seen}, but not lately" if late else seen


def with_values(row: Mapping[str, Any]) -> str:
    """The same with the two values where the words have none: `3.2x higher than usual (320 instead of 100)`."""
    text = compared(row)
    if not text.endswith(" than usual"):
        return text
    return f"{text} ({short(row['actual'])} instead of {short(row['typical'])})"


def record_compared(record: Mapping[str, Any]) -> str:
    """The same of a record, with what else makes it odd where the value itself lies in its usual range.

    `8 % lower than usual`; inside the range `the same value (97.3) for 18 buckets`, `8 % lower, odd for 18 buckets`,
    `8 % lower, as were the buckets before`, or `8 % lower than usual, a sudden change`.

    Args:
        record: a row of `schema.RECORDS`.
    """
    plain = compared(record)
    if record["actual"] is None or record.get("function_description") in _WITHOUT_RANGE or not _is_inside(record):
        return plain
    if record.get("anomaly_type") == "still":
        return f"the same value ({short(record['actual'])}) for {record['anomaly_length']:,} buckets"
    short_form = plain.removesuffix(" than usual")
    if (record["anomaly_length"] or 1) > 1:
        return f"{short_form}, odd for {record['anomaly_length']:,} buckets"
    if record["means_impact"]:
        return f"{short_form}, as were the buckets before"
    return f"{plain}, a sudden change"


def _is_inside(record: Mapping[str, Any]) -> bool:
    lower, upper = record["lower_bound"], record["upper_bound"]
    return lower is not None and upper is not None and lower <= record["actual"] <= upper


def _is_about_zero(typical: float, lower: float | None, upper: float | None) -> bool:
    return lower is not None and upper is not None and abs(typical) < _ABOUT_ZERO * (upper - lower)


def _difference(actual: float, typical: float) -> str:
    """Like "3.2x higher", "12 % lower", "far higher", or what else fits before "than usual"; neither value is zero."""
    direction = "higher" if actual > typical else "lower"
    # Of two negative numbers the one larger in size is the lower; the factor is still how far apart they are.
    ratio = max(abs(actual), abs(typical)) / min(abs(actual), abs(typical))
    if (actual > 0) != (typical > 0) or not math.isfinite(ratio):
        return f"far {direction}"
    if ratio > _FACTOR_SAYS_NOTHING:
        return f"more than 100x {direction}"
    if ratio >= 1.5:
        return f"{short(ratio, 2)}x {direction}"
    return f"{short(100.0 * abs(actual / typical - 1.0), 2)} % {direction}"


def rough_length(ms: float) -> str:
    """A length of time in its largest unit that is not below one: `1 hour`, `6.5 hours`."""
    size, unit = next(((size, unit) for size, unit in _UNITS if ms >= size), (1, "ms"))
    number = short(ms / size, 3)
    return f"{number} {unit}{'' if number == '1' or unit == 'ms' else 's'}"


def short(value: float, digits: int = 4) -> str:
    """A number as a person writes it: `digits` significant digits, no exponent between 0.0001 and 1,000,000,000."""
    if not math.isfinite(value) or value == 0.0:
        return f"{value + 0.0:g}"  # of -0, too
    if 1e-4 <= abs(value) < 1e9:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.{digits - 1}e}"
