"""Alerts that a client waits for: an answer that comes as soon as something odd is found, or when time is up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from barograph.api.engine.answers import Answer
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.parameters import flag, score
from barograph.api.engine.result_documents import record
from barograph.api.engine.results import bucket_documents, with_bucket_scores
from barograph.api.engine.times import text_of
from barograph.jobs.service import Query, Service

_AGAIN_S: Final = 0.25
"""How long after a commit somebody may wait for what it brought. Chosen: nobody notices, and asking costs little."""

_DEFAULT_S: Final = 90
_LONGEST_S: Final = 86_400
_KINDS: Final = ("bucket", "influencer", "bucketinfluencer")


@dataclass(frozen=True)
class Wanted:
    """What somebody waits for.

    Attributes:
        job_id: the job.
        kinds: of what: some of `_KINDS`.
        score: lowest `anomalyScore`; None: by it nothing is an alert.
        probability: lowest `maxNormalizedProbability` of a bucket; None likewise.
        interim: results of open buckets count, too.
        base: the URL of the API, for links.
    """

    job_id: str
    kinds: frozenset[str]
    score: float | None
    probability: float | None
    interim: bool
    base: str


async def wait_for_alert(call: Call, request: Request) -> Answer:
    """Wait until a running job finds something as odd as `score` or `probability` say, or for `timeout` seconds."""
    wanted, seconds = _wanted(call), _seconds(call)
    service, loop = call.server.service, asyncio.get_running_loop()
    seen = await run_in_threadpool(_begin, service, wanted)
    until, since = loop.time() + seconds, seen
    while loop.time() < until and not call.server.is_ending and not await request.is_disconnected():
        await asyncio.sleep(min(_AGAIN_S, max(0.0, until - loop.time())))
        version = await run_in_threadpool(service.version, wanted.job_id)
        if version != seen.version:
            seen = replace(seen, version=version)
            alert = await run_in_threadpool(_alert, service, wanted, since.finished_until)
            if alert is not None:
                return Answer(alert)
    return Answer({"jobId": wanted.job_id, "timeout": True})


@dataclass(frozen=True)
class _Seen:
    """What there was: what a change is noticed by, and where the newest finished bucket ended."""

    version: tuple[int, int]
    finished_until: int


def _begin(service: Service, wanted: Wanted) -> _Seen:
    if wanted.job_id not in service.opened():
        service.job(wanted.job_id)
        raise EngineError(
            Code.JOB_NOT_RUNNING,
            f"Cannot alert on job '{wanted.job_id}' because it is not running: wanted one that is sent rows",
        )
    return _Seen(service.version(wanted.job_id), service.finished_until(wanted.job_id))


def _wanted(call: Call) -> Wanted:
    """What is waited for.

    Raises:
        EngineError: no threshold, or one that is none (60104), an unknown kind (60112), a probability of influencers (60113).
    """
    lowest, probability = score(call, "score"), score(call, "probability")
    if lowest is None and probability is None:
        raise EngineError(Code.THRESHOLD, "score, probability: wanted at least one of them, from 0 to 100")
    kinds = frozenset(part.strip().lower() for part in call.query.get("alertOn", "bucket").split(",") if part.strip())
    unknown = sorted(kinds - set(_KINDS))
    if unknown or not kinds:
        raise EngineError(Code.ALERT_TYPE, f"alertOn={call.query['alertOn'][:100]!r}: wanted some of {', '.join(_KINDS)}")
    if probability is not None and "bucket" not in kinds:
        raise EngineError(
            Code.INFLUENCERS_HAVE_NO_PROBABILITY,
            "probability: wanted score alone, as influencers have no normalized probability",
        )
    return Wanted(call.job_id, kinds, lowest, probability, flag(call, "includeInterim"), call.base)


def _seconds(call: Call) -> float:
    text = call.query.get("timeout", str(_DEFAULT_S))
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) > _LONGEST_S:
        raise EngineError(Code.TIMEOUT, f"timeout={text[:100]!r}: wanted whole seconds, from 0 to {_LONGEST_S:,}")
    return int(text)


def _alert(service: Service, wanted: Wanted, since_ms: int) -> dict[str, Any] | None:
    """The alert of the first bucket since a time that is odd enough; None without one."""
    inside = Query(start_ms=since_ms, exclude_interim=not wanted.interim)
    starts: dict[int, str] = {}
    for kind, find in _FINDERS.items():
        if kind in wanted.kinds:
            for time in find(service, wanted, inside):
                starts.setdefault(time, kind)
    return _told(service, wanted, min(starts), starts[min(starts)]) if starts else None


def _odd_buckets(service: Service, wanted: Wanted, inside: Query) -> list[int]:
    rows = service.buckets(wanted.job_id, inside).rows
    highest = (("anomaly_score", wanted.score), ("max_record_score", wanted.probability))
    odd = [pl.col(name) >= lowest for name, lowest in highest if lowest is not None]
    return rows.filter(pl.any_horizontal(odd))["timestamp"].to_list()


def _odd_influencers(service: Service, wanted: Wanted, inside: Query) -> list[int]:
    asked = replace(inside, min_score=wanted.score or 0.0)
    return [] if wanted.score is None else service.influencers(wanted.job_id, asked).rows["timestamp"].to_list()


def _odd_bucket_influencers(service: Service, wanted: Wanted, inside: Query) -> list[int]:
    asked = replace(inside, min_score=wanted.score or 0.0)
    return [] if wanted.score is None else service.bucket_influencers(wanted.job_id, asked).rows["timestamp"].to_list()


_FINDERS: Final[dict[str, Callable[[Service, Wanted, Query], list[int]]]] = {
    "bucket": _odd_buckets,
    "influencer": _odd_influencers,
    "bucketinfluencer": _odd_bucket_influencers,
}


def _told(service: Service, wanted: Wanted, start_ms: int, kind: str) -> dict[str, Any]:
    """An alert: with its bucket where that is odd enough as a whole, else with those of its records that are."""
    of_bucket = Query(start_ms=start_ms, end_ms=start_ms + 1, exclude_interim=False)
    rows = service.buckets(wanted.job_id, of_bucket).rows
    (bucket,) = bucket_documents(service, wanted.job_id, rows, expand=True)
    told = {
        "jobId": wanted.job_id,
        "timestamp": text_of(start_ms),
        "anomalyScore": bucket["anomalyScore"],
        "maxNormalizedProbability": bucket["maxNormalizedProbability"],
        "uri": f"{wanted.base}/results/{wanted.job_id}/buckets/{start_ms // 1000}?expand=true",
        "timeout": False,
        "alertType": kind.upper(),
        "isInterim": bucket["isInterim"],
    }
    if kind != "bucket" or (wanted.score is not None and bucket["anomalyScore"] >= wanted.score):
        return told | {"bucket": bucket}
    records = service.records(wanted.job_id, replace(of_bucket, min_score=wanted.probability or 0.0)).rows
    scored = with_bucket_scores(service, wanted.job_id, records)
    return told | {"records": [record(row) for row in scored.iter_rows(named=True)]}


ENDPOINTS = tuple(
    Endpoint("GET", path, streamed=wait_for_alert) for path in ("/alerts_longpoll/{job_id}", "/alerts_longpoll/{job_id}/")
)
