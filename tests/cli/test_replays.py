"""`barograph replay`, `forget`, `snapshots`, `expire`, `overall-buckets` and `what-if`."""

import json
from pathlib import Path

import pytest

from tests.engine.events import requests

JOB = {
    "job_id": "requests",
    "groups": ["shop"],
    "time_zone": "Europe/Berlin",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "high_sum", "field_name": "bytes", "partition_field_name": "host"}],
        "influencers": ["user"],
    },
    "data_description": {"time_format": "epoch_ms"},
}
SPAN = ("--from", "2023-11-16T12:00", "--to", "2023-11-16T13:00")


@pytest.fixture
def shop(call, tmp_path: Path):
    """Calls `barograph` on a store with a job that has been run in two halves; `shop.job` changes its file."""
    frame = requests()

    def barograph(*arguments: object):
        return call(*arguments, "--data-dir", tmp_path / "data", columns=160)

    (tmp_path / "job.json").write_text(json.dumps(JOB))
    for name, part in (("a.csv", frame[:4_000]), ("b.csv", frame[4_000:])):
        part.write_csv(tmp_path / name)
        assert barograph("run", "job.json", name).returncode == 0
    return barograph


def records(shop) -> list[dict]:
    return json.loads(shop("results", "requests", "records", "--format", "json").stdout)


def test_a_replay_tells_what_it_did_and_changes_nothing(shop) -> None:
    before = records(shop)
    done = shop("replay", "requests")
    assert done.stdout.startswith("replayed 19")
    assert done.stdout.endswith(f" records, {len(before)} before\n")
    assert records(shop) == before
    assert "\nreplayed" in shop("jobs", "show", "requests").stdout


def test_a_span_is_forgotten_shown_and_remembered(shop) -> None:
    before = records(shop)
    done = shop("forget", "requests", *SPAN, "--entity", "host=host-2")
    assert done.stdout.splitlines()[1] == "forgotten: Thu 2023-11-16 12:00 to Thu 2023-11-16 13:00 of host=host-2"
    assert "forgotten" in shop("jobs", "show", "requests").stdout
    assert shop("forget", "requests", *SPAN, "--entity", "host=host-2", "--undo").returncode == 0
    assert "forgotten" not in shop("jobs", "show", "requests").stdout
    assert records(shop) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "noon", "--to", "13:00"), "--from='noon': wanted a time"),
        ((*SPAN, "--entity", "host"), "--entity='host': wanted FIELD=VALUE, such as host=web-1"),
        ((*SPAN, "--entity", "user=user-1"), "entity=user='user-1': wanted a partition or by field (host)"),
        ((*SPAN, "--undo"), "wanted one that was forgotten"),
    ],
)
def test_what_cannot_be_forgotten_is_told(shop, arguments: tuple[str, ...], message: str) -> None:
    done = shop("forget", "requests", *arguments)
    assert done.returncode == 1
    assert message in done.stderr


def test_snapshots_are_listed_and_gone_back_to(shop) -> None:
    before = records(shop)
    header, first, last = shop("snapshots", "list", "requests").stdout.splitlines()
    assert header.split() == ["snapshot", "has", "read", "up", "to", "(Europe/Berlin)", "bytes"]
    refused = shop("snapshots", "revert", "requests", first.split()[0])
    assert refused.stderr == "error: snapshots revert requests: wanted --yes, as there is no terminal to ask on\n"
    done = shop("snapshots", "revert", "requests", first.split()[0], "--yes", "--delete-later-results")
    assert done.stdout.startswith(f"reverted requests to {first.split()[0]}, removed 1 later snapshot, removed ")
    assert len(records(shop)) < len(before)
    assert shop("run", "job.json", "b.csv").returncode == 0
    assert records(shop) == before
    assert last.split()[0] in shop("snapshots", "list", "requests").stdout


def test_a_snapshot_that_is_not_there_is_told(shop) -> None:
    done = shop("snapshots", "revert", "requests", "nope")
    assert (done.returncode, "snapshot_id='nope': wanted a snapshot of job 'requests'" in done.stderr) == (1, True)


