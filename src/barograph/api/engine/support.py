"""A bundle for whoever is asked for help: what runs, what the jobs are, and what has happened to them, without secrets."""

import platform
from importlib.metadata import version

import orjson

from barograph.api.engine.answers import Answer, zipped
from barograph.api.engine.endpoint import Call, Endpoint
from barograph.api.engine.jobs import document
from barograph.api.engine.logs import index_log, log_of
from barograph.api.engine.redacted import redacted


def get_support(call: Call) -> Answer:
    """Give all that helps to find out what is wrong, as a zip file without secrets."""
    server = call.server
    about = {
        "barograph": version("barograph"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "settings": server.config.model_dump(mode="json"),
    }
    summaries = server.service.jobs()
    jobs = [document(call, summary) | {"failure": summary.failure} for summary in summaries]
    files = {
        "about.json": _json(about),
        "jobs.json": _json(jobs),
        "metrics.txt": server.metrics.text().decode(),
        "index.log": index_log(server),
    }
    logs = {f"logs/{one.job.job_id}.log": log_of(server, [one.job.job_id]) for one in summaries}
    return zipped(files | logs)


def _json(value: object) -> str:
    return orjson.dumps(redacted(value), option=orjson.OPT_INDENT_2).decode()


ENDPOINTS = (Endpoint("GET", "/support", get_support, role="admin"),)
