"""Current scores follow the quantiles, initial ones never change, and neither depends on when a commit was made."""

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget
from barograph.jobs.replay import replay
from barograph.jobs.views.explain import explain
from barograph.results.results import Results
from barograph.store.query import Query
from barograph.store.scored_rows import StoredScores
from barograph.store.store import Store

DAY = 86_400_000
START = 1_700_006_400_000
ALL = Query(sort="timestamp", descending=False)


def job(**settings: object):
    return load_job(
        {
            "job_id": "hosts",
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}],
                "influencers": ["host"],
            },
            "data_description": {"time_format": "epoch_ms"},
            **settings,
        }
    )


def rows(days: int = 60) -> pl.DataFrame:
    """Two hosts; one has a spike nearly every day from the twentieth on, and one far larger than all others on the fortieth.

    Each goes further than the one before, so that no model takes them for a habit: only quantiles do.
    """
    random, hours = np.random.default_rng(4), np.arange(days * 24)
    values = 100 + random.normal(size=(len(hours), 2)) * 5
    spikes = 20 * 24 + np.cumsum(np.random.default_rng(5).integers(18, 36, 30))  # no period that could be found
    spikes = np.sort([*spikes[spikes < len(hours)], 45 * 24 + 13])
    values[spikes, 0] += 40 * 1.2 ** np.arange(len(spikes))
    values[40 * 24 + 3, 0] += 500_000
    time = np.repeat(START + hours * 3_600_000, 2)
    return pl.DataFrame({"time": time, "host": ["a", "b"] * len(hours), "ms": values.ravel()})


