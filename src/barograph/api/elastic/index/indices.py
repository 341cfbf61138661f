"""Indices: made, described, changed, removed."""

import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import names
from barograph.api.elastic.deleted_results import note_deleted
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import bad
from barograph.api.elastic.index.names import OPTIONS, SHARDS, expression, in_words, options, reached
from barograph.index.catalog import Index
from barograph.index.conditions import wildcard_pattern
from barograph.index.documents import flat_settings
from barograph.index.errors import NoSuchIndex

_DONE: Final = {"acknowledged": True}


def create_index(call: Call) -> dict[str, Any]:
    """Make an index."""
    name = call.path["index"]
    with in_words():
        reached(call).create_index(name, _object(call))
    return {"acknowledged": True, "shards_acknowledged": True, "index": name}


def _object(call: Call) -> dict[str, Any]:
    """The body, also where there is none."""
    body: dict[str, Any] = call.body or {}
    return body


def delete_indices(call: Call) -> dict[str, Any]:
    """Remove indices."""
    with in_words():
        documents = reached(call)
        if expression(call) in documents.catalog.aliases:
            raise bad(
                f"The provided expression [{expression(call)}] matches an alias, "
                "specify the corresponding concrete indices instead."
            )
        names = documents.delete_indices(expression(call), options(call))
    note_deleted(call.server, names)
    return _DONE


def _found(call: Call) -> list[Index]:
    with in_words():
        catalog = reached(call).catalog
        return [catalog.indices[name] for name in catalog.names(expression(call), options(call))]


def get_indices(call: Call) -> dict[str, Any]:
    """Indices with their aliases, mappings and settings."""
    catalog = reached(call).catalog
    return {
        index.name: {
            "aliases": catalog.aliases_of(index.name),
            "mappings": index.mapping.document(),
            "settings": _settings(index),
        }
        for index in _found(call)
    }


def index_exists(call: Call) -> Answer:
    """Whether there are such indices or aliases."""
    try:
        found = reached(call).catalog.names(expression(call), options(call))
    except NoSuchIndex:
        return Answer(None, 404)
    return Answer(None, 200 if found or expression(call) == "_all" else 404)


def get_mapping(call: Call) -> dict[str, Any]:
    """The mappings of indices."""
    return {index.name: {"mappings": index.mapping.document()} for index in _found(call)}


def get_field_mapping(call: Call) -> dict[str, Any]:
    """The mappings of fields."""
    wanted = [re.compile(wildcard_pattern(name)) for name in call.path["fields"].split(",")]
    answer = {}
    for index in _found(call):
        fields = {path: item for path, item in index.mapping.fields.items() if any(p.fullmatch(path) for p in wanted)}
        answer[index.name] = {
            "mappings": {
                path: {"full_name": path, "mapping": {path.rsplit(".", 1)[-1]: item.definition}}
                for path, item in fields.items()
            }
        }
    return answer


def put_mapping(call: Call) -> dict[str, Any]:
    """Add fields to indices."""
    with in_words():
        reached(call).put_mapping(expression(call), _object(call), options(call))
    return _DONE


def _settings(index: Index) -> dict[str, Any]:
    own = {
        "index.number_of_shards": "1",
        "index.number_of_replicas": "0",
        "index.provided_name": index.name,
        "index.creation_date": str(index.created_ms),
        "index.uuid": index.uuid,
        "index.version.created": "9010099",
    }
    return _nested({name: _text(value) for name, value in {**own, **index.settings}.items()})


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, list) else str(value)


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *above, last = path.split(".")
        place = tree
        for name in above:
            inner = place.setdefault(name, {})
            place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return tree


def get_settings(call: Call) -> dict[str, Any]:
    """The settings of indices."""
    flat = call.query.get("flat_settings") in ("", "true")
    asked = [re.compile(wildcard_pattern("*" if name == "_all" else name)) for name in call.path.get("setting", "*").split(",")]
    told: dict[str, Any] = {}
    for index in _found(call):
        named = flat_settings(_settings(index), "")
        chosen = {name: value for name, value in named.items() if any(one.fullmatch(name) for one in asked)}
        told[index.name] = {"settings": chosen if flat else _nested(chosen)}
    return told


def put_settings(call: Call) -> dict[str, Any]:
    """Change the settings of indices."""
    body = _object(call)
    with in_words():
        reached(call).put_settings(expression(call), body.get("settings", body), options(call))
    return _DONE


def refresh(call: Call) -> dict[str, Any]:
    """Nothing needs to be done: what is written is found at once."""
    _found(call)
    return {"_shards": SHARDS}


def close_indices(call: Call) -> dict[str, Any]:
    """Close indices: their documents stay, and cannot be reached."""
    with in_words():
        names = reached(call).set_open(expression(call), options(call), is_open=False)
    return {"acknowledged": True, "shards_acknowledged": True, "indices": {name: {"closed": True} for name in names}}


