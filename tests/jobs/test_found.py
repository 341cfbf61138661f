"""Records of several jobs and who is to blame for them, on both databases."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.knowledge.calendars import Calendar, Calendars, Event
from barograph.jobs.views import found
from barograph.jobs.views.found import BlamedAsked, RecordsAsked, clock_changes
from barograph.jobs.views.lanes import INTERIM, PLANNED, LanesQuery, lanes
from barograph.jobs.views.overall import OverallQuery, overall_buckets
from barograph.jobs.views.scope import Asked, fields, scope
from barograph.results import schema
from barograph.results.results import Results
from barograph.store.errors import NoSuchJob
from barograph.store.store import Store
from tests.known_results import JOB, bucket, frame, influencer, record

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_767_222_000_000  # 2025-12-31 23:00 UTC, midnight in Berlin
SHOP = {
    "job_id": "shop",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "sum", "field_name": "price", "by_field_name": "item"}],
    },
}


def at(time: int, score: float, seq: int = 0, host: str = "web-1", region: str | None = "eu", **other) -> dict:
    """A record of `web`, blamed on its host and region."""
    blamed = {"host": host} | ({} if region is None else {"region": region})
    whom = [
        {"influencer_field_name": name, "influencer_field_values": [value], "influences": [1.0]}
        for name, value in blamed.items()
    ]
    made = record(0, score, seq=seq, partition_field_value=host, influencers=whom, log_probability=-score, **other)
    return {**made, "timestamp": time}


def blame(time: int, field: str, value: str, score: float) -> dict:
    return {**influencer(field, value, score), "timestamp": time}


WEB_RECORDS = [
    at(START, 90.0),
    at(START + 300_000, 40.0),
    at(START + HOUR, 60.0, host="web-2", region="us", actual=9.0),
    at(START + HOUR, 2.0, seq=1, host="web-10", region=None, actual=100.0),
    at(START + DAY, 30.0, host="web-2", region="us", actual=10.0),
    at(START + 3 * DAY, 10.0, is_interim=True, actual=None),
]
SHOP_RECORDS = [
    {
        **record(0, 55.0, function="sum", function_description="sum", field_name="price", influencers=[]),
        **{"partition_field_name": None, "partition_field_value": None, "by_field_name": "item", "by_field_value": "Tea 10%"},
        **{"timestamp": START, "bucket_span": 900},
    }
]
BLAMED = [
    blame(START, "host", "web-1", 88.0),
    blame(START, "region", "eu", 70.0),
    blame(START + HOUR, "host", "web-2", 55.0),
    blame(START + HOUR, "region", "us", 33.0),
    blame(START + DAY, "host", "web-2", 25.0),
    blame(START + DAY, "host", "web-1", 5.0),
]


def results(make, records: list[dict], blamed: list[dict], scores: dict[int, float]) -> Results:
    buckets = [{**bucket(0, score), "timestamp": time} for time, score in scores.items()]
    return Results(
        records=frame(schema.RECORDS, sorted(records, key=lambda one: (one["timestamp"], one["seq"]))),
        influencers=frame(schema.INFLUENCERS, blamed),
        buckets=frame(schema.BUCKETS, buckets),
        counts=make.counts(1),
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, make, tmp_path_factory):
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with Store.open(url, tmp_path_factory.mktemp("data")) as store:
        web = {**JOB, "analysis_config": {**JOB["analysis_config"], "influencers": ["host", "region"]}}
        store.create_job(Job.model_validate(web), 1)
        store.create_job(Job.model_validate(SHOP), 1)
        scores = {START: 91.0, START + 300_000: 41.0, START + HOUR: 61.0, START + DAY: 31.0, START + 3 * DAY: 9.0}
        store.commit("web", results(make, WEB_RECORDS, BLAMED, scores), make.snapshot(1), [])
        store.commit("shop", results(make, SHOP_RECORDS, [], {START: 50.0, START + 900_000: 65.0}), make.snapshot(1), [])
        yield store


def scores(store, text: str = "", by: str = "overall", lanes: tuple[str, ...] = (), **other) -> list[float]:
    asked = RecordsAsked(Asked(["_all"], text, by, lanes), interval=other.pop("interval", "all"), **other)
    return found.records(store, asked).records.rows["record_score"].to_list()


def test_records_of_several_jobs_come_worst_first(filled):
    assert scores(filled) == [90.0, 60.0, 55.0, 40.0, 30.0, 10.0, 2.0]
    page = found.records(filled, RecordsAsked(Asked(["web", "shop"]), interval="all", offset=2, size=2)).records
    assert page.rows.select("job_id", "record_score").rows() == [("shop", 55.0), ("web", 40.0)]
    assert (page.total, page.records, page.in_time, page.highest) == (7, 7, 7, 90.0)
    assert page.rows["influencers"].list.len().to_list() == [0, 2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("host:web-1", [90.0, 40.0, 10.0]),
        ("host:WEB-1*", [90.0, 40.0, 10.0, 2.0]),
        ("region:us", [60.0, 30.0]),
        ("region:*", [90.0, 60.0, 40.0, 30.0, 10.0]),
        ("not region:*", [55.0, 2.0]),
        ('item:"Tea 10%"', [55.0]),
        ("item:tea*%", [55.0]),
        ("item:Tea_10*", []),
        ("host:web-2 or item:*", [60.0, 55.0, 30.0]),
        ("host:web-* and not region:eu", [60.0, 30.0, 2.0]),
    ],
)
def test_a_filter_is_of_split_fields_and_influencers(filled, text, wanted):
    assert scores(filled, text) == wanted


def test_lanes_are_a_union_and_a_filter_holds_besides(filled):
    assert scores(filled, by="host", lanes=("web-1", "web-10")) == [90.0, 40.0, 10.0, 2.0]
    assert scores(filled, "region:eu", by="host", lanes=("web-1", "web-2")) == [90.0, 40.0, 10.0]
    assert scores(filled, by="job", lanes=("shop",)) == [55.0]
    assert scores(filled, by="job", lanes=("nothing",)) == []
    assert scores(filled, by="detector", lanes=("shop/0", "web/1")) == [55.0]


def test_times_are_half_open_and_severities_are_bands(filled):
    assert scores(filled, start_ms=START, end_ms=START + HOUR) == [90.0, 55.0, 40.0]
    assert scores(filled, severities=(75, 3)) == [90.0, 10.0]
    assert scores(filled, severities=(50,)) == [60.0, 55.0]
    assert scores(filled, severities=()) == []
    assert scores(filled, exclude_interim=True) == [90.0, 60.0, 55.0, 40.0, 30.0, 2.0]


def test_sorting_is_by_value_and_missing_ones_come_last(filled):
    rows = found.records(filled, RecordsAsked(Asked(["web"]), interval="all", sort="actual", descending=False)).records.rows
    assert rows["actual"].to_list() == [9.0, 10.0, 100.0, 320.0, 320.0, None]
    entities = found.records(
        filled, RecordsAsked(Asked(["_all"]), interval="all", sort="entity", descending=False)
    ).records.rows
    assert entities.row(0, named=True)["by_field_value"] == "Tea 10%"


def test_only_the_worst_of_each_hour_or_day_of_a_series_is_kept(filled):
    whole = found.records(filled, RecordsAsked(Asked(["web"]), interval="hour")).records
    assert whole.rows.select("record_score", "worst_of").rows() == [(90.0, 2), (60.0, 1), (30.0, 1), (10.0, 1), (2.0, 1)]
    assert (whole.total, whole.records) == (5, 6)
    assert scores(filled, interval="day", zone="Europe/Berlin") == scores(filled, interval="hour")
    # In UTC the first two records of web-2 are of one day.
    assert scores(filled, "host:web-2", interval="day") == [60.0]
    shifted = RecordsAsked(Asked(["web"], "host:web-2"), START, START + 2 * DAY, interval="day", zone="Pacific/Kiritimati")
    assert found.records(filled, shifted).records.rows["worst_of"].to_list() == [1, 1]


def test_the_interval_follows_from_the_time_that_the_records_take(filled):
    assert found.records(filled, RecordsAsked(Asked(["web"]))).interval == "day"
    assert found.records(filled, RecordsAsked(Asked(["web"]), end_ms=START + 2 * DAY)).interval == "hour"
    assert found.records(filled, RecordsAsked(Asked(["web"]), end_ms=START)).interval == "hour"


def test_days_follow_the_clock():
    clock = ZoneInfo("Europe/Berlin")
    start, end = 1_774_569_600_000, 1_774_828_800_000  # 2026-03-27 to 2026-03-30
    assert clock_changes(clock, start, end) == ((start, HOUR), (1_774_746_000_000, 2 * HOUR))


def blamed(store, **other) -> list[tuple]:
    return found.blamed(store, BlamedAsked(other.pop("asked", Asked(["_all"])), **other)).rows()


def test_who_is_to_blame_in_a_span_and_in_the_rest(filled):
    assert blamed(filled)[:2] == [("host", "web-1", 88.0, 93.0, 0.0, 0.0), ("region", "eu", 70.0, 70.0, 0.0, 0.0)]
    inside = blamed(filled, inside=(START + HOUR, START + 2 * HOUR))
    assert inside == [("host", "web-2", 55.0, 55.0, 25.0, 25.0), ("region", "us", 33.0, 33.0, 0.0, 0.0)]
    assert blamed(filled, min_score=60.0, end_ms=START + HOUR) == [
        ("host", "web-1", 88.0, 88.0, 0.0, 0.0),
        ("region", "eu", 70.0, 70.0, 0.0, 0.0),
    ]


def test_under_a_filter_only_who_is_blamed_in_what_it_lets_through(filled):
    assert [row[:3] for row in blamed(filled, asked=Asked(["web"], "region:us"))] == [
        ("host", "web-2", 55.0),
        ("region", "us", 33.0),
    ]
    assert blamed(filled, asked=Asked(["_all"], "", "job", ("shop",))) == []
    assert len(blamed(filled, asked=Asked(["_all"], "", "detector", ("web/0",)))) == 4


def cells(store, asked: Asked, **other) -> tuple:
    answer = lanes(store, LanesQuery(asked, START, START + 4 * HOUR, columns=16, **other))
    return answer.kind, answer.lanes, answer.cells


def test_the_overall_lane_is_the_bucket_of_one_job_and_the_overall_bucket_of_several(filled):
    assert cells(filled, Asked(["shop"])) == ("bucket", [("overall", 65.0)], [(0, 0, 50.0, 0), (0, 1, 65.0, 0)])
    kind, _, found_cells = cells(filled, Asked(["_all"]))
    told = overall_buckets(filled, ["_all"], OverallQuery(start_ms=START, end_ms=START + 4 * HOUR))
    assert kind == "overall"
    assert [(START + column * 900_000, score) for _, column, score, _ in found_cells] == told.select(
        "timestamp", "overall_score"
    ).rows()


def test_lanes_of_a_field_say_whose_scores_they_show(filled):
    assert cells(filled, Asked(["web"], by="host"))[:2] == ("influencer", [("web-1", 88.0), ("web-2", 55.0)])
    assert cells(filled, Asked(["web"], by="host", text="region:us"))[1] == [("web-2", 55.0)]
    assert cells(filled, Asked(["_all"], by="item"))[:2] == ("record", [("Tea 10%", 55.0)])
    assert cells(filled, Asked(["_all"], by="detector"))[:2] == ("record", [("web/0", 90.0), ("shop/0", 55.0)])
    assert cells(filled, Asked(["_all"], by="job"))[:2] == ("bucket", [("web", 91.0), ("shop", 65.0)])


def test_lanes_are_ranked_within_what_is_selected(filled):
    ranked = cells(filled, Asked(["web"], by="host"), ranked_in=(START + HOUR, START + 2 * HOUR))[1]
    assert ranked == [("web-2", 55.0), ("web-1", 88.0)]
    assert cells(filled, Asked(["web"], by="host"), offset=1, size=1)[1] == [("web-2", 55.0)]
    assert cells(filled, Asked(["web"], by="host"), name="WEB-2")[1] == [("web-2", 55.0)]


def test_planned_events_and_open_buckets_are_flagged(filled):
    calendars = Calendars(filled)
    calendars.create(Calendar("works", ("web",)))
    calendars.add_events([Event("", "works", "works", START + HOUR, START + HOUR + 1)])
    jobs = [summary.job for summary in filled.jobs()]
    planned = calendars.planned(jobs, START, START + 4 * HOUR)
    calendars.delete("works")
    assert [job_id for job_id, _ in planned] == ["web"]
    query = LanesQuery(Asked(["_all"], by="job"), START, START + 4 * HOUR, columns=4)
    assert [cell for cell in lanes(filled, query, planned).cells if cell[3] & PLANNED] == [(0, 1, 61.0, PLANNED)]
    of_host = replace(query, asked=Asked(["_all"], by="host"))
    assert not [cell for cell in lanes(filled, of_host, planned).cells if cell[3] & (PLANNED | INTERIM)]


def test_what_shows_most_comes_first(filled):
    jobs = {summary.job.job_id: summary.job for summary in filled.jobs()}
    assert fields([jobs["web"]]).default == "host"
    assert fields([jobs["shop"]]).default == "item"
    assert fields([jobs["shop"], jobs["web"]]).default == "job"
    assert fields([jobs["shop"], jobs["web"]]).names == {"host": True, "item": False, "region": True}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(["_all"], "hots:web"), "no split or influencer field is called 'hots'; wanted one of host, item, region"),
        (Asked(["_all"], by="hots", lanes=("a",)), "no split or influencer field is called 'hots'"),
        (Asked(["_all"], by="detector", lanes=("web",)), "lane='web': wanted JOB/INDEX"),
        (Asked(["_all"], "host:"), "a value of 'host'"),
    ],
)
def test_what_is_not_there_is_refused(filled, asked, told):
    with pytest.raises(BadRequest) as refused:
        scope(filled, asked)
    assert told in str(refused.value)


def test_other_refusals_name_the_value(filled):
    for asked, told in (
        ({"sort": "colour"}, "sort='colour'"),
        ({"severities": (7,)}, "sev=7"),
        ({"interval": "day", "zone": "Mars/Base"}, "tz='Mars/Base'"),
    ):
        with pytest.raises(BadRequest) as refused:
            found.records(filled, RecordsAsked(Asked(["_all"]), **asked))
        assert told in str(refused.value)
    with pytest.raises(NoSuchJob):
        scope(filled, Asked(["nothing"]))


def test_nothing_is_found_with_all_columns(filled):
    rows = found.records(filled, RecordsAsked(Asked(["web"]), end_ms=0)).records.rows
    assert rows.columns == ["job_id", *(column.name for column in schema.RECORDS), "worst_of"]
    assert isinstance(rows, pl.DataFrame)
