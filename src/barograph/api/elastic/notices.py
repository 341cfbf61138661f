"""What of a job is kept, but not acted on yet."""

from barograph.api.elastic.endpoint import Call
from barograph.config.job import Job
from barograph.config.support import left_out

_DAY_S = 86_400


def tell_of(call: Call, job: Job) -> None:
    """Warn the caller of what of a new job is not applied yet, and note it among the job's messages."""
    service, span = call.server.service, job.analysis_config.bucket_span
    if _DAY_S * 1000 % span.ms:
        call.warn(
            f"bucket_span {span} [{span.ms // 1000}s] is not an integral divisor of the number of seconds in 1d [{_DAY_S}s]. "
            "This is now deprecated."
        )
    for text in left_out(job):
        service.tell(job.job_id, "warning", text)
