"""The document of a detector: read from what a client sends, with defaults and in the form in which it is told."""

import html
import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.opensearch.errors import Invalid, malformed
from barograph.api.opensearch.features import check_names, features
from barograph.api.opensearch.fields import flag, text, texts, whole
from barograph.api.opensearch.periods import Period, in_words, length_ms, made, period
from barograph.api.opensearch.rules import imputation, rules
from barograph.api.opensearch.shelves import CUSTOM_PREFIX
from barograph.index.check import check_query
from barograph.index.errors import BadQuery

Document = dict[str, Any]

_SHINGLE: Final = 8
_LONGEST_HISTORY: Final = 10_000
_LONGEST_SEASON: Final = 256
_COLD: Final = 32
"""Intervals that a forest needs before it tells anything."""
_INDEX_NAME: Final = re.compile(r"[a-z0-9_-]+")


def parsed(body: Mapping[str, Any], now_ms: int, *, with_defaults: bool = True) -> Document:
    """The document of a detector, as it is stored and told.

    Args:
        body: what the client has sent; what is not known of it is left out.
        now_ms: the time of the change.
        with_defaults: an interval that is not given is that of the server; else it is refused.

    Raises:
        Invalid: the first thing that is wrong with it.
    """
    seen = _values(body)
    _check_head(seen)
    _check_result_index(seen.get("result_index"))
    _check_more(seen)
    interval = period("detection_interval", body)
    if interval is None:
        if not with_defaults:
            raise Invalid("detection_interval", "Detection interval should be set")
        interval = made(10)
    delay, frequency = period("window_delay", body) or made(0, "SECONDS"), period("frequency", body)
    listed = features(body)
    check_names(listed)
    filled = imputation(body, listed)
    _check_frequency(frequency, interval)
    if length_ms(interval) <= 0:
        raise Invalid("detection_interval", "Detection interval must be a positive integer")
    categories = seen.get("category_field")
    if categories is not None and len(categories) > 2:
        wanted = "Currently we only support up to 2 categorical field/s in order to bound system resource consumption."
        raise Invalid("category_field", wanted)
    made_rules = rules(body, listed)
    return {
        "name": seen["name"],
        "description": _escaped(seen["description"]),
        "time_field": seen["time_field"],
        "indices": seen["indices"],
        "filter_query": _filter(body.get("filter_query")),
        "window_delay": delay,
        "shingle_size": seen["shingle_size"],
        "schema_version": seen["schema_version"],
        "feature_attributes": listed,
        "recency_emphasis": seen["recency_emphasis"],
        "history": seen["history"],
        **({"ui_metadata": body["ui_metadata"]} if body.get("ui_metadata") else {}),
        "last_update_time": now_ms,
        **({} if categories is None else {"category_field": categories}),
        **_of_results(seen, "result_index"),
        **({} if filled is None else {"imputation_option": filled}),
        **_of_results(seen, "suggested_seasonality"),
        **({} if seen.get("result_index") is None else _of_results(seen, *_RESULT_SETTINGS)),
        **_of_results(seen, "last_ui_breaking_change_time"),
        **({} if frequency is None else {"frequency": frequency}),
        **({"auto_created": True} if seen.get("auto_created") else {}),
        "detection_interval": interval,
        "detector_type": "MULTI_ENTITY" if categories else "SINGLE_ENTITY",
        **({} if body.get(_DATES) is None else {_DATES: _dates(body[_DATES])}),
        "rules": made_rules,
    }


_DATES: Final = "detection_date_range"


def _dates(given: Any) -> dict[str, int]:
    """The span that an old detector was made for; it is only told."""
    if not isinstance(given, Mapping):
        raise malformed(_DATES, f"[{_DATES}]={str(given)[:100]!r}: wanted an object with start_time and end_time")
    return {name: whole(_DATES, given.get(name)) for name in ("start_time", "end_time")}


