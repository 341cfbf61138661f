"""How the features of one entity are judged together: the part of a job that makes it a forest detector."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, FiniteFloat

from barograph.config.base import Document
from barograph.config.duration import Duration
from barograph.config.errors import MISSING, Problem

NEEDED: Final = 32
"""Points of an entity that must be known before the next is scored."""

WITHOUT_LEARNING: Final = ("feature_name", "rules", "history", "frequency")
"""The settings that forests do not depend on: what is told of what they find, and how they are fed."""

DEFAULT_SHINGLE: Final = 8
_IGNORED_RATIO: Final = 0.2
"""Without rules, deviations up to so much of the actual value are nobody's concern; as OpenSearch has it."""

ThresholdType = Literal[
    "ACTUAL_OVER_EXPECTED_MARGIN",
    "EXPECTED_OVER_ACTUAL_MARGIN",
    "ACTUAL_OVER_EXPECTED_RATIO",
    "EXPECTED_OVER_ACTUAL_RATIO",
    "ACTUAL_IS_OVER_EXPECTED",
    "ACTUAL_IS_BELOW_EXPECTED",
]
_DIRECTIONS: Final = ("ACTUAL_IS_OVER_EXPECTED", "ACTUAL_IS_BELOW_EXPECTED")

FeatureId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\[\]>]+$")]


class Lenient(Document):
    """A document of which what is not known is skipped, as OpenSearch does at every level of a detector; null is nothing."""

    UPPER: ClassVar[tuple[str, ...]] = ()
    """The words that may be written in any case."""

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = {name: value for name, value in data.items() if name in cls.model_fields and value is not None}
        return known | {name: known[name].upper() for name in cls.UPPER if isinstance(known.get(name), str)}


class Feature(Document):
    """One number that is looked at: its lasting id, and its name for people."""

    feature_id: FeatureId = Field(description="an id")
    feature_name: str = Field(min_length=1, description="a name")


def _value_fits_type(condition: "SuppressionCondition") -> list[Problem]:
    if condition.threshold_type in _DIRECTIONS:
        given = {"operator": condition.operator, "value": condition.value}
        wanted = f"nothing, as {condition.threshold_type} compares with nothing"
        return [Problem(name, value, wanted) for name, value in given.items() if value is not None]
    if condition.value is None or condition.value <= 0:
        return [Problem("value", MISSING if condition.value is None else condition.value, "a number above 0")]
    return []


class SuppressionCondition(Lenient):
    """A deviation of a feature that is nobody's concern."""

    UPPER = ("threshold_type", "operator")

    CHECKS = ((frozenset({"threshold_type", "operator", "value"}), _value_fits_type),)

    feature_name: str = Field(min_length=1, description="the name of a feature")
    threshold_type: ThresholdType = Field(description="what is compared")
    operator: Literal["LTE"] | None = None
    value: FiniteFloat | None = None


class SuppressionRule(Lenient):
    """Deviations that make no anomaly. Each condition is about one side of one feature; see `docs/forest.md`."""

    UPPER = ("action",)

    action: Literal["IGNORE_ANOMALY"] = "IGNORE_ANOMALY"
    conditions: Annotated[tuple[SuppressionCondition, ...], Field(min_length=1, description="at least one condition")]


class Fill(Lenient):
    """What a missing value of a feature is taken for."""

    feature_name: str = Field(min_length=1, description="the name of a feature")
    data: FiniteFloat = Field(description="a number")


def _fixed_values_are_given(option: "ImputationOption") -> list[Problem]:
    if option.method == "FIXED_VALUES" and not option.default_fill:
        return [Problem("default_fill", MISSING, "a value for each enabled feature, as method is FIXED_VALUES")]
    if option.method != "FIXED_VALUES" and option.default_fill:
        return [Problem("default_fill", list(option.default_fill), f"nothing, as method is {option.method}")]
    return []


class ImputationOption(Lenient):
    """What missing values are taken for."""

    UPPER = ("method",)

    CHECKS = ((frozenset({"method", "default_fill"}), _fixed_values_are_given),)

    method: Literal["ZERO", "FIXED_VALUES", "PREVIOUS"] = "ZERO"
    default_fill: tuple[Fill, ...] = ()


def rules_name_features(names: list[str], rules: "tuple[SuppressionRule, ...]", path: str = "rules") -> list[Problem]:
    """Conditions about features that there are not among `names`."""
    return [
        Problem(f"{path}[{at}].conditions[{number}].feature_name", condition.feature_name, f"one of {', '.join(names)}")
        for at, rule in enumerate(rules)
        for number, condition in enumerate(rule.conditions)
        if condition.feature_name not in names
    ]


def fills_name_features(names: list[str], option: "ImputationOption | None") -> list[Problem]:
    """Fixed values that are not one for each feature in `names`."""
    if option is None or option.method != "FIXED_VALUES":
        return []
    given = [fill.feature_name for fill in option.default_fill]
    if sorted(given) == sorted(names):
        return []
    return [Problem("imputation_option.default_fill", given, f"a value for each enabled feature: {', '.join(names)}")]


def default_rules(names: list[str]) -> tuple[SuppressionRule, ...]:
    """Of every feature, deviations up to a fifth of the actual value are ignored, both ways."""
    types: tuple[ThresholdType, ...] = ("ACTUAL_OVER_EXPECTED_RATIO", "EXPECTED_OVER_ACTUAL_RATIO")

    def condition(name: str, of: ThresholdType) -> SuppressionCondition:
        return SuppressionCondition(feature_name=name, threshold_type=of, operator="LTE", value=_IGNORED_RATIO)

    return tuple(SuppressionRule(conditions=tuple(condition(name, of) for of in types)) for name in names)


def _names_fit(settings: "ForestSettings") -> list[Problem]:
    names = [feature.feature_name for feature in settings.features]
    twice = [(at, name) for at, name in enumerate(names) if name in names[:at]]
    problems = [Problem(f"features[{at}].feature_name", name, "a name that is not listed before") for at, name in twice]
    return problems + rules_name_features(names, settings.rules) + fills_name_features(names, settings.imputation_option)


class ForestSettings(Document):
    """What makes a job a forest detector: its detectors are features, which are judged together.

    Attributes:
        features: one a detector of the job, in their order.
        shingle_size: buckets that are looked at together.
        recency_emphasis: buckets after which one has e^-1 of its chance to be remembered.
        imputation_option: what missing values are taken for; None: what was expected, where an entity has some values.
        rules: deviations that make no anomaly; they may change at any time.
        history: buckets before the start that a detector begins with, for whoever feeds it.
        frequency: how often whoever feeds it looks for rows; None: every bucket.
    """

    CHECKS = ((frozenset({"features", "rules", "imputation_option"}), _names_fit),)

    features: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=100)]
    shingle_size: int = Field(default=DEFAULT_SHINGLE, ge=1, le=128)
    recency_emphasis: int = Field(default=2_560, gt=1, le=10**9)
    imputation_option: ImputationOption | None = None
    rules: tuple[SuppressionRule, ...] = ()
    history: int = Field(default=NEEDED + DEFAULT_SHINGLE, ge=1, le=10_000)
    frequency: Duration | None = None
