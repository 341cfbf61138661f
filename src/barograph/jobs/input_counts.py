"""The counts of a job: what the engine saw, and what only the source could count."""

from dataclasses import replace

import numpy as np

from barograph.jobs.inputs import NewRows
from barograph.results.counts import DataCounts, Example


class InputCounts:
    """Adds what never reaches the engine to its counts: malformed rows, bytes, values that the job does not need.

    The engine numbers the rows that it is given; here malformed rows have numbers too, so that an example's is its row's place
    in the input. Both sides may go on from an earlier run: what the saved counts hold beyond the engine's own is the sources'.
    """

    def __init__(self, saved: DataCounts, engine: DataCounts) -> None:
        self._records = saved.input_record_count - engine.input_record_count
        self._malformed = saved.malformed_record_count - engine.malformed_record_count
        self._bytes = saved.input_bytes - engine.input_bytes
        self._fields = saved.input_field_count - engine.input_field_count
        self._examples = [example for example in saved.examples if example.reason == "malformed"]
        self._numbered: dict[Example, Example] = dict(
            zip(engine.examples, (example for example in saved.examples if example.reason != "malformed"), strict=False)
        )

    def add(self, new: NewRows, engine: DataCounts) -> None:
        """Count what a chunk brought, and number the examples in it; `engine` are the counts with the chunk."""
        before = engine.input_record_count - new.frame.height
        good_before = new.bad_rows - np.arange(len(new.bad_rows))  # how many good rows of the chunk each malformed one follows
        for example in engine.examples:
            if example not in self._numbered:
                passed = int(np.searchsorted(good_before, example.row - before - 1, side="right"))
                self._numbered[example] = replace(example, row=example.row + self._records + passed)
        self._records += new.malformed
        self._malformed += new.malformed
        self._bytes += new.bytes
        self._fields += new.fields_elsewhere
        self._examples = list(DataCounts().with_examples([*self._examples, *new.examples]).examples)

    def total(self, engine: DataCounts) -> DataCounts:
        """The job's counts, given the engine's."""
        return replace(
            engine,
            input_record_count=engine.input_record_count + self._records,
            malformed_record_count=engine.malformed_record_count + self._malformed,
            input_field_count=engine.input_field_count + self._fields,
            input_bytes=engine.input_bytes + self._bytes,
            examples=tuple(self._numbered.get(example, example) for example in engine.examples),
        ).with_examples(self._examples)
