"""Whether a detector fits the data and the other detectors: the checks of a change, in their order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph.api.elastic.cluster_state import setting
from barograph.api.opensearch.document import Document, expression
from barograph.api.opensearch.errors import Invalid, no_index, unfit
from barograph.api.opensearch.features import FIELD, MOST, Feature, NoNumber, aggregations, value_of
from barograph.api.opensearch.shelves import DETECTORS, every, holds_results
from barograph.api.server import Server
from barograph.index.documents import Documents
from barograph.index.errors import BadQuery, NoSuchIndex

_NAME: Final = re.compile(r"[a-zA-Z0-9._-]+")


@dataclass(frozen=True)
class Limits:
    """How many detectors there may be, as the settings of the cluster have it.

    Attributes:
        single: all of them, where one more without category fields is to be made.
        split: those with category fields.
    """

    single: int = 1000
    split: int = 10

    @classmethod
    def of(cls, server: Server) -> "Limits":
        """Those of a server."""
        names = ("max_anomaly_detectors", "max_multi_entity_anomaly_detectors")
        given = [setting(server, f"plugins.anomaly_detection.{name}") for name in names]
        single, split = (default if value is None else int(value) for value, default in zip(given, (1000, 10), strict=True))
        return cls(single, split)


def check_source(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether the indices are there; a wildcard may mean none.

    Raises:
        Invalid: one is not.
    """
    try:
        documents.catalog.targets(expression(detector))
    except NoSuchIndex as error:
        raise no_index(error.name) from None


