"""Buckets of values that are there or not."""

import numpy as np

from barograph.models import Kin, ModelConfig, RareModel

HALF_HOUR = 1_800_000


def build(n, partition=None, span=HALF_HOUR, **settings):
    model = RareModel.build(ModelConfig(span, **settings))
    model.grow(n, None if partition is None else kin(partition))
    return model


def kin(partition, population=None, member=None):
    """What series have in common; without more, each is a population of its own."""
    none = np.arange(len(partition)) if population is None else population
    return Kin(
        *(np.asarray(of, np.int32) for of in (partition, none)), np.asarray(none if member is None else member, np.int64)
    )


def there(flags):
    """Bucket values [S, T] of what is there."""
    return np.where(flags, 1.0, np.nan)


def zipf(values=300, buckets=2_000, seed=0, often=0.9):
    """Values by rank: the first is in nearly every bucket, the last in hardly any."""
    rate = often / np.arange(1, values + 1)
    return there(np.random.default_rng(seed).random((values, buckets)) < rate[:, None])


def closed(values=12, buckets=2_000, seed=1):
    """Values that are in every second bucket or so, and no others."""
    rate = np.linspace(0.3, 0.8, values)
    return there(np.random.default_rng(seed).random((values, buckets)) < rate[:, None])


def with_rows(x, *rows):
    """The same with more values: each is there in the buckets given."""
    more = np.full((len(rows), x.shape[1]), np.nan)
    for row, at in zip(more, rows, strict=True):
        row[list(at)] = 1.0
    return np.concatenate([x, more])


def score(ln_p, span=HALF_HOUR):
    from barograph.scoring.severity import normalised_score  # noqa: PLC0415

    return float(normalised_score(np.array([ln_p]), span)[0])
