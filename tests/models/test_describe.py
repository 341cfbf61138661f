import re

import numpy as np

from barograph.models import ChangeKind, ModelConfig, SeasonKind, SeriesModel
from barograph.models.describe import lately

HOUR = 3_600_000


def build(x: np.ndarray, siblings: bool = False) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(HOUR, siblings=siblings))
    model.grow(len(x))
    model.advance(x, 0)
    return model


def test_a_description_names_the_pattern_the_level_and_the_last_change():
    t = np.arange(2000)
    rng = np.random.default_rng(0)
    x = np.stack([50 + 10 * np.sin(2 * np.pi * t / 24) + rng.normal(size=2000), np.where(rng.random(2000) < 0.05, 7.0, 3.0)])
    model = build(x)
    daily, repeating = model.describe(0), model.describe(1)
    assert daily.season is SeasonKind.DAY
    assert daily.period_ms == 24 * HOUR
    assert abs(daily.level - 50) < 1
    assert 0.8 < daily.deviation < 1.3
    assert daily.change is ChangeKind.SEASON_FOUND
    assert "It has a daily pattern" in " ".join(daily.sentences)
    assert repeating.repeats > 0.8
    assert repeating.sentences[-1].startswith("It has its usual value 9")


def test_the_level_is_the_one_of_now_also_after_an_outage():
    x = 50 + np.random.default_rng(1).normal(size=2000)
    x[1500:1530] = 0.0
    assert abs(build(x[None, :1600]).describe(0).level - 50) < 2


def sentences(x: np.ndarray) -> str:
    return " ".join(build(x[None]).describe(0).sentences)


def test_a_trend_is_told_with_its_slope_and_how_sure_it_is():
    noise = np.random.default_rng(2).normal(size=1500)
    rising = build((0.1 * np.arange(1500) + noise)[None]).describe(0)
    assert rising.trend_certainty > 0.9
    assert abs(rising.trend - 2.4) < 0.8
    assert abs(rising.level - 150) < 5
    assert f"It rises by {rising.trend:.2g} a day." in rising.sentences
    still = build(noise[None]).describe(0)
    assert still.trend_certainty < 0.4
    assert "rises" not in " ".join(still.sentences)
    assert "rising" not in " ".join(still.sentences)
    assert "; it keeps to its long-time level." in " ".join(still.sentences)
    assert "It falls by 2." in sentences(-0.1 * np.arange(1500) + noise)


def test_a_trend_that_changed_is_the_last_change():
    x = np.random.default_rng(2).normal(size=700) + 0.1 * np.maximum(np.arange(700) - 500, 0)
    bent = build(x[None]).describe(0)
    assert bent.change is ChangeKind.TREND
    assert any(sentence.endswith(": the trend changed.") for sentence in bent.sentences)


def test_a_constant_has_no_spread():
    assert sentences(np.full(500, 3.0)) == (
        "500 values seen, lately always 3. It has no repeating pattern; it keeps to its long-time level. "
        "It has its usual value over 99 % of the time."
    )


def test_an_incident_under_way_is_told_with_what_would_have_been():
    x = 50 + np.random.default_rng(1).normal(size=1510)
    x[1500:] = 0.0
    model = build(x[None])
    ill = model.describe(0)
    assert ill.incident_ms == 1500 * HOUR
    assert abs(ill.level - 50) < 1
    assert any(
        re.fullmatch(
            "An incident has been going on since 1970-03-04 12:00: values are around 0 instead of (50|49|51)[0-9.]*, "
            "and are not learnt unless it lasts.",
            one,
        )
        for one in ill.sentences
    )
    assert ill.severity > 20
    assert lately(model.snapshot()["series"])[0] == ill.severity
    well = build(50 + np.random.default_rng(1).normal(size=(1, 1510))).describe(0)
    assert well.incident_ms is None
    assert well.severity < 3


def test_after_a_change_the_former_level_is_known():
    x = 50 + np.random.default_rng(1).normal(size=600)
    x[500:] += 30
    moved = build(x[None]).describe(0)
    assert moved.change is ChangeKind.LEVEL
    assert abs(moved.former_level - 50) < 1
    assert "A return to what was normal before would be no anomaly." in moved.sentences
    assert build(x[None, :500]).describe(0).former_level is None


def test_what_cannot_be_known_yet_is_said():
    noise = 100 + np.random.default_rng(3).normal(size=1000)
    assert sentences(noise[:3]).startswith("3 values seen, around 100: too few to know the spread, so only gross")
    assert "no repeating pattern in 15 hours, and a daily one can show only after 2 days;" in sentences(noise[:15])
    assert "no repeating pattern in 1 day, and a daily one" in sentences(noise[:24])
    assert "no repeating pattern in 1.2 days, and a daily one can show only after 2 days;" in sentences(noise[:30])
    assert "no repeating pattern in 4.1 days, and a weekly one can show only after 14 days;" in sentences(noise[:100])
    assert "no repeating pattern in 13.9 days, and a weekly one can show only after 14 days;" in sentences(noise[:335])
    assert "It has no repeating pattern; it keeps" in sentences(noise)


