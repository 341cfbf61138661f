"""What documents are put into buckets by: a value, a span of time, a span of numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from barograph.config.duration import Duration
from barograph.index.asked import number_of
from barograph.index.dates import DEFAULT_FORMAT, query_nanos, shown_time
from barograph.index.errors import BadQuery
from barograph.index.hits import Hits
from barograph.index.kinds import BOOLEAN, DATE, EXACT, NANOS, NS, NUMBER, WHOLE, Kind
from barograph.index.sql import Sql
from barograph.index.time_steps import TimeStep

_CALENDAR: Final[Mapping[str, int | str]] = {
    **dict.fromkeys(("minute", "1m"), 60_000),
    **dict.fromkeys(("hour", "1h"), 3_600_000),
    **dict.fromkeys(("day", "1d"), "day"),
    **dict.fromkeys(("week", "1w"), "week"),
    **dict.fromkeys(("month", "1M"), "month"),
    **dict.fromkeys(("quarter", "1q"), "quarter"),
    **dict.fromkeys(("year", "1y"), "year"),
}
_OFFSET: Final = re.compile(r"([+-]?)(\d+[a-z]+)")


@dataclass(frozen=True)
class Key:
    """What a bucket is known by.

    Attributes:
        path: the field.
        form: the key, as an expression with `{}` for the value.
        kind: of the key; None where no index has the field.
        step: how far two neighbours lie apart; None for values as they are.
        zone: where days and months begin.
        shape: the format of times as text; None for that of ISO.
    """

    path: str
    form: Sql
    kind: Kind | None
    step: float | TimeStep | None = None
    zone: str = "UTC"
    shape: str | None = None

    @property
    def absent(self) -> Kind:
        """What keys would be, where no index has the field."""
        return EXACT if self.step is None else NUMBER if self.kind is None else self.kind

    @property
    def is_time(self) -> bool:
        """Whether keys are epoch ms."""
        return self.kind in (DATE, NANOS)

    def shown(self, key: Any) -> dict[str, Any]:
        """A key as it is answered, and as text where that says more."""
        if self.kind is BOOLEAN:
            return {"key": int(key), "key_as_string": "true" if key else "false"}
        if not self.is_time:
            return {"key": key}
        return {"key": key, "key_as_string": shown_time(int(key), self.shape or DEFAULT_FORMAT, self.zone)}

    def paged(self, key: Any) -> Any:
        """A key in the pages of a `composite`: a time is a text where a format was asked for."""
        return shown_time(int(key), self.shape, self.zone) if self.shape and self.is_time else key

    def unpaged(self, key: Any) -> Any:
        """The key that a page has shown.

        Raises:
            BadQuery: it is none of this format.
        """
        return query_nanos(key, self.shape, 0, zone=self.zone) // NS if self.shape and self.is_time else key

    def between(self, first: Any, last: Any) -> Iterator[Any]:
        """All keys from one to another one, empty ones too."""
        at = first
        while at <= last:
            yield at
            if isinstance(self.step, TimeStep):
                at = self.step.after(at)
            else:
                at += (int(self.step) if self.step and self.is_time else self.step) or 1


def value_key(body: Mapping[str, Any], hits: Hits, name: str) -> Key:
    """Values as they are (`terms`)."""
    path, kind = _field(body, hits, name)
    return Key(path, _with_missing(body), kind)


def _field(body: Mapping[str, Any], hits: Hits, name: str) -> tuple[str, Kind | None]:
    path = body.get("field")
    if not isinstance(path, str):
        raise BadQuery(f"aggregation [{name}]={dict(body)!r}: wanted [field]; scripts are not run")
    return path, hits.kind(path)


def _with_missing(body: Mapping[str, Any]) -> Sql:
    return Sql("{}") if body.get("missing") is None else Sql("coalesce({}, ?)", (body["missing"],))


def number_key(body: Mapping[str, Any], hits: Hits, name: str) -> Key:
    """Spans of numbers (`histogram`)."""
    path, kind = _field(body, hits, name)
    interval, offset = body.get("interval"), number_of(body, "offset", 0, name)
    if not isinstance(interval, (int, float)) or isinstance(interval, bool) or not interval > 0:
        raise BadQuery(f"[interval] of aggregation [{name}]={interval!r}: wanted a number above 0")
    if kind is not None and not kind.is_number:
        raise BadQuery(f"Field [{path}] of type [{kind.name}] is not supported for aggregation [histogram]: wanted a number")
    number = _with_missing(body).text
    form = (
        f"floor((CAST({number} AS DOUBLE) - {float(offset)!r}) / {float(interval)!r}) * {float(interval)!r} + {float(offset)!r}"
    )
    if kind in (DATE, NANOS):
        form = f"CAST({form} AS BIGINT)"
    return Key(path, Sql(form, _with_missing(body).values), kind, float(interval))


def time_key(body: Mapping[str, Any], hits: Hits, name: str) -> Key:
    """Spans of time (`date_histogram`)."""
    path, kind = _field(body, hits, name)
    if kind not in (None, DATE, NANOS, WHOLE):
        raise BadQuery(f"Field [{path}] of type [{kind.name}] is not supported for aggregation [date_histogram]: wanted a date")
    kind = DATE  # whole numbers are epoch ms here, as in Elasticsearch
    zone, shape = str(body.get("time_zone") or "UTC"), body.get("format")
    shown_time(0, str(shape or DEFAULT_FORMAT))
    asked = [name for name in ("fixed_interval", "calendar_interval", "interval") if body.get(name) is not None]
    if len(asked) > 1:
        raise BadQuery(f"interval of aggregation [{name}]: wanted one of {' and '.join(asked)}")
    given = body[asked[0]] if asked else None
    if asked == ["calendar_interval"] and (not isinstance(given, str) or given not in _CALENDAR):
        raise BadQuery(f"[calendar_interval] of aggregation [{name}]={given!r}: wanted one of {', '.join(_CALENDAR)}")
    offset = _offset(body.get("offset", 0), name)
    length: int | str
    if isinstance(given, str) and given in _CALENDAR and "fixed_interval" not in body:
        length = _CALENDAR[given]
    else:
        length = _length(given, name)
    step = TimeStep(length, zone, offset)
    return Key(path, step.form, kind, step, zone, shape)


def _length(given: object, name: str) -> int:
    try:
        length = Duration.parse(given).ms
    except ValueError as error:
        raise BadQuery(f"interval of aggregation [{name}]={given!r}: {error}") from None
    if length <= 0:
        raise BadQuery(f"interval of aggregation [{name}]={given!r}: wanted a length of time above 0")
    return length


def _offset(given: object, name: str) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    found = _OFFSET.fullmatch(str(given))
    try:
        return Duration.parse(found[2]).ms * (-1 if found[1] == "-" else 1) if found else int(str(given))
    except ValueError:
        raise BadQuery(f"offset of aggregation [{name}]={given!r}: wanted a length of time such as +6h") from None
