"""Populations made by hand, for tests of their model."""

import numpy as np

from barograph.models import Kin, ModelConfig
from barograph.models.population import PopulationModel

HOUR = 3_600_000


def build(members, population=None, **settings):
    """A model of one population, or of those whose numbers are given by member."""
    model = PopulationModel.build(ModelConfig(settings.pop("span", HOUR), **settings))
    numbers = np.zeros(members, np.int32) if population is None else np.asarray(population, np.int32)
    model.grow(members, Kin(np.zeros(members, np.int32), numbers, np.arange(members)))
    return model


def present(values, share, seed=0):
    """Values of which some are missing."""
    made = values.astype(float)
    made[np.random.default_rng(seed).random(made.shape) > share] = np.nan
    return made


def counts(members, buckets, spread=1.0, level=1.0, day=0.9, seed=0):
    """How often members with stable, different levels do something, more by day; who does nothing is not there."""
    rng = np.random.default_rng(seed)
    levels = rng.lognormal(level, spread, (members, 1))
    made = rng.poisson(levels * (1 + day * np.sin(np.arange(buckets) * 2 * np.pi / 24))).astype(float)
    return np.where(made > 0, made, np.nan)


def sizes(members, buckets, spread=1.0, within=0.4, share=0.6, seed=0):
    """How much members with stable, different levels have."""
    rng = np.random.default_rng(seed)
    levels = rng.lognormal(3.0, spread, (members, 1))
    return present(levels * rng.lognormal(0.0, within, (members, buckets)), share, seed)
