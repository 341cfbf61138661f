"""Result tables."""

import polars as pl

from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.results.results import Results


def test_joined_results_keep_order_types_and_the_last_counts() -> None:
    one = schema.empty(schema.BUCKET_VALUES).vstack(
        pl.DataFrame(
            {"timestamp": [1], "detector_index": [0], "actual": [2.5], "weight": [1.0]},
        )
        .with_columns(
            *(
                pl.lit(None).alias(c.name)
                for c in schema.BUCKET_VALUES
                if c.name not in ("timestamp", "detector_index", "actual", "weight")
            )
        )
        .select([pl.col(c.name).cast(c.dtype) for c in schema.BUCKET_VALUES])
    )
    coded = schema.coded(one)
    joined = Results.concat([Results(coded_values=coded), Results(coded_values=coded, counts=DataCounts(bucket_count=2))])
    assert joined.bucket_values["actual"].to_list() == [2.5, 2.5]
    assert joined.bucket_values.schema == schema.polars_schema(schema.BUCKET_VALUES)
    assert joined.counts.bucket_count == 2


def test_nothing_joined_is_empty_tables() -> None:
    assert Results.concat([]).records.schema == schema.polars_schema(schema.RECORDS)


def test_column_names_are_unique_and_explained() -> None:
    for table in (
        schema.RECORDS,
        schema.BUCKETS,
        schema.INFLUENCERS,
        schema.BUCKET_INFLUENCERS,
        schema.ANNOTATIONS,
        schema.BUCKET_VALUES,
    ):
        names = [column.name for column in table]
        assert len(set(names)) == len(names)
        assert all(len(column.meaning) > 5 for column in table)
