"""Channels that clients of monitors have made: webhooks, kept beside those of the server's settings."""

import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from pydantic import ValidationError

from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.features import new_id
from barograph.api.opensearch.fields import flag, text
from barograph.api.server import Server
from barograph.config.base import problems_of
from barograph.config.channels import WebhookChannel

_KEPT: Final = "notification_configs"
_KINDS: Final = ("webhook", "slack")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_FILE: Final = "other channels are made in the settings of the server, [channels.NAME] in barograph.toml"

Config = dict[str, Any]
"""What is kept of one: `config` as it was made, with its secrets, and when it was made and changed."""


@dataclass
class Configs:
    """The channels of a server that clients have made. Any thread may call.

    Attributes:
        server: whose they are.
    """

    server: Server
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resume(self) -> None:
        """See `Beside`. One that cannot be opened is told in the log, and takes no other with it."""
        log = structlog.get_logger()
        for config_id in self._kept().keys() & self.server.channels.keys():
            log.warning("channel.not_opened", config_id=config_id, why="the server's settings have a channel of this name")
        for config_id, kept in self.every().items():
            try:
                self.server.alerts.channels[config_id] = _channel(kept["config"])
            except ElasticError:  # its text has the address, which is a secret
                log.error("channel.not_opened", config_id=config_id, why="its address or its headers cannot be used")

    def close(self) -> None:
        """See `Beside`."""

    def every(self) -> dict[str, Config]:
        """All of them, by id; those of the server's settings come before those of clients of the same name."""
        return {config_id: kept for config_id, kept in self._kept().items() if config_id not in self.server.channels}

    def _kept(self) -> dict[str, Config]:
        return dict(self.server.service.settings.find(_KEPT) or {})

    def create(self, config_id: str | None, given: Any) -> str:
        """Make a channel; its id.

        Raises:
            ElasticError: it cannot be, or there is one of this id.
        """
        config = parsed(given)
        config_id = new_id() if config_id is None else config_id
        if not _ID.fullmatch(config_id):
            raise bad(f"[config_id]={config_id[:100]!r}: wanted 1 to 64 letters, digits, - or _")
        with self._lock:
            if config_id in self.server.alerts.channels:
                raise refused(f"[config_id]={config_id!r}: wanted another; there is a channel of this name", 409)
            now = self.server.service.now_ms()
            self._keep(config_id, {"config": config, "created_time_ms": now, "last_updated_time_ms": now})
        return config_id

    def update(self, config_id: str, given: Any) -> None:
        """Change a channel; what is told without its secrets, and sent back so, stays.

        Raises:
            ElasticError: it cannot be, or no client has made it.
        """
        with self._lock:
            kept = self._made(config_id)
            config = parsed(given)
            if config_id in self.server.alerts.channels:  # else its secrets cannot be used
                config = _with_secrets(config, kept["config"])
            self._keep(config_id, {**kept, "config": config, "last_updated_time_ms": self.server.service.now_ms()})

    def delete(self, ids: Collection[str]) -> None:
        """Remove channels, all or none. Raises as `update`."""
        with self._lock:
            for config_id in ids:
                self._made(config_id)
            left = {config_id: kept for config_id, kept in self._kept().items() if config_id not in ids}
            self.server.service.settings.put(_KEPT, left)
            for config_id in ids:
                self.server.alerts.channels.pop(config_id, None)

    def _made(self, config_id: str) -> Config:
        every = self.every()
        if config_id not in every:
            raise not_made(config_id) if config_id in self.server.alerts.channels else no_config(config_id)
        kept: Config = every[config_id]
        return kept

    def _keep(self, config_id: str, kept: Config) -> None:
        channel = _channel(kept["config"])
        self.server.service.settings.put(_KEPT, {**self._kept(), config_id: kept})
        self.server.alerts.channels[config_id] = channel


def _channel(config: Config) -> WebhookChannel:
    """What sends over a channel. No error tells its address or what its headers say: these are secrets.

    Raises:
        ElasticError: nothing can; the message names the part.
    """
    kind = config["config_type"]
    url, headers = config[kind]["url"], config[kind].get("header_params", {})
    try:
        return WebhookChannel(webhook=url, headers=headers)
    except ValidationError as error:
        problems = problems_of(error, WebhookChannel)
    for problem in problems:
        if problem.path == "webhook":
            raise bad(f"[config.{kind}.url]: wanted {problem.wanted}")
    told = " and ".join(f"{problem.path}: wanted {problem.wanted}" for problem in problems)
    raise bad(f"[config.{kind}.header_params], {len(headers)} of them: {told}")


def no_config(config_id: str) -> ElasticError:
    """There is no such channel."""
    return refused(f"NotificationConfig {config_id} not found", 404)


def not_made(config_id: str) -> ElasticError:
    """A channel that no client has made, so none changes it."""
    return refused(f"config_id={config_id!r}: it is one of the server's settings, [channels.NAME] in barograph.toml")


def parsed(given: Any) -> Config:
    """A channel as it is kept.

    Raises:
        ElasticError: a part of it cannot be; the message names the part.
    """
    if not isinstance(given, Mapping):
        raise bad("[config]: wanted an object with name, config_type and what it needs")
    name, kind = text("config.name", given.get("name")), text("config.config_type", given.get("config_type"))
    if not name.strip():
        raise bad("[config.name] is missing: wanted a name")
    if kind not in _KINDS:
        raise bad(f"[config.config_type]={kind[:100]!r}: wanted {' or '.join(_KINDS)}; {_IN_FILE}")
    if not flag("config.is_enabled", given.get("is_enabled", True)):
        raise bad("[config.is_enabled]=false: wanted true; a channel that is not to be used is removed")
    head = {"name": name, "description": text("config.description", given.get("description")), "config_type": kind}
    return {**head, "is_enabled": True, kind: _address(kind, given.get(kind))}


def _address(kind: str, given: Any) -> dict[str, Any]:
    where = f"config.{kind}"
    own: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    url = own.get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise bad(f"[{where}.url]: wanted a URL that begins with https:// or http://")
    if own.get("method", "POST") != "POST":
        raise bad(f"[{where}.method]={str(own['method'])[:100]!r}: wanted POST")
    headers = own.get("header_params") or {}
    if not isinstance(headers, Mapping):
        raise bad(f"[{where}.header_params]: wanted an object of texts")
    for name, value in headers.items():
        if not isinstance(value, str):
            raise bad(f"[{where}.header_params.{name}]: wanted text")
    return {"url": url, **({"header_params": dict(headers)} if headers else {})}


def _with_secrets(config: Config, before: Config) -> Config:
    """A channel with the secrets that it had, where it was sent as it was told. They are for its address and for no other."""
    kind = config["config_type"]
    if kind != before["config_type"] or config[kind]["url"] not in (before[kind]["url"], shown(before)[kind]["url"]):
        return config
    own, old = {**config[kind], "url": before[kind]["url"]}, before[kind]
    if "header_params" in own:
        known = old.get("header_params", {})
        own["header_params"] = {name: value or known.get(name, "") for name, value in own["header_params"].items()}
    return {**config, kind: own}


def shown(config: Config) -> Config:
    """A channel without its secrets, which are the path of its address and what its headers say."""
    kind = config["config_type"]
    own = config[kind]
    to = WebhookChannel(webhook=own["url"]).to
    headers = {"header_params": dict.fromkeys(own["header_params"], "")} if "header_params" in own else {}
    return {**config, kind: {"url": to, **headers}}
