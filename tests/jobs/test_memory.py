"""What a job holds keeps to its limit: series sleep, it is told, and nothing of what is found changes."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.service import Query, Service
from barograph.jobs.views.memory import status_of
from barograph.results.sizes import Sizes
from barograph.store.scratch import Scratch
from tests.engine.events import START

SPAN, HOSTS, BUCKETS = 900_000, 600, 40
ALL = Query(size=100_000)


def job(job_id: str, limit: str, function: str = "mean") -> Job:
    field = {"field_name": "load"} if function == "mean" else {}
    detector = {"function": function, "by_field_name": "host", **field}
    document = {"job_id": job_id, "analysis_config": {"bucket_span": "15m", "detectors": [detector]}}
    limits = {"analysis_limits": {"model_memory_limit": limit}, "data_description": {"time_format": "epoch_ms"}}
    return load_job({**document, **limits})


def rows() -> list[pl.DataFrame]:
    """Two feeds: in each bucket a quarter of the hosts has a value, and some are odd."""
    rng, parts = np.random.default_rng(5), []
    for at in range(BUCKETS):
        who = np.sort(rng.permutation(HOSTS)[: HOSTS // 4])
        load = rng.normal(10.0, 1.0, len(who)) + 40.0 * (rng.random(len(who)) < 0.02 * (at > 10))
        parts.append(
            pl.DataFrame({"time": np.full(len(who), START + SPAN * at), "host": [f"h{one}" for one in who], "load": load})
        )
    return [pl.concat(parts[: BUCKETS // 2]), pl.concat(parts[BUCKETS // 2 :])]


ROWS = rows()


@pytest.mark.parametrize(
    ("sizes", "status"),
    [
        (Sizes({"a": 60}), "ok"),
        (Sizes({"a": 40, "b": 21}), "soft_limit"),
        (Sizes({"a": 100}), "soft_limit"),
        (Sizes({"a": 101}), "hard_limit"),
        (Sizes({"a": 1}, asleep=1), "soft_limit"),
        (Sizes({"a": 1}, asleep=1, refused_rows=1), "hard_limit"),
    ],
)
def test_a_status_says_how_near_the_limit_is(sizes: Sizes, status: str) -> None:
    assert status_of(sizes, 100) == status
    assert Sizes.of_text(sizes.text()) == sizes


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A job with room for all of its series, and one without, fed alike, closed and opened again between."""
    with Service.open(None, tmp_path_factory.mktemp("data")) as opened:
        for job_id, limit in (("wide", "64mb"), ("tight", "1mb")):
            opened.put(job(job_id, limit))
            for part in ROWS:
                opened.open_job(job_id)
                opened.feed(job_id, part)
                opened.close_job(job_id)
        yield opened


def test_series_that_there_is_no_room_for_sleep_and_it_is_told(service: Service) -> None:
    tight, wide = service.memory("tight"), service.memory("wide")
    assert (wide.status, wide.asleep) == ("ok", 0)
    assert tight.status == "soft_limit"
    assert HOSTS // 4 < tight.asleep < HOSTS
    assert tight.total == sum(tight.parts.values()) <= tight.peak <= tight.limit == 1 << 20 < wide.total <= wide.peak
    assert tight.refused_rows == 0
    assert service.memory("tight") is tight
    counts = service.summary("tight").counts
    assert counts is not None
    assert counts.processed_record_count == sum(part.height for part in ROWS)


def same_results(service: Service) -> None:
    untold = ["job_id", "processing_time_ms"]
    for read in (service.records, service.buckets):
        one, other = read("wide", ALL).rows, read("tight", ALL).rows
        assert_frame_equal(one.drop(untold, strict=False), other.drop(untold, strict=False))
    assert service.records("wide", ALL).total > 3


def test_nothing_that_is_found_tells_that_series_slept(service: Service) -> None:
    same_results(service)
    wide, tight = (service.snapshots(job_id)[-1] for job_id in ("wide", "tight"))
    assert wide.snapshot_id == tight.snapshot_id  # which is by content
    service.replay("tight")
    same_results(service)
    assert service.snapshots("tight")[-1].snapshot_id == wide.snapshot_id
    for job_id in ("tight", "wide"):
        service.open_job(job_id)
        service.judge_open(job_id)
        service.feed(job_id, ROWS[-1].with_columns(pl.col("time") + SPAN * BUCKETS))
        service.close_job(job_id)
    same_results(service)
    tight_explained, wide_explained = (
        service.explain(job_id, START + SPAN * (BUCKETS - 2), (("host", ROWS[-1]["host"][-1]),)) for job_id in ("tight", "wide")
    )
    assert str(tight_explained).replace("tight", "wide").replace("1mb", "64mb") == str(wide_explained)


def test_what_sleeps_leaves_no_file_behind(service: Service, tmp_path: Path) -> None:
    array = Scratch(tmp_path)(np.dtype("f8"), 10)
    array[:] = 1.0
    assert not list(tmp_path.iterdir())
    disk = Scratch(tmp_path)
    disk.let_go(array)
    assert array.tolist() == [1.0] * 10
    empty = disk(np.dtype("f8"), 0)
    disk.let_go(empty)
    assert len(empty) == 0
