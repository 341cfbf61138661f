"""The sample job: `barograph serve --demo` starts with it, and the page of a server without jobs offers it."""

from barograph.config.job import Job, ModelPlotConfig
from barograph.jobs.service import Service
from barograph.samples import NYC_TAXI


def load(service: Service) -> str:
    """Have the taxi job open, with all of its rows; returns its id."""
    job = with_bounds(NYC_TAXI.job())
    service.put(job)
    if job.job_id not in service.opened():
        service.open_job(job.job_id)
    for chunk in service.chunks(job, [str(NYC_TAXI.data_file)], lambda _: None):
        service.feed(job.job_id, chunk)  # rows that it has read before are not read again
    service.commit(job.job_id)
    return job.job_id


def with_bounds(job: Job) -> Job:
    """The job with its bounds kept, so that charts show them."""
    return job.model_copy(update={"model_plot_config": ModelPlotConfig(enabled=True)})
