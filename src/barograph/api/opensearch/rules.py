"""What a detector does not tell of, and what it takes missing values for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from barograph.api.opensearch.errors import Invalid, malformed
from barograph.api.opensearch.features import Feature
from barograph.api.opensearch.fields import objects, text

_DIRECTIONS: Final = ("ACTUAL_IS_OVER_EXPECTED", "ACTUAL_IS_BELOW_EXPECTED")
_RATIOS: Final = ("ACTUAL_OVER_EXPECTED_RATIO", "EXPECTED_OVER_ACTUAL_RATIO")
_TYPES: Final = ("ACTUAL_OVER_EXPECTED_MARGIN", "EXPECTED_OVER_ACTUAL_MARGIN", *_RATIOS, *_DIRECTIONS)
_METHODS: Final = ("ZERO", "FIXED_VALUES", "PREVIOUS")
_DEFAULT_RATIO: Final = 0.2
"""Of the actual value: what is nearer to the expected one is not told of, unless rules are given."""


def rules(body: Mapping[str, Any], features: Sequence[Feature]) -> list[dict[str, Any]]:
    """The rules of a document; one a feature where it has none.

    Raises:
        Invalid: one of them cannot be.
    """
    given = objects("rules", body.get("rules"))
    if not given:
        return [_default(feature["feature_name"]) for feature in features if feature["feature_enabled"]]
    if not features:
        raise _error("Features are not defined while suppression rules are provided.")
    states = {feature["feature_name"]: feature["feature_enabled"] for feature in features}
    return [_rule(rule, states) for rule in given]


def _default(name: str) -> dict[str, Any]:
    conditions = [
        {"feature_name": name, "threshold_type": kind, "operator": "LTE", "value": _DEFAULT_RATIO} for kind in _RATIOS
    ]
    return {"action": "IGNORE_ANOMALY", "conditions": conditions}


def _error(reason: str) -> Invalid:
    return Invalid("rules", f"Suppression Rule Error: {reason}")


def _rule(rule: Mapping[str, Any], states: Mapping[str, bool]) -> dict[str, Any]:
    conditions = rule.get("conditions")
    if not isinstance(conditions, list) or not conditions or not all(isinstance(one, Mapping) for one in conditions):
        raise _error("A suppression rule or its conditions are not properly defined.")
    action = text("action", rule.get("action", "IGNORE_ANOMALY")).upper()
    if action != "IGNORE_ANOMALY":
        raise malformed("rules", f"No enum constant org.opensearch.ad.constant.Action.{action}")
    return {"action": action, "conditions": [_condition(one, states) for one in conditions]}


def _condition(given: Mapping[str, Any], states: Mapping[str, bool]) -> dict[str, Any]:
    name = text("feature_name", given.get("feature_name"))
    if not name:
        raise _error("A condition is missing the feature name.")
    if name not in states:
        raise _error(f'Feature "{name}" specified in a suppression rule does not exist.')
    if not states[name]:
        raise _error(f'Feature "{name}" specified in a suppression rule is not enabled.')
    kind = text("threshold_type", given.get("threshold_type")).upper()
    if kind not in _TYPES:
        raise malformed("rules", f"No enum constant org.opensearch.ad.model.ThresholdType.{kind}")
    operator, value = given.get("operator"), given.get("value")
    head = {"feature_name": name, "threshold_type": kind}
    if kind in _DIRECTIONS:
        if operator is not None or value is not None:
            told = f"received operator: {operator}, value: {value}"
            raise _error(f'For threshold type "{kind}", both operator and value must be empty or null, but {told}.')
        return {**head, "operator": None}
    if text("operator", operator).upper() != "LTE":
        raise malformed("rules", f"No enum constant org.opensearch.ad.model.Operator.{operator}")
    return {**head, "operator": "LTE", "value": _threshold(name, value)}


def _threshold(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise _error(f'The threshold value for feature "{name}" is not a valid number.')
    if number <= 0:
        raise _error(f'The threshold value for feature "{name}" must be a positive number.')
    return number


def imputation(body: Mapping[str, Any], features: Sequence[Feature]) -> dict[str, Any] | None:
    """What missing values are taken for; None where the document says nothing.

    Raises:
        Invalid: it cannot be.
    """
    given = body.get("imputation_option")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise malformed("imputation_option", f"[imputation_option]={str(given)[:100]!r}: wanted an object")
    method = text("method", given.get("method", "ZERO")).upper()
    if method not in _METHODS:
        raise malformed(
            "imputation_option", f"No enum constant org.opensearch.timeseries.dataprocessor.ImputationMethod.{method}"
        )
    fill: list[dict[str, Any]] = [
        {"feature_name": text("feature_name", one.get("feature_name")), "data": _data(one.get("data"))}
        for one in objects("default_fill", given.get("default_fill"))
    ]
    if method != "FIXED_VALUES":
        return {"method": method} | ({"default_fill": fill} if fill else {})
    _check_fill({one["feature_name"] for one in fill}, [one["feature_name"] for one in features if one["feature_enabled"]])
    return {"method": method, "default_fill": fill}


def _data(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise malformed("imputation_option", f"[default_fill.data]={str(value)[:100]!r}: wanted a number") from None


def _check_fill(filled: set[str], wanted: Sequence[str]) -> None:
    if not filled and wanted:
        raise Invalid("imputation_option", "Enabled features are present, but no default fill values are provided.")
    if len(filled) != len(wanted):
        counts = f"Number of default fill values: {len(filled)}. Number of enabled features: {len(wanted)}."
        told = f"Mismatch between the number of enabled features and default fill values. {counts}"
        raise Invalid("imputation_option", told)
    for name in wanted:
        if name not in filled:
            raise Invalid("imputation_option", f"Missing feature name: {name}.")
