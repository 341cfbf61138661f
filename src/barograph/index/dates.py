"""Times in documents and in queries: epoch ms, ISO 8601, Java patterns, and Elastic's date mathematics."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from barograph.config.time_format import java_pattern, written_codes
from barograph.index.errors import BadQuery
from barograph.index.kinds import NS
from barograph.index.zones import zone_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKS: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?")
_FRACTION: Final = re.compile(r"[.,](\d{1,9})\d*")
_PARTIAL: Final = re.compile(r"\d{4}(-\d{2})?")
_STEP: Final = re.compile(r"([+-])(\d+)([yMwdhHms])|/([yMwdhHms])")
_UNIT: Final = {"h": 3_600, "H": 3_600, "m": 60, "s": 1}
_DAYS: Final = {"w": 7, "d": 1}
_HAS_OFFSET: Final = re.compile(r"(T|\d:\d\d).*([+-]\d\d(:?\d\d)?|Z)$|^-?\d{5,}$")
"""Or is a number since 1970: such a time is the same in every zone."""
_LATEST: Final = 1e16
_WORDS: Final = ("date_optional_time", "date_time", "iso8601")
DEFAULT_FORMAT: Final = "strict_date_optional_time||epoch_millis"


def looks_like_a_date(text: str) -> bool:
    """Whether a text that nobody has declared is taken for a time."""
    return _LOOKS.fullmatch(text) is not None


def nanos(value: object, form: str) -> int:
    """A time of a document in epoch ns.

    Args:
        value: a number (ms, or what `form` says) or a text.
        form: the field's `format`: names or Java patterns with `||` between them.

    Raises:
        ValueError: it is none; the message says what was wanted.
    """
    names = form.split("||")
    if isinstance(value, str) and not value.lstrip("-").isdecimal():
        for name in names:
            found = _of_text(value, name)
            if found is not None:
                return found
    elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
        for name in names:
            if name not in ("epoch_millis", "epoch_second") and not any(word in name for word in _WORDS):
                found = _of_text(str(value), name)
                if found is not None:
                    return found
        seconds = "epoch_second" in names and "epoch_millis" not in names
        number = int(value) if isinstance(value, str) else value
        if abs(number) <= _LATEST:
            return round(number * (1_000 if seconds else 1) * NS)
    raise ValueError(f"a time of format [{form}]")


def _of_text(text: str, name: str) -> int | None:
    if name in ("epoch_millis", "epoch_second"):
        return None
    if _is_iso(name):
        return _iso(text)
    pattern = _codes_of(name, lambda java: java_pattern(java).strptime)
    parsed = pl.Series([text]).str.to_datetime(pattern, time_unit="ns", strict=False).dt.epoch("ns")[0]
    return None if parsed is None else int(parsed)


def _is_iso(name: str) -> bool:
    return name.startswith("strict_") or any(word in name for word in _WORDS)


def _codes_of(name: str, translate: Callable[[str], str]) -> str:
    try:
        return translate(name)
    except ValueError as error:
        raise BadQuery(f"format={name!r}: wanted {error}") from None


def _iso(text: str) -> int | None:
    if _PARTIAL.fullmatch(text):
        text = f"{text}-01" if len(text) > 4 else f"{text}-01-01"
    fraction = _FRACTION.search(text)
    whole = _FRACTION.sub("", text, count=1) if fraction else text
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = moment - _EPOCH
    seconds = passed.days * 86_400 + passed.seconds
    return seconds * 1_000 * NS + (int(fraction[1].ljust(9, "0")) if fraction else 0)


def query_nanos(value: object, form: str, now_ms: int, *, up: bool = False, zone: str = "UTC") -> int:
    """A time of a query in epoch ns: as `nanos`, or with date mathematics (`now-1h/d`, `2026-01-01||+1M`).

    Args:
        value: what was asked for.
        form: the format.
        now_ms: what `now` means.
        up: a rounding goes to the last ms of its unit, not to the first (for `gt` and `lte`).
        zone: where days begin that have no offset: a name, or an offset.

    Raises:
        BadQuery: it is none.
    """
    if not isinstance(form, str):
        raise BadQuery(f"[format]={form!r}: wanted text")
    if not isinstance(value, str) or not (value.startswith("now") or "||" in value):
        try:
            found = nanos(value, form)
        except ValueError as error:
            raise BadQuery(f"failed to parse date field [{value}] with format [{form}]: wanted {error}") from None
        local = isinstance(value, str) and zone != "UTC" and not _HAS_OFFSET.search(value)
        return found - _offset_ns(found, zone) if local else found
    anchor, steps = ("now", value[3:]) if value.startswith("now") else value.split("||", 1)
    start = now_ms * NS if anchor == "now" else query_nanos(anchor, form, now_ms, zone=zone)
    matched = _STEP.sub("", steps)
    if matched:
        raise BadQuery(f"failed to parse date math [{value}]: wanted steps such as +1h, -7d or /d, found [{matched}]")
    try:
        moment = _EPOCH + timedelta(microseconds=start // 1_000)
        for sign, count, unit, rounded in _STEP.findall(steps):
            moment = _round(moment, rounded, zone, up) if rounded else _add(moment, int(sign + count), unit, zone)
    except (OverflowError, ValueError):
        raise BadQuery(f"failed to parse date math [{value[:100]}]: wanted a time from the year 1 to 9999") from None
    passed = moment - _EPOCH
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1_000


def _offset_ns(at_ns: int, zone: str) -> int:
    local = (_EPOCH + timedelta(microseconds=at_ns // 1_000)).replace(tzinfo=zone_of(zone))
    return round((local.utcoffset() or timedelta()).total_seconds()) * 1_000 * NS


def _add(moment: datetime, count: int, unit: str, zone: str) -> datetime:
    """So many units later; days and longer ones by the calendar of the zone, where a day may have 23 hours."""
    if unit in _UNIT:
        return moment + timedelta(seconds=count * _UNIT[unit])
    local = moment.astimezone(zone_of(zone))
    if unit in _DAYS:
        return (local + timedelta(days=count * _DAYS[unit])).astimezone(UTC)
    months = local.year * 12 + local.month - 1 + count * (12 if unit == "y" else 1)
    first = local.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(local.day, last)).astimezone(UTC)


def _round(moment: datetime, unit: str, zone: str, up: bool) -> datetime:
    local = moment.astimezone(zone_of(zone))
    start = local.replace(microsecond=0)
    for name in ("second", "minute", "hour")[: "smh".find(unit.lower() if unit != "M" else "?") if unit in "smhH" else 3]:
        start = start.replace(**{name: 0})  # type: ignore[arg-type]
    if unit == "w":
        start -= timedelta(days=start.weekday())
    elif unit in "My":
        start = start.replace(day=1, **({"month": 1} if unit == "y" else {}))  # type: ignore[arg-type]
    start = start.astimezone(UTC)
    return _add(start, 1, unit, zone) - timedelta(milliseconds=1) if up else start


def iso_ms(time_ms: int, zone: str = "UTC") -> str:
    """Epoch ms as Elastic writes it: `2026-01-01T00:00:00.000Z`; before the year 1 and after 9999, as a number."""
    return _written(time_ms, zone, "%Y-%m-%dT%H:%M:%S.%3f%#z")


def shown_time(time_ms: int, form: str, zone: str = "UTC") -> str:
    """Epoch ms in the first of the formats `form`, in a zone.

    Raises:
        BadQuery: it is no format.
    """
    name = form.split("||", maxsplit=1)[0]
    if name == "epoch_millis":
        return str(time_ms)
    if name == "epoch_second":
        return str(time_ms // 1_000)
    return iso_ms(time_ms, zone) if _is_iso(name) else _written(time_ms, zone, _codes_of(name, written_codes))


def _written(time_ms: int, zone: str, pattern: str) -> str:
    try:
        moment = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone_of(zone))
    except (OverflowError, ValueError):
        return str(time_ms)
    offset = f"{moment:%z}"
    parts = {
        "%.f": f".{moment.microsecond // 1000:03d}",
        "%3f": f"{moment.microsecond // 1000:03d}",
        "%6f": f"{moment.microsecond:06d}",
        "%9f": f"{moment.microsecond:06d}000",
        "%Y": f"{moment.year:04d}",
        "%#z": "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}",
    }
    for code, text in parts.items():
        pattern = pattern.replace(code, text)
    return moment.strftime(pattern)
