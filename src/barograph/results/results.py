"""What the engine hands out: finished buckets, their records and influencers, and the bucket values behind them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import partial

import polars as pl

from barograph.results import schema
from barograph.results.counts import DataCounts


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

    buckets: pl.DataFrame = field(default_factory=partial(schema.empty, schema.BUCKETS))
    records: pl.DataFrame = field(default_factory=partial(schema.empty, schema.RECORDS))
    influencers: pl.DataFrame = field(default_factory=partial(schema.empty, schema.INFLUENCERS))
    bucket_influencers: pl.DataFrame = field(default_factory=partial(schema.empty, schema.BUCKET_INFLUENCERS))
    annotations: pl.DataFrame = field(default_factory=partial(schema.empty, schema.ANNOTATIONS))
    coded_values: pl.DataFrame = field(default_factory=lambda: schema.coded(schema.empty(schema.BUCKET_VALUES)))
    influencer_shares: pl.DataFrame = field(default_factory=partial(schema.empty, schema.INFLUENCER_SHARES))
    quantiles: pl.DataFrame = field(default_factory=partial(schema.empty, schema.QUANTILES))
    counts: DataCounts = field(default_factory=DataCounts)

    @property
    def bucket_values(self) -> pl.DataFrame:
        """One row a series and bucket with data, with the model's bounds where they are on; as `schema.BUCKET_VALUES`."""
        return schema.uncoded(self.coded_values)

    @classmethod
    def concat(cls, parts: Iterable["Results"]) -> "Results":
        """Join the results of consecutive calls; the counts are those of the last."""
        kept = list(parts)
        if not kept:
            return cls()
        tables = {
            item.name: pl.concat([getattr(part, item.name) for part in kept], rechunk=True)
            for item in fields(cls)
            if item.name != "counts"
        }
        return cls(**tables, counts=kept[-1].counts)

    def as_interim(self) -> "Results":
        """What of these is shown when the buckets are still open: what they may come to, nothing that is kept of them."""
        names = ("buckets", "records", "influencers", "bucket_influencers")
        return Results(**{name: getattr(self, name).with_columns(is_interim=True) for name in names})
