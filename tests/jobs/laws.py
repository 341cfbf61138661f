"""Laws of exactness that every kind of model keeps, from rows to what is stored."""

import polars as pl
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.engine import Engine
from barograph.jobs.replay import replay
from barograph.results.results import Results
from barograph.store.query import Query
from barograph.store.store import Store

TABLES = ("buckets", "records", "influencers", "bucket_influencers", "forest_results")


def check_pieces(job: Job, rows: pl.DataFrame, size: int, whole: Results) -> None:
    """Rows in pieces, with a snapshot between any two, give what they do as a whole."""
    parts, state = [], None
    for piece in rows.iter_slices(size):
        engine = Engine.build(job, state)
        parts.append(engine.add(piece))
        state = engine.snapshot()
    results = Results.concat([*parts, engine.flush()])
    for name in (*TABLES, "bucket_values"):
        assert_frame_equal(getattr(results, name), getattr(whole, name), check_exact=True)


def check_replay(store: Store, job: Job, rows: pl.DataFrame, commits: int) -> Engine:
    """A replay of what was committed gives what was there; returns the engine of the last commit."""
    store.create_job(job, 1_800_000_000_000)
    state = None
    for piece in rows.iter_slices(-(-rows.height // commits)):
        engine = Engine.build(job, state)
        results, state = engine.add(piece), engine.snapshot()
        store.commit(job.job_id, results, state, [])
    asked = Query(sort="timestamp", descending=False)
    before = {name: getattr(store, name)(job.job_id, asked).rows for name in TABLES}
    replay(store, job.job_id)
    for name, table in before.items():
        assert_frame_equal(getattr(store, name)(job.job_id, asked).rows, table, check_exact=True)
    return engine
