"""Categories of messages in the page, whatever the messages are."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import kinds
from tests.web.conftest import opener, settle


@pytest.fixture
def at(kinds_server: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    return opener(new_page, kinds_server.url)


def test_the_categories_of_a_job_are_text_whatever_is_in_them(
    at: Callable[..., Page], kinds_server: Running, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    found = kinds_server.http.get("/api/v1/jobs/logs/categories?sort=-matches").json()
    page = at("/jobs/logs/categories", color_scheme="dark")
    rows = page.locator(".categories tbody tr")
    expect(rows).to_have_count(found["total"])
    expect(rows.first).to_contain_text(found["rows"][0]["terms"])
    expect(page.get_by_role("status").filter(has_text="say little of host beat")).to_be_visible()
    for text, term, shown in (
        ("refused", "img src onerror", f"{kinds.HOSTILE} after 0 s"),
        ("DECLINED by", "Payment of user", "Payment of user \\u202egnp.exe\\u202c was declined by the bank 0"),
        ("stack trace", "Stack trace", kinds.LONG[:900].strip()),
    ):
        page.get_by_label("Find a category").fill(text)
        expect(rows.first).to_contain_text(term)
        expect(rows).to_have_count(2)  # of two hosts
        page.get_by_role("button", name="Show messages of category").first.click()
        expect(page.locator(".examples").first).to_contain_text(shown)
        page.get_by_role("button", name="Hide messages of category").click()
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("host").select_option("beat")
    expect(page.get_by_text("None match.")).to_be_visible()
    page.get_by_label("Find a category").fill("")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Show messages of category").click()
    axe(page)
    shot(page, "job-categories")


def test_a_record_says_what_its_messages_say_and_leads_to_their_category_and_back(
    at: Callable[..., Page], axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at("/explorer?job=logs")
    page.locator(".records tbody tr").first.get_by_role("button", name="Show details").click()
    said = page.get_by_role("region", name="Messages")
    expect(said).to_contain_text("was refused by the gateway after")
    expect(said.locator("pre").first).to_have_text(f"{kinds.HOSTILE} after 0 s")
    axe(page)
    shot(page, "record-categories")
    said.get_by_role("link", name="Category 2").click()
    settle(page)
    expect(page.locator(".categories tbody tr:not(.details-row)")).to_have_count(1)
    expect(page.get_by_text("Regular expression")).to_be_visible()
    page.get_by_role("link", name="Its anomalies in the explorer").click()
    settle(page)
    assert "mlcategory" in page.get_by_label("Filter").first.input_value()
    expect(page.locator(".records tbody tr")).to_have_count(1)


def test_a_phone_has_all_of_it_without_scrolling_sideways(at: Callable[..., Page]) -> None:
    page = at("/jobs/logs/categories", viewport={"width": 390, "height": 844})
    page.get_by_label("Find a category").fill("trace")
    expect(page.locator(".categories tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Show messages of category").first.click()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
