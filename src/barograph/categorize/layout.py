"""The records of categorization, in the layout that the kernel reads and writes (`kernels/categories_state.hpp`)."""

from enum import IntEnum
from typing import Final

import numpy as np

from barograph.kernels import _categories
from barograph.kernels.records import check_records

TOKEN: Final = np.dtype([("hash", "u8"), ("offset", "i8"), ("length", "i4"), ("kind", "i4")])
KEPT: Final = np.dtype(
    [
        ("hash", "u8"),  # XXH64 of its bytes
        ("offset", "i8"),  # where they begin in the arena
        ("length", "i4"),  # bytes
        ("kind", "i4"),  # 0 a name, 1 a word, 2 open: any word may stand there
        ("common", "i4"),  # 1 while all messages of the category have it
        ("unused", "i4"),
    ]
)
CATEGORY: Final = np.dtype(
    [
        ("signature", "u8"),  # a bit for each of its words
        ("count", "i8"),  # messages
        ("first", "i8"),  # its first token
        ("tokens", "i4"),
        ("weight", "i4"),
        ("owner", "i4"),
        ("previous", "i4"),  # the next older one of the owner; -1 for the oldest
        ("into", "i4"),  # the one that has taken its place; -1 while it is alive
        ("max_length", "i4"),  # of its messages, characters
        ("open", "i4"),  # open tokens
        ("unused", "i4"),
    ]
)
FORM: Final = np.dtype([("hash", "u8"), ("category", "i4"), ("unused", "i4")])
OWNER: Final = np.dtype(
    [
        ("messages", "i8"),
        ("failed", "i8"),  # of them, those without a category, as there was no room for one
        ("newest", "i4"),  # its newest category; -1 without one
        ("categories", "i4"),
        ("dead", "i4"),  # of them, those that another has taken the place of
        ("stopped", "i4"),  # 1 when nothing of it is categorized any more
    ]
)

_BY_NAME: Final = {"token": TOKEN, "kept": KEPT, "category": CATEGORY, "form": FORM, "owner": OWNER}


class Tokenizer(IntEnum):
    """What cuts a line into tokens: the numbers are those of the kernel."""

    ML_STANDARD = 0
    ML_CLASSIC = 1
    STANDARD = 2
    WHITESPACE = 3
    SEPARATED = 4


check_records(_categories.layout(), _BY_NAME)
