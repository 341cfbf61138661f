"""Points of many series: of members beside each other, and of values that are there or not."""

import pytest

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.engine import Engine
from barograph.jobs.views.scatter import MOST_NAMES, ScatterQuery, scatter
from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results
from barograph.store.store import Store
from tests.known_results import SPAN, START, frame, record

HOUR = SPAN * 1000
NORTH = ("north", None, None)
DETECTORS = [
    {"function": "high_mean", "field_name": "bytes", "over_field_name": "user", "partition_field_name": "site"},
    {"function": "rare", "by_field_name": "process"},
    {"function": "count"},
]


def value(at: int, detector: int, actual: float, **splits: str) -> dict[str, object]:
    function = ("mean", "rare", "count")[detector]
    of = {"timestamp": START + at * HOUR, "detector_index": detector, "function_description": function, "series": 0}
    named = {f"{role}_field_value": name for role, name in splits.items()}
    return {**of, **named, "actual": actual, "typical": 10.0, "lower_bound": 5.0, "upper_bound": 5.0 + actual}


@pytest.fixture
def filled(store: Store) -> Store:
    """40 members on two sites for six hours, 50 values of which each comes as often as its number says, and a count."""
    values = [
        value(at, 0, 10.0 + user, over=f"u{user:02}", partition="north" if user % 4 else "south")
        for at in range(6)
        for user in range(40)
    ]
    values += [value(at, 1, 1.0, by=f"p{one:02}") for one in range(50) for at in range(one + 1)]
    found = [
        record(
            3,
            80.0,
            detector_index=0,
            partition_field_name="site",
            partition_field_value="north",
            over_field_name="user",
            over_field_value="u39",
            actual=49.0,
        ),
        record(0, 60.0, detector_index=1, function="rare", function_description="rare", by_field_name="process")
        | {"by_field_value": "p00", "partition_field_name": None, "partition_field_value": None, "actual": 1.0, "seq": 1},
    ]
    found.sort(key=lambda one: one["timestamp"])
    results = Results(
        records=frame(schema.RECORDS, found),
        coded_values=schema.coded(frame(schema.BUCKET_VALUES, sorted(values, key=lambda one: one["timestamp"]))),
        counts=DataCounts(bucket_count=50),
    )
    analysis = {"bucket_span": f"{SPAN}s", "detectors": DETECTORS}
    store.create_job(Job.model_validate({"job_id": "mixed", "analysis_config": analysis}), 1)
    plain = Job.model_validate({"job_id": "mixed", "analysis_config": {**analysis, "detectors": DETECTORS[2:]}})
    store.commit("mixed", results, Engine.build(plain).snapshot(), [])
    return store


def test_members_of_one_site_lie_beside_each_other_with_what_is_usual_of_those_in_the_middle(filled: Store):
    found = scatter(filled, "mixed", ScatterQuery(0, split_values=NORTH))
    assert (found.kind, found.all_names, found.all_points, found.points.height) == ("population", 30, 180, 180)
    assert "u00" not in found.names
    assert found.band.height == 6
    assert found.band.row(0)[1:] == (10.0, 5.0, 35.0)  # half of them, those up to u19, have less than 30
    assert [found.names[of] for of in found.marks["of"]] == ["u39"]
    times = found.points.filter(found.points["of"] == found.names.index("u39"))["timestamp"]
    assert times.to_list() == [START + at * HOUR for at in range(6)]


def test_of_many_points_some_of_all_members_are_taken_and_every_anomaly(filled: Store):
    found = scatter(filled, "mixed", ScatterQuery(0, split_values=NORTH, most=7))
    assert (found.points.height, found.all_points, found.all_names) == (7, 180, 30)
    assert [found.names[of] for of in found.marks["of"]] == ["u39"]
    assert found.points["of"].null_count() == 0
    half = scatter(filled, "mixed", ScatterQuery(0, split_values=NORTH, most=90))
    assert half.points["of"].n_unique() == 30


def test_values_are_rows_the_most_frequent_at_the_top_and_one_with_an_anomaly_is_always_there(filled: Store):
    found = scatter(filled, "mixed", ScatterQuery(1))
    assert (found.kind, len(found.names), found.all_names) == ("rare", MOST_NAMES, 50)
    assert (found.names[0], found.names[-2:]) == ("p49", ("p21", "p00"))
    assert found.points.filter(found.points["of"] == MOST_NAMES - 1)["timestamp"].to_list() == [START]
    assert found.marks["of"].to_list() == [MOST_NAMES - 1]
    assert found.band.is_empty()


def test_a_time_bounds_points_and_anomalies(filled: Store):
    found = scatter(filled, "mixed", ScatterQuery(0, split_values=NORTH, start_ms=START + 4 * HOUR, end_ms=START + 5 * HOUR))
    assert (found.all_points, found.marks.height) == (30, 0)
    nothing = scatter(filled, "mixed", ScatterQuery(1, start_ms=START + 500 * HOUR))
    assert (nothing.names, nothing.all_points) == ((), 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (ScatterQuery(0), "partition: wanted a value of 'site'"),
        (ScatterQuery(0, split_values=("north", "x", None)), "by='x': wanted none"),
        (ScatterQuery(0, "max", NORTH), "function='max': wanted mean"),
        (ScatterQuery(2), "detector=2: wanted one whose values are no lines"),
        (ScatterQuery(9), "detector=9"),
    ],
)
def test_what_has_no_points_is_refused_by_name(filled: Store, query: ScatterQuery, said: str):
    with pytest.raises(BadRequest, match=said.replace("(", r"\(")):
        scatter(filled, "mixed", query)
