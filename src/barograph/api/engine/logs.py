"""Logs: what has happened to jobs, to the server and to the index, as texts and zip files without secrets."""

from collections.abc import Mapping
from typing import Final

from barograph.api.engine.answers import Answer, zipped
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.redacted import redacted
from barograph.api.engine.times import text_of
from barograph.api.server import Server
from barograph.config.errors import shortened

_MOST_LINES: Final = 10_000
_SERVER: Final = "engine_api"
_INDEX: Final = "elasticsearch"
_LINES: Final = 10


def log_of(server: Server, job_ids: list[str]) -> str:
    """What has happened to jobs, a line each, oldest first; how much older there is than can be shown is told first."""
    found, total = server.service.messages(job_ids, _MOST_LINES)
    lines = [f"{text_of(one.time_ms)} {one.level.upper():7} {job_id}: {redacted(one.text)}" for job_id, one in reversed(found)]
    older = [f"{total - len(found):,} older lines are left out"] if total > len(found) else []
    return "".join(f"{line}\n" for line in (*older, *lines))


def index_log(server: Server) -> str:
    """What is in the index."""
    return "".join(f"{name}: {count:,}\n" for name, count in sorted(server.documents.totals().items()))


def files_of(server: Server, name: str) -> Mapping[str, str]:
    """The log files of a job, or of the server or the index, by their names.

    Raises:
        EngineError: there are none of this name (50101), or it cannot be one (50103).
    """
    _check_path(name)
    if name == _INDEX:
        return {f"{name}.log": index_log(server)}
    known = list(server.service.ids())
    if name == _SERVER:
        return {f"{name}.log": log_of(server, known)}
    if name not in known:
        raise EngineError(Code.LOG_DIRECTORY, f"No logs of {shortened(name)}: wanted the id of a job, {_SERVER} or {_INDEX}")
    return {f"{name}.log": log_of(server, [name])}


def _check_path(name: str) -> None:
    if "\\" in name or "/" in name or "\0" in name or name.startswith("."):
        raise EngineError(Code.LOG_PATH, f"path={shortened(name)}: wanted a name without folders")


def get_logs(call: Call) -> Answer:
    """Give the logs of a job, of the server (`engine_api`) or of the index (`elasticsearch`), as a zip file."""
    return zipped(files_of(call.server, call.job_id))


def get_log(call: Call) -> Answer:
    """Give one of these files."""
    return Answer(_file(call))


def get_tail(call: Call) -> Answer:
    """Give the last `lines` of a log."""
    text = call.query.get("lines", str(_LINES))
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise EngineError(Code.INVALID_VALUE, f"lines={text[:100]!r}: wanted a whole number of 0 or more")
    kept = _file(call).splitlines(keepends=True)
    return Answer("".join(kept[max(0, len(kept) - int(text)) :]))


def _file(call: Call) -> str:
    """The file of the path; the first one where none is named."""
    files = files_of(call.server, call.job_id)
    name = call.path.get("file", next(iter(files)))
    _check_path(name)
    if name not in files:
        raise EngineError(Code.LOG_FILE, f"No log file {shortened(name)}: wanted one of {', '.join(files)}")
    return files[name]


ENDPOINTS = (
    Endpoint("GET", "/logs/{job_id}", get_logs),
    Endpoint("GET", "/logs/{job_id}/tail", get_tail),
    Endpoint("GET", "/logs/{job_id}/{file}", get_log),
    Endpoint("GET", "/logs/{job_id}/{file}/tail", get_tail),
)
