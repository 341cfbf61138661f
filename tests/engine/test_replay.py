"""A replay is what happened, bit for bit; what is forgotten was never seen."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.exclusions import Exclusion
from barograph.engine.replay import KeptBuckets, Replay
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.events import START, job, requests

DAY = 86_400_000
SPAN = 900_000
TABLES = ("buckets", "records", "influencers", "bucket_influencers", "annotations", "bucket_values", "influencer_shares")


def live(of: Job, frame: pl.DataFrame, cuts: tuple[int, ...] = (), flush: int | None = None) -> tuple[Results, list[Snapshot]]:
    """Results of a whole run, and a snapshot after each cut and at the end."""
    engine, parts, snapshots = Engine.build(of), [], []
    for start, end in zip((0, *cuts), (*cuts, frame.height), strict=True):
        parts.append(engine.add(frame[start:end]))
        snapshots.append(engine.snapshot())
    if flush is not None:
        parts.append(engine.flush(flush))
        snapshots[-1] = engine.snapshot()
    return Results.concat(parts), snapshots


def kept(found: Results, start: int, end: int) -> KeptBuckets:
    """What a history would hold of the buckets [start, end)."""
    inside = pl.col("timestamp").is_between(start * SPAN, end * SPAN, closed="left")
    filled = found.buckets.filter(inside & (pl.col("event_count") > 0))
    return KeptBuckets(
        found.bucket_values.filter(inside),
        found.influencer_shares.filter(inside),
        filled["timestamp"].to_numpy(),
        filled["event_count"].to_numpy(),
    )


def span(found: Results) -> tuple[int, int]:
    times = found.buckets["timestamp"]
    return times[0] // SPAN, times[-1] // SPAN + 1


def ranges(found: Results, cuts: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    start, end = span(found)
    inner = sorted({cut for cut in cuts if start < cut < end})
    yield from zip((start, *inner), (*inner, end), strict=True)


def replayed(
    of: Job, found: Results, newest: Snapshot, cuts: tuple[int, ...] = (), **given: object
) -> tuple[Results, Snapshot]:
    replay = Replay.build(of, newest, **given)
    parts = [Results.concat(replay.add(start, end, kept(found, start, end))) for start, end in ranges(found, cuts)]
    return Results.concat(parts), replay.snapshot(newest)


def assert_same(one: Results, other: Results, tables: tuple[str, ...] = TABLES) -> None:
    for name in tables:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def stream() -> pl.DataFrame:
    """Requests with a gap in all series, hosts that come late or out of order, rows without values, and a negative zero."""
    frame = requests(rows=5_000)
    time = pl.col("time")
    late_host = pl.when(time > START + DAY).then(pl.lit("host-late")).otherwise(pl.col("host"))
    frame = frame.with_columns(host=pl.when(pl.int_range(pl.len()) % 11 == 0).then(late_host).otherwise(pl.col("host")))
    frame = frame.with_columns(bytes=pl.when(pl.int_range(pl.len()) % 13 == 0).then(None).otherwise(pl.col("bytes")))
    frame = frame.with_columns(bytes=pl.when(pl.int_range(pl.len()) % 17 == 0).then(-0.0).otherwise(pl.col("bytes")))
    gap = time.is_between(START + DAY // 2, START + DAY // 2 + 3 * 3_600_000)
    return frame.filter(~gap).with_columns(time + 5 * 60_000)


PLOTTED = {"model_plot_config": {"enabled": True, "terms": "host-1,404"}}


@pytest.mark.parametrize("changes", [{}, PLOTTED, {"time_zone": "Europe/Berlin"}])
def test_an_unchanged_job_replays_to_the_same_bits(changes: dict) -> None:
    of, frame = job(**changes), stream()
    found, snapshots = live(of, frame, flush=START + 3 * DAY)
    again, snapshot = replayed(of, found, snapshots[-1])
    assert found.records.height > 20
    assert found.records["influencers"].list.len().sum() > 5
    assert_same(again, found)
    assert snapshot.to_bytes() == snapshots[-1].to_bytes()


@settings(max_examples=6)
@given(cuts=st.lists(st.integers(1, 5 * 96), max_size=4))
def test_how_the_history_is_cut_changes_nothing(cuts: list[int]) -> None:
    of, frame = job(), stream()[:2_000]
    found, snapshots = live(of, frame)
    again, snapshot = replayed(of, found, snapshots[-1], tuple(START // SPAN + cut for cut in cuts))
    assert_same(again, found)
    assert snapshot.to_bytes() == snapshots[-1].to_bytes()


def test_a_replay_passes_through_the_states_that_live_rows_led_to() -> None:
    of, frame = job(analysis_config={"latency": "45m"}), stream()
    found, snapshots = live(of, frame, cuts=(700, 2_400))
    replay, start = Replay.build(of, snapshots[-1]), span(found)[0]
    for snapshot in snapshots:
        end = Engine.build(of, snapshot).counts.latest_bucket_timestamp // SPAN + 1
        list(replay.add(start, end, kept(found, start, end)))
        assert replay.snapshot(snapshot).to_bytes() == snapshot.to_bytes()
        start = end


def test_an_engine_goes_on_from_a_replay_as_from_the_run_itself() -> None:
    of, frame = job(), stream()
    found, snapshots = live(of, frame[:3_000])
    _, snapshot = replayed(of, found, snapshots[-1])
    one, other = Engine.build(of, snapshots[-1]), Engine.build(of, snapshot)
    assert_same(one.add(frame[3_000:]), other.add(frame[3_000:]))
    assert one.snapshot().to_bytes() == other.snapshot().to_bytes()


def test_summarised_input_replays_with_its_weights() -> None:
    of = load_job(
        {
            "job_id": "j",
            "analysis_config": {
                "bucket_span": "15m",
                "summary_count_field_name": "n",
                "detectors": [{"function": "count"}, {"function": "varp", "field_name": "bytes", "by_field_name": "host"}],
                "influencers": ["user"],
            },
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    frame = stream().with_columns(n=pl.int_range(pl.len()) % 5 + 0.25)
    found, snapshots = live(of, frame)
    again, snapshot = replayed(of, found, snapshots[-1])
    assert_same(again, found)
    assert snapshot.to_bytes() == snapshots[-1].to_bytes()


def simple(function: str, **detector: object) -> Job:
    return load_job(
        {
            "job_id": "j",
            "analysis_config": {"bucket_span": "15m", "detectors": [{"function": function, **detector}]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )


def stages(snapshot: Snapshot) -> dict[str, bytes]:
    """What the models and the score stage remember."""
    return {name: array.tobytes() for name, array in snapshot.arrays.items() if name.startswith(("model", "scores"))}


FROM, TO = START + DAY, START + DAY + 6 * 3_600_000
MEANS = {"function": "mean", "field_name": "bytes", "partition_field_name": "host"}


def cut(at: int) -> int:
    return at // SPAN


@pytest.mark.parametrize("entity", [(), (("host", "host-2"),)])
def test_forgotten_values_were_never_seen(entity: tuple[tuple[str, str], ...]) -> None:
    of, frame = simple(**MEANS), requests()
    found, snapshots = live(of, frame)
    gone = pl.col("time").is_between(FROM, TO, closed="left")
    for field, value in entity:
        gone &= pl.col(field) == value
    _, without = live(of, frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes"))))
    forgotten = (Exclusion(FROM, TO, entity),)
    again, snapshot = replayed(of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=forgotten)
    assert stages(snapshot) == stages(without[-1])
    assert stages(snapshot) != stages(snapshots[-1])
    expected = Results.concat(live(of, frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes"))))[:1])
    assert_same(again, expected, ("records",))


def test_forgotten_zeros_are_no_data_and_not_zero() -> None:
    of, frame = simple("count", by_field_name="host"), requests()
    found, snapshots = live(of, frame)
    _, snapshot = replayed(of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=(Exclusion(FROM, TO),))
    replay = Replay.build(of, snapshots[-1])
    start, end = span(found)
    matrix = replay._detector(0, start, end, found.bucket_values, found.influencer_shares).matrix("count", start, end)
    matrix[:, cut(FROM) - start : cut(TO) - start] = np.nan
    model = replay._pipeline._series_stages[0]._model
    model.grow(len(matrix))
    model.advance(matrix, start * SPAN)
    assert model.snapshot()["series"].tobytes() == snapshot.arrays["model0.series"].tobytes()


def test_a_series_that_began_in_the_forgotten_span_begins_after_it() -> None:
    of, frame = simple("count", by_field_name="host"), requests()
    early = pl.col("host") == "host-3"
    inside = pl.col("time") < FROM
    frame = frame.filter(~(early & inside) | (pl.col("time") < START))
    found, snapshots = live(of, frame)
    _, snapshot = replayed(
        of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=(Exclusion(FROM, TO, (("host", "host-3"),)),)
    )
    in_span = pl.col("time").is_between(FROM, TO, closed="left")
    _, without = live(of, frame.filter(~(early & in_span)))
    assert snapshot.arrays["model0.series"].tobytes() == without[-1].arrays["model0.series"].tobytes()


def test_a_bucket_that_the_span_touches_is_forgotten_whole() -> None:
    assert Exclusion(SPAN + 1, 2 * SPAN + 1).buckets(SPAN) == (1, 3)
    assert Exclusion(SPAN, 2 * SPAN).buckets(SPAN) == (1, 2)


@pytest.mark.parametrize(
    ("of", "forgotten", "message"),
    [
        (simple("count"), Exclusion(0, 0), "wanted an end after the start"),
        (simple("count"), Exclusion(0, 1, (("host", "a"),)), "the job has no split"),
        (simple(**MEANS), Exclusion(0, 1, (("user", "a"),)), r"wanted a partition or by field \(host\)"),
    ],
)
def test_what_no_series_could_be_is_refused(of: Job, forgotten: Exclusion, message: str) -> None:
    with pytest.raises(InputError, match=message):
        forgotten.check(of)
