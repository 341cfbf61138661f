"""Channels by name, over which alerts are told: webhooks, e-mail, and what Apprise knows. `log` is always there."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from barograph.config.base import Document
from barograph.config.errors import BadRequest, Problem
from barograph.config.named_tables import document_of, named_tables
from barograph.config.secret import SECRET, HttpUrl, can_be_a_header

LOG: Final = "log"

_SERVICE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _headers_can_be_sent(channel: "WebhookChannel") -> list[Problem]:
    """HTTP has letters, digits and some signs in a header's name, and printable ASCII in its value."""
    problems = []
    for name, value in channel.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            problems.append(Problem("headers", name, "names of letters, digits and - only"))
        elif not can_be_a_header(value):
            wanted = "printable ASCII characters, with no space at either end"
            problems.append(Problem(f"headers.{name}", SECRET, wanted))
    return problems


def _mail_can_be_sent(channel: "EmailChannel") -> list[Problem]:
    """A line break would begin another header; SMTP has ASCII in addresses, and in what one logs in with."""
    secret = channel.password.get_secret_value() if channel.password else ""
    shown = {"sender": channel.sender, "smtp": channel.smtp, "username": channel.username or ""}
    shown |= {f"recipients[{at}]": one for at, one in enumerate(channel.recipients)}
    problems = [Problem(path, text, "printable ASCII characters") for path, text in shown.items() if not _is_printable(text)]
    return problems if _is_printable(secret) else [*problems, Problem("password", SECRET, "printable ASCII characters")]


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _apprise_can_be_read(channel: "AppriseChannel") -> list[Problem]:
    """What stands before :// is told as where a channel leads, so it must not be all of a token that lacks it."""
    wanted = "a URL as Apprise spells them, such as slack://..."
    bad = (at for at, url in enumerate(channel.apprise) if not _SERVICE.match(url.get_secret_value()))
    return [Problem(f"apprise[{at}]", SECRET, wanted) for at in bad]


class LogChannel(Document):
    """The log of the server."""

    @property
    def to(self) -> str:
        """Where it leads, without secrets."""
        return "the server's log"


class WebhookChannel(Document):
    """A URL that alerts are posted to, as JSON, signed where there is a secret."""

    webhook: HttpUrl = Field(description="where to post, such as https://hooks.example.com/alerts")
    secret: SecretStr | None = Field(default=None, description="what messages are signed with (HMAC-SHA256)")
    headers: dict[str, SecretStr] = Field(default={}, max_length=50, description="headers to send, such as Authorization")
    ca_certificate: Path | None = Field(default=None, description="PEM file that its certificate is checked against")

    CHECKS = ((frozenset({"headers"}), _headers_can_be_sent),)

    @property
    def to(self) -> str:
        """Where it leads: scheme and host only, as paths of hooks are secrets."""
        parts = urlsplit(self.webhook.get_secret_value())
        return f"{parts.scheme}://{parts.hostname or ''}"


class EmailChannel(Document):
    """Addresses that alerts are mailed to, through an SMTP server."""

    smtp: str = Field(min_length=1, description="the SMTP server's name")
    port: int | None = Field(default=None, ge=1, le=65_535, description="its port; 465 with tls, 587 with starttls, else 25")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="how the connection is secured")
    username: str | None = None
    password: SecretStr | None = None
    sender: str = Field(min_length=3, description="the address that mails come from")
    recipients: tuple[str, ...] = Field(min_length=1, max_length=100, description="addresses")

    CHECKS = ((frozenset({"smtp", "username", "password", "sender", "recipients"}), _mail_can_be_sent),)

    @property
    def to(self) -> str:
        """Where it leads."""
        return ", ".join(self.recipients)


class AppriseChannel(Document):
    """Services that Apprise knows, by their URLs, such as slack://... or matrix://...; needs the extra `apprise`."""

    apprise: tuple[SecretStr, ...] = Field(min_length=1, max_length=100, description="URLs as Apprise spells them")

    CHECKS = ((frozenset({"apprise"}), _apprise_can_be_read),)

    @property
    def to(self) -> str:
        """Where it leads: the names of the services only."""
        return ", ".join(dict.fromkeys(url.get_secret_value().partition(":")[0] for url in self.apprise))


Channel = LogChannel | WebhookChannel | EmailChannel | AppriseChannel
_KINDS: Final[Mapping[str, type[Document]]] = {"webhook": WebhookChannel, "smtp": EmailChannel, "apprise": AppriseChannel}
KINDS: Final[Mapping[type[Document], str]] = {
    LogChannel: LOG,
    WebhookChannel: "webhook",
    EmailChannel: "email",
    AppriseChannel: "apprise",
}


def load_channels(
    file: Path | None, environment: Mapping[str, str], *, exists: Callable[[Path], bool] = Path.exists
) -> dict[str, Channel]:
    """The channels of a TOML file, a table `[channels.NAME]` for each, and `log`. `$NAME` is taken from the environment.

    Args:
        file: the file; None is `barograph.toml` in the current folder where there is one.
        environment: `os.environ`.
        exists: whether there is a file.

    Raises:
        ConfigError: with every problem of a channel.
        BadRequest: the file cannot be read, or a variable is not set.
    """
    tables = named_tables(file, "channels", exists)
    made = {name: document_of(f"channels.{name}", table, _KINDS, environment) for name, table in tables.items()}
    if LOG in made:
        raise BadRequest(f"channels.{LOG}: wanted another name; this one is the server's log")
    return {LOG: LogChannel(), **made}
