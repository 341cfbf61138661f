"""Tables of text, as `_cat` writes them."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from barograph.api.elastic.answers import Answer, wanted_format
from barograph.api.elastic.arguments import flag
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad

QUERY = "v h s format bytes time help local master_timeout"
"""The parameters that all of these calls have."""


def cat(call: Call, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], default: Sequence[str]) -> Answer:
    """Rows as a table of text, or as JSON if asked.

    Args:
        call: says which columns, in which order, with or without a header.
        rows: what is to be told; None is empty.
        columns: the short name of every column, by its name.
        default: the columns that are shown unless others are asked for.
    """
    if flag(call, "help", False):
        width = max(map(len, columns))
        return Answer("".join(f"{name:<{width}} | {short}\n" for name, short in columns.items()))
    chosen = _chosen(call.query.get("h", ""), columns, default)
    ordered = _sorted(rows, call.query.get("s", ""), columns)
    cells = [[_text(row.get(name)) for name in chosen] for row in ordered]
    if wanted_format(call.query.get("format"), call.accept) != "text":
        return Answer([dict(zip(chosen.values(), line, strict=True)) for line in cells])
    if flag(call, "v", False):
        cells.insert(0, list(chosen.values()))
    widths = [max((len(line[at]) for line in cells), default=0) for at in range(len(chosen))]
    lines = (" ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells)
    return Answer("".join(f"{line}\n" for line in lines))


def _chosen(wanted: str, columns: Mapping[str, str], default: Sequence[str]) -> dict[str, str]:
    """The columns, each with what it is called: a short name that is asked for is told."""
    if not wanted:
        return {name: name for name in default}
    chosen: dict[str, str] = {}
    for part in (part.strip() for part in wanted.split(",")):
        for name, short in columns.items():
            if part == short or fnmatchcase(name, part):
                chosen.setdefault(name, part if part == short else name)
    return chosen


def _sorted(rows: Sequence[Mapping[str, Any]], wanted: str, columns: Mapping[str, str]) -> list[Mapping[str, Any]]:
    ordered = list(rows)
    by_short = {short: name for name, short in columns.items()}
    for part in reversed([part.strip() for part in wanted.split(",") if part.strip()]):
        name, _, direction = part.partition(":")
        name = by_short.get(name, name)
        if name not in columns or direction not in ("", "asc", "desc"):
            raise bad(f"Unable to sort by unknown sort key `{name[:100]}`")
        ordered.sort(key=lambda row: (row.get(name) is not None, row.get(name)), reverse=direction == "desc")
    return ordered


def _text(value: Any) -> str:
    return "" if value is None else str(value)
