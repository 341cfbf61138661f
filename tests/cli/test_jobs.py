"""`barograph jobs`."""

import json
from pathlib import Path

import pytest


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
