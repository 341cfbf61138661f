"""Records that a kernel and Python share are the same, or the kernel is refused."""

import numpy as np
import pytest

from barograph.kernels.records import check_records

PAIR = np.dtype([("first", "f8"), ("second", "i4")], align=True)
FIELDS = [("first", 0), ("second", 8)]


def test_the_same_records_are_taken() -> None:
    check_records([("pair", 16, FIELDS)], {"pair": PAIR})


@pytest.mark.parametrize(("size", "fields"), [(24, FIELDS), (16, [("first", 0), ("other", 8)]), (16, [*FIELDS, ("third", 12)])])
def test_other_records_are_refused(size: int, fields: list[tuple[str, int]]) -> None:
    with pytest.raises(ImportError, match=f"record 'pair'=.*, 16 bytes: wanted .*, {size} bytes as in the kernel"):
        check_records([("pair", size, fields)], {"pair": PAIR})
