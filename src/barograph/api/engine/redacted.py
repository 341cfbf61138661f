"""What may be shown of settings and messages: all but secrets."""

import re
from typing import Any, Final

_SECRET: Final = re.compile(r"password|passwd|secret|token|api_?key|authorization|credential", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^\s'\"]+(?=@)")
"""Up to the last @, as a password may have one, or a slash."""
_IN_QUERY: Final = re.compile(rf"([?&][^=&\s]*(?:{_SECRET.pattern}|key|sig)[^=&\s]*=)[^&\s'\"#]+", re.IGNORECASE)
_HIDDEN: Final = "***"


def redacted(value: Any) -> Any:
    """The same without secrets: values of fields that are called so, who logs in by an address, and keys in it."""
    if isinstance(value, dict):
        return {name: _HIDDEN if is_secret(str(name)) else redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    return _IN_QUERY.sub(rf"\1{_HIDDEN}", _IN_URL.sub(_HIDDEN, value)) if isinstance(value, str) else value


def is_secret(name: str) -> bool:
    """Whether a field is called like one that holds a secret."""
    return _SECRET.search(name) is not None
