"""Bucket values to probabilities, one model a series."""

from barograph.models.config import Judged, ModelConfig, Side
from barograph.models.series import SeriesModel, probability
from barograph.models.state import LEAF, PREDICTIVE

__all__ = ["LEAF", "PREDICTIVE", "Judged", "ModelConfig", "SeriesModel", "Side", "probability"]
