"""Charts of what is no line: when each of rare values came, times of the day, places."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import kinds
from tests.web.conftest import opener, settle

DAY = "sel=2026-01-04T12:00Z~2026-01-04T18:00Z"


@pytest.fixture
def axe(axe: Callable[[Page], None]) -> Callable[[Page], None]:
    """Looks at a page in both themes."""

    def both(page: Page) -> None:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            axe(page)

    return both


@pytest.fixture
def at(kinds_server: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    return opener(new_page, kinds_server.url)


def test_rare_values_are_rows_with_a_point_when_each_came(
    at: Callable[..., Page], kinds_server: Running, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at(f"/explorer?job=processes&{DAY}")
    chart = page.get_by_test_id("small-chart")
    said = chart.get_attribute("aria-label") or ""
    assert "7 values" in said
    assert f"1 anomaly, the worst {kinds.RARE} at 4 Jan 2026, 15:00" in said
    expect(chart.locator("text.of-value").last).to_have_text(kinds.RARE)
    axe(page)
    shot(page, "points-explorer")
    chart.locator("circle.mark").click()
    page.wait_for_url("**/series?*")
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(kinds.RARE)
    expect(page.get_by_test_id("points")).to_be_visible()
    told = page.get_by_role("region", name="4 Jan 2026, 15:00")
    expect(told).to_contain_text("A value that hardly ever comes.")
    expect(told).to_contain_text("mallory")
    axe(page)
    shot(page, "points-rare")
    found = kinds_server.http.get("/api/v1/jobs/processes/points").json()
    assert (found["kind"], found["all_names"], found["names"][-1]) == ("rare", 7, kinds.RARE)
    assert [mark["t"] for mark in found["marks"]] == [kinds.RARE_MS]


def test_a_row_of_a_rare_value_says_how_rare_it_is(at: Callable[..., Page]) -> None:
    page = at("/explorer?job=processes", viewport={"width": 390, "height": 844})
    page.locator(".records tbody tr").first.get_by_role("button", name="Show details").click()
    details = page.locator(".record-details")
    expect(details).to_contain_text("never, in 348 buckets")
    expect(details).not_to_contain_text("Usual range")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_members_are_points_and_the_odd_one_stands_out(
    at: Callable[..., Page], axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at("/explorer?job=members&sel=2026-01-04T11:00Z~2026-01-04T12:00Z")
    chart = page.get_by_test_id("small-chart")
    said = chart.get_attribute("aria-label") or ""
    assert "12 members" in said
    assert "at 4 Jan 2026, 11:00" in said
    axe(page)
    shot(page, "points-members")


def test_times_and_places_are_drawn_and_written_as_such(
    at: Callable[..., Page], kinds_server: Running, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at("/explorer?job=logins&sel=2026-02-08T00:00Z~2026-02-10T00:00Z")
    charts = page.get_by_test_id("small-chart")
    expect(charts).to_have_count(2)
    rows = page.locator(".records tbody tr")
    expect(rows.filter(has_text="time_of_day")).to_contain_text("03:12")
    expect(rows.filter(has_text="lat_long")).to_contain_text("52.52,13.405")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "points-times-places")
    for detector, said in (("0", "03:12"), ("1", "52.52,13.405")):
        page.goto(f"/series?job=logins&det={detector}&open=2026-02-09T03:00Z")
        settle(page)
        chart = page.get_by_test_id("points")
        assert f"1 anomaly, the worst {said} at 9 Feb 2026, 03:00" in (chart.get_attribute("aria-label") or "")
        expect(chart.locator("circle.usual")).to_have_count(1)
        expect(page.get_by_role("region", name="9 Feb 2026, 03:00")).to_contain_text("Far from all that is usual.")
        axe(page)
    found = kinds_server.http.get("/api/v1/jobs/logins/points", params={"detector": 1, "partition": "ann"}).json()
    assert (found["kind"], found["names"]) == ("places", [""])
    assert found["places"][0][0] == pytest.approx([13.405, 52.52], abs=1e-4)
    times = kinds_server.http.get("/api/v1/jobs/logins/points", params={"detector": 0, "partition": "ann"}).json()
    assert [tick["text"] for tick in times["axis"]] == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    assert (times["marks"][0]["text"], len(times["text"])) == ("03:12", times["all_points"])
