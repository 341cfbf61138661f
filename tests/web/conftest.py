"""A browser, and the real server with the sample's store behind it; both are shared by all tests of the page."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.api.running import Running
from tests.web import kinds, sample
from tests.web.watched import Watched

ARTIFACTS = Path(os.environ.get("BAROGRAPH_ARTIFACTS", Path(__file__).parents[2] / "artifacts")) / "web"
VIEWPORT = {"width": 1400, "height": 1000}


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's store, which nobody may write to: copy it."""
    data_dir = tmp_path_factory.mktemp("sample") / "data"
    sample.make(data_dir)
    return data_dir


@pytest.fixture(scope="session")
def server(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the sample; tests that use it leave its jobs as they are."""
    data_dir = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(sample_store, data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture(scope="session")
def kinds_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of jobs whose results are no lines; tests that use it leave its jobs as they are."""
    data_dir = tmp_path_factory.mktemp("kinds") / "data"
    kinds.make(data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    expect.set_options(timeout=30_000)  # how long a busy machine may take; what must be quick is measured in the page
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser, server: Running) -> Iterator[Callable[..., Page]]:
    """Makes pages of contexts of their own, of the sample's server unless another `base_url` is given.

    A page fails the test that had it, when it wrote an error to the console, broke its policy, or asked another host;
    `expected` are parts of errors that are meant to be there.
    """
    watched: list[Watched] = []

    def make(expected: tuple[str, ...] = (), **options: Any) -> Page:
        base_url = options.pop("base_url", server.url)
        settings = {"viewport": VIEWPORT, "timezone_id": "UTC", "locale": "en-GB", "reduced_motion": "reduce", **options}
        context: BrowserContext = browser.new_context(base_url=base_url, **settings)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watched.append(Watched(page, base_url, expected))
        return page

    yield make
    for one in watched:
        one.page.context.close()
    for one in watched:
        one.check()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page, which fails its test if it wrote an error to the console, broke its policy, or asked another host."""
    return new_page()


@pytest.fixture
def open_page(page: Page) -> Callable[[str], Page]:
    """Opens a path, and waits until all that it shows is there."""

    def opened(path: str) -> Page:
        page.goto(path)
        settle(page)
        return page

    return opened


@pytest.fixture
def settled() -> Callable[[Page], None]:
    """Waits until nothing on a page is busy."""
    return settle


def settle(page: Page) -> None:
    """Wait until the page is there and nothing on it is busy, for two frames together."""
    page.wait_for_selector("#app main")
    page.wait_for_function(
        """() => new Promise((done) => {
            let quiet = 0;
            const look = () => {
                quiet = document.querySelector('#app [aria-busy=true]') ? 0 : quiet + 1;
                if (quiet > 2) done(true); else requestAnimationFrame(look);
            };
            look();
        })"""
    )


def opener(new_page: Callable[..., Page], url: str) -> Callable[..., Page]:
    """Opens pages of a server, each when nothing on it is busy any more."""

    def opened(path: str, **options: object) -> Page:
        page = new_page(base_url=url, **options)
        page.goto(path)
        settle(page)
        return page

    return opened


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Fails a test whose page has a serious fault for people who do not see or do not point."""

    def check(page: Page) -> None:
        found = Axe().run(page).response["violations"]
        serious = [
            f"{one['id']}: {one['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert not serious, "\n".join(serious)

    return check


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keeps a picture of a page under artifacts/web, which git does not have."""

    def keep(page: Page, name: str, **options: Any) -> Path:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        file = ARTIFACTS / f"{name}.png"
        page.screenshot(path=file, **options)
        return file

    return keep
