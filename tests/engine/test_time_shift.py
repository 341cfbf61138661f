"""A change of the clock that users know of is as one that the time zone knows of, to the last bit."""

import math
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge, PlannedTime
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.replays import SPAN, assert_same, replayed, stages

HOUR = 3_600_000
SUMMER = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000)
"""Clocks in Berlin go from two to three."""
START, DAYS = SUMMER - 15 * 24 * HOUR, 18
LATE = START + (16 * 24 + 9) * HOUR
"""A time after the change in which a host does what it never does."""

WINTER_TIME, SUMMER_TIME = "Etc/GMT-1", "Europe/Berlin"
CHANGE = PlannedTime(SUMMER, SUMMER + HOUR, "summer time", (), shift_ms=HOUR)
PARAMS = {"force_time_shift": {"time_shift_amount": 3600}}


def rows() -> pl.DataFrame:
    """Two hosts that follow the clock on the wall."""
    times = range(START, START + DAYS * 24 * HOUR, SPAN)
    load = [
        {
            "time": time,
            "host": host,
            "load": 50.0 + 20.0 * math.sin((time + (time >= SUMMER) * HOUR) / 12 / HOUR * math.pi) + at % 5,
        }
        for at, time in enumerate(times)
        for host in "ab"
    ]
    load[2 * (LATE - START) // SPAN]["load"] = 400.0
    return pl.DataFrame(load)


ROWS = rows()
CUT = ROWS["time"].search_sorted(SUMMER)


def job(time_zone: str, rules: list[dict[str, Any]] | None = None) -> Job:
    detector = {"function": "mean", "field_name": "load", "partition_field_name": "host", "custom_rules": rules}
    analysis = {"bucket_span": "15m", "detectors": [detector]}
    document = {
        "job_id": "j",
        "analysis_config": analysis,
        "time_zone": time_zone,
        "data_description": {"time_format": "epoch_ms"},
    }
    return load_job(document)


def run(of: Job, knowledge: Knowledge, cuts: tuple[int, ...] = ()) -> tuple[Results, Snapshot, Engine]:
    engine, parts = Engine.build(of, None, knowledge), []
    for start, end in zip((0, *cuts), (*cuts, ROWS.height), strict=True):
        parts.append(engine.add(ROWS[start:end]))
        engine = Engine.build(of, engine.snapshot(), knowledge)
    return Results.concat(parts), engine.snapshot(), engine


@pytest.fixture(scope="module")
def known() -> tuple[Results, Snapshot, Engine]:
    """What a job finds whose time zone knows of the change."""
    return run(job(SUMMER_TIME), Knowledge())


def models(snapshot: Snapshot) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in snapshot.arrays.items() if name.startswith(("model", "scores"))}


def scoped(kind: str) -> list[dict[str, Any]]:
    when = [{"applies_to": "time", "operator": "gte", "value": SUMMER // 1000}]
    scope = {"host": {"filter_id": "moved", "filter_type": kind}}
    return [{"actions": ["force_time_shift"], "params": PARAMS, "conditions": when, "scope": scope}]


def test_a_planned_change_is_as_one_of_the_zone(known: tuple[Results, Snapshot, Engine]) -> None:
    expected, snapshot, engine = known
    found, planned, changed = run(job(WINTER_TIME), Knowledge(planned=(CHANGE,)))
    unknown, _, _ = run(job(WINTER_TIME), Knowledge())
    assert found.records.height >= 1
    assert_same(found, expected, ("buckets", "records"))
    assert not unknown.buckets.equals(expected.buckets)
    assert models(planned) == models(snapshot)
    assert changed.forecast("2d").rows.equals(engine.forecast("2d").rows)
    told, wanted = (one.explain(of, LATE, (("host", "a"),)) for one, of in ((changed, found), (engine, expected)))
    assert told == wanted


def test_a_rule_changes_the_clock_of_the_series_that_it_is_about(known: tuple[Results, Snapshot, Engine]) -> None:
    _, snapshot, engine = known
    _, unknown, _ = run(job(WINTER_TIME), Knowledge())
    of = job(WINTER_TIME, scoped("include"))
    _, all_moved, changed = run(of, Knowledge.of(of, {"moved": ["a", "b"]}))
    assert models(all_moved) == models(snapshot)
    assert changed.forecast("2d").rows.equals(engine.forecast("2d").rows)
    _, moved, _ = run(of, Knowledge.of(of, {"moved": ["b"]}))
    series = [moved, unknown, snapshot]
    a, b = ([one.arrays["model0.series"]["season.square"][row] for one in series] for row in (0, 1))
    assert a[0] == a[1] != a[2]
    assert b[0] == b[2] != b[1]


def test_pieces_and_replays_have_the_same_clock() -> None:
    of = job(WINTER_TIME, scoped("exclude"))
    knowledge = Knowledge.of(of, {"moved": ["a"]}, [CHANGE])
    found, snapshot, _ = run(of, knowledge)
    pieces, other, _ = run(of, knowledge, cuts=(1, CUT - 1, CUT + 3))
    assert_same(found, pieces)
    assert snapshot.to_bytes() == other.to_bytes()
    again, replay = replayed(of, found, snapshot, (SUMMER // SPAN - 50, SUMMER // SPAN + 9), knowledge=knowledge)
    assert_same(again, found, ("buckets", "records"))
    assert stages(replay) == stages(snapshot)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"actions": ["force_time_shift"]}, r"params\.force_time_shift is missing.*time_shift_amount"),
        ({"params": PARAMS}, r"actions=.*wanted force_time_shift among them"),
        ({"actions": ["force_time_shift"], "params": PARAMS}, r"conditions\[0\]\.applies_to='actual': wanted time"),
        ({"actions": ["force_time_shift"], "params": {"force_time_shift": {"time_shift_amount": 10**6}}}, "604800"),
    ],
)
def test_a_clock_is_changed_at_a_time_and_by_so_much(rule: dict[str, Any], message: str) -> None:
    conditions = [{"applies_to": "actual", "operator": "gt", "value": 1}]
    with pytest.raises(ConfigError, match=message):
        job("UTC", [{"conditions": conditions, **rule}])
