"""How dense the documents of a detector are: which interval suits them, and how late they come."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any, Final

from barograph.api.opensearch.document import categories, expression, interval_ms
from barograph.api.opensearch.windows import Window
from barograph.index.documents import Documents

MINUTE_MS: Final = 60_000
LEAST: Final = 32
"""Intervals with documents that a forest needs before it tells anything."""
_LADDER: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)
_DENSE: Final = 0.75
"""Share of the last intervals that must have documents. Chosen: with fewer, most of a shingle is made up."""
_LOOKED_AT: Final = 2_000
"""Intervals of a look: enough for a gap that is usual, few enough for one query."""


def latest_ms(documents: Documents, detector: Mapping[str, Any]) -> int | None:
    """The time of the last document, whether the filter takes it or not; None without documents."""
    aggs = {"last": {"max": {"field": detector["time_field"]}}}
    found = (documents.search(expression(detector), {"size": 0, "aggs": aggs}).aggregations or {})["last"]["value"]
    return None if found is None else int(found)


def unfiltered(window: Window) -> Window:
    """The same documents, and those that the filter leaves out."""
    return replace(window, detector={**window.detector, "filter_query": {"match_all": {}}})


def of_largest(window: Window, latest: int) -> Window | None:
    """The documents of the entity that has most, of those before `latest`; all without categories; None without entities."""
    names = categories(window.detector)
    if not names:
        return window
    entities = window.entities((latest - _LOOKED_AT * window.step_ms, latest + 1), 1)
    if not entities:
        return None
    own = [{"term": {name: value}} for name, value in zip(names, entities[0][0], strict=True)]
    query = {"bool": {"filter": [window.detector["filter_query"], *own]}}
    return replace(window, detector={**window.detector, "filter_query": query})


def is_dense(window: Window, latest: int, minutes: int) -> bool:
    """Whether most of the last intervals of this length have documents."""
    wanted = LEAST + int(window.detector["shingle_size"])
    step = minutes * MINUTE_MS
    filled = _filled(window, (latest + 1 - wanted * step, latest + 1), step)
    return len(filled) >= max(LEAST, _DENSE * wanted)


def suited_minutes(window: Window, latest: int) -> int | None:
    """The shortest interval, in minutes, that most of the last intervals have documents in; None where there is none."""
    own = max(1, math.ceil(interval_ms(window.detector) / MINUTE_MS))
    return next((minutes for minutes in _candidates(window, latest, own) if is_dense(window, latest, minutes)), None)


def _candidates(window: Window, latest: int, own: int) -> Iterator[int]:
    """Lengths to try, in minutes: the usual gap between documents, then rounder and longer ones."""
    gap = usual_gap(window, latest)
    if gap is None:
        return
    yield gap
    yield from (step for step in sorted({*_LADDER, own}) if step > gap)


def usual_gap(window: Window, latest: int) -> int | None:
    """The median time between two minutes with documents, in minutes; None where there are fewer than two."""
    for step in (1, 60):
        span = (latest + 1 - _LOOKED_AT * step * MINUTE_MS, latest + 1)
        filled = _filled(window, span, step * MINUTE_MS)
        if len(filled) > LEAST or (step > 1 and len(filled) > 1):
            gaps = [after - before for before, after in pairwise(filled)]
            return max(1, math.ceil(median(gaps) / MINUTE_MS))
    return None


def _filled(window: Window, span: tuple[int, int], step_ms: int) -> list[int]:
    """The beginnings of the intervals with documents."""
    clock = {"field": window.detector["time_field"], "fixed_interval": f"{step_ms}ms", "min_doc_count": 1}
    offset = span[0] % step_ms
    found = window.ask(span, {"filled": {"date_histogram": {**clock, "offset": offset}}})["filled"]["buckets"]
    return [int(bucket["key"]) for bucket in found]
