"""What may be shown of settings and messages: all but secrets."""

import re
from typing import Any, Final

_SECRET: Final = re.compile(r"password|passwd|secret|token|api_?key|authorization|credential", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")
_HIDDEN: Final = "***"


def redacted(value: Any) -> Any:
    """The same without secrets: values of fields that are called so, and who logs in by an address."""
    if isinstance(value, dict):
        return {name: _HIDDEN if _SECRET.search(str(name)) else redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    return _IN_URL.sub(_HIDDEN, value) if isinstance(value, str) else value
