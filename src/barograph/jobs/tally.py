"""The counts of a job: what the engine saw, and what only the source could count."""

from dataclasses import replace

from barograph.jobs.inputs import NewRows
from barograph.results.counts import DataCounts


class Tally:
    """Adds malformed rows and bytes, which never reach the engine, to the engine's counts.

    Both sides may go on from an earlier run: what the saved counts hold beyond the engine's own is the sources' share.
    """

    def __init__(self, saved: DataCounts, engine: DataCounts) -> None:
        self._records = saved.input_record_count - engine.input_record_count
        self._malformed = saved.malformed_record_count - engine.malformed_record_count
        self._bytes = saved.input_bytes - engine.input_bytes
        self._examples = [one for one in saved.examples if one not in engine.examples]

    def add(self, new: NewRows) -> None:
        """Count what a chunk brought."""
        self._records += new.malformed
        self._malformed += new.malformed
        self._bytes += new.bytes
        self._examples = list(DataCounts().with_examples([*self._examples, *new.examples]).examples)

    def total(self, engine: DataCounts) -> DataCounts:
        """The job's counts, given the engine's."""
        return replace(
            engine,
            input_record_count=engine.input_record_count + self._records,
            malformed_record_count=engine.malformed_record_count + self._malformed,
            input_bytes=engine.input_bytes + self._bytes,
        ).with_examples(self._examples)
