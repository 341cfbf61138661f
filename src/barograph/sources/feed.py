"""What a datafeed reads from: rows of a span of time, whatever holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import polars as pl

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest


@dataclass(frozen=True)
class FeedPage:
    """Some rows.

    Attributes:
        frame: the rows, by time. Times are instants (Datetime), whatever the job's time format says of other input.
        until_ms: all rows before this time are in it, or came before it.
    """

    frame: pl.DataFrame
    until_ms: int


class Feed(Protocol):
    """A source of rows by time. Nothing of it is remembered between two calls.

    Attributes:
        page_rows: about how many rows are best read at once.
    """

    page_rows: int

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """The first rows of a span, about `limit` of them; rows of one ms are never parted.

        Raises:
            BarographError: the source cannot be read.
        """

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """The first time of a row in a span; None when there is none. Raises as `page`."""

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """How many rows each bucket of a span has now, by the bucket's start. Raises as `page`."""


@runtime_checkable
class RowClock(Protocol):
    """A feed whose rows tell the time themselves: what it does not have yet says nothing, whatever clocks show."""

    def rows_until(self) -> int:
        """Before which time all rows are there, epoch ms; 0 without rows. Raises as `page`."""


def cut(read: Callable[[int, int, int | None], pl.DataFrame], time_field: str, span: tuple[int, int], limit: int) -> FeedPage:
    """A page of a source that gives the first rows of a span.

    Args:
        read: gives the rows from one ms to another one, by time (Int64, epoch ms), at most as many as it is told.
        time_field: the column with the time.
        span: first ms, and the first one behind it.
        limit: about how many rows.
    """
    rows = read(*span, limit + 1)
    if rows.height <= limit:
        return FeedPage(rows, span[1])
    last = int(rows[time_field][limit])
    whole = rows.filter(pl.col(time_field) < last)
    if whole.height:
        return FeedPage(whole, last)
    return FeedPage(read(last, last + 1, None), last + 1)


def refuse_search_parts(name: str, datafeed: Datafeed) -> None:
    """Refuse what only an index can answer.

    Raises:
        BadRequest: the datafeed has a query, aggregations or computed fields.
    """
    if datafeed.query.keys() != {"match_all"}:
        raise BadRequest(f"datafeed_config.query={datafeed.query!r}: wanted match_all, as source {name!r} cannot search")
    for field in ("aggregations", "runtime_mappings", "script_fields"):
        if getattr(datafeed, field):
            raise BadRequest(f"datafeed_config.{field}: wanted none, as source {name!r} cannot search")


def with_times(page: FeedPage, time_field: str) -> FeedPage:
    """A page whose times are instants."""
    return FeedPage(
        page.frame.with_columns(pl.col(time_field).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")), page.until_ms
    )
