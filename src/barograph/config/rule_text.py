"""Rules as people write them: `actual < 10 and host in (web-1, web-2)`."""

import json
import re
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from barograph.config.errors import BadRequest
from barograph.config.moment import epoch_ms
from barograph.config.rule import APPLIES_TO, SIGNS, Condition, Operator, Rule, Scope, rule_of

_OPERATORS: Final[dict[str, Operator]] = {sign: name for name, sign in SIGNS.items()}
_TOKEN: Final = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(<=|>=|[<>(),])|([^\s(),<>"']+))""")
_TERM: Final = f"{', '.join(APPLIES_TO)} or a field"


def parse_rule(text: str, zone: tzinfo) -> Rule:
    """A rule of its text or of Elastic's rule object in JSON.

    Terms are joined by `and`: `NAME < NUMBER` with <, <=, > or >= and a name of `rule.APPLIES_TO`, a change in per cent
    (`change < 20 %`); `FIELD in (VALUE, ...)` and `FIELD not in (VALUE, ...)`. Names and values with blanks are quoted.

    Args:
        text: the rule.
        zone: where times without an offset are.

    Raises:
        BadRequest: it is none; the message names the part and what was wanted.
    """
    try:
        if text.lstrip().startswith("{"):
            return rule_of(_json(text))
        return _Reader(text, zone).rule()
    except BadRequest as error:
        raise BadRequest(f"rule {text!r}: {error}") from None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadRequest(f"wanted JSON ({error})") from None


class _Reader:
    """The words of a text, one after the other."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self._zone = zone
        self._words: list[tuple[str, bool]] = []  # each with whether it was quoted
        at = 0
        while text[at:].strip():
            token = _TOKEN.match(text, at)
            if token is None:
                raise BadRequest(f"wanted a closing quote for {text[at:].strip()!r}")
            quoted = token[1] if token[1] is not None else token[2]
            word = token[3] or token[4] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            self._words.append((word, quoted is not None))
            at = token.end()
        self._at = 0

    def rule(self) -> Rule:
        """The whole text."""
        conditions: list[Condition] = []
        scope: list[Scope] = []
        while True:
            term = self._term()
            (scope if isinstance(term, Scope) else conditions).append(term)  # type: ignore[arg-type]
            if self._at == len(self._words):
                return Rule(tuple(conditions), tuple(scope))
            if self._is("or"):
                raise self._wanted("and; for 'or' give two rules")
            self._take("and")

    def _term(self) -> Condition | Scope:
        name, quoted = self._next(_TERM)
        if not quoted and (name in _OPERATORS or name in set("(),")):
            self._at -= 1
            raise self._wanted(_TERM)
        if self._is("in") or self._is("not"):
            exclude = self._is("not")
            if exclude:
                self._take("not")
            self._take("in")
            return Scope(name, self._values(), exclude)
        if quoted or name not in APPLIES_TO:
            if self._at < len(self._words) and self._words[self._at][0] in _OPERATORS:
                self._at -= 1
                raise self._wanted(f"{', '.join(APPLIES_TO)} before a comparison")
            raise self._wanted(f"'in' or 'not in' after {name!r}")
        if self._at == len(self._words) or self._words[self._at][0] not in _OPERATORS:
            raise self._wanted(f"{', '.join(_OPERATORS)} after {name!r}")
        operator, _ = self._next("")
        return Condition(name, _OPERATORS[operator], self._number(name))  # type: ignore[arg-type]  # it is one of them

    def _number(self, name: str) -> float:
        wanted = "a time" if name == "time" else "a number"
        word, _ = self._next(wanted)
        if name == "time":
            return epoch_ms("time", word, self._zone)
        percent = name == "change"
        plain = word.removesuffix("%") if percent else word
        try:
            value = float(plain)
        except ValueError:
            self._at -= 1
            raise self._wanted(wanted) from None
        if not percent:
            return value
        try:
            share = Decimal(plain).scaleb(-2)  # a hundredth may be a double where the number itself is none
        except ArithmeticError:  # an exponent that no double has
            share = Decimal(value)
        if not share.is_finite():
            return value
        if not word.endswith("%"):  # 20 for 20 % and 0.2 for 20 % are both natural, so neither is guessed
            if not self._is("%"):
                raise self._wanted(f"a per cent sign, as in '{name} < {word} %'")
            self._take("%")
        return float(share)

    def _values(self) -> tuple[str, ...]:
        self._take("(")
        values: list[str] = []
        while True:
            word, quoted = self._next("a value")
            if not quoted and word in set("(),<>"):
                self._at -= 1
                raise self._wanted("a value")
            values.append(word)
            if self._is(")"):
                self._take(")")
                return tuple(values)
            self._take(",")

    def _is(self, word: str) -> bool:
        return self._at < len(self._words) and self._words[self._at] == (word, False)

    def _take(self, word: str) -> None:
        if not self._is(word):
            raise self._wanted(repr(word))
        self._at += 1

    def _next(self, wanted: str) -> tuple[str, bool]:
        if self._at == len(self._words):
            raise self._wanted(wanted)
        self._at += 1
        return self._words[self._at - 1]

    def _wanted(self, what: str) -> BadRequest:
        here = "its end" if self._at >= len(self._words) else repr(self._words[self._at][0])
        after = f" after {self._words[self._at - 1][0]!r}" if self._at and " after " not in what else ""
        return BadRequest(f"found {here}{after}: wanted {what}")
