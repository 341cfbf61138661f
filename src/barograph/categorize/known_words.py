"""The words that are told from names of hosts, users and packages.

`words.txt` has lower-case words that the comments and documentation of at least five of 366 free Python packages use, counted
here; so it is the vocabulary of people who write log messages, and a part of every release: categories must not change with
another package's dictionary.
"""

from functools import cache
from importlib import resources

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.kernels import _fold


@cache
def word_hashes() -> NDArray[np.uint64]:
    """uint64[w], XXH64 of the known words, ascending."""
    return hashes(resources.files(__package__).joinpath("words.txt").read_text("ascii").split())


def hashes(texts: list[str]) -> NDArray[np.uint64]:
    """uint64[n], XXH64 of the UTF-8 of texts, ascending."""
    found = np.empty(len(texts), np.uint64)
    if texts:
        _fold.hash_texts(pl.Series(texts, dtype=pl.String).__arrow_c_stream__(), found)
    return np.sort(found)
