"""Bucket values to probabilities, by one model or another for all series of a measure."""

from barograph.models.base import Forecaster, Judged, Kin, Model, Records, Skipped, Sleeper, Together
from barograph.models.civil import Shifts
from barograph.models.config import Bed, ModelConfig
from barograph.models.describe import SEASON_WORDS, Description, Known
from barograph.models.forecast import Foreseen, Horizon
from barograph.models.kinds import MODELS
from barograph.models.rare import RareModel
from barograph.models.rare_over import FreqRareModel, RareOverModel
from barograph.models.series import SeriesModel
from barograph.models.state import CHANGE, SERIES, ChangeKind, SeasonKind

__all__ = [
    "CHANGE",
    "MODELS",
    "SEASON_WORDS",
    "SERIES",
    "Bed",
    "ChangeKind",
    "Description",
    "Forecaster",
    "Foreseen",
    "FreqRareModel",
    "Horizon",
    "Judged",
    "Kin",
    "Known",
    "Model",
    "ModelConfig",
    "RareModel",
    "RareOverModel",
    "Records",
    "SeasonKind",
    "SeriesModel",
    "Shifts",
    "Skipped",
    "Sleeper",
    "Together",
]
