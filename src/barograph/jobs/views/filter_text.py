"""A filter as people write it: `host:web-* and not (region:eu or region:"us east")`."""

import re
from typing import Final

from barograph.config.errors import BadRequest
from barograph.store.entity_filter import AllOf, AnyOf, Filter, Is, Not

LONGEST: Final = 2000
_DEEPEST: Final = 50
_TOKEN: Final = re.compile(r'\s*(?:([():])|("(?:[^"\\]|\\.)*")|((?:[^\s():"\\]|\\.)+))', re.DOTALL)
_WANTED: Final = "FIELD:VALUE, joined by 'and', 'or', 'not' and parentheses"


class _Text(str):
    """A token that is no word of the language, because it is in quotes."""

    __slots__ = ()


def parse(text: str) -> Filter | None:
    """The filter that a text says; None when it says nothing.

    `not` binds more than `and`, `and` more than `or`. A `*` in a value is any text. A value or field with spaces, colons or
    parentheses goes in double quotes, where `*` is still any text; a backslash takes the next character as it is.

    Raises:
        BadRequest: it cannot be read; the message says at which character, and what was wanted there.
    """
    if len(text) > LONGEST:
        raise BadRequest(f"q: wanted at most {LONGEST:,} characters; it has {len(text):,}")
    if not text.strip():
        return None
    reader = _Reader(text)
    found = reader.either(0)
    if reader.token is not None:
        raise reader.refused("'and', 'or' or the end")
    return found


def quoted(value: str) -> str:
    """A value as a filter writes it when it is meant to the letter."""
    escaped = re.sub(r'(["\\*])', r"\\\1", value)
    return f'"{escaped}"'


class _Reader:
    """Reads a filter from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._at = 0
        self.token: str | None = None
        self._next()

    def refused(self, wanted: str) -> BadRequest:
        """What is wrong where the reader stands."""
        found = "the end" if self.token is None else repr(self._text[self._at : self._end])
        return BadRequest(f"q={self._text!r}: wanted {wanted} at character {self._at + 1}; found {found}")

    def either(self, depth: int) -> Filter:
        """Parts of which one must hold."""
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise self.refused(f"at most {_DEEPEST} parts within each other")
        if self._word("not"):
            return Not(self._one(depth + 1))
        if self._sign("("):
            inside = self.either(depth + 1)
            if not self._sign(")"):
                raise self.refused("')'")
            return inside
        field = "*".join(self._value(_WANTED))
        if not self._sign(":"):
            raise self.refused(f"':' and a value after {field!r}")
        return Is(field, self._value(f"a value of {field!r}"))

    def _value(self, wanted: str) -> tuple[str, ...]:
        """A word or a quoted text, cut at its stars."""
        token = self.token
        if token is None or (token in ("(", ")", ":") and not isinstance(token, _Text)):
            raise self.refused(wanted)
        self._next()
        parts = [""]
        for piece in re.findall(r"\\.|[^\\]", token, re.DOTALL):
            if piece == "*":
                parts.append("")
            else:
                parts[-1] += piece[-1]
        return tuple(parts)

    def _word(self, word: str) -> bool:
        return self._take(self.token is not None and not isinstance(self.token, _Text) and self.token.lower() == word)

    def _sign(self, sign: str) -> bool:
        return self._take(self.token == sign and not isinstance(self.token, _Text))

    def _take(self, is_it: bool) -> bool:
        if is_it:
            self._next()
        return is_it

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._end)
        if found is not None:
            sign, text, word = found.groups()
            self._at, self._end = found.end() - len(found[0].lstrip()), found.end()
            self.token = sign or (word if text is None else _Text(text[1:-1]))
        elif self._text[self._end :].strip():
            self._at = self._end + len(self._text[self._end :]) - len(self._text[self._end :].lstrip())
            self._end = len(self._text)
            raise self.refused("a closing '\"'" if self._text[self._at] == '"' else "a character after the backslash")
        else:
            self._at = self._end = len(self._text)
            self.token = None
