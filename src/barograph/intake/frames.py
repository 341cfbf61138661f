"""Tables of other libraries, as Polars frames."""

import polars as pl

from barograph.config.errors import UnreadableInput


def as_frame(table: object) -> pl.DataFrame:
    """The table as a Polars frame, without a copy where Arrow allows it.

    Accepts Polars frames (lazy ones too), and whatever offers Arrow's stream interface: pandas, pyarrow, DuckDB relations.

    Raises:
        UnreadableInput: it is none of these, or cannot be read as one (names that come twice, columns of mixed types); the
            message names its type.
    """
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    kind = f"{type(table).__module__}.{type(table).__qualname__}"
    if not hasattr(table, "__arrow_c_stream__"):
        raise UnreadableInput(f"frame={kind}: wanted a table that speaks Arrow (Polars, pandas, pyarrow, DuckDB relation)")
    try:
        frame = pl.DataFrame(table)
    except Exception as error:  # of Polars or of the other library, which has errors of its own
        reason = " ".join(str(error).split())[:200]
        wanted = "a table with each column's name once and one type a column"
        raise UnreadableInput(f"frame={kind}: wanted {wanted} ({reason})") from error
    if "__index_level_0__" in frame.columns:  # pandas hands over its unnamed index as a column
        return frame.drop("__index_level_0__")
    return frame
