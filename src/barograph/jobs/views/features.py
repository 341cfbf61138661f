"""What forests found, over time: of one entity bucket by bucket, and of all entities as lanes of grades."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SPLIT_VALUES, SPLITS
from barograph.engine.entity import Entity

MOST_COLUMNS: Final = 2000
_LATE: Final = 1
"""The flag of a cell in which an anomaly lies that was noticed in a later bucket."""


@dataclass(frozen=True)
class GradesQuery:
    """Which lanes of grades.

    Attributes:
        start_ms: epoch ms, rounded down to a column.
        end_ms: epoch ms, exclusive, rounded up to a column.
        columns: how many columns at most.
        size: entities at most.

    Raises:
        BadRequest: a number is out of its range.
    """

    start_ms: int
    end_ms: int
    columns: int = 100
    size: int = 20

    def __post_init__(self) -> None:
        if self.start_ms >= self.end_ms:
            raise BadRequest(f"to={self.end_ms}: wanted a time after from ({self.start_ms})")
        if not 1 <= self.columns <= MOST_COLUMNS:
            raise BadRequest(f"width={self.columns}: wanted 1 to {MOST_COLUMNS}")

    def bounds(self, bucket_span_ms: int) -> tuple[int, int, int]:
        """Start, end and length of the columns in ms: whole buckets."""
        span = -(-(self.end_ms - self.start_ms) // self.columns)
        step = -(-span // bucket_span_ms) * bucket_span_ms
        return self.start_ms // step * step, -(-self.end_ms // step) * step, step


@dataclass(frozen=True)
class Grades:
    """Lanes of the grades of entities, those with the highest first.

    Attributes:
        start_ms: start of the first column, epoch ms.
        end_ms: end of the last one.
        step_ms: length of a column.
        total: entities with an anomaly, also those that are not returned.
        lanes: of each the values of the category fields, the highest grade, and how many anomalies it had.
        cells: (lane, column, highest grade, 1 where an anomaly in it was noticed in a later bucket).
    """

    start_ms: int
    end_ms: int
    step_ms: int
    total: int
    lanes: list[tuple[tuple[str, ...], float, int]]
    cells: list[tuple[int, int, float, int]]


def category_fields(job: Job) -> dict[str, str]:
    """The fields whose values are the entities of a job, each with the column that has the value, in their order."""
    of = {getattr(job.detectors[0], name): value for name, value in SPLITS}
    return {field: value for field, value in of.items() if field is not None}


def entity_at(job: Job, values: Sequence[str | None]) -> Entity:
    """The entity whose split values are these, by the columns `SPLIT_VALUES`."""
    at = dict(zip(SPLIT_VALUES, values, strict=True))
    return tuple((field, value) for field, column in category_fields(job).items() if (value := at[column]) is not None)


def grades(job: Job, anomalies: pl.DataFrame, query: GradesQuery) -> Grades:
    """Lanes of grades.

    Args:
        job: the detector.
        anomalies: its results with a grade, rows of `schema.FOREST_RESULTS`, within the bounds of the query.
        query: which lanes.
    """
    start, end, step = query.bounds(job.bucket_span_ms)
    values = list(category_fields(job).values())
    entity = pl.concat_list(values) if values else pl.lit([], dtype=pl.List(pl.String))
    odd = anomalies.select(
        entity.alias("entity"),
        pl.col("anomaly_grade").alias("grade"),
        ((pl.col("timestamp") - start) // step).alias("column"),
        (pl.col("late") > 0).cast(pl.Int64).alias("late") * _LATE,
    )
    lanes = odd.group_by("entity").agg(pl.col("grade").max(), count=pl.len())
    lanes = lanes.sort(["grade", "entity"], descending=[True, False]).with_row_index("lane")
    cells = odd.group_by("entity", "column").agg(pl.col("grade", "late").max())
    cells = cells.join(lanes.head(query.size).select("entity", "lane"), on="entity")
    shown = [(tuple(row[0]), row[1], row[2]) for row in lanes.head(query.size).select("entity", "grade", "count").rows()]
    ordered = cells.select(pl.col("lane").cast(pl.Int64), "column", "grade", "late").sort("lane", "column")
    return Grades(start, end, step, lanes.height, shown, ordered.rows())


def thinned(found: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most so many of the results of one entity: of each stretch of time the one with the highest grade, then score."""
    if found.height <= most:
        return found
    stretch = pl.int_range(pl.len()) * most // pl.len()
    worst = found.with_columns(stretch=stretch).sort(
        "stretch", "anomaly_grade", "anomaly_score", descending=[False, True, True], maintain_order=True
    )
    return worst.unique("stretch", keep="first", maintain_order=True).drop("stretch")
