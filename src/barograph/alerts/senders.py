"""Sending one message over a channel: the log, a webhook, e-mail, or what Apprise knows."""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final

import httpx
import structlog

from barograph.config.channels import AppriseChannel, Channel, EmailChannel, LogChannel, WebhookChannel
from barograph.config.errors import MissingExtra

Body = dict[str, Any]
Send = Callable[[Body, bytes], str]
"""Sends a message, given as a document and as the JSON that was kept of it; returns what the receiver said to it.

Raises:
    SendFailed: it did not get there, or was refused; it may be tried again.
"""

TIMEOUT_S: Final = 10.0
"""What a channel may take to answer. Chosen: services that take longer have a problem of their own."""

_PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}


class SendFailed(Exception):
    """A message did not get there; the text says why, without secrets."""


def sent(send: Send, content: bytes) -> str:
    """Send a message; returns what the receiver said to it.

    Raises:
        SendFailed: whatever went wrong, also with a message that cannot be sent at all.
    """
    try:
        return send(json.loads(content), content)
    except SendFailed:
        raise
    except Exception as error:  # its text may have secrets of the channel
        raise SendFailed(type(error).__name__) from error


def sender(channel: Channel) -> Send:
    """What sends over a channel."""
    if isinstance(channel, LogChannel):
        return _log
    if isinstance(channel, WebhookChannel):
        return lambda body, content: _post(channel, body, content)
    if isinstance(channel, EmailChannel):
        return lambda body, _: _mail(channel, body)
    return lambda body, _: _notify(channel, body)


def _log(body: Body, _: bytes) -> str:
    alert = body["alert"]
    told = {"id": body["id"], "rule": alert["rule_id"], "job": alert["job_id"], "text": body["title"], "link": body["link"]}
    structlog.get_logger().warning(f"alert.{body['what']}", **told)
    return "logged"


def signature(secret: str, content: bytes) -> str:
    """The signature of a message's bytes: `sha256=` and HMAC-SHA256 in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _post(channel: WebhookChannel, body: Body, content: bytes) -> str:
    headers = {"Content-Type": "application/json", "User-Agent": "barograph"}
    headers |= {name: value.get_secret_value() for name, value in channel.headers.items()}
    headers["X-Barograph-Message"] = _short(body["id"])
    if channel.secret is not None:
        headers["X-Barograph-Signature"] = signature(channel.secret.get_secret_value(), content)
    try:
        verify = True if channel.ca_certificate is None else ssl.create_default_context(cafile=str(channel.ca_certificate))
        response = httpx.post(
            channel.webhook.get_secret_value(), content=content, headers=headers, timeout=TIMEOUT_S, verify=verify
        )
    except httpx.InvalidURL:  # its text can be a part of a secret
        raise SendFailed(f"{channel.to}: wanted a URL that can be") from None
    except (httpx.HTTPError, OSError) as error:
        raise SendFailed(f"{channel.to}: {type(error).__name__}: {error}") from None
    if not response.is_success:
        raise SendFailed(f"{channel.to} answered {response.status_code}")
    return str(response.status_code)


def mail(channel: EmailChannel, body: Body) -> EmailMessage:
    """A message as e-mail; the one that tells more of an alert is in the thread of the one that raised it."""
    made = EmailMessage()
    made["Subject"] = _one_line(body["title"] if body["what"] == "raised" else f"{body['what'].capitalize()}: {body['title']}")
    made["From"], made["To"], made["Date"] = channel.sender, ", ".join(channel.recipients), formatdate()
    made["Message-ID"] = _mail_id(body["id"])
    if body["what"] != "raised":
        first = _mail_id(f"{body['alert']['alert_id']}/raised/{body['id'].rpartition('/')[2]}")
        made["In-Reply-To"] = made["References"] = first
    made.set_content(body["text"])
    return made


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _mail_id(message_id: str) -> str:
    return f"<{_short(message_id)}@barograph>"


def _short(message_id: str) -> str:
    """A message's id as headers can have it."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _mail(channel: EmailChannel, body: Body) -> str:
    port = channel.port or _PORTS[channel.security]
    try:
        context = ssl.create_default_context()
        if channel.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(channel.smtp, port, timeout=TIMEOUT_S, context=context)
        else:
            connection = smtplib.SMTP(channel.smtp, port, timeout=TIMEOUT_S)
        try:
            if channel.security == "starttls":
                connection.starttls(context=context)
            if channel.username is not None:
                connection.login(channel.username, "" if channel.password is None else channel.password.get_secret_value())
            connection.send_message(mail(channel, body))
        finally:  # by then the message is taken or refused, whatever the server says to a farewell
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()
    except smtplib.SMTPAuthenticationError as error:  # a server may repeat what it was told
        raise SendFailed(f"{channel.smtp}:{port} answered {error.smtp_code} to the username and the password") from None
    except (smtplib.SMTPException, OSError) as error:
        raise SendFailed(f"{channel.smtp}:{port}: {type(error).__name__}: {error}") from None
    return f"taken by {channel.smtp}"


def _notify(channel: AppriseChannel, body: Body) -> str:
    try:
        import apprise  # noqa: PLC0415  # an extra
    except ImportError:
        raise SendFailed(str(MissingExtra("apprise", "apprise"))) from None
    services = apprise.Apprise()
    for url in channel.apprise:
        if not services.add(url.get_secret_value()):
            raise SendFailed(f"{url.get_secret_value().partition(':')[0]}: wanted a URL as Apprise spells them")
    if not services.notify(title=body["title"], body=body["text"]):
        raise SendFailed(f"{channel.to} did not take it")
    return f"taken by {channel.to}"
