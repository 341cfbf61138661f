"""`kill -9` at random instants of a run, then the same command again: the results of an undisturbed run, to the bit."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from barograph.config.load import load_job
from barograph.jobs.run import run_job
from barograph.results.sizes import Sizes
from barograph.sources.read import read_files
from barograph.store.query import Query
from barograph.store.store import Store
from tests.engine.detectors import web, web_detector

START_MS = 1_700_000_000_000
JOB = {
    "job_id": "kill",
    "analysis_config": {
        "bucket_span": "5m",
        "latency": "2m",
        "detectors": [
            {"function": "mean", "field_name": "value", "by_field_name": "host"},
            {"function": "high_count", "partition_field_name": "host"},
        ],
        "influencers": ["user"],
    },
}


@pytest.fixture
def input_file(tmp_path) -> str:
    """A week of rows of six hosts, some late, some broken, with two anomalies."""
    draw = random.Random(7)
    lines = []
    for number in range(24_000):
        time = START_MS + number * 25_200 - draw.randrange(0, 150_000)
        value = draw.gauss(100, 5) + (300 if 20_000 <= number < 20_300 else 0)
        row = {"time": time, "host": f"h{number % 6}", "user": f"u{draw.randrange(9)}", "value": value}
        lines.append(json.dumps(row) if number % 997 else "{broken")
        if 15_000 <= number < 15_100:
            lines += [json.dumps({**row, "host": "h1", "user": "u3"})] * 8
    path = tmp_path / "rows.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def everything(store: Store, job_id: str = "kill") -> dict:
    asked = Query(sort="timestamp", descending=False, exclude_interim=False)
    names = ("records", "buckets", "influencers", "bucket_influencers", "annotations", "forest_results")
    saved = store.resume(job_id)
    # What a bucket took of the clock on the wall is the one thing that differs from run to run.
    timed = "processing_time_ms"
    return {
        **{name: getattr(store, name)(job_id, asked).rows.drop(timed, strict=False) for name in names},
        "bucket_values": store.bucket_values(job_id),
        "influencer_shares": store.influencer_shares(job_id),
        "snapshot": saved.snapshot.to_bytes(),
        "counts": saved.counts,
        "progress": saved.progress,
    }


def check_same(found: dict, wanted: dict) -> None:
    for name, expected in wanted.items():
        if hasattr(expected, "columns"):
            assert_frame_equal(found[name], expected, check_exact=True)
        else:
            assert found[name] == expected, name


@pytest.fixture
def undisturbed(tmp_path, input_file) -> dict:
    job = load_job(JOB)
    with Store.open(None, tmp_path / "undisturbed") as store:
        chunks = read_files([input_file], job.data_description, fields=job.fields, block_bytes=333_333)
        assert run_job(store, job, chunks, interim=True).interim
        return everything(store)


def live(command: list, draw: random.Random) -> tuple[int, bool]:
    """One life of the run, ended by SIGKILL: how many rows it said were committed, and whether it came to its end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(60, process.kill)
    alarm.start()
    acknowledged, done = 0, False
    try:
        if draw.random() < 0.25:
            threading.Event().wait(draw.random() * 1.5)  # while it starts, opens the store, resumes
        else:
            for _ in range(draw.randint(1, 8)):
                line = process.stdout.readline()
                done = done or line == "done\n"
                acknowledged = int(line) if line.strip().isdigit() else acknowledged
            threading.Event().wait(draw.random() * 0.03)  # somewhere in the next chunk or its commit
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        alarm.cancel()
    return acknowledged, done


@pytest.mark.parametrize(
    ("database", "kills"),
    [
        ("sqlite", 4),
        ("postgresql", 1),
        pytest.param("sqlite", 20, marks=pytest.mark.slow),
        pytest.param("postgresql", 5, marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_at_random_instants_ends_as_an_undisturbed_one(
    database, kills, request, tmp_path, input_file, undisturbed
):
    url = None if database == "sqlite" else request.getfixturevalue("postgres")()
    data, job_file = tmp_path / "data", tmp_path / "job.json"
    job_file.write_text(json.dumps(JOB))
    runner = Path(__file__).with_name("runner.py")
    command = [sys.executable, runner, data, job_file, input_file, *([url] if url else [])]
    draw = random.Random(1)
    read = []
    for _ in range(kills):
        acknowledged, done = live(command, draw)
        with Store.open(url, data) as store:
            saved = store.resume("kill") if store.jobs() else None
            read.append(saved.counts.input_record_count if saved else 0)
        assert read[-1] >= acknowledged
        assert not done
    assert read == sorted(read)
    assert read[-1] < undisturbed["counts"].input_record_count  # every kill hit a run under way
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    with Store.open(url, data) as store:
        found = everything(store)
    assert len(found["records"]) > 0
    check_same(found, undisturbed)


@pytest.mark.parametrize("kills", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_a_forest_detector_that_is_killed_goes_on_as_if_nothing_had_been(kills, tmp_path):
    detector, rows = tmp_path / "detector.json", tmp_path / "rows.ndjson"
    detector.write_text(json.dumps(web_detector()))
    web(330).write_ndjson(rows)
    command = [sys.executable, Path(__file__).with_name("runner.py"), tmp_path / "killed", detector, rows]
    draw = random.Random(3)
    for _ in range(kills):
        acknowledged, _ = live(command, draw)
        with Store.open(None, tmp_path / "killed") as store:
            saved = store.resume("web-1") if store.jobs() else None
            assert (saved.counts.input_record_count if saved else 0) >= acknowledged
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    job = load_job(str(detector))
    with Store.open(None, tmp_path / "undisturbed") as store:
        run_job(store, job, read_files([str(rows)], job.data_description, fields=job.fields), interim=True)
        undisturbed = everything(store, job.job_id)
    with Store.open(None, tmp_path / "killed") as store:
        found = everything(store, job.job_id)
    assert found["forest_results"]["anomaly_grade"].max() > 0.5
    check_same(found, undisturbed)


@pytest.mark.slow
def test_series_that_sleep_when_a_run_is_killed_wake_as_they_were(tmp_path):
    """What sleeps lies in files without names: of these nothing is left, and the last commit has all of it."""
    draw, path, data = random.Random(3), tmp_path / "rows.ndjson", tmp_path / "data"
    times = [START_MS // 300_000 * 300_000 + 300_000 * (number // 150) for number in range(9_000)]
    rows = [{"time": time, "host": f"h{draw.randrange(700)}", "user": "u", "value": draw.gauss(100, 5)} for time in times]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    analysis = {**JOB["analysis_config"], "detectors": JOB["analysis_config"]["detectors"][:1]}
    undisturbed, job_file = load_job({**JOB, "analysis_config": analysis}), tmp_path / "job.json"
    job_file.write_text(json.dumps({**JOB, "analysis_config": analysis, "analysis_limits": {"model_memory_limit": "1mb"}}))
    with Store.open(None, tmp_path / "undisturbed") as store:
        chunks = read_files([str(path)], undisturbed.data_description, fields=undisturbed.fields)
        run_job(store, undisturbed, chunks, interim=True)
        expected = everything(store)
    command = [sys.executable, Path(__file__).with_name("runner.py"), data, job_file, path]
    for _ in range(6):
        live(command, draw)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    with Store.open(None, data) as store:
        found, newest = everything(store), store.snapshots("kill")[-1]
    assert Sizes.of_text(newest.sizes).asleep > 100
    assert found["snapshot"] == expected["snapshot"]
    assert found["counts"] == expected["counts"]
    for name in ("records", "buckets", "annotations", "bucket_values"):
        assert_frame_equal(found[name], expected[name], check_exact=True)
