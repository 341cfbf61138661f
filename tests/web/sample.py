"""The store that the tests of the page look at: three jobs, made by the engine from a fixed seed."""

from pathlib import Path

import numpy as np
import polars as pl

from barograph.api.demo import with_bounds
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.service import Service
from barograph.samples import NYC_TAXI

START_MS = 1_767_225_600_000
"""2026-01-01T00:00Z."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS = 14
HOSTILE = "<img src=x onerror=alert(1)>"
"""The name of a host, which must never be more than text."""
HOSTS = [HOSTILE if one == 39 else f"web-{one:02}" for one in range(40)]
REGIONS = ["eu", "us", "ap", "sa"]
GUILTY_HOST = ("web-14", START_MS + 9 * DAY_MS + 9 * HOUR_MS, START_MS + 9 * DAY_MS + 12 * HOUR_MS)
"""One host is slow, from, to."""
GUILTY_REGION = ("eu", START_MS + 12 * DAY_MS + 14 * HOUR_MS, START_MS + 12 * DAY_MS + 17 * HOUR_MS)
"""All hosts of one region are slow, from, to."""
PRODUCTS = ["books", "games", "music", "shoes", "tools"]
GUILTY_PRODUCT = ("music", START_MS + 10 * DAY_MS + 15 * HOUR_MS, START_MS + 10 * DAY_MS + 19 * HOUR_MS)
"""One product sells nearly nothing, from, to."""


def make(data_dir: Path) -> None:
    """Write the store: `taxi` and `hosts` are open, `shop` is closed."""
    service = Service.open(None, data_dir)
    for job, rows in ((taxi(), NYC_TAXI.frame()), (hosts(), host_rows()), (shop(), shop_rows())):
        service.put(job)
        service.open_job(job.job_id)
        service.feed(job.job_id, rows)
        service.commit(job.job_id)
    service.close_job("shop")
    service.suspend()


def taxi() -> Job:
    """One series."""
    return with_bounds(NYC_TAXI.job()).model_copy(update={"job_id": "taxi", "groups": ("samples",)})


def hosts() -> Job:
    """Many series with influencers."""
    return load_job(
        {
            "job_id": "hosts",
            "description": "Response times of 40 hosts",
            "groups": ["web"],
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": "high_mean", "field_name": "latency", "partition_field_name": "host"}],
                "influencers": ["host", "region"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
            "model_plot_config": {"enabled": True},
        }
    )


def shop() -> Job:
    """Several detectors."""
    return load_job(
        {
            "job_id": "shop",
            "description": "Orders of a shop",
            "groups": ["sales"],
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [
                    {"function": "count"},
                    {"function": "high_mean", "field_name": "amount", "by_field_name": "product"},
                    {"function": "low_sum", "field_name": "amount", "by_field_name": "product"},
                ],
                "influencers": ["product"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
            "model_plot_config": {"enabled": True},
        }
    )


def host_rows(days: int = DAYS) -> pl.DataFrame:
    """A response time of each host every quarter of an hour."""
    random = np.random.default_rng(14)
    time_ms = np.repeat(np.arange(START_MS, START_MS + days * DAY_MS, HOUR_MS // 4), len(HOSTS))
    host = np.tile(np.arange(len(HOSTS)), len(time_ms) // len(HOSTS))
    daily = 1 + 0.3 * np.sin((time_ms % DAY_MS) / DAY_MS * 2 * np.pi)
    latency = (80 + 2 * host) * daily * random.lognormal(0, 0.08, len(time_ms))
    region = host % len(REGIONS)
    _, start, end = GUILTY_HOST
    slow = (host == 14) & (time_ms >= start) & (time_ms < end)
    _, start, end = GUILTY_REGION
    slow |= (region == 0) & (time_ms >= start) & (time_ms < end)
    return pl.DataFrame(
        {
            "time": time_ms,
            "host": np.array(HOSTS)[host],
            "region": np.array(REGIONS)[region],
            "latency": np.where(slow, 3 * latency, latency),
        }
    )


def shop_rows(days: int = DAYS) -> pl.DataFrame:
    """Orders of five products; few at night."""
    random = np.random.default_rng(15)
    hours = np.arange(START_MS, START_MS + days * DAY_MS, HOUR_MS)
    rate = 60 * (1.5 + np.sin((hours % DAY_MS) / DAY_MS * 2 * np.pi - 2))
    orders = random.poisson(rate)
    time_ms = np.sort(np.repeat(hours, orders) + random.integers(0, HOUR_MS, orders.sum()))
    product = random.integers(0, len(PRODUCTS), len(time_ms))
    amount = (20 + 10 * product) * random.gamma(4, 0.25, len(time_ms))
    name, start, end = GUILTY_PRODUCT
    poor = (product == PRODUCTS.index(name)) & (time_ms >= start) & (time_ms < end)
    return pl.DataFrame(
        {"time": time_ms, "product": np.array(PRODUCTS)[product], "amount": np.where(poor, amount / 40, amount).round(2)}
    )
