"""What a part of a request holds: known names, numbers, objects."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.index.errors import BadQuery

_LARGEST: Final = 1e15


def only(body: Mapping[str, Any], name: str, known: set[str]) -> None:
    """Refuse what is not known of a part of a request.

    Raises:
        BadQuery: it has an unknown name in it.
    """
    unknown = sorted(body.keys() - known)
    if unknown:
        raise BadQuery(f"[{name}] unknown field [{unknown[0]}]: wanted {', '.join(sorted(known))}")


def number_of(body: Mapping[str, Any], name: str, default: float, where: str) -> float:
    """A number of a part of a request.

    Raises:
        BadQuery: it is none.
    """
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _LARGEST:
        raise BadQuery(f"[{name}] of aggregation [{where}]={value!r}: wanted a number")
    return value


def object_of(body: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """An object of a part of a request; empty if it is not there.

    Raises:
        BadQuery: it is something else.
    """
    value = body.get(name) or {}
    if not isinstance(value, Mapping):
        raise BadQuery(f"[{name}] of aggregation [{where}]={value!r}: wanted an object")
    return value
