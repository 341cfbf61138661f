"""Which results a filter of entities lets through, as SQL: `host is web-* and not region is eu`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from barograph.config.splits import SPLITS
from barograph.store import tables


@dataclass(frozen=True)
class Is:
    """A field has a value.

    Attributes:
        field: a split field of the result's series, or an influencer field.
        parts: the value; of several parts there may be any text between each and the next, and capitals of Latin letters do not
            matter.
    """

    field: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class IsOneOf:
    """A field has one of several values, to the letter; a list, as SQLite reads no more than 1,000 `or`s.

    Attributes:
        field: as of `Is`.
        values: the values; of none, never.
    """

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class AllOf:
    """Everything in it holds."""

    of: tuple["Filter", ...]


@dataclass(frozen=True)
class AnyOf:
    """Something in it holds; of nothing, never."""

    of: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    """What is in it does not hold."""

    of: "Filter"


Leaf = Is | IsOneOf
Filter = Leaf | AllOf | AnyOf | Not


def leaves(wanted: Filter) -> Iterator[Leaf]:
    """Each field that a filter asks for, in its order."""
    if isinstance(wanted, Leaf):
        yield wanted
    else:
        for part in (wanted.of,) if isinstance(wanted, Not) else wanted.of:
            yield from leaves(part)


def condition(wanted: Filter, leaf: Callable[[Leaf], "sa.ColumnElement[bool]"]) -> "sa.ColumnElement[bool]":
    """A filter as SQL, given what a field with a value is."""
    if isinstance(wanted, Leaf):
        return leaf(wanted)
    if isinstance(wanted, Not):
        # What SQL calls unknown is a result without the field: it does not have the value.
        return sa.not_(sa.func.coalesce(condition(wanted.of, leaf), sa.false()))
    parts = [condition(part, leaf) for part in wanted.of]
    return sa.and_(sa.true(), *parts) if isinstance(wanted, AllOf) else sa.or_(sa.false(), *parts)


def is_of(column: "sa.ColumnElement[Any]", parts: tuple[str, ...]) -> "sa.ColumnElement[bool]":
    """Whether a column has a value; both databases take `like` alike when both sides are in small letters."""
    if len(parts) == 1:
        return column == parts[0]
    pattern = "%".join(part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in parts)
    small = "".join(letter.lower() if letter.isascii() else letter for letter in pattern)
    return sa.func.lower(column).like(small, escape="\\")


def _has(column: "sa.ColumnElement[Any]", wanted: Leaf) -> "sa.ColumnElement[bool]":
    return is_of(column, wanted.parts) if isinstance(wanted, Is) else column.in_(wanted.values)


def of_record(wanted: Leaf) -> "sa.ColumnElement[bool]":
    """Whether a record is of a series with this value, or blames it."""
    c, blamed = tables.RECORD.c, tables.RECORD_INFLUENCER.alias().c  # an alias: what is around may ask the same table
    split = [sa.and_(c[name] == wanted.field, _has(c[value], wanted)) for name, value in SPLITS]
    same = [blamed[key] == c[key] for key in ("job_id", "timestamp", "seq")]
    whom = (blamed.influencer_field_name == wanted.field, _has(blamed.influencer_field_value, wanted))
    return sa.or_(*split, sa.exists().where(*same, *whom))
