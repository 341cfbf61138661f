"""Where the results of jobs are shown as documents."""

import re
from typing import Final

from barograph.config.job import Job

SHARED: Final = ".ml-anomalies-shared"
"""The index of all jobs that have none of their own."""

_NUMBERED: Final = re.compile(r"(\.ml-anomalies-(?:shared|custom-[^,*]+))-000001")


def index_of(job: Job) -> str:
    """The index that a job's results are shown in."""
    name = job.results_index_name
    return SHARED if name == "shared" else f".ml-anomalies-{name if name.startswith('custom-') else f'custom-{name}'}"


def alias_of(job_id: str) -> str:
    """The name by which the results of one job are searched."""
    return f".ml-anomalies-{job_id}"


def plain(expression: str) -> str:
    """Names of indices, where those of results have no number: clients know them with that of their first generation, too."""
    return ",".join(_NUMBERED.sub(r"\1", part) if _NUMBERED.fullmatch(part) else part for part in expression.split(","))
