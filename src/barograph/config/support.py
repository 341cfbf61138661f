"""What this version cannot do yet: a job that needs it is refused, a job that merely asks for it is told so."""

from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Job


def refuse_unsupported(job: Job) -> None:
    """Refuse a job whose results this version could only get wrong.

    Raises:
        ConfigError: with every part of the job that is not supported yet.
    """
    problems = []
    for index, detector in enumerate(job.detectors):
        path = f"analysis_config.detectors[{index}]"
        if detector.over_field_name is not None and detector.spec.kind in ("time_of_day", "time_of_week", "place"):
            wanted = f"no over field: {detector.function} compares each series with its own past only"
            problems.append(Problem(f"{path}.over_field_name", detector.over_field_name, wanted))
    if problems:
        raise ConfigError(problems)


def left_out(job: Job) -> tuple[str, ...]:
    """Settings of the job that are read but not acted on yet, each as a sentence."""
    notices = []
    if job.datafeed_config is not None:
        notices.append("datafeed_config is not used: rows come from the files given, all of them.")
    return tuple(notices)
