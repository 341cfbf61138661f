"""Times and places from rows to records: what is found, who is blamed, and that nothing depends on how rows come."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import barograph
from barograph.api.elastic.documents import record as elastic_record
from barograph.results.causes import with_causes
from barograph.results.points import degrees
from barograph.results.words import record_compared
from tests.engine.events import START

DAY, HOUR = 86_400_000, 3_600_000
LONDON, PARIS = "51.5074,-0.1278", "48.8566,2.3522"
FUNCTIONS = ("time_of_day", "time_of_week", "lat_long")


def visits(days: int = 24) -> pl.DataFrame:
    """Three users who come at nine and at five, from London or Paris; in the last night one comes at three, from New York."""
    rng, midnight = np.random.default_rng(2), START // DAY * DAY
    rows = [
        (
            midnight + int(day * DAY + (hour + rng.normal(0, 0.3)) * HOUR),
            user,
            rng.choice([LONDON, PARIS]),
        )
        for day in range(days)
        for hour in (9, 17)
        for user in ("ann", "bob", "cy")
    ]
    rows.append((midnight + (days - 1) * DAY + int(3.2 * HOUR), "bob", "40.7128,-74.0060"))
    return pl.DataFrame(sorted(rows), schema=["time", "user", "where"], orient="row")


def job(function: str, **changes: object) -> barograph.Job:
    field = {"field_name": "where"} if function == "lat_long" else {}
    detector = {"function": function, **field, **changes.pop("detector", {"by_field_name": "user"})}
    analysis = {"bucket_span": "15m", "detectors": [detector], "influencers": ["user"], **changes}
    return barograph.load_job(
        {"job_id": "points", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}}
    )


def results(of: barograph.Job, chunks: list[pl.DataFrame]) -> barograph.Results:
    engine, parts = barograph.Engine.build(of), []
    for chunk in chunks:
        parts.append(engine.add(chunk))
        engine = barograph.Engine.build(of, barograph.Snapshot.from_bytes(engine.snapshot().to_bytes()))
    return barograph.Results.concat([*parts, engine.flush(int(chunks[-1]["time"].max()) // DAY * DAY + 2 * DAY)])


@pytest.fixture(scope="module", params=FUNCTIONS)
def found(request: pytest.FixtureRequest) -> tuple[str, barograph.Results]:
    return request.param, results(job(request.param), [visits()])


def test_the_one_visit_from_afar_is_the_worst_record_and_its_visitor_is_blamed(found: tuple[str, barograph.Results]) -> None:
    function, of = found
    worst = of.records.sort("record_score", descending=True).row(0, named=True)
    assert worst["by_field_value"] == "bob"
    assert worst["record_score"] > 45
    assert worst["anomaly_type"] is None
    assert worst["influencers"][0]["influencer_field_values"] == ["bob"]
    said = {
        "time_of_day": "at 03:12, 5.8 hours from the usual 08:59",
        "time_of_week": "at Fri 03:12, 5.8 hours from the usual Fri 08:59",
        "lat_long": "at 40.7128,-74.006, 5,570 km from the usual 51.5074,-0.1278",
    }
    assert record_compared(worst) == said[function]
    assert of.records.filter(pl.col("record_score") > 50).height <= 1


def test_elastic_has_seconds_and_points(found: tuple[str, barograph.Results]) -> None:
    function, of = found
    document = elastic_record("points", of.records.sort("record_score", descending=True).row(0, named=True))
    if function == "lat_long":
        assert document["actual"] == [40.7128, -74.006]
        assert document["geo_results"] == {"actual_point": "40.7128,-74.006", "typical_point": LONDON}
        assert document["function_description"] == "lat_long"
    else:
        assert document["actual"][0] % 86_400 == pytest.approx(3.2 * 3600)
        assert document["function_description"] == "time"
        assert "geo_results" not in document


def test_the_size_of_chunks_and_snapshots_between_them_change_nothing(found: tuple[str, barograph.Results]) -> None:
    function, of = found
    again = results(job(function), list(visits().iter_slices(41)))
    for name in ("records", "bucket_values", "influencers", "influencer_shares"):
        assert_frame_equal(getattr(of, name), getattr(again, name), check_exact=True)


def test_every_value_is_explained(found: tuple[str, barograph.Results]) -> None:
    function, of = found
    engine = barograph.Engine.build(job(function))
    engine.add(visits())
    engine.flush(START // DAY * DAY + 26 * DAY)
    worst = of.records.sort("record_score", descending=True).row(0, named=True)
    (explained,) = engine.explain(of, worst["timestamp"], (("user", "bob"),))
    assert explained.log_probability == worst["log_probability"]
    assert explained.typical == worst["typical"]
    assert explained.would_score == ()
    assert "usually" in explained.model[0]


def test_without_a_split_whoever_comes_at_night_is_blamed() -> None:
    for function in FUNCTIONS:
        worst = results(job(function, detector={}), [visits()]).records.sort("record_score", descending=True).row(0, named=True)
        assert worst["influencers"][0]["influencer_field_values"] == ["bob"]


def values_of(of: barograph.Job, rows: list[dict[str, object]]) -> list[float]:
    return results(of, [pl.DataFrame(rows)]).bucket_values["actual"].to_list()


def test_times_are_civil_and_run_through_midnight_and_changes_of_the_clock() -> None:
    berlin = job("time_of_day", detector={}, bucket_span="1h").model_copy(update={"time_zone": "Asia/Kolkata"})
    at = START // DAY * DAY + 18 * HOUR  # 23:30 in India, so that midnight lies in the middle of the bucket
    night = [{"time": at + ms, "user": "a"} for ms in (0, 20 * 60_000, 50 * 60_000)]
    assert values_of(berlin, night) == [pytest.approx(23.5 * 3600 + 70 * 60 / 3)]
    changes = job("time_of_day", detector={}, bucket_span="1h").model_copy(update={"time_zone": "Europe/Berlin"})
    march = 1_711_846_800_000  # 2024-03-31 01:00 UTC, when clocks go from 02:00 to 03:00
    hours = [{"time": march + h * HOUR, "user": "a"} for h in (-1, 0, 1)]
    assert values_of(changes, hours) == [3600.0, 3 * 3600.0, 4 * 3600.0]


def test_a_place_in_the_middle_of_a_bucket_is_that_on_the_ground() -> None:
    of = job("lat_long", detector={})
    places = ("10,179", "10,-179", None, "", "north", "91,0", "1,2,3", " 10 , 180 ")
    rows = [{"time": START + at, "user": "a", "where": place} for at, place in enumerate(places)]
    found = results(of, [pl.DataFrame(rows)])
    (value,) = found.bucket_values["actual"].to_list()
    latitude, longitude = degrees(value)
    assert abs(latitude - 10) < 0.01
    assert abs(longitude) == 180
    assert found.counts.not_a_number_count == 3
    assert found.counts.missing_field_count == 5
    assert "such as 51.5,-0.12" in next(one.message for one in found.counts.examples if one.reason == "not_a_number")


def test_summary_counts_weigh_and_what_is_missing_is_one_series_more_with_use_null() -> None:
    of = job("time_of_day", detector={"by_field_name": "user", "use_null": True}, summary_count_field_name="n", influencers=[])
    rows = [
        {"time": START, "user": None, "n": 3},
        {"time": START + 600_000, "user": None, "n": 1},
        {"time": START, "user": "a", "n": 0},
    ]
    assert values_of(of, rows) == [START % DAY / 1000 + 150]


OFFICE = ("ann", "bob", "cy", "dan", "eve", "flo")
OVER = {"detector": {"over_field_name": "user"}}


def crowd(days: int = 24, robot: bool = True) -> pl.DataFrame:
    """Six users, each on some days at nine and five, from London or Paris; in the last night a new one at three, from New York.

    A robot comes at each hour, from Oslo. (A week of that has more places than a population keeps.)
    """
    rng, midnight = np.random.default_rng(6), START // DAY * DAY
    rows = [
        (midnight + int(day * DAY + (hour + rng.normal(0, 0.3)) * HOUR), user, rng.choice([LONDON, PARIS]))
        for day in range(days)
        for hour in (9, 17)
        for user in OFFICE
        if rng.random() < 0.6
    ]
    hours = range(24 * days if robot else 0)
    rows += [(midnight + hour * HOUR + int(rng.uniform(0, HOUR)), "robot", "59.91,10.75") for hour in hours]
    rows.append((midnight + (days - 1) * DAY + int(3.2 * HOUR), "mallory", "40.7128,-74.0060"))
    return pl.DataFrame(sorted(rows), schema=["time", "user", "where"], orient="row")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whoever_is_where_no_other_member_is_is_told_and_explained_though_it_was_never_seen(function: str) -> None:
    days = 45 if function == "time_of_week" else 24  # of each time there has been one a week
    rows = crowd(days, robot=function != "time_of_week")
    of = results(job(function, **OVER), list(rows.iter_slices(211)))
    worst = of.records.sort("record_score", descending=True).row(0, named=True)
    assert (worst["over_field_value"], worst["influencers"][0]["influencer_field_values"]) == ("mallory", ["mallory"])
    assert worst["record_score"] > 30
    assert "from the usual" in record_compared(worst)
    caused = with_causes(of.records, of.records).sort("record_score", descending=True).row(0, named=True)
    document = elastic_record("points", caused)
    (cause,) = document["causes"]
    assert cause == {name: document[name] for name in cause}
    assert (cause["over_field_value"], "geo_results" in cause) == ("mallory", function == "lat_long")
    engine = barograph.Engine.build(job(function, **OVER))
    whole = barograph.Results.concat([engine.add(rows), engine.flush(START // DAY * DAY + (days + 1) * DAY)])
    for name in ("records", "bucket_values", "influencers"):
        assert_frame_equal(getattr(of, name), getattr(whole, name), check_exact=True)
    (explained,) = engine.explain(whole, worst["timestamp"], (("user", "mallory"),))
    assert explained.log_probability == worst["log_probability"]
    assert explained.typical == worst["typical"]
    assert "Usual to it is what it has done itself, or more than two have" in explained.model[0]
