"""Whether a datafeed fits its job."""

from barograph.api.elastic.errors import ElasticError
from barograph.config.datafeed import Datafeed
from barograph.config.job import Job

_MOST_BUCKETS = 10_000
"""Buckets whose late rows are looked for, as Elasticsearch limits them."""


def refuse_unfit(datafeed: Datafeed, job: Job) -> None:
    """Refuse a datafeed whose rows its job could not use.

    Raises:
        ElasticError: it does not fit.
    """
    if datafeed.interval_ms is not None:
        _refuse_unfit_aggregations(datafeed, job, datafeed.interval_ms)
    check = datafeed.delayed_data_check_config
    if check.enabled and check.check_window is not None:
        span, window = job.analysis_config.bucket_span, check.check_window
        if not span.ms <= window.ms <= _MOST_BUCKETS * span.ms:
            wanted = f"wanted at least the bucket_span [{span}], and at most {_MOST_BUCKETS} of them"
            raise _unfit(f"delayed_data_check_config: check_window [{window}]: {wanted}")
    if job.time_field in (datafeed.runtime_mappings or {}):
        raise _unfit(f"runtime_mappings: [{job.time_field}] is the time_field of job [{job.job_id}], which cannot be computed")


def _refuse_unfit_aggregations(datafeed: Datafeed, job: Job, interval_ms: int) -> None:
    span = job.analysis_config.bucket_span
    if job.analysis_config.summary_count_field_name is None:
        raise _unfit(
            f"aggregations: job [{job.job_id}] wanted a summary_count_field_name, such as doc_count, as its rows are sums"
        )
    if interval_ms > span.ms:
        raise _unfit(f"Aggregation interval [{interval_ms}ms] must be less than or equal to the bucket_span [{span}]")
    if span.ms % interval_ms:
        raise _unfit(f"Aggregation interval [{interval_ms}ms] must be a divisor of the bucket_span [{span}]")
    if datafeed.frequency is not None and datafeed.frequency.ms % interval_ms:
        raise _unfit(f"frequency [{datafeed.frequency}] must be a multiple of the aggregation interval [{interval_ms}ms]")


def _unfit(reason: str) -> ElasticError:
    return ElasticError(400, "status_exception", reason)
