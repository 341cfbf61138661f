"""Detectors and rows for tests of forest detectors."""

from typing import Any

import numpy as np
import polars as pl

from barograph.config.detector_document import read_detector
from barograph.config.duration import Duration
from barograph.config.job import Job

START = 1_700_006_400  # epoch seconds, midnight UTC
HOUR = 3_600


def feature(name: str, kind: str = "avg", field: str | None = None, **more: Any) -> dict[str, Any]:
    return {"feature_name": name, "aggregation_query": {name: {kind: {"field": field or name}}}, **more}


def detector(*features: dict[str, Any], **more: Any) -> dict[str, Any]:
    interval = {"period": {"interval": 60, "unit": "Minutes"}}
    return {"name": "Web.1", "time_field": "time", "feature_attributes": list(features), "detection_interval": interval} | more


def any_size(*names: str) -> list[dict[str, Any]]:
    """Rules that ignore nothing that matters."""
    types = "ACTUAL_OVER_EXPECTED_RATIO", "EXPECTED_OVER_ACTUAL_RATIO"
    conditions = [
        {"feature_name": name, "threshold_type": kind, "operator": "LTE", "value": 1e-9} for name in names for kind in types
    ]
    return [{"action": "IGNORE_ANOMALY", "conditions": conditions}]


def web(hours: int = 500) -> pl.DataFrame:
    """Load and latency of three services on two hosts, some rows an hour; b/two comes later, and a/one is odd twice."""
    rng, time, parts = np.random.default_rng(7), np.arange(500), []
    for host, service, begin in (("a", "one", 0), ("b", "one", 0), ("b", "two", 130)):
        load = 500 + 300 * np.sin(2 * np.pi * time / 24) + rng.normal(0, 15, len(time))
        latency = 0.2 + load / 1_000 + rng.normal(0, 0.02, len(time))
        if host == "a":
            load[310] = 60.0
            latency[401] = 1.9
        there = (time >= begin) & ~((host == "b") & (time >= 200) & (time < 203))
        whole = pl.DataFrame({"time": START + time * HOUR, "host": host, "service": service, "load": load, "latency": latency})
        again = whole.with_columns(pl.col("time") + 60 * 20, pl.col("load") + 4.0, latency=pl.lit(None, dtype=pl.Float64))
        parts += [whole.filter(there), again.filter(there & (time % 3 == 0))]
    return pl.concat(parts).filter(pl.col("time") < START + hours * HOUR).sort("time", "host", "service")


def web_detector(**more: Any) -> dict[str, Any]:
    return detector(feature("load"), feature("latency", "max"), category_field=["host", "service"], shingle_size=4) | more


def come_and_go() -> pl.DataFrame:
    """The same of 340 hours: host a has no rows for 80 of them, and then no load at first; b/two ends after 220."""
    hour = (pl.col("time") - START) // HOUR
    gone = ((pl.col("host") == "a") & hour.is_between(150, 229)) | ((pl.col("service") == "two") & (hour > 220))
    no_load = (pl.col("host") == "a") & hour.is_between(230, 232)
    return web(340).filter(~gone).with_columns(load=pl.when(no_load).then(None).otherwise("load"))


def forgetful(**more: Any) -> Job:
    """The job of `web_detector`, which forgets who had no rows for two days."""
    job = read_detector(web_detector(**more)).job()
    return job.model_copy(
        update={"analysis_config": job.analysis_config.model_copy(update={"model_prune_window": Duration.parse("48h")})}
    )
