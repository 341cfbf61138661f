"""Aliases: other names of indices, with a filter if need be."""

import re
from dataclasses import replace
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.index.names import OPTIONS, expression, in_words, options, reached
from barograph.index.conditions import wildcard_pattern

_DONE: Final = {"acknowledged": True}
_KNOWN: Final = {"filter", "is_write_index", "is_hidden", "routing", "index_routing", "search_routing", "must_exist"}


def put_alias(call: Call) -> dict[str, Any]:
    """Give indices another name."""
    definition = _definition(call.body or {})
    with in_words():
        names = reached(call).catalog.names(expression(call), options(call))
        reached(call).change_aliases([("add", name, call.path["alias"], definition) for name in names])
    return _DONE


def _definition(body: Any) -> dict[str, Any]:
    unknown = sorted(body.keys() - _KNOWN) if isinstance(body, dict) else ["body"]
    if unknown:
        raise bad(f"[alias] unknown field [{unknown[0]}]: wanted {', '.join(sorted(_KNOWN))}")
    return {name: body[name] for name in ("filter", "is_write_index", "is_hidden") if body.get(name) is not None}


def delete_alias(call: Call) -> dict[str, Any]:
    """Take a name from indices."""
    with in_words():
        names = reached(call).catalog.names(expression(call), options(call))
        aliases = reached(call).catalog.aliases
        gone = [(name, alias) for alias in matching_aliases(call) for name in names if name in aliases[alias]]
        if not gone:
            raise ElasticError(404, "aliases_not_found_exception", f"aliases [{call.path['alias']}] missing")
        reached(call).change_aliases([("remove", name, alias, {}) for name, alias in gone])
    return _DONE


def change_aliases(call: Call) -> dict[str, Any]:
    """Change several names at once, all or none."""
    changes: list[tuple[str, str, str, dict[str, Any]]] = []
    catalog = reached(call).catalog
    actions = (call.body or {}).get("actions")
    if not isinstance(actions, list):
        raise bad(f"[actions]={str(actions)[:200]}: wanted a list")
    for action in actions:
        if not isinstance(action, dict) or len(action) != 1 or next(iter(action)) not in ("add", "remove"):
            raise bad(f"[aliases] {str(action)[:200]}: wanted an object with add or remove")
        ((kind, body),) = action.items()
        indices = _listed(body, "index", "indices")
        definition = {name: body[name] for name in body if name not in ("index", "indices", "alias", "aliases")}
        with in_words():
            names = [name for part in indices for name in catalog.names(part, options(call))]
        listed = _listed(body, "alias", "aliases")
        if kind == "remove":
            listed = _there(call, listed, names, is_needed=body.get("must_exist") is not False)
        changes += [(kind, name, alias, _definition(definition)) for name in names for alias in listed]
    with in_words():
        reached(call).change_aliases(changes)
    return _DONE


def _there(call: Call, asked: list[str], names: list[str], *, is_needed: bool) -> list[str]:
    """Of the aliases that are asked for those that one of the indices has.

    Raises:
        ElasticError: there is none.
    """
    aliases = reached(call).catalog.aliases
    found = [alias for alias in _matching(call, asked) if any(name in aliases[alias] for name in names)]
    if not found and is_needed:
        raise ElasticError(404, "aliases_not_found_exception", f"aliases [{','.join(asked)}] missing")
    return found


def _listed(body: Any, one: str, several: str) -> list[str]:
    found = body.get(one, body.get(several)) if isinstance(body, dict) else None
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list) or not names:
        raise bad(f"[aliases] wanted [{one}] or [{several}]")
    return [str(name) for name in names]


def get_aliases(call: Call) -> Answer:
    """Indices with their other names."""
    catalog, asked = reached(call).catalog, options(call)
    if "expand_wildcards" not in call.query:  # names that are asked for are told wherever they are, unlike what is searched
        asked = replace(asked, with_hidden=True)
    with in_words():
        names = catalog.names(expression(call), asked)
    if "alias" not in call.path:
        return Answer({name: {"aliases": catalog.aliases_of(name)} for name in names})
    matching = matching_aliases(call)
    answer: dict[str, Any] = {}
    for alias in matching:
        for name in sorted(catalog.aliases[alias].keys() & set(names)):
            answer.setdefault(name, {"aliases": {}})["aliases"][alias] = catalog.aliases[alias][name]
    if not answer and "*" not in call.path["alias"]:
        return Answer({"error": f"alias [{call.path['alias']}] missing", "status": 404}, 404)
    return Answer(answer)


def matching_aliases(call: Call) -> list[str]:
    """The aliases that the path names, by name; all without one."""
    return _matching(call, call.path.get("alias", "*").split(","))


def _matching(call: Call, asked: list[str]) -> list[str]:
    patterns = [re.compile(wildcard_pattern("*" if part == "_all" else part)) for part in asked]
    return [alias for alias in sorted(reached(call).catalog.aliases) if any(p.fullmatch(alias) for p in patterns)]


_QUERY: Final = f"{OPTIONS} local timeout master_timeout"
_HIDDEN: Final = "/_alias/{alias}"
ENDPOINTS = (
    Endpoint("PUT POST", f"/{{index}}{_HIDDEN}", put_alias, query=_QUERY, fields=ANY, role="write"),
    Endpoint("DELETE", f"/{{index}}{_HIDDEN}", delete_alias, query=_QUERY, role="write"),
    Endpoint("POST", "/_aliases", change_aliases, query=_QUERY, fields="actions", role="write"),
    Endpoint("GET", "/_alias", get_aliases, query=_QUERY),
    Endpoint("GET HEAD", _HIDDEN, get_aliases, query=_QUERY),
    Endpoint("GET", "/{index}/_alias", get_aliases, query=_QUERY),
    Endpoint("GET HEAD", f"/{{index}}{_HIDDEN}", get_aliases, query=_QUERY),
)
