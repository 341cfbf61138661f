"""Jobs in the page: listed, looked at part by part, closed, reset, gone back to, deleted."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web.conftest import opener, settle

TABS = ["Overview", "Configuration", "Counts", "Messages", "Models", "Snapshots", "Forecasts"]
VISITED = {
    "/jobs": "jobs",
    "/jobs/hosts": "job",
    "/jobs/new": "wizard",
    "/jobs/new?step=fields": "wizard-fields",
    "/jobs/new?step=check": "wizard-check",
    "/calendars": "calendars",
}
SIZES = [(1400, 900), (1920, 1080), (390, 844)]


@pytest.fixture(scope="module")
def own(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose jobs a test may change."""
    data_dir = tmp_path_factory.mktemp("jobs") / "data"
    shutil.copytree(sample_store, data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture
def at(own: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    return opener(new_page, own.url)


def test_each_job_says_how_it_is_doing(open_page: Callable[[str], Page]) -> None:
    page = open_page("/jobs")
    rows = page.locator(".job-table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("hosts")
    expect(rows.nth(0)).to_contain_text("running, newest bucket 14 Jan 2026, 22:00, no anomalies that day")
    expect(rows.nth(1)).to_contain_text("closed, newest bucket")
    expect(rows.nth(2)).to_contain_text("10,320")


def test_jobs_are_found_by_text_state_and_group_and_the_url_says_so(open_page: Callable[[str], Page]) -> None:
    page = open_page("/jobs")
    page.get_by_role("button", name="Closed").click()
    expect(page.locator(".job-table tbody tr")).to_have_count(1)
    assert "state=closed" in page.url
    page.get_by_label("Find a job").fill("latency")
    expect(page.get_by_text("None of 3 jobs matches")).to_be_visible()
    page.get_by_role("link", name="Show all of them").click()
    expect(page.locator(".job-table tbody tr")).to_have_count(3)
    page.get_by_role("button", name="sales").click()
    expect(page.locator(".job-table tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator(".job-table tbody tr")).to_have_count(3)


def test_every_part_of_a_job_is_a_page_without_faults(
    open_page: Callable[[str], Page], axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = open_page("/jobs/hosts")
    for tab in TABS:
        page.get_by_role("navigation", name="Parts of the job").get_by_role("link", name=tab).click()
        settle(page)
        axe(page)
        shot(page, f"job-{tab.lower()}")
    page.goto("/jobs/hosts/models")
    settle(page)
    expect(page.get_by_text("a daily pattern").first).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()


def test_a_job_is_told_in_a_sentence_and_in_its_own_time_zone(open_page: Callable[[str], Page]) -> None:
    page = open_page("/jobs/taxi")
    expect(page.locator(".sentence")).to_contain_text(
        "Every 30 minutes: mean of passengers. Running, newest bucket 31 Jan 2015, 23:00"
    )
    for tz, changed in (("", "27 Jan 2015, 18:30"), ("?tz=UTC", "27 Jan 2015, 23:30")):
        page.goto(f"/jobs/taxi/models{tz}")
        settle(page)
        expect(page.locator(".beliefs")).to_contain_text(f"Last change, {changed}: the level moved.")
    page.goto("/jobs/taxi/counts")
    settle(page)
    expect(page.locator("dl").get_by_text("31 Jan 2015, 23:30")).to_be_visible()


def test_what_is_not_there_says_so(new_page: Callable[..., Page], own: Running) -> None:
    page = new_page(base_url=own.url, expected=("404",))
    page.goto("/jobs/missing")
    settle(page)
    expect(page.get_by_role("alert")).to_contain_text("missing")
    page.goto("/jobs/hosts/nothing")
    settle(page)
    expect(page.get_by_text("A job has no part")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_fit_every_screen(
    new_page: Callable[..., Page], axe: Callable[[Page], None], shot: Callable[..., Path], theme: str
) -> None:
    for width, height in SIZES if theme == "light" else SIZES[:1]:  # what is dark has the same lines
        page = new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        for path, name in VISITED.items():
            page.goto(path)
            settle(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width}"
            shot(page, f"{name}-{width}-{theme}")
            if width == SIZES[0][0]:
                axe(page)


def test_a_description_changes_and_what_was_learned_under_does_not(new_page: Callable[..., Page], own: Running) -> None:
    page = new_page(base_url=own.url, expected=("400", "409"))
    page.goto("/jobs/hosts/config")
    settle(page)
    page.get_by_role("button", name="Change").click()
    text = page.get_by_label("Settings as JSON")
    document = text.input_value()
    text.fill(document.replace("Response times of 40 hosts", "Forty hosts"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".page-head")).to_contain_text("Forty hosts")
    page.get_by_role("button", name="Change").click()
    text.fill(text.input_value().replace("high_mean", "low_mean"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_what_loses_something_names_it_and_asks(at: Callable[..., Page], own: Running) -> None:
    page = at("/jobs")
    records = own.http.get("/api/v1/jobs/shop").json()["contents"]["records"]
    page.get_by_role("button", name="Actions of shop").click()
    page.get_by_role("button", name="Delete …").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text(f"{records} records")
    expect(asked).to_contain_text("what it has learnt from 30,348 rows")
    asked.get_by_role("button", name="Cancel").click()
    expect(page.locator(".job-table tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Actions of shop").click()
    page.get_by_role("button", name="Reset …").click()
    expect(page.get_by_role("dialog")).to_contain_text("Its settings stay")
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_role("row", name="shop")).to_contain_text("closed, has read nothing yet")
    page.get_by_role("button", name="Actions of shop").click()
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".job-table tbody tr")).to_have_count(2)


def test_a_job_is_closed_and_goes_back_to_a_snapshot(at: Callable[..., Page], own: Running) -> None:
    rows = [{"timestamp": f"2015-02-0{day} 12:00:00", "passengers": 15000} for day in (1, 2, 3)]
    own.http.post("/_ml/anomaly_detectors/taxi/_data", json=rows).raise_for_status()
    page = at("/jobs/taxi/snapshots")
    expect(page.get_by_text("To go back to a snapshot, close the job first.")).to_be_visible()
    page.get_by_role("button", name="Actions of taxi").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("To go back to a snapshot")).to_have_count(0)
    page.get_by_role("button", name="Go back to it").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("This removes")
    page.get_by_role("dialog").get_by_role("button", name="Go back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("/jobs/taxi/messages")
    settle(page)
    expect(page.get_by_text("Went back to the snapshot")).to_be_visible()


def test_calendars_and_filters_are_made_changed_and_removed(at: Callable[..., Page], tmp_path: Path) -> None:
    page = at("/calendars")
    expect(page.get_by_text("No calendar yet.")).to_be_visible()
    page.get_by_role("button", name="New calendar").click()
    page.get_by_label("Name").fill("holidays")
    page.get_by_role("button", name="Make the calendar").click()
    page.get_by_role("button", name="For no jobs").click()
    page.get_by_label("hosts").check()
    expect(page.get_by_role("button", name="For hosts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Planned time").click()
    page.get_by_label("What").fill("Fair")
    past = page.get_by_text("those stay as they are")
    expect(past).to_have_count(0)
    page.get_by_label("From (UTC)").fill("2026-01-01T09:00")
    expect(past).to_be_visible()
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("cell", name="Fair", exact=True)).to_be_visible()
    ics = tmp_path / "a.ics"
    ics.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20990101\nSUMMARY:New year\nEND:VEVENT\nEND:VCALENDAR\n")
    page.get_by_role("button", name="Actions of holidays").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import an .ics file …").click()
    chooser.value.set_files(ics)
    expect(page.get_by_role("cell", name="New year", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove Fair").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("cell", name="Fair", exact=True)).to_have_count(0)
    page.get_by_role("button", name="New filter").click()
    page.get_by_label("Name").fill("quiet")
    page.get_by_role("button", name="Make the filter").click()
    page.get_by_label("One a line").fill("a\nb\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="a, b")).to_be_visible()
    page.get_by_role("button", name="Actions of holidays").click()
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 planned time")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No calendar yet.")).to_be_visible()
