"""`filter_path`: only those parts of a document that are asked for."""

from fnmatch import fnmatchcase
from typing import Any


def filtered(document: Any, wanted: str) -> Any:
    """The parts of a document that dotted paths name, `*` for any text of a name, `**` for any names; `-` leaves out.

    Args:
        document: the whole of it.
        wanted: paths, separated by commas; empty is all of it.
    """
    paths = [path.strip() for path in wanted.split(",") if path.strip()]
    without = [path[1:].split(".") for path in paths if path.startswith("-")]
    only = [path.split(".") for path in paths if not path.startswith("-")]
    if only:
        document = _kept(document, only)
        document = {} if document is _NOTHING else document
    return _left(document, without) if without else document


class _Nothing:
    """Nothing of a value is wanted."""


_NOTHING = _Nothing()


def _below(paths: list[list[str]], name: str) -> list[list[str]]:
    """What is left of the paths one level down, by the name that was gone through; an empty path is all that is there."""
    rest: list[list[str]] = []
    for path in paths:
        if not path:
            continue
        head, *tail = path
        if head == "**":
            rest.append(path)
            if tail and fnmatchcase(name, tail[0]):
                rest.append(tail[1:])
            elif not tail:
                rest.append([])
        elif fnmatchcase(name, head):
            rest.append(tail)
    return rest


def _kept(value: Any, paths: list[list[str]]) -> Any:
    if [] in paths:
        return value
    if isinstance(value, dict):
        kept = {name: _kept(part, _below(paths, name)) for name, part in value.items()}
        kept = {name: part for name, part in kept.items() if part is not _NOTHING}
        return kept or _NOTHING
    if isinstance(value, list):
        parts = [part for part in (_kept(item, paths) for item in value) if part is not _NOTHING]
        return parts or _NOTHING
    return _NOTHING


def _left(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, dict):
        below = {name: _below(paths, name) for name in value}
        return {name: _left(part, below[name]) for name, part in value.items() if [] not in below[name]}
    if isinstance(value, list):
        return [_left(item, paths) for item in value]
    return value
