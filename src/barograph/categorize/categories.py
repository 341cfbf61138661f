"""The step of the engine: rows with messages in, rows with the categories of their messages out."""

import json
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from barograph.categorize.categorizer import Categorizer
from barograph.config.detector import MLCATEGORY
from barograph.config.fields import text_column
from barograph.config.job import Job
from barograph.results.arrays import Bytes, Ids, Ints
from barograph.results.snapshot import Arrays, prefixed, under

COLUMN: Final = text_column(MLCATEGORY)
"""The column of clean rows with the category of each, as text; null for a row without one."""

_LONGEST: Final = 1_000
"""Characters of an example."""


class Categories:
    """The categories of a job. Ids of results begin at 1, and are unique in the job, whatever the partition."""

    def __init__(self, job: Job, categorizer: Categorizer, examples: "Examples", partitions: list[str]) -> None:
        config = job.analysis_config
        assert config.categorization_field_name is not None
        self._message = text_column(config.categorization_field_name)
        self._partition = None if config.categories_by is None else text_column(config.categories_by)
        self.categorizer = categorizer
        self.examples = examples
        self.partitions = partitions
        self._owner_of = {value: owner for owner, value in enumerate(partitions)}

    @classmethod
    def build(cls, job: Job, state: Arrays | None = None) -> "Categories | None":
        """Of a job that has read nothing, or one that goes on where `snapshot` left it; None: the job has no messages.

        Raises:
            ValueError: the state has another format.
        """
        config = job.analysis_config
        if config.categorization_field_name is None:
            return None
        stops = config.per_partition_categorization.stop_on_warn
        categorizer = Categorizer.build(
            config.analyzer, stop_on_warn=stops, state=None if state is None else under("memory", state)
        )
        limit = job.analysis_limits.categorization_examples_limit
        if state is None:
            return cls(job, categorizer, Examples(limit, [], []), [])
        examples = Examples(limit, _texts(state["examples"]), state["example_of"].tolist())
        return cls(job, categorizer, examples, _texts(state["partitions"]))

    def add(self, columns: pl.DataFrame) -> pl.DataFrame:
        """The same clean rows with their categories in the column `COLUMN`."""
        messages = columns[self._message]
        lines = messages.drop_nulls().unique(maintain_order=True)
        known = lines.to_frame("line").with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
        line = (
            messages.to_frame("line").join(known, on="line", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
        )
        found = self.categorizer.assign(lines, line, self._owners(columns))
        self.examples.add(lines, line, found)
        ids = pl.Series(COLUMN, found + 1, dtype=pl.Int64)
        return columns.with_columns(ids.set(ids == 0, None).cast(pl.String))

    def _owners(self, columns: pl.DataFrame) -> Ids:
        """int32[n], whose messages each row is categorized with; -1 for a row without a partition."""
        if self._partition is None:
            return np.zeros(columns.height, np.int32)
        values = columns[self._partition]
        for value in values.drop_nulls().unique(maintain_order=True):
            self._owner_of.setdefault(value, len(self._owner_of))
        self.partitions = list(self._owner_of)
        owners = values.replace_strict(self._owner_of, default=-1, return_dtype=pl.Int32)
        return owners.fill_null(-1).to_numpy()

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal rows make equal snapshots."""
        own: Arrays = {"partitions": _bytes(self.partitions)} | self.examples.snapshot()
        return prefixed("memory", self.categorizer.snapshot()) | own


class Examples:
    """The first different messages of each category, as many as the job wants; the longest are cut."""

    def __init__(self, limit: int, texts: list[str], of: list[int]) -> None:
        self._limit = limit
        self._known: dict[int, list[str]] = {}
        for category, text in zip(of, texts, strict=True):
            self._known.setdefault(category, []).append(text)

    def of(self, category: int) -> list[str]:
        """Those of a category, in the order in which they came."""
        return self._known.get(category, [])

    def snapshot(self) -> Arrays:
        """The texts by category, and the category of each: in which order categories got theirs depends on the calls."""
        known = sorted(self._known.items())
        of = [category for category, texts in known for _ in texts]
        return {"examples": _bytes([text for _, texts in known for text in texts]), "example_of": np.array(of, np.int32)}

    def add(self, lines: pl.Series, line: Ints, category: Ids) -> None:
        """Keep those that are new, of the messages of rows."""
        if not self._limit or category.max(initial=-1) < 0:
            return
        full = np.zeros(int(category.max()) + 1, np.bool_)
        for one, known in self._known.items():
            if len(known) >= self._limit and one < len(full):
                full[one] = True
        rows = np.flatnonzero((category >= 0) & ~full[category])
        if not len(rows):
            return
        text = pl.col("text")
        cut = pl.when(text.str.len_chars() > _LONGEST).then(text.str.slice(0, _LONGEST - 3) + "...").otherwise(text)
        texts = lines.to_frame("text").select(cut.str.replace_all("\0", "\ufffd", literal=True))["text"]  # NUL cannot be stored
        pairs = pl.DataFrame({"category": category[rows], "text": texts.gather(line[rows])}).unique(maintain_order=True)
        # So many are known at most, and so many are wanted: the first of twice as many hold them all.
        for one, example in pairs.group_by("category", maintain_order=True).head(2 * self._limit).iter_rows():
            known = self._known.setdefault(one, [])
            if len(known) < self._limit and example not in known:
                known.append(example)


def _bytes(texts: list[str]) -> Bytes:
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def _texts(data: NDArray[Any]) -> list[str]:
    texts: list[str] = json.loads(data.tobytes())
    return texts
