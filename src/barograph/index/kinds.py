"""Types of fields, under Elastic's names, and what they are in a column."""

from dataclasses import dataclass
from typing import Final

import polars as pl


@dataclass(frozen=True)
class Kind:
    """What the values of a field are.

    Attributes:
        name: one word for the code that treats kinds differently.
        sql: the type of the column.
        dtype: the same in Polars.
    """

    name: str
    sql: str
    dtype: pl.DataType

    @property
    def is_number(self) -> bool:
        """Whether one can calculate with the values; times are epoch ms or ns."""
        return self not in (TEXT, EXACT)


TEXT: Final = Kind("text", "VARCHAR", pl.String())
"""Words, found one by one."""
EXACT: Final = Kind("keyword", "VARCHAR", pl.String())
"""Text that is found as a whole."""
WHOLE: Final = Kind("whole", "BIGINT", pl.Int64())
LARGE: Final = Kind("large", "UBIGINT", pl.UInt64())
NUMBER: Final = Kind("number", "DOUBLE", pl.Float64())
BOOLEAN: Final = Kind("boolean", "BOOLEAN", pl.Boolean())
DATE: Final = Kind("date", "BIGINT", pl.Int64())
"""Epoch ms."""
NANOS: Final = Kind("date_nanos", "BIGINT", pl.Int64())
"""Epoch ns."""

KINDS: Final = {
    **dict.fromkeys(("text", "match_only_text", "search_as_you_type", "annotated_text"), TEXT),
    **dict.fromkeys(("keyword", "constant_keyword", "wildcard", "ip", "version", "geo_point"), EXACT),
    **dict.fromkeys(("long", "integer", "short", "byte"), WHOLE),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), NUMBER),
    "unsigned_long": LARGE,
    "boolean": BOOLEAN,
    "date": DATE,
    "date_nanos": NANOS,
}
OBJECTS: Final = ("object", "nested")
"""Types that have fields of their own."""
NS: Final = 1_000_000
"""Nanoseconds of a millisecond."""
