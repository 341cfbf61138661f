"""`barograph jobs`."""

import json
import random
from pathlib import Path

import pytest

from barograph.models.series import SeriesModel


@pytest.mark.parametrize("command", [("jobs",), ("jobs", "list")])
def test_jobs_are_listed_with_what_they_do(call, data_dir: Path, command: tuple[str, ...]) -> None:
    header, job = call(*command, "--data-dir", data_dir, columns=140).stdout.splitlines()
    assert header.split() == ["job", "rows", "up", "to", "what", "it", "does"]
    assert job.split("  ") == [
        "web",
        "4,802",
        "Thu 2026-01-01 09:59:50",
        "every 5 minutes: mean of ms per host (high only); number of rows; blames host and url",
    ]


def test_show_tells_what_was_read_found_and_left_out(call, data_dir: Path) -> None:
    lines = call("jobs", "show", "web", "--data-dir", data_dir).stdout.splitlines()
    shown = dict(line.split("  ", 1) for line in lines if not line.startswith(("left", " ")))
    assert shown["read"].strip() == "4,802 rows, Thu 2026-01-01 00:00 to Thu 2026-01-01 09:59:50"
    assert shown["finished"].strip() == "120 buckets, 0 without rows"
    assert shown["found"].strip() == "3 records, the worst critical (91)"
    assert shown["memory"].strip() == "under 0.1 MB of models, within the limit of 1,024 MB"
    assert lines[-2:] == [
        "left out 2 rows: the time cannot be read",
        "  row 17: time: wanted epoch seconds, epoch ms or ISO 8601, found 'yesterday'",
    ]


def test_show_json_is_a_job_file(call, data_dir: Path, tmp_path: Path) -> None:
    done = call("jobs", "show", "web", "--json", "--data-dir", data_dir)
    assert json.loads(done.stdout)["job_id"] == "web"
    (tmp_path / "job.json").write_text(done.stdout)
    assert call("validate", "job.json").returncode == 0


@pytest.mark.parametrize("verb", ["delete", "reset"])
def test_without_a_terminal_nothing_is_lost_unasked(call, data_dir: Path, verb: str) -> None:
    done = call("jobs", verb, "web", "--data-dir", data_dir, stdin="y\n")
    assert (done.returncode, done.stderr) == (1, f"error: jobs {verb} web: wanted --yes, as there is no terminal to ask on\n")
    assert "4,802" in call("jobs", "--data-dir", data_dir).stdout


def test_reset_keeps_the_job_and_delete_does_not(call, data_dir: Path) -> None:
    assert call("jobs", "reset", "web", "--yes", "--data-dir", data_dir).stdout.startswith("reset web")
    assert "nothing yet" in call("jobs", "--data-dir", data_dir).stdout
    assert "no records" not in call("jobs", "show", "web", "--data-dir", data_dir).stdout
    assert call("jobs", "delete", "web", "--yes", "--data-dir", data_dir).stdout == "deleted web\n"
    assert call("jobs", "--data-dir", data_dir).stdout == "no jobs\n"
    assert call("jobs", "delete", "web", "--yes", "--data-dir", data_dir).returncode == 1


def fed(call, tmp_path: Path, hosts: int) -> Path:
    rows, draw = ["time,host,v"], random.Random(1)
    rows += [f"{1_700_006_400 + 900 * t},h{h},{draw.gauss(10, 1)}" for t in range(300) for h in range(hosts)]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    detector = {"function": "mean", "field_name": "v", "by_field_name": "host"}
    (tmp_path / "job.json").write_text(
        json.dumps({"job_id": "j", "analysis_config": {"bucket_span": "15m", "detectors": [detector]}})
    )
    assert call("run", "job.json", "rows.csv", "--data-dir", tmp_path / "d").returncode == 0
    return tmp_path / "d"


def test_show_says_what_the_models_believe(call, tmp_path: Path) -> None:
    data_dir = fed(call, tmp_path, 3)
    lines = call("jobs", "show", "j", "--data-dir", data_dir, columns=1000).stdout.splitlines()
    (status,) = (line for line in lines if line.startswith("models "))
    assert status.startswith("models        3 series; ")
    assert status.endswith("; 3 seen for less than two weeks, too short to find a weekly pattern")
    assert [line.split(",")[0] for line in lines[-3:]] == ["host=h0", "host=h1", "host=h2"]
    assert all("299 values seen" in line for line in lines[-3:])
    one = call("jobs", "show", "j", "--entity", "host=h1", "--data-dir", data_dir, columns=1000).stdout.splitlines()
    assert one[-1] == lines[-2]
    numbers = json.loads(call("jobs", "show", "j", "--models", "--json", "--data-dir", data_dir).stdout)
    assert [one["by_field_value"] for one in numbers] == ["h0", "h1", "h2"]
    assert {one["values"] for one in numbers} == {299}


def test_show_of_many_series_says_what_it_leaves_out(call, tmp_path: Path) -> None:
    data_dir = fed(call, tmp_path, 25)
    lines = call("jobs", "show", "j", "--data-dir", data_dir, columns=1000).stdout.splitlines()
    assert lines[-1].startswith("the 20 of 25 series that were the most anomalous lately; --entity FIELD=VALUE picks others")
    every = call("jobs", "show", "j", "--models", "--data-dir", data_dir, columns=1000).stdout.splitlines()
    assert sum(line.startswith("host=") for line in every) == 25


def test_an_entity_that_never_came_is_no_empty_answer(call, tmp_path: Path) -> None:
    done = call("jobs", "show", "j", "--entity", "host=nobody", "--data-dir", fed(call, tmp_path, 2))
    assert done.returncode == 1
    assert done.stderr == "error: entity='host=nobody': wanted one that the job has seen\n"


def test_models_of_another_version_are_said_to_be(call, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SeriesModel, "readable", lambda _: False)
    shown = call("jobs", "show", "web", "--data-dir", data_dir).stdout
    assert "models        another version has learned them; 'barograph replay web' makes them anew" in shown
