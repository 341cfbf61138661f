"""Charts of what is no line: when each of rare values came."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import kinds
from tests.web.conftest import settle

DAY = "sel=2026-01-04T12:00Z~2026-01-04T18:00Z"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with jobs of rare values."""
    data_dir = tmp_path_factory.mktemp("points") / "data"
    kinds.make(data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture
def at(own: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    def opened(path: str, **options: object) -> Page:
        page = new_page(base_url=own.url, **options)
        page.goto(path)
        settle(page)
        return page

    return opened


def test_rare_values_are_rows_with_a_point_when_each_came(
    at: Callable[..., Page], own: Running, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at(f"/explorer?job=processes&{DAY}", color_scheme="dark")
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
    found = own.http.get("/api/v1/jobs/processes/points").json()
    assert (found["kind"], found["all_names"], found["names"][-1]) == ("rare", 7, kinds.RARE)
    assert [mark["t"] for mark in found["marks"]] == [kinds.RARE_MS]


def test_a_row_of_a_rare_value_says_how_rare_it_is(at: Callable[..., Page]) -> None:
    page = at("/explorer?job=processes", viewport={"width": 390, "height": 844})
    page.locator(".records tbody tr").first.get_by_role("button", name="Show details").click()
    details = page.locator(".record-details")
    expect(details).to_contain_text("never, in 348 buckets")
    expect(details).not_to_contain_text("Usual range")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
