"""The first rows that a datafeed would give its job."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from barograph.api.elastic.arguments import argument
from barograph.api.elastic.datafeed_documents import datafeed_of
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.index.names import in_words
from barograph.api.elastic.job_documents import job_of
from barograph.api.elastic.times import moment
from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest
from barograph.config.job import Job

_EVER: Final = 1 << 52
_AGGREGATED_BUCKETS: Final = 100


def preview(call: Call) -> list[Any]:
    """Rows, as they would go to the job."""
    datafeed, job = _what(call)
    start, end = (_time(call, name, default) for name, default in (("start", 0), ("end", _EVER)))
    with in_words():
        try:
            feed = call.server.datafeeds.source(datafeed, job)
        except BadRequest as error:
            if "does not exist" in str(error):
                raise ElasticError(404, "index_not_found_exception", str(error)) from error
            raise
        first = feed.next_time(start, end)
        if first is None:
            return []
        interval = datafeed.interval_ms
        if interval is None:
            frame = feed.page(first, end, datafeed.scroll_size).frame.head(datafeed.scroll_size)
        else:
            begin = max(first // interval * interval, start)
            frame = feed.page(begin, min(end, begin + _AGGREGATED_BUCKETS * interval), datafeed.scroll_size).frame
    times = frame.with_columns(pl.col(job.time_field).dt.epoch("ms"))
    return [{name: value for name, value in row.items() if value is not None} for row in times.iter_rows(named=True)]


def _what(call: Call) -> tuple[Datafeed, Job]:
    """The datafeed, and the job that it is for."""
    body, datafeed_id = call.body or {}, call.path.get("datafeed_id")
    config, job_config = (_object(body, name, "preview_datafeed") for name in ("datafeed_config", "job_config"))
    if datafeed_id is not None:
        if config is not None or job_config is not None:
            raise bad(
                "[datafeed_id] cannot be supplied when either [job_config] or [datafeed_config] is present in the request"
            )
        datafeed = call.server.datafeeds.get(datafeed_id)
        return datafeed, call.server.service.job(datafeed.job_id)
    inside = _object(job_config or {}, "datafeed_config", "job_config")
    if config is None and inside is None:
        raise bad("[datafeed_config], or [job_config.datafeed_config], must be provided when no [datafeed_id] is")
    if config is not None and inside is not None:
        raise bad("[datafeed_config] must not be present when a [job_config.datafeed_config] is present")
    given: dict[str, Any] = config if config is not None else inside or {}
    if job_config is None and "job_id" not in given:
        raise bad("[datafeed_config.job_id] must be set when a [job_config] is not provided in the request")
    if job_config is not None:
        job_id = job_config.get("job_id", given.get("job_id", "preview"))
        job = job_of(job_id, {name: value for name, value in job_config.items() if name != "datafeed_config"})
    else:
        job = call.server.service.job(given["job_id"])
    return datafeed_of({**given, "job_id": job.job_id}, given.get("datafeed_id", "preview")), job


def _object(body: Mapping[str, Any], name: str, where: str) -> dict[str, Any] | None:
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise ElasticError(400, "x_content_parse_exception", f"[{where}] failed to parse field [{name}]")


def _time(call: Call, name: str, default: int) -> int:
    value = argument(call, name)
    if value is None or value == "":
        return default
    return call.server.service.now_ms() if value == "now" else moment(name, value, seconds=False)


ENDPOINTS = tuple(
    Endpoint("GET POST", path, preview, query="start end", fields="datafeed_config job_config start end")
    for path in ("/_ml/datafeeds/_preview", "/_ml/datafeeds/{datafeed_id}/_preview")
)
