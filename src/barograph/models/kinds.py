"""Which model stands behind each kind of function."""

from typing import Final

from barograph.config.functions import Kind
from barograph.models.base import Model
from barograph.models.correlated import CorrelatedModel
from barograph.models.points import PlaceModel, TimeOfDayModel, TimeOfWeekModel
from barograph.models.points_over import PlaceOverModel, TimeOfDayOverModel, TimeOfWeekOverModel
from barograph.models.population import PopulationModel
from barograph.models.rare import RareModel
from barograph.models.rare_over import FreqRareModel, RareOverModel
from barograph.models.series import SeriesModel

MODELS: Final[dict[Kind, type[Model]]] = {
    "series": SeriesModel,
    "correlated": CorrelatedModel,
    "population": PopulationModel,
    "rare": RareModel,
    "time_of_day": TimeOfDayModel,
    "time_of_week": TimeOfWeekModel,
    "place": PlaceModel,
    "time_of_day_over": TimeOfDayOverModel,
    "time_of_week_over": TimeOfWeekOverModel,
    "place_over": PlaceOverModel,
    "rare_over": RareOverModel,
    "freq_rare": FreqRareModel,
}
"""One entry a kind; a new kind of model is its file and its entry here."""
