"""OpenSearch's anomaly-detection API, as its clients speak it."""

from typing import Final

from starlette.routing import BaseRoute

from barograph.api.elastic.endpoint import Endpoint, route
from barograph.api.opensearch import detectors, searches, suggest, validate
from barograph.api.server import Server

__all__ = ["ENDPOINTS", "routes"]


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *detectors.ENDPOINTS,
    *searches.ENDPOINTS,
    *validate.ENDPOINTS,
    *suggest.ENDPOINTS,
)


def routes(server: Server) -> list[BaseRoute]:
    """The routes of all endpoints; where two match a path, the one with more fixed parts is asked first."""
    ordered = sorted(ENDPOINTS, key=lambda endpoint: endpoint.order)
    return [route(endpoint, server) for endpoint in ordered]
