"""Signing in: a browser shows its key once, and keeps it where no script can read it until it is closed."""

import base64
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.auth import COOKIE, credentials, given_by
from barograph.api.errors import HttpProblem
from barograph.api.server import Server
from barograph.api.v1.answers import BoundedRoute, answer
from barograph.jobs.keys import Key


class KeyShown(BaseModel):
    """A key, as `barograph keys create` prints it: `ID:SECRET`, or both encoded as behind `ApiKey`."""

    key: str = Field(min_length=1, max_length=1024)


class Session(BaseModel):
    """Who asks: `needs_key` where nobody is let in without one; `name` and `role` of the key that came with the request."""

    needs_key: bool
    name: str | None
    role: str | None


def router(server: Server) -> APIRouter:
    """Its routes. They need no key."""
    routes, service = APIRouter(route_class=BoundedRoute, tags=["page"]), server.service

    @routes.get("/session", response_model=Session)
    def get_session(request: Request) -> Response:
        """Tell who asks."""
        request.state.route = "/session"
        pair = credentials(given_by(request.scope))
        return answer(request, _told(server, None if pair is None else service.keys.find(*pair)))

    @routes.post("/session", response_model=Session)
    def sign_in(request: Request, shown: KeyShown) -> Response:
        """Sign a browser in."""
        request.state.route = "/session"
        encoded = _encoded(shown.key.strip())
        pair = credentials(f"ApiKey {encoded}")
        key = None if pair is None else service.keys.find(*pair)
        if key is None:
            raise HttpProblem(401, "key: wanted one of this server, as 'barograph keys create' prints it")
        response = answer(request, _told(server, key))
        response.set_cookie(COOKIE, encoded, secure=request.url.scheme == "https", httponly=True, samesite="strict")
        return response

    @routes.delete("/session", status_code=204, response_model=None)
    def sign_out(request: Request) -> Response:
        """Sign a browser out."""
        request.state.route = "/session"
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, secure=request.url.scheme == "https", httponly=True, samesite="strict")
        return response

    return routes


def _told(server: Server, key: Key | None) -> dict[str, Any]:
    return {"needs_key": server.config.demands_auth, "name": key and key.name, "role": key and key.role}


def _encoded(key: str) -> str:
    bare = key.removeprefix("Authorization:").strip().removeprefix("ApiKey").strip()
    return base64.b64encode(bare.encode()).decode() if ":" in bare else bare
