"""Who may ask what: keys, and the roles that they have."""

import base64
import binascii
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from barograph.api.errors import HttpProblem
from barograph.jobs.keys import Key, Keys, Role

COOKIE: Final = "barograph_key"
"""What a browser keeps of a key until it is closed; no script of any page can read it."""

_OPEN: Final = ("/healthz", "/readyz", "/api/v1/session")
"""Paths that tell nothing but that the server is there, and the one where a key is shown."""

_ASK: Final = {"WWW-Authenticate": 'ApiKey, Basic realm="barograph", charset="UTF-8"'}
_ASK_THE_PAGE: Final = {"WWW-Authenticate": "ApiKey"}
"""Without Basic: a browser would ask for a name and a password before the page could ask for a key."""

_LONGEST: Final = 1024
_READING: Final = ("GET", "HEAD", "OPTIONS")


class SameOrigin:
    """ASGI middleware that refuses changes which another site has a visitor's browser ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a browser says that it is from elsewhere; programs say nothing of that."""
        if scope["type"] == "http" and scope["method"] not in _READING:
            headers = Headers(scope=scope)
            origin, host = headers.get("origin"), headers.get("host", "")
            if origin is not None and urlsplit(origin).netloc != host:
                raise HttpProblem(403, f"Origin={origin[:200]!r}: wanted none, or that of the page itself ({host[:200]})")
        await self._app(scope, receive, send)


class Authentication:
    """ASGI middleware that lets nobody through who has no key."""

    def __init__(self, app: ASGIApp, *, keys: Keys, is_open: Callable[[Scope], bool]) -> None:
        self._app = app
        self._keys = keys
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the key that it came with."""
        if scope["type"] == "http" and scope["path"] not in _OPEN and not self._is_open(scope):
            key = await self._key(scope)
            scope["state"] |= {"key": key, "key_name": key.name}
        await self._app(scope, receive, send)

    async def _key(self, scope: Scope) -> Key:
        given = given_by(scope)
        ask = _ASK_THE_PAGE if scope["path"].startswith("/api/v1/") else _ASK
        if not given:
            raise HttpProblem(401, f"missing authentication credentials for REST request [{scope['path']}]", ask)
        pair = credentials(given)
        key = None if pair is None else await run_in_threadpool(self._keys.find, *pair)
        if key is None:
            wanted = "wanted 'ApiKey BASE64(ID:SECRET)', or Basic with the key's id as user and its secret as password"
            raise HttpProblem(401, f"unable to authenticate for REST request [{scope['path']}]: {wanted}", ask)
        return key


def given_by(scope: Scope) -> str:
    """The credentials of a request, as an `Authorization` header has them; empty without any."""
    headers = Headers(scope=scope)
    try:
        kept = SimpleCookie(headers.get("cookie", "")[:8192]).get(COOKIE)
    except CookieError:
        kept = None
    return headers.get("authorization", "" if kept is None else f"ApiKey {kept.value}")


def credentials(header: str) -> tuple[str, str] | None:
    """The id and secret of an `Authorization` header; None where it has none."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() not in ("apikey", "basic") or len(encoded) > _LONGEST:
        return None
    try:
        key_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (key_id, secret) if colon else None


def require(scope: Scope, role: Role) -> None:
    """Refuse what the request's key does not allow. Without keys everything is allowed.

    Raises:
        HttpProblem: it does not (403).
    """
    key: Key | None = scope["state"].get("key")
    if key is not None and not key.allows(role):
        raise HttpProblem(403, f"this needs the role [{role}], and the key [{key.name}] has the role [{key.role}]")
