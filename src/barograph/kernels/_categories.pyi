"""Which messages say the same.

All arrays are one-dimensional, contiguous and belong to the caller; kernels change them in place and hold no reference
afterwards. Records travel as bytes in the layouts of `categorize/layout.py`.
"""

from typing import Final

from numpy import int32, int64, uint8, uint64
from numpy.typing import NDArray

_Records = NDArray[uint8]

OPEN: Final[int]
"""The kind of a token in whose place any word may stand."""
MOST_TOKENS: Final[int]
"""How many tokens of a message are looked at."""
SIBLINGS: Final[int]
"""So many different words in one place, all else the same, make it open."""

def layout() -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Every record as (name, bytes, [(field, offset), ...])."""

def index_forms(forms: _Records, count: int, slots: NDArray[int32]) -> None:
    """Enter the first `count` forms into `slots`: all -1, a power of two, at least twice `count`."""

def tokenize(
    lines: object,
    tokenizer: int,
    lower: bool,
    stop: NDArray[uint64],
    words: NDArray[uint64],
    tokens: _Records,
    arena: NDArray[uint8],
    end: NDArray[int64],
) -> int:
    """The tokens of lines [n], one line after the other; how many they are. A missing line has none.

    Args:
        lines: an Arrow stream of string views.
        tokenizer: a `layout.Tokenizer`.
        lower: whether tokens are made lower case (ASCII letters).
        stop: uint64[s], XXH64 of the texts that are left out, ascending.
        words: uint64[w], XXH64 of the known words, in lower case, ascending.
        tokens: room for half as many tokens as `lines` has bytes, and n more.
        arena: uint8, room for as many bytes as `lines` has; filled with those of the tokens.
        end: int64[n], where the tokens of each line end.

    Raises:
        ValueError: there is less room, or no such tokenizer.
    """

def assign(
    line: NDArray[int64],
    owner: NDArray[int32],
    length: NDArray[int32],
    tokens: _Records,
    end: NDArray[int64],
    bytes: NDArray[uint8],
    categories: _Records,
    kept: _Records,
    arena: NDArray[uint8],
    forms: _Records,
    slots: NDArray[int32],
    owners: _Records,
    used: NDArray[int64],
    most_categories: int,
    most_forms: int,
    stops: bool,
    category: NDArray[int32],
) -> None:
    """The category of each row [n], in their order; -1 for a row without a line or an owner, and where there is no room.

    Args:
        line: int64[n], the line of each row; -1 without one.
        owner: int32[n], whose messages it is compared with; -1 without one.
        length: int32[l], characters of each line.
        tokens: what `tokenize` made of the lines,
        end: ... where those of each line end,
        bytes: ... and their bytes.
        categories: the categories, with room for n more, as far as `most_categories`.
        kept: their tokens, with room for those of all rows.
        arena: uint8, the bytes of these, with room for those of all rows.
        forms: what is known already, with room for n more, as far as `most_forms`.
        slots: int32, the index of the forms (`index_forms`).
        owners: the owners.
        used: int64[4], how many categories, tokens, bytes and forms there are.
        most_categories: no more are begun; messages that would need one have none, which is counted.
        most_forms: no more are remembered; messages of other forms are compared each time.
        stops: whether an owner is stopped once its categories make no sense.
        category: int32[n], the answer.

    Raises:
        ValueError: there is less room, or a number is none of a row.
    """
