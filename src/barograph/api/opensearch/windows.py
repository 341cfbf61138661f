"""Numbers of a detector: the features of each interval, and of each entity in it, computed by the index."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from barograph.api.opensearch.document import categories, expression, interval_ms
from barograph.api.opensearch.features import Feature, aggregations, enabled, value_of
from barograph.index.documents import Documents

_PAGE: Final = 50_000
"""Cells (an interval of an entity) of a page; as many are read at a time, at least one interval."""
_TIME: Final = "interval"
_CELLS: Final = "cells"

Span = tuple[int, int]
"""First ms, and the first one behind it."""


@dataclass(frozen=True)
class Window:
    """What is read of the index for a detector.

    Attributes:
        documents: the index.
        detector: its document.
        phase_ms: where intervals begin: at multiples of their length, and so much later.
    """

    documents: Documents
    detector: Mapping[str, Any]
    phase_ms: int = 0

    @property
    def step_ms(self) -> int:
        """The length of an interval."""
        return interval_ms(self.detector)

    @property
    def features(self) -> list[Feature]:
        """Those that are looked at."""
        return enabled(self.detector)

    def floor(self, at_ms: int) -> int:
        """The beginning of the interval that a time lies in."""
        return at_ms - (at_ms - self.phase_ms) % self.step_ms

    def query(self, span: Span) -> dict[str, Any]:
        """The query for the documents of a span."""
        bounds = {"gte": span[0], "lt": span[1], "format": "epoch_millis"}
        return {"bool": {"filter": [self.detector["filter_query"], {"range": {self.detector["time_field"]: bounds}}]}}

    def ask(self, span: Span, aggs: Mapping[str, Any]) -> dict[str, Any]:
        """What aggregations answer over a span.

        Raises:
            BadQuery: they cannot be computed.
            NoSuchIndex: an index is gone.
        """
        body = {"size": 0, "query": self.query(span), "aggs": aggs}
        answered: dict[str, Any] = self.documents.search(expression(self.detector), body).aggregations or {}
        return answered

    def bounds(self, span: Span) -> Span | None:
        """The times of the first and the last document of a span; None where there is none."""
        field = {"field": self.detector["time_field"]}
        found = self.ask(span, {"first": {"min": field}, "last": {"max": field}})
        if found["first"]["value"] is None:
            return None
        return int(found["first"]["value"]), int(found["last"]["value"])

    def entities(self, span: Span, most: int | None = None) -> list[tuple[tuple[str, ...], int]]:
        """The entities of a span, by the values of the category fields, and how many documents each has; the largest first."""
        names = categories(self.detector)
        if not names:
            return []
        sources = [{name: {"terms": {"field": name}}} for name in names]
        found: list[tuple[tuple[str, ...], int]] = []
        for bucket in self._pages(span, {"sources": sources}, {}):
            found.append((tuple(str(bucket["key"][name]) for name in names), bucket["doc_count"]))
        return sorted(found, key=lambda one: (-one[1], one[0]))[:most]

    def pieces(self, span: Span, entities: int) -> Iterator[Span]:
        """A span in parts that are read at a time, whole intervals each."""
        step = self.step_ms * max(1, _PAGE // max(1, entities))
        for start in range(self.floor(span[0]), span[1], step):
            yield start, min(start + step, span[1])

    def rows(self, span: Span) -> pl.DataFrame:
        """A row for each interval, and entity in it, that has documents: the time, the categories, a column a feature.

        Raises:
            NoNumber: a feature is no number.
            BadQuery: it cannot be computed.
        """
        names, features = categories(self.detector), self.features
        step = f"{self.step_ms}ms"
        clock = {"field": self.detector["time_field"], "fixed_interval": step, "offset": self.phase_ms}
        sources = [{_TIME: {"date_histogram": clock}}, *({name: {"terms": {"field": name}}} for name in names)]
        cells = list(self._pages(span, {"sources": sources}, aggregations(features)))
        columns: dict[str, Any] = {self.detector["time_field"]: [cell["key"][_TIME] - self.phase_ms for cell in cells]}
        for name in names:
            columns[name] = [str(cell["key"][name]) for cell in cells]
        frame = pl.DataFrame(columns, schema={name: pl.Int64 if at == 0 else pl.String for at, name in enumerate(columns)})
        values = [pl.Series(one["feature_id"], [value_of(one, cell) for cell in cells], dtype=pl.Float64) for one in features]
        times = pl.col(self.detector["time_field"]).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
        return frame.with_columns(*values).with_columns(times)

    def points(self, span: Span) -> pl.DataFrame:
        """As `rows`, those that a forest learns from: without an option that fills them, no row lacks a feature."""
        rows = self.rows(span)
        is_filled = self.detector.get("imputation_option") is not None
        return rows if is_filled else rows.drop_nulls([one["feature_id"] for one in self.features])

    def _pages(self, span: Span, composite: dict[str, Any], inside: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        after: dict[str, Any] | None = None
        while True:
            asked = {**composite, "size": _PAGE, **({} if after is None else {"after": after})}
            found = self.ask(span, {_CELLS: {"composite": asked, **({"aggs": inside} if inside else {})}})[_CELLS]
            yield from found["buckets"]
            after = found.get("after_key")
            if after is None or len(found["buckets"]) < _PAGE:
                return