def test_what_is_known_of_all_series_is_counted():
    values = np.full((4, 1000), np.nan)
    rng = np.random.default_rng(4)
    values[0] = 50 + 10 * np.sin(2 * np.pi * np.arange(1000) / 24) + rng.normal(size=1000)
    values[1, -100:] = rng.normal(size=100)
    values[2, -5:] = rng.normal(size=5)
    found = build(values).known()
    assert (found.series, found.young, found.before_day, found.before_week) == (3, 1, 1, 1)
    assert found.patterned == 1
    assert found + found == build(np.concatenate([values, values])).known()


def test_a_series_that_saw_nothing_says_so():
    model = SeriesModel.build(ModelConfig(HOUR))
    model.grow(1)
    assert model.describe(0).sentences == ("Nothing seen yet.",)


def test_a_new_series_starts_from_the_scale_of_its_siblings():
    known = 100 + 10 * np.random.default_rng(1).normal(size=(20, 300))
    alone, among = build(known), build(known, siblings=True)
    for model in (alone, among):
        model.grow(21)
        model.advance(np.array([[500.0]]), 300 * HOUR, np.array([20]))
    near, far = np.array([520.0]), np.array([1500.0])
    row, at = np.array([20]), 301 * HOUR
    assert alone.judge(far, at, row).ln_p[0, 0] == 0
    assert among.judge(near, at, row).ln_p[0, 0] > np.log(0.3)
    assert among.judge(far, at, row).ln_p[0, 0] < np.log(0.01)
    resumed = SeriesModel.build(among.config, among.snapshot())
    resumed.grow(22)
    among.grow(22)
    assert resumed.snapshot()["series"].tobytes() == among.snapshot()["series"].tobytes()


def test_one_wild_sibling_does_not_change_what_a_new_series_starts_from():
    known = 100 + 10 * np.random.default_rng(1).normal(size=(21, 300))
    known[0] = 100 + 2_000 * np.random.default_rng(2).normal(size=300)
    prior = {}
    for name, rows in (("with", known), ("without", known[1:])):
        model = build(rows, siblings=True)
        model.grow(len(rows) + 1)
        model.advance(np.array([[100.0]]), 300 * HOUR, np.array([len(rows)]))
        prior[name] = model.snapshot()["series"]["spread.prior"][-1]
    assert 0.9 < prior["with"] / prior["without"] < 1.1


def keeping(rates: list[float]) -> np.ndarray:
    """Ten weeks of hourly percentages of 100, of which a share are others; an odd value of its own each."""
    rng = np.random.default_rng(3)
    rates_of = np.array(rates)[:, None]
    return np.where(rng.random((len(rates), 1680)) < rates_of, 80 + 15 * rng.random((len(rates), 1680)), 100.0)


def test_siblings_that_change_alike_teach_more_than_those_that_have_nothing_in_common():
    for rates, least, most in (([0.01] * 24, 200.0, 500.0), ([0.25] + [0.0] * 23, 1.0, 5.0)):
        lesson = build(keeping(rates), siblings=True).snapshot()["siblings"][-1]
        assert 0.005 < lesson["change_rate"] < 0.02
        assert least <= lesson["change_buckets"] <= most


def test_a_series_that_never_changed_is_not_taken_for_the_one_that_always_does():
    """Of 24 availabilities of 100, one is below it every fourth hour: of another, 85 is news all the same."""
    model = build(keeping([0.25] + [0.0] * 23), siblings=True)
    values = np.full((24, 1), 100.0)
    values[:2] = 85.0
    ln_p = model.advance(values, 1680 * HOUR).ln_p
    assert ln_p[0, 0] > np.log(0.05)
    assert ln_p[1, 0] < np.log(1e-4)


def test_what_siblings_teach_does_not_depend_on_how_time_is_cut():
    values = 100 + 10 * np.random.default_rng(1).normal(size=(20, 200))
    values[10:, :90] = np.nan
    whole, cut = SeriesModel.build(ModelConfig(HOUR, siblings=True)), SeriesModel.build(ModelConfig(HOUR, siblings=True))
    whole.grow(20)
    at_once = whole.advance(values, 5 * HOUR)
    parts = []
    for start, end in ((0, 19), (19, 20), (20, 67), (67, 120), (120, 200)):
        cut.grow(10 if end <= 90 else 20)
        rows = np.arange(cut.n_series)
        parts.append(cut.advance(values[rows, start:end], (5 + start) * HOUR).ln_p)
    known = at_once.ln_p[:, 90:]
    assert np.array_equal(np.concatenate(parts[3:], axis=1)[:, 23:], known, equal_nan=True)
    assert whole.snapshot()["series"].tobytes() == cut.snapshot()["series"].tobytes()


def test_the_shape_of_the_scatter_is_told_as_surely_as_it_is_known():
    counts = np.random.default_rng(2).poisson(200, 40).astype(float)
    skew = np.random.default_rng(2).gamma(30, 1, 60)
    assert "Its scatter looks count-like (negative binomial) (59 % sure)." in sentences(counts)
    assert "Its scatter may be log-normal (45 % sure)." in sentences(skew)
