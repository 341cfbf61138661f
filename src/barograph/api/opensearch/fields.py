"""Single values of documents, which clients write as JSON or as text."""

from collections.abc import Mapping
from typing import Any

from barograph.api.opensearch.errors import malformed


def whole(field: str, value: Any) -> int:
    """A whole number, also as text.

    Raises:
        Invalid: it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    try:
        return int(str(value).strip())
    except ValueError:
        raise malformed(field, f"[{field}]={str(value)[:100]!r}: wanted a whole number") from None


def flag(field: str, value: Any) -> bool:
    """True or false, also as text.

    Raises:
        Invalid: it is neither.
    """
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise malformed(field, f"Failed to parse value [{str(value)[:100]}] of [{field}] as only [true] or [false] are allowed.")


def text(field: str, value: Any) -> str:
    """A text; numbers are taken as they are written.

    Raises:
        Invalid: it is a list or an object.
    """
    if isinstance(value, list | Mapping):
        raise malformed(field, f"[{field}]={str(value)[:100]!r}: wanted text")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def texts(field: str, value: Any) -> list[str]:
    """A list of texts, or one alone.

    Raises:
        Invalid: it is something else.
    """
    return [text(field, one) for one in (value if isinstance(value, list) else [value])]


def objects(field: str, value: Any) -> list[Mapping[str, Any]]:
    """A list of objects; empty for null.

    Raises:
        Invalid: it is something else.
    """
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise malformed(field, f"[{field}]={str(value)[:100]!r}: wanted a list of objects")
    return listed
