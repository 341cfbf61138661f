"""From the rows of an upload to those that a job takes: transformed, with what it needs, and counted."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from barograph.api.engine.job_documents import data_description, transforms, used_fields
from barograph.api.engine.readers import Wanted, number_fields
from barograph.api.engine.state import Extras
from barograph.api.engine.transform_config import Step, inputs_of
from barograph.api.engine.transforms import Transformed, transformed
from barograph.config.job import Job
from barograph.results.arrays import Ints
from barograph.results.counts import Example
from barograph.sources.chunk import Block, Chunk


@dataclass(frozen=True)
class Made:
    """Rows that a job takes.

    Attributes:
        chunk: the rows, all of them new.
        excluded: how many others there were that a transform has left out.
        failed: values that a transform could make nothing of.
    """

    chunk: Chunk
    excluded: int
    failed: int


@dataclass(frozen=True)
class Rows:
    """How the rows of a job are read and made.

    Attributes:
        wanted: what is read of them.
        steps: the transforms, in order.
        used: the fields that the analysis needs, the time first.
    """

    wanted: Wanted
    steps: tuple[Step, ...]
    used: tuple[str, ...]

    @classmethod
    def of(cls, job: Job, extras: Extras) -> Self:
        """Those of a job."""
        steps, used = transforms(job, extras), used_fields(job)
        texts = {*job.text_fields, *(name for step in steps for name in step.inputs)}
        numbers = number_fields(job.number_fields, texts, job.data_description.time_format, job.time_field)
        return cls(Wanted(data_description(job, extras), inputs_of(steps, used), numbers), steps, used)

    def transformed(self, block: Block) -> Transformed:
        """The rows of a block behind all transforms, with the fields that the job needs."""
        made = transformed(block.frame, self.steps)
        return Transformed(made.frame.select(name for name in self.used if name in made.frame.columns), made.kept, made.failed)

    def made(self, block: Block, first_row: int) -> Made:
        """A block as a chunk.

        Args:
            block: the rows as they were read.
            first_row: how many rows of the upload came before.
        """
        rows = self.transformed(block)
        bad_rows = _places([bad.position for bad in block.bad], rows.kept.to_numpy())
        elsewhere = len(block.columns) - rows.frame.width if block.columns else 0
        chunk = Chunk(
            frame=rows.frame,
            source="",
            first_row=first_row,
            rows=rows.frame.height + len(block.bad),
            bytes=block.bytes,
            malformed=len(block.bad),
            bad_rows=bad_rows,
            examples=[
                Example("malformed", first_row + at + 1, bad.text[:200].decode(errors="replace"), f"wanted {bad.wanted}")
                for at, bad in zip(bad_rows.tolist(), block.bad[:5], strict=False)
            ],
            read_bytes=block.bytes,
            total_bytes=None,
            fingerprint=None,
            columns=block.columns,
            fields_elsewhere=rows.frame.height * max(0, elsewhere),
        )
        return Made(chunk, block.frame.height - rows.frame.height, rows.failed)


def _places(positions: list[int], kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Ints:
    """Where malformed rows are, once rows that a transform has left out are gone."""
    bad = np.array(positions, np.int64)
    good_before = bad - np.arange(len(bad))
    kept_before: Ints = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    places: Ints = kept_before[good_before] + np.arange(len(bad))
    return places
