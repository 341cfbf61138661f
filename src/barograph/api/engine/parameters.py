"""The parameters of calls. Those that a call does not have are passed over: clients send some that never meant anything."""

import math
from typing import Final

from barograph.api.engine.endpoint import Call
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.times import moment

_MOST: Final = 1 << 53


def paging(call: Call) -> tuple[int, int]:
    """How many documents to skip, and how many to take.

    Raises:
        EngineError: one of them is no whole number of 0 or more (60110, 60111).
    """
    return _whole(call, "skip", 0, Code.SKIP), _whole(call, "take", 100, Code.TAKE)


def _whole(call: Call, name: str, default: int, code: Code) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or int(text) > _MOST:
        raise EngineError(code, f"{name}={text[:100]!r}: wanted a whole number of 0 or more")
    return int(text)


def flag(call: Call, name: str) -> bool:
    """A parameter that is true or false; one that is named without a value is true, and one that is not named false.

    Raises:
        EngineError: it is neither (10104).
    """
    text = call.query.get(name, "false").lower()
    if text not in ("", "true", "false"):
        raise EngineError(Code.INVALID_VALUE, f"{name}={text[:100]!r}: wanted true or false")
    return text != "false"


def time(call: Call, name: str) -> int | None:
    """A time, epoch ms; None when it is not given or empty. Raises as `moment`."""
    text = call.query.get(name, "")
    return moment(name, text) if text.strip() else None


def span(call: Call, code: Code = Code.END_BEFORE_START) -> tuple[int | None, int | None]:
    """From when, and until before when, epoch ms; None without a bound.

    Raises:
        EngineError: they are no times (60101), or the end is before the start (`code`).
    """
    start, end = time(call, "start"), time(call, "end")
    if start is not None and end is not None and end < start:
        raise EngineError(code, f"end={call.query['end']!r}: wanted a time that is not before start={call.query['start']!r}")
    return start, end


def score(call: Call, *names: str) -> float | None:
    """A lowest score from 0 to 100, under the first of the names that it has; None without.

    Raises:
        EngineError: it is none (60104).
    """
    name = next((name for name in names if call.query.get(name, "").strip()), None)
    if name is None:
        return None
    try:
        found = float(call.query[name])
    except ValueError:
        found = math.nan
    if not 0 <= found <= 100:
        raise EngineError(Code.THRESHOLD, f"{name}={call.query[name][:100]!r}: wanted a number from 0 to 100")
    return found
