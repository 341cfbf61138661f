"""The job that `barograph serve --demo` starts with."""

from barograph.jobs.service import Service
from barograph.samples import NYC_TAXI


def load(service: Service) -> str:
    """Have the taxi job open, with all of its rows; returns its id."""
    job = NYC_TAXI.job()
    service.put(job)
    if job.job_id not in service.opened():
        service.open_job(job.job_id)
    for chunk in service.chunks(job, [str(NYC_TAXI.data_file)], lambda _: None):
        service.feed(job.job_id, chunk)  # rows that it has read before are not read again
    service.commit(job.job_id)
    return job.job_id
