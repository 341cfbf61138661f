"""Anomalies that nobody is to be told of, as the deviations behind them are of a size that does not matter."""

from collections.abc import Sequence

from barograph.config.forest import ForestSettings, SuppressionCondition

_CARRIES: float = 0.5
"""Of the largest share in the blame: who has so much of it carries the anomaly, too. Chosen."""


def is_suppressed(
    settings: ForestSettings, actual: Sequence[float], expected: Sequence[float], attribution: Sequence[float]
) -> bool:
    """Whether every feature that carries an anomaly deviates only as far as the rules ignore.

    Args:
        settings: with the features, and the rules.
        actual: [F] the values that are to blame.
        expected: [F] what was expected instead.
        attribution: [F] shares in the blame.
    """
    names = [feature.feature_name for feature in settings.features]
    least = _CARRIES * max(attribution)
    carrying = [at for at, share in enumerate(attribution) if share >= least]
    conditions = [condition for rule in settings.rules for condition in rule.conditions]
    return all(
        any(_ignores(one, actual[at], expected[at]) for one in conditions if one.feature_name == names[at]) for at in carrying
    )


def _ignores(condition: SuppressionCondition, actual: float, expected: float) -> bool:
    """Whether a condition, which is about one side of a feature, ignores this deviation; never where a value is missing."""
    kind = condition.threshold_type
    over = kind.startswith("ACTUAL_OVER") or kind == "ACTUAL_IS_OVER_EXPECTED"
    beyond = actual - expected if over else expected - actual
    if not beyond >= 0.0:
        return False
    if condition.value is None:
        return beyond > 0.0
    return beyond <= condition.value * (abs(actual) if kind.endswith("RATIO") else 1.0)
