"""Running the server: one process, until it is told to end."""

import gc
import signal
import socket
from collections.abc import Callable, Mapping
from types import FrameType

import uvicorn

from barograph.api import demo, logs
from barograph.api.app import build
from barograph.api.server import Server
from barograph.config.channels import Channel
from barograph.config.errors import BadRequest
from barograph.config.server import ServerConfig
from barograph.config.sources import Source

_GRACE_S = 30
"""How long requests that are being answered may take when the server is told to end."""


def serve(
    config: ServerConfig,
    tell: Callable[[str], None],
    sources: Mapping[str, Source] | None = None,
    channels: Mapping[str, Channel] | None = None,
    *,
    with_demo: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; what was taken is then finished and committed.

    Args:
        config: the settings.
        sources: what datafeeds read beside the built-in index, by name.
        channels: over which alerts are told, by name.
        tell: told the address, as soon as it takes connections.
        with_demo: start with the taxi job, loaded and open.

    Raises:
        BadRequest: the address cannot be had, or the TLS files cannot be read.
        Conflict: another server is running on the same store.
    """
    _check_tls(config)
    listening = _listen(config)
    config = config.model_copy(update={"port": listening.getsockname()[1]})  # clients are told the one that was free
    try:
        server = Server.open(config, sources, channels)
        _check_keys(server)
        if with_demo:
            demo.load(server.service)
        logs.configure()
        gc.freeze()  # what is loaded stays; looking through it for garbage was a third of the time of `_bulk`
        web = _Web(config, server)
        for kind in (signal.SIGINT, signal.SIGTERM):  # also one that comes before the web server listens to them, and once more
            signal.signal(kind, web.handle_exit)
        tell(address(config, listening))
        web.run(sockets=[listening])
    finally:
        listening.close()


class _Web(uvicorn.Server):
    """The web server, which tells those who wait for something that it ends."""

    def __init__(self, config: ServerConfig, server: Server) -> None:
        super().__init__(_uvicorn(config, server))
        self._served = server

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        self._served.is_ending = True
        super().handle_exit(sig, frame)


def address(config: ServerConfig, listening: socket.socket) -> str:
    """The URL of a server."""
    host, port = listening.getsockname()[:2]
    return f"{'https' if config.tls_certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _listen(config: ServerConfig) -> socket.socket:
    try:
        return socket.create_server(
            (config.host, config.port), family=socket.AF_INET6 if ":" in config.host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise BadRequest(
            f"server.host={config.host!r}, server.port={config.port}: wanted an address that is free ({error.strerror})"
        ) from None


def _check_keys(server: Server) -> None:
    """Refuse a server that demands keys where there is none: nobody could ask it anything."""
    if server.config.demands_auth and not server.service.keys.all():
        server.close()
        why = "auth='required'" if server.config.is_loopback else f"host={server.config.host!r}"
        raise BadRequest(
            f"server.{why}: every request needs a key then, and there is none; make one with "
            f"'barograph keys create NAME --role admin --data-dir {server.config.data_dir}'"
        )


def _check_tls(config: ServerConfig) -> None:
    for name, path in (("tls_certificate", config.tls_certificate), ("tls_key", config.tls_key)):
        if path is not None and not path.is_file():
            raise BadRequest(f"server.{name}={str(path)!r}: wanted a PEM file")


def _uvicorn(config: ServerConfig, server: Server) -> uvicorn.Config:
    return uvicorn.Config(
        build(server),
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=config.tls_certificate,
        ssl_keyfile=config.tls_key,
        timeout_graceful_shutdown=_GRACE_S,
        ws="none",
        lifespan="on",
    )
