"""The one node that there is, as a document."""

import os
from typing import Any

from barograph.api.elastic.version import NODE_ID
from barograph.api.server import Server
from barograph.jobs.room import memory_bytes


def node(server: Server) -> dict[str, Any]:
    """What clients are told of it."""
    return {"id": NODE_ID, **inside(server), "attributes": attributes()}


def inside(server: Server) -> dict[str, Any]:
    """Its name and address, without its id."""
    host = server.config.host
    shown = f"[{host}]" if ":" in host else host
    return {"name": NODE_ID, "ephemeral_id": server.service.store_id, "transport_address": f"{shown}:{server.config.port}"}


def attributes() -> dict[str, str]:
    """What it has."""
    return {"ml.machine_memory": str(memory_bytes()), "ml.allocated_processors": str(os.cpu_count() or 1)}
