"""Spans of time by the clocks of a zone: which one a time is in, and which comes next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from barograph.index.errors import BadQuery
from barograph.index.sql import Sql
from barograph.index.zones import fixed_ms, zone_of

_HOUR_MS: Final = 3_600_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_MS: Final = timedelta(milliseconds=1)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class TimeStep:
    """How time is cut.

    Attributes:
        length: of a span, ms; or `day`, `week`, `month`, `quarter` or `year`.
        zone: whose clocks say where spans begin.
        offset_ms: how much later than that they begin.
    """

    length: int | str
    zone: str
    offset_ms: int

    @property
    def form(self) -> Sql:
        """Where the span begins that a time is in, epoch ms, as an expression with `{}` for the time."""
        ahead = fixed_ms(zone_of(self.zone))
        begin = self._of_clock() if ahead is None else self._of_offset(self.offset_ms - ahead)
        return Sql(f"({begin})")

    def _of_offset(self, offset_ms: int) -> str:
        if isinstance(self.length, str):
            return f"epoch_ms(date_trunc('{self.length}', make_timestamp(({{}} - {offset_ms}) * 1000))) + {offset_ms}"
        return f"{{}} - {_passed(f'({{}} - {offset_ms})', self.length)}"

    def _of_clock(self) -> str:
        """Short spans are cut on after clocks have changed; longer ones are as long as clocks say, whenever these change."""
        shown = f"timezone('{self.zone}', make_timestamptz(({{}} - {self.offset_ms}) * 1000))"
        if isinstance(self.length, str):
            return f"epoch_ms(timezone('{self.zone}', date_trunc('{self.length}', {shown}))) + {self.offset_ms}"
        local = f"epoch_ms({shown})"
        passed = _passed(local, self.length)
        if self._is_short:
            return f"{{}} - {passed}"
        return f"epoch_ms(timezone('{self.zone}', make_timestamp(({local} - {passed}) * 1000))) + {self.offset_ms}"

    @property
    def _is_short(self) -> bool:
        return isinstance(self.length, int) and _HOUR_MS % self.length == 0

    def after(self, begin_ms: int) -> int:
        """Where the span begins that follows one which begins at a time.

        Raises:
            BadQuery: no calendar has the time.
        """
        if isinstance(self.length, int) and fixed_ms(zone_of(self.zone)) is not None:
            return begin_ms + self.length
        try:
            found = self._after(begin_ms)
        except (OverflowError, ValueError):
            raise BadQuery(f"date_histogram: wanted times from the year 1 to 9999, found {begin_ms} ms") from None
        return found if found > begin_ms else begin_ms + self._least_ms

    def _after(self, begin_ms: int) -> int:
        if isinstance(self.length, int) and self._is_short:
            end_ms = begin_ms + self.length
            return end_ms - self._local_ms(end_ms) % self.length
        local = _LOCAL_EPOCH + self._local_ms(begin_ms) * _MS
        return self._utc_ms(self._next(local)) + self.offset_ms

    @property
    def _least_ms(self) -> int:
        return self.length if isinstance(self.length, int) else 24 * _HOUR_MS

    def _local_ms(self, at_ms: int) -> int:
        moment = (_EPOCH + (at_ms - self.offset_ms) * _MS).astimezone(zone_of(self.zone))
        return (moment.replace(tzinfo=UTC) - _EPOCH) // _MS

    def _utc_ms(self, local: datetime) -> int:
        """When clocks show a time; the later where they do twice or, as the database has it, not at all."""
        shown = (local.replace(tzinfo=zone_of(self.zone), fold=fold) for fold in (0, 1))
        return max((moment - _EPOCH) // _MS for moment in shown)

    def _next(self, local: datetime) -> datetime:
        if isinstance(self.length, int):
            since_epoch = local - _LOCAL_EPOCH
            return local - since_epoch % (self.length * _MS) + self.length * _MS
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.length == "day":
            return day + timedelta(days=1)
        if self.length == "week":
            return day + timedelta(days=7 - day.weekday())
        months = _MONTHS[self.length]
        number = (day.year * 12 + day.month - 1) // months * months + months
        return day.replace(year=number // 12, month=number % 12 + 1, day=1)


def _passed(local: str, length: int) -> str:
    """How much of its span has passed at a time."""
    return f"(({local} % {length}) + {length}) % {length}"
