"""Whether there are data enough for a model of a detector; what to change if not."""

import math
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.opensearch.density import (
    MINUTE_MS,
    latest_ms,
    of_largest,
    suited_minutes,
    unfiltered,
)
from barograph.api.opensearch.document import Document, delay_ms, interval_ms
from barograph.api.opensearch.features import FIELD
from barograph.api.opensearch.periods import made
from barograph.api.opensearch.windows import Window
from barograph.index.documents import Documents

_MORE: Final = "Consider changing interval length or ingesting more data"
_REVISE: Final = "Consider revising category field/s or ingesting more data"


def model_issue(documents: Documents, detector: Document) -> Mapping[str, Any] | None:
    """One thing that keeps a model from being trained, under the field that it is about; None where there is none."""
    latest = latest_ms(documents, detector)
    if latest is None:
        return _issue("time_field", "There isn't enough historical data found with current timefield selected.")
    window = Window(documents, detector)
    largest = of_largest(window, latest)
    if largest is None:
        return _issue("category_field", f"No entity was found with the given categorical fields. {_REVISE}")
    minutes = suited_minutes(largest, latest)
    if minutes is None:
        return _too_sparse(window, latest)
    if interval_ms(detector) < minutes * MINUTE_MS:
        told = f"The selected interval might collect sparse data. Consider changing interval length to: {minutes} minutes"
        return _issue("detection_interval", told, made(minutes))
    late = documents.now_ms() - latest
    if late > delay_ms(detector) + interval_ms(detector):
        late_minutes = math.ceil(late / MINUTE_MS)
        told = f"Latest seen data point is at least {late_minutes} minutes ago."
        advice = f"Consider changing window delay to at least {late_minutes} minutes."
        return _issue("window_delay", f"{told} {advice}", made(late_minutes))
    return _sparse_feature(largest, latest)


def _issue(field: str, message: str, suggested: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    return {field: {"message": message} | ({} if suggested is None else {"suggested_value": suggested})}


def _too_sparse(window: Window, latest: int) -> Mapping[str, Any]:
    """What makes the documents too few: there are no more, or the filter, or the categories."""
    if suited_minutes(unfiltered(window), latest) is None:
        return _issue("indices", f"Source index data is potentially too sparse for model training. {_MORE}")
    if suited_minutes(window, latest) is None:
        return _issue("filter_query", "Data is too sparse after data filter is applied. Consider changing the data filter.")
    return _issue("category_field", f"Data is most likely too sparse with the given category fields. {_REVISE}.")


def _sparse_feature(window: Window, latest: int) -> Mapping[str, Any] | None:
    """A feature that hardly any of the last intervals has a number of."""
    span = (window.floor(latest) - int(window.detector["history"]) * window.step_ms, latest + 1)
    rows = window.rows(span)
    for feature in window.detector[FIELD]:
        if feature["feature_enabled"] and rows[feature["feature_id"]].count() * 2 < rows.height:
            told = "Data is most likely too sparse when given feature queries are applied. Consider revising feature queries"
            return _issue(FIELD, f"{told}: {feature['feature_name']}")
    return None
