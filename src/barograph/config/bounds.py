"""How large a job document may be, wherever it comes from: what is larger is a mistake or an attack, never a job."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from barograph.config.errors import Problem

MOST_BYTES: Final = 4 << 20
"""Of a job file. The longest that are known, of hundreds of detectors, have a tenth of a MiB."""

MOST_DEPTH: Final = 50
"""Objects and lists inside each other. A job has six."""

MOST_VALUES: Final = 200_000
"""Values in all, an alias of YAML counted wherever it stands."""

MOST_DETECTORS: Final = 1_000
MOST_NAMES: Final = 1_000
"""Influencers, and filters of categorization."""


def problems_of_size(document: Any) -> list[Problem]:
    """What is too deep, too much, or no text: the first of each kind, as one that is too large has thousands."""
    found: dict[str, Problem] = {}
    for count, (path, value, depth) in enumerate(_values(document)):
        if count >= MOST_VALUES:
            found["many"] = Problem("", f"{MOST_VALUES:,} values and more", f"at most {MOST_VALUES:,} values in all")
            break
        if depth > MOST_DEPTH:
            wanted = f"at most {MOST_DEPTH} objects and lists inside each other"
            found.setdefault("deep", Problem(path.partition(".")[0].partition("[")[0], "(deeper)", wanted))
        elif isinstance(value, str) and not _is_text(value):
            found.setdefault("text", Problem(path, value, "text that can be stored: no NUL, no half of a surrogate pair"))
        elif isinstance(value, bytes | bytearray | set | frozenset):
            found.setdefault("kind", Problem(path, value, "text, a number, true, false, null, a list or an object"))
    return list(found.values())


def _is_text(value: str) -> bool:
    return "\0" not in value and (value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value))


def _values(document: Any) -> Iterator[tuple[str, Any, int]]:
    """All values and keys, each with its path and depth; nothing below one that is too deep."""
    todo: list[tuple[str, Any, int]] = [("", document, 0)]
    while todo:
        path, value, depth = todo.pop()
        yield path, value, depth
        if depth > MOST_DEPTH:
            continue
        if isinstance(value, Mapping):
            for key, below in value.items():
                yield path or "job", key, depth
                todo.append((f"{path}.{key}" if path else str(key), below, depth + 1))
        elif isinstance(value, list | tuple):
            todo += [(f"{path}[{index}]", below, depth + 1) for index, below in enumerate(value[:MOST_VALUES])]
