"""What the engine hands out: finished buckets, their records and influencers, and the bucket values behind them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Final, overload

import polars as pl

from barograph.results import schema
from barograph.results.counts import DataCounts

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
        coded_values: `bucket_values` as the history keeps them, names as categories (`schema.coded`).
        influencer_shares: one row a series, bucket and entity: what the entity's rows alone yield.
        quantiles: one row a kind of result and day that ended: what scores are normalised by from then on.
        counts: what was read and dropped since the engine was built, cumulative.
    """

    buckets: Table = Table(schema.BUCKETS)
    records: Table = Table(schema.RECORDS)
    influencers: Table = Table(schema.INFLUENCERS)
    bucket_influencers: Table = Table(schema.BUCKET_INFLUENCERS)
    annotations: Table = Table(schema.ANNOTATIONS)
    coded_values: Table = Table(schema.BUCKET_VALUES, coded=True)
    influencer_shares: Table = Table(schema.INFLUENCER_SHARES)
    quantiles: Table = Table(schema.QUANTILES)
    counts: DataCounts = field(default_factory=DataCounts)

    @property
    def bucket_values(self) -> pl.DataFrame:
        """One row a series and bucket with data, with the model's bounds where they are on; as `schema.BUCKET_VALUES`."""
        return schema.uncoded(self.coded_values)

    @classmethod
    def concat(cls, parts: Iterable["Results"]) -> "Results":
        """Join the results of consecutive calls; the counts are those of the last."""
        consecutive = list(parts)
        if len(consecutive) <= 1:
            return consecutive[0] if consecutive else cls()
        tables: dict[str, Any] = {name: partial(_joined, consecutive, name) for name in _TABLES}
        return cls(**tables, counts=consecutive[-1].counts)

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
        names = ("buckets", "records", "influencers", "bucket_influencers")
        tables: dict[str, Any] = {name: partial(_interim, self, name) for name in names}
        return Results(**tables)


_TABLES: Final = tuple(item.name for item in fields(Results) if item.name != "counts")


def _joined(parts: list[Results], name: str) -> pl.DataFrame:
    tables: list[pl.DataFrame] = [getattr(part, name) for part in parts]
    return pl.concat([table for table in tables if len(table)] or tables[:1], rechunk=True)


def _interim(results: Results, name: str) -> pl.DataFrame:
    table: pl.DataFrame = getattr(results, name)
    return table.with_columns(is_interim=True)
