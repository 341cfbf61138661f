"""Who may ask what: keys, and the roles that they have."""

import base64
import binascii
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from barograph.api.errors import HttpProblem
from barograph.jobs.keys import Key, Keys, Role

_OPEN: Final = ("/healthz", "/readyz")
"""Paths that tell nothing but that the server is there."""

_ASK: Final = {"WWW-Authenticate": 'ApiKey, Basic realm="barograph", charset="UTF-8"'}
_LONGEST: Final = 1024


class Authentication:
    """ASGI middleware that lets nobody through who has no key."""

    def __init__(self, app: ASGIApp, *, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the key that it came with."""
        if scope["type"] == "http" and scope["path"] not in _OPEN:
            key = await self._key(scope)
            scope["state"] |= {"key": key, "key_name": key.name}
        await self._app(scope, receive, send)

    async def _key(self, scope: Scope) -> Key:
        given = Headers(scope=scope).get("authorization", "")
        if not given:
            raise HttpProblem(401, f"missing authentication credentials for REST request [{scope['path']}]", _ASK)
        pair = credentials(given)
        key = None if pair is None else await run_in_threadpool(self._keys.find, *pair)
        if key is None:
            wanted = "wanted 'ApiKey BASE64(ID:SECRET)', or Basic with the key's id as user and its secret as password"
            raise HttpProblem(401, f"unable to authenticate for REST request [{scope['path']}]: {wanted}", _ASK)
        return key


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
