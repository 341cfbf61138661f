"""Serving the page: HTML for the paths that people open, and its files under a name that changes with them."""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
FILES: Final = "/ui"
"""The files of the page lie below this."""

PATHS: Final = (
    *("/", "/explorer", "/series", "/features", "/jobs", "/jobs/{rest:path}"),
    *("/alerts", "/rules/{rest:path}", "/calendars"),
)
"""What the page shows. A path without a page of its own belongs to the dialects."""

_MEDIA_TYPES: Final = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_BARE: Final = {
    "preact": "preact.mjs",
    "preact/hooks": "hooks.mjs",
    "@preact/signals": "signals.mjs",
    "@preact/signals-core": "signals-core.mjs",
    "htm": "htm.mjs",
    "uplot": "uPlot.mjs",
}
"""The names under which modules import each other, and the files that they are."""


def routes() -> list[BaseRoute]:
    """The page's routes. They match only what a browser opens, so a path may be an index to everybody else."""
    return [*(_PageRoute(path, _page, methods=["GET"]) for path in PATHS), Mount(FILES, _Files(directory=STATIC))]


def is_open(scope: Scope) -> bool:
    """Whether a request asks for the page itself, which tells nothing and so needs no key."""
    path = scope["path"]
    return path.startswith(f"{FILES}/") or any(route.matches(scope)[0] is Match.FULL for route in _OPENED)


class _PageRoute(Route):
    """A route for whoever would rather have HTML."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """None, unless HTML is accepted."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return Match.NONE, {}
        return super().matches(scope) if "text/html" in Headers(scope=scope).get("accept", "") else (Match.NONE, {})


class _Files(StaticFiles):
    """Files below a first part that names their version, so that whoever has one need never ask again."""

    def get_path(self, scope: Scope) -> str:
        """The path of a file, without its version."""
        return super().get_path(scope).partition("/")[2]

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 404 in no dialect's words."""
        scope["state"]["route"] = FILES
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            return PlainTextResponse(error.detail, error.status_code)
        response.headers["Cache-Control"] = _FOREVER
        response.headers["Content-Type"] = _MEDIA_TYPES.get(Path(path).suffix, "text/plain") + "; charset=utf-8"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _page(request: Request) -> Response:
    request.state.route = "page"
    nonce = secrets.token_urlsafe(16)
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Accept",
        "Content-Security-Policy": _policy(nonce),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_filled((STATIC / "index.html").read_text(encoding="utf-8"), nonce), headers=headers)


def _policy(nonce: str) -> str:
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def _filled(template: str, nonce: str) -> str:
    """The page's HTML: where its files are, and all that it needs at once, so that nothing waits for what it imports."""
    prefix = f"{FILES}/{version()}"
    imports = {name: f"{prefix}/vendor/{file}" for name, file in _BARE.items()}
    sheets = ["vendor/uPlot.css", "app.css", *_named("parts/*.css"), *_named("pages/*.css")]
    early = [f"vendor/{file}" for name, file in _BARE.items() if name != "uplot"]
    links = [f'<link rel="stylesheet" href="{prefix}/{file}">' for file in sheets]
    links += [f'<link rel="modulepreload" href="{prefix}/{file}">' for file in (*early, *_named("lib/*.mjs"))]
    values: dict[str, Any] = {
        "nonce": nonce,
        "prefix": prefix,
        "imports": json.dumps({"imports": imports}),
        "links": "\n".join(links),
    }
    for name, value in values.items():
        template = template.replace(f"%{name}%", value)
    return template


def _named(pattern: str) -> list[str]:
    return sorted(file.relative_to(STATIC).as_posix() for file in STATIC.glob(pattern))


def version() -> str:
    """A hash of all files of the page as they are now; a millisecond, and what one edits is what runs."""
    digest = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(file.relative_to(STATIC).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


_OPENED: Final = [_PageRoute(path, _page, methods=["GET"]) for path in PATHS]
