"""What an engine says its series will do next, and when they will cross a value."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.duration import Duration
from barograph.config.errors import InputError
from barograph.engine import Engine
from barograph.engine.forecast import LeftOut, crossings, whole_series
from barograph.results import schema
from barograph.results.snapshot import Snapshot
from tests.engine.events import job, requests

SPAN = 900_000


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = Engine.build(job())
    made.add(requests())
    return made


def test_every_series_is_forecast_bucket_by_bucket_and_unchanged_by_it(engine: Engine) -> None:
    before = engine.snapshot().to_bytes()
    found = engine.forecast("1d")
    assert engine.snapshot().to_bytes() == before
    assert found.rows.schema == schema.polars_schema(schema.FORECASTS)
    newest = engine.counts.latest_bucket_timestamp
    assert newest is not None
    assert (found.start_ms, found.end_ms) == (newest + SPAN, newest + SPAN + 86_400_000)
    assert found.series + found.left_out.total == engine.known().series
    assert found.rows.height == found.series * 96
    times = found.rows.filter(detector_index=0)["timestamp"].to_list()
    assert times == list(range(found.start_ms, found.end_ms, SPAN))
    lower, prediction, upper = (found.rows[f"forecast_{name}"] for name in ("lower", "prediction", "upper"))
    assert (lower <= prediction).all()
    assert (prediction <= upper).all()
    assert found.rows.null_count().select("forecast_lower", "forecast_level", "bucket_span").sum_horizontal().item() == 0


def test_series_carry_the_names_that_descriptions_give_them(engine: Engine) -> None:
    key = ["detector_index", "function_description", "field_name", "partition_field_value", "by_field_value"]
    rows = engine.forecast(Duration.parse("15m")).rows.select(key)
    described = engine.describe().select(key)
    assert rows.join(described, on=key, how="anti", nulls_equal=True).is_empty()
    assert rows.filter(detector_index=4)["function_description"].to_list() == ["mean", "min", "max"]


def test_a_resumed_engine_forecasts_the_same(engine: Engine) -> None:
    resumed = Engine.build(job(), Snapshot.from_bytes(engine.snapshot().to_bytes()))
    assert_frame_equal(resumed.forecast("6h").rows, engine.forecast("6h").rows, check_exact=True)


def test_more_rows_than_fit_in_memory_are_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    series = engine.forecast("15m").series + engine.forecast("15m").left_out.young + engine.forecast("15m").left_out.silent
    monkeypatch.setattr("barograph.engine.forecast.MOST_FORECAST_ROWS", 100 * series)
    engine.forecast("25h")
    wanted = f"duration=104 buckets for {series} series: wanted 100 buckets or less, which are {100 * series:,} rows"
    with pytest.raises(InputError, match=wanted):
        engine.forecast("26h")
    engine.forecast("26h", entity=(("host", "host-2"),))


def test_an_entity_picks_its_series(engine: Engine) -> None:
    found = engine.forecast("1h", entity=(("host", "host-2"),))
    assert set(found.rows["detector_index"]) <= {1, 2, 3}
    assert set(pl.concat([found.rows["partition_field_value"], found.rows["by_field_value"]]).drop_nulls()) >= {"host-2"}
    with pytest.raises(InputError, match="entity=colour='red': wanted a partition or by field"):
        engine.forecast("1h", entity=(("colour", "red"),))


def test_what_cannot_be_forecast_is_counted_by_reason() -> None:
    made = Engine.build(
        job(analysis_config={"detectors": [{"function": "mean", "field_name": "bytes", "by_field_name": "user"}]})
    )
    made.add(requests().filter((pl.col("user") != "user-3") | (pl.col("time") < pl.col("time").min() + 4 * SPAN)))
    found = made.forecast("1h")
    assert found.left_out == LeftOut(young=1)
    assert found.series == 10
    assert "user-3" not in found.rows["by_field_value"]


@pytest.mark.parametrize(
    ("duration", "percentile", "message"),
    [
        ("5m", 95.0, r"duration='5m': wanted a bucket or more \(900s\)"),
        ("0", 95.0, r"duration='0': wanted a bucket or more \(900s\)"),
        ("3651d", 95.0, "duration='3651d': wanted 3650d or less"),
        ("soon", 95.0, "duration='soon': wanted a whole number with one of the units"),
        ("1h", 100.0, "percentile=100: wanted more than 0 and less than 100"),
        ("1h", 99.99999999999999, "percentile=100: wanted more than 0"),
        ("1h", float("nan"), "percentile=nan: wanted more than 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(engine: Engine, duration: str, percentile: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        engine.forecast(duration, percentile)


def test_an_engine_without_a_finished_bucket_has_nothing_to_forecast() -> None:
    with pytest.raises(InputError, match="there is nothing to forecast yet"):
        Engine.build(job()).forecast("1d")


def test_a_part_of_a_bucket_is_left_out(engine: Engine) -> None:
    assert engine.forecast("44m").rows["timestamp"].n_unique() == 2


def made_forecast(**series: tuple[list[float], float]) -> pl.DataFrame:
    """Rows of series by name: predictions, and how far the bounds are from them."""
    rows = [
        {"timestamp": at * SPAN, "detector_index": 0, "by_field_name": "host", "by_field_value": name}
        | {"forecast_lower": x - width, "forecast_prediction": x, "forecast_upper": x + width}
        for name, (values, width) in series.items()
        for at, x in enumerate(values)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"detector_index": pl.Int32})
    missing = [name for name in schema.polars_schema(schema.FORECASTS) if name not in frame.columns]
    nothing = [pl.lit(None, schema.polars_schema(schema.FORECASTS)[name]).alias(name) for name in missing]
    return frame.with_columns(nothing)


def test_a_value_is_crossed_by_the_prediction_between_the_two_bounds() -> None:
    found = crossings(
        made_forecast(
            late=([1.0, 2.0, 3.0, 4.0, 5.0], 1.0),
            never=([1.0, 1.0, 1.0, 1.0, 1.0], 0.5),
            perhaps=([1.0, 1.0, 2.0, 2.5, 2.5], 2.0),
            soon=([3.0, 4.0, 5.0, 6.0, 7.0], 1.0),
            down=([9.0, 7.0, 5.0, 3.0, 1.0], 1.0),
            there=([4.0, 4.0, 4.0, 4.0, 4.0], 1.0),
        ),
        4.0,
    )
    assert found.schema == schema.polars_schema(schema.CROSSINGS)
    buckets = found.select(
        "by_field_value", "direction", *(pl.col(name) // SPAN for name in ("predicted", "earliest", "latest"))
    )
    assert buckets.rows() == [
        ("there", "rises", 0, 0, None),
        ("soon", "rises", 1, 0, 2),
        ("down", "falls", 3, 2, 3),
        ("late", "rises", 3, 2, 4),
        ("perhaps", "rises", None, 2, None),
        ("never", "rises", None, None, None),
    ]


def test_a_forecast_is_told_in_pieces_of_whole_series(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made_forecast(**{name: ([1.0, 2.0, 3.0], 0.5) for name in "abcde"})
    expected = crossings(rows, 2.5)
    monkeypatch.setattr("barograph.engine.forecast._ROWS_AT_ONCE", 7)
    assert [piece["by_field_value"].unique().sort().to_list() for piece in whole_series(rows)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert crossings(rows, 2.5).equals(expected)
    assert [piece.height for piece in whole_series(rows.clear())] == [0]


def test_a_leak_crosses_its_limit_when_it_does() -> None:
    """A disk that fills by 1 % an hour: in 60 hours it will be full, and the forecast says so."""
    hours = np.arange(240)
    used = 10 + 0.25 * hours + np.random.default_rng(1).normal(0, 0.3, len(hours))
    settings = {"bucket_span": "1h", "detectors": [{"function": "mean", "field_name": "bytes"}], "influencers": []}
    made = Engine.build(job(analysis_config=settings))
    made.add(pl.DataFrame({"time": hours * 3_600_000, "bytes": used}))
    (found,) = crossings(made.forecast("10d").rows, 80.0).rows(named=True)
    assert found["direction"] == "rises"
    assert found["earliest"] <= found["predicted"] <= (found["latest"] or found["predicted"])
    assert abs(found["predicted"] / 3_600_000 - 280) < 6
