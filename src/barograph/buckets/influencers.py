"""Influencer values as ids that live no longer than the open buckets that use them."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from barograph.buckets.accumulator import Accumulator
from barograph.buckets.growing_records import NONE
from barograph.buckets.texts import Texts
from barograph.config.fields import text_column
from barograph.results.arrays import Ids
from barograph.results.snapshot import Arrays, prefixed, under


class Influencers:
    """The influencer values that open shares refer to, by field. Their number is bounded by the rows of the open buckets."""

    def __init__(self, fields: tuple[str, ...], state: Arrays | None) -> None:
        self.texts = {
            field: Texts.build(None if state is None else under(f"influencers{at}", state)) for at, field in enumerate(fields)
        }

    def ids(self, columns: pl.DataFrame) -> dict[str, Ids]:
        """The text id [n] of each row's value, by field; -1 where it has none."""
        return {field: texts.intern(columns[text_column(field)]) for field, texts in self.texts.items()}

    def forget(self, accumulators: Iterable[Accumulator]) -> None:
        """Drop the values that no open share uses; the others get new ids."""
        shares = [accumulator.shares for accumulator in accumulators]
        for field, texts in self.texts.items():
            order = _in_order_of_use([by_field[field].texts for by_field in shares])
            ids = _ranks(order, len(texts))
            for by_field in shares:
                by_field[field].renumber(ids)
            self.texts[field] = texts.subset(order)

    def snapshot(self, accumulators: Iterable[Accumulator]) -> tuple[Arrays, dict[str, Ids]]:
        """The values in use, and for each field the number that each present id has among them.

        They are numbered by first use, which unlike the ids does not depend on when values were dropped.
        """
        arrays: Arrays = {}
        numbers = {}
        shares = [accumulator.shares for accumulator in accumulators]
        for at, (field, texts) in enumerate(self.texts.items()):
            order = _in_order_of_use([by_field[field].texts for by_field in shares])
            numbers[field] = _ranks(order, len(texts))
            arrays |= prefixed(f"influencers{at}", texts.subset(order).snapshot())
        return arrays, numbers


def _in_order_of_use(parts: list[Ids]) -> Ids:
    ids, first = np.unique(np.concatenate(parts), return_index=True)
    return np.asarray(ids[np.argsort(first)], np.int32)


def _ranks(order: Ids, size: int) -> Ids:
    ranks = np.full(size, NONE, np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks
