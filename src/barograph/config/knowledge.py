"""What the user knows of a job's data, and the models are not to be surprised by: rules, and planned times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from barograph.config.detector import DetectionRule, FilterRef, RuleCondition
from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Job
from barograph.config.moment import MS_FROM
from barograph.config.rule import Action, Condition, Rule, Scope

Filters = Mapping[str, Sequence[str]]
"""The values of each filter, by its id; `*` at either end of a value stands for any text."""


@dataclass(frozen=True)
class PlannedTime:
    """A time that is planned, `[start_ms, end_ms)`; it is about every bucket that shares a part of it.

    Attributes:
        start_ms: epoch ms.
        end_ms: epoch ms.
        description: what is planned.
        actions: what is skipped then.
        calendar_id: the calendar that it is in; empty: none.
        shift_ms: by how much the clock is changed, for good, from its first bucket on.
    """

    start_ms: int
    end_ms: int
    description: str
    actions: tuple[Action, ...] = ("skip_result", "skip_model_update")
    calendar_id: str = ""
    shift_ms: int = 0


@dataclass(frozen=True)
class Knowledge:
    """All of it, of one job.

    Attributes:
        rules: those of each detector, by its index; a detector without any need not be there.
        planned: planned times, in any order.
    """

    rules: Mapping[int, tuple[Rule, ...]] = field(default_factory=dict)
    planned: tuple[PlannedTime, ...] = ()

    @classmethod
    def of(cls, job: Job, filters: Filters | None = None, planned: Sequence[PlannedTime] = ()) -> Self:
        """What a job's document says, with the filters that it refers to, and planned times.

        Raises:
            ConfigError: a rule refers to a filter that is not among them.
        """
        known, problems, rules = filters or {}, [], {}
        for index, detector in enumerate(job.detectors):
            for at, rule in enumerate(detector.custom_rules or ()):
                path = f"analysis_config.detectors[{index}].custom_rules[{at}]"
                problems += _missing(path, rule, known)
            if detector.custom_rules and not problems:
                rules[index] = tuple(_rule(rule, known) for rule in detector.custom_rules)
        if problems:
            raise ConfigError(problems)
        return cls(rules, tuple(planned))


def _missing(path: str, rule: DetectionRule, known: Filters) -> list[Problem]:
    return [
        Problem(f"{path}.scope.{name}.filter_id", reference.filter_id, "a filter that exists")
        for name, reference in (rule.scope or {}).items()
        if reference.filter_id not in known
    ]


def _rule(rule: DetectionRule, filters: Filters) -> Rule:
    conditions = tuple(Condition(one.applies_to, one.operator, _value(one)) for one in rule.conditions or ())
    scope = tuple(_scope(name, reference, filters) for name, reference in (rule.scope or {}).items())
    skipped = tuple(action for action in rule.actions if action != "force_time_shift")
    return Rule(conditions, scope, skipped, 1000 * rule.time_shift)


def _value(condition: RuleCondition) -> float:
    """Its value; a time in epoch ms, which documents give in seconds, too."""
    return condition.value * (1000.0 if condition.applies_to == "time" and abs(condition.value) < MS_FROM else 1.0)


def _scope(name: str, reference: FilterRef, filters: Filters) -> Scope:
    items, exclude = tuple(filters[reference.filter_id]), reference.filter_type == "exclude"
    named = f"{'not ' if exclude else ''}in filter {reference.filter_id}"
    # None is in an empty filter.
    return Scope(name, items, exclude, named) if items else Scope(name, ("*",), not exclude, named)
