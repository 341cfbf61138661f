"""Filters: lists of values that rules refer to."""

from typing import Any, Final

from barograph.api.elastic.arguments import page
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, conflict, inconsistent
from barograph.api.elastic.ids import check_id, matching
from barograph.jobs.knowledge.filters import Filter

_MOST_ITEMS: Final = 10_000


def put_filter(call: Call) -> dict[str, Any]:
    """Make a filter."""
    filter_id = check_id("filter_id", call.path["filter_id"])
    if call.body.get("filter_id", filter_id) != filter_id:
        raise inconsistent("filter_id", call.body["filter_id"], filter_id)
    items, description = _items(call, "items"), _description(call)
    made = call.server.service.filters.create(filter_id, items, description)
    if made is None:
        raise ElasticError(400, "resource_already_exists_exception", f"A filter with id [{filter_id}] already exists")
    return _document(made)


def get_filters(call: Call) -> dict[str, Any]:
    """Filters, by id."""
    at, most = page(call)
    wanted = call.path.get("filter_id", "_all")
    known = {one.filter_id: one for one in call.server.service.filters.all()}
    ids, missing = matching(known, wanted)
    if missing:
        call.server.service.filters.get(missing[0])
    return {"count": len(ids), "filters": [_document(known[one]) for one in ids[at : at + most]]}


def update_filter(call: Call) -> dict[str, Any]:
    """Change a filter."""
    service, filter_id = call.server.service, call.path["filter_id"]
    if call.body.get("filter_id", filter_id) != filter_id:
        raise inconsistent("filter_id", call.body["filter_id"], filter_id)
    add, remove = _items(call, "add_items"), _items(call, "remove_items")
    return _document(service.filters.update(filter_id, add, remove, _description(call)))


def delete_filter(call: Call) -> dict[str, Any]:
    """Remove a filter that no job refers to."""
    service, filter_id = call.server.service, call.path["filter_id"]
    service.filters.get(filter_id)
    users = service.users_of_filter(filter_id)
    if users:
        raise conflict(f"Cannot delete filter [{filter_id}] currently used by jobs [{', '.join(users)}]")
    service.filters.delete(filter_id)
    return {"acknowledged": True}


def _items(call: Call, name: str) -> list[str]:
    items = call.body.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ElasticError(400, "x_content_parse_exception", f"[ml_filter] failed to parse field [{name}]")
    if len(items) > _MOST_ITEMS:
        raise bad(f"Filter [{call.path['filter_id']}] has too many items: maximum is {_MOST_ITEMS}")
    return items


def _description(call: Call) -> str | None:
    description = call.body.get("description")
    if description is not None and not isinstance(description, str):
        raise ElasticError(400, "x_content_parse_exception", "[ml_filter] failed to parse field [description]")
    return description


def _document(one: Filter) -> dict[str, Any]:
    told: dict[str, Any] = {"filter_id": one.filter_id}
    if one.description is not None:
        told["description"] = one.description
    return {**told, "items": list(one.items)}


_LIST: Final = "/_ml/filters"
_ONE: Final = f"{_LIST}/{{filter_id}}"
ENDPOINTS = (
    Endpoint(
        "PUT", _ONE, put_filter, fields="filter_id description items", object_name="ml_filter", role="write", body_needed=True
    ),
    Endpoint("GET", _LIST, get_filters, query="from size"),
    Endpoint("GET", _ONE, get_filters, query="from size"),
    Endpoint(
        "POST",
        f"{_ONE}/_update",
        update_filter,
        fields="filter_id description add_items remove_items",
        object_name="ml_filter_update",
        role="write",
        body_needed=True,
    ),
    Endpoint("DELETE", _ONE, delete_filter, role="write"),
)
