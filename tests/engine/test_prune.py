"""Series without rows for long are forgotten, by their rows alone: in pieces, resumed, replayed and explained the same."""

import numpy as np
import polars as pl
import pytest

from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.engine.explain import Explanation, InResults, explain
from barograph.models.state import fresh
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.events import START
from tests.engine.replays import SPAN, assert_same, replayed, stages

BUCKETS = 400
AWAY = {"b": range(150, 250), "c": range(100, 130), "d": range(20, BUCKETS)}
"""Buckets in which a host sends nothing; a window of 48 passes for b and d."""
WINDOW = 48


def rows() -> pl.DataFrame:
    level = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0}
    told = [
        {"time": START + SPAN * at, "host": host, "load": value + at * 7 % 5 + 100.0 * (host == "b" and at >= 250)}
        for at in range(BUCKETS)
        for host, value in level.items()
        if at not in AWAY.get(host, ())
    ]
    return pl.DataFrame(told)


ROWS = rows()


def job(function: str = "mean", window: str | None = "12h", *, together: bool = False) -> Job:
    field = {"field_name": "load"} if function == "mean" else {}
    detector = {"function": function, f"{'by' if together else 'partition'}_field_name": "host", **field}
    analysis = {"bucket_span": "15m", "detectors": [detector], "model_prune_window": window, "multivariate_by_fields": together}
    return load_job({"job_id": "j", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}})


def run(of: Job, cuts: tuple[int, ...] = (), frame: pl.DataFrame = ROWS) -> tuple[Results, Snapshot, Engine]:
    engine, parts = Engine.build(of), []
    for start, end in zip((0, *cuts), (*cuts, frame.height), strict=True):
        parts.append(engine.add(frame[start:end]))
        engine = Engine.build(of, engine.snapshot())
    return Results.concat(parts), engine.snapshot(), engine


def at(bucket: int) -> int:
    return int(ROWS["time"].search_sorted(START + SPAN * bucket))


def test_what_was_learnt_goes_and_what_comes_later_is_a_new_series() -> None:
    found, snapshot, _ = run(job())
    _, kept, _ = run(job(window=None))
    a, b, c, d = snapshot.arrays["model0.series"]
    was = kept.arrays["model0.series"]
    assert [one.tobytes() for one in (a, c)] == [was[0].tobytes(), was[2].tobytes()]
    assert b["born"] == START // SPAN + 250
    assert b["count"] == BUCKETS - 250 - 1
    assert d.tobytes() == fresh(1).tobytes()
    assert snapshot.arrays["model0.prune.count"].tolist() == [2]
    records = found.records.filter(pl.col("partition_field_value") == "b")
    assert records.filter(pl.col("timestamp") == START + SPAN * 250).is_empty()


@pytest.mark.parametrize(("function", "together"), [("mean", False), ("count", False), ("mean", True)])
def test_pieces_and_replays_forget_the_same(function: str, together: bool) -> None:
    of = job(function, together=together)
    found, snapshot, _ = run(of)
    cuts = (1, at(197), at(198), at(199), at(200), at(249), at(250), at(251))
    pieces, other, _ = run(of, cuts)
    assert_same(found, pieces)
    assert snapshot.to_bytes() == other.to_bytes()
    first = START // SPAN
    again, replay = replayed(of, found, snapshot, (first + 60, first + 198, first + 250), knowledge=None)
    assert_same(again, found, ("buckets", "records"))
    assert stages(replay) == stages(snapshot)


def test_what_goes_together_is_forgotten_with_the_series() -> None:
    _, snapshot, _ = run(job(together=True))
    b, d = ([one for one in snapshot.arrays["model0.pairs"] if series in (one["a"], one["b"])] for series in (1, 3))
    assert [one["count"] for one in b] == [BUCKETS - 250 - 1] * 2 + [0.0]
    assert [one["count"] for one in d] == [0.0] * 3
    assert snapshot.arrays["model0.rest"]["count"][3] == 0.0


def test_a_count_is_zero_up_to_the_window_and_then_no_data() -> None:
    _, snapshot, _ = run(job("count"))
    _, kept, _ = run(job("count", None))
    d = snapshot.arrays["model0.series"][3]
    assert d.tobytes() == fresh(1).tobytes()
    assert kept.arrays["model0.series"][3]["count"] == BUCKETS - 1
    b = snapshot.arrays["model0.series"][1]
    assert (b["born"], b["count"]) == (START // SPAN + 250, BUCKETS - 250 - 1)


@pytest.mark.parametrize("together", [False, True])
def test_an_explanation_knows_what_was_forgotten(together: bool) -> None:
    found, _, engine = run(job(together=together))
    (back,) = engine.explain(found, START + SPAN * 250, (("host", "b"),))
    assert (back.values_before, back.actual) == (0, 120.0 + 250 * 7 % 5)
    (later,) = engine.explain(found, START + SPAN * 260, (("host", "b"),))
    assert later.values_before == 10
    (before,) = engine.explain(found, START + SPAN * 140, (("host", "b"),))
    assert before.values_before > 100


@pytest.mark.parametrize("together", [False, True])
def test_an_explanation_forgets_a_series_after_what_models_have_not_seen_of_it(together: bool) -> None:
    of = job(together=together)
    found, snapshot, _ = run(of)

    class Past(InResults):
        forgotten = (Exclusion(START + SPAN * 40, START + SPAN * 120, (("host", "a"),)),)

    def explained(bucket: int) -> Explanation:
        past = Past(found, START + SPAN * bucket, of, Knowledge.of(of))
        (one,) = explain(of, snapshot, past, START + SPAN * bucket, (("host", "a"),))
        return one

    before, gone, back = (explained(bucket) for bucket in (45, 100, 140))
    assert (before.values_before, before.actual) == (40, 10.0 + 45 * 7 % 5)
    assert (gone.actual, gone.score) == (None, 0.0)
    assert back.values_before == 20


def test_a_window_that_passes_while_the_job_sleeps_has_passed() -> None:
    gap = 3000 * SPAN
    late = ROWS.filter(pl.col("time") >= START + 300 * SPAN).with_columns(pl.col("time") + gap)
    frame = pl.concat([ROWS.filter(pl.col("time") < START + 300 * SPAN), late])
    of = job(window="2d")
    narrow, snapshot, _ = run(of, frame=frame)
    assert snapshot.arrays["silence.slept"].size
    wide = load_job(
        of.model_dump(mode="json")
        | {"analysis_config": {**of.analysis_config.model_dump(mode="json"), "model_prune_window": "30d"}}
    )
    _, other, _ = run(wide, (at(299), at(300), at(301)), frame)
    born = START // SPAN + 3300
    for one in (snapshot, other):
        assert (one.arrays["model0.series"]["born"][:3] >= born).all()  # the first row so far ahead is not believed
    again, replay = replayed(of, narrow, snapshot, knowledge=None)
    assert_same(again, narrow, ("records",))
    assert stages(replay) == stages(snapshot)


def test_a_window_that_is_set_later_begins_then() -> None:
    engine = Engine.build(job(window=None))
    engine.add(ROWS[: at(100)])
    engine = Engine.build(job(), engine.snapshot())
    engine.add(ROWS[at(100) :])
    last = engine.snapshot().arrays["model0.prune.last"]
    assert last[3] == START // SPAN + 98
    assert np.array_equal(engine.snapshot().arrays["model0.prune.gone"], [False, False, False, True])
