"""`barograph validate`."""

import json
from pathlib import Path
from typing import Any

import pytest

DETECTOR = {"function": "mean", "field_name": "cpu"}


def write(folder: Path, detector: dict[str, Any], **config: Any) -> str:
    document = {"job_id": "a", "analysis_config": {"detectors": [detector], **config}}
    (folder / "job.json").write_text(json.dumps(document))
    return "job.json"


def test_a_right_job_is_a_sentence(call, tmp_path: Path) -> None:
    done = call("validate", write(tmp_path, {"function": "count"}))
    assert (done.stdout, done.stderr, done.returncode) == ("ok: every 5 minutes: number of rows\n", "", 0)


def test_what_may_mislead_is_noted(call, tmp_path: Path) -> None:
    lines = call("validate", write(tmp_path, DETECTOR)).stdout.splitlines()
    assert lines[0] == "ok: every 5 minutes: mean of cpu"
    assert lines[1].startswith("note: what falls silent is no anomaly of mean, which has no value without rows; ")
    assert len(lines) == 2


def test_data_are_looked_at_and_nothing_is_kept(call, tmp_path: Path) -> None:
    rows = "".join(f"{1_767_225_600 + 600 * at},{50 + at % 7}\n" for at in range(200))
    (tmp_path / "rows.csv").write_text("time,cpu\n" + rows)
    done = call("validate", write(tmp_path, DETECTOR), "rows.csv")
    assert done.returncode == 0
    told = "bucket_span='5m' is shorter than the usual step between values, 10m: most buckets have no data"
    memory = "memory: about 15 kB for 1 series, of the 1,024 MB of model_memory_limit"
    assert done.stdout.splitlines()[2:] == [f"note: {told}", memory]
    assert call("jobs").returncode == 1  # there is no store
    (tmp_path / "rows.csv").write_text("time,cpu\n" + rows.replace("1767", "Jan "))
    done = call("validate", write(tmp_path, DETECTOR), "rows.csv")
    assert done.returncode == 1
    assert "200 of 200 times of 'time' cannot be read" in done.stderr


def test_what_a_limit_has_no_room_for_is_told_before(call, tmp_path: Path) -> None:
    rows = "".join(f"{1_767_225_600 + 300 * (at // 500)},u{at % 500},{at}\n" for at in range(2_000))
    (tmp_path / "rows.csv").write_text("time,user,cpu\n" + rows)
    limits = {"model_memory_limit": "1mb"}
    for detector, told in (
        ({"function": "count"}, "it has room for 184 of each detector, and rows of others will be left out"),
        (DETECTOR, "series without data for long will sleep on the disk"),
    ):
        config = {
            "job_id": "a",
            "analysis_config": {"detectors": [{**detector, "by_field_name": "user"}]},
            "analysis_limits": limits,
        }
        (tmp_path / "job.json").write_text(json.dumps(config))
        assert call("validate", "job.json", "rows.csv").stdout.splitlines()[-1].endswith(told)


def test_all_problems_are_told_at_once(call, tmp_path: Path) -> None:
    done = call("validate", write(tmp_path, {"function": "maen"}, bucket_span="5"))
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert [line.split("=")[0] for line in lines] == [
        "error: analysis_config.bucket_span",
        "error: analysis_config.detectors[0].function",
    ]


def test_what_is_not_acted_on_is_noted(call, tmp_path: Path) -> None:
    given = json.loads((tmp_path / write(tmp_path, {"function": "count"})).read_text())
    given["datafeed_config"] = {"indices": ["requests"]}
    (tmp_path / "job.json").write_text(json.dumps(given))
    done = call("validate", "job.json")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("note: datafeed_config is not used")


def test_silence_of_a_member_is_told_by_a_detector_of_its_own_past(call, tmp_path: Path) -> None:
    done = call("validate", write(tmp_path, {**DETECTOR, "over_field_name": "user", "partition_field_name": "site"}))
    assert "{function: count, by_field_name: user, partition_field_name: site} tells of it" in done.stdout


@pytest.mark.parametrize(("name", "message"), [("none.json", "No such file"), ("job.txt", "a file that ends with .json")])
def test_a_file_that_is_no_job_is_named(call, name: str, message: str) -> None:
    done = call("validate", name)
    assert done.returncode == 1
    assert name in done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_usage_ends_with_2(call) -> None:
    assert call("validate").returncode == 2
    done = call("results", "web", "nothing")
    assert done.returncode == 2
    assert "buckets" in done.stderr
