"""What is set for the cluster as a whole: upgrade mode, and settings by their dotted names."""

import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.errors import ElasticError, bad, conflict
from barograph.api.server import Server
from barograph.config.job import Job

UPGRADING: Final = "persistent task cannot be assigned while upgrade mode is enabled."
"""Why nothing is on a node meanwhile."""
_UPGRADE: Final = "upgrade_mode"
_PERSISTENT: Final = "cluster_persistent"
_TRANSIENT: Final = "cluster_transient"
_ALLOCATION: Final = "cluster.persistent_tasks.allocation.enable"
_MOST_MEMORY: Final = "xpack.ml.max_model_memory_limit"
_SIZE: Final = re.compile(r"(\d{1,15})\s*(b|kb|k|mb|m|gb|g|tb|t|)", re.IGNORECASE)
_UNITS: Final = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def upgrade_mode(server: Server) -> bool:
    """Whether upgrade mode is on."""
    return bool((server.service.settings.find(_UPGRADE) or {}).get("enabled", False))


def set_upgrade_mode(server: Server, enabled: bool) -> None:
    """Turn it on or off."""
    server.service.settings.put(_UPGRADE, {"enabled": enabled})


def refuse_in_upgrade_mode(server: Server, action: str) -> None:
    """Refuse an action while upgrade mode is on.

    Raises:
        ElasticError: it is.
    """
    if upgrade_mode(server):
        raise ElasticError(429, "status_exception", f"Cannot perform {action} action while upgrade mode is enabled")


def refuse_unassignable(server: Server) -> None:
    """Refuse to open a job while no work may be given to nodes.

    Raises:
        ElasticError: none may.
    """
    if setting(server, _ALLOCATION) == "none":
        raise conflict(f"Cannot open jobs because persistent task assignment is disabled by the [{_ALLOCATION}] setting")


def settings_of(server: Server, kind: str) -> dict[str, Any]:
    """The `persistent` or `transient` settings, by their dotted names. The latter end with the server."""
    return dict(server.service.settings.find(_PERSISTENT if kind == "persistent" else _TRANSIENT) or {})


def change_settings(server: Server, kind: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change settings, nested or dotted; null removes one, and `name.*` all below it. Returns those that were set."""
    kept, flat = settings_of(server, kind), flattened(changes)
    for name, value in flat.items():
        if value is None and name.endswith("*"):
            kept = {other: kept[other] for other in kept if not other.startswith(name[:-1])}
        elif value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    server.service.settings.put(_PERSISTENT if kind == "persistent" else _TRANSIENT, kept)
    return {name: value for name, value in flat.items() if value is not None}


def setting(server: Server, name: str) -> Any:
    """A setting; None when nobody has set it."""
    return settings_of(server, "transient").get(name, settings_of(server, "persistent").get(name))


def flattened(nested: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= flattened(value, f"{above}{name}.")
        else:
            flat[above + name] = value
    return flat


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as objects in objects."""
    tree: dict[str, Any] = {}
    for name, value in sorted(flat.items()):
        *above, last = name.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def size_bytes(name: str, text: object) -> int:
    """A size such as `512mb`, in bytes.

    Raises:
        ElasticError: it is none.
    """
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        shown = str(text)[:100]
        raise bad(f"failed to parse setting [{name}] with value [{shown}] as a size in bytes: unit is missing or unrecognized")
    return int(match[1]) * _UNITS[(match[2] or "b")[0].lower()]


def most_model_memory(server: Server) -> str | None:
    """The largest `model_memory_limit` that a job may have, in whole bytes, kb, mb ...; None when nobody has set it."""
    found = setting(server, _MOST_MEMORY)
    match = _SIZE.fullmatch(str(found).strip())
    if found is None or match is None or not match[2]:
        return None if found is None else str(found)
    return f"{match[1]}{match[2][0].lower().removesuffix('b')}b"


def refuse_too_much_memory(server: Server, limit: str) -> None:
    """Refuse a job that wants more memory than is allowed.

    Raises:
        ElasticError: it does.
    """
    most = most_model_memory(server)
    if (
        most is None
        or not size_bytes(_MOST_MEMORY, most)
        or size_bytes("model_memory_limit", limit) <= size_bytes(_MOST_MEMORY, most)
    ):
        return
    raise bad(f"model_memory_limit [{readable(limit)}] must be less than the value of the {_MOST_MEMORY} setting [{most}]")


def within_memory(server: Server, job: Job) -> Job:
    """A job that says nothing of its memory, with what it may have where that is less than a job has that says nothing."""
    most = most_model_memory(server)
    if most is None or "model_memory_limit" in job.analysis_limits.model_fields_set:
        return job
    allowed = size_bytes(_MOST_MEMORY, most)
    if not 0 < allowed < job.analysis_limits.model_memory_bytes:
        return job
    limits = job.analysis_limits.model_copy(update={"model_memory_limit": f"{max(1, allowed >> 20)}mb"})
    return job.model_copy(update={"analysis_limits": limits})


def readable(limit: str) -> str:
    """A whole number of megabytes in the largest unit that it is a whole number of."""
    megabytes = int(limit.removesuffix("mb"))
    return f"{megabytes >> 10}gb" if megabytes and megabytes % 1024 == 0 else limit
