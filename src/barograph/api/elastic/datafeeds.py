"""Datafeeds: made, changed, listed, started, stopped."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from barograph.api.elastic.arguments import allow_no_match, argument, check_timeout, flag
from barograph.api.elastic.cluster_state import refuse_in_upgrade_mode, refuse_unassignable
from barograph.api.elastic.datafeed_checks import refuse_unfit
from barograph.api.elastic.datafeed_documents import FIELDS, checked, datafeed_of, document, indices_options, normal
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad, conflict, not_found
from barograph.api.elastic.ids import matching
from barograph.api.elastic.times import moment
from barograph.api.elastic.version import NODE_ID
from barograph.config.datafeed import Datafeed
from barograph.config.errors import Conflict
from barograph.config.job import Job

_THROTTLED: Final = (
    "[ignore_throttled] parameter is deprecated because frozen indices have been deprecated. "
    "Consider cold or frozen tiers in place of frozen indices."
)


def put_datafeed(call: Call) -> dict[str, Any]:
    """Make a datafeed."""
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/datafeeds/put")
    body = _with_options(call, call.body)
    datafeed_id = call.path["datafeed_id"]
    if body.get("datafeed_id", datafeed_id) != datafeed_id:
        raise bad(f"Inconsistent datafeed_id; '{body['datafeed_id']}' specified in the body differs from '{datafeed_id}'")
    return document(created(call, datafeed_of(body, datafeed_id)))


def created(call: Call, datafeed: Datafeed) -> Datafeed:
    """Keep a new datafeed.

    Raises:
        ElasticError: there is one of its id, or its job has one.
    """
    refuse_unfit(datafeed, call.server.service.job(datafeed.job_id))
    if not call.server.datafeeds.create(datafeed):
        raise _taken(datafeed)
    return datafeed


def new_datafeed(call: Call, job: Job, body: object) -> Datafeed | None:
    """The datafeed that comes with a job that is to be made; None without one. Its id is that of the job if it has none.

    Raises:
        ElasticError: it cannot be one, or its id is taken.
    """
    if body is None:
        return None
    if not isinstance(body, dict):
        raise ElasticError(400, "x_content_parse_exception", "[job_details] failed to parse field [datafeed_config]")
    if body.get("job_id", job.job_id) != job.job_id:
        raise bad(f"Inconsistent job_id; '{body['job_id']}' specified in the datafeed_config differs from '{job.job_id}'")
    datafeed = datafeed_of(_with_options(call, body), str(body.get("datafeed_id", job.job_id)), job.job_id)
    refuse_unfit(datafeed, job)
    if any(other.datafeed_id == datafeed.datafeed_id for other in call.server.datafeeds.all()):
        raise _taken(datafeed)
    return datafeed


def _taken(datafeed: Datafeed) -> ElasticError:
    return ElasticError(400, "resource_already_exists_exception", f"A datafeed with id [{datafeed.datafeed_id}] already exists")


def _with_options(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with the options for names that the URL gives."""
    given: dict[str, Any] = {}
    for name in ("ignore_throttled", "allow_no_indices", "ignore_unavailable"):
        if call.query.get(name) is not None:
            given[name] = flag(call, name, True)
    if call.query.get("expand_wildcards"):
        given["expand_wildcards"] = call.query["expand_wildcards"]
    if "ignore_throttled" in given:
        call.warn(_THROTTLED)
    return {**body, "indices_options": indices_options({**body.get("indices_options", {}), **given})} if given else dict(body)


def update_datafeed(call: Call) -> dict[str, Any]:
    """Change a datafeed that is stopped."""
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/datafeeds/update")
    body = _with_options(call, call.body or {})
    body.pop("_force_rekeying", None)

    def change(old: Datafeed) -> Datafeed:
        if body.get("job_id", old.job_id) != old.job_id:
            raise bad("Datafeed's job_id cannot be changed")
        kept = old.model_dump(mode="json", exclude_none=True)
        if body.get("max_empty_searches") == -1:
            kept.pop("max_empty_searches", None)
        new = checked({**kept, **normal(body), "datafeed_id": old.datafeed_id})
        refuse_unfit(new, call.server.service.job(new.job_id))
        return new

    return document(call.server.datafeeds.update(call.path["datafeed_id"], change))


