"""Arguments of a call, from its body or its URL."""

import math
from typing import Any

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.times import span_ms

_LARGEST_PAGE = 10_000


def argument(call: Call, name: str) -> Any:
    """The value of a parameter: that of the body, else that of the URL; None when it is in neither."""
    if isinstance(call.body, dict) and name in call.body:
        return call.body[name]
    return call.query.get(name)


def check_timeout(call: Call) -> None:
    """Refuse timeouts that are no span of time. None is waited for: calls are answered when they are done.

    Raises:
        ElasticError: it is none.
    """
    for name in ("timeout", "master_timeout"):
        if argument(call, name) is not None:
            span_ms(name, argument(call, name))


def flag(call: Call, name: str, default: bool) -> bool:
    """A parameter that is true or false; one that is named without a value is true.

    Raises:
        ElasticError: it is neither.
    """
    value = argument(call, name)
    if value is None:
        return default
    text = str(value).lower()
    if text in ("", "true"):
        return True
    if text == "false":
        return False
    raise bad(f"Failed to parse value [{str(value)[:200]}] as only [true] or [false] are allowed.")


def allow_no_match(call: Call) -> bool:
    """Whether a wildcard may match nothing; the old names of the parameter still work, with a warning."""
    for old in ("allow_no_jobs", "allow_no_datafeeds"):
        if argument(call, old) is not None:
            call.warn(f"Deprecated field [{old}] used, expected [allow_no_match] instead")
            return flag(call, old, True)
    return flag(call, "allow_no_match", True)


def number(call: Call, name: str, default: float) -> float:
    """A parameter that is a number.

    Raises:
        ElasticError: it is none.
    """
    value = argument(call, name)
    if value is None:
        return default
    try:
        if isinstance(value, bool):
            raise ValueError
        found = float(value)
        if not math.isfinite(found):
            raise ValueError
    except (TypeError, ValueError):
        raise bad(f"Failed to parse double parameter [{name}] with value [{str(value)[:200]}]") from None
    return found


def integer(call: Call, name: str, default: int, value: Any = None) -> int:
    """A parameter that is a whole number.

    Raises:
        ElasticError: it is none.
    """
    value = argument(call, name) if value is None else value
    if value is None:
        return default
    try:
        if isinstance(value, bool) or float(value) != int(value):
            raise ValueError
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        raise bad(f"Failed to parse int parameter [{name}] with value [{str(value)[:200]}]") from None
    return found


def whole(call: Call, name: str, default: int, value: Any = None) -> int:
    """As `integer`, of at least 0."""
    found = integer(call, name, default, value)
    if found < 0:
        raise bad(f"Parameter [{name}] cannot be < 0")
    return found


def page(call: Call, size: int = 100) -> tuple[int, int]:
    """From where, and how many; from the URL, or from `page` in the body.

    Raises:
        ElasticError: not numbers, or beyond what can be paged through.
    """
    given = call.body.get("page") if isinstance(call.body, dict) else None
    if given is not None and not isinstance(given, dict):
        raise ElasticError(400, "x_content_parse_exception", "[page] wanted an object with from and size")
    for name in given or {}:
        if name not in ("from", "size"):
            raise ElasticError(400, "x_content_parse_exception", f"[page] unknown field [{name}]")
    at = whole(call, "from", 0, (given or {}).get("from"))
    most = whole(call, "size", max(0, min(size, _LARGEST_PAGE - at)), (given or {}).get("size"))
    if at + most > _LARGEST_PAGE:
        raise bad(f"The sum of parameters [from] and [size] cannot be higher than {_LARGEST_PAGE}. Please use smaller values.")
    return at, most


def names(value: Any, name: str) -> list[str]:
    """A list of names: a list, one name, or several with commas between them.

    Raises:
        ElasticError: it is none of these.
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return list(value)
    raise ElasticError(400, "x_content_parse_exception", f"failed to parse field [{name}]")
