"""`barograph explain`."""

import json
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def job(call, tmp_path: Path) -> str:
    """A job of the number of rows in 300 hours, three on average."""
    counts = np.random.default_rng(0).poisson(3, 300)
    rows = [f"{hour * 3600 + row},{1.0 + row}" for hour, count in enumerate(counts.tolist()) for row in range(count)]
    (tmp_path / "rows.csv").write_text("time,size\n" + "\n".join(rows) + "\n")
    (tmp_path / "job.yaml").write_text(
        "job_id: small\nanalysis_config: {bucket_span: 1h, detectors: [{function: count}]}\n"
        "data_description: {time_field: time, time_format: epoch}\n"
    )
    assert call("run", "job.yaml", "rows.csv").returncode == 0
    return "small"


def test_that_no_value_would_have_scored_is_said_in_words(call, job: str) -> None:
    lines = call("explain", job, "--time", 250 * 3600).stdout.splitlines()
    (critical,) = [line for line in lines if line.startswith("75 ")]
    assert "no value" in critical
    assert not any(line.lstrip().startswith("-") for line in lines)


def test_a_value_is_said_once(call, job: str) -> None:
    counts = np.random.default_rng(0).poisson(3, 300)
    quiet, busy = (int(np.flatnonzero(counts[200:290] == count)[0]) + 200 for count in (0, 6))
    for hour, said in ((quiet, "unexpectedly zero, usually "), (busy, "6, ")):
        told = call("explain", job, "--time", hour * 3600).stdout.splitlines()[2]
        assert told.startswith(said), told


def test_factors_are_named_and_add_up(call, job: str) -> None:
    lines = call("explain", job, "--time", 250 * 3600).stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("what makes the score")) + 1
    factors = lines[start : start + 5]
    assert [line.rsplit(maxsplit=1)[0].strip() for line in factors] == [
        "this bucket by itself",
        "against the bucket before",
        "the buckets around it",
        "what the series has shown before",
        "how often the job has been this odd",
    ]
    total = float(lines[start + 5].split()[1])
    assert sum(float(line.split()[-1]) for line in factors) == pytest.approx(total, abs=0.3)


def test_who_is_to_blame_is_said_where_there_is_a_record(call, tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(30, 300)
    rows = [f"{hour * 3600 + row},h{row % 9}" for hour, count in enumerate(counts.tolist()) for row in range(count)]
    rows[sum(counts[:280]) : sum(counts[:280])] = [f"{280 * 3600},bad" for _ in range(300)]
    (tmp_path / "rows.csv").write_text("time,host\n" + "\n".join(rows) + "\n")
    (tmp_path / "job.yaml").write_text(
        "job_id: hosts\nanalysis_config: {bucket_span: 1h, detectors: [{function: count}], influencers: [host]}\n"
        "data_description: {time_field: time, time_format: epoch}\n"
    )
    assert call("run", "job.yaml", "rows.csv").returncode == 0
    assert "to blame: host=bad (99 %)" in call("explain", "hosts", "--time", 280 * 3600).stdout.splitlines()
    assert "to blame" not in call("explain", "hosts", "--time", 270 * 3600).stdout
    (found,) = json.loads(call("explain", "hosts", "--time", 280 * 3600, "--json").stdout)
    assert found["influencers"][0]["influencer_field_values"] == ["bad"]


def explained(call, folder: Path, head: str, rows: list[str], detector: str) -> str:
    """What `explain` says of the 90th hour of a job with this detector."""
    (folder / "rows.csv").write_text("\n".join([head, *rows]) + "\n")
    (folder / "job.yaml").write_text(
        f"job_id: seen\nanalysis_config:\n  bucket_span: 1h\n  detectors: [{detector}]\n"
        "data_description: {time_field: time, time_format: epoch}\n"
    )
    assert call("run", "job.yaml", "rows.csv").returncode == 0
    return str(call("explain", "seen", "--time", 90 * 3600).stdout)


def test_a_member_far_above_its_peers_is_told_by_a_factor(call, tmp_path: Path) -> None:
    """Sizes are far apart: a factor says something all the same, and is the one that the record has."""
    rng, rows = np.random.default_rng(0), []
    for hour in range(100):
        sizes = rng.lognormal(7, 1.2, 40)
        if hour == 90:
            sizes[7] = 1e6
        rows += [f"{hour * 3600},u{user},{size:.0f}" for user, size in enumerate(sizes)]
    detector = "{function: high_sum, field_name: size, over_field_name: user}"
    told = explained(call, tmp_path, "time,user,size", rows, detector)
    assert "more than 100x higher than usual; its probability" in told
    assert "about zero" not in told


def test_what_was_never_there_has_no_usual_range(call, tmp_path: Path) -> None:
    rows = [f"{hour * 3600},{'odd' if hour == 90 else 'p'}" for hour in range(100)]
    told = explained(call, tmp_path, "time,process", rows, "{function: rare, by_field_name: process}")
    assert "first seen; its probability" in told
    assert "usually 0 to 0" not in told
    assert "Never seen before." in told
