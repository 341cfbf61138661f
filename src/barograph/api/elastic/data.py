"""Rows that are posted, and the flush that asks for what they lead to."""

from collections.abc import Mapping
from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import argument, flag
from barograph.api.elastic.counts import data_counts
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import bad, conflict
from barograph.api.elastic.times import unparsable_time
from barograph.api.flush_limit import latest_flush
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.jobs.service import posted_chunk
from barograph.results.counts import DataCounts

_DEPRECATED: Final = (
    "Posting data directly to anomaly detection jobs is deprecated, "
    "in a future major version it will be compulsory to use a datafeed"
)


def post_data(call: Call) -> Answer:
    """Give a job rows. They are safe when this is answered; of a call that fails none was taken."""
    service, job_id = call.server.service, call.path["job_id"]
    job = service.job(job_id)
    again = _sent_again(call)
    _refuse_closed(call, job)
    chunk = posted_chunk(call.body, job)
    call.body = None  # the rows are in the chunk
    before = service.summary(job_id).counts or DataCounts()
    if again is not None:
        _empty(call, job_id, *again)
    if chunk.rows:
        service.take(job_id, chunk)
    summary = service.summary(job_id)
    counts = summary.counts or DataCounts()
    call.server.metrics.count_rows(before, counts)
    return Answer(data_counts(job_id, counts, summary.data_time), 202)


def _sent_again(call: Call) -> tuple[int, int] | None:
    """The time whose rows are sent again, instead of those that came before; None when they are not."""
    given = {name: call.query[name] for name in ("reset_start", "reset_end") if call.query.get(name)}
    times = {name: unparsable_time(name, value) for name, value in given.items()}
    if not times:
        return None
    if "reset_start" not in times:
        raise bad("Invalid reset range parameters: 'reset_start' has not been specified.")
    start, end = times["reset_start"], times.get("reset_end", times["reset_start"] + 1)
    if end <= start:
        raise bad(f"Invalid time range: end time '{given['reset_end']}' is earlier than start time '{given['reset_start']}'.")
    return start, end


def _empty(call: Call, job_id: str, start_ms: int, end_ms: int) -> None:
    """Make room for rows that are sent again; what is wrong with their time is said of the parameter."""
    try:
        call.server.service.empty_open(job_id, start_ms, end_ms)
    except BadRequest as error:
        raise bad(f"[reset_start] {str(error).removeprefix('start=')}") from None


def flush_job(call: Call) -> dict[str, Any]:
    """Finish, skip or judge what is open."""
    service, job_id = call.server.service, call.path["job_id"]
    job = service.job(job_id)
    times = {
        name: unparsable_time(name, argument(call, name))
        for name in ("start", "end", "advance_time", "skip_time")
        if argument(call, name) not in (None, "")
    }
    interim = flag(call, "calc_interim", False)
    _check_together(times, interim)
    _refuse_closed(call, job)
    service.commit(job_id)
    _refuse_too_far(call, job, times)
    skipped = 0
    if "skip_time" in times:
        skipped = -(-times["skip_time"] // job.bucket_span_ms) * job.bucket_span_ms
        service.skip(job_id, skipped)
    if "advance_time" in times:
        service.flush(job_id, times["advance_time"])
    if interim:
        service.judge_open(job_id)
    finished = max(service.finished_until(job_id), skipped)
    return {"flushed": True, "last_finalized_bucket_end": finished}


def _check_together(times: Mapping[str, int], interim: bool) -> None:
    """Refuse times that say nothing, or contradict one another."""
    for name in ("start", "end"):
        if name in times and not interim:
            raise bad(f"Invalid flush parameters: unexpected '{name}'.")
    if "end" in times and "start" not in times:
        raise bad("Invalid flush parameters: 'start' has not been specified.")
    if "end" in times and times["end"] < times["start"]:
        raise bad(f"Invalid time range: end time '{times['end']}' is earlier than start time '{times['start']}'.")
    if "skip_time" in times and times.get("advance_time", times["skip_time"] + 1) <= times["skip_time"]:
        raise bad(f"[advance_time] wanted a time after skip_time [{times['skip_time']}], found [{times['advance_time']}]")


def _refuse_too_far(call: Call, job: Job, times: Mapping[str, int]) -> None:
    """Refuse to make buckets without end: a time in another unit would keep the job busy for ever."""
    latest, wanted = latest_flush(call.server.service.summary(job.job_id).counts, job.bucket_span_ms)
    for name in ("advance_time", "skip_time"):
        if not 0 <= times.get(name, 0) <= latest:
            raise bad(f"[{name}] wanted {wanted}, found [{times[name]}]")


def _refuse_closed(call: Call, job: Job) -> None:
    if job.job_id not in call.server.service.opened():
        state = call.server.service.summary(job.job_id).state.value
        raise conflict(f"Cannot process data because job [{job.job_id}] is not open: it is {state}")


_JOB: Final = "/_ml/anomaly_detectors/{job_id}"
_TIMES: Final = "advance_time calc_interim end skip_time start"
ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_JOB}/_data",
        post_data,
        query="reset_start reset_end",
        fields=ANY,
        role="write",
        in_worker=True,
        raw=True,
        warning=_DEPRECATED,
    ),
    Endpoint("POST", f"{_JOB}/_flush", flush_job, query=_TIMES, fields=f"{_TIMES} job_id", role="write", in_worker=True),
)
