"""The shell: what is around every page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[[str], Page]

PAGES = {"Overview": "/", "Explorer": "/explorer", "Series": "/series", "Jobs": "/jobs", "Calendars": "/calendars"}


def test_the_navigation_reaches_every_page_and_the_title_names_it(open_page: Open, settled) -> None:
    page = open_page("/")
    for name, path in PAGES.items():
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        settled(page)
        expect(page).to_have_title(f"{name} · Barograph")
        expect(page).to_have_url(re.compile(f"{path}$"))
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page).to_have_title("Jobs · Barograph")


def test_a_path_without_a_page_says_so(open_page: Open) -> None:
    page = open_page("/jobs/nobody/knows/this")
    expect(page.get_by_role("main")).to_contain_text("There is no page at /jobs/nobody/knows/this")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES.values())
def test_no_page_has_a_serious_fault_for_people_who_do_not_see_or_point(
    open_page: Open, axe, shot, path: str, theme: str
) -> None:
    page = open_page(f"{path}?theme={theme}")
    axe(page)
    shot(page, f"{path.strip('/') or 'overview'}-{theme}")