def named(call: Call) -> list[Datafeed]:
    """The datafeeds that the path names, by id; all without one.

    Raises:
        ElasticError: one is not there, or none is where one must be.
    """
    known = {datafeed.datafeed_id: datafeed for datafeed in call.server.datafeeds.all()}
    wanted = call.path.get("datafeed_id", "_all")
    ids, missing = matching(known, wanted)
    if missing or (not ids and not allow_no_match(call)):
        raise not_found(f"No datafeed with id [{(missing or [wanted])[0]}] exists")
    return [known[one] for one in ids]


def get_datafeeds(call: Call) -> dict[str, Any]:
    """Datafeeds, as they are configured."""
    without = flag(call, "exclude_generated", False)
    told = [document(datafeed, without_generated=without) for datafeed in named(call)]
    return {"count": len(told), "datafeeds": told}


def delete_datafeed(call: Call) -> dict[str, Any]:
    """Remove a datafeed."""
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/datafeeds/delete")
    call.server.datafeeds.delete(call.path["datafeed_id"], force=flag(call, "force", False))
    return {"acknowledged": True}


def start_datafeed(call: Call) -> dict[str, Any]:
    """Start a datafeed."""
    datafeed_id = call.path["datafeed_id"]
    check_timeout(call)
    start, end = (_time(call, name) for name in ("start", "end"))
    call.server.datafeeds.get(datafeed_id)
    refuse_in_upgrade_mode(call.server, "cluster:admin/xpack/ml/datafeed/start")
    if end is not None and end <= (start or 0):
        raise bad(f"[start_datafeed] start [{start or 0}] must be earlier than end [{end}]")
    try:
        refuse_unassignable(call.server)
    except ElasticError:
        wanted = "no persistent task assignments are allowed due to cluster settings"
        raise conflict(f"Could not start datafeed [{datafeed_id}], {wanted}") from None
    call.server.datafeeds.start(datafeed_id, start or 0, end)
    return {"started": True, "node": NODE_ID}


def _time(call: Call, name: str) -> int | None:
    value = argument(call, name)
    if value is None or value == "":
        return None
    return call.server.service.now_ms() if value == "now" else moment(name, value, seconds=False)


def stop_datafeeds(call: Call) -> dict[str, Any]:
    """Stop datafeeds; one that is stopped stays so."""
    check_timeout(call)
    force, close = flag(call, "force", False), flag(call, "close_job", False)
    for datafeed in named(call):
        call.server.datafeeds.stop(datafeed.datafeed_id)
        if close and datafeed.job_id in call.server.service.opened():
            call.server.workers.submit(datafeed.job_id, lambda job_id=datafeed.job_id: _closed(call, job_id, force)).result()  # type: ignore[misc]
    return {"stopped": True}


def _closed(call: Call, job_id: str, force: bool) -> None:
    try:
        call.server.service.close_job(job_id)
    except Conflict:
        if not force:
            raise


_FEEDS: Final = "/_ml/datafeeds"
_ONE: Final = f"{_FEEDS}/{{datafeed_id}}"
_OPTIONS: Final = "allow_no_indices expand_wildcards ignore_throttled ignore_unavailable"
_LISTED: Final = "allow_no_match allow_no_datafeeds exclude_generated"
_STOP: Final = "allow_no_match allow_no_datafeeds force timeout close_job"
_START: Final = "start end timeout"
_NAMES: Final = " ".join(name for name in FIELDS if name != "headers")


def _changes(method: str, path: str, handler: Any, fields: str, *, body_needed: bool) -> Endpoint:
    made = Endpoint(method, path, handler, query=_OPTIONS, fields=fields, role="write", body_needed=body_needed)
    return replace(made, object_name="datafeed_config")


ENDPOINTS = (
    _changes("PUT", _ONE, put_datafeed, _NAMES, body_needed=True),
    _changes("POST", f"{_ONE}/_update", update_datafeed, f"{_NAMES} _force_rekeying", body_needed=False),
    Endpoint("GET", _FEEDS, get_datafeeds, query=_LISTED),
    Endpoint("GET", _ONE, get_datafeeds, query=_LISTED),
    Endpoint("DELETE", _ONE, delete_datafeed, query="force", role="write"),
    Endpoint("POST", f"{_ONE}/_start", start_datafeed, query=_START, fields=f"{_START} datafeed_id", role="write"),
    Endpoint("POST", f"{_ONE}/_stop", stop_datafeeds, query=_STOP, fields=f"{_STOP} datafeed_id", role="write"),
)
