"""Entities that people name: `field=value`."""

from collections.abc import Iterable
from typing import Annotated

import typer

from barograph.config.errors import BadRequest

Entities = Annotated[
    list[str] | None,
    typer.Option(
        "--entity",
        metavar="FIELD=VALUE",
        help="Only this entity; several must all hold.",
        show_default="all",
    ),
]


def parsed(texts: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """The fields and values of options.

    Raises:
        BadRequest: one is not `field=value`.
    """
    entity = []
    for text in texts or ():
        field, equals, value = text.partition("=")
        if not field or not equals:
            raise BadRequest(f"--entity={text!r}: wanted FIELD=VALUE, such as host=web-1")
        entity.append((field, value))
    return tuple(entity)


def told(entity: Iterable[tuple[str, str]]) -> str:
    """An entity as it is typed; empty for none."""
    return " ".join(f"{field}={value}" for field, value in entity)
