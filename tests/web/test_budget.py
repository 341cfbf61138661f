"""What the page may cost."""

import gzip
from collections.abc import Callable

from playwright.sync_api import Page

from barograph.web.pages import STATIC

GENEROUS = 2
"""Machines of tests are slow and shared: a budget holds when twice of it does."""


def test_the_first_view_is_there_soon_and_nothing_holds_the_page_up_after_it(page: Page, settled) -> None:
    page.add_init_script(
        """window.long = [];
        new PerformanceObserver((list) => window.long.push(...list.getEntries().map((one) => one.duration)))
            .observe({ type: 'longtask', buffered: true });"""
    )
    page.goto("/?job=taxi")
    page.locator(".incident").first.wait_for()
    assert page.evaluate("performance.now()") < GENEROUS * 1500
    settled(page)
    page.evaluate("window.long.length = 0")
    page.get_by_role("button", name="Zoom out").click()
    settled(page)
    assert max([0, *page.evaluate("window.long")]) < GENEROUS * 200


def test_the_files_of_the_first_view_are_few_bytes(page: Page, settled) -> None:
    page.goto("/")
    settled(page)
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    files = {name.split("/ui/")[1].partition("/")[2] for name in names if "/ui/" in name}
    assert "app.mjs" in files
    read = [(STATIC / file).read_bytes() for file in files]
    assert sum(map(len, read)) < 250_000
    assert sum(len(gzip.compress(text, 6)) for text in read) < 90_000


def test_files_are_asked_for_once(page: Page, settled, open_page: Callable[[str], Page]) -> None:
    open_page("/")
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url) if "/ui/" in response.url else None)
    page.goto("/?job=hosts")
    settled(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('/ui/')).map((one) => one.transferSize)"
    )
    assert sizes
    assert sum(sizes) == 0
