"""What the user knows is neither told nor learned, the same live, in pieces, resumed, replayed and explained."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.silenced import SilencedCounts
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot, under
from tests.engine.events import START, job, requests
from tests.engine.replays import DAY, FROM, MEANS, SPAN, TO, assert_same, cut, replayed, simple, span, stages

FLOOD = (START + 8 * DAY // 5, START + 82 * DAY // 50)
"""The time in which `requests` has anomalies."""


def ruled(rules: list[dict[str, Any]], **detector: object) -> Job:
    document = {
        "job_id": "j",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [{**MEANS, **detector, "custom_rules": rules}],
            "influencers": ["user"],
        },
        "data_description": {"time_format": "epoch_ms"},
    }
    return load_job(document)


def run(
    of: Job, frame: pl.DataFrame, knowledge: Knowledge | None = None, cuts: tuple[int, ...] = ()
) -> tuple[Results, Snapshot]:
    """A whole run, made anew from its snapshot at each cut."""
    engine, parts = Engine.build(of, None, knowledge), []
    for start, end in zip((0, *cuts), (*cuts, frame.height), strict=True):
        parts.append(engine.add(frame[start:end]))
        engine = Engine.build(of, engine.snapshot(), knowledge)
    return Results.concat(parts), engine.snapshot()


def planned(start: int = FLOOD[0], end: int = FLOOD[1], **given: Any) -> Knowledge:
    return Knowledge(planned=(PlannedTime(start, end, "big sale", **given),))


def test_a_planned_time_has_buckets_but_no_results() -> None:
    of, frame = job(), requests()
    plain, _ = run(of, frame)
    found, _ = run(of, frame, planned())
    inside = pl.col("timestamp").is_between(FLOOD[0] // SPAN * SPAN, FLOOD[1], closed="left")
    assert plain.records.filter(inside).height > 3
    assert plain.buckets.filter(inside)["anomaly_score"].max() > 50
    assert found.records.filter(inside).is_empty()
    assert found.influencers.filter(inside).is_empty()
    assert found.buckets.filter(inside)["anomaly_score"].to_list() == [0.0] * plain.buckets.filter(inside).height
    assert found.buckets["event_count"].equals(plain.buckets["event_count"])
    # What was there stays known, and what came before is as it was.
    assert found.bucket_values.select("timestamp", "actual").equals(plain.bucket_values.select("timestamp", "actual"))
    before = pl.col("timestamp") < FLOOD[0] // SPAN * SPAN
    assert_frame_equal(found.records.filter(before), plain.records.filter(before), check_exact=True)


def test_what_is_planned_is_not_learned() -> None:
    of, frame = simple(**MEANS), requests()
    gone = pl.col("time").is_between(FROM, TO, closed="left")
    _, without = run(of, frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes"))))
    _, snapshot = run(of, frame, planned(FROM, TO))
    assert snapshot.arrays["model0.series"].tobytes() == without.arrays["model0.series"].tobytes()


def test_a_planned_time_is_about_every_bucket_that_it_shares() -> None:
    of, frame = simple(**MEANS), requests()
    _, whole = run(of, frame, planned(FROM, TO))
    _, parts = run(of, frame, planned(FROM + 1, TO - SPAN + 1))
    assert stages(whole) == stages(parts)


def test_results_can_be_skipped_alone() -> None:
    of, frame = ruled([]), requests()
    plain, learned = run(of, frame)
    found, snapshot = run(of, frame, planned(actions=("skip_result",)))
    models = [name for name in learned.arrays if name.startswith(("model0.series", "model0.usual"))]
    assert len(models) > 4
    assert all(snapshot.arrays[name].tobytes() == learned.arrays[name].tobytes() for name in models)
    assert found.records.height < plain.records.height


def test_a_rule_skips_the_results_that_it_names() -> None:
    frame = requests()
    rules = [{"actions": ["skip_result"], "conditions": [{"applies_to": "actual", "operator": "gt", "value": 5000}]}]
    plain, learned = run(ruled([]), frame)
    found, snapshot = run(ruled(rules), frame)
    assert plain.records["actual"].max() > 5000
    assert found.records["actual"].max() <= 5000
    assert snapshot.arrays["model0.series"].tobytes() == learned.arrays["model0.series"].tobytes()


@pytest.mark.parametrize(("kind", "items", "hosts"), [
    ("include", ["host-2"], {"host-0", "host-1", "host-3"}),
    ("include", ["*-2", "host-1*"], {"host-0", "host-3"}),
    ("exclude", ["host-2"], {"host-2"}),
    ("include", [], {"host-0", "host-1", "host-2", "host-3"}),
    ("exclude", [], set()),
])  # fmt: skip
def test_a_scope_is_the_series_that_a_filter_names(kind: str, items: list[str], hosts: set[str]) -> None:
    rules = [{"actions": ["skip_model_update"], "scope": {"host": {"filter_id": "hosts", "filter_type": kind}}}]
    of, frame = ruled(rules), requests()
    found, snapshot = run(of, frame, Knowledge.of(of, {"hosts": items}))
    names = dict(found.bucket_values.select("series", "partition_field_value").unique().iter_rows())
    counts = snapshot.arrays["model0.series"]["count"].tolist()
    assert {names[at] for at, count in enumerate(counts) if count > 0} == hosts


RULES = [
    {"actions": ["skip_result"], "conditions": [{"applies_to": "diff_from_typical", "operator": "lt", "value": 400}]},
    {
        "actions": ["skip_result", "skip_model_update"],
        "scope": {"host": {"filter_id": "loud"}},
        "conditions": [{"applies_to": "actual", "operator": "gt", "value": 900}],
    },
    {"actions": ["skip_model_update"], "conditions": [{"applies_to": "time", "operator": "lt", "value": FROM // 1000}]},
]


def test_pieces_and_replays_know_the_same() -> None:
    of, frame = ruled(RULES), requests()
    knowledge = Knowledge.of(of, {"loud": ["host-2", "host-3"]}, planned(FROM, TO).planned)
    found, snapshot = run(of, frame, knowledge)
    pieces, other = run(of, frame, knowledge, cuts=(1, 1700, 4100))
    assert_same(found, pieces)
    assert snapshot.to_bytes() == other.to_bytes()
    again, replay = replayed(of, found, snapshot, (cut(FROM), cut(FROM) + 3), knowledge=knowledge)
    assert_same(again, found, ("buckets", "records", "influencers", "bucket_influencers"))
    assert stages(replay) == stages(snapshot)


def test_an_engine_is_told_what_is_new_while_it_runs() -> None:
    of, frame = simple(**MEANS), requests()
    engine = Engine.build(of)
    early, late = frame.filter(pl.col("time") < FROM), frame.filter(pl.col("time") >= FROM)
    engine.add(early)
    engine.know(planned())
    found = engine.add(late)
    whole, snapshot = run(of, frame, planned())
    assert engine.snapshot().to_bytes() == snapshot.to_bytes()
    assert found.records.height == whole.records.filter(pl.col("timestamp") >= FROM // SPAN * SPAN).height


def test_an_explanation_says_what_was_known() -> None:
    of, frame = simple(**MEANS), requests()
    engine = Engine.build(of, None, planned())
    found = engine.add(frame)
    host = engine.explain(found, FLOOD[0] + SPAN, (("host", "host-2"),))[0]
    assert host.gate == "It is in a planned time: big sale."
    assert host.score == 0.0
    rules = [{"actions": ["skip_result"], "conditions": [{"applies_to": "actual", "operator": "gt", "value": 5000}]}]
    engine = Engine.build(ruled(rules))
    found = engine.add(frame)
    host = engine.explain(found, FLOOD[0] + SPAN, (("host", "host-2"),))[0]
    assert host.gate == "A rule of the detector skips its result: actual > 5000."
    quiet = engine.explain(found, span(found)[0] * SPAN + DAY, (("host", "host-2"),))[0]
    assert "rule" not in (quiet.gate or "")


def test_a_filter_that_is_not_there_is_an_error_that_names_it() -> None:
    of = ruled([{"actions": ["skip_result"], "scope": {"host": {"filter_id": "gone"}}}])
    with pytest.raises(ConfigError, match=r"custom_rules\[0\]\.scope\.host\.filter_id='gone': wanted a filter that exists"):
        Engine.build(of)


def counts(of: Job, snapshot: Snapshot) -> list[tuple[int, str]]:
    kept = SilencedCounts.build(of.bucket_span_ms, under("silenced", snapshot.arrays)).all()
    return [(one.count, one.rule or one.description or "") for one in kept]


def test_what_was_silenced_is_counted_the_same_in_pieces_and_replays() -> None:
    of, frame = ruled(RULES), requests()
    knowledge = Knowledge.of(of, {"loud": ["host-2", "host-3"]}, planned(FLOOD[0], FLOOD[0] + SPAN).planned)
    found, snapshot = run(of, frame, knowledge)
    _, other = run(of, frame, knowledge, cuts=(1, 1700, 4100))
    _, replay = replayed(of, found, snapshot, (cut(FROM), cut(FROM) + 3), knowledge=knowledge)
    told = counts(of, snapshot)
    assert {name for _, name in told} == {"big sale", "actual > 900 and host in filter loud"}
    assert told == counts(of, other) == counts(of, replay)


def test_a_result_counts_for_the_first_that_silences_it() -> None:
    rules = [{"conditions": [{"applies_to": "actual", "operator": "gt", "value": 5000}]}]
    of, frame = ruled(rules), requests()
    start, end = FLOOD[0] // SPAN * SPAN, -(-FLOOD[1] // SPAN) * SPAN
    _, snapshot = run(of, frame)
    ((alone, _),) = counts(of, snapshot)
    first = PlannedTime(start, end, "big sale", calendar_id="sales")
    both = Knowledge.of(of, None, [PlannedTime(start + 1, end, "small sale"), first])
    _, snapshot = run(of, frame, both)
    told = SilencedCounts.build(of.bucket_span_ms, under("silenced", snapshot.arrays)).all()
    by = {one.description: one for one in told}
    assert set(by) <= {"big sale", None}
    assert by["big sale"].count >= alone
    assert by["big sale"].calendar_id == "sales"
    assert start <= by["big sale"].first_ms <= by["big sale"].last_ms < end


def test_open_buckets_are_not_counted() -> None:
    of, frame = job(), requests()
    engine = Engine.build(of, None, planned())
    engine.add(frame.filter(pl.col("time") < FLOOD[0] + SPAN))
    before = engine.snapshot().to_bytes()
    engine.flush(calc_interim=True)
    assert engine.snapshot().to_bytes() == before
