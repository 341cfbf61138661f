"""`barograph run`, from files to what is printed."""

import gzip
import io
import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barograph.jobs import run as reading
from barograph.results import schema
from barograph.sources.chunk import Chunk
from barograph.sources.read import read_files

JOB = """
job_id: web
time_zone: Europe/Berlin
analysis_config:
  bucket_span: 5m
  detectors: [{function: mean, field_name: ms, partition_field_name: host}]
  influencers: [host]
"""
START = 1_767_222_000_000
SPIKE = 1_600


def rows(buckets: int = 2_000) -> pl.DataFrame:
    """Two hosts, two rows a bucket each; one is five times as slow in one bucket."""
    rng = np.random.default_rng(7)
    time_ms = np.repeat(START + np.arange(buckets) * 300_000, 4)
    value = rng.normal(100.0, 5.0, 4 * buckets)
    value[4 * SPIKE : 4 * SPIKE + 2] *= 5
    return pl.DataFrame({"time": time_ms, "host": ["a", "a", "b", "b"] * buckets, "ms": value})


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with `job.yaml` and `rows.csv`; the row after the header cannot be read."""
    (tmp_path / "job.yaml").write_text(JOB)
    text = rows().write_csv().replace("\n", "\nsoon,a,1.0\n", 1)
    (tmp_path / "rows.csv").write_text(text)
    return tmp_path


@pytest.mark.usefixtures("inputs")
def test_the_worst_record_is_told_in_words_with_who_and_when(call) -> None:
    done = call("run", "job.yaml", "rows.csv", columns=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("read 8,001 rows in ")
    assert lines[1] == "left out 1 row: the time cannot be read"
    assert lines[2].startswith("  row 1: time: wanted ")
    header, worst = (lines.index("") + 1, lines.index("") + 2)
    assert "mean of ms" in lines[header]
    assert "critical  Tue 2026-01-06 13:20  host=a" in lines[worst]
    assert "x higher than usual" in lines[worst]
    assert lines[-1] == "All records of the job: barograph results web records"


@pytest.mark.usefixtures("inputs")
def test_machine_formats_have_the_records_alone_on_stdout(call) -> None:
    documents = json.loads(call("run", "job.yaml", "rows.csv", "--format", "json", "--data-dir", "1").stdout)
    done = call("run", "job.yaml", "rows.csv", "--format", "ndjson", "--data-dir", "2")
    assert [json.loads(line) for line in done.stdout.splitlines()] == documents
    assert "left out 1 row" in done.stderr
    table = pl.read_csv(io.StringIO(call("run", "job.yaml", "rows.csv", "--format", "csv", "--data-dir", "3").stdout))
    assert table.columns == [one.name for one in schema.RECORDS]
    assert table.height == len(documents)
    parquet = pl.read_parquet(call("run", "job.yaml", "rows.csv", "--format", "parquet", "--data-dir", "4").raw)
    assert parquet["record_score"].to_list() == [one["record_score"] for one in documents]
    assert documents[0]["timestamp"] == START + SPIKE * 300_000
    assert documents[0]["influencers"] == [{"influencer_field_name": "host", "influencer_field_values": ["a"]}]


@pytest.mark.usefixtures("inputs")
def test_min_score_leaves_out_the_rest(call) -> None:
    done = call("run", "job.yaml", "rows.csv", "--format", "json", "--min-score", "75")
    assert {one["record_score"] >= 75 for one in json.loads(done.stdout)} == {True}


def test_running_again_goes_on_and_prints_what_is_new(call, inputs: Path) -> None:
    text = (inputs / "rows.csv").read_text()
    whole = json.loads(call("run", "job.yaml", "rows.csv", "--format", "json", "--data-dir", "whole").stdout)
    (inputs / "rows.csv").write_text("".join(text.splitlines(keepends=True)[: 4 * SPIKE]))
    first = json.loads(call("run", "job.yaml", "rows.csv", "--format", "json").stdout)
    assert all(one["timestamp"] < START + SPIKE * 300_000 for one in first)
    (inputs / "rows.csv").write_text(text)
    second = json.loads(call("run", "job.yaml", "rows.csv", "--format", "json").stdout)
    assert second[0]["timestamp"] == START + SPIKE * 300_000
    assert sorted(map(str, first + second)) == sorted(map(str, whole))
    again = call("run", "job.yaml", "rows.csv")
    assert "rows.csv: nothing new since the last run" in again.stdout
    assert "left out" not in again.stdout


@pytest.mark.usefixtures("inputs")
def test_standard_input_is_a_source(call) -> None:
    done = call("run", "job.yaml", "-", "--format", "ndjson", stdin=rows().write_ndjson())
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[0])["timestamp"] == START + SPIKE * 300_000


@pytest.mark.usefixtures("inputs")
def test_results_of_a_run_can_be_asked_for_later(call) -> None:
    ran = call("run", "job.yaml", "rows.csv", "--format", "json")
    asked = call("results", "web", "records", "--format", "json")
    assert json.loads(asked.stdout) == json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("job.yaml", "none.csv"), "none.csv: wanted a readable file (No such file or directory)"),
        (("none.yaml", "rows.csv"), "none.yaml"),
        (("job.yaml", "other.csv"), "data_description.time_field='time'"),
        (("wrong.yaml", "rows.csv"), ".field_name='millis': wanted a column of rows.csv, which has: time, host, ms"),
    ],
)
def test_an_error_is_one_line(call, inputs: Path, arguments: tuple[str, str], message: str) -> None:
    (inputs / "other.csv").write_text("when,ms\n1,2\n")
    (inputs / "wrong.yaml").write_text(JOB.replace("ms", "millis"))
    done = call("run", *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_other_settings_under_the_same_id_are_told_apart(call, inputs: Path) -> None:
    call("run", "job.yaml", "rows.csv")
    (inputs / "job.yaml").write_text(JOB.replace("5m", "10m"))
    done = call("run", "job.yaml", "rows.csv")
    assert done.returncode == 1
    assert "bucket_span" in done.stderr
    assert done.stderr.count("error: ") == 1
    assert call("jobs", "reset", "web", "--yes").returncode == 0
    assert call("run", "job.yaml", "rows.csv").returncode == 0


def test_rows_before_a_file_that_the_job_cannot_use_are_kept_and_counted(call, inputs: Path) -> None:
    (inputs / "other.csv").write_text("when,ms\n1,2\n")
    done = call("run", "job.yaml", "rows.csv", "other.csv")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("8,001 rows before the error are kept")
    assert "8,001" in call("jobs").stdout


def test_a_run_without_a_value_to_judge_does_not_call_that_usual(call, inputs: Path) -> None:
    every = rows(100)
    every.head(200).write_ndjson(inputs / "good.ndjson")
    bad = every.tail(200).select("time", "host", millis="ms")
    bad.head(100).write_ndjson(inputs / "between.ndjson")
    bad.tail(100).write_ndjson(inputs / "bad.ndjson")
    assert "nothing unusual" in call("run", "job.yaml", "good.ndjson").stdout
    call("run", "job.yaml", "between.ndjson")  # finishes the bucket that was open
    done = call("run", "job.yaml", "bad.ndjson")
    assert done.returncode == 0
    assert "nothing could be judged: no bucket has a value, see what was left out" in done.stdout
    assert "nothing unusual" not in done.stdout


def few(inputs: Path, minutes: int, job: str = JOB) -> None:
    """A job file, and a row a minute from the start of a bucket on."""
    (inputs / "job.yaml").write_text(job)
    lines = [f"{START + minute * 60_000},a,1.0\n" for minute in range(minutes)]
    (inputs / "rows.csv").write_text("".join(["time,host,ms\n", *lines]))


LATE_JOB = JOB.replace("5m", "5m\n  latency: 1h")


@pytest.mark.parametrize(
    ("minutes", "job", "message"),
    [
        (3, JOB, "1 bucket open, until a row of Thu 2026-01-01 00:05 or later"),
        (
            12,
            LATE_JOB,
            "3 buckets open, the first until a row of Thu 2026-01-01 01:05 or later; --flush finishes all but the last",
        ),
    ],
)
def test_a_run_that_finishes_no_bucket_says_what_it_waits_for(call, inputs: Path, minutes: int, job: str, message: str) -> None:
    few(inputs, minutes, job)
    printed = call("run", "job.yaml", "rows.csv").stdout
    assert f"no bucket is finished yet: {message}\n" in printed
    assert "nothing unusual" not in printed


def test_the_bucket_in_which_a_job_begins_is_not_waited_for(call, inputs: Path) -> None:
    few(inputs, 0)
    (inputs / "rows.csv").write_text(f"time,host,ms\n{START + 60_000},a,1.0\n")
    done = call("run", "job.yaml", "rows.csv")
    assert "no bucket is finished yet: the first whole one begins at Thu 2026-01-01 00:05\n" in done.stdout


def test_a_run_of_rows_that_cannot_be_used_says_so(call, inputs: Path) -> None:
    few(inputs, 0)
    (inputs / "rows.csv").write_text("time,host,ms\nsoon,a,1.0\n")
    done = call("run", "job.yaml", "rows.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: rows.csv: 1 of 1 times of 'time' cannot be read, such as 'soon'; ")


def test_flush_finishes_what_only_the_latency_keeps_open(call, inputs: Path) -> None:
    few(inputs, 12, LATE_JOB)
    call("run", "job.yaml", "rows.csv")
    done = call("run", "job.yaml", "rows.csv", "--flush")
    assert "read 0 rows" in done.stdout
    assert "finished 2 buckets" in done.stdout
    assert len(json.loads(call("results", "web", "buckets", "--format", "json").stdout)) == 2
    with (inputs / "rows.csv").open("a") as file:
        file.write(f"{START},a,1.0\n")
    assert "left out 1 row: older than the latency allows" in call("run", "job.yaml", "rows.csv").stdout


def test_an_open_bucket_is_judged_on_request_and_shown_on_request(call, inputs: Path) -> None:
    newest = "\n".join(f"{START + 2_000 * 300_000},a,{ms}" for ms in (700, 720))
    (inputs / "rows.csv").write_text(rows().write_csv() + newest + "\n")
    done = call("run", "job.yaml", "rows.csv", "--interim", columns=140)
    lines = done.stdout.splitlines()
    assert lines[1] == "judged 1 bucket that may still change, wrote 1 interim record"
    assert any("(interim)" in line and "host=a" in line for line in lines)
    assert lines[-1] == "All records of the job: barograph results web records --interim"
    asked = ("results", "web", "records", "--format", "json")
    plain, both = json.loads(call(*asked).stdout), json.loads(call(*asked, "--interim").stdout)
    assert not any(one["is_interim"] for one in plain)
    assert [one for one in both if not one["is_interim"]] == plain
    assert len(both) == len(plain) + 1
    buckets = json.loads(call("results", "web", "buckets", "--format", "json", "--interim").stdout)
    assert (buckets[-1]["is_interim"], len(buckets[-1]["bucket_influencers"])) == (True, 2)
    overall = ("overall-buckets", "web", "--format", "json")
    assert len(json.loads(call(*overall, "--interim").stdout)) == len(json.loads(call(*overall).stdout)) + 1 == 2_001
    assert "2,000 buckets" in call("jobs", "show", "web").stdout
    assert "judged" not in call("run", "job.yaml", "rows.csv").stdout


@pytest.mark.parametrize("size", [30, 100, 1 << 20])
def test_the_row_of_an_example_is_its_place_in_the_input(
    call, inputs: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    few(inputs, 0)
    good, bad, soon = f"{START},a,1.0\n", "1,2,3,4\n", "soon,a,1.0\n"
    parts = [bad, good, soon, good, bad, bad, soon, good, good, good, good]
    whole = read_files
    monkeypatch.setattr(reading, "read_files", lambda *given, **options: whole(*given, **options, block_bytes=size))
    (inputs / "rows.csv").write_text("".join(["time,host,ms\n", *parts]))
    first = call("run", "job.yaml", "rows.csv").stdout
    assert [line.split(":")[0] for line in first.splitlines() if ": time: " in line] == ["  row 3", "  row 7"]
    with (inputs / "rows.csv").open("a") as file:
        file.writelines([bad, soon])
    second = call("run", "job.yaml", "rows.csv").stdout
    assert [line.split(":")[0] for line in second.splitlines() if ": time: " in line] == ["  row 13"]
    third = call("jobs", "show", "web").stdout
    assert [line.split(":")[0] for line in third.splitlines() if ": time: " in line] == ["  row 3", "  row 7", "  row 13"]


def test_half_a_line_is_left_to_the_next_run_and_said(call, inputs: Path) -> None:
    few(inputs, 12)
    with (inputs / "rows.csv").open("a") as file:
        file.write(f"{START + 720_000},a,1")
    first = call("run", "job.yaml", "rows.csv").stdout
    assert first.splitlines()[0] == (
        "rows.csv: the last line has no line end and was written just now: it is left to a later run"
    )
    assert "read 12 rows" in first
    with (inputs / "rows.csv").open("a") as file:
        file.write("2.5\n")
    second = call("run", "job.yaml", "rows.csv").stdout
    assert "read 1 row " in second
    assert "left out" not in second


def test_a_field_that_is_number_and_text_is_read_alike_in_every_block(
    call, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inputs / "job.yaml").write_text(JOB.replace("influencers: [host]", "influencers: [ms]"))
    lines = [f'{{"time":{START + bucket * 300_000},"host":"a","ms":1}}\n' for bucket in range(50)]
    lines += [f'{{"time":{START + bucket * 300_000},"host":"a","ms":1.0}}\n' for bucket in range(50, 100)]
    lines += [f'{{"time":{START + bucket * 300_000},"host":"a","ms":"1"}}\n' for bucket in range(100, 150)]
    (inputs / "rows.ndjson").write_text("".join(lines))
    whole = read_files
    frames = []

    def blocks(*arguments: object, **options: object) -> Iterator[Chunk]:
        for chunk in whole(*arguments, **options, block_bytes=1_000):
            frames.append(chunk.frame)
            yield chunk

    monkeypatch.setattr(reading, "read_files", blocks)
    assert call("run", "job.yaml", "rows.ndjson").returncode == 0
    assert len(frames) > 3
    assert {frame.schema["ms"] for frame in frames} == {pl.String()}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_was_read_and_says_so(
    call, inputs: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    whole = read_files

    def stopped(*arguments: object, **options: object) -> Iterator[Chunk]:
        yield from whole(*arguments, **options)
        os.kill(os.getpid(), number)
        raise AssertionError("a signal ends the wait for more rows")

    monkeypatch.setattr(reading, "read_files", stopped)
    done = call("run", "job.yaml", "rows.csv")
    assert done.returncode == code
    assert f"stopped by {number.name}: what was read so far is kept" in done.stdout
    assert "8,001" in call("jobs").stdout


def test_an_input_that_breaks_keeps_the_rows_before(call, inputs: Path) -> None:
    packed = gzip.compress(rows().write_csv().encode())
    (inputs / "broken.csv.gz").write_bytes(packed[: len(packed) // 2])
    done = call("run", "job.yaml", "rows.csv", "broken.csv.gz")
    assert done.returncode == 1
    kept, error = done.stderr.splitlines()
    assert kept.endswith("before the error are kept; the same command goes on from there")
    assert error.startswith("error: broken.csv.gz: wanted a readable file")


def test_one_row_that_is_kept_is_told_as_one(call, inputs: Path) -> None:
    lines = rows().head(1).write_ndjson() + '{"time"'
    (inputs / "cut.ndjson.gz").write_bytes(gzip.compress(lines.encode())[:-8])
    assert call("run", "job.yaml", "cut.ndjson.gz").stderr.startswith("1 row before the error is kept; ")


@pytest.mark.usefixtures("inputs")
def test_a_terminal_gets_a_progress_bar_and_a_pipe_none(process, call) -> None:
    master, terminal = pty.openpty()
    with process("run", "job.yaml", "rows.csv", stdout=subprocess.PIPE, stderr=terminal) as started:
        os.close(terminal)
        seen = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # a terminal whose other side is closed
                break
            if not part:
                break
            seen += part
    os.close(master)
    assert started.returncode == 0
    assert b"rows, " in seen
    assert b"buckets," in seen
    assert call("run", "job.yaml", "rows.csv", "--data-dir", "other").stderr == ""


def exported(folder: Path, lines: list[str], header: str = "time,host,ms") -> None:
    (folder / "export.csv").write_text("\n".join([header, *lines, ""]))


def test_a_file_that_the_job_misreads_is_refused_with_the_cause_and_read_once_it_is_mended(call, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    exported(tmp_path, [f"01.02.2026 10:{minute:02},a,1.0" for minute in range(40)])
    done = call("run", "job.yaml", "export.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: export.csv: 40 of 40 times of 'time' cannot be read, such as '01.02.2026 10:00': "
        "data_description.time_format: 'dd.MM.yyyy HH:mm' would fit; nothing of it was read\n"
    )
    assert call("jobs").stdout == "no jobs\n"
    (tmp_path / "job.yaml").write_text(JOB.replace("5m", "10m") + "data_description: {time_format: dd.MM.yyyy HH:mm}\n")
    assert call("run", "job.yaml", "export.csv").stdout.startswith("read 40 rows in ")


def test_a_file_that_is_newest_first_gives_what_it_gives_in_order(call, inputs: Path) -> None:
    told = "note: back.csv: its rows are newest first, and were sorted by time; rows are numbered in that order\n"
    rows().sort("time", descending=True).write_csv(inputs / "back.csv")
    rows().write_csv(inputs / "rows.csv")
    assert call("run", "job.yaml", "back.csv", "--data-dir", "back").stderr == told
    assert call("run", "job.yaml", "rows.csv", "--data-dir", "there").stderr == ""
    back, there = (call("results", "web", "buckets", "--format", "csv", "--data-dir", of).stdout for of in ("back", "there"))
    assert back == there
    assert "back.csv: nothing new since the last run" in call("run", "job.yaml", "back.csv", "--data-dir", "back").stdout


def test_a_file_whose_every_row_is_too_old_is_refused(call, inputs: Path) -> None:
    rows().head(4_000).write_csv(inputs / "first.csv")
    rows().tail(4_000).write_csv(inputs / "second.csv")
    done = call("run", "job.yaml", "second.csv", "first.csv")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "4,000 rows before the error are kept; the same command goes on from there",
        "error: first.csv: its newest row, of 2026-01-04T11:15+01:00, is older than what the job has read, which is up to "
        "2026-01-07T22:35+01:00; wanted files in the order of time; nothing of it was read",
    ]


def test_a_file_that_is_too_large_to_be_sorted_is_refused(call, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.jobs.file_checks.MOST_SORTED_BYTES", 1 << 10)
    rows().sort("time", descending=True).write_csv(inputs / "back.csv")
    done = call("run", "job.yaml", "back.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: back.csv: its rows are newest first; wanted them in the order of time, or at most ")
    assert call("jobs").stdout == "no jobs\n"


def a_pipe_that_pauses(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    """Input comes in chunks, and is waited for after so many rows."""
    whole = read_files

    def paused(*given: object, **options: object) -> Iterator[Chunk]:
        for chunk in whole(*given, **options, block_bytes=4_000):
            if chunk.first_row >= before:
                options["idle"]()
            yield chunk

    monkeypatch.setattr(reading, "read_files", paused)


def test_records_of_a_pipe_that_pauses_are_printed_as_they_come(call, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_pipe_that_pauses(monkeypatch, before=4_000)
    lines = call("run", "job.yaml", "rows.csv").stdout.splitlines()
    live = lines[: next(number for number, line in enumerate(lines) if line.startswith("read 8,001 rows"))]
    assert any(
        line.startswith("critical ") and "Tue 2026-01-06 13:20  host=a  mean of ms " in line and "(typical " in line
        for line in live
    )


def test_each_record_is_printed_once_as_an_object(call, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def printed(directory: str) -> list[str]:
        done = call("run", "job.yaml", "rows.csv", "--format", "ndjson", "--data-dir", directory)
        return sorted(json.dumps(json.loads(line), sort_keys=True) for line in done.stdout.splitlines())

    at_the_end = printed("whole")
    a_pipe_that_pauses(monkeypatch, before=4_000)
    keys = [(json.loads(line)["timestamp"], json.loads(line)["partition_field_value"]) for line in printed("live")]
    assert sorted(keys) == sorted(
        (json.loads(one)["timestamp"], json.loads(one)["partition_field_value"]) for one in at_the_end
    )
