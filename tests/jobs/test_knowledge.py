"""Calendars, filters and rules of a store reach its jobs: those that are opened, and those that are open."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.knowledge.calendars import Calendar, Event
from barograph.jobs.service import Query, Service
from tests.engine.events import START, requests
from tests.engine.replays import DAY, MEANS, SPAN

FLOOD = (START + 8 * DAY // 5, START + 82 * DAY // 50)
IN_FLOOD = Query(start_ms=FLOOD[0] // SPAN * SPAN, end_ms=FLOOD[1])


@pytest.fixture
def service(tmp_path: Path):
    with Service.open(None, tmp_path) as opened:
        yield opened


def means(rules: list[dict[str, Any]] | None = None, **given: object) -> Job:
    detectors = [{**MEANS, "custom_rules": rules}]
    analysis = {"bucket_span": "15m", "detectors": detectors}
    return load_job({"job_id": "j", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}, **given})


def plan(service: Service, *job_ids: str) -> None:
    service.calendars.create(Calendar("sales", job_ids))
    service.calendars.add_events([Event("", "sales", "big sale", *FLOOD)])


def feed(service: Service, frame: pl.DataFrame, of: Job) -> None:
    service.put(of)
    service.open_job("j")
    service.feed("j", frame)
    service.close_job("j")


@pytest.mark.parametrize("named", ["j", "shops", "_all"])
def test_events_of_the_calendars_of_a_job_or_of_its_groups_are_applied(service: Service, named: str) -> None:
    plan(service, named)
    feed(service, requests(), means(groups=["shops"]))
    assert service.records("j", IN_FLOOD).total == 0
    (silenced,) = service.silenced("j")
    assert (silenced.description, silenced.calendar_id) == ("big sale", "sales")
    assert silenced.count > 3
    assert service.explain("j", FLOOD[0], (("host", "host-2"),)).explanations[0].gate == "It is in a planned time: big sale."


def test_events_of_other_calendars_are_not(service: Service) -> None:
    plan(service, "other")
    feed(service, requests(), means())
    assert service.silenced("j") == ()
    assert service.records("j", IN_FLOOD).total > 3


def test_a_job_that_is_open_learns_of_events_and_goes_on_the_same_after_it_is_opened_again(tmp_path: Path) -> None:
    frame, found = requests(), []
    early, late = frame.filter(pl.col("time") < START + DAY), frame.filter(pl.col("time") >= START + DAY)
    for reopened in (False, True):
        with Service.open(None, tmp_path / str(reopened)) as service:
            service.put(means())
            service.open_job("j")
            service.feed("j", early)
            if reopened:
                service.close_job("j")
            plan(service, "j")
            if reopened:
                service.open_job("j")
            service.feed("j", late)
            service.close_job("j")
            assert service.records("j", IN_FLOOD).total == 0
            found.append(service.records("j", Query(size=10_000)).rows)
    assert found[0].equals(found[1])


def test_rules_can_be_changed_while_a_job_is_open(service: Service) -> None:
    frame = requests()
    service.put(means())
    service.open_job("j")
    service.feed("j", frame.filter(pl.col("time") < START + DAY))
    rule = {"actions": ["skip_result"], "scope": {"host": {"filter_id": "loud"}}}
    service.filters.create("loud", ["*-2"], None)
    service.update("j", lambda _: means([rule]))
    service.feed("j", frame.filter(pl.col("time") >= START + DAY))
    service.close_job("j")
    told = service.records("j", IN_FLOOD).rows
    assert "host-2" not in told["partition_field_value"].to_list()


def test_a_replay_makes_results_as_if_all_had_been_known(service: Service) -> None:
    feed(service, requests(), means())
    assert service.records("j", IN_FLOOD).total > 3
    plan(service, "j")
    service.replay("j")
    assert service.records("j", IN_FLOOD).total == 0


def test_a_filter_that_is_missing_is_told_when_the_job_is_opened(service: Service) -> None:
    service.put(means([{"actions": ["skip_result"], "scope": {"host": {"filter_id": "gone"}}}]))
    with pytest.raises(ConfigError, match="filter_id='gone': wanted a filter that exists"):
        service.open_job("j")


SCOPED = [{"actions": ["skip_result"], "scope": {"host": {"filter_id": "none"}}}]


def test_settings_that_refer_to_a_filter_that_is_not_there_are_refused_before_they_are_kept(service: Service) -> None:
    service.put(means())
    service.open_job("j")
    with pytest.raises(ConfigError, match="wanted a filter that exists"):
        service.update("j", lambda _: means(SCOPED))
    assert service.job("j") == means()
    service.feed("j", requests().head(10))


def test_a_job_that_can_take_no_rows_any_more_keeps_what_it_has_when_the_server_ends(tmp_path: Path) -> None:
    service = Service.open(None, tmp_path)
    service.filters.create("none", ["host-1"], None)
    service.put(means(SCOPED))
    service.open_job("j")
    service.feed("j", requests().head(1000))
    service.filters.delete("none")
    service.suspend()
    with Service.open(None, tmp_path) as again:
        counts = again.summary("j").counts
        assert counts is not None
        assert counts.input_record_count == 1000
        assert again.left_open() == ["j"]
