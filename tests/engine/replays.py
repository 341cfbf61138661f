"""Runs that are replayed, and what must be the same then."""

from collections.abc import Iterator

import polars as pl
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.replay import KeptBuckets, Replay
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from tests.engine.events import START

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
