"""A store forecasts what its newest models do, keeps it, and forgets it when its time is over."""

import numpy as np
import pytest
from polars.testing import assert_frame_equal

from barograph.config.duration import Duration
from barograph.config.errors import InputError, OtherVersion
from barograph.engine import Engine
from barograph.jobs.forecasts.forecast import ForecastRequest, forecast, told
from barograph.results.snapshot import Snapshot
from barograph.store.errors import NoSuchJob
from barograph.store.store import Store
from tests.engine.events import job, requests

NOW = 1_800_000_000_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = Engine.build(job())
    made.add(requests())
    return made


@pytest.fixture
def fed(store: Store, engine: Engine) -> Store:
    store.create_job(job(), NOW)
    results = Engine.build(job()).add(requests())
    store.commit("requests", results, engine.snapshot(), [])
    return store


def test_a_store_forecasts_what_its_engine_does(fed: Store, engine: Engine) -> None:
    made = forecast(fed, "requests", ForecastRequest(Duration.parse("6h"), percentile=80.0), NOW)
    expected = engine.forecast("6h", 80.0)
    assert_frame_equal(made.rows, expected.rows, check_exact=True)
    assert (made.saved.series, made.saved.left_out) == (expected.series, expected.left_out)
    assert (made.saved.start_ms, made.saved.end_ms) == (expected.start_ms, expected.end_ms)
    saved, rows = fed.forecast("requests")
    assert saved == made.saved
    assert_frame_equal(rows, made.rows, check_exact=True)


def test_a_forecast_lives_for_two_weeks_unless_asked_otherwise(fed: Store) -> None:
    made = forecast(fed, "requests", ForecastRequest(), NOW)
    assert (made.saved.create_time, made.saved.expiry_time) == (NOW, NOW + 14 * DAY)
    assert forecast(fed, "requests", ForecastRequest(expires_in=Duration.parse("0")), NOW).saved.expiry_time is None
    short = forecast(fed, "requests", ForecastRequest(expires_in=Duration.parse("1h")), NOW)
    assert short.saved.expiry_time == NOW + 3_600_000


def test_a_new_forecast_takes_the_place_of_expired_ones(fed: Store) -> None:
    first = forecast(fed, "requests", ForecastRequest(), NOW).saved
    second = forecast(fed, "requests", ForecastRequest(), NOW + DAY).saved
    assert first.forecast_id != second.forecast_id
    third = forecast(fed, "requests", ForecastRequest(), NOW + 14 * DAY).saved
    assert fed.forecasts("requests") == [second, third]


def test_an_entity_is_forecast_alone(fed: Store) -> None:
    made = forecast(fed, "requests", ForecastRequest(entity=(("host", "host-1"),)), NOW)
    assert set(made.rows["detector_index"]) <= {1, 2, 3}
    assert made.saved.series < engine_series(fed)


def engine_series(store: Store) -> int:
    saved = store.resume("requests")
    assert saved is not None
    return Engine.build(job(), saved.snapshot).known().series


def test_what_cannot_be_forecast_is_refused_and_nothing_is_kept(store: Store) -> None:
    with pytest.raises(NoSuchJob):
        forecast(store, "requests", ForecastRequest(), NOW)
    store.create_job(job(), NOW)
    with pytest.raises(InputError, match="duration='1m': wanted a bucket or more"):
        forecast(store, "requests", ForecastRequest(Duration.parse("1m")), NOW)
    with pytest.raises(InputError, match="there is nothing to forecast yet"):
        forecast(store, "requests", ForecastRequest(), NOW)
    engine = Engine.build(job())
    store.commit("requests", engine.add(requests(days=0.2)), engine.snapshot(), [])
    with pytest.raises(InputError, match=r"wanted a series that can be forecast; left out .* young"):
        forecast(store, "requests", ForecastRequest(), NOW)
    assert store.forecasts("requests") == []


def test_models_of_another_version_point_to_the_replay(fed: Store, engine: Engine) -> None:
    arrays = engine.snapshot().arrays
    older = Snapshot(arrays | {"model0.series": np.zeros(1, [("level", "f8")])})
    fed.commit("requests", Engine.build(job()).flush(), older, [])
    with pytest.raises(OtherVersion, match="wanted models of this version; 'barograph replay requests' makes them anew"):
        forecast(fed, "requests", ForecastRequest(), NOW)


def test_what_is_left_out_is_told_by_reason(fed: Store) -> None:
    made = forecast(fed, "requests", ForecastRequest(), NOW)
    total = made.saved.left_out.total
    assert bool(told(made.saved)) == bool(total)
