"""A store with jobs whose results are no lines over time: categories of messages, rare values, times, places."""

from pathlib import Path

import numpy as np
import polars as pl

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.service import Service
from tests.web.sample import DAY_MS, HOUR_MS, START_MS

HOSTILE = "<img src=x onerror=alert(1)> was refused by the gateway"
TURNED = "Payment of user \u202egnp.exe\u202c was declined by the bank"
LONG = "Stack trace of the worker: " + "at module line " * 700
"""More than 10 kB in one line."""
DAYS = 4
FLOOD_MS = START_MS + 3 * DAY_MS + 9 * HOUR_MS
"""When hostile messages come in numbers."""


def make(data_dir: Path) -> None:
    """Write the store."""
    service = Service.open(None, data_dir)
    for job, rows in (
        (logs(), log_rows()),
        (processes(), process_rows()),
        (logins(), login_rows()),
        (members(), member_rows()),
    ):
        service.put(job)
        service.open_job(job.job_id)
        service.feed(job.job_id, rows)
        service.commit(job.job_id)
    service.suspend()


def logs() -> Job:
    """Messages, by host."""
    return load_job(
        {
            "job_id": "logs",
            "description": "Messages of a shop's servers",
            "analysis_config": {
                "bucket_span": "1h",
                "categorization_field_name": "message",
                "per_partition_categorization": {"enabled": True},
                "detectors": [{"function": "count", "by_field_name": "mlcategory", "partition_field_name": "host"}],
                "influencers": ["host", "mlcategory"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
            "model_plot_config": {"enabled": True},
        }
    )


def log_rows() -> pl.DataFrame:
    """Every three minutes a message that is usual; some that are hostile; of a third host nothing but that it is alive."""
    rows = []
    for at in range(DAYS * DAY_MS // (HOUR_MS // 20)):
        time_ms, host = START_MS + at * HOUR_MS // 20, ("web-1", "web-2")[at % 2]
        rows.append((time_ms, host, f"Request /items/{at} took {at % 13 + 2} ms"))
        if at % 40 < 2:
            rows.append((time_ms, host, f"{HOSTILE} after {at} s"))
        if at % 100 < 2:
            rows += [(time_ms, host, f"{TURNED} {at}"), (time_ms, host, LONG)]
        if at < 120:
            rows.append((time_ms, "beat", "Alive"))
    rows += [(FLOOD_MS + at * 30_000, "web-1", f"{HOSTILE} after {at} s") for at in range(90)]
    return pl.DataFrame(rows, schema=["time", "host", "message"], orient="row").sort("time", maintain_order=True)


RARE = "<script>alert(1)</script>"
"""A process that is started once."""
RARE_MS = START_MS + 3 * DAY_MS + 15 * HOUR_MS


def processes() -> Job:
    """Processes that hardly ever run."""
    return load_job(
        {
            "job_id": "processes",
            "analysis_config": {
                "bucket_span": "15m",
                "detectors": [{"function": "rare", "by_field_name": "process"}],
                "influencers": ["user"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
        }
    )


def process_rows() -> pl.DataFrame:
    """Six processes of which each runs in a share of the quarters of an hour, and one that ran once."""
    random = np.random.default_rng(16)
    quarters = START_MS + np.arange(DAYS * 96) * (HOUR_MS // 4)
    rows = [
        (int(time), process, f"u{random.integers(5)}")
        for time in quarters
        for process, share in (("bash", 0.95), ("python", 0.9), ("git", 0.8), ("vim", 0.7), ("cron", 0.6), ("make", 0.5))
        if random.random() < share
    ]
    rows.append((RARE_MS, RARE, "mallory"))
    return pl.DataFrame(rows, schema=["time", "process", "user"], orient="row").sort("time", maintain_order=True)


ODD_LOGIN_MS = START_MS + 39 * DAY_MS + 3 * HOUR_MS


def logins() -> Job:
    """When somebody logs in, and from where."""
    return load_job(
        {
            "job_id": "logins",
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [
                    {"function": "time_of_day", "partition_field_name": "user"},
                    {"function": "lat_long", "field_name": "place", "partition_field_name": "user"},
                ],
                "influencers": ["user"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
        }
    )


def login_rows() -> pl.DataFrame:
    """Forty days of mornings in Fiji and evenings across the date line, and one night in Berlin."""
    random = np.random.default_rng(17)
    rows = []
    for day in range(40):
        for hour, (latitude, longitude) in ((9, (-17.7, 178.1)), (17, (-13.8, -171.8))):
            time_ms = START_MS + day * DAY_MS + hour * HOUR_MS + int(random.normal(0, 15) * 60_000)
            rows.append((time_ms, "ann", f"{latitude + random.normal(0, 0.1):.4f},{longitude + random.normal(0, 0.1):.4f}"))
    rows.append((ODD_LOGIN_MS + 12 * 60_000, "ann", "52.5200,13.4050"))
    rows.append((START_MS + 40 * DAY_MS + 9 * HOUR_MS, "ann", "-17.7000,178.1000"))
    return pl.DataFrame(rows, schema=["time", "user", "place"], orient="row").sort("time")


ODD_MEMBER_MS = START_MS + 3 * DAY_MS + 11 * HOUR_MS


def members() -> Job:
    """Members of a population, of whom one does far more than the others for two hours."""
    return load_job(
        {
            "job_id": "members",
            "analysis_config": {
                "bucket_span": "1h",
                "detectors": [{"function": "high_sum", "field_name": "bytes", "over_field_name": "user"}],
                "influencers": ["user"],
            },
            "data_description": {"time_field": "time", "time_format": "epoch_ms"},
        }
    )


def member_rows() -> pl.DataFrame:
    """A row an hour of each of twelve members."""
    random = np.random.default_rng(17)
    time_ms = np.repeat(START_MS + np.arange(DAYS * 24) * HOUR_MS, 12)
    user = np.tile(np.arange(12), DAYS * 24)
    odd = (user == 7) & (time_ms >= ODD_MEMBER_MS) & (time_ms < ODD_MEMBER_MS + 2 * HOUR_MS)
    amount = random.lognormal(4, 0.3, len(user)) * np.where(odd, 40, 1)
    return pl.DataFrame({"time": time_ms, "user": [f"u{one}" for one in user], "bytes": amount})
