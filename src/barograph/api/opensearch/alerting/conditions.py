"""Conditions of triggers: the part of their scripts that needs no script engine.

`return A op number && ...`, where A is a number of an answer (`ctx.results[0].aggregations.NAME.value`,
`ctx.results[0].hits.hits[0]._source.FIELD`, `ctx.results[0].hits.total.value`, `ctx.results[0].hits.hits.length`), or how
many answers there are (`ctx.results.length`). These, and whatever they lie in, may also be compared with null.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from barograph.api.elastic.errors import bad

_SCRIPT: Final = re.compile(r"\s*(?:return\s+)?(.*?)\s*;?\s*", re.DOTALL)
_NAME: Final = r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*"
_COUNT: Final = r"(?:length|size\(\))"
_NUMBER: Final = re.compile(
    rf"results\.{_COUNT}|results\[\d+\]\.(?:aggregations\.{_NAME}\.value|hits\.hits\[\d+\]\._source\.{_NAME}"
    rf"|hits\.total\.value|hits\.hits\.{_COUNT})"
)
_OBJECT: Final = re.compile(
    rf"results(?:\[\d+\](?:\.(?:aggregations(?:\.{_NAME})?|hits(?:\.total|\.hits(?:\[\d+\](?:\._source)?)?)?))?)?"
)
"""What numbers lie in."""
_CLAUSE: Final = re.compile(
    r"\s*ctx\.(?P<path>[\w.\[\]()-]+?)\s*(?P<sign>==|!=|<=|>=|<|>)\s*"
    r"(?P<limit>null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)[fFdDLl]?\s*"
)
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    **{"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
}
_WANTED: Final = "wanted comparisons of ctx.results[...] with numbers or null, joined by &&"


@dataclass(frozen=True)
class Clause:
    """One comparison.

    Attributes:
        path: what of the answers.
        sign: how it is compared.
        limit: with what; None is null.
    """

    path: str
    sign: str
    limit: float | None

    def holds(self, results: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is true of answers; nothing is neither above nor below anything."""
        value = _value(results, self.path)
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
    for part in _bare(inner[1] if inner else source).split("&&"):
        clause = _clause(_bare(part))
        if clause is None:
            raise bad(f"[{where}.source]: {part.strip()[:200]!r}: {_WANTED}")
        clauses.append(clause)
    return clauses


def _bare(text: str) -> str:
    """A text without the parentheses around all of it."""
    text = text.strip()
    depths = list(accumulate({"(": 1, ")": -1}.get(sign, 0) for sign in text))
    is_whole = text.startswith("(") and 0 not in depths[:-1] and depths[-1] == 0
    return _bare(text[1:-1]) if is_whole else text


def _clause(text: str) -> Clause | None:
    """A comparison; None where it is none."""
    found = _CLAUSE.fullmatch(text)
    if found is None:
        return None
    path, sign = found["path"], found["sign"]
    if found["limit"] == "null":
        is_known = sign in ("==", "!=") and (_NUMBER.fullmatch(path) or _OBJECT.fullmatch(path))
        return Clause(path, sign, None) if is_known else None
    return Clause(path, sign, float(found["limit"])) if _NUMBER.fullmatch(path) else None


def _value(results: Sequence[Mapping[str, Any]], path: str) -> Any:
    place: Any = {"results": results}
    for step in re.findall(r"[^.\[\]]+|\[\d+\]", path):
        if step in ("length", "size()"):
            place = len(place) if isinstance(place, Sequence) else None
        elif step.startswith("["):
            at = int(step[1:-1])
            place = place[at] if isinstance(place, Sequence) and at < len(place) else None
        else:
            place = place.get(step) if isinstance(place, Mapping) else None
    return place
