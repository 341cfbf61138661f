"""Forecasts that are being made, and what goes wrong with them."""

import pytest

from barograph.config.errors import StorageFailure
from barograph.jobs.forecasts.forecast import ForecastRequest
from barograph.jobs.forecasts.forecast_runs import MOST_AT_ONCE, ForecastRun, ForecastRuns


def fails(_: ForecastRun) -> None:
    raise StorageFailure("the disk is full")


def ended(runs: ForecastRuns) -> list[ForecastRun]:
    runs._threads.shutdown(wait=True)
    return runs.of("web")


def test_one_that_failed_keeps_no_other_from_being_begun_also_when_that_cannot_be_told() -> None:
    runs = ForecastRuns(fails, fails)
    for _ in range(MOST_AT_ONCE):
        runs.start("web", ForecastRequest(), 0)
    assert [(run.state, run.failure) for run in ended(runs)] == [("failed", "the disk is full")] * MOST_AT_ONCE


def test_an_error_that_nobody_expected_is_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(_: ForecastRun) -> None:
        raise ZeroDivisionError("division by a series of zeros")

    runs = ForecastRuns(breaks, lambda _: None)
    runs.start("web", ForecastRequest(), 0)
    assert [run.failure for run in ended(runs)] == ["the server failed"]
    told = "".join(capsys.readouterr())
    assert "forecast.failed" in told
    assert "division by a series of zeros" in told
