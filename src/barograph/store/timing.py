"""How long a job's buckets took."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from barograph.store import tables

_ALPHA: Final = 0.01
"""Weight of the newest bucket in the running average, as Elastic's."""

_LAST: Final = 500  # buckets before these have less than a hundredth of the weight


@dataclass(frozen=True)
class Timing:
    """Times of a job's finished buckets, ms.

    Attributes:
        buckets: how many.
        total: of all.
        shortest: None before the first.
        longest: None before the first.
        running: average of the last ones, the newest with the most weight; None before the first.
    """

    buckets: int
    total: int
    shortest: int | None
    longest: int | None
    running: float | None

    @property
    def average(self) -> float | None:
        """Of all; None before the first."""
        return self.total / self.buckets if self.buckets else None


def timing(connection: sa.Connection, job_id: str) -> Timing:
    """Read them."""
    c = tables.BUCKET.c
    of = c.job_id == job_id, c.is_interim.is_(False)
    summed = sa.select(
        sa.func.count(), sa.func.sum(c.processing_time_ms), sa.func.min(c.processing_time_ms), sa.func.max(c.processing_time_ms)
    ).where(*of)
    buckets, total, shortest, longest = connection.execute(summed).one()
    newest = sa.select(c.processing_time_ms).where(*of).order_by(c.timestamp.desc()).limit(_LAST)
    running: float | None = None
    for time in reversed(connection.execute(newest).scalars().all()):
        running = float(time) if running is None else (1.0 - _ALPHA) * running + _ALPHA * time
    return Timing(buckets, int(total or 0), shortest, longest, running)
