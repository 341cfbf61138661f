"""Detectors and their rules, under the names of Elastic's job document."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, FiniteFloat, field_validator

from barograph.config.base import Document
from barograph.config.errors import MISSING, Problem
from barograph.config.functions import ALIASES, FUNCTIONS, OVER, Function, resolve
from barograph.config.splits import ROLES

MOST_SHIFT_S: Final = 7 * 86_400
"""A clock is changed by at most so many seconds: a week on, all that models know of times begins again."""

MLCATEGORY: Final = "mlcategory"
"""The field that categorization makes; detectors may split by it."""


def _field_name(name: str) -> str:
    if not name or set(name) & {'"', "\\", "\0"}:
        raise ValueError('a field name that is not empty, without ", \\ and NUL')
    return name


FieldName = Annotated[str, AfterValidator(_field_name)]

# Elastic reserves these words in its expressions, so no field of an exported job can be called so here.
_RESERVED: Final = ("count", "by", "over")


class FilterRef(Document):
    """A filter that a rule's scope refers to."""

    filter_id: str = Field(min_length=1, description="the id of a filter")
    filter_type: Literal["include", "exclude"] = "include"


class RuleCondition(Document):
    """A numeric condition of a rule."""

    applies_to: Literal["actual", "typical", "diff_from_typical", "time"] = Field(
        description="one of 'actual', 'typical', 'diff_from_typical', 'time'"
    )
    operator: Literal["gt", "gte", "lt", "lte"] = Field(description="one of 'gt', 'gte', 'lt', 'lte'")
    value: FiniteFloat = Field(description="a number")


def _rule_applies_somewhere(rule: "DetectionRule") -> list[Problem]:
    if rule.scope or rule.conditions:
        return []
    return [Problem("conditions", MISSING, "at least one condition, or a scope")]


class TimeShift(Document):
    """By how much the clock is changed."""

    time_shift_amount: int = Field(ge=-MOST_SHIFT_S, le=MOST_SHIFT_S, description=f"seconds, at most {MOST_SHIFT_S} either way")


class RuleParams(Document):
    """What the actions of a rule need."""

    force_time_shift: TimeShift | None = None


def _rule_shifts_by_time(rule: "DetectionRule") -> list[Problem]:
    """A clock is changed at a time, by so much: values do not change it."""
    shifts, given = "force_time_shift" in rule.actions, rule.params is not None and rule.params.force_time_shift is not None
    if shifts and not given:
        return [Problem("params.force_time_shift", MISSING, "time_shift_amount in seconds, as an action is force_time_shift")]
    if given and not shifts:
        return [Problem("actions", list(rule.actions), "force_time_shift among them, as there are params for it")]
    return [
        Problem(f"conditions[{at}].applies_to", one.applies_to, "time, as an action is force_time_shift")
        for at, one in enumerate(rule.conditions or ())
        if shifts and one.applies_to != "time"
    ]


class DetectionRule(Document):
    """A rule of a detector: what to leave out, or by how much to change the clock, and when."""

    CHECKS = (
        (frozenset({"scope", "conditions"}), _rule_applies_somewhere),
        (frozenset({"actions", "conditions", "params"}), _rule_shifts_by_time),
    )

    actions: Annotated[tuple[Literal["skip_result", "skip_model_update", "force_time_shift"], ...], Field(min_length=1)] = (
        "skip_result",
    )
    scope: dict[FieldName, FilterRef] | None = None
    conditions: tuple[RuleCondition, ...] | None = None
    params: RuleParams | None = None

    @property
    def time_shift(self) -> int:
        """Seconds by which the clock is changed; 0: it is not."""
        return self.params.force_time_shift.time_shift_amount if self.params and self.params.force_time_shift else 0


def _what_the_function_needs(detector: "Detector") -> list[Problem]:
    spec, name = detector.spec, detector.function
    needs = (
        ("field_name", detector.field_name, {"yes": "required", "no": "forbidden"}[spec.needs_field]),
        ("by_field_name", detector.by_field_name, spec.by),
        ("over_field_name", detector.over_field_name, spec.over),
    )
    problems = []
    for path, value, need in needs:
        if need == "required" and value is None:
            problems.append(Problem(path, MISSING, f"a field name: the function {name} needs one"))
        if need == "forbidden" and value is not None:
            problems.append(Problem(path, value, f"nothing: the function {name} takes no {path}"))
    return problems


def _splits_differ(detector: "Detector") -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for role, value in detector.splits.items():
        if value in _RESERVED and role != "partition":
            problems.append(
                Problem(f"{role}_field_name", value, f"a name other than {', '.join(_RESERVED)}, which are reserved")
            )
        if value in seen:
            problems.append(Problem(f"{role}_field_name", value, f"a field other than {seen[value]}_field_name"))
        seen.setdefault(value, role)
    return problems


