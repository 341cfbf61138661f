"""What suits the data of a detector: its interval, how much of the past to learn from, how long to wait for documents."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.checks import check_source
from barograph.api.opensearch.density import LEAST, MINUTE_MS, latest_ms, of_largest, suited_minutes
from barograph.api.opensearch.document import Document, interval_ms, parsed
from barograph.api.opensearch.endpoint import body_of, of_detectors
from barograph.api.opensearch.errors import Invalid, not_requested, refused
from barograph.api.opensearch.periods import made
from barograph.api.opensearch.windows import Window
from barograph.index.documents import Documents

_KIND: Final = "validation_exception"
_ALL_MS: Final = 1 << 52
_LONGEST: Final = 10_000


def suggest(call: Call) -> Mapping[str, Any]:
    """What is asked for of these, by name."""
    asked = [part.strip() for part in call.path["type"].split(",")]
    if not set(asked) & _MAKE.keys():
        raise not_requested("The given suggest type doesn't exist", _KIND)
    documents = call.server.documents
    try:
        detector = parsed(body_of(call), documents.now_ms())
    except Invalid as error:
        raise not_requested(str(error), _KIND) from None
    check_source(documents, detector)
    answer: dict[str, Any] = {}
    for name, make in _MAKE.items():
        if name in asked:
            answer |= make(documents, detector)
    return answer


def _interval(documents: Documents, detector: Document) -> Mapping[str, Any]:
    latest = latest_ms(documents, detector)
    window = None if latest is None else of_largest(Window(documents, detector), latest)
    minutes = None if window is None or latest is None else suited_minutes(window, latest)
    if minutes is None:
        raise refused("Empty data. Cannot find a good interval.", 500)
    return {"interval": made(minutes)}


def _history(documents: Documents, detector: Document) -> Mapping[str, Any]:
    bounds = Window(documents, detector).bounds((0, _ALL_MS))
    there = 0 if bounds is None else (bounds[1] - bounds[0]) // interval_ms(detector)
    return {"history": int(min(max(there, LEAST + detector["shingle_size"]), _LONGEST))}


def _window_delay(documents: Documents, detector: Document) -> Mapping[str, Any]:
    latest = latest_ms(documents, detector)
    if latest is None:
        raise refused("Empty data. Cannot find a good window delay.", 500)
    step = interval_ms(detector)
    late = max(0, documents.now_ms() - latest)
    return {"windowDelay": made(math.ceil((math.ceil(late / step) + 1) * step / MINUTE_MS))}


_MAKE: Final[Mapping[str, Callable[[Documents, Document], Mapping[str, Any]]]] = {
    "detection_interval": _interval,
    "history": _history,
    "window_delay": _window_delay,
}

ENDPOINTS = (*of_detectors("POST", "/_suggest/{type}", suggest, is_old=False),)
