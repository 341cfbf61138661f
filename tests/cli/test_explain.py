"""`barograph explain`."""

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