def test_expire_goes_through_all_jobs_or_those_that_are_named(shop) -> None:
    assert shop("expire").stdout == "requests: removed 0 rows of results and 0 of the history, 0 snapshots and 0 forecasts\n"
    assert (
        shop("expire", "shop").stdout
        == "requests: removed 0 rows of results and 0 of the history, 0 snapshots and 0 forecasts\n"
    )
    assert shop("expire", "nope").returncode == 1
    shorter = JOB | {"results_retention_days": 1, "model_snapshot_retention_days": 0}
    Path("job.json").write_text(json.dumps(shorter))
    assert shop("run", "job.json", "b.csv").returncode == 0
    assert shop("expire").stdout.endswith("of results and 0 of the history, 1 snapshot and 0 forecasts\n")


def test_overall_buckets_are_shown_by_group(shop) -> None:
    worst = max(one["anomaly_score"] for one in json.loads(shop("results", "requests", "buckets", "--format", "json").stdout))
    found = json.loads(shop("overall-buckets", "shop", "--bucket-span", "1h", "--format", "json").stdout)
    assert max(one["overall_score"] for one in found) == worst
    assert found[0].keys() == {"result_type", "timestamp", "bucket_span", "overall_score", "is_interim", "jobs"}
    shown = shop("overall-buckets", "shop", "--min-score", "50").stdout.splitlines()
    assert shown[0].split() == ["score", "when", "(Europe/Berlin)", "jobs"]
    assert len(shown) > 1
    empty = shop("overall-buckets", "none-*")
    assert (empty.stdout, empty.stderr) == ("", "no overall buckets match\n")
    assert "--bucket-span='x'" in shop("overall-buckets", "shop", "--bucket-span", "x").stderr


def test_what_if_tells_how_many_alerts_and_which(shop) -> None:
    shown = shop("what-if", "requests", "--days", "2")
    assert " at a score of 50 or more from " in shown.stdout
    assert "By score: " in shown.stdout
    alerts = json.loads(shop("what-if", "requests", "--format", "json").stdout)
    assert shown.stdout.startswith(f"{len(alerts)} alert")
    assert all(one["alert_score"] >= 50 and one["alert_start"] < one["alert_end"] for one in alerts)
    flood = json.loads(shop("what-if", "requests", "--entity", "user=user-7", "--format", "json").stdout)
    assert 0 < len(flood) <= len(alerts)
    quiet = shop("what-if", "requests", "--min-score", "100", "--min-change", "100000000")
    assert quiet.stdout.startswith("0 alerts at a score of 100 or more and a change of 1e+08 % or more from ")
    assert (
        "entity=nope='1': wanted a partition, by or influencer field (host, user)"
        in shop("what-if", "requests", "--entity", "nope=1").stderr
    )


def test_what_if_says_which_names_no_series_has(shop) -> None:
    done = shop("what-if", "requests", "--entity", "host=host-99", "--rule", "host in (host-2, hots-3)", "--format", "json")
    assert json.loads(done.stdout) == []
    assert done.stderr == "note: no series of the job has host=host-99\nnote: no series of the job has host=hots-3\n"
    assert shop("what-if", "requests", "--entity", "host=host-2").stderr == ""
    assert shop("what-if", "requests", "--entity", "user=nobody").stderr == ""  # who is blamed only is in no list of series


def test_what_if_tells_what_each_rule_silences(shop) -> None:
    plain = json.loads(shop("what-if", "requests", "--format", "json").stdout)
    rules = ("--rule", "change < 100000 %", "--rule", '{"scope": {"host": {"items": ["host-2"]}}}')
    shown = shop("what-if", "requests", *rules).stdout
    assert len(plain) == 1
    assert "The rules silence 1 of 1 alert. Each by itself:" in shown
    assert shown.splitlines()[-2].endswith("change < 100000 %")
    assert shown.splitlines()[-1].endswith("host in (host-2)")
    assert json.loads(shop("what-if", "requests", *rules, "--format", "json").stdout) == []
    wrong = shop("what-if", "requests", "--rule", "actual ~ 3")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "error: rule 'actual ~ 3': found '~': wanted <, <=, >, >= after 'actual'\n"


@pytest.mark.parametrize(
    "command", ["replay", "forget", "snapshots list", "snapshots revert", "expire", "overall-buckets", "what-if"]
)
def test_help_of_these_commands_says_where_data_is(call, command: str) -> None:
    assert "BAROGRAPH_DATA_DIR" in call(*command.split(), "--help").stdout