def _exclude_frequent_has_a_field(detector: "Detector") -> list[Problem]:
    wanted = {"by": ("by",), "over": ("over",), "all": ("by", "over")}.get(detector.exclude_frequent or "none", ())
    if not wanted or any(role in detector.splits for role in wanted):
        return []
    fields = " or ".join(f"{role}_field_name" for role in wanted)
    return [Problem("exclude_frequent", detector.exclude_frequent, f"{fields} beside it, or 'none'")]


def _overlapping_has_a_span(detector: "Detector") -> list[Problem]:
    """What comes for the first time is in some bucket wholly: there is no half of it to be put together."""
    if not detector.overlapping or detector.function not in ("rare", "freq_rare"):
        return []
    return [Problem("overlapping", True, f"false: the function {detector.function} takes none")]


def _rules_fit(detector: "Detector") -> list[Problem]:
    problems = []
    scopes = sorted(detector.splits.values())
    for index, rule in enumerate(detector.custom_rules or ()):
        for name in rule.scope or {}:
            if name not in scopes:
                wanted = f"one of the detector's by, over and partition fields ({', '.join(scopes) or 'it has none'})"
                problems.append(Problem(f"custom_rules[{index}].scope.{name}", name, wanted))
        for at, condition in enumerate(rule.conditions or ()):
            if condition.applies_to != "time" and not detector.spec.rule_conditions:
                wanted = f"'time': the function {detector.function} has no single value to compare"
                problems.append(Problem(f"custom_rules[{index}].conditions[{at}].applies_to", condition.applies_to, wanted))
    return problems


_FIELDS: Final = frozenset({"field_name", "by_field_name", "over_field_name", "partition_field_name"})


class Detector(Document):
    """One function over one field, optionally split by `by`, `over` and `partition` fields.

    `detector_index` is always the position in the job: a value that is given is ignored, as Elastic does.
    """

    CHECKS = (
        (_FIELDS | {"function"}, _what_the_function_needs),
        (_FIELDS, _splits_differ),
        (_FIELDS | {"exclude_frequent"}, _exclude_frequent_has_a_field),
        (_FIELDS | {"function", "overlapping"}, _overlapping_has_a_span),
        (_FIELDS | {"function", "custom_rules"}, _rules_fit),
    )

    function: str = "metric"
    field_name: FieldName | None = None
    by_field_name: FieldName | None = None
    over_field_name: FieldName | None = None
    partition_field_name: FieldName | None = None
    use_null: bool = False
    exclude_frequent: Literal["all", "none", "by", "over"] | None = None
    detector_description: str = ""
    custom_rules: tuple[DetectionRule, ...] | None = None
    overlapping: bool = False
    """Its buckets begin, and end, half a bucket span earlier than those of the job that they are told with."""
    detector_index: int = Field(default=0, ge=0)

    @field_validator("function", mode="after")
    @classmethod
    def _full_name(cls, name: str) -> str:
        return resolve(name)

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        """Generate the description when there is none, so that every list and record can show one."""
        if isinstance(data, dict) and not data.get("detector_description"):
            return {**data, "detector_description": describe(data)}
        return data

    @property
    def spec(self) -> Function:
        """What the function is, as the detector uses it."""
        return (FUNCTIONS if self.over_field_name is None else OVER).get(self.function, FUNCTIONS[self.function])

    @property
    def splits(self) -> dict[str, str]:
        """The fields that split it, by role: any of `by`, `over`, `partition`."""
        names = {role: getattr(self, f"{role}_field_name") for role in ROLES}
        return {role: name for role, name in names.items() if name is not None}

    def at(self, index: int) -> Self:
        """The same detector as the `index`-th of its job."""
        return self.model_copy(update={"detector_index": index})


def describe(data: dict[str, Any]) -> str:
    """Elastic's generated description, such as `sum(bytes) by host partitionfield=site`."""
    given, field = str(data.get("function") or "metric"), data.get("field_name")
    function = ALIASES.get(given, given)
    text = f"{function}({_quoted(field)})" if field else function
    for word, name in ((" by ", "by_field_name"), (" over ", "over_field_name")):
        if data.get(name):
            text += f"{word}{_quoted(data[name])}"
    if data.get("use_null"):
        text += " usenull=true"
    if data.get("partition_field_name"):
        text += f" partitionfield={_quoted(data['partition_field_name'])}"
    if data.get("exclude_frequent") not in (None, "none"):
        text += f" excludefrequent={data['exclude_frequent']}"
    if data.get("overlapping"):
        text += " overlapping=true"
    return text


def _quoted(name: object) -> str:
    text = str(name)
    return text if re.fullmatch(r"\w+", text) else f'"{text}"'
