"""How the server runs: a file, the environment and flags, in that order; what comes later wins."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError

from barograph.config.base import Document, problems_of
from barograph.config.errors import MISSING, BadRequest, ConfigError, Problem
from barograph.config.job import megabytes

DEFAULT_FILE: Final = "barograph.toml"
ENVIRONMENT: Final = "BAROGRAPH_"
"""A setting's name in capitals after this is its environment variable."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


Size = Annotated[str, BeforeValidator(megabytes)]


def _tls_is_whole(config: "ServerConfig") -> list[Problem]:
    pair = {"tls_certificate": config.tls_certificate, "tls_key": config.tls_key}
    if len({value is None for value in pair.values()}) == 1:
        return []
    missing = next(name for name, value in pair.items() if value is None)
    return [Problem(missing, MISSING, "a PEM file, as its other half is given")]


class ServerConfig(Document):
    """The settings of `barograph serve`.

    Raises:
        ConfigError: with every problem, when it is built from values that cannot be used.
    """

    CHECKS = ((frozenset({"tls_certificate", "tls_key"}), _tls_is_whole),)

    host: str = Field(
        default="127.0.0.1", min_length=1, description="address to listen on; any but loopback demands authentication"
    )
    port: int = Field(default=9200, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    data_dir: Path = Field(default=Path(".barograph"), description="directory of the jobs, their results and models")
    store: SecretStr | None = Field(default=None, description="PostgreSQL by URL, instead of SQLite in the data directory")
    auth: Literal["auto", "required"] = Field(
        default="auto", description="`required`: every request needs a key; `auto`: only when the address is not loopback"
    )
    tls_certificate: Path | None = Field(default=None, description="PEM file with the certificate, for https")
    tls_key: Path | None = Field(default=None, description="PEM file with its key")
    max_body: Size = Field(default="100mb", description="largest body of a request, unpacked; larger ones are refused (413)")
    max_in_flight: Size = Field(
        default="512mb", description="bodies of all requests together; who comes beyond that is asked to wait (429)"
    )
    max_uploads: Size = Field(
        default="4096mb", description="files that were uploaded for a preview or a new job, together; the oldest make room"
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"https?://[^\s/]+(/\S*)?",
        description="address of the page for people, which links in alerts begin with; that it listens on if not set",
    )
    cluster_name: str = Field(default="barograph", min_length=1, description="the name that clients are told")

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        return ConfigError(problem.below("server") for problem in problems)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in _LOOPBACK

    @property
    def page(self) -> str:
        """Where people find the page, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"

    @property
    def demands_auth(self) -> bool:
        """Whether every request needs a key."""
        return self.auth == "required" or not self.is_loopback

    @property
    def max_body_bytes(self) -> int:
        """Largest body, in bytes."""
        return _bytes(self.max_body)

    @property
    def max_in_flight_bytes(self) -> int:
        """Bodies of all requests together, in bytes."""
        return _bytes(self.max_in_flight)

    @property
    def max_uploads_bytes(self) -> int:
        """Uploaded files together, in bytes."""
        return _bytes(self.max_uploads)


def _bytes(size: str) -> int:
    return int(size.removesuffix("mb")) << 20


def load_server(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any], *, exists: Callable[[Path], bool] = Path.exists
) -> ServerConfig:
    """The settings from a TOML file's table `[server]`, the environment and flags.

    Args:
        file: the file; None is `barograph.toml` in the current folder where there is one.
        environment: `os.environ`.
        flags: those that were given; None is none.
        exists: whether there is a file.

    Raises:
        ConfigError: with every problem.
        BadRequest: the file cannot be read, or is not TOML.
    """
    default = Path(DEFAULT_FILE)
    chosen = file if file is not None else default if exists(default) else None
    merged = {} if chosen is None else dict(_table(chosen))
    for name in ServerConfig.model_fields:
        value = environment.get(ENVIRONMENT + name.upper())
        if value is not None:
            merged[name] = value
        if flags.get(name) is not None:
            merged[name] = flags[name]
    try:
        return ServerConfig.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(problem.below("server") for problem in problems_of(error, ServerConfig)) from None


def _table(file: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"config={str(file)!r}: wanted a readable TOML file ({error})") from None
    table = document.get("server", {})
    if not isinstance(table, dict):
        raise BadRequest(f"config={str(file)!r}: server: wanted a table [server]")  # no value: it can be a secret
    return table
