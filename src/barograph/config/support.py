"""What this version does not act on: a job that merely asks for it is told so."""

from barograph.config.job import Job


def left_out(job: Job) -> tuple[str, ...]:
    """Settings of the job that are read but not acted on yet, each as a sentence."""
    notices = []
    if job.datafeed_config is not None:
        notices.append("datafeed_config is not used: rows come from the files given, all of them.")
    return tuple(notices)
