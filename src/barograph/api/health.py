"""Whether the server lives, whether it is ready for work, and its counters. These need no key, but for the counters."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from barograph.api.auth import require
from barograph.api.metrics import CONTENT_TYPE
from barograph.api.server import Server


def routes(server: Server) -> list[Route]:
    """`/healthz`, `/readyz` and `/metrics`."""

    def healthz(request: Request) -> Response:
        request.state.route = "/healthz"
        return JSONResponse({"status": "ok"})

    def readyz(request: Request) -> Response:
        request.state.route = "/readyz"
        if server.ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "starting: jobs that were open are being opened again"}, 503)

    def metrics(request: Request) -> Response:
        request.state.route = "/metrics"
        require(request.scope, "read")
        return Response(server.metrics.text(), media_type=CONTENT_TYPE)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
