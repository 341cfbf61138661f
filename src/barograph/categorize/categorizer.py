"""Messages in, the ids of their categories out."""

from typing import Final

import numpy as np
import polars as pl

from barograph.categorize.analyze import Analysis, Tokens
from barograph.categorize.memory import FORMAT, Memory
from barograph.config.analyzer import Analyzer
from barograph.kernels import _categories
from barograph.results.arrays import Ids, Ints
from barograph.results.snapshot import Arrays

MOST_CATEGORIES: Final = 20_000
"""Of a job. A text with more of them is no log of messages; what would need another one has no category, and is counted."""

MOST_FORMS: Final = 1 << 20
"""Different sequences of tokens whose category is remembered, 16 bytes each; others are compared each time."""

ROWS_AT_ONCE: Final = 1 << 16


class Categorizer:
    """Gives each message a category; ids begin at 0, and those of messages that were seen never change but by `into`.

    What comes out depends on the messages and their order alone, not on how they are cut into calls.
    """

    def __init__(self, analyzer: Analyzer, *, stop_on_warn: bool, state: Arrays | None) -> None:
        self._analysis = Analysis(analyzer)
        self._stops = stop_on_warn
        self.memory = Memory.empty() if state is None else Memory(state)

    @classmethod
    def build(cls, analyzer: Analyzer, *, stop_on_warn: bool = False, state: Arrays | None = None) -> "Categorizer":
        """One that has seen nothing, or one that goes on where `snapshot` left it.

        Raises:
            ValueError: the state has another format.
        """
        if state is not None and int(state["format"][0]) != FORMAT:
            raise ValueError(f"format of categories={state['format'][0]}: wanted {FORMAT}")
        return cls(analyzer, stop_on_warn=stop_on_warn, state=state)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal messages make equal snapshots."""
        return self.memory.snapshot() | {"format": np.array([FORMAT])}

    def assign(self, lines: pl.Series, line: Ints, owner: Ids) -> Ids:
        """The category of each row [n], in their order; -1 for one without.

        Args:
            lines: different messages, a String column without nulls.
            line: int64[n], the message of each row; -1 for a row without one.
            owner: int32[n], among whose messages it is categorized, from 0; -1 for a row of none.
        """
        found = np.full(len(line), -1, np.int32)
        while len(self.memory.owners) <= owner.max(initial=-1):
            self.memory.add_owner()
        tokens, lengths = self._analysis.tokens(lines), lines.str.len_chars().cast(pl.Int32).to_numpy()
        for start in range(0, len(line), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            self._assign(tokens, lengths, line[part], owner[part], found[part])
        return found

    def _assign(self, tokens: Tokens, lengths: Ids, line: Ints, owner: Ids, found: Ids) -> None:
        memory = self.memory
        memory.reserve(_room(tokens, line, owner))
        _categories.assign(
            line,
            owner,
            lengths,
            tokens.tokens.view(np.uint8),
            tokens.end,
            tokens.arena,
            memory.raw("categories"),
            memory.raw("kept"),
            memory.raw("arena"),
            memory.raw("forms"),
            memory.slots,
            memory.owners.view(np.uint8),
            memory.used,
            MOST_CATEGORIES,
            MOST_FORMS,
            self._stops,
            found,
        )


def _room(tokens: Tokens, line: Ints, owner: Ids) -> dict[str, int]:
    """What rows add at most: a line begins one category for each owner."""
    pairs = np.unique(np.stack([line, owner.astype(np.int64)]), axis=1)
    lines = pairs[0][pairs[0] >= 0]
    start = np.concatenate([[0], tokens.end])[lines]
    sizes = np.concatenate([[0], np.cumsum(tokens.tokens["length"], dtype=np.int64)])
    end = tokens.end[lines]
    return {
        "categories": len(line),
        "forms": len(line),
        "kept": int((end - start).sum()),
        "arena": int((sizes[end] - sizes[start]).sum()),
    }
