"""Ids: which there may be, and which jobs an expression names."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import bad, no_job
from barograph.jobs.service import JobSummary, NoSuchJob, Service

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9_\-]*[a-z0-9])?", re.ASCII)
_LONGEST: Final = 64


def check_id(name: str, value: object) -> str:
    """An id that is one.

    Raises:
        ElasticError: it is none, or too long.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        if name == "group":
            raise bad(
                f"Invalid group id '{value}'; must be non-empty string and may contain lowercase alphanumeric (a-z and 0-9), "
                "hyphens or underscores; must start and end with alphanumeric"
            )
        raise bad(
            f"Invalid {name}; '{value}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; "
            "must start and end with alphanumeric"
        )
    if len(value) > _LONGEST:
        raise bad(f"Invalid {name}; '{value[:100]}' cannot contain more than {_LONGEST} characters.")
    return value


def jobs_of(call: Call, allow_no_match: bool) -> list[JobSummary]:
    """The jobs that the path names, by id; all without one.

    Raises:
        ElasticError: an id or group that nothing has; a wildcard that matches nothing where that is not allowed.
    """
    return jobs_named(call.server.service, call.path.get("job_id", "_all"), allow_no_match)


def jobs_named(service: Service, expression: str, allow_no_match: bool) -> list[JobSummary]:
    """The jobs that an expression names. Raises as `jobs_of`."""
    parts = [part.strip() for part in expression.split(",") if part.strip()] or ["_all"]
    try:
        found = service.jobs(parts)
    except NoSuchJob as error:
        raise no_job(error.job_id) from None
    if not found and not allow_no_match:
        raise no_job(expression)
    return found


def matching(names: Iterable[str], expression: str) -> tuple[list[str], list[str]]:
    """The names that an expression means, in order; and the concrete ones of it that are not there."""
    known = sorted(names)
    meant, missing = set[str](), list[str]()
    for part in (part.strip() for part in expression.split(",")):
        if part in ("", "_all", "*"):
            meant.update(known)
        elif "*" in part:
            meant.update(name for name in known if fnmatchcase(name, part))
        elif part in known:
            meant.add(part)
        else:
            missing.append(part)
    return sorted(meant), missing
