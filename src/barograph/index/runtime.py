"""Fields that are computed for a request: the part of `runtime_mappings` that needs no script engine.

`emit(EXPRESSION)` with numbers, `doc['field'].value`, `+ - * /` and brackets; or no script: the field of the document.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from barograph.index.errors import BadQuery
from barograph.index.kinds import BOOLEAN, EXACT, KINDS
from barograph.index.sql import Sql

if TYPE_CHECKING:
    from barograph.index.scope import Scope

_SCRIPT: Final = re.compile(r"\s*emit\s*\((.*)\)\s*;?\s*", re.DOTALL)
_RETURN: Final = re.compile(r"\s*(?:return\s+)?(.*?)\s*;?\s*", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""\s*(?:doc\[(['"])(?P<field>[^'"\]]+)\1\]\.value|(?P<number>\d+(?:\.\d+)?)[LlDdFf]?|(?P<sign>[-+*/()]))"""
)
_WANTED: Final = "wanted emit(...) of numbers, doc['field'].value, + - * / and brackets"


@dataclass(frozen=True)
class RuntimeField:
    """A field that is computed.

    Attributes:
        path: its name.
        type: Elastic's type, a key of `KINDS`.
        script: the expression within `emit(...)`, or None for a field of the document.
    """

    path: str
    type: str
    script: str | None

    def sql(self, scope: "Scope") -> Sql:
        """The field as an expression over the table of documents of `scope`."""
        kind = KINDS[self.type]
        if self.script is None:
            item = scope.field(self.path)
            pointer = "$." + ".".join(f'"{name}"' for name in self.path.replace('"', "").split("."))
            read = scope.value(item) if item is not None else Sql("json_extract_string(source, ?)", (pointer,))
            return read.put(f"TRY_CAST({{}} AS {kind.sql})")
        if kind in (BOOLEAN, EXACT):
            raise BadQuery(f"runtime_mappings.{self.path}.type={self.type!r}: wanted a number or a date beside a script")
        return _expression(self.path, self.script, scope).put(f"CAST({{}} AS {kind.sql})")


def runtime_fields(body: object) -> dict[str, RuntimeField]:
    """The fields of a `runtime_mappings`.

    Raises:
        BadQuery: one of them cannot be computed.
    """
    if not isinstance(body, dict):
        raise BadQuery(f"runtime_mappings={body!r}: wanted an object")
    return {path: _parse(path, definition) for path, definition in body.items()}


def scripted(script_fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `script_fields` as `runtime_mappings` that compute the same: numbers.

    Raises:
        BadQuery: one of them is no script.
    """
    made: dict[str, Any] = {}
    for name, definition in script_fields.items():
        script = definition.get("script") if isinstance(definition, Mapping) else None
        source = script.get("source") if isinstance(script, Mapping) else script
        if not isinstance(source, str):
            raise BadQuery(f"script_fields.{name}={definition!r}: wanted an object with a script")
        made[name] = {"type": "double", "script": f"emit({_RETURN.fullmatch(source)[1]})"}  # type: ignore[index]  # all match
    return made


def _parse(path: str, definition: Any) -> RuntimeField:
    definition = {"type": definition} if isinstance(definition, str) else definition
    kind = definition.get("type") if isinstance(definition, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadQuery(f"runtime_mappings.{path}.type={kind!r}: wanted one of {', '.join(sorted(KINDS))}")
    script = definition.get("script")
    if script is None:
        return RuntimeField(path, kind, None)
    source = script.get("source") if isinstance(script, dict) else script
    found = _SCRIPT.fullmatch(source) if isinstance(source, str) else None
    if found is None:
        raise BadQuery(f"runtime_mappings.{path}.script={source!r}: {_WANTED}")
    return RuntimeField(path, kind, found[1])


def _expression(path: str, script: str, scope: "Scope") -> Sql:
    """The script in SQL: its tokens are checked one by one, and the database reads the sum."""
    parts: list[str] = []
    at, open_brackets, wants_value = 0, 0, True
    while at < len(script.rstrip()):
        token = _TOKEN.match(script, at)
        is_value = token is not None and token["sign"] is None
        is_start = token is not None and token["sign"] in ("(", "-", "+")
        if token is None or (not is_value and not is_start if wants_value else is_value or token["sign"] == "("):
            raise BadQuery(f"runtime_mappings.{path}.script={script!r}: {_WANTED}; at {script[at : at + 20]!r}")
        open_brackets += {"(": 1, ")": -1}.get(token["sign"] or "", 0)
        wants_value = not is_value and token["sign"] != ")"
        parts.append(_sql_of(token, scope))
        at = token.end()
    if open_brackets or wants_value:
        raise BadQuery(f"runtime_mappings.{path}.script={script!r}: {_WANTED}; a bracket or a value is missing")
    return Sql(" ".join(parts))


def _sql_of(token: re.Match[str], scope: "Scope") -> str:
    if token["field"]:
        item = scope.field(token["field"])
        return "NULL" if item is None else f"CAST({scope.value(item).text} AS DOUBLE)"
    return f"CAST({token['number']} AS DOUBLE)" if token["number"] else str(token["sign"])
