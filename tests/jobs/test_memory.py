"""What models take is told beside the limit of their job, and nothing is dropped for it."""

from pathlib import Path

import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.jobs.memory import status_of
from barograph.jobs.service import Service
from tests.engine.events import START


@pytest.mark.parametrize(
    ("total", "status"), [(0, "ok"), (60, "ok"), (61, "soft_limit"), (100, "soft_limit"), (101, "hard_limit")]
)
def test_a_status_says_how_near_the_limit_is(total: int, status: str) -> None:
    assert status_of(total, 100) == status


def test_a_job_beyond_its_limit_goes_on_and_says_so(tmp_path: Path) -> None:
    detector = {"function": "mean", "field_name": "load", "partition_field_name": "host"}
    analysis = {"bucket_span": "15m", "detectors": [detector]}
    document = {"job_id": "j", "analysis_config": analysis, "analysis_limits": {"model_memory_limit": "1mb"}}
    rows = [{"time": START + 900_000 * at, "host": f"h{host}", "load": 1.0} for at in range(3) for host in range(600)]
    with Service.open(None, tmp_path) as service:
        service.put(load_job({**document, "data_description": {"time_format": "epoch_ms"}}))
        assert service.memory("j").status == "ok"
        service.open_job("j")
        service.feed("j", pl.DataFrame(rows))
        service.close_job("j")
        told = service.memory("j")
        assert (told.status, told.limit) == ("hard_limit", 1 << 20)
        assert told.total == sum(told.parts.values()) == told.limit + told.exceeded
        assert service.memory("j") is told
        assert service.split_counts("j")["partition"] == 600
        counts = service.summary("j").counts
        assert counts is not None
        assert counts.processed_record_count == len(rows)
        service.update(
            "j",
            lambda job: job.model_copy(
                update={"analysis_limits": job.analysis_limits.model_copy(update={"model_memory_limit": "64mb"})}
            ),
        )
        assert service.memory("j").status == "ok"
