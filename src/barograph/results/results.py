"""What the engine hands out: finished buckets, their records and influencers, and the bucket values behind them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, overload

import polars as pl

from barograph.config.errors import MissingExtra
from barograph.config.job import Job
from barograph.results import schema
from barograph.results.counts import DataCounts

if TYPE_CHECKING:
    import altair as alt

Time = int | str | datetime
"""A time as people give it: epoch seconds or ms, ISO 8601, or a datetime."""

Entity = Mapping[str, str] | Iterable[tuple[str, str]]
"""Values of fields, by field name."""

Later = Callable[[], pl.DataFrame]
"""Makes a frame when somebody asks for it: a live bucket finishes in less time than its frames take."""


class Table:
    """A result table as an attribute: a frame, or what makes it when it is first looked at."""

    def __init__(self, columns: tuple[schema.Column, ...], coded: bool = False) -> None:
        self._columns = columns
        self._coded = coded

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, results: None, owner: type) -> Later: ...
    @overload
    def __get__(self, results: Any, owner: type) -> pl.DataFrame: ...
    def __get__(self, results: Any, owner: type | None = None) -> pl.DataFrame | Later:
        if results is None:  # what an attribute is that was not given
            return self._empty
        table: pl.DataFrame | Later = results.__dict__[self._name]
        if not isinstance(table, pl.DataFrame):
            table = results.__dict__[self._name] = table()
        return table

    def __set__(self, results: Any, table: pl.DataFrame | Later) -> None:
        results.__dict__[self._name] = table

    def _empty(self) -> pl.DataFrame:
        empty = schema.empty(self._columns)
        return schema.coded(empty) if self._coded else empty


@dataclass(frozen=True)
class Results:
    """Finished buckets in time order, as flat, typed DataFrames (columns in `results/schema.py`); also open ones on request.

    Attributes:
        buckets: one row a bucket, also the quiet ones.
        records: one row an anomalous series and bucket, worst first within its bucket.
        influencers: one row an influential entity and bucket.
        bucket_influencers: one row an influencer field and bucket, `bucket_time` being the bucket itself.
        annotations: one row a change of a series that its model has accepted.
        forest_results: of a forest detector, one row an entity and bucket with data, also where there is no anomaly.
        coded_values: `bucket_values` as the history keeps them, names as categories (`schema.coded`).
        influencer_shares: one row a series, bucket and entity: what the entity's rows alone yield.
        quantiles: one row a kind of result and day that ended: what scores are normalised by from then on.
        counts: what was read and dropped since the engine was built, cumulative.
        job: the job whose results these are; None where there are none.
    """

    buckets: Table = Table(schema.BUCKETS)
    records: Table = Table(schema.RECORDS)
    influencers: Table = Table(schema.INFLUENCERS)
    bucket_influencers: Table = Table(schema.BUCKET_INFLUENCERS)
    annotations: Table = Table(schema.ANNOTATIONS)
    forest_results: Table = Table(schema.FOREST_RESULTS)
    coded_values: Table = Table(schema.BUCKET_VALUES, coded=True)
    influencer_shares: Table = Table(schema.INFLUENCER_SHARES)
    quantiles: Table = Table(schema.QUANTILES)
    counts: DataCounts = field(default_factory=DataCounts)
    job: Job | None = None

    @property
    def bucket_values(self) -> pl.DataFrame:
        """One row a series and bucket with data, with the model's bounds where they are on; as `schema.BUCKET_VALUES`."""
        return schema.uncoded(self.coded_values)

    @classmethod
    def concat(cls, parts: Iterable["Results"]) -> "Results":
        """Join the results of consecutive calls for one job; the counts are those of the last."""
        consecutive = list(parts)
        if len(consecutive) <= 1:
            return consecutive[0] if consecutive else cls()
        tables: dict[str, Any] = {name: partial(_joined, consecutive, name) for name in _TABLES}
        return cls(**tables, counts=consecutive[-1].counts, job=next((part.job for part in consecutive if part.job), None))

    def but(self, **changes: Any) -> "Results":
        """The same with other tables or counts, by name. Tables that nobody has looked at stay unmade."""
        return Results(**{**self.__dict__, **changes})

    def made(self) -> "Results":
        """The same, with every table made: for results that take less memory than what they are made of."""
        for name in _TABLES:
            getattr(self, name)
        return self

    def as_interim(self) -> "Results":
        """What of these is shown when the buckets are still open: what they may come to, nothing that is kept of them."""
        names = ("buckets", "records", "influencers", "bucket_influencers", "forest_results")
        tables: dict[str, Any] = {name: partial(_interim, self, name) for name in names}
        return Results(**tables, job=self.job)

    def plot_series(
        self,
        detector: int | None = None,
        entity: Entity = (),
        function: str | None = None,
        *,
        start: Time | None = None,
        end: Time | None = None,
        min_score: float = 0.0,
    ) -> "alt.LayerChart":
        """A chart of one series: its values, what was expected of them, and its records by severity.

        Without arguments it is the series with the highest score. Needs `barograph[plots]`.

        Args:
            detector: position of the detector in the job, from 0; None is any.
            entity: values of partition or by fields, by field name, such as `{"host": "web-1"}`.
            function: what is measured, for a detector that measures several: mean, min, max.
            start: where to begin: epoch seconds or ms, ISO 8601 or a datetime, in the job's time zone when it has none.
            end: where to stop, exclusive; the same.
            min_score: lowest score of a mark, 0 to 100.

        Returns:
            An Altair chart, to be shown, changed or saved.

        Raises:
            BadRequest: there is no such series, or no value in this time.
            MissingExtra: Altair is not installed.
        """
        from barograph.results import chosen  # noqa: PLC0415  # it makes results a need of its own types

        plots = _plots()
        asked = chosen.SeriesChoice(detector, chosen.pairs(entity), function)
        chart: alt.LayerChart = plots.series_chart(chosen.series(self, asked, chosen.TimeChoice(start, end), min_score))
        return chart

    def plot_lanes(
        self,
        by: str | None = None,
        *,
        start: Time | None = None,
        end: Time | None = None,
        min_score: float = 0.0,
        size: int = 20,
    ) -> "alt.Chart":
        """Swim lanes: the highest score of the whole job, and of each value of a field, in columns of time.

        Needs `barograph[plots]`.

        Args:
            by: an influencer or split field of the job; None is the first that it has.
            start: as for `plot_series`.
            end: the same, exclusive.
            min_score: lowest score of a cell, 0 to 100.
            size: how many lanes of a field at most, those with the highest scores first.

        Returns:
            An Altair chart.

        Raises:
            BadRequest: the job has no such field, or no bucket in this time.
            MissingExtra: Altair is not installed.
        """
        from barograph.results import chosen  # noqa: PLC0415

        chart: alt.Chart = _plots().lanes_chart(chosen.lanes(self, by, chosen.TimeChoice(start, end), min_score, size))
        return chart


def _plots() -> ModuleType:
    """The charts, which are imported when somebody wants one: Altair takes half a second, and is not always there."""
    if find_spec("altair") is None:
        raise MissingExtra("altair", "plots")
    return import_module("barograph.results.plots")


_TABLES: Final = tuple(item.name for item in fields(Results) if item.name not in {"counts", "job"})


def _joined(parts: list[Results], name: str) -> pl.DataFrame:
    tables: list[pl.DataFrame] = [getattr(part, name) for part in parts]
    return pl.concat([table for table in tables if len(table)] or tables[:1], rechunk=True)


def _interim(results: Results, name: str) -> pl.DataFrame:
    table: pl.DataFrame = getattr(results, name)
    return table.with_columns(is_interim=True)
