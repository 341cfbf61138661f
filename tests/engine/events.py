"""Made event streams and jobs for the engine's tests."""

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.load import load_job

MINUTE = 60_000
START = 1_700_006_400_000  # the start of an hour


def requests(rows: int = 6_000, days: float = 2.0, seed: int = 1) -> pl.DataFrame:
    """Requests of a few hosts, users and status codes; in the last fifth one user floods one host with slow requests."""
    random = np.random.default_rng(seed)
    time_ms = np.sort(START + (random.random(rows) * days * 86_400_000).astype(np.int64))
    host = random.integers(0, 4, rows)
    user = random.integers(0, 12, rows)
    bytes_ = random.gamma(2.0, 300.0, rows)
    flood = (time_ms > START + 0.8 * days * 86_400_000) & (time_ms < START + 0.82 * days * 86_400_000)
    host[flood], user[flood], bytes_[flood] = 2, 7, bytes_[flood] * 40
    return pl.DataFrame(
        {
            "time": time_ms,
            "host": [f"host-{one}" for one in host],
            "user": [f"user-{one}" if one else None for one in user],
            "status": [str(one) for one in random.choice([200, 404, 503], rows, p=[0.9, 0.07, 0.03])],
            "bytes": bytes_,
        }
    )


def job(**changes: object) -> Job:
    """Every statistic once, with and without splits, and influencers."""
    document = {
        "job_id": "requests",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [
                {"function": "count"},
                {"function": "high_sum", "field_name": "bytes", "partition_field_name": "host"},
                {"function": "mean", "field_name": "bytes", "by_field_name": "status", "partition_field_name": "host"},
                {"function": "median", "field_name": "bytes", "by_field_name": "host"},
                {"function": "metric", "field_name": "bytes"},
                {"function": "varp", "field_name": "bytes"},
                {"function": "distinct_count", "field_name": "user"},
                {"function": "info_content", "field_name": "user"},
                {"function": "low_non_zero_count", "by_field_name": "status"},
            ],
            "influencers": ["host", "user"],
        },
        "data_description": {"time_format": "epoch_ms"},
    }
    document["analysis_config"] |= changes.pop("analysis_config", {})
    return load_job(document | changes)
