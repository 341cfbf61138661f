"""Tables by name in a settings file: `[sources.NAME]`, `[channels.NAME]`."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from barograph.config.base import Document, problems_of
from barograph.config.errors import BadRequest, ConfigError, shortened
from barograph.config.secret import SECRET, hides
from barograph.config.server import DEFAULT_FILE

T = TypeVar("T")


def named_tables(file: Path | None, section: str, exists: Callable[[Path], bool] = Path.exists) -> dict[str, Any]:
    """The tables of a section, by name.

    Args:
        file: a TOML file; None is `barograph.toml` in the current folder where there is one.
        section: what they are below of.
        exists: whether there is a file.

    Raises:
        BadRequest: the file cannot be read, or the section is no table.
    """
    default = Path(DEFAULT_FILE)
    chosen = file if file is not None else default if exists(default) else None
    if chosen is None:
        return {}
    try:
        tables = tomllib.loads(chosen.read_text(encoding="utf-8")).get(section, {})
    except (OSError, ValueError) as error:
        raise BadRequest(f"config={str(chosen)!r}: wanted a readable TOML file ({error})") from None
    if not isinstance(tables, dict):
        raise BadRequest(f"config={str(chosen)!r}: {section}: wanted tables [{section}.NAME]")  # no value: it can be a secret
    return tables


def document_of(where: str, table: object, kinds: Mapping[str, type[Document]], environment: Mapping[str, str]) -> Any:
    """The document of a table, of the kind that one of its keys tells. `$NAME` in a value is taken from the environment.

    Raises:
        ConfigError: with every problem.
        BadRequest: it is of no kind, or a variable is not set.
    """
    found = [key for key in kinds if isinstance(table, dict) and key in table]
    if len(found) != 1 or not isinstance(table, dict):
        # Its keys only: values can be passwords.
        told = f"has {shortened(', '.join(table))}" if isinstance(table, dict) else "is no table"
        raise BadRequest(f"{where} {told}: wanted a table with one of {', '.join(kinds)}")
    kind = kinds[found[0]]
    try:
        return kind.model_validate({key: _filled((where, key), value, kind, environment) for key, value in table.items()})
    except ValidationError as error:
        raise ConfigError(problem.below(where) for problem in problems_of(error, kind)) from None


def _filled(where: tuple[str, str], value: Any, kind: type[Document], environment: Mapping[str, str]) -> Any:
    """A value that is only `$VARIABLE` is that of the environment, so that no secret needs to be in the file."""
    if isinstance(value, list):
        return [_filled(where, one, kind, environment) for one in value]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value[1:] not in environment:
        shown = SECRET if hides(kind, where[1]) else value  # it can be a password that begins so
        raise BadRequest(f"{'.'.join(where)}={shown!r}: wanted, behind $, a variable of the environment that is set")
    return environment[value[1:]]
