"""The one node that there is, as a document."""

import os
import socket
from functools import cache
from typing import Any

from barograph.api.elastic.version import NODE_ID
from barograph.api.server import Server
from barograph.jobs.room import memory_bytes


def node(server: Server) -> dict[str, Any]:
    """What clients are told of it."""
    return {"id": NODE_ID, **inside(server), "attributes": attributes()}


def inside(server: Server) -> dict[str, Any]:
    """Its name and address, without its id."""
    return {"name": NODE_ID, "ephemeral_id": server.service.store_id, "transport_address": address(server)}


def address(server: Server) -> str:
    """Where it is to be reached: host and port. A server that listens on all addresses names that of its machine."""
    host = server.config.host
    shown = _of_machine() if host in ("0.0.0.0", "::") else host  # it is compared, not bound
    return f"[{shown}]:{server.config.port}" if ":" in shown else f"{shown}:{server.config.port}"


@cache
def _of_machine() -> str:
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def attributes() -> dict[str, str]:
    """What it has."""
    return {"ml.machine_memory": str(memory_bytes()), "ml.allocated_processors": str(os.cpu_count() or 1)}
