"""Pieces of SQL with their values, which are never part of the text."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Sql(NamedTuple):
    """A piece of SQL.

    Attributes:
        text: with a `?` for each value.
        values: in the order of the signs.
    """

    text: str
    values: tuple[Any, ...] = ()

    def put(self, form: str) -> "Sql":
        """This piece in the place of `{}` in `form`."""
        return Sql(form.replace("{}", self.text), self.values * form.count("{}"))


TRUE = Sql("TRUE")
FALSE = Sql("FALSE")


def joined(parts: Iterable[Sql], by: str) -> Sql:
    """Pieces one after the other, with `by` between them."""
    pieces = list(parts)
    return Sql(by.join(piece.text for piece in pieces), tuple(value for piece in pieces for value in piece.values))


def all_of(parts: Iterable[Sql]) -> Sql:
    """True where every piece is."""
    pieces = [piece for piece in parts if piece != TRUE]
    return joined((piece.put("({})") for piece in pieces), " AND ") if pieces else TRUE


def any_of(parts: Iterable[Sql]) -> Sql:
    """True where some piece is."""
    pieces = [piece for piece in parts if piece != FALSE]
    return joined((piece.put("({})") for piece in pieces), " OR ") if pieces else FALSE


def none_of(piece: Sql) -> Sql:
    """True where the piece is not; what has no value is not."""
    return piece.put("NOT coalesce(({}), FALSE)")
