"""A made fleet: 40 hosts of four services in two zones for 30 days, every 15 minutes, with three things that go wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import polars as pl

SPAN_MS = 900_000
DAYS = 30
HOSTS = 40
BUCKETS = DAYS * 96
BEGIN_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)

INCIDENTS = (
    ("a deploy of checkout", 14 * 96 + 40, 8, lambda host: host % 4 == 1),
    ("one disk", 20 * 96 + 8, 12, lambda host: host == 7),
    ("the network of a zone", 26 * 96 + 70, 6, lambda host: host >= 20),
)
"""(what, first bucket, buckets, of which hosts): latency is five times as high."""

JOB = {
    "job_id": "fleet",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "mean", "field_name": "latency", "partition_field_name": "host"}],
        "influencers": ["host", "service", "zone"],
    },
    "data_description": {"time_field": "time"},
}


def rows() -> Iterator[pl.DataFrame]:
    """The fleet's rows, a day at a time: a daily pattern, each host at its own level, log-normal noise."""
    noise = np.random.default_rng(17)
    hosts = np.arange(HOSTS)
    level = 80.0 + 40.0 * noise.random(HOSTS)
    for day in range(DAYS):
        bucket = np.repeat(np.arange(day * 96, (day + 1) * 96), HOSTS)
        host = np.tile(hosts, 96)
        pattern = 1.0 + 0.4 * np.sin(2 * np.pi * (bucket % 96) / 96)
        latency = level[host] * pattern * np.exp(0.08 * noise.standard_normal(len(bucket)))
        for _, first, length, of in INCIDENTS:
            inside = (bucket >= first) & (bucket < first + length)
            latency = np.where(inside & np.array([of(one) for one in host]), 5.0 * latency, latency)
        yield pl.DataFrame(
            {
                "time": BEGIN_MS + bucket * SPAN_MS,
                "host": [f"web-{one:02}" for one in host],
                "service": [("cart", "checkout", "search", "users")[one % 4] for one in host],
                "zone": ["a" if one < 20 else "b" for one in host],
                "latency": latency,
            }
        )
