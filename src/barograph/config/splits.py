"""The roles of the fields that split a detector's rows, and how results call what belongs to each."""

from typing import Final

ROLES: Final = ("by", "over", "partition")
"""In the order in which a description of a detector names them."""

SERIES_ROLES: Final = ("partition", "by", "over")
"""The same in the order in which results name them: a detector has a series for each combination of their values."""

SPLIT_NAMES: Final = tuple(f"{role}_field_name" for role in SERIES_ROLES)
"""The settings that name these fields, and the columns of results that repeat them."""

SPLIT_VALUES: Final = tuple(f"{role}_field_value" for role in SERIES_ROLES)
"""The columns with a series' value of each."""

SPLITS: Final = tuple(zip(SPLIT_NAMES, SPLIT_VALUES, strict=True))
"""The column with a field's name and the one with the value, for each role."""
