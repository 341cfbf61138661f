"""Errors under the names that clients of OpenSearch's anomaly detection know."""

from barograph.api.elastic.errors import ElasticError


class Invalid(ElasticError):
    """A detector that cannot be.

    Attributes:
        field: the field of the document that is wrong.
        sub_issues: what is wrong with each of several features, by their names.
    """

    def __init__(
        self,
        field: str,
        reason: str,
        kind: str = "validation_exception",
        sub_issues: dict[str, str] | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(status, kind, reason)
        self.field = field
        self.sub_issues = sub_issues


def refused(reason: str, status: int = 400) -> ElasticError:
    """What cannot be done, or cannot be done now."""
    return ElasticError(status, "status_exception", reason)


def unfit(field: str, reason: str, sub_issues: dict[str, str] | None = None) -> Invalid:
    """A detector that does not fit the data or the other detectors."""
    return Invalid(field, reason, "status_exception", sub_issues)


def malformed(field: str, reason: str) -> Invalid:
    """A part of a detector that cannot be read at all."""
    return Invalid(field, reason, "illegal_argument_exception")


def impossible(reason: str) -> ElasticError:
    """What the server is not set up for."""
    return ElasticError(500, "illegal_state_exception", reason)


def not_requested(reason: str, kind: str = "action_request_validation_exception") -> ElasticError:
    """A request that lacks something, or contradicts itself."""
    return ElasticError(400, kind, f"Validation Failed: 1: {reason};")


def no_config(detector_id: str) -> ElasticError:
    """There is no such detector."""
    return refused(f"Can't find config with id: {detector_id}", 404)


def no_index(name: str) -> ElasticError:
    """There is no such index."""
    more = {"index": name, "resource.id": name, "resource.type": "index_or_alias", "index_uuid": "_na_"}
    return ElasticError(404, "index_not_found_exception", f"no such index [{name}]", **more)
