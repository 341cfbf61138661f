"""Bucket values to probabilities, one model a series."""

from barograph.models.config import Judged, ModelConfig, Side
from barograph.models.describe import Description, Known
from barograph.models.forecast import Foreseen, Horizon
from barograph.models.series import SeriesModel, probability
from barograph.models.state import CHANGE, LEAF, PREDICTIVE, SERIES, ChangeKind, SeasonKind

__all__ = [
    "CHANGE",
    "LEAF",
    "PREDICTIVE",
    "SERIES",
    "ChangeKind",
    "Description",
    "Foreseen",
    "Horizon",
    "Judged",
    "Known",
    "ModelConfig",
    "SeasonKind",
    "SeriesModel",
    "Side",
    "probability",
]
