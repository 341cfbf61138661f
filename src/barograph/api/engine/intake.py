"""One job's share of an upload: opened if need be, fed block by block, committed, and what came of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import polars as pl

from barograph.api.engine.counts import OWN, upload_summary
from barograph.api.engine.errors import Code, EngineError, as_engine
from barograph.api.engine.job_documents import data_description
from barograph.api.engine.pipe import Pipe
from barograph.api.engine.readers import blocks
from barograph.api.engine.rows import Rows
from barograph.api.engine.state import Extras, State
from barograph.api.engine.stored import store
from barograph.config.errors import BadRequest, BarographError
from barograph.config.job import Job
from barograph.intake.parse_times import parse_times
from barograph.jobs.knowledge.downtime import plan_downtime
from barograph.jobs.room import waits_for_room
from barograph.jobs.service import JobState
from barograph.results.counts import DataCounts
from barograph.sources.chunk import Chunk

_LOOKED_AT: Final = 100
"""Rows after which an upload is judged by its share of bad ones."""

_MOST_BAD: Final = 0.25
"""Of the rows of an upload. Chosen: more than a quarter is a wrong time format, delimiter or order, not some bad rows."""


@dataclass(frozen=True)
class Options:
    """What an upload asks for.

    Attributes:
        ignore_downtime: the time without rows before its first one is no anomaly.
        is_stored: its rows are kept in the index, too.
        reset: the time, `[start, end)` in epoch ms, whose rows those of the upload take the place of.
    """

    ignore_downtime: bool = False
    is_stored: bool = False
    reset: tuple[int, int] | None = None


@dataclass
class Intake:
    """One job's share of an upload. `run` is called once, in a thread of its own."""

    state: State
    job_id: str
    pipe: Pipe
    options: Options
    _own: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OWN, 0))

    def run(self) -> dict[str, Any]:
        """Read all of it; returns the entry of the answer, which tells what was read or what was wrong."""
        try:
            with self.state.alone(self.job_id):
                return {"jobId": self.job_id, "uploadSummary": self._read()}
        except (BarographError, EngineError) as error:
            return {"jobId": self.job_id, "error": as_engine(error)}
        finally:
            self.pipe.close()

    def _read(self) -> dict[str, Any]:
        service = self.state.server.service
        extras, job = self.state.extras(self.job_id), service.job(self.job_id)
        if extras.get("is_paused") and service.summary(self.job_id).state is JobState.CLOSED:
            return upload_summary(DataCounts(), DataCounts(), {})  # a paused job takes no rows, and nobody fails for it
        refuse_scheduled(self.job_id, extras)
        skips = self._in_worker(lambda: open_for_rows(self.state, job)) and extras.get("ignore_downtime") in ("ONCE", "ALWAYS")
        self._in_worker(lambda: service.commit(self.job_id))
        before = self._committed()
        if self.options.reset is not None:
            self._empty(job, *self.options.reset)
        try:
            self._feed(job, extras, before, skips=skips or self.options.ignore_downtime)
        except Exception:
            with suppress(BarographError):  # the job may have failed with it; what broke the upload is what is told
                self._finish(before)
            raise
        after = self._finish(before)
        _refuse_bad(before, after, data_description(job, extras)["format"], at_end=True)
        return upload_summary(before, after, self._own)

    def _empty(self, job: Job, start_ms: int, end_ms: int) -> None:
        """Make room for other rows of a time.

        Raises:
            EngineError: it is over (60108), or the job has no latency (60109).
        """
        if job.latency_ms == 0:
            raise EngineError(Code.RESET_NEEDS_LATENCY, f"resetStart: wanted none, as job {self.job_id!r} has no latency")
        try:
            self._in_worker(lambda: self.state.server.service.empty_open(self.job_id, start_ms, end_ms))
        except BadRequest as error:
            raise EngineError(Code.RESET_RANGE, f"resetStart: {error}") from None

    def _feed(self, job: Job, extras: Extras, before: DataCounts, *, skips: bool) -> None:
        service, rows = self.state.server.service, Rows.of(job, extras)
        for chunk in self._chunks(rows):
            if skips and chunk.frame.height:
                self._plan_downtime(job, chunk.frame)
                skips = False
            self._in_worker(partial(service.feed, self.job_id, chunk))
            _refuse_bad(before, self._committed(), rows.wanted.description["format"])

    def _chunks(self, rows: Rows) -> Iterator[Chunk]:
        first_row = 0
        for block in blocks(rows.wanted, self.pipe.read):
            if block.rows:
                made = rows.made(block, first_row)
                self._own["failedTransformCount"] += made.failed
                self._own["excludedRecordCount"] += made.excluded
                yield made.chunk
                if self.options.is_stored:
                    store(self.state.server.documents, self.job_id, block.frame)
                first_row += made.chunk.rows

    def _plan_downtime(self, job: Job, frame: pl.DataFrame) -> None:
        """Plan the time between the newest row and the first one of this upload, if it has whole buckets.

        The buckets in which it begins and ends have fewer rows than usual, so they are of it, too.
        """
        newest, times = self._committed().latest_record_timestamp, parse_times(frame[job.time_field], job)
        first, span = times.min(), job.bucket_span_ms
        if newest is None or not isinstance(first, int) or first // span <= newest // span + 1:
            return
        plan_downtime(self.state.server.service.calendars, self.job_id, newest, first)
        if self.state.extras(self.job_id).get("ignore_downtime") == "ONCE":
            self.state.change(self.job_id, {"ignore_downtime": "NEVER"})

    def _finish(self, before: DataCounts) -> DataCounts:
        """Make what was read durable, and count it."""
        service = self.state.server.service
        self._in_worker(lambda: service.commit(self.job_id))
        if self.state.extras(self.job_id).get("analysis", {}).get("overlappingBuckets"):
            self._in_worker(lambda: service.judge_open(self.job_id))
        after = self._committed()
        self.state.server.metrics.count_rows(before, after)
        known = self.state.extras(self.job_id).get("counts", {})
        added = {name: known.get(name, 0) + self._own[name] for name in OWN}
        self.state.change(self.job_id, {"counts": added, "last_data": service.now_ms()})
        return after

    def _committed(self) -> DataCounts:
        return self.state.server.service.summary(self.job_id).counts or DataCounts()

    def _in_worker(self, task: Any) -> Any:
        return self.state.in_worker(self.job_id, task)


