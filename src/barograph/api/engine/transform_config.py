"""Transforms of rows before they are analysed: which there are, what they need, and in which order they are applied."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

import polars as pl

from barograph.api.engine.config import Condition, Transform
from barograph.api.engine.errors import Code, EngineError
from barograph.config.analyzer import pattern_problem
from barograph.config.errors import shortened

MANY: Final = 1 << 16


@dataclass(frozen=True)
class Kind:
    """A kind of transform.

    Attributes:
        inputs: how many fields it reads, at least and at most.
        arguments: how many arguments it takes, likewise.
        outputs: how many fields it makes, likewise.
        names: the fields that it makes where nobody names them.
        patterns: its arguments are regular expressions.
        needs_condition: it does nothing without a condition.
    """

    inputs: tuple[int, int] = (1, 1)
    arguments: tuple[int, int] = (0, 0)
    outputs: tuple[int, int] = (1, 1)
    names: tuple[str, ...] = ()
    patterns: bool = False
    needs_condition: bool = False


KINDS: Final = {
    "domain_split": Kind(outputs=(1, 2), names=("subDomain", "hrd")),
    "concat": Kind(inputs=(2, MANY), arguments=(0, 1), names=("concat",)),
    "extract": Kind(arguments=(1, 1), outputs=(1, MANY), names=("extract",), patterns=True),
    "split": Kind(arguments=(1, 1), outputs=(1, MANY), names=("split",), patterns=True),
    "exclude": Kind(inputs=(1, MANY), outputs=(0, 0), needs_condition=True),
    "lowercase": Kind(names=("lowercase",)),
    "uppercase": Kind(names=("uppercase",)),
    "trim": Kind(names=("trim",)),
    "geo_unhash": Kind(names=("latLong",)),
}
"""Every kind, by its name."""

OPERATORS: Final = ("eq", "gt", "gte", "lt", "lte", "match")


@dataclass(frozen=True)
class Step:
    """One transform to apply, as it was checked.

    Attributes:
        kind: its name.
        inputs: the fields that it reads.
        outputs: the fields that it makes.
        arguments: what else it needs.
        operator: of its condition, in small letters; empty without one.
        value: what the condition compares with.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    operator: str = ""
    value: str = ""


def step_of(given: Transform) -> Step:
    """A transform that can be applied.

    Raises:
        EngineError: it cannot be (10201, 10202, 10206, 10208 to 10214).
    """
    kind = KINDS.get(given.transform)
    if kind is None:
        wanted = ", ".join(KINDS)
        raise EngineError(Code.UNKNOWN_TRANSFORM, f"transform={shortened(given.transform)}: wanted one of {wanted}")
    outputs = kind.names if given.outputs is None else given.outputs
    _check_number(given.transform, "inputs", given.inputs, kind.inputs, Code.TRANSFORM_INPUT_COUNT)
    _check_number(given.transform, "arguments", given.arguments, kind.arguments, Code.TRANSFORM_ARGUMENT_COUNT)
    _check_number(given.transform, "outputs", outputs, kind.outputs, Code.TRANSFORM_OUTPUT_COUNT)
    for place, names, code in (
        ("inputs", given.inputs, Code.TRANSFORM_EMPTY_INPUT),
        ("outputs", outputs, Code.TRANSFORM_EMPTY_OUTPUT),
    ):
        if not all(name.strip() for name in names):
            raise EngineError(code, f"{given.transform}.{place}={shortened(list(names))}: wanted names that are not empty")
    if kind.patterns:
        for argument in given.arguments:
            _check_pattern(f"{given.transform}.arguments", argument, Code.TRANSFORM_ARGUMENT)
    if given.transform == "extract":
        _check_groups(given.arguments[0], outputs)
    operator, value = _condition(given.transform, given.condition, kind)
    return Step(given.transform, given.inputs, outputs, given.arguments, operator, value)


