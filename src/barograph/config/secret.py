"""Secrets in settings: which fields hold them, and what may be told of them."""

import re
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, SecretStr

SECRET: Final = "(secret)"
"""What errors show instead of a value that is one."""


def hides(model: type[BaseModel], name: str) -> bool:
    """Whether a value under this name is never told: of a field that holds secrets, or of an unknown one beside it.

    An unknown name may be that of the secret, misspelled.
    """
    secrets = {field for field, info in model.model_fields.items() if _is_secret(info.annotation)}
    return bool(secrets) and name not in model.model_fields.keys() - secrets


def _is_secret(kind: Any) -> bool:
    return kind is SecretStr or any(map(_is_secret, get_args(kind)))


def place_of(url: SecretStr) -> str:
    """Where a URL leads: scheme, host and port; a path may be a secret, as who logs in is."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def can_be_a_header(secret: SecretStr) -> bool:
    """Whether HTTP can send it as the value of a header: printable ASCII, with no space at either end."""
    return re.fullmatch(r"([!-~]([\t -~]*[!-~])?)?", secret.get_secret_value()) is not None


def _leads_somewhere(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text can be a part of a password
        is_good = False
    if not is_good:
        raise ValueError("a URL that begins with https:// or http://")
    return url


HttpUrl = Annotated[SecretStr, AfterValidator(_leads_somewhere)]
"""A URL of HTTP, which may have a password or a token in it."""
