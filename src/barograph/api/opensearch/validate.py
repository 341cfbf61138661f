"""What is wrong with a detector that a client would like to make: one issue, or none."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError
from barograph.api.opensearch.checks import Limits, check_source, message_of, of_create
from barograph.api.opensearch.document import Document, parsed
from barograph.api.opensearch.endpoint import body_of, of_detectors
from barograph.api.opensearch.errors import Invalid, impossible
from barograph.api.opensearch.model_issues import model_issue

_DETECTOR: Final = "detector"
_MODEL: Final = "model"
_TYPES: Final = (_DETECTOR, _MODEL, "forecaster")


def validate(call: Call) -> Mapping[str, Any]:
    """One thing that is wrong with a detector, or with the data for it; an empty object where nothing is."""
    asked = [part.strip() for part in call.path.get("type", _DETECTOR).split(",")]
    if not set(asked) & set(_TYPES):
        raise impossible("The given validation type doesn't exist")
    try:
        detector = _checked(call)
    except Invalid as error:
        issue: dict[str, Any] = {"message": message_of(error)}
        if error.sub_issues:
            issue["sub_issues"] = error.sub_issues
        return {_DETECTOR: {error.field: issue}}
    found = model_issue(call.server.documents, detector) if _MODEL in asked else None
    return {} if found is None else {_MODEL: found}


def _checked(call: Call) -> Document:
    documents = call.server.documents
    detector = parsed(body_of(call), documents.now_ms(), with_defaults=False)
    try:
        check_source(documents, detector)
    except ElasticError as error:
        if error.kind != "index_not_found_exception":
            raise
        raise Invalid("indices", "index does not exist") from None
    of_create(documents, detector, Limits.of(call.server))
    return detector


ENDPOINTS = (
    *of_detectors("POST", "/_validate", validate, is_old=False),
    *of_detectors("POST", "/_validate/{type}", validate, is_old=False),
)