def _check_number(kind: str, place: str, names: Sequence[str], bounds: tuple[int, int], code: Code) -> None:
    least, most = bounds
    if not least <= len(names) <= most:
        wanted = f"{least} or more" if most == MANY else str(least) if least == most else f"{least} to {most}"
        raise EngineError(code, f"{kind}.{place}={shortened(list(names))}: wanted {wanted} of them, got {len(names)}")


def _check_pattern(place: str, pattern: str, code: Code) -> None:
    problem = pattern_problem(pattern)
    if problem is not None:
        raise EngineError(code, f"{place}={shortened(pattern)}: wanted {problem}")


def _check_groups(pattern: str, outputs: Sequence[str]) -> None:
    groups = len(pl.Series([""]).str.extract_groups(pattern).struct.fields)
    if groups != len(outputs):
        wanted = f"as many as the pattern {shortened(pattern)} has groups ({groups})"
        raise EngineError(Code.TRANSFORM_OUTPUT_COUNT, f"extract.outputs={shortened(list(outputs))}: wanted {wanted}")


def _condition(kind: str, given: Condition | None, needs: Kind) -> tuple[str, str]:
    """The operator and the value of a condition; empty without one."""
    if given is None:
        if needs.needs_condition:
            raise EngineError(Code.TRANSFORM_NEEDS_CONDITION, f"{kind}.condition: wanted one, with an operator and a value")
        return "", ""
    if not needs.needs_condition:
        raise EngineError(Code.TRANSFORM_ARGUMENT, f"{kind}.condition: wanted none, as it is always applied")
    operator = (given.operator or "").lower()
    if operator not in OPERATORS:
        wanted = ", ".join(OPERATORS)
        raise EngineError(
            Code.UNKNOWN_OPERATOR, f"{kind}.condition.operator={shortened(given.operator)}: wanted one of {wanted}"
        )
    value = "" if given.value is None else str(given.value)
    if operator == "match":
        _check_pattern(f"{kind}.condition.value", value, Code.CONDITION_ARGUMENT)
        return operator, value
    try:
        float(value)
    except ValueError:
        raise EngineError(Code.CONDITION_ARGUMENT, f"{kind}.condition.value={shortened(value)}: wanted a number") from None
    return operator, value


def steps_of(given: Iterable[Transform], used: Iterable[str]) -> tuple[Step, ...]:
    """Transforms in an order in which each finds what it reads.

    Args:
        given: the transforms.
        used: the fields that the analysis needs, with the time.

    Raises:
        EngineError: as `step_of`; two make the same field (10205), they need each other (10204), or nobody uses what one makes
            (10203).
    """
    steps = [step_of(one) for one in given]
    makers: dict[str, int] = {}
    for at, step in enumerate(steps):
        for name in step.outputs:
            if name in makers:
                raise EngineError(
                    Code.TRANSFORM_DUPLICATE_OUTPUT, f"outputs={name!r}: wanted each field to be made by one transform"
                )
            makers[name] = at
    needed = {*used, *(name for step in steps for name in step.inputs)}
    for step in steps:
        if step.outputs and not needed.intersection(step.outputs):
            raise EngineError(
                Code.TRANSFORM_OUTPUTS_UNUSED, f"{step.kind}.outputs={list(step.outputs)}: wanted one that the job uses"
            )
    order = TopologicalSorter({at: {makers[name] for name in step.inputs if name in makers} for at, step in enumerate(steps)})
    try:
        return tuple(steps[at] for at in order.static_order())
    except CycleError:
        raise EngineError(Code.TRANSFORM_CIRCULAR, "transforms: wanted none that reads what it has a part in making") from None


def inputs_of(steps: Iterable[Step], used: Iterable[str]) -> tuple[str, ...]:
    """The fields of the rows that are needed: those that the analysis uses or a transform reads, and none makes."""
    steps = tuple(steps)
    made = {name for step in steps for name in step.outputs}
    wanted = (*used, *(name for step in steps for name in step.inputs))
    return tuple(dict.fromkeys(name for name in wanted if name not in made))
