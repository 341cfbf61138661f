"""Conditions of triggers: the part of their scripts that needs no script engine.

`return A op number && ...`, where A is a number of an answer (`ctx.results[0].aggregations.NAME.value`,
`ctx.results[0].hits.hits[0]._source.FIELD`, `ctx.results[0].hits.total.value`, `ctx.results[0].hits.hits.length`) or is
compared with null.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph.api.elastic.errors import bad

_SCRIPT: Final = re.compile(r"\s*(?:return\s+)?(.*?)\s*;?\s*", re.DOTALL)
_NAME: Final = r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*"
_CLAUSE: Final = re.compile(
    rf"\s*ctx\.results\[(?P<result>\d+)\]\.(?P<path>aggregations\.{_NAME}\.value|hits\.hits\[\d+\]\._source\.{_NAME}"
    r"|hits\.total\.value|hits\.hits\.(?:length|size\(\)))\s*(?P<sign>==|!=|<=|>=|<|>)\s*"
    r"(?P<limit>null|-?\d+(?:\.\d+)?)[fFdDLl]?\s*"
)
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    **{"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
}
_WANTED: Final = "wanted comparisons of ctx.results[...] with numbers or null, joined by &&"


@dataclass(frozen=True)
class Clause:
    """One comparison.

    Attributes:
        result: which answer.
        path: what of it.
        sign: how it is compared.
        limit: with what; None is null.
    """

    result: int
    path: str
    sign: str
    limit: float | None

    def holds(self, results: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is true of answers; nothing is neither above nor below anything."""
        value = _value(results, self.result, self.path)
        if self.limit is None:
            return (value is None) == (self.sign == "==")
        return isinstance(value, int | float) and _SIGNS[self.sign](value, self.limit)


def condition(where: str, script: Any) -> list[Clause]:
    """The comparisons of a script, all of which must be true.

    Raises:
        ElasticError: it is another one.
    """
    source = script.get("source") if isinstance(script, Mapping) else None
    language = script.get("lang", "painless") if isinstance(script, Mapping) else None
    if not isinstance(source, str) or language != "painless":
        raise bad(f"[{where}]={str(script)[:200]}: wanted a script with source, in painless")
    inner = _SCRIPT.fullmatch(source)
    clauses = []
    for part in (inner[1] if inner else source).split("&&"):
        found = _CLAUSE.fullmatch(part)
        if found is None or (found["limit"] == "null" and found["sign"] not in ("==", "!=")):
            raise bad(f"[{where}.source]: {part.strip()[:200]!r}: {_WANTED}")
        limit = None if found["limit"] == "null" else float(found["limit"])
        clauses.append(Clause(int(found["result"]), found["path"], found["sign"], limit))
    return clauses


def _value(results: Sequence[Mapping[str, Any]], result: int, path: str) -> Any:
    place: Any = results[result] if result < len(results) else None
    for step in re.findall(r"[^.\[\]]+|\[\d+\]", path):
        if step in ("length", "size()"):
            place = len(place) if isinstance(place, list) else None
        elif step.startswith("["):
            at = int(step[1:-1])
            place = place[at] if isinstance(place, list) and at < len(place) else None
        else:
            place = place.get(step) if isinstance(place, Mapping) else None
    return place
