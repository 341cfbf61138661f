"""The features of a detector: what of the documents of an interval, or of an entity in it, is one number."""

import math
import re
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any, Final

from barograph.api.opensearch.errors import Invalid, malformed
from barograph.api.opensearch.fields import flag, objects, text
from barograph.index.check import check_aggregations
from barograph.index.errors import BadQuery

FIELD: Final = "feature_attributes"
MOST: Final = 5
"""Features of a detector."""
_ALPHABET: Final = string.ascii_lowercase + string.digits
_ID: Final = re.compile(r"[^\[\]>]+")
_SINGLE_BUCKET: Final = ("filter", "nested", "reverse_nested", "missing", "sampler")

Feature = Mapping[str, Any]


def new_id() -> str:
    """A random id of 20 characters, which is also an id of a job."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def features(body: Mapping[str, Any]) -> list[Feature]:
    """The features of a document, with ids.

    Raises:
        Invalid: one of them cannot be.
    """
    return [_feature(given) for given in objects(FIELD, body.get(FIELD))]


def _feature(given: Mapping[str, Any]) -> Feature:
    name = text("feature_name", given.get("feature_name"))
    if not name.strip():
        raise malformed(FIELD, "Feature name should be set")
    aggregation = given.get("aggregation_query")
    if not isinstance(aggregation, Mapping) or not aggregation:
        raise malformed(FIELD, "Feature aggregation query should be set")
    feature_id = text("feature_id", given.get("feature_id") or new_id())
    if not _ID.fullmatch(feature_id):
        raise malformed(FIELD, f"Invalid aggregation name [{feature_id}]. Aggregation names cannot contain '[', ']', or '>'")
    try:
        check_aggregations(dict(aggregation))
    except BadQuery as error:
        raise Invalid(FIELD, f"Custom query error: {error}") from None
    if "global" in next(iter(aggregation.values())):
        raise Invalid(FIELD, "Custom query error: [global]: wanted an aggregation of the documents of an interval")
    return {
        "feature_id": feature_id,
        "feature_name": name,
        "feature_enabled": flag("feature_enabled", given.get("feature_enabled", True)),
        "aggregation_query": aggregation,
    }


def check_names(given: Sequence[Feature]) -> None:
    """Refuse features of one name.

    Raises:
        Invalid: there are such.
    """
    names = [feature["feature_name"] for feature in given]
    several = sorted({name for name in names if names.count(name) > 1})
    if several:
        raise Invalid(FIELD, f"[{', '.join(several)}] appears more than once. Feature name has to be unique")


def enabled(document: Mapping[str, Any]) -> list[Feature]:
    """The features that a detector looks at, in their order, which is that of its results."""
    return [feature for feature in document[FIELD] if feature["feature_enabled"]]


def aggregations(given: Sequence[Feature]) -> dict[str, Any]:
    """What is asked for to compute features: an aggregation a feature, under its id; of several in one the first counts."""
    return {feature["feature_id"]: next(iter(feature["aggregation_query"].values())) for feature in given}


class NoNumber(Exception):
    """An aggregation of which no number can be made."""


def value_of(feature: Feature, answered: Mapping[str, Any]) -> float | None:
    """The number that an aggregation has answered; None where there is none.

    Raises:
        NoNumber: it does not answer one number.
    """
    return _number(next(iter(feature["aggregation_query"].values())), answered[feature["feature_id"]])


def _number(definition: Mapping[str, Any], answered: Mapping[str, Any]) -> float | None:
    below = definition.get("aggs", definition.get("aggregations")) or {}
    if "value" in answered:
        value = answered["value"]
    elif isinstance(answered.get("values"), Mapping):
        value = next(iter(answered["values"].values()), None)
    elif len(below) == 1 and any(kind in definition for kind in _SINGLE_BUCKET):
        ((name, inner),) = below.items()
        return _number(inner, answered[name])
    else:
        raise NoNumber(f"Failed to parse aggregation {dict(definition)}")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
