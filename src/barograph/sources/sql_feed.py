"""A feed of a table or a view of a database."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest, UnreadableInput
from barograph.config.job import Job
from barograph.config.moment import ms_of
from barograph.config.secret import SECRET
from barograph.config.sources import SqlSource
from barograph.sources.feed import FeedPage, cut, refuse_search_parts, with_times

_WANTED: Final = "a SQLAlchemy URL, such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqlFeed:
    """Rows of a table. An index on its time column makes this quick."""

    page_rows = 50_000

    def __init__(self, name: str, source: SqlSource, datafeed: Datafeed, job: Job) -> None:
        """A feed of a table.

        Raises:
            BadRequest: the database cannot be reached, has no such table, lacks a column, or its time is neither a timestamp
                nor a number.
        """
        refuse_search_parts(name, datafeed)
        self._name, self._job = name, job
        *schema, table = source.table.split(".")
        try:
            self._url = sa.make_url(source.sql.get_secret_value())
        except (sa.exc.ArgumentError, ValueError):  # its text can be a part of a password
            raise BadRequest(f"sources.{name}.sql={SECRET!r}: wanted {_WANTED}") from None
        try:
            self._engine = sa.create_engine(self._url)
            self._table = sa.Table(table, sa.MetaData(), schema=schema[0] if schema else None, autoload_with=self._engine)
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise BadRequest(
                f"sources.{name}.table={source.table!r}: wanted a table that can be read ({self._short(error)})"
            ) from None
        missing = [field for field in (job.time_field, *job.fields) if field not in self._table.c]
        if missing:
            raise BadRequest(
                f"[{datafeed.datafeed_id}] cannot retrieve field [{missing[0]}] because table {source.table} has none"
            )
        self._time = self._table.c[job.time_field]
        self._is_instant = isinstance(self._time.type, sa.DateTime)
        if not self._is_instant and not isinstance(self._time.type, sa.Integer | sa.Numeric):
            raise BadRequest(f"sources.{name}.{job.time_field}={self._time.type}: wanted a column of timestamps or of numbers")
        self._unit_ms = 1.0 if self._is_instant else self._measured_unit()

    def _measured_unit(self) -> float:
        """How many ms one of the numbers of the time column is, by the largest of them."""
        if self._job.data_description.time_format == "epoch_ms":
            return 1.0
        largest = self._asked(sa.select(sa.func.max(self._time)))[0][0]
        return ms_of(float(largest)) / float(largest) if largest else 1_000.0

    def _bound(self, time_ms: int) -> Any:
        """A time as the column has it."""
        if not self._is_instant:
            return time_ms / self._unit_ms
        moment = _EPOCH + timedelta(milliseconds=min(time_ms, 253_402_300_799_999))
        return moment if getattr(self._time.type, "timezone", False) else moment.replace(tzinfo=None)

    def _within(self, start_ms: int, end_ms: int) -> Any:
        return sa.and_(self._time >= self._bound(start_ms), self._time < self._bound(end_ms))

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """See `Feed`."""
        return with_times(cut(self._rows, self._job.time_field, (start_ms, end_ms), limit), self._job.time_field)

    def _rows(self, start_ms: int, end_ms: int, limit: int | None) -> pl.DataFrame:
        names = [self._job.time_field, *(name for name in self._job.fields if name != self._job.time_field)]
        query = sa.select(*(self._table.c[name] for name in names)).where(self._within(start_ms, end_ms)).order_by(self._time)
        rows = self._asked(query if limit is None else query.limit(limit))
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        made = [pl.Series(name, values, strict=False) for name, values in zip(names, columns, strict=True)]
        times = pl.Series(names[0], [self._ms(value) for value in columns[0]], dtype=pl.Int64)
        return pl.DataFrame([times, *made[1:]])

    def _ms(self, value: Any) -> int:
        """A time of the column in epoch ms."""
        if isinstance(value, datetime):
            passed = (value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH
            return passed // timedelta(milliseconds=1)
        return round(float(value) * self._unit_ms)

    def _asked(self, query: Any) -> list[Any]:
        try:
            with self._engine.connect() as connection:
                return [tuple(row) for row in connection.execute(query)]
        except sa.exc.SQLAlchemyError as error:
            raise UnreadableInput(f"sources.{self._name}: wanted a database that answers ({self._short(error)})") from None

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """See `Feed`."""
        first = self._asked(sa.select(sa.func.min(self._time)).where(self._within(start_ms, end_ms)))[0][0]
        return None if first is None else self._ms(first)

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """See `Feed`."""
        made: dict[int, int] = {}
        for at in range(start_ms // span_ms * span_ms, end_ms, span_ms):
            found = self._asked(sa.select(sa.func.count()).select_from(self._table).where(self._within(at, at + span_ms)))
            if found[0][0]:
                made[at] = int(found[0][0])
        return made

    def _short(self, error: Exception) -> str:
        """The first line of an error, without what of the URL may be a secret: drivers tell values that they do not like."""
        told = str(error).splitlines()[0]
        for value in (self._url.password, *self._url.query.values()):
            told = told.replace(str(value), SECRET) if value else told
        return told[:200]
