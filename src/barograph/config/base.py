"""The base of all configuration documents: frozen, no unknown fields, and all problems found in one go."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from barograph.config.errors import MISSING, Problem
from barograph.config.secret import SECRET, hides

PROBLEMS: Final = "barograph_problems"
"""Type of the pydantic error that carries our own problems from a nested document to the one around it."""

_WANTED: Final = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}

_LONGEST_NAME: Final = 100  # looking for what is like a longer one takes long, and finds nothing

_BOUNDS: Final = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "max_length": "a length of at most",
    "min_length": "a length of at least",
}

Check = Callable[[Any], list[Problem]]


class Document(BaseModel):
    """A part of a configuration.

    `CHECKS` holds the rules between fields: the fields that a rule reads, and a function that returns the problems it finds.
    A rule is left out when one of its fields is already wrong by itself, so every line of an error is a cause, never a
    consequence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    CHECKS: ClassVar[tuple[tuple[frozenset[str], Check], ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _find_all_problems(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        data = cls._prepared(data)
        try:
            document = handler(data)
        except ValidationError as error:
            problems = problems_of(error, cls)
            problems += cls._problems_of_the_rest(data, error, handler)
        else:
            problems = cls._broken_rules(document, frozenset())
            if not problems:
                return document
        raise cls._refusal(tuple(problems))

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        """The document with what is derived from the rest of it filled in. A hook; `data` can be anything."""
        return data

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        text = "; ".join(str(problem) for problem in problems)
        return PydanticCustomError(PROBLEMS, "{text}", {"text": text, "problems": problems})

    @classmethod
    def _broken_rules(cls, document: Self, wrong: frozenset[str]) -> list[Problem]:
        return [problem for fields, check in cls.CHECKS if not fields & wrong for problem in check(document)]

    @classmethod
    def _problems_of_the_rest(
        cls, data: Any, error: ValidationError, handler: ModelWrapValidatorHandler[Self]
    ) -> list[Problem]:
        """What the rules say about the fields that are right, once those that are wrong are taken out."""
        if not isinstance(data, Mapping):
            return []
        wrong = [details["loc"] for details in error.errors() if details["loc"]]
        try:
            rest = handler(_without(data, wrong))
        except ValidationError:
            return []  # a required field is among the wrong ones
        return cls._broken_rules(rest, frozenset(str(loc[0]) for loc in wrong))


def _without(data: Mapping[str, Any], wrong: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """The document without its wrong fields; of a list, only the wrong items are taken out."""
    items: dict[str, set[int]] = {}
    whole = set()
    for name, *below in wrong:
        if below and isinstance(below[0], int) and isinstance(data.get(str(name)), list | tuple):
            items.setdefault(str(name), set()).add(below[0])
        else:
            whole.add(str(name))
    rest = {name: value for name, value in data.items() if name not in whole}
    for name in items.keys() - whole:
        rest[name] = [value for index, value in enumerate(data[name]) if index not in items[name]]
    return rest


def did_you_mean(name: str, known: list[str]) -> str:
    """`" (did you mean 'high_mean'?)"` when a known name is near, else nothing."""
    near = get_close_matches(name[:_LONGEST_NAME], known, n=1, cutoff=0.7)
    return f" (did you mean {near[0]!r}?)" if near else ""


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """The problems in a pydantic error about a document of this model."""
    problems = []
    for details in error.errors():
        path = _path(details["loc"])
        if details["type"] == PROBLEMS:
            problems += [problem.below(path) if path else problem for problem in details["ctx"]["problems"]]
        else:
            problems.append(Problem(path, _shown(details, model), _wanted(details, model)))
    return problems


def _shown(error: ErrorDetails, model: type[BaseModel]) -> Any:
    """The value that is wrong, where it may be told."""
    if error["type"] == "missing":
        return MISSING
    return SECRET if hides(model, str(next(iter(error["loc"]), ""))) else error["input"]


def _path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for step in loc:
        path += f"[{step}]" if isinstance(step, int) else f"{'.' if path else ''}{step}"
    return path


def _wanted(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What pydantic wanted, in our words: never a class name, never an internal."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _known_field(str(error["loc"][-1]), model)
    if kind == "missing":
        field = model.model_fields[str(error["loc"][-1])]
        return field.description or "a value"
    if kind == "literal_error":
        return f"one of {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    for bound, words in _BOUNDS.items():
        if bound in context:
            return f"{words} {context[bound]}"
    return _WANTED.get(kind, error["msg"])


def _known_field(name: str, model: type[BaseModel]) -> str:
    near = did_you_mean(name, list(model.model_fields))
    if near:
        return f"a known field{near}"
    return f"a known field: one of {', '.join(model.model_fields)}"
