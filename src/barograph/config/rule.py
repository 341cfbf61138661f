"""Rules that say which records are not worth showing: conditions on numbers, and lists of entities."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from barograph.config.errors import BadRequest
from barograph.config.moment import MS_FROM

AppliesTo = Literal["actual", "typical", "diff_from_typical", "change", "time"]
Operator = Literal["lt", "lte", "gt", "gte"]
Action = Literal["skip_result", "skip_model_update"]

SIGNS: Final[dict[Operator, str]] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
APPLIES_TO: Final = get_args(AppliesTo)

_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999
_SKIP: Final = "skip_result"


@dataclass(frozen=True)
class Condition:
    """A comparison that a record must pass.

    Attributes:
        applies_to: `actual`; `typical`; `diff_from_typical`, |actual - typical|; `change`, that as a share of |typical| (0.2 is
            20 %, and anything but nothing is infinitely far from zero); `time`, the start of the bucket.
        operator: how it is compared.
        value: with what; of a time epoch ms.

    Raises:
        BadRequest: a name that is none of these, or a value that is no number.
    """

    applies_to: AppliesTo
    operator: Operator
    value: float

    def __post_init__(self) -> None:
        _one_of("applies_to", self.applies_to, APPLIES_TO)
        _one_of("operator", self.operator, tuple(SIGNS))
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not abs(self.value) < math.inf:
            raise BadRequest(f"value={self.value!r}: wanted a number")
        if self.applies_to == "time" and not _FIRST_MS <= self.value <= _LAST_MS:
            raise BadRequest(f"value={self.value:.15g}: wanted a time in the years 1 to 9999")

    def __str__(self) -> str:
        if self.applies_to == "time":
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.value)
            return f"time {SIGNS[self.operator]} {moment.isoformat().replace('+00:00', 'Z')}"
        if self.applies_to == "change":  # in decimal, so that the very same number is read back
            percent = Decimal(repr(float(self.value))).scaleb(2).normalize()
            return f"change {SIGNS[self.operator]} {percent:f} %"
        return f"{self.applies_to} {SIGNS[self.operator]} {float(self.value)!r}".removesuffix(".0")


@dataclass(frozen=True)
class Scope:
    """The series that a rule is about: those with one of some values of a partition or by field, or with any other.

    Attributes:
        field: the field; a series that is not split by it is in no scope.
        values: at least one; `*` at either end of one stands for any text.
        exclude: whether the scope is every other value.
        named: how a person knows the values, such as by the name of their filter; empty: they are told themselves.

    Raises:
        BadRequest: no field or no value.
    """

    field: str
    values: tuple[str, ...]
    exclude: bool = False
    named: str = ""

    def __post_init__(self) -> None:
        if not self.field:
            raise BadRequest("scope='': wanted the name of a partition or by field")
        if not self.values:
            raise BadRequest(f"scope.{self.field}: wanted at least one value")

    def __str__(self) -> str:
        return f"{_quoted(self.field)} {'not in' if self.exclude else 'in'} ({', '.join(map(_quoted, self.values))})"

    @property
    def pattern(self) -> str:
        """The values as a regular expression, for a whole text."""
        return f"^(?s:{'|'.join(map(_pattern, self.values))})$"


@dataclass(frozen=True)
class Rule:
    """What must all be true of a record for it to be skipped: at least one condition or scope.

    Attributes:
        conditions: comparisons.
        scope: the series that it is about; none: all.
        actions: what is skipped.
        shift_ms: by how much the clock is changed, for good, from the first bucket on in which its conditions hold.

    Raises:
        BadRequest: neither condition nor scope.
    """

    conditions: tuple[Condition, ...] = ()
    scope: tuple[Scope, ...] = ()
    actions: tuple[Action, ...] = ("skip_result",)
    shift_ms: int = 0

    def __post_init__(self) -> None:
        if not self.conditions and not self.scope:
            raise BadRequest("rule: wanted at least one condition or scope; without one it would skip everything")

    def __str__(self) -> str:
        """The rule as text that `rule_text.parse_rule` reads back."""
        return " and ".join(map(str, (*self.conditions, *self.scope)))

    @property
    def named(self) -> str:
        """The rule as a person knows it, who has given the values of its scope a name."""
        scopes = (f"{_quoted(one.field)} {one.named}" if one.named else str(one) for one in self.scope)
        return " and ".join((*map(str, self.conditions), *scopes))


def rule_of(document: object) -> Rule:
    """A rule of Elastic's rule object.

    A scope is `{"FIELD": {"filter_type": "include", "items": [...]}}`: Elastic's filters with their items in place. Times are
    epoch seconds, as there, or epoch ms.

    Raises:
        BadRequest: it is none; the message names the part and what was wanted.
    """
    rule = _fields("rule", document, ("actions", "scope", "conditions"))
    actions = rule.get("actions", [_SKIP])
    if actions != [_SKIP]:
        raise BadRequest(f"actions={actions!r}: wanted [{_SKIP!r}]; what a model learns does not change what it has told")
    conditions = rule.get("conditions") or []
    if not isinstance(conditions, list):
        raise BadRequest(f"conditions={conditions!r}: wanted a list")
    scope = _fields("scope", rule.get("scope") or {}, None)
    return Rule(
        tuple(_condition(f"conditions[{at}]", condition) for at, condition in enumerate(conditions)),
        tuple(_scope(field, values) for field, values in scope.items()),
    )


def _condition(path: str, document: object) -> Condition:
    fields = _fields(path, document, ("applies_to", "operator", "value"))
    for name in ("applies_to", "operator", "value"):
        if name not in fields:
            raise BadRequest(f"{path}.{name} is missing")
    value = fields["value"]
    try:
        if isinstance(value, str):
            value = float(value)
    except ValueError:
        pass  # the condition says what was wanted
    if fields["applies_to"] == "time" and isinstance(value, int | float) and abs(value) < MS_FROM:
        value = value * 1000
    try:
        return Condition(fields["applies_to"], fields["operator"], value)
    except BadRequest as error:
        raise BadRequest(f"{path}.{error}") from None


def _scope(field: str, document: object) -> Scope:
    path = f"scope.{field}"
    fields = _fields(path, document, ("filter_id", "filter_type", "items"))
    if "items" not in fields:
        raise BadRequest(
            f"{path}.items is missing: wanted the values themselves, as there are no filters to look {field!r} up in"
        )
    items, kind = fields["items"], fields.get("filter_type", "include")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise BadRequest(f"{path}.items={items!r}: wanted a list of texts")
    _one_of(f"{path}.filter_type", kind, ("include", "exclude"))
    return Scope(field, tuple(items), kind == "exclude")


def _fields(path: str, document: object, known: Iterable[str] | None) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise BadRequest(f"{path}={document!r}: wanted an object")
    for name in document:
        if known is not None and name not in known:
            raise BadRequest(f"{path}.{name}: wanted one of {', '.join(known)}")
    return document


def _one_of(name: str, value: object, wanted: tuple[str, ...]) -> None:
    if value not in wanted:
        raise BadRequest(f"{name}={value!r}: wanted one of {', '.join(wanted)}")


def _pattern(value: str) -> str:
    """One value, of which only stars at its ends have a meaning of their own."""
    before, after = value.startswith("*"), value.endswith("*") and len(value) > 1
    inner = value[1 if before else 0 : -1 if after else None]
    return f"{'.*' if before else ''}{re.escape(inner)}{'.*' if after else ''}"


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[\w.:/@*+-]+", text) and text.lower() not in {"and", "or", "in", "not"}
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
