"""Messages into tokens, as the job's analyzer wants them."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.categorize.known_words import hashes, word_hashes
from barograph.categorize.layout import TOKEN, Tokenizer
from barograph.config.analyzer import Analyzer, Replace
from barograph.kernels import _categories
from barograph.results.arrays import Bytes, Ints

_SEPARATOR: Final = "\x1f"
_TOKENIZERS: Final = {
    "ml_standard": Tokenizer.ML_STANDARD,
    "ml_classic": Tokenizer.ML_CLASSIC,
    "standard": Tokenizer.STANDARD,
    "whitespace": Tokenizer.WHITESPACE,
    "pattern": Tokenizer.SEPARATED,
    "keyword": Tokenizer.SEPARATED,
}
_FIRST: Final = {"first_non_blank_line": r"(?m)^(.*\S.*)$", "first_line_with_letters": r"(?m)^(.*\p{L}.*)$"}


@dataclass(frozen=True)
class Tokens:
    """The tokens of lines [n].

    Attributes:
        tokens: records `TOKEN`, one line after the other.
        end: int64[n], where those of each line end.
        arena: their bytes.
    """

    tokens: NDArray[Any]
    end: Ints
    arena: Bytes


class Analysis:
    """An analyzer at work."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._stop = hashes(sorted(set(analyzer.stop)))

    def tokens(self, lines: pl.Series) -> Tokens:
        """The tokens of lines, a String column [n] without nulls."""
        texts = self._texts(lines)
        size = int(texts.str.len_bytes().sum() or 0)
        tokens, arena, end = np.empty(size // 2 + len(lines), TOKEN), np.empty(size, np.uint8), np.empty(len(lines), np.int64)
        used = _categories.tokenize(
            texts.__arrow_c_stream__(),
            _TOKENIZERS[self._analyzer.tokenizer],
            self._analyzer.lower,
            self._stop,
            word_hashes(),
            tokens.view(np.uint8),
            arena,
            end,
        )
        found = Tokens(tokens[:used], end, arena)
        return _first(found, self._analyzer.most) if len(end) else found

    def _texts(self, lines: pl.Series) -> pl.Series:
        text = pl.col("line")
        for one in self._analyzer.char_filters:
            if isinstance(one, Replace):
                text = text.str.replace_all(one.pattern, _replacement(one.replacement))
            else:  # a message without such a line is left as it is, which then has no tokens
                text = pl.coalesce(text.str.extract(_FIRST[one], 1), text)
        if self._analyzer.tokenizer == "pattern" and self._analyzer.is_token:
            text = text.str.extract_all(self._analyzer.pattern).list.join(_SEPARATOR)
        elif self._analyzer.tokenizer == "pattern":
            text = text.str.replace_all(self._analyzer.pattern, _SEPARATOR)
        return lines.to_frame("line").select(text).to_series()


def _replacement(text: str) -> str:
    """Java's `$1x` is group 1 and an x; in the library it would be the group `1x`."""
    return re.sub(r"\$(\d+)", r"${\1}", text)


def _first(found: Tokens, most: int) -> Tokens:
    """Only the first tokens of each line."""
    start = np.concatenate([[0], found.end[:-1]])
    count = found.end - start
    if count.max() <= most:
        return found
    place = np.arange(len(found.tokens)) - np.repeat(start, count)
    return Tokens(found.tokens[place < most], np.cumsum(np.minimum(count, most)), found.arena)
