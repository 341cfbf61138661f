"""Comparisons of result tables."""

import polars as pl
from polars.testing import assert_frame_equal

from barograph.store.query import Query

ALL = Query(sort="timestamp", descending=False)


def assert_same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(left, right, check_exact=True)
