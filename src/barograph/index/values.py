"""Values of fields beside the document: `fields` and `docvalue_fields` of a search."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from barograph.index.conditions import wildcard_pattern
from barograph.index.dates import DEFAULT_FORMAT, iso_ms, nanos
from barograph.index.errors import BadQuery
from barograph.index.kinds import DATE, NANOS, NS
from barograph.index.mapping import Field
from barograph.index.scope import Scope


def shown_fields(document: Mapping[str, Any], wanted: Sequence[Any], scope: Scope) -> dict[str, list[Any]]:
    """The values of the fields that `wanted` names, each as a list. Fields without a value are left out."""
    flat: dict[str, list[Any]] = {}
    _collect(document, "", flat)
    shown: dict[str, list[Any]] = {}
    for item in wanted:
        path, form = (item, None) if isinstance(item, str) else (item.get("field"), item.get("format"))
        if not isinstance(path, str):
            raise BadQuery(f"[fields]={item!r}: wanted the name of a field, or an object with [field]")
        pattern = re.compile(wildcard_pattern(path))
        for name, values in _named(flat, scope).items():
            if pattern.fullmatch(name):
                field = scope.field(name)
                shown[name] = [_shown(value, field, form) for value in values]
    return shown


def _named(flat: Mapping[str, list[Any]], scope: Scope) -> dict[str, list[Any]]:
    """Values by field, also under the names of views such as `host.keyword`."""
    views = {
        item.path: flat[item.parent] for item in scope.index.mapping.fields.values() if item.parent and item.parent in flat
    }
    return {**flat, **views}


def _collect(item: Any, path: str, into: dict[str, list[Any]]) -> None:
    if isinstance(item, Mapping):
        for name, value in item.items():
            _collect(value, f"{path}.{name}" if path else name, into)
    elif isinstance(item, list):
        for value in item:
            _collect(value, path, into)
    elif item is not None:
        into.setdefault(path, []).append(item)


def _shown(value: Any, field: Field | None, form: str | None) -> Any:
    if field is None or field.kind not in (DATE, NANOS):
        return value
    at = nanos(value, field.definition.get("format", DEFAULT_FORMAT))
    if form == "epoch_millis":
        return str(at // NS) if at % NS == 0 else f"{at // NS}.{at % NS:06d}".rstrip("0")
    return iso_ms(at // NS)
