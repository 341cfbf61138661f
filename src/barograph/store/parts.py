"""The results of a job in parts of time: what is said of a part differs when something in it has changed."""

from typing import Any, Final

import sqlalchemy as sa

from barograph.store import tables

Marks = tuple[Any, ...]
_SCORED: Final = (
    (tables.BUCKET, "anomaly_score"),
    (tables.RECORD, "record_score"),
    (tables.INFLUENCER, "influencer_score"),
    (tables.BUCKET_INFLUENCER, "anomaly_score"),
)


def parts(connection: sa.Connection, job_id: str, part_ms: int) -> dict[int, Marks]:
    """What tells that a part is as it was, by the part's start, epoch ms: how many results, their scores, how many are interim.

    Results change when they come, go, are renormalised or made anew. The last is told by the job's `replay_time`, too: results
    may get other values under the same scores.
    """
    found: dict[int, list[Any]] = {}
    for place, (table, score) in enumerate(_SCORED):
        c = table.c
        start = c.timestamp - (c.timestamp % part_ms + part_ms) % part_ms  # also before 1970
        interim = sa.func.sum(sa.case((c.is_interim.is_(True), 1), else_=0))
        sums = sa.func.sum(c[score]), sa.func.sum(c[f"initial_{score}"])
        wanted = sa.select(start, sa.func.count(), *sums, interim).where(c.job_id == job_id).group_by(start)
        for first, *marks in connection.execute(wanted):
            found.setdefault(first, [None] * len(_SCORED))[place] = tuple(marks)
    return {first: tuple(marks) for first, marks in found.items()}