def feed(store: Store, pieces: int, frame: pl.DataFrame | None = None, **settings: object) -> Results:
    of = job(**settings)
    store.create_job(of, now_ms=1)
    engine, frame, found = Engine.build(of), rows() if frame is None else frame, []
    for piece in frame.iter_slices(-(-frame.height // pieces)):
        found.append(engine.add(piece))
        store.commit("hosts", found[-1], engine.snapshot(), [])
    return Results.concat(found)


def read(store: Store) -> dict[str, pl.DataFrame]:
    names = ("records", "buckets", "influencers", "bucket_influencers")
    return {name: getattr(store, name)("hosts", ALL).rows for name in names}


def test_initial_scores_stay_and_current_ones_move(store: Store) -> None:
    results = feed(store, 20)
    assert results.quantiles["moved"].any()
    found = read(store)
    records = found["records"]
    assert_frame_equal(records.drop("record_score"), results.records.drop("record_score"), check_exact=True)
    assert records["initial_record_score"].to_list() == results.records["record_score"].to_list()
    assert (records["record_score"] < records["initial_record_score"] - 5).sum() > 3
    worst = records.sort("log_probability").row(0, named=True)
    assert worst["record_score"] > 90  # nothing else in the job comes near it
    assert found["buckets"]["max_record_score"].max() == records["record_score"].max()
    for name, score in (("buckets", "anomaly_score"), ("influencers", "influencer_score")):
        assert (found[name][score] != found[name][f"initial_{score}"]).any()


def test_current_scores_do_not_depend_on_the_commits(store: Store, tmp_path) -> None:
    feed(store, 37)
    with Store.open(None, tmp_path / "other") as other:
        feed(other, 1)
        for name, frame in read(store).items():
            assert_frame_equal(frame, read(other)[name], check_exact=True)
        assert_frame_equal(store.quantiles("hosts"), other.quantiles("hosts"), check_exact=True)


@pytest.mark.parametrize("days", [0, 5])
def test_only_what_lies_in_the_window_is_renormalised(store: Store, days: int) -> None:
    feed(store, 6, renormalization_window_days=days)
    records = read(store)["records"]
    changed = records.filter(pl.col("record_score") != pl.col("initial_record_score"))
    if days == 0:
        assert changed.is_empty()
        return
    moved = store.quantiles("hosts").filter(pl.col("moved") & pl.col("kind").str.starts_with("record"))["timestamp"].to_numpy()
    assert not changed.is_empty()
    for time in changed["timestamp"]:
        assert ((moved > time) & (moved <= time + days * DAY)).any()


def test_quantiles_expire_with_the_results(store: Store) -> None:
    feed(store, 6, results_retention_days=10)
    assert store.quantiles("hosts")["timestamp"].min() > START + 45 * DAY


def test_a_revert_takes_back_what_later_days_made_of_scores(store: Store) -> None:
    of = job(model_snapshot_retention_days=99, daily_model_snapshot_retention_after_days=99)
    store.create_job(of, now_ms=1)
    engine, frame, then = Engine.build(of), rows(), []
    for piece in frame.iter_slices(frame.height // 12):
        store.commit("hosts", engine.add(piece), engine.snapshot(), [])
        then.append((store.snapshots("hosts")[-1].snapshot_id, read(store)))
    for snapshot_id, before in reversed(then[:-1]):
        store.revert("hosts", snapshot_id, delete_later_results=True)
        for name, frame in read(store).items():
            assert_frame_equal(frame, before[name], check_exact=True)


@pytest.mark.parametrize(
    ("first", "last", "kept"), [(30, 51, 10), pytest.param(30, 51, 99, marks=pytest.mark.slow), (0, 31, 99)]
)
def test_what_is_forgotten_has_moved_no_score(store: Store, tmp_path, first: int, last: int, kept: int) -> None:
    start, end = START + first * DAY, START + last * DAY + 7 * 3_600_000
    settings = {"model_snapshot_retention_days": kept}
    feed(store, 12, **settings)
    forget(store, "hosts", Exclusion(start, end))
    with Store.open(None, tmp_path / "other") as other:
        feed(other, 12, rows().filter(~pl.col("time").is_between(start, end, closed="left")), **settings)
        outside = ~pl.col("timestamp").is_between(start, end, closed="left")
        for name, frame in read(store).items():
            assert_frame_equal(frame.filter(outside), read(other)[name].filter(outside), check_exact=True)
        assert_frame_equal(store.quantiles("hosts"), other.quantiles("hosts"), check_exact=True)


def test_the_oldest_results_that_are_kept_are_explained_by_the_quantiles_that_they_were_scored_by(store: Store) -> None:
    feed(store, 7, rows().filter(pl.col("time") < START + 46 * DAY + 12 * 3_600_000), results_retention_days=1)
    for again in (False, True):
        if again:
            quantiles = store.quantiles("hosts")
            replay(store, "hosts")
            assert_frame_equal(store.quantiles("hosts"), quantiles, check_exact=True)
        oldest = store.records("hosts", ALL).rows.row(0, named=True)
        assert oldest["timestamp"] == START + 45 * DAY + 13 * 3_600_000
        (one,) = explain(store, "hosts", oldest["timestamp"], (("host", oldest["partition_field_value"]),)).explanations
        assert one.score == oldest["initial_record_score"]


def test_what_one_host_is_to_forget_stands_in_the_way_of_no_score_of_its_own(store: Store, tmp_path) -> None:
    start, end = START + 40 * DAY, START + 41 * DAY
    feed(store, 12)
    forget(store, "hosts", Exclusion(start, end, (("host", "a"),)))
    with Store.open(None, tmp_path / "other") as other:
        feed(other, 12, rows().filter(~(pl.col("time").is_between(start, end, closed="left") & (pl.col("host") == "a"))))
        ours, theirs = (read(of)["records"].filter(~pl.col("timestamp").is_between(start, end)) for of in (store, other))
    assert_frame_equal(ours.drop("seq"), theirs.drop("seq"), check_exact=True)


def test_the_highest_record_of_a_bucket_is_looked_for_among_its_own(tmp_path) -> None:
    """SQLite's own choice is the index of all scores of the job, from the highest down, anew for each bucket."""
    asked: list[tuple[str, object]] = []
    with Store.open(None, tmp_path / "data") as store, store._database.write() as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        StoredScores(connection, job()).follow_records(0)
        ((statement, values),) = asked
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert "SEARCH record USING PRIMARY KEY (job_id=? AND timestamp=?)" in plan
