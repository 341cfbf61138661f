"""Texts with values in them, as monitors have them: `{{period_end}}`, `{{ctx.monitor.name}}`. Sections are not rendered."""

import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.errors import bad

_TAG: Final = re.compile(r"\{\{\{?\s*([^{}]*?)\s*\}?\}\}")
_PATH: Final = re.compile(r"[\w.-]+")


def check_template(where: str, text: str) -> None:
    """Refuse what is not rendered.

    Raises:
        ElasticError: there is a tag that is no name of a value.
    """
    for tag in _TAG.findall(text):
        if not _PATH.fullmatch(tag):
            raise bad(f"[{where}]: {{{{{tag[:100]}}}}}: wanted the name of a value; sections and comments are not rendered")


def rendered(text: str, values: Mapping[str, Any]) -> str:
    """A text with its values; what there is no value of is empty."""
    return _TAG.sub(lambda tag: _text(values, tag[1]), text)


def _text(values: Mapping[str, Any], path: str) -> str:
    place: Any = values
    for step in path.split("."):
        if isinstance(place, list):
            place = place[int(step)] if step.isdigit() and int(step) < len(place) else None
        else:
            place = place.get(step) if isinstance(place, Mapping) else None
    return "" if place is None else str(place)
