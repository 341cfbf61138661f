"""A job to replay, and what a comparison sees of it."""

import polars as pl
from polars.testing import assert_frame_equal

from barograph.engine import Engine
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.events import START, job, requests

DAY = 86_400_000
HOUR = 3_600_000
NOW = 1_800_000_000_000
SPLIT = {"field_name": "bytes", "partition_field_name": "host"}
FROM, TO = START + DAY, START + DAY + 6 * HOUR


def feed(store: Store, of=None, frame: pl.DataFrame | None = None, pieces: int = 12) -> Engine:
    """Run a job, with a commit after each piece of its rows."""
    of, frame = of or job(), requests() if frame is None else frame
    store.create_job(of, NOW)
    engine = Engine.build(of)
    for piece in frame.iter_slices(-(-frame.height // pieces)):
        store.commit(of.job_id, engine.add(piece), engine.snapshot(), [])
    return engine


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
