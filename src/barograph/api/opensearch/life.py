"""Detectors started and stopped, in real time or over a span of the past."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError, bad, envelope
from barograph.api.opensearch.detectors import read
from barograph.api.opensearch.document import Document
from barograph.api.opensearch.endpoint import of_detectors, switch
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.features import FIELD, enabled
from barograph.api.opensearch.fields import whole
from barograph.api.opensearch.preview import span_of
from barograph.api.opensearch.runs import runs_of
from barograph.api.opensearch.windows import Span


def start(call: Call) -> Answer:
    """Start a detector: with a span, over that part of the past; without a body, in real time."""
    span = None if call.body is None else _span(call.body)
    detector_id, runs = call.path["detector_id"], runs_of(call)
    with runs.changing if span is None else runs.starting():
        detector = _runnable(call, detector_id)
        if span is not None:
            return Answer({"_id": runs.history.start(detector_id, detector, span)})
        return _as_known(lambda: runs.realtime.start(detector_id, detector), detector_id)


def _span(body: Mapping[str, Any]) -> Span:
    ends = []
    for name, word in (("start_time", "start"), ("end_time", "end")):
        if body.get(name) is None:
            raise bad(f"Detection data range's {word} time must not be null")
        ends.append(whole(name, body[name]))
    if ends[0] > ends[1]:
        raise bad("Detection data range's end time must be after start time")
    return ends[0], ends[1]


def _runnable(call: Call, detector_id: str) -> Document:
    _, detector = read(call.server.documents, detector_id)
    if not detector[FIELD]:
        raise refused("Can't start job as no features configured")
    if not enabled(detector):
        raise refused("Can't start job as no enabled features configured")
    return detector


def _as_known(act: Any, detector_id: str) -> Answer:
    """Do something; that it was done before is told as an error under the status of a success, as clients know it."""
    try:
        act()
    except ElasticError as error:
        if error.status != 200:
            raise
        return Answer(envelope(error), 200)
    return Answer({"_id": detector_id})


def stop(call: Call) -> Answer:
    """Stop a detector, or its historical run."""
    detector_id = call.path["detector_id"]
    if switch(call, "historical"):
        return Answer({"_id": runs_of(call).history.stop(detector_id)})
    return _as_known(lambda: runs_of(call).realtime.stop(detector_id), detector_id)


def run_once(call: Call) -> Answer:
    """Look at one interval now, as a started detector does at its end."""
    span = span_of(call)
    if isinstance(span, Answer):
        return span
    detector_id = call.path["detector_id"]
    detector = _runnable(call, detector_id)
    runs_of(call).realtime.look_once(detector_id, detector, span)
    return Answer({"features": [], "rcfTotalUpdates": 0})


_ONE: Final = "/{detector_id}"
ENDPOINTS = (
    *of_detectors("POST", f"{_ONE}/_start", start, query="historical refresh if_seq_no if_primary_term", writes=True),
    *of_detectors("POST", f"{_ONE}/_stop", stop, query="historical refresh if_seq_no if_primary_term", writes=True),
    *of_detectors("POST", f"{_ONE}/_run", run_once, writes=True),
)
