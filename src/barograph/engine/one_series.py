"""One series by itself: bucket values in, scores out, by the models and the scores of a job with a single detector."""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from barograph.config.errors import BadRequest
from barograph.config.functions import Side
from barograph.kernels.elementary import e_to
from barograph.models import ModelConfig, SeriesModel
from barograph.models.config import SIDES
from barograph.results.arrays import Floats
from barograph.results.snapshot import Arrays, prefixed, under
from barograph.scoring.aggregate import LN_QUIET
from barograph.scoring.normalise import Normaliser
from barograph.scoring.quantiles_layout import STATE, TODAY
from barograph.scoring.severity import normalised_score

BOUNDS_PERCENTILE: Final = 95.0
"""Share of values that lie inside the bounds, as in records."""

_LEAST: Final = float(np.finfo(float).tiny)  # as in every result table


def settings(span_ms: int, time_zone: str | None, side: Side) -> ModelConfig:
    """How a series that has no job is modelled; without a time zone its buckets have no place in a day or a week.

    Raises:
        BadRequest: there is no such side.
    """
    if side not in SIDES:
        raise BadRequest(f"side={side!r}: wanted one of {', '.join(SIDES)}")
    return ModelConfig(
        bucket_span_ms=span_ms,
        time_zone=time_zone or "UTC",
        calendar=time_zone is not None,
        side=side,
        bounds_percentile=BOUNDS_PERCENTILE,
        of_rows=True,
        ln_threshold=-math.inf,  # what is worth a record is not asked
    )


class Scores(NamedTuple):
    """What T buckets were found to be.

    Attributes:
        score: [T] 0 to 100, the bucket's score in such a job; 0 where there is no value.
        typical: [T] what the value was expected to be, also where there is none; NaN before the series has a scale.
        lower: [T] lower bound, NaN where `typical` is.
        upper: [T] upper bound.
        probability: [T] chance of something at least as unlikely, of which the score is made; NaN where there is no value.
    """

    score: Floats
    typical: Floats
    lower: Floats
    upper: Floats
    probability: Floats


@dataclass(frozen=True)
class OneSeries:
    """The model of one series and the quantiles of its scores. Built by `build` only; `snapshot` is the only way out."""

    _model: SeriesModel
    _normaliser: Normaliser

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> "OneSeries":
        """A series without a past, or as `snapshot` left it.

        Raises:
            ValueError: another version wrote the snapshot.
        """
        if state is None:
            model = SeriesModel.build(config)
            model.grow(1)
            return cls(model, Normaliser.build(config.bucket_span_ms))
        model = SeriesModel.build(config, under("model", state))
        quantiles, today = np.array(state["quantiles"], STATE), np.array(state["today"], TODAY)
        return cls(model, Normaliser.build(config.bucket_span_ms, quantiles, today))

    def snapshot(self) -> Arrays:
        """Everything remembered."""
        quantiles, today = self._normaliser.snapshot(0)
        return prefixed("model", self._model.snapshot()) | {"quantiles": quantiles, "today": today}

    def judge_and_learn(self, values: Floats, first_bucket: int, rows: Floats | None = None) -> Scores:
        """Score each bucket with what was known before it, then learn it. How time is cut into calls changes no bit.

        Args:
            values: [T] values of consecutive buckets, which follow the last ones; NaN is no data.
            first_bucket: number of the first: its start divided by the bucket span.
            rows: [T] how many values each is the mean of; None: as many as ever.
        """
        if not len(values):
            return Scores(*(np.zeros(0) for _ in Scores._fields))
        span_ms = self._model.config.bucket_span_ms
        weights = None if rows is None else rows[None, :]
        judged = self._model.advance(values[None, :], first_bucket * span_ms, weights=weights)
        assert judged.typical is not None, "a model with bounds has typical values"
        assert judged.lower is not None
        assert judged.upper is not None
        ln_evidence = judged.ln_evidence[0]
        # A series that is alone in its job is the whole bucket: what combines several keeps the probability of one.
        ln_p = np.where(ln_evidence <= LN_QUIET, ln_evidence, 0.0)
        bucket = np.arange(first_bucket, first_bucket + len(values))
        raised, _ = self._normaliser.raise_and_learn(first_bucket, np.ones(len(values)), bucket, None, ln_p)
        quiet = not raised.any()  # as most buckets are, and then their scores need no mathematics
        return Scores(
            np.zeros(len(values)) if quiet else normalised_score(raised, span_ms),
            judged.typical[0],
            judged.lower[0],
            judged.upper[0],
            np.maximum(e_to(ln_evidence), _LEAST),
        )
