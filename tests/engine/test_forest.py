"""`barograph.Forest`: what goes in and what comes out; what it finds is in `tests/models/test_forest.py`."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import barograph


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    x = np.random.default_rng(2).normal(0, 1, (400, 2))
    x[300, 1] += 40
    return x


def forest(**options) -> barograph.Forest:
    return barograph.Forest(["a", "b"], trees=20, samples=64, **options)


def test_arrays_and_frames_are_the_same_and_columns_are_found_by_name(values):
    array = forest().update(values)
    frame = forest().update(pl.DataFrame({"other": 1, "b": values[:, 1], "a": values[:, 0]}))
    assert frame.equals(array)
    index = pd.date_range("2026-01-01", periods=400, freq="10min")
    pandas = forest().update(pd.DataFrame(values, columns=["a", "b"], index=index))
    assert (pandas.index == index).all()
    assert pandas["grade"].to_numpy().tolist() == array["grade"].to_list()
    assert array["grade"][300] > 0.5
    assert array["attribution_b"][300] > 0.9
    assert array["attribution_b"][299] is None


def test_score_tells_what_update_will_and_learns_nothing(values):
    one = forest().fit(values[:290])
    before = one.snapshot().to_bytes()
    told = one.score(values[290:])
    one.explain(values[0])
    one.forecast(3)
    assert one.snapshot().to_bytes() == before
    assert told.equals(one.update(values[290:]))


def test_it_goes_on_from_a_snapshot(values):
    state = barograph.Snapshot.from_bytes(forest().fit(values[:200]).snapshot().to_bytes())
    assert forest(state=state).update(values[200:]).equals(forest().update(values)[200:])
    with pytest.raises(barograph.BarographError, match="state: wanted one of this version"):
        barograph.Forest(3, state=state)
    with pytest.raises(barograph.BarographError, match=r"of these settings .*difference"):
        forest(state=state, transform="difference")


def test_an_explanation_has_a_row_for_each_feature(values):
    one = forest().fit(values)
    row = one.explain([0.0, -30.0]).row(1, named=True)
    assert row["feature"] == "b"
    assert row["below"] > 1.0 > row["above"]
    assert row["low"] <= row["expected"] <= row["high"]


@pytest.mark.parametrize("transform", ["expected", "difference", "none"])
def test_a_forecast_is_in_the_units_of_the_values(transform):
    x = 100 + 10 * np.sin(2 * np.pi * np.arange(600) / 20)
    coming = barograph.Forest(trees=20, transform=transform, shingle=8).fit(x).forecast(20)
    wanted = 100 + 10 * np.sin(2 * np.pi * np.arange(600, 620) / 20)
    assert coming.columns == ["step", "x0", "x0_low", "x0_high"]
    assert np.abs(coming["x0"].to_numpy() - wanted).max() < 5


def test_one_feature_may_be_a_series_and_a_few_values_are_too_few():
    one = barograph.Forest()
    assert one.update(pl.Series([1.0, 2.0, None]))["imputed_x0"].to_list() == [False, False, True]
    assert one.update([]).height == 0
    with pytest.raises(barograph.InputError, match="forest of 0 points: wanted one that has learnt enough"):
        one.forecast(1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((3, 3)), "values of 3 features: wanted 2"),
        (pl.DataFrame({"a": [1.0]}), r"columns \['a'\]: wanted 'b' among them"),
        (np.array([[1.0, 1e31]]), r"b\[0\]=1e\+31: wanted at most 1e\+30 in size"),
        (pl.DataFrame({"a": ["x"], "b": [1]}), "wanted a number"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_learnt(given, message):
    one = forest()
    before = one.snapshot().to_bytes()
    with pytest.raises(barograph.InputError, match=message):
        one.update(given)
    assert one.snapshot().to_bytes() == before


def test_names_differ():
    with pytest.raises(barograph.InputError, match="wanted names that differ"):
        barograph.Forest(["a", "a"])
