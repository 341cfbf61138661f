"""What people read of alerts, and type to change them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from barograph.cli.main import app
from barograph.config.errors import BarographError, ConfigError
from tests.alerts.making import Made, job, rule


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Made]:
    one = Made(tmp_path_factory.mktemp("alerts") / "data")
    one.add(job())
    one.alerts.rules.create(rule(group_by="host", budget=1))
    one.commit(40, {40: {"a": 99.0, "b": 80.0}})
    one.judge.step()
    yield one
    one.close()


def run(made: Made, *words: str) -> str:
    done = CliRunner().invoke(app, ["alerts", *words, "--data-dir", str(made.path)], env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_alerts_are_listed_shown_and_acknowledged(made):
    alert_id = made.rows()[0].alert_id
    assert "2 alerts: 2 active, 0 recovered, 0 untracked" in run(made, "list")
    assert run(made, "acknowledge", alert_id, "--by", "ada", "--note", "known") == f"acknowledged {alert_id}\n"
    shown = run(made, "show", alert_id)
    assert "to blame: user=eve (90 %)" in shown
    assert "see:      http://127.0.0.1:9200/explorer?job=web&" in shown
    assert shown.endswith("acknowledged: known (by ada)\n")
    assert "active, acknowledged" in run(made, "list", "--status", "active")


def test_a_rule_over_its_budget_says_so_and_is_muted(made):
    assert run(made, "mute", "odd", "--entity", "host=a", "--for", "2h") == "muted odd of host=a for 2h\n"
    told = run(made, "rules")
    assert "incidents from 75 (critical), one alert for each host" in told
    assert "muted" in told
    assert run(made, "unmute", "odd", "--entity", "host=a") == "unmuted odd of host=a\n"
    assert "2 alerts in the last 7 days, wanted at most 1" in made.alerts.told_rules()[0].over_budget


def test_rules_of_a_file_are_kept_all_or_none_with_every_problem_told(made, tmp_path: Path):
    file = tmp_path / "rules.yaml"
    file.write_text(
        "rules:\n  - {rule_id: day, on: records, min_score: major}\n"
        "  - {rule_id: odd, quiet_hours: [{from: 22:00, to: 06:00}]}\n"
    )
    assert run(made, "apply", str(file)) == "made day\nchanged odd\n"
    assert "records from 50 (major)" in run(made, "rules")
    assert run(made, "remove", "day") == "removed day\n"
    file.write_text("- {rule_id: day, min_score: worst}\n- {rule_id: Odd}\n- 3\n")
    with pytest.raises(ConfigError) as refused:
        run(made, "apply", str(file))
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "rules[0].min_score='worst'",
        "rules[1].rule_id='Odd'",
        "rules[2]=3",
    ]
    for words, wanted in ((("test", "odd", "--last", "1w"), "--last='1w'"), (("mute", "odd", "--entity", "a"), "--entity='a'")):
        with pytest.raises(BarographError, match=wanted):
            run(made, *words)


def test_a_rule_is_tried_in_the_time_zone_of_its_jobs(tmp_path: Path):
    one = Made(tmp_path / "data")
    one.add(job().model_copy(update={"time_zone": "America/New_York"}))
    one.alerts.rules.create(rule())
    one.commit(40, {40: {"a": 99.0}})
    told = run(one, "test", "odd")
    one.close()
    assert "when (America/New_York)" in told
    assert "Thu 2025-10-09 08:" in told
    assert "from other scores on: " in told
