"""The highest record score of every series of some detectors."""

from collections.abc import Sequence

import polars as pl
import sqlalchemy as sa

from barograph.config.splits import SPLIT_VALUES
from barograph.store import tables
from barograph.store.query import Query, in_time


def entity_scores(connection: sa.Connection, job_id: str, detectors: Sequence[int], asked: Query) -> pl.DataFrame:
    """The highest score of each combination of split values that has a record: `SPLIT_VALUES` and `score`.

    Args:
        connection: to the store.
        job_id: the job.
        detectors: their indices.
        asked: which time; nothing else of it means anything here.
    """
    c = tables.RECORD.c
    values = [c[name] for name in SPLIT_VALUES]
    chosen = sa.select(*values, sa.func.max(c.record_score))
    chosen = chosen.where(c.job_id == job_id, c.detector_index.in_(detectors), *in_time(tables.RECORD, asked))
    fetched = connection.execute(chosen.group_by(*values)).all()
    names = {**dict.fromkeys(SPLIT_VALUES, pl.String), "score": pl.Float64}
    return pl.DataFrame([tuple(row) for row in fetched], schema=names, orient="row")
