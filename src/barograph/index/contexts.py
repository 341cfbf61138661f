"""Views of indices that clients page through: scrolls and points in time."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest, Conflict
from barograph.index.errors import NoSuchContext

MAX_CONTEXTS: Final = 500
"""Views at once, as Elasticsearch limits them."""
_LONGEST_MS: Final = 86_400_000


@dataclass(frozen=True)
class Context:
    """A view that somebody pages through.

    Attributes:
        expression: the indices.
        bounds: the number of the next document of each, when the view was taken.
        keep_ms: how long it lives after it was last used.
        until_ms: when it ends.
        body: the search of a scroll.
        after: the sort values of the last hit that a scroll has given out.
    """

    expression: str
    bounds: Mapping[int, int]
    keep_ms: int
    until_ms: int
    body: Mapping[str, Any] | None = None
    after: list[Any] | None = None


def keep_alive(text: object) -> int:
    """How long a view lives, in ms.

    Raises:
        BadRequest: not a length of time, or more than a day.
    """
    try:
        ms = Duration.parse(text).ms
    except ValueError as error:
        raise BadRequest(f"keep_alive={text!r}: wanted {error}") from None
    if not 0 < ms <= _LONGEST_MS:
        raise BadRequest(f"keep_alive={text!r}: wanted from 1ms to 24h")
    return ms


class Contexts:
    """All views. They take no memory to speak of: a view is the number of the first document that is not in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, Context] = {}

    def add(self, context: Context, now_ms: int) -> str:
        """Take a view.

        Raises:
            Conflict: there are too many.
        """
        with self._lock:
            self._expire(now_ms)
            if len(self._contexts) >= MAX_CONTEXTS:
                wanted = f"wanted at most {MAX_CONTEXTS}: close some, or wait for some to end"
                raise Conflict(f"Trying to create too many scroll contexts: {wanted}")
            name = secrets.token_urlsafe(24)
            self._contexts[name] = context
            return name

    def use(self, name: object, now_ms: int, keep_ms: int | None = None) -> Context:
        """A view, which lives on from now.

        Raises:
            NoSuchContext: it has ended, or never was.
        """
        with self._lock:
            self._expire(now_ms)
            context = self._contexts.get(str(name))
            if context is None:
                raise NoSuchContext(f"No search context found for id [{name}]: wanted one that has not ended")
            keep_ms = context.keep_ms if keep_ms is None else keep_ms
            self._contexts[str(name)] = context = replace(context, keep_ms=keep_ms, until_ms=now_ms + keep_ms)
            return context

    def go_on(self, name: str, after: list[Any]) -> None:
        """A scroll has given out hits up to these sort values."""
        with self._lock:
            if name in self._contexts:
                self._contexts[name] = replace(self._contexts[name], after=after)

    def remove(self, names: list[str] | None) -> int:
        """End views, all of them for None; how many there were."""
        with self._lock:
            gone = [name for name in (self._contexts if names is None else names) if name in self._contexts]
            for name in gone:
                del self._contexts[name]
            return len(gone)

    def _expire(self, now_ms: int) -> None:
        self._contexts = {name: context for name, context in self._contexts.items() if context.until_ms > now_ms}
