"""Records that a kernel and Python share."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def check_records(theirs: Iterable[tuple[str, int, list[tuple[str, int]]]], ours: Mapping[str, np.dtype[Any]]) -> None:
    """Refuse a kernel that was built from other records: it would write beside the fields.

    Args:
        theirs: of each record of the kernel its name, its bytes, and its fields with their offsets.
        ours: what Python takes them for, by name.

    Raises:
        ImportError: they differ.
    """
    for name, size, fields in theirs:
        dtype = ours[name]
        known = [(field, dtype.fields[field][1]) for field in dtype.names or ()] if dtype.fields else []
        if dtype.itemsize != size or known != fields:
            raise ImportError(
                f"record {name!r}={known}, {dtype.itemsize} bytes: wanted {fields}, {size} bytes as in the kernel"
            )
