"""How messages are cut into tokens before they are categorized, under the names of Elastic's analyzers."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from barograph.config.errors import MISSING, Problem

TokenizerKind = Literal["ml_standard", "ml_classic", "standard", "whitespace", "pattern", "keyword"]
KINDS: Final[tuple[TokenizerKind, ...]] = ("ml_standard", "ml_classic", "standard", "whitespace", "pattern", "keyword")

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
_SHORT: Final = ("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATE_WORDS: Final = (*_DAYS, *(day[:3] for day in _DAYS), *_MONTHS, "November", "December", *_SHORT, "GMT", "UTC")
"""What says when something happened, and not what."""

MOST_TOKENS: Final = 100
"""Of a message that are looked at. The first ones say what it is about."""

FIRST_LINES: Final = ("first_non_blank_line", "first_line_with_letters")


@dataclass(frozen=True)
class Replace:
    """Each match of a pattern is replaced; in `replacement`, `$1` is the first group."""

    pattern: str
    replacement: str = ""


@dataclass(frozen=True)
class Analyzer:
    """What makes tokens of a message.

    Attributes:
        char_filters: what is done to its text first: a name of `FIRST_LINES`, or `Replace`.
        tokenizer: what cuts it into tokens.
        pattern: of the tokenizer `pattern`: what lies between tokens, or what tokens are.
        is_token: whether the pattern matches tokens.
        lower: tokens are made lower case.
        stop: tokens that are left out.
        most: of a message's tokens that are looked at.
    """

    char_filters: tuple[str | Replace, ...] = ("first_line_with_letters",)
    tokenizer: TokenizerKind = "ml_standard"
    pattern: str = r"\W+"
    is_token: bool = False
    lower: bool = False
    stop: tuple[str, ...] = DATE_WORDS
    most: int = MOST_TOKENS


_NAMED: Final = {
    "standard": Analyzer((), "standard", lower=True, stop=()),
    "whitespace": Analyzer((), "whitespace", stop=()),
    "keyword": Analyzer((), "keyword", stop=()),
    "pattern": Analyzer((), "pattern", lower=True, stop=()),
}


def with_filters(filters: tuple[str, ...]) -> Analyzer:
    """The analyzer that a list of `categorization_filters` stands for; without any it is that of a job that names none."""
    return Analyzer(("first_non_blank_line", *map(Replace, filters))) if filters else Analyzer()


def read_analyzer(given: str | dict[str, Any]) -> tuple[Analyzer | None, list[Problem]]:
    """An analyzer, or what is wrong with it; paths begin at the analyzer."""
    if isinstance(given, str):
        found = _NAMED.get(given)
        wanted = f"one of {', '.join(_NAMED)}, or an object with char_filter, tokenizer and filter"
        return found, [] if found else [Problem("", given, wanted)]
    problems = [
        Problem(name, value, "one of char_filter, tokenizer, filter")
        for name, value in given.items()
        if name not in ("char_filter", "tokenizer", "filter")
    ]
    parts: dict[str, Any] = {"stop": (), "char_filters": ()}
    problems += _char_filters(_listed(given.get("char_filter")), parts)
    problems += _tokenizer(given.get("tokenizer", MISSING), parts)
    problems += _token_filters(_listed(given.get("filter")), parts)
    return None if problems else Analyzer(**parts), problems


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _char_filters(given: list[Any], parts: dict[str, Any]) -> list[Problem]:
    problems, filters = list[Problem](), list[str | Replace]()
    for index, one in enumerate(given):
        path = f"char_filter[{index}]"
        if isinstance(one, str) and one in FIRST_LINES:
            filters.append(one)
        elif isinstance(one, dict) and one.get("type") == "pattern_replace":
            problems += _bad_pattern(f"{path}.pattern", one.get("pattern", MISSING))
            replacement = one.get("replacement", "")
            if not isinstance(replacement, str):
                problems.append(Problem(f"{path}.replacement", replacement, "text"))
            problems += _unknown(path, one, ("type", "pattern", "replacement"))
            if not problems:
                filters.append(Replace(one["pattern"], replacement))
        else:
            problems.append(Problem(path, one, f"one of {', '.join(FIRST_LINES)}, or an object with type: pattern_replace"))
    parts["char_filters"] = tuple(filters)
    return problems


def _tokenizer(given: Any, parts: dict[str, Any]) -> list[Problem]:
    if isinstance(given, str) and given in KINDS:
        parts["tokenizer"] = given
        return []
    if not isinstance(given, dict) or given.get("type") != "pattern":
        return [Problem("tokenizer", given, f"one of {', '.join(KINDS)}, or an object with type: pattern")]
    group = given.get("group", -1)
    problems = _bad_pattern("tokenizer.pattern", given.get("pattern", r"\W+"))
    problems += _unknown("tokenizer", given, ("type", "pattern", "group"))
    if group not in (-1, 0) or isinstance(group, bool):
        wanted = "-1 (the pattern matches what lies between tokens) or 0 (it matches tokens)"
        problems.append(Problem("tokenizer.group", group, wanted))
    parts |= {"tokenizer": "pattern", "pattern": given.get("pattern", r"\W+"), "is_token": group == 0}
    return problems


def _token_filters(given: list[Any], parts: dict[str, Any]) -> list[Problem]:
    problems = list[Problem]()
    for index, one in enumerate(given):
        path, kind = f"filter[{index}]", one.get("type") if isinstance(one, dict) else one
        if kind == "lowercase":
            parts["lower"] = True
        elif kind == "stop" and isinstance(one, dict):
            words = one.get("stopwords", [])
            if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
                problems.append(Problem(f"{path}.stopwords", words, "a list of words"))
                continue
            problems += _unknown(path, one, ("type", "stopwords"))
            parts["stop"] = (*parts["stop"], *words)
        elif kind == "limit" and isinstance(one, dict):
            most = one.get("max_token_count", 1)
            if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_TOKENS:
                problems.append(Problem(f"{path}.max_token_count", most, f"a whole number from 1 to {MOST_TOKENS}"))
                continue
            problems += _unknown(path, one, ("type", "max_token_count"))
            parts["most"] = min(parts.get("most", MOST_TOKENS), most)
        else:
            wanted = "lowercase, an object with type: stop and stopwords, or one with type: limit and max_token_count"
            problems.append(Problem(path, one, wanted))
    return problems


def _unknown(path: str, given: dict[str, Any], known: tuple[str, ...]) -> list[Problem]:
    return [
        Problem(f"{path}.{name}", value, f"one of {', '.join(known)}") for name, value in given.items() if name not in known
    ]


def _bad_pattern(path: str, pattern: Any) -> list[Problem]:
    wanted = pattern_problem(pattern)
    return [Problem(path, pattern, wanted)] if wanted else []


def pattern_problem(pattern: Any) -> str | None:
    """What is wanted instead of a pattern that cannot be used; None when it can.

    The time that a pattern takes must be in proportion to the text, as messages come from anywhere: so there is no looking
    around and no reference to what was matched.
    """
    wanted = "a regular expression without look-around and back-references"
    if not isinstance(pattern, str) or not pattern:
        return wanted
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError:
        return wanted
    return None
