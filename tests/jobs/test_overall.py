"""Overall buckets by Elastic's rules, on the numbers of its tests."""

from pathlib import Path

import polars as pl
import pytest

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest
from barograph.jobs.views.overall import OverallQuery, overall, overall_buckets
from barograph.jobs.views.selection import matching
from barograph.results import schema
from barograph.results.results import Results
from barograph.store.errors import NoSuchJob

HOUR = 3_600_000
START = 1_464_739_200_000  # 2016-06-01

SCORES = {"jobs-1": (30.0, 0.0, 20.0), "jobs-2": (10.0, 30.0, 10.0), "jobs-3": (20.0, 30.0, 100.0)}
"""The three jobs and hours of Elastic's test of this resource."""


def put(store, make, job_id: str, scores: dict[int, float], span: str = "1h", interim: tuple[int, ...] = (), **job) -> None:
    of = make.job(job_id, **job)
    of = of.model_copy(update={"analysis_config": of.analysis_config.model_copy(update={"bucket_span": Duration.parse(span)})})
    store.create_job(of, 1)
    rows = [
        {one.name: None for one in schema.BUCKETS}
        | {"timestamp": time, "anomaly_score": score, "is_interim": time in interim, "event_count": 1}
        for time, score in scores.items()
    ]
    buckets = pl.DataFrame(rows, schema=schema.polars_schema(schema.BUCKETS))
    store.commit(job_id, Results(buckets=buckets, counts=make.counts(1)), make.snapshot(1), [])


@pytest.fixture
def jobs(store, make):
    for job_id, scores in SCORES.items():
        put(store, make, job_id, {START + at * HOUR: score for at, score in enumerate(scores)}, groups=("web",))
    return store


def asked(store, *names: str, **query) -> list[float]:
    return overall_buckets(store, names or ("jobs-*",), OverallQuery(**query))["overall_score"].to_list()


def test_the_highest_score_of_any_job_by_default(jobs):
    assert asked(jobs) == [30.0, 30.0, 100.0]


def test_the_highest_scores_are_averaged(jobs):
    assert asked(jobs, top_n=2) == [25.0, 30.0, 60.0]
    assert asked(jobs, top_n=3) == [20.0, 20.0, pytest.approx(130 / 3)]
    assert asked(jobs, top_n=10) == asked(jobs, top_n=3)


def test_a_longer_bucket_takes_the_worst_of_its_windows(jobs):
    found = overall_buckets(jobs, ["jobs-*"], OverallQuery(bucket_span=Duration.parse("2h"), top_n=2))
    assert found["overall_score"].to_list() == [30.0, 60.0]
    assert found["bucket_span"].to_list() == [7200, 7200]
    assert found["jobs"][0].to_list() == [
        {"job_id": "jobs-1", "max_anomaly_score": 30.0},
        {"job_id": "jobs-2", "max_anomaly_score": 30.0},
        {"job_id": "jobs-3", "max_anomaly_score": 30.0},
    ]


def test_only_jobs_with_a_bucket_in_the_window_count(jobs, make):
    put(jobs, make, "jobs-4", {START + 2 * HOUR: 20.0})
    assert asked(jobs, top_n=4) == [20.0, 20.0, pytest.approx(150 / 4)]
    found = overall_buckets(jobs, ["jobs-4", "jobs-1"])
    assert [len(one) for one in found["jobs"]] == [1, 1, 2]


def test_a_shorter_bucket_counts_by_its_worst(store, make):
    put(store, make, "fast", {START + at * HOUR // 4: float(at) for at in range(8)}, span="15m")
    put(store, make, "slow", {START: 9.0, START + HOUR: 1.0})
    found = overall_buckets(store, ["*"], OverallQuery(top_n=2))
    assert found["overall_score"].to_list() == [6.0, 4.0]


def test_the_score_filters_at_the_end(jobs):
    assert asked(jobs, top_n=2, overall_score=30.0) == [30.0, 60.0]


def test_start_is_rounded_up_and_end_down(jobs):
    assert asked(jobs, start_ms=START + 1) == [30.0, 100.0]
    assert asked(jobs, start_ms=START, end_ms=START + 3 * HOUR - 1) == [30.0, 30.0]
    assert asked(jobs, bucket_span=Duration.parse("2h"), start_ms=START + 1, end_ms=START + 4 * HOUR) == [100.0]


def test_interim_buckets_mark_what_they_add_to_and_are_left_out_unless_asked_for(jobs, make):
    put(jobs, make, "jobs-5", {START + HOUR: 1.0, START + 2 * HOUR: 100.0, START + 3 * HOUR: 40.0}, interim=(START + 3 * HOUR,))
    found = overall_buckets(jobs, ["_all"], OverallQuery(exclude_interim=False))
    assert found["is_interim"].to_list() == [False, False, False, True]
    assert found["overall_score"].to_list() == [30.0, 30.0, 100.0, 40.0]
    assert len(asked(jobs, "_all")) == 3


def test_windows_without_any_bucket_are_left_out(jobs, make):
    put(jobs, make, "late", {START + 24 * HOUR: 5.0})
    assert overall_buckets(jobs, ["*"])["timestamp"].to_list() == [START + at * HOUR for at in (0, 1, 2, 24)]


@pytest.mark.parametrize("names", [("web",), ("w*",), ("_all",), ("*",), ("jobs-3", "jobs-1", "jobs-2", "jobs-1")])
def test_groups_wildcards_and_lists_name_jobs(jobs, names):
    assert [job.job_id for job in matching([summary.job for summary in jobs.jobs()], names)] == ["jobs-1", "jobs-2", "jobs-3"]
    assert asked(jobs, *names, top_n=2) == [25.0, 30.0, 60.0]


def test_a_wildcard_may_match_nothing_and_a_name_must_not(jobs):
    assert overall_buckets(jobs, ["none-*"]).schema == schema.polars_schema(schema.OVERALL_BUCKETS)
    with pytest.raises(NoSuchJob, match="'jobs-9'"):
        overall_buckets(jobs, ["jobs-*", "jobs-9"])


def test_a_span_below_the_largest_of_the_jobs_is_refused(jobs):
    with pytest.raises(BadRequest, match="bucket_span='59m': wanted at least the largest bucket span of the jobs, 1h"):
        asked(jobs, bucket_span=Duration.parse("59m"))


def test_no_jobs_to_average_is_refused():
    with pytest.raises(BadRequest, match="top_n=0: wanted 1 or more"):
        OverallQuery(top_n=0)


def test_every_column_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8").split("## Overall buckets")[1]
    for one in schema.OVERALL_BUCKETS:
        assert f"| `{one.name}` |" in page
        assert one.meaning in page


def test_the_rule_needs_no_store():
    rows = [(0, "a", 10.0, 0), (0, "b", 30.0, 0), (HOUR, "a", 0.0, 1), (HOUR, "b", 30.0, 0)]
    windows = pl.DataFrame(
        rows, schema={"window": pl.Int64, "job_id": pl.String, "score": pl.Float64, "interim": pl.Int64}, orient="row"
    )
    assert overall(windows, HOUR, 2)["overall_score"].to_list() == [20.0, 15.0]
    whole = overall(windows, 2 * HOUR, 2)
    assert (whole["overall_score"].to_list(), whole["is_interim"].to_list()) == ([20.0], [True])
