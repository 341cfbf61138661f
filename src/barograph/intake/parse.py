"""Numbers and text of any form become Float64 and String, with null for what is missing."""

from typing import Final

import numpy as np
import polars as pl

from barograph.kernels import _points

LARGEST: Final = 1e150
"""Squares of numbers up to here, and sums of them, are still finite."""


def parse_numbers(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Numbers of at most `LARGEST` in size, and which values are there without being one.

    Text is a number when it reads as one, with white space around it or not. NaN and infinities are not numbers: in
    typed columns NaN is how "no value" is written, so it is missing; as text it is a value that is not a number.

    Returns:
        Float64[n] with null for what is missing or not a number; Boolean[n], true for what is there but not a number.
    """
    if values.dtype.is_numeric():
        return _plain_numbers(values.cast(pl.Float64))
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.String:
        values = pl.select(pl.when(values != "").then(values)).to_series()
        number = values.cast(pl.Float64, strict=False)
        if number.null_count() > values.null_count():
            number = pl.select(pl.coalesce(number, values.str.strip_chars().cast(pl.Float64, strict=False))).to_series()
    elif values.dtype == pl.Null:
        number = values.cast(pl.Float64)
    else:
        number = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(values))
    number = pl.select(pl.when(number.is_between(-LARGEST, LARGEST)).then(number)).to_series()
    return number, number.is_null() & values.is_not_null()


def _plain_numbers(number: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Numbers are looked at as an array: a query takes longer than a live bucket is worth."""
    array = number.to_numpy()  # with NaN for null
    usable = np.abs(array) <= LARGEST
    if usable.all():
        return number, pl.Series([False]).new_from_index(0, len(array))
    return pl.Series(np.where(usable, array, np.nan), nan_to_null=True), pl.Series(~usable & ~np.isnan(array))


PLACE_WANTED: Final = "latitude,longitude in degrees, such as 51.5,-0.12, from -90 to 90 and from -180 to 180"


def parse_places(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Places as one number each, and which values are there without being a place.

    A place is text, its latitude and longitude in degrees with a comma between them.

    Returns:
        Float64[n] with null for what is missing or no place; Boolean[n], true for what is there but no place.
    """
    text = parse_text(values)
    parts = text.str.split_exact(",", 1).struct.unnest()
    both = text.str.count_matches(",", literal=True) == 1
    known = both.fill_null(False).to_numpy()
    latitude, longitude = (
        np.where(known, parts[name].str.strip_chars().cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy(), np.nan)
        for name in parts.columns
    )
    code = np.empty(len(text))
    _points.codes(latitude, longitude, code)
    place = pl.Series(code, nan_to_null=True)
    return place, place.is_null() & text.is_not_null()


def parse_text(values: pl.Series) -> pl.Series:
    """Each value as text; null where it is missing. Empty text is missing: a CSV file cannot tell the two apart.

    Whole numbers are written without a point, so `5` from JSON, `"5"` from CSV and `5.0` from a table with gaps are one entity.
    """
    if values.dtype.is_float():
        values = _number_text(values.cast(pl.Float64))
    elif isinstance(values.dtype, pl.Duration):
        values = values.dt.to_string("iso")
    elif isinstance(values.dtype, pl.Struct):
        values = values.struct.json_encode()
    elif isinstance(values.dtype, pl.List | pl.Array):
        # As Elastic does: the items, with commas between them.
        items = values.cast(pl.List(values.dtype.inner))
        of_items = parse_text if values.dtype.inner.is_nested() else _plain_text
        values = items.list.eval(pl.element().map_batches(of_items, return_dtype=pl.String)).list.join(",")
    else:
        values = _plain_text(values)
    if (values != "").all():  # or missing
        return values
    return pl.select(pl.when(values != "").then(values)).to_series()


def _plain_text(values: pl.Series) -> pl.Series:
    """Values that have no parts, as text. Bytes that are not UTF-8 are written as `\\xff`: different values stay different."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError:
        texts = [value.decode(errors="backslashreplace") if isinstance(value, bytes) else value for value in values.to_list()]
        return pl.Series(values.name, [None if text is None else str(text) for text in texts], dtype=pl.String)


def _number_text(values: pl.Series) -> pl.Series:
    """Floats as text; NaN is missing, and whole numbers that a float holds exactly have no point."""
    values = values.fill_nan(None)
    whole = (values == values.floor()) & (values.abs() < 2.0**53)
    as_whole = pl.select(pl.when(whole).then(values)).to_series().cast(pl.Int64)
    return pl.select(pl.coalesce(as_whole.cast(pl.String), values.cast(pl.String))).to_series()
