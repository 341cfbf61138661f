"""OpenSearch's anomaly-detection API, as its clients speak it."""

from typing import Final

from starlette.routing import BaseRoute

from barograph.api.elastic.endpoint import Endpoint, route
from barograph.api.opensearch import detectors, insights, life, preview, profile, searches, stats, suggest, top, validate
from barograph.api.opensearch.alerting import calls as alerting
from barograph.api.opensearch.alerting import channels
from barograph.api.opensearch.alerting.configs import Configs
from barograph.api.opensearch.alerting.monitoring import Monitoring
from barograph.api.opensearch.insights_job import InsightsJob
from barograph.api.opensearch.runs import Runs
from barograph.api.server import Server

__all__ = ["ENDPOINTS", "routes"]


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *detectors.ENDPOINTS,
    *searches.ENDPOINTS,
    *validate.ENDPOINTS,
    *suggest.ENDPOINTS,
    *life.ENDPOINTS,
    *preview.ENDPOINTS,
    *profile.ENDPOINTS,
    *top.ENDPOINTS,
    *stats.ENDPOINTS,
    *insights.ENDPOINTS,
    *alerting.ENDPOINTS,
    *channels.ENDPOINTS,
)


def routes(server: Server) -> list[BaseRoute]:
    """The routes of all endpoints; where two match a path, the one with more fixed parts is asked first."""
    runs = Runs(server)
    server.beside += [Configs(server), runs, Monitoring(server), InsightsJob(server)]
    server.own_looks = runs.realtime.looks
    ordered = sorted(ENDPOINTS, key=lambda endpoint: endpoint.order)
    return [route(endpoint, server) for endpoint in ordered]
