"""Whether the machine has the memory that a job may take."""

import os

from barograph.config.job import Job


def memory_bytes() -> int:
    """Memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def waits_for_room(job: Job) -> bool:
    """Whether a job waits to be opened: it may (`allow_lazy_open`), and the machine has less memory than it may take.

    One that may not wait is opened: its limit is what it must not exceed, and most jobs take far less.
    """
    return bool(job.allow_lazy_open) and job.analysis_limits.model_memory_bytes > memory_bytes()
