"""Times as the Engine API writes and reads them."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from barograph.api.engine.errors import Code, EngineError
from barograph.config.errors import BadRequest
from barograph.config.moment import epoch_ms

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999
"""The years 1 to 9999, which ISO 8601 has."""

_BLANK_FOR_PLUS: Final = re.compile(r" (?=\d\d:?\d\d$)")
"""What becomes of the plus of an offset in a URL whose writer has not escaped it."""


def text_of(time_ms: int) -> str:
    """Epoch ms as text, such as `2014-01-12T12:00:00.000+0000`."""
    return (_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def moment(name: str, text: str) -> int:
    """A time as epoch ms: epoch seconds, epoch ms, or ISO 8601.

    Raises:
        EngineError: it is none of these (60101).
    """
    with suppress(BadRequest, OverflowError, ValueError):
        found = epoch_ms(name, _BLANK_FOR_PLUS.sub("+", text.strip()), UTC)
        if _FIRST_MS <= found <= _LAST_MS:
            return found
    wanted = "epoch seconds, epoch ms, or ISO 8601 such as 2014-01-12T12:00:00.000+0000"
    raise EngineError(Code.DATE, f"{name}={text[:200]!r}: wanted a time: {wanted}")