def refuse_scheduled(job_id: str, extras: Extras) -> None:
    """Refuse what is not for jobs that read their rows themselves.

    Raises:
        EngineError: it does (60117).
    """
    if "scheduler" in extras:
        wanted = "a job that is sent its rows; a scheduler is started and stopped instead"
        raise EngineError(Code.NOT_FOR_SCHEDULED_JOBS, f"Cannot do this with the scheduled job '{job_id}': wanted {wanted}")


def open_for_rows(state: State, job: Job) -> bool:
    """Open a job that is not; returns whether it was opened. Called in the job's worker.

    Raises:
        EngineError: it cannot be opened.
    """
    service = state.server.service
    if job.job_id in service.opened():
        return False
    if waits_for_room(job):
        raise EngineError(
            Code.TOO_MANY_JOBS, f"analysisLimits.modelMemoryLimit of job '{job.job_id}': wanted less than the machine's memory"
        )
    service.open_job(job.job_id, lambda note: service.tell(job.job_id, "info", note))
    service.tell(job.job_id, "info", "Job is running")
    return True


def _refuse_bad(before: DataCounts, after: DataCounts, form: str, *, at_end: bool = False) -> None:
    """Refuse an upload most of which cannot be used.

    Raises:
        EngineError: too many of its rows are malformed (30104, 30107), have no time (30103) or are out of order (30105).
    """
    rows = after.input_record_count - before.input_record_count
    malformed = Code.TOO_MANY_BAD_RECORDS if form == "DELIMITED" else Code.MALFORMED_JSON
    for name, code, words in (
        ("malformed_record_count", malformed, "are no rows of their format"),
        ("invalid_date_count", Code.TOO_MANY_BAD_DATES, "have a time that cannot be read by timeFormat"),
        ("out_of_order_timestamp_count", Code.TOO_MANY_OUT_OF_ORDER, "are not in ascending order of time, beyond the latency"),
    ):
        bad = getattr(after, name) - getattr(before, name)
        all_malformed = at_end and 0 < rows == bad and name == "malformed_record_count"
        if all_malformed or (rows >= _LOOKED_AT and bad > _MOST_BAD * rows):
            examples = [one for one in after.examples if name.startswith(one.reason)]
            shown = f"; the first such value is {examples[0].value!r}" if examples else ""
            raise EngineError(code, f"{bad:,} of {rows:,} rows {words}: wanted at most {_MOST_BAD:.0%} of them{shown}")