def _escaped(text: str) -> str:
    """A text as it may stand in a page; one that came from here before stays as it is."""
    return html.escape(html.unescape(text)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


_RESULT_SETTINGS: Final = (
    *("result_index_min_size", "result_index_min_age", "result_index_ttl", "flatten_custom_result_index"),
)


def _of_results(seen: Mapping[str, Any], *names: str) -> Document:
    return {name: seen[name] for name in names if seen.get(name) is not None}


def _values(body: Mapping[str, Any]) -> Document:
    """The plain values of a document, with their defaults."""
    seen: Document = {name: text(name, body.get(name)) for name in ("name", "description", "time_field")}
    indices, categories = body.get("indices"), body.get("category_field")
    seen["indices"] = [] if indices is None else texts("indices", indices)
    seen["category_field"] = None if categories is None else texts("category_field", categories)
    seen["result_index"] = None if body.get("result_index") is None else text("result_index", body["result_index"])
    for name in ("suggested_seasonality", "last_ui_breaking_change_time"):
        seen[name] = None if body.get(name) is None else whole(name, body[name])
    for name in ("result_index_min_size", "result_index_min_age", "result_index_ttl"):
        given = body.get(name)
        seen[name] = given if isinstance(given, int) and not isinstance(given, bool) else None
    for name in ("flatten_custom_result_index", "auto_created"):
        seen[name] = None if body.get(name) is None else flag(name, body[name])
    season = seen["suggested_seasonality"]
    by_season = season // 2 if season is not None and 2 <= season <= _LONGEST_SEASON else _SHINGLE
    seen["shingle_size"] = _whole(body, "shingle_size", by_season)
    seen["recency_emphasis"] = _whole(body, "recency_emphasis", 2560)
    seen["history"] = _whole(body, "history", _COLD + seen["shingle_size"])
    seen["schema_version"] = _whole(body, "schema_version", 0)
    return seen


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    return default if body.get(name) is None else whole(name, body[name])


def _check_head(seen: Mapping[str, Any]) -> None:
    if not seen["name"].strip():
        raise Invalid("name", "name should be set")
    if not seen["time_field"].strip():
        raise Invalid("time_field", "Time field should be set")
    if not seen["indices"] or not all(one.strip() for one in seen["indices"]):
        raise Invalid("indices", "Indices should be set")
    size, season = seen["shingle_size"], seen["suggested_seasonality"]
    if not 1 <= size <= 128:
        raise Invalid("shingle_size", f"Suggested shingle size must be between 1 and 128. Got {size}.")
    if season is not None and not 2 <= season <= _LONGEST_SEASON:
        raise Invalid("suggested_seasonality", f"Suggested seasonality must be between 2 and {_LONGEST_SEASON}. Got {season}.")


def _check_result_index(name: str | None) -> None:
    if name is None:
        return
    if not name.startswith(CUSTOM_PREFIX):
        raise Invalid("result_index", f"Result index must start with {CUSTOM_PREFIX}")
    if len(name) > 255:
        raise Invalid("result_index", "Result index name size must contains less than 255 characters")
    if not _INDEX_NAME.fullmatch(name):
        allowed = "a-z, 0-9, -(hyphen) and _(underscore)"
        raise Invalid("result_index", f"Result index name has invalid character. Valid characters are {allowed}")


def _check_more(seen: Mapping[str, Any]) -> None:
    if seen["recency_emphasis"] <= 1:
        raise Invalid("recency_emphasis", "Recency emphasis must be an integer greater than 1.")
    if len(seen["description"]) > 1000:
        raise Invalid("description", "Description length is too long. Max length is 1000 characters.")
    if not 0 < seen["history"] <= _LONGEST_HISTORY:
        raise Invalid("history", f"We cannot look back more than {_LONGEST_HISTORY} intervals.")


def _check_frequency(frequency: Period | None, interval: Period) -> None:
    if frequency is None:
        return
    step, span = length_ms(frequency), length_ms(interval)
    if step <= 0:
        raise Invalid("frequency", "Frequency must be greater than 0.")
    if span and step % span:
        shown = f"Frequency ({in_words(frequency)}) must be a multiple of interval ({in_words(interval)})"
        raise Invalid("frequency", f"{shown}, including the interval itself.")
    if span and step // span > _LONGEST_HISTORY:
        allowed = f"exceeds the maximum allowed value ({_LONGEST_HISTORY})"
        raise Invalid("frequency", f"Frequency multiple ({step // span}) {allowed}. Choose a shorter frequency.")


def _filter(given: Any) -> Mapping[str, Any]:
    """The query of a detector; everything where none is given."""
    if not given or given == {"match_all": {}}:
        return {"match_all": {"boost": 1.0}}
    if not isinstance(given, Mapping):
        raise malformed("filter_query", f"[filter_query]={str(given)[:100]!r}: wanted an object")
    try:
        check_query(given)
    except BadQuery as error:
        raise Invalid("filter_query", f"Custom query error in data filter: {error}") from None
    return given


def interval_ms(document: Mapping[str, Any]) -> int:
    """The interval of a detector."""
    return length_ms(document["detection_interval"])


def delay_ms(document: Mapping[str, Any]) -> int:
    """How long a detector waits for the documents of an interval."""
    return length_ms(document["window_delay"])


def frequency_ms(document: Mapping[str, Any]) -> int:
    """How often a detector looks at what has come."""
    return length_ms(document.get("frequency") or document["detection_interval"])


def categories(document: Mapping[str, Any]) -> list[str]:
    """The fields whose values a detector takes apart; empty for a detector of everything together."""
    return sorted(document.get("category_field") or ())


def expression(document: Mapping[str, Any]) -> str:
    """The indices of a detector, as the index reads them."""
    return ",".join(document["indices"])
