"""Datafeeds as clients send and get them."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.arguments import names
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.ids import check_id
from barograph.config.datafeed import Datafeed
from barograph.config.errors import ConfigError

FIELDS: Final = (
    *("datafeed_id", "job_id", "indices", "indexes", "query", "query_delay", "frequency", "scroll_size", "chunking_config"),
    *("delayed_data_check_config", "aggregations", "aggs", "script_fields", "runtime_mappings", "max_empty_searches"),
    *("indices_options", "headers"),
)
"""What the body of a datafeed may have."""
_GIVEN: Final = ("create_time", "authorization")
_WILDCARDS: Final = ("open", "closed", "hidden")
_QUERIES: Final = frozenset(
    {
        *("bool", "boosting", "combined_fields", "constant_score", "dis_max", "distance_feature", "exists", "function_score"),
        *("fuzzy", "geo_bounding_box", "geo_distance", "geo_grid", "geo_polygon", "geo_shape", "has_child", "has_parent"),
        *(
            "ids",
            "intervals",
            "knn",
            "match",
            "match_all",
            "match_bool_prefix",
            "match_none",
            "match_phrase",
            "match_phrase_prefix",
        ),
        *("more_like_this", "multi_match", "nested", "parent_id", "percolate", "pinned", "prefix", "query_string", "range"),
        *("rank_feature", "regexp", "rule", "script", "script_score", "semantic", "shape", "simple_query_string"),
        *("span_containing", "span_first", "span_multi", "span_near", "span_not", "span_or", "span_term", "span_within"),
        *("sparse_vector", "term", "terms", "terms_set", "text_expansion", "type", "weighted_tokens", "wildcard", "wrapper"),
    }
)
"""Names of queries that a cluster may answer: a datafeed may read from one, so it is not asked here whether the index can."""


def datafeed_of(body: Mapping[str, Any], datafeed_id: str, job_id: str | None = None) -> Datafeed:
    """The datafeed of a body.

    Raises:
        ElasticError: it cannot be one.
    """
    given = normal(body)
    given["datafeed_id"] = check_id("datafeed_id", datafeed_id)
    if job_id is not None:
        given.setdefault("job_id", job_id)
    if "job_id" in given:
        check_id("job_id", given["job_id"])
    return checked(given)


def normal(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with one name for each thing. What a server adds to a datafeed, and what is null, is left out."""
    given = {name: value for name, value in body.items() if name not in _GIVEN and value is not None}
    unknown = sorted(given.keys() - set(FIELDS))
    if unknown or "headers" in given:
        raise ElasticError(
            400, "x_content_parse_exception", f"[1:1] [datafeed_config] unknown field [{(unknown or ['headers'])[0]}]"
        )
    for old, new in (("indexes", "indices"), ("aggs", "aggregations")):
        if old in given:
            given[new] = given.pop(old)
    if isinstance(given.get("indices"), str):
        given["indices"] = given["indices"].split(",")
    if given.get("max_empty_searches") == -1:
        del given["max_empty_searches"]
    if "indices_options" in given:
        given["indices_options"] = indices_options(given["indices_options"])
    for name in ("query", "aggregations", "runtime_mappings", "script_fields"):
        if name in given and not isinstance(given[name], dict):
            raise ElasticError(400, "x_content_parse_exception", f"[datafeed_config] failed to parse field [{name}]")
    chunking = given.get("chunking_config")
    if isinstance(chunking, dict) and isinstance(chunking.get("mode"), str):
        given["chunking_config"] = {**chunking, "mode": chunking["mode"].lower()}
    for name, definition in given.get("runtime_mappings", {}).items():
        if not isinstance(definition, dict):
            reason = f"[datafeed_config] failed to parse field [runtime_mappings]: [{name}] wanted an object with [type]"
            raise ElasticError(400, "x_content_parse_exception", reason)
    if "query" in given:
        _check_query(given["query"])
    return given


def _check_query(query: Mapping[str, Any]) -> None:
    name = next(iter(query), None)
    if len(query) == 1 and name in _QUERIES:
        return
    why = f"unknown query [{name}]" if len(query) == 1 else f"[query]={list(query)}: wanted one query"
    cause = {"type": "named_object_not_found_exception" if len(query) == 1 else "parsing_exception", "reason": why}
    raise ElasticError(400, "x_content_parse_exception", "[datafeed_config] failed to parse field [query]", caused_by=cause)


def indices_options(given: Any) -> dict[str, Any]:
    """Options for names of indices, as they are told."""
    default = Datafeed.model_fields["indices_options"].default_factory
    options: dict[str, Any] = dict(default()) if default is not None else {}  # type: ignore[call-arg]
    if not isinstance(given, Mapping):
        raise ElasticError(400, "x_content_parse_exception", "[datafeed_config] failed to parse field [indices_options]")
    unknown = sorted(given.keys() - options.keys())
    if unknown:
        raise ElasticError(400, "x_content_parse_exception", f"[indices_options] unknown field [{unknown[0]}]")
    options |= given
    words = options["expand_wildcards"]
    words = names(words, "expand_wildcards")
    wrong = [word for word in words if word not in (*_WILDCARDS, "all", "none")]
    if wrong:
        raise bad(f"No valid expand wildcard value [{wrong[0][:100]}]")
    words = list(_WILDCARDS) if "all" in words else words
    options["expand_wildcards"] = [word for word in _WILDCARDS if word in words]
    return options


def checked(given: Mapping[str, Any]) -> Datafeed:
    """The datafeed of a normal body. Raises as `datafeed_of`."""
    try:
        datafeed = Datafeed.model_validate(given)
        _ = datafeed.interval_ms
    except ConfigError as error:
        raise _refused(error) from error
    return datafeed


def _refused(error: ConfigError) -> ElasticError:
    """What is wrong with a datafeed: something is missing in it, or cannot be read."""
    reason = "; ".join(map(str, error.problems))
    field = error.problems[0].path.removeprefix("datafeed_config.").split(".")[0].split("[")[0]
    if " is missing: " in reason:
        return ElasticError(400, "x_content_parse_exception", reason)
    cause = {"type": "illegal_argument_exception", "reason": reason}
    return ElasticError(400, "x_content_parse_exception", f"[datafeed_config] failed to parse field [{field}]", caused_by=cause)


def document(datafeed: Datafeed, *, without_generated: bool = False) -> dict[str, Any]:
    """A datafeed as clients get it, with the defaults that they expect to see."""
    told = datafeed.model_dump(mode="json", exclude_none=True)
    if not without_generated:
        told.setdefault("query_delay", f"{datafeed.delay_ms // 1000}s")
        told.setdefault("chunking_config", _chunking(datafeed))
        told["authorization"] = {"roles": ["superuser"]}
    return told


def _chunking(datafeed: Datafeed) -> dict[str, Any]:
    interval = datafeed.interval_ms
    return {"mode": "auto"} if interval is None else {"mode": "manual", "time_span": f"{interval}000ms"}
