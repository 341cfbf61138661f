"""Forecasts are kept whole or not at all, without a lock, until their time is over or their job goes."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import Conflict, NotFound, StorageFailure
from barograph.engine.forecast import Forecast, LeftOut
from barograph.results import schema
from barograph.store import forecasts
from barograph.store.errors import NoSuchJob
from barograph.store.forecasts import ABANDONED_MS, SavedForecast
from barograph.store.store import Store

NOW = 1_800_000_000_000
SPAN = 300_000


def made(value: float = 1.0) -> Forecast:
    row = {
        "timestamp": [0, SPAN],
        "detector_index": [0, 0],
        "function_description": ["mean", "mean"],
        "by_field_value": ["a\x00b", "a\x00b"],
        "forecast_lower": [value - 1, -0.0],
        "forecast_prediction": [value, 0.1 + 0.2],
    }
    columns = {name: row.get(name, [None, None]) for name in schema.polars_schema(schema.FORECASTS)}
    rows = pl.DataFrame(columns, schema=schema.polars_schema(schema.FORECASTS))
    return Forecast(rows, 0, 2 * SPAN, 95.0, 1, LeftOut(young=3, silent=1))


def keep(store: Store, name: str, *, job_id: str = "web", now: int = NOW, expiry: int | None = NOW + 10) -> SavedForecast:
    one = made()
    return store.add_forecast(job_id, SavedForecast.of(one, name, now, expiry), one.rows)


def ids(store: Store) -> list[str]:
    return [one.forecast_id for one in store.forecasts("web")]


def files(store: Store) -> set[str]:
    return {one for one in store._job_files("web").present() if one.startswith("forecast-")}


@pytest.fixture
def web(store: Store, make) -> Store:
    store.create_job(make.job(), NOW)
    return store


def test_a_forecast_comes_back_to_the_last_bit(web, opened):
    kept = keep(web, "f1")
    saved, rows = opened().forecast("web", "f1")
    assert saved == kept
    assert (saved.percentile, saved.series, saved.rows, saved.left_out) == (95.0, 1, 2, LeftOut(young=3, silent=1))
    assert saved.bytes == (web._job_files("web").path / saved.file).stat().st_size
    assert_frame_equal(rows, made().rows, check_exact=True)


def test_the_newest_is_the_one_that_is_not_named(web):
    keep(web, "b")
    keep(web, "a", now=NOW + 1)
    assert ids(web) == ["b", "a"]
    assert web.forecast("web")[0].forecast_id == "a"


def test_one_that_is_not_there_is_refused_with_those_that_are(web):
    with pytest.raises(NotFound, match="forecast_id='x': wanted none: the job has none"):
        web.forecast("web", "x")
    keep(web, "f1")
    with pytest.raises(NotFound, match="forecast_id='x': wanted one of f1"):
        web.delete_forecast("web", "x")
    with pytest.raises(NoSuchJob):
        keep(web, "f1", job_id="other")


def test_a_forecast_is_kept_while_the_job_is_being_run(web, opened):
    with opened().lock("web"):
        keep(web, "f1")
    assert ids(web) == ["f1"]


def test_what_is_deleted_or_expired_is_gone_with_its_file(web):
    for name, expiry in (("soon", NOW + 5), ("later", NOW + 50), ("never", None), ("unwanted", None)):
        keep(web, name, expiry=expiry)
    web.delete_forecast("web", "unwanted")
    assert web.expire_forecasts("web", NOW + 4) == 0
    assert web.expire_forecasts("web", NOW + 5) == 1
    assert ids(web) == ["later", "never"]
    assert web.expire_forecasts("web", NOW + 10**12) == 1
    assert ids(web) == ["never"]
    assert files(web) == {"forecast-never.parquet"}


def test_a_job_takes_its_forecasts_with_it(web, make):
    keep(web, "f1")
    web.reset_job("web")
    assert ids(web) == []
    keep(web, "f2")
    web.delete_job("web")
    web.create_job(make.job(), NOW)
    assert ids(web) == []
    assert files(web) == set()


def test_a_commit_leaves_forecasts_alone(web, make):
    keep(web, "f1")
    web.commit("web", make.results(), make.snapshot(1), [])
    assert web.forecast("web", "f1")[1].height == 2


def test_one_in_the_making_is_not_taken_for_a_leftover_and_not_shown(web, opened, monkeypatch):
    seen = []

    def look(path):
        path.write_bytes(b"half")
        seen.append((ids(opened()), files(opened())))
        raise KeyboardInterrupt

    monkeypatch.setattr(pl.DataFrame, "write_parquet", lambda _, path, **__: look(path))
    with pytest.raises(KeyboardInterrupt):
        keep(web, "f1")
    assert seen == [([], {"forecast-f1.parquet.tmp"})]
    assert files(web) == set()
    with web._database.read() as connection:
        assert forecasts.listed(connection, "web") == []


def test_what_a_killed_process_began_goes_after_a_day(web, monkeypatch):
    monkeypatch.setattr(forecasts, "remove", lambda *_: None)
    monkeypatch.setattr(pl.DataFrame, "write_parquet", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keep(web, "f1", expiry=None)
    monkeypatch.undo()
    assert ids(web) == []
    assert web.expire_forecasts("web", NOW + ABANDONED_MS - 1) == 0
    assert web.expire_forecasts("web", NOW + ABANDONED_MS) == 1


def test_a_job_deleted_meanwhile_leaves_nothing(web, opened, monkeypatch):
    write = pl.DataFrame.write_parquet

    def delete_first(frame, path, **options):
        opened().delete_job("web")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(frame, path, **options)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", delete_first)
    with pytest.raises(Conflict, match="job 'web' was deleted or reset while it was forecast"):
        keep(web, "f1")
    assert files(web) == set()


def test_a_damaged_file_is_told_from_a_forecast(web):
    saved = keep(web, "f1")
    (web._job_files("web").path / saved.file).write_bytes(b"not parquet")
    with pytest.raises(StorageFailure, match=f"{saved.file}.*is damaged"):
        web.forecast("web", "f1")
    (web._job_files("web").path / saved.file).unlink()
    with pytest.raises(StorageFailure, match="wanted a whole forecast there"):
        web.forecast("web", "f1")