def check_results(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether an own index of results, if it is there already, can take them.

    Raises:
        Invalid: it cannot.
    """
    name = detector.get("result_index")
    if name is None or (name not in documents.catalog.aliases and name not in documents.catalog.indices):
        return
    if not holds_results(documents, name):
        raise unfit("result_index", f"Result index mapping is not correct for index: {name}")


def check_name(detector: Mapping[str, Any]) -> None:
    """Whether a detector may be called so.

    Raises:
        Invalid: it may not.
    """
    if not _NAME.fullmatch(detector["name"]):
        allowed = "a-z, A-Z, 0-9, -(hyphen), _(underscore) and .(period)"
        raise unfit("name", f"Valid characters for name are {allowed}")
    if len(detector["name"]) > 64:
        raise unfit("name", "Name should be shortened. The maximum limit is 64 characters.")


def check_time_field(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether the time field is a date in every index.

    Raises:
        Invalid: it is not.
    """
    field = detector["time_field"]
    targets = documents.catalog.targets(expression(detector))
    head = f"Validation failed for timefield of {detector['name']},  Exceptions: "
    if not targets:
        raise unfit("time_field", f"{head}[Timestamp field: ({field}) is not found in index mapping]")
    for target in targets:
        item = target.index.mapping.fields.get(field)
        if item is None:
            where = f"is not found in the ({target.index.shown}) index mapping"
            raise unfit("time_field", f"{head}[Timestamp field: ({field}) {where}]")
        if item.type not in ("date", "date_nanos"):
            raise unfit("time_field", f"{head}[Timestamp field: ({field}) must be of type date]")


def check_count(documents: Documents, detector: Mapping[str, Any], limits: Limits) -> None:
    """Whether there may be one more detector.

    Raises:
        Invalid: there are too many.
    """
    if detector.get("category_field"):
        if len(every(documents, DETECTORS, {"term": {"detector_type": "MULTI_ENTITY"}})) >= limits.split:
            raise unfit("general_settings", f"Can't create more than {limits.split} HC anomaly detectors.")
    elif len(every(documents, DETECTORS)) >= limits.single:
        raise unfit("general_settings", f"Can't create more than {limits.single} single-stream anomaly detectors.")


def check_categories(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether the category fields are there, and can be told apart.

    Raises:
        Invalid: not so.
    """
    targets = documents.catalog.targets(expression(detector))
    for field in detector.get("category_field") or ():
        found = [item for target in targets if (item := target.index.mapping.fields.get(field)) is not None]
        if not found:
            listed = ", ".join(detector["indices"])
            raise unfit("category_field", f"Can't find the categorical field {field} in index [{listed}]")
        if any(item.type not in ("keyword", "ip") for item in found):
            raise unfit("category_field", f"Categorical field {field} must be of type keyword or ip.")


def check_has_documents(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether there is anything to look at.

    Raises:
        Invalid: there is not.
    """
    if documents.count(expression(detector), {}) == 0:
        listed = ", ".join(detector["indices"])
        raise unfit("indices", f"Can't create anomaly detector as no document is found in the indices: [{listed}]")


def check_features(documents: Documents, detector: Mapping[str, Any]) -> None:
    """Whether each feature is a number of the documents that there are.

    Raises:
        Invalid: one is not, or there are too many.
    """
    features: Sequence[Feature] = detector[FIELD]
    if not features:
        return
    if len(features) > MOST:
        raise unfit(FIELD, f"Can't create more than {MOST} feature(s)")
    _check_names(features)
    faults = {feature["feature_name"]: fault for feature in features if (fault := _fault(documents, detector, feature))}
    if faults:
        issues = ", ".join(f"{fault}: {name}" for name, fault in faults.items())
        raise _BadFeatures(detector["name"], issues, faults)


class _BadFeatures(Invalid):
    """Features that give no number; told by `_validate` without the name of the detector.

    Attributes:
        inner: what is wrong, feature by feature.
    """

    def __init__(self, name: str, inner: str, sub_issues: dict[str, str]) -> None:
        told = f"Validation failed for feature(s) of detector {name} Exceptions: [{inner}]"
        super().__init__(FIELD, told, "status_exception", sub_issues)
        self.inner = inner


def message_of(error: Invalid) -> str:
    """What is wrong, as `_validate` tells it."""
    return error.inner if isinstance(error, _BadFeatures) else str(error)


def _check_names(features: Sequence[Feature]) -> None:
    names = [feature["feature_name"] for feature in features]
    queries = [next(iter(feature["aggregation_query"])) for feature in features]
    several = [", ".join(sorted({one for one in listed if listed.count(one) > 1})) for listed in (names, queries)]
    told = [
        f"{head}: {listed}"
        for head, listed in zip(
            ("There are duplicate feature names", "Config has duplicate feature aggregation query names"), several, strict=True
        )
        if listed
    ]
    if told:
        raise unfit(FIELD, ". ".join(told))


def _fault(documents: Documents, detector: Mapping[str, Any], feature: Feature) -> str | None:
    try:
        answered = documents.search(expression(detector), {"size": 0, "aggs": aggregations([feature])}).aggregations
        value = value_of(feature, answered or {})
    except (BadQuery, NoNumber):
        return "Feature has an invalid query causing a runtime exception"
    return None if value is not None else "Feature has an invalid query returning empty aggregated data"


def check_unique(documents: Documents, detector: Mapping[str, Any], own_id: str | None) -> None:
    """Whether no other detector has this name.

    Raises:
        Invalid: one has (409).
    """
    named = every(documents, DETECTORS, {"term": {"name.keyword": detector["name"]}})
    if named.keys() - {own_id}:
        told = f"Cannot create anomaly detector with name [{detector['name']}] as it's already used by another detector"
        raise Invalid("name", told, "status_exception", status=409)


def check_unchanged(old: Document, new: Document) -> None:
    """Whether an update leaves alone what results depend on for good.

    Raises:
        Invalid: it does not.
    """
    if sorted(old.get("category_field") or ()) != sorted(new.get("category_field") or ()):
        raise unfit("category_field", "Can't change category field")
    if old.get("result_index") != new.get("result_index"):
        raise unfit("result_index", "Can't change custom result index")


def of_create(documents: Documents, detector: Document, limits: Limits) -> None:
    """All that is asked of a new detector but whether its indices are there.

    Raises:
        Invalid: the first thing that does not fit.
    """
    check_results(documents, detector)
    check_name(detector)
    check_time_field(documents, detector)
    check_count(documents, detector, limits)
    check_categories(documents, detector)
    check_data(documents, detector, None)


def check_data(documents: Documents, detector: Document, own_id: str | None) -> None:
    """The last things that are asked: whether there are documents, whether features are numbers of them, the name.

    Raises:
        Invalid: the first thing that does not fit.
    """
    check_has_documents(documents, detector)
    check_features(documents, detector)
    check_unique(documents, detector, own_id)
