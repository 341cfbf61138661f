"""`barograph forecast` and `barograph forecasts`: what people see, and what programs get."""

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.results import schema
from barograph.store.store import Store

HOUR = 3_600_000
START = 1_767_225_600_000  # 2026-01-01, UTC
NOW_S = 1_800_000_000


def settings(**detector: object) -> dict[str, object]:
    one = {"function": "mean", "field_name": "used", **detector}
    return {"job_id": "disks", "analysis_config": {"bucket_span": "1h", "detectors": [one]}}


def rows(hosts: int = 3, hours: int = 600) -> pl.DataFrame:
    """Disks: the first stays, the second fills, the third follows the day; the rest are seen for a few hours."""
    at = np.arange(hours)
    noise = np.random.default_rng(1).normal(0, 0.5, (hosts, hours))
    used = [np.full(hours, 20.0), 10 + 0.1 * at, 40 + 10 * np.sin(2 * np.pi * at / 24)] + [np.full(hours, 5.0)] * (hosts - 3)
    return pl.concat(
        pl.DataFrame({"time": START + at * HOUR, "host": f"h{i}", "used": used[i] + noise[i]}).head(hours if i < 3 else 5)
        for i in range(hosts)
    ).sort("time")


def feed(directory: Path, document: dict[str, object], frame: pl.DataFrame) -> None:
    job = load_job(document)
    engine = Engine.build(job)
    with Store.open(None, directory) as store:
        store.create_job(job, START)
        store.commit("disks", engine.add(frame), engine.snapshot(), [])


@pytest.fixture
def disks(call, tmp_path, monkeypatch):
    """`barograph ... --data-dir` on the job `disks`, at a time of our own."""
    feed(tmp_path / "data", settings(partition_field_name="host"), rows(5))
    clock = {"s": NOW_S}
    monkeypatch.setattr("barograph.jobs.service.Service.now_ms", lambda _: clock["s"] * 1000)

    def run(*arguments, at: int = NOW_S, **options):
        clock["s"] = at
        return call(*arguments, "--data-dir", tmp_path / "data", **options)

    return run


def test_every_series_has_a_line_and_what_is_left_out_is_said(disks):
    done = disks("forecast", "disks", "--duration", "2w", columns=160)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "3 forecasts from Sun 2026-01-25 23:00 (UTC) for 14 days; 95 % of values should lie inside the bounds"
    assert lines[1] == "left out 2 young: fewer than 20 values, or than 8 stretches with values lately"
    assert lines[3].split()[:6] == ["series", "next", "mean", "of", "used", "bounds"]
    by_host = {line.split()[0]: line for line in lines[4:]}
    assert list(by_host) == ["host=h1", "host=h0", "host=h2"] or next(iter(by_host)) == "host=h1"
    assert "rises by" in by_host["host=h1"]
    assert by_host["host=h0"].endswith("stays")
    assert by_host["host=h2"].endswith("stays")
    assert "kept as " in done.stderr


def test_one_series_is_told_by_the_day(call, tmp_path):
    feed(tmp_path / "data", settings(), rows().filter(pl.col("host") == "h2"))
    done = call("forecast", "disks", "--duration", "2w", "--data-dir", tmp_path / "data")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 forecast from")
    header = next(number for number, line in enumerate(lines) if line.startswith("when, 1 day from (UTC)"))
    assert len(lines[header + 1 :]) == 14
    few = call("forecast", "disks", "--duration", "3h", "--data-dir", tmp_path / "data").stdout.splitlines()
    assert few[-4].split()[-3:] == ["prediction", "lower", "upper"]
    assert few[-1].startswith("Mon 2026-01-26 01:00")


def test_crossings_come_first_to_last_with_their_range(disks):
    done = disks("forecast", "disks", "--duration", "14d", "--crosses", "80", columns=160)
    lines = done.stdout.splitlines()
    assert "when mean of used reaches 80 (UTC)" in lines[3]
    assert lines[4].startswith("host=h1  rises  ")
    assert lines[4].count("2026-0") >= 2
    assert "host=h2  rises  not within 14 days" in lines[5] + lines[6]
    assert lines[-1].startswith("1 of 3 series of mean of used is expected to reach 80 within 14 days")


def test_a_value_that_is_compared_with_several_detectors_is_said_to_be(call, tmp_path):
    document = settings(partition_field_name="host")
    document["analysis_config"]["detectors"].append({"function": "count"})
    feed(tmp_path / "data", document, rows())
    arguments = ("forecast", "disks", "--duration", "14d", "--crosses", "80", "--data-dir", tmp_path / "data")
    done = call(*arguments, columns=160)
    note = "note: 80 is compared with every detector's series; --detector picks one of "
    assert done.stderr.splitlines()[0] == note + "0 (mean of used per host), 1 (number of rows)"
    done = call(*arguments, "--detector", "0", columns=160)
    assert "note" not in done.stderr
    assert done.stdout.splitlines()[-1] == "1 of 3 series of mean of used is expected to reach 80 within 14 days"
    done = call(*arguments, "--detector", "2")
    assert (done.returncode, done.stderr) == (1, "error: detector=2: wanted 0 to 1\n")


