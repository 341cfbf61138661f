"""What a series does again and again is usual by itself: it need not be to the minute, nor smooth."""

import numpy as np

from barograph.models import ModelConfig, SeriesModel
from barograph.scoring.severity import normalised_score

DAY_MS = 86_400_000
START_MS = 1_772_409_600_000  # a Monday


def scores(x: np.ndarray, span_ms: int) -> np.ndarray:
    """What each bucket [S, T] would score by itself."""
    model = SeriesModel.build(ModelConfig(span_ms))
    model.grow(len(x))
    found = model.advance(x, START_MS).ln_evidence
    return normalised_score(np.nan_to_num(found).ravel(), span_ms).reshape(found.shape)


def test_a_spike_once_a_day_within_two_hours_is_told_about_four_times():
    rng, day, days = np.random.default_rng(5), 288, 14
    x = rng.normal(10, 1, (10, days * day))
    at = day * np.arange(days) + 150 + rng.integers(-12, 13, (10, days))
    for row, places in zip(x, at, strict=True):
        row[places] += rng.normal(80, 4, days)
    told = scores(x, 300_000) >= 50
    spikes = np.take_along_axis(told, at, axis=1)
    assert spikes[:, :4].mean() > 0.7
    assert np.median(spikes[:, 4:].sum(axis=1)) <= 2  # a season of two days that spikes share by chance costs two more
    assert spikes[:, 7:].mean() < 0.1


def test_another_spike_than_the_daily_one_is_still_told():
    rng, day, days = np.random.default_rng(6), 288, 14
    x = rng.normal(10, 1, (10, days * day))
    x[:, day * np.arange(days) + 150] += rng.normal(80, 4, (10, days))
    x[:, 12 * day + 20] += 400
    x[:, 13 * day + 20] = -60
    told = scores(x, 300_000)
    assert (told[:, 12 * day + 20] >= 75).all()
    assert (told[:, 13 * day + 20] >= 75).all()


def test_a_series_that_moves_in_jerks_is_told_of_a_few_once_its_first_days_are_known():
    rng, n = np.random.default_rng(7), 6 * 1440
    slow = np.sin(np.arange(n) * 2 * np.pi / 1440)
    held = np.repeat(slow[::15], 15)[:n]  # a sensor that is read every quarter of an hour
    told = scores((held + 1e-5 * rng.normal(size=n))[None], 60_000)[:, 2 * 1440 :] >= 50
    assert told.sum() <= 15


def test_a_job_that_begins_a_minute_or_two_late_is_usual_to_the_minute():
    rng, day, days = np.random.default_rng(8), 1440, 12
    x = rng.normal(30, 3, (4, days * day))
    for row in x:
        for d in range(days):
            start = d * day + 182 + rng.integers(0, 3)
            row[start : start + 45] += 170
    told = scores(x, 60_000)[:, 6 * day :] >= 50
    assert told.sum() / (4 * (days - 6)) <= 1.0  # of 1,440 a day; it was two each morning, and two behind
