"""A store with a job in which three hosts were slow, and one is called as only an attacker would call it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.jobs.service import Service

HOSTILE = '<img src=x onerror="alert(1)">'
START = 1_767_225_600  # 2026-01-01, UTC


def rows() -> pl.DataFrame:
    rng, buckets = np.random.default_rng(7), 6 * 96
    frames = []
    for name in ("web-0", "web-1", "web-2", HOSTILE):
        value = 100 + 20 * np.sin(2 * np.pi * np.arange(buckets) / 96) + rng.normal(0, 4, buckets)
        value[450:456] *= 2.5 if name == HOSTILE else 1.0
        value[500:520] *= 2.0 if name == "web-1" else 1.0
        frames.append(pl.DataFrame({"time": START + 900 * np.arange(buckets), "host": [name] * buckets, "ms": value}))
    return pl.concat(frames).sort("time")


def job(job_id: str, bounds: bool = True) -> dict[str, object]:
    return {
        "job_id": job_id,
        "description": "Response times & more",
        "time_zone": "Europe/Berlin",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [{"function": "mean", "field_name": "ms", "partition_field_name": "host"}],
            "influencers": ["host"],
        },
        "data_description": {"time_field": "time", "time_format": "epoch"},
        "model_plot_config": {"enabled": bounds},
        "custom_settings": {"token": "secret-of-somebody"},
    }


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    with Service.open(None, folder) as service:
        for job_id, frame in (("web", rows()), ("plain", rows()), ("empty", rows()[:0])):
            service.create(load_job(job(job_id, bounds=job_id == "web")))
            service.open_job(job_id)
            if frame.height:
                service.feed(job_id, frame)
            service.close_job(job_id)
    return folder


@pytest.fixture(scope="session")
def service(store: Path) -> Iterator[Service]:
    with Service.open(None, store, create=False) as opened:
        yield opened
