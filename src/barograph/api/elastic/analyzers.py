"""Analyzers of messages, as clients see them: what cuts a message into the words that tell its category."""

from collections.abc import Iterable
from typing import Any

from barograph.config.analyzer import DATE_WORDS


def standard() -> dict[str, Any]:
    """The analyzer of a job that names none."""
    return _analyzer(["first_line_with_letters"])


def without(patterns: Iterable[str]) -> dict[str, Any]:
    """The analyzer that takes away what patterns match, which is what `categorization_filters` stand for."""
    return _analyzer(["first_non_blank_line", *({"type": "pattern_replace", "pattern": pattern} for pattern in patterns)])


def _analyzer(char_filter: list[Any]) -> dict[str, Any]:
    return {"char_filter": char_filter, "tokenizer": "ml_standard", "filter": [{"type": "stop", "stopwords": list(DATE_WORDS)}]}
