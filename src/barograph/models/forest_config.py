"""How forest detectors look at their features."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from barograph.config.errors import BadRequest
from barograph.models.config import ModelConfig
from barograph.models.forest_trees import TreesConfig

Transform = Literal["expected", "difference", "none"]
Missing = Literal["expected", "previous", "zero", "forest"]


@dataclass(frozen=True)
class ForestConfig:
    """How a forest detector looks at its features.

    Attributes:
        trees: how points are remembered.
        transform: what the trees see of a feature: `expected`, what is left of it without what it was expected to be, in
            deviations; `difference`, the same of its changes from one time to the next; `none`, itself.
        weights: [features] by how much each counts more; None: all alike.
        missing: what a missing value is taken for: the expected one, the one before, zero, what the trees find
            likely by all else, or [features] values of its own.
        bucket_span_ms: time between two points.
        time_zone: whose days and weeks are looked for; None: there are none, other periods are.
        first_bucket: where in a day and a week the first point lies: its time since 1970 divided by the span.
    """

    trees: TreesConfig
    transform: Transform = "expected"
    weights: tuple[float, ...] | None = None
    missing: Missing | tuple[float, ...] = "expected"
    bucket_span_ms: int = 600_000
    time_zone: str | None = None
    first_bucket: int = 0

    def __post_init__(self) -> None:
        features = self.trees.features
        if self.transform not in get_args(Transform):
            raise BadRequest(f"transform={self.transform!r}: wanted one of {', '.join(get_args(Transform))}")
        if self.weights is not None and (len(self.weights) != features or not all(0 < w < np.inf for w in self.weights)):
            raise BadRequest(f"weights={self.weights!r}: wanted {features} numbers above 0")
        if isinstance(self.missing, str):
            if self.missing not in get_args(Missing):
                raise BadRequest(f"missing={self.missing!r}: wanted one of {', '.join(get_args(Missing))}, or values")
        elif len(self.missing) != features or not np.isfinite(self.missing).all():
            raise BadRequest(f"missing={self.missing!r}: wanted {features} numbers")

    @property
    def series(self) -> ModelConfig:
        """How the features by themselves are modelled."""
        return ModelConfig(
            bucket_span_ms=self.bucket_span_ms,
            time_zone=self.time_zone or "UTC",
            calendar=self.time_zone is not None,
            bounds_percentile=95.0,
        )
