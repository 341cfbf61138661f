"""Transforms applied to rows: fields made of fields, and rows left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from publicsuffixlist import PublicSuffixList

from barograph.api.engine.transform_config import Step

_SPLIT: Final = "\x1f"
"""Stands between two parts while a text is split; no text of a log has it."""

_GEOHASH: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_LONGEST_GEOHASH: Final = 12


@dataclass(frozen=True)
class Transformed:
    """Rows behind all transforms.

    Attributes:
        frame: the rows that are left.
        kept: of each row that came, whether it is among them.
        failed: values that a transform could make nothing of.
    """

    frame: pl.DataFrame
    kept: pl.Series
    failed: int


def transformed(frame: pl.DataFrame, steps: Sequence[Step]) -> Transformed:
    """Rows behind some transforms. A field that is not there is empty; what is made of nothing is nothing.

    Args:
        frame: rows of text.
        steps: the transforms, in order.
    """
    place = "\0place"
    rows, failed = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64()).alias(place)), 0
    for step in steps:
        missing = [pl.lit(None, pl.String()).alias(name) for name in step.inputs if name not in rows.columns]
        rows = rows.with_columns(missing).with_columns(pl.col(*step.inputs).cast(pl.String()))
        if step.kind == "exclude":
            rows = rows.filter(~_is_excluded(step))
            continue
        made = rows.select(*(one.alias(name) for name, one in zip(step.outputs, _MAKERS[step.kind](step), strict=False)))
        given = rows.select(pl.any_horizontal(pl.col(*step.inputs).is_not_null())).to_series()
        failed += int((given & made.select(pl.all_horizontal(pl.all().is_null())).to_series()).sum())
        rows = rows.with_columns(made)
    kept = pl.Series("kept", [False] * frame.height, pl.Boolean()).scatter(rows[place], True)
    return Transformed(rows.drop(place), kept, failed)


def _is_excluded(step: Step) -> pl.Expr:
    """Whether one of the fields fulfils the condition; what is no number fulfils none with a number."""
    if step.operator == "match":
        tests = [pl.col(name).str.contains(f"^(?:{step.value})$") for name in step.inputs]
    else:
        numbers = [pl.col(name).str.strip_chars().cast(pl.Float64(), strict=False) for name in step.inputs]
        tests = [_COMPARED[step.operator](number, float(step.value)) for number in numbers]
    return pl.any_horizontal(test.fill_null(value=False) for test in tests)


_COMPARED: Final[dict[str, Callable[[pl.Expr, float], pl.Expr]]] = {
    "eq": lambda number, value: number == value,
    "gt": lambda number, value: number > value,
    "gte": lambda number, value: number >= value,
    "lt": lambda number, value: number < value,
    "lte": lambda number, value: number <= value,
}


def _concat(step: Step) -> list[pl.Expr]:
    return [pl.concat_str(step.inputs, separator=step.arguments[0] if step.arguments else "", ignore_nulls=True)]


def _extract(step: Step) -> list[pl.Expr]:
    text, pattern = pl.col(step.inputs[0]), step.arguments[0]
    return [text.str.extract(pattern, group) for group in range(1, len(step.outputs) + 1)]


def _split(step: Step) -> list[pl.Expr]:
    parts = pl.col(step.inputs[0]).str.replace_all(step.arguments[0], _SPLIT).str.split(_SPLIT)
    return [parts.list.get(at, null_on_oob=True) for at in range(len(step.outputs))]


def _domain_split(step: Step) -> list[pl.Expr]:
    suffixes = PublicSuffixList()
    kind = pl.Struct({"0": pl.String(), "1": pl.String()})
    parts = pl.col(step.inputs[0]).map_elements(lambda domain: dict(zip("01", _domain(suffixes, domain), strict=True)), kind)
    return [parts.struct.field("0"), parts.struct.field("1")]


def _domain(suffixes: PublicSuffixList, domain: str) -> tuple[str, str]:
    """What stands before the highest registered domain, and that itself; of a name without one all stands before."""
    name = domain.strip().strip(".").lower()
    registered = suffixes.privatesuffix(name) if name.isascii() and len(name) < 256 else None
    return (name, "") if registered is None else (name.removesuffix(registered).rstrip("."), registered)


def _geo_unhash(step: Step) -> list[pl.Expr]:
    return [pl.col(step.inputs[0]).map_elements(_place, pl.String())]


def _place(geohash: str) -> str | None:
    """The middle of a geohash's cell, as latitude and longitude with a comma between them; None where it is none."""
    text = geohash.strip().lower()
    if not 1 <= len(text) <= _LONGEST_GEOHASH or set(text) - set(_GEOHASH):
        return None
    bits = "".join(f"{_GEOHASH.index(sign):05b}" for sign in text)
    longitude, latitude = ((int(part, 2) + 0.5) / (1 << len(part)) for part in (bits[::2], bits[1::2]))
    return f"{latitude * 180 - 90:.6f},{longitude * 360 - 180:.6f}"


_MAKERS: Final[dict[str, Callable[[Step], list[pl.Expr]]]] = {
    "concat": _concat,
    "extract": _extract,
    "split": _split,
    "domain_split": _domain_split,
    "geo_unhash": _geo_unhash,
    "lowercase": lambda step: [pl.col(step.inputs[0]).str.to_lowercase()],
    "uppercase": lambda step: [pl.col(step.inputs[0]).str.to_uppercase()],
    "trim": lambda step: [pl.col(step.inputs[0]).str.strip_chars()],
}