def test_a_long_list_is_cut_and_says_so(disks):
    done = disks("forecast", "disks", "--size", "1", columns=160)
    assert "host=h1" in done.stdout
    assert "host=h0" not in done.stdout
    assert "showing 1 of 3 series, those whose level moves most for their bounds; --size 3 shows all" in done.stderr


def test_an_entity_is_forecast_alone(disks):
    done = disks("forecast", "disks", "--entity", "host=h0", "--format", "ndjson")
    assert {json.loads(line)["partition_field_value"] for line in done.stdout.splitlines()} == {"h0"}


def test_machine_formats_hold_every_bucket(disks):
    done = disks("forecast", "disks", "--duration", "2h", "--format", "json")
    (first, *_), kept = json.loads(done.stdout), done.stderr.split()[2].rstrip(";")
    assert len(json.loads(done.stdout)) == 6
    assert first["result_type"] == "model_forecast"
    assert (first["job_id"], first["forecast_id"], first["bucket_span"]) == ("disks", kept, 3600)
    assert first["forecast_lower"] <= first["forecast_prediction"] <= first["forecast_upper"]
    assert "by_field_name" not in first
    parquet = pl.read_parquet(io.BytesIO(disks("forecasts", "show", "disks", kept, "--format", "parquet").raw))
    assert parquet.schema == schema.polars_schema(schema.FORECASTS)
    csv = disks("forecasts", "show", "disks", kept, "--crosses", "80", "--format", "csv").stdout
    assert csv.splitlines()[0] == ",".join(schema.polars_schema(schema.CROSSINGS))
    crossing = json.loads(
        disks("forecasts", "show", "disks", kept, "--crosses", "30", "--format", "ndjson").stdout.split("\n")[0]
    )
    assert crossing["result_type"] == "forecast_crossing"
    assert crossing["forecast_id"] == kept


def test_what_was_kept_is_listed_shown_deleted_and_expires(disks):
    assert disks("forecasts", "list", "disks").stdout == "no forecasts\n"
    made = disks("forecast", "disks", "--duration", "6h")
    kept = made.stderr.split()[2].rstrip(";")
    assert disks("forecasts", "show", "disks", kept).stdout == made.stdout
    (line,) = disks("forecasts", "list", "disks", columns=200).stdout.splitlines()[1:]
    assert line.split()[0] == kept
    assert "6 hours  95 %" in line
    assert "2027-01-29" in line  # 14 days after it was made
    disks("forecast", "disks", "--expires-in", "0")
    # Both were made at the same instant of this test's clock, so either may be listed first.
    listed = disks("forecasts", "list", "disks", columns=200).stdout.splitlines()[1:]
    assert [line.endswith("with its job") for line in listed if not line.startswith(kept)] == [True]
    assert disks("expire", at=NOW_S + 13 * 86_400).stdout.endswith("0 snapshots and 0 forecasts\n")
    assert disks("expire", at=NOW_S + 14 * 86_400).stdout.endswith("0 snapshots and 1 forecast\n")
    (other,) = disks("forecasts", "list", "disks").stdout.splitlines()[1:]
    assert disks("forecasts", "delete", "disks", other.split()[0]).stdout == f"deleted {other.split()[0]}\n"
    assert disks("forecasts", "list", "disks").stdout == "no forecasts\n"
    gone = disks("forecasts", "delete", "disks", kept)
    assert gone.returncode == 1
    assert "wanted none: the job has none" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--duration", "soon"], "--duration='soon': wanted a whole number with one of the units"),
        (["--duration", "10m"], "duration='10m': wanted a bucket or more (3600s)"),
        (["--percentile", "0"], "percentile=0: wanted more than 0 and less than 100"),
        (["--expires-in", "1.5d"], "--expires-in='1.5d': wanted a whole number"),
        (["--entity", "host"], "--entity='host': wanted FIELD=VALUE"),
        (["--entity", "host=web"], "it has none with entity='host=web'"),
        (["--crosses", "nan"], "crosses=nan: wanted a finite number"),
        (["--crosses", "-inf"], "crosses=-inf: wanted a finite number"),
    ],
)
def test_what_cannot_be_is_refused(disks, arguments, message):
    done = disks("forecast", "disks", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert disks("forecasts", "list", "disks").stdout == "no forecasts\n"
