"""Parameters that several calls share, spelled and bounded once."""

import base64
import binascii
from typing import Annotated, Final

from fastapi import Path, Query

from barograph.config.errors import BadRequest

_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999

JobId = Annotated[str, Path(description="the job's id", min_length=1, max_length=64)]
TimeMs = Annotated[int, Path(ge=_FIRST_MS, le=_LAST_MS, description="epoch ms")]
From = Annotated[int | None, Query(alias="from", ge=_FIRST_MS, le=_LAST_MS, description="epoch ms, inclusive")]
To = Annotated[int | None, Query(ge=_FIRST_MS, le=_LAST_MS, description="epoch ms, exclusive")]
MinScore = Annotated[float, Query(alias="min", ge=0, le=100, description="lowest score")]
Size = Annotated[int, Query(ge=0, le=10_000, description="rows at most")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before")]
Entity = Annotated[
    list[str] | None, Query(description="FIELD=VALUE: only what has this value; may be given more than once", max_length=20)
]
Expressions = Annotated[
    list[str] | None, Query(alias="job", description="job ids, groups, with `*` for any text; all without one", max_length=100)
]

Filter = Annotated[
    str,
    Query(alias="q", max_length=2000, description='entities: `host:web-* and not (region:eu or region:"us east")`'),
]
By = Annotated[
    str,
    Query(
        max_length=500,
        description="what lanes are: overall, job, detector, or a field whose values they are (`:job` is a field called job)",
    ),
]
LaneNames = Annotated[
    list[str] | None,
    Query(alias="lane", max_length=1000, description="only these lanes: job ids, JOB/INDEX of detectors, values of the field"),
]
SelectedFrom = Annotated[
    int | None, Query(ge=_FIRST_MS, le=_LAST_MS, description="epoch ms, inclusive: where what is selected begins")
]
SelectedTo = Annotated[int | None, Query(ge=_FIRST_MS, le=_LAST_MS, description="epoch ms, exclusive: where it ends")]
Interim = Annotated[bool, Query(description="also buckets that are still open")]


def offset_of(cursor: str | None) -> int:
    """Where a page begins.

    Raises:
        BadRequest: no page ever gave this cursor.
    """
    if cursor is None:
        return 0
    try:
        number = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (binascii.Error, ValueError, UnicodeDecodeError):
        number = -1
    if not 0 <= number < 1 << 40:
        raise BadRequest(f"cursor={cursor!r}: wanted 'next' of the page before")
    return number


def cursor_after(offset: int, shown: int, total: int) -> str | None:
    """The cursor of the next page; None behind the last."""
    end = offset + shown
    return base64.urlsafe_b64encode(str(end).encode()).decode() if shown and end < total else None


def selected(start: int | None, end: int | None) -> tuple[int, int] | None:
    """The span that is selected; None when none is.

    Raises:
        BadRequest: only one end of it is given, or it ends before it begins.
    """
    if start is None and end is None:
        return None
    if start is None or end is None or end <= start:
        raise BadRequest(f"sel_from={start}, sel_to={end}: wanted both, the end after the start")
    return start, end


def entity_of(given: list[str] | None, parameter: str = "entity") -> tuple[tuple[str, str], ...]:
    """Values by field name.

    Raises:
        BadRequest: one has no equals sign.
    """
    pairs = [text.partition("=") for text in given or ()]
    for field, equals, value in pairs:
        if not field or not equals:
            raise BadRequest(f"{parameter}={field + value!r}: wanted FIELD=VALUE")
    return tuple((field, value) for field, _, value in pairs)


DetectorIndex = Annotated[int, Query(alias="detector", ge=0, le=10_000, description="index of the detector")]
PartitionValue = Annotated[str | None, Query(alias="partition", max_length=10_000, description="value of the partition field")]
ByValue = Annotated[str | None, Query(alias="by", max_length=10_000, description="value of the by field")]
OverValue = Annotated[str | None, Query(alias="over", max_length=10_000, description="value of the over field")]
