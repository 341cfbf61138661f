"""A job to replay, and what a comparison sees of it."""

import json
from functools import lru_cache
from io import BytesIO

import polars as pl
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.models import series
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests

DAY = 86_400_000
HOUR = 3_600_000
NOW = 1_800_000_000_000
SPLIT = {"field_name": "bytes", "partition_field_name": "host"}
FROM, TO = START + DAY, START + DAY + 6 * HOUR


def feed(store: Store, of: Job | None = None, frame: pl.DataFrame | None = None, pieces: int = 12) -> Engine:
    """Run a job, with a commit after each piece of its rows; returns an engine that has come as far."""
    of, frame = of or job(), requests() if frame is None else frame
    store.create_job(of, NOW)
    run = fed(of, frame, pieces)
    for results, snapshot in run:
        store.commit(of.job_id, results, snapshot, [])
    return Engine.build(of, run[-1][1])


def fed(of: Job, frame: pl.DataFrame, pieces: int = 12) -> list[tuple[Results, Snapshot]]:
    """What an engine gives and is after each piece of the rows."""
    return _fed(of.model_dump_json(), frame.serialize(), pieces, series.VERSION)


@lru_cache(maxsize=4)  # many tests begin with the same rows of the same job
def _fed(of: str, frame: bytes, pieces: int, version: int) -> list[tuple[Results, Snapshot]]:
    assert version == series.VERSION, "what a test that pretends to be another version has fed is not for others"
    rows = pl.DataFrame.deserialize(BytesIO(frame))
    engine = Engine.build(load_job(json.loads(of)))
    return [(engine.add(piece), engine.snapshot()) for piece in rows.iter_slices(-(-rows.height // pieces))]


def all_of(store: Store, job_id: str = "requests") -> dict[str, object]:
    """Everything that a job has come to, but when it was replayed."""
    tables = ("buckets", "records", "influencers", "bucket_influencers", "annotations")
    results = {name: getattr(store, name)(job_id, Query(sort="timestamp", descending=False)).rows for name in tables}
    history = {"bucket_values": store.bucket_values(job_id), "influencer_shares": store.influencer_shares(job_id)}
    return {**results, **history, "snapshots": store.snapshots(job_id), "counts": store.summary(job_id).counts}


def assert_same(one: dict[str, object], other: dict[str, object]) -> None:
    for name, value in one.items():
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, other[name], check_exact=True)
        else:
            assert value == other[name], name


def files(store: Store, job_id: str = "requests") -> set[str]:
    return store._job_files(job_id).present()


def listed(store: Store, job_id: str = "requests") -> set[str]:
    return {one.name for one in store.history_files(job_id)} | {one.file for one in store.snapshots(job_id)}
