"""Java's `DateTimeFormatter` patterns, as far as a parser of whole timestamps needs them, in strptime's words."""

import re
from dataclasses import dataclass
from typing import Final

EPOCHS: Final = {"epoch": 1_000.0, "epoch_ms": 1.0, "epoch_us": 1e-3, "epoch_ns": 1e-6}
"""The time formats that are a number since 1970, each with how many ms its unit is."""

TIME_FORMATS: Final = ("auto", *EPOCHS, "iso8601")
"""The time formats that are a word, not a pattern."""

NUMERIC: Final = ("auto", *EPOCHS)
"""Those by which a number is a time."""

_LETTERS: Final = {
    "y": {1: "%Y", 2: "%y", 4: "%Y"},
    "u": {1: "%Y", 2: "%y", 4: "%Y"},
    "M": {1: "%m", 2: "%m", 3: "%b", 4: "%B"},
    "L": {1: "%m", 2: "%m", 3: "%b", 4: "%B"},
    "d": {1: "%d", 2: "%d"},
    "D": {1: "%j", 3: "%j"},
    "E": {1: "%a", 2: "%a", 3: "%a", 4: "%A"},
    "H": {1: "%H", 2: "%H"},
    "h": {1: "%I", 2: "%I"},
    "a": {1: "%p"},
    "m": {1: "%M", 2: "%M"},
    "s": {1: "%S", 2: "%S"},
    "S": {3: "%3f", 6: "%6f", 9: "%9f"},
    # %#z reads all of Z, +02, +0200 and +02:00, which Java tells apart by the number of letters.
    "X": {1: "%#z", 2: "%#z", 3: "%#z"},
    "x": {1: "%#z", 2: "%#z", 3: "%#z"},
    "Z": {1: "%#z", 2: "%#z", 3: "%#z", 5: "%#z"},
}
_TOKEN: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']|(')")
_KNOWN: Final = f"{', '.join(TIME_FORMATS)}, or a Java pattern of y M d D E H h a m s S X x Z, VV at the end, and 'quoted text'"


@dataclass(frozen=True)
class TimePattern:
    """A translated pattern.

    Attributes:
        strptime: the format for the text, without the zone's name if there is one.
        has_offset: the text carries its offset from UTC.
        has_zone_name: the text ends with a zone's name (`VV`), such as Europe/Berlin.
    """

    strptime: str
    has_offset: bool
    has_zone_name: bool


def java_pattern(pattern: str) -> TimePattern:
    """Translate a Java pattern such as `yyyy-MM-dd'T'HH:mm:ss.SSSX`.

    Raises:
        ValueError: it cannot be translated; the message names the letters, or the part of the date that is missing.
    """
    made, letters = _codes(pattern)
    _check(letters)
    return made


def written_codes(pattern: str) -> str:
    """The codes of a Java pattern by which times are only written: parts of the date may be missing.

    Raises:
        ValueError: it cannot be translated; the message names the letters.
    """
    made, _ = _codes(pattern)
    if made.has_zone_name:
        raise ValueError(f"{_KNOWN}; VV can be read, and not written")
    return made.strptime


def _codes(pattern: str) -> tuple[TimePattern, set[str]]:
    """A translated pattern, and its letters."""
    parts: list[str] = []
    letters: set[str] = set()
    at, zone_name = 0, False
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None or token[3] is not None:
            raise ValueError(f"{_KNOWN}; the quote at position {at + 1} is not closed")
        if zone_name:
            raise ValueError(f"{_KNOWN}; VV is not at the end")
        at = token.end()
        if token[0] == "VV":
            zone_name = True
        else:
            parts.append(_translated(token, parts))
            letters.update(token[2] or "")
    return TimePattern("".join(parts), bool(letters & set("XxZ")), zone_name), letters


def _translated(token: re.Match[str], before: list[str]) -> str:
    """The strptime form of one run of a letter, one quoted text or one sign."""
    text, letter = token[0], token[2]
    if token[1] is not None:
        return (token[1].replace("''", "'") or "'").replace("%", "%%")
    if letter is None:
        if text in "[]{}#":
            raise ValueError(f"{_KNOWN}; {text} has no translation")
        return text.replace("%", "%%")
    if letter == "S" and before and before[-1] == ".":
        before.pop()
        return "%.f"  # reads a fraction of any length, also none
    form = _LETTERS.get(letter, {}).get(len(text))
    if form is None:
        raise ValueError(f"{_KNOWN}; {text} has no translation")
    return form


def _check(letters: set[str]) -> None:
    """Refuse a pattern whose text would not say which instant is meant."""
    have = {
        "the year (yyyy)": letters & set("yu"),
        "the day (MM and dd, or DDD)": "D" in letters or (letters & set("ML") and "d" in letters),
        "the minute (mm) beside the hour": bool(letters & set("Hh")) == ("m" in letters),
        "AM or PM (a) beside hh": ("h" in letters) == ("a" in letters),
        "the second (ss) beside its fraction": "S" not in letters or "s" in letters,
    }
    missing = [part for part, there in have.items() if not there]
    if missing:
        raise ValueError(f"{_KNOWN}; this one lacks {' and '.join(missing)}")
