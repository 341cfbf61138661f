"""A detector tried on a span of the past, with nothing kept."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
import structlog

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.document import Document, categories, interval_ms, parsed
from barograph.api.opensearch.endpoint import of_detectors
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.features import NoNumber, enabled
from barograph.api.opensearch.feeding import job_of
from barograph.api.opensearch.fields import whole
from barograph.api.opensearch.periods import made
from barograph.api.opensearch.result_documents import Origin, Result, documents
from barograph.api.opensearch.shelves import DETECTORS, found
from barograph.api.opensearch.windows import Span, Window
from barograph.config.errors import BarographError
from barograph.engine import Engine
from barograph.results.results import Results

_ENTITIES: Final = 5
_MOST_ROWS: Final = 1000
"""Results that are answered: more is no chart. Anomalies are among them first."""
_MOST_INTERVALS: Final = 200_000
"""From the first document to the last: each is judged while somebody waits. Chosen: almost four years of ten minutes."""


def preview(call: Call) -> Answer:
    """What a detector would have found in a span: each interval, without anything being kept."""
    span = span_of(call)
    if isinstance(span, Answer):
        return span
    body: Mapping[str, Any] = call.body
    detector_id = call.path.get("detector_id") or body.get("detector_id")
    inline = body.get("detector")
    if detector_id is None and inline is None:
        return Answer("Must set detector id or detector", 400)
    if inline is not None:
        detector_id, detector = None, parsed(inline, call.server.documents.now_ms(), with_defaults=False)
    else:
        detector = _stored(call, str(detector_id))
    if not enabled(detector):
        raise refused("Can't preview detector without feature")
    window = Window(call.server.documents, detector, span[0] % interval_ms(detector))
    _refuse_long(window, span)
    results = _results(window, detector_id, span)
    return Answer({"anomaly_result": results, "anomaly_detector": detector})


def _refuse_long(window: Window, span: Span) -> None:
    """Refuse a span between whose first and last document are too many intervals.

    Raises:
        ElasticError: there are.
    """
    try:
        bounds = window.bounds(span)
    except BarographError:  # `_results` tells it
        return
    intervals = 0 if bounds is None else (bounds[1] - bounds[0]) // window.step_ms
    if intervals > _MOST_INTERVALS:
        raise refused(
            f"period_start, period_end: wanted at most {_MOST_INTERVALS:,} intervals with data; these are {intervals:,}"
        )


def span_of(call: Call) -> Span | Answer:
    """The period of a call, or the answer to one that has none."""
    body: Mapping[str, Any] = call.body or {}
    start, end = body.get("period_start"), body.get("period_end")
    if start is None or end is None:
        return Answer("Must set both period start and end date with epoch of milliseconds", 400)
    first, last = whole("period_start", start), whole("period_end", end)
    return (first, last) if first < last else Answer("Period start date should be before end date", 400)


def _stored(call: Call, detector_id: str) -> Document:
    detector = found(call.server.documents, DETECTORS, detector_id)
    if detector is None:
        raise refused(f"Can't find anomaly detector with id:{detector_id}", 404)
    return detector


def _results(window: Window, detector_id: str | None, span: Span) -> list[Result]:
    """The results, by time; none where the data are such that there can be none."""
    last = span[0] + (span[1] - span[0]) // window.step_ms * window.step_ms
    try:
        rows = _of_largest(window, window.points((span[0], last)), span)
        if rows.is_empty():
            return []
        at_once = {**window.detector, "window_delay": made(0)}  # nothing more will come
        engine = Engine.build(job_of("preview", at_once))
        found_all = Results.concat([engine.add(rows), engine.flush(last - window.phase_ms)]).forest_results
    except (BarographError, NoNumber) as error:
        structlog.get_logger().warning("detector.preview_failed", detector_id=detector_id, error=str(error))
        return []
    origin = Origin(detector_id, window.detector, phase_ms=window.phase_ms)
    shown = [_shown(document) for _, document in documents(_thinned(found_all), origin)]
    return sorted(shown, key=lambda one: one["data_start_time"])


def _shown(document: Result) -> Result:
    return {name: value for name, value in document.items() if name != "model_id"} | {"schema_version": 0}


def _of_largest(window: Window, rows: pl.DataFrame, span: Span) -> pl.DataFrame:
    """The rows of the entities that have most documents."""
    names = categories(window.detector)
    if not names:
        return rows
    largest = [values for values, _ in window.entities(span, _ENTITIES)]
    wanted = pl.DataFrame(largest, schema=dict.fromkeys(names, pl.String), orient="row")
    return rows.join(wanted, on=names, how="semi", maintain_order="left")


def _thinned(results: pl.DataFrame) -> pl.DataFrame:
    """The anomalies, and of the others as many as there is room for, evenly spread over time and entities."""
    if results.height <= _MOST_ROWS:
        return results
    odd = results.filter(pl.col("anomaly_grade") > 0).top_k(_MOST_ROWS, by="anomaly_grade")
    usual = results.filter(pl.col("anomaly_grade") <= 0)
    room = _MOST_ROWS - odd.height - _ENTITIES  # of each entity, its first is among them
    place = pl.int_range(pl.len()).over("partition_field_value", "by_field_value")
    return pl.concat([odd, usual.filter(place % -(-usual.height // room) == 0)]) if room > 0 else odd


ENDPOINTS = (
    *of_detectors("POST", "/{detector_id}/_preview", preview),
    *of_detectors("POST", "/_preview", preview, is_old=False),
)