def open_indices(call: Call) -> dict[str, Any]:
    """Open indices."""
    with in_words():
        reached(call).set_open(expression(call), options(call), is_open=True)
    return {"acknowledged": True, "shards_acknowledged": True}


def index_stats(call: Call) -> dict[str, Any]:
    """How many documents indices have."""
    totals = reached(call).totals()
    counts = {index.name: totals.get(index.name, 0) for index in _found(call)}
    parts = {name: {"primaries": _docs(count), "total": _docs(count)} for name, count in counts.items()}
    every = _docs(sum(counts.values()))
    return {"_shards": SHARDS, "_all": {"primaries": every, "total": every}, "indices": parts}


def _docs(count: int) -> dict[str, Any]:
    return {"docs": {"count": count, "deleted": 0}}


def field_capabilities(call: Call) -> dict[str, Any]:
    """What can be done with fields: a type for each."""
    given = call.query.get("fields") or (call.body or {}).get("fields", "*")
    wanted = [re.compile(wildcard_pattern(name)) for name in names(given, "fields")]
    fields: dict[str, dict[str, Any]] = {}
    found = _found(call)
    for index in found:
        for path, item in index.mapping.fields.items():
            if any(pattern.fullmatch(path) for pattern in wanted):
                said = {"type": item.type, "metadata_field": False, "searchable": True, "aggregatable": item.type != "text"}
                fields.setdefault(path, {})[item.type] = said
    return {"indices": [index.name for index in found], "fields": fields}


def resolve(call: Call) -> dict[str, Any]:
    """The indices and aliases that names mean."""
    catalog = reached(call).catalog
    indices: list[dict[str, Any]] = []
    named: set[str] = set()
    for index in _found(call):
        own = sorted(catalog.aliases_of(index.name))
        attributes = ["open" if index.is_open else "closed", *(["hidden"] if index.name.startswith(".") else [])]
        indices.append({"name": index.name, **({"aliases": own} if own else {}), "attributes": attributes})
        named |= {*own}
    aliases = [{"name": alias, "indices": sorted(catalog.aliases[alias])} for alias in sorted(named)]
    return {"indices": indices, "aliases": aliases, "data_streams": []}


def remotes(_call: Call) -> dict[str, Any]:
    """Other clusters that are known here: none."""
    return {}


_TIMES: Final = "timeout master_timeout wait_for_active_shards"
_READ: Final = f"{OPTIONS} local master_timeout flat_settings include_defaults features include_type_name"
_CHANGE: Final = f"{OPTIONS} {_TIMES} preserve_existing write_index_only reopen"
_REFRESH: Final = f"{OPTIONS} force wait_if_ongoing flush max_num_segments only_expunge_deletes"


def _named(methods: str, path: str, handler: Any, query: str, **more: Any) -> tuple[Endpoint, ...]:
    """An endpoint of some indices, and the same of all."""
    return (
        Endpoint(methods, f"/{{index}}{path}", handler, query=query, **more),
        Endpoint(methods, path, handler, query=query, **more),
    )


ENDPOINTS = (
    Endpoint("GET", "/_resolve/index/{index}", resolve, query=OPTIONS),
    Endpoint("GET", "/_remote/info", remotes),
    Endpoint("PUT", "/{index}", create_index, query=_TIMES, fields=ANY, role="write"),
    Endpoint("DELETE", "/{index}", delete_indices, query=_CHANGE, role="write"),
    Endpoint("GET", "/{index}", get_indices, query=_READ),
    Endpoint("HEAD", "/{index}", index_exists, query=_READ),
    *_named("GET", "/_mapping", get_mapping, _READ),
    *_named("GET", "/_mapping/field/{fields}", get_field_mapping, _READ),
    Endpoint("PUT POST", "/{index}/_mapping", put_mapping, query=_CHANGE, fields=ANY, role="write", body_needed=True),
    *_named("GET", "/_settings", get_settings, _READ),
    *_named("GET", "/_settings/{setting}", get_settings, _READ),
    *_named("PUT", "/_settings", put_settings, _CHANGE, fields=ANY, role="write"),
    *_named("GET POST", "/_refresh", refresh, _REFRESH),
    *_named("GET POST", "/_flush", refresh, _REFRESH),
    *_named("POST", "/_forcemerge", refresh, _REFRESH),
    Endpoint("POST", "/{index}/_close", close_indices, query=_CHANGE, role="write"),
    Endpoint("POST", "/{index}/_open", open_indices, query=_CHANGE, role="write"),
    *_named("GET", "/_stats", index_stats, f"{OPTIONS} level"),
    *_named("GET POST", "/_field_caps", field_capabilities, f"{OPTIONS} fields include_unmapped filters types", fields=ANY),
)
