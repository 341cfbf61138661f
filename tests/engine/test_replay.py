"""A replay is what happened, bit for bit."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.replay import Replay
from tests.engine.events import START, job, requests
from tests.engine.replays import DAY, SPAN, assert_same, kept, live, replayed, span


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
