"""Tables of other libraries, as Polars frames."""

import os
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from barograph.config.errors import UnreadableInput

# Columns of instants are read whatever their zone is called: an instant is one in any zone. Without this, Polars panics at a
# zone that is an offset, such as Arrow writes.
os.environ["POLARS_IGNORE_TIMEZONE_PARSE_ERROR"] = "1"

_ZONES: Final = available_timezones()


def as_frame(table: object) -> pl.DataFrame:
    """The table as a Polars frame, without a copy where Arrow allows it.

    Accepts Polars frames (lazy ones too), and whatever offers Arrow's stream interface: pandas, pyarrow, DuckDB relations.

    Raises:
        UnreadableInput: it is none of these, or cannot be read as one (names that come twice, columns of mixed types); the
            message names its type.
    """
    if isinstance(table, pl.DataFrame):
        return with_known_zones(table)
    if isinstance(table, pl.LazyFrame):
        return with_known_zones(table.collect())
    kind = f"{type(table).__module__}.{type(table).__qualname__}"
    if not hasattr(table, "__arrow_c_stream__"):
        raise UnreadableInput(f"frame={kind}: wanted a table that speaks Arrow (Polars, pandas, pyarrow, DuckDB relation)")
    try:
        frame = pl.DataFrame(table)
    except (Exception, pl.exceptions.PanicException) as error:  # of Polars or of the other library, which has its own
        reason = " ".join(str(error).split())[:200]
        wanted = "a table with each column's name once and one type a column"
        raise UnreadableInput(f"frame={kind}: wanted {wanted} ({reason})") from error
    frame = with_known_zones(frame)
    if "__index_level_0__" in frame.columns:  # pandas hands over its unnamed index as a column
        return frame.drop("__index_level_0__")
    return frame


def with_known_zones(frame: pl.DataFrame) -> pl.DataFrame:
    """The same instants, in UTC where Polars does not know the zone of their column: it could not write them as text."""
    foreign = {
        name: pl.Datetime(kind.time_unit, "UTC")
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime) and kind.time_zone is not None and kind.time_zone not in _ZONES
    }
    if not foreign:
        return frame
    return frame.with_columns(pl.col(name).to_physical().cast(kind) for name, kind in foreign.items())
