"""Take the pictures of the page anew, for README.md and docs/: the running product, with the store of its tests, in Chromium.

.venv/bin/python -m scripts.pictures [NAME ...]
"""

import base64
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from barograph.config.detector_document import read_detector
from barograph.jobs.service import Service
from tests.api.running import Running
from tests.engine.detectors import web, web_detector
from tests.web import sample
from tests.web.conftest import settle

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = (1200, 760)
PICTURES = {
    "overview.webp": "/?job=taxi",
    "explorer.webp": "/explorer?job=hosts&by=host",
    "rule.webp": "/rules/new?job=hosts",
    "series.webp": "/series?job=taxi&open=2015-01-27T05:00Z",
    "features.webp": "/features?job=shop-hosts&open=2023-12-01T17:00Z",
}
"""What each shows: a path, with its query."""
PACK = """async (png) => {
    const picture = await createImageBitmap(await (await fetch(png)).blob());
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    return canvas.toDataURL('image/webp', 0.9);
}"""


def main(names: list[str]) -> None:
    """Take those that are named, or all."""
    with TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        sample.make(data_dir)
        forest(data_dir)
        with Running(data_dir) as server, sync_playwright() as playwright:
            path = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for name in names or PICTURES:
                taken = page_of(browser, server.url)
                taken.goto(PICTURES[name])
                settle(taken)
                (IMAGES / name).write_bytes(packed(taken))
                print(f"{name} {(IMAGES / name).stat().st_size:,} bytes")
                taken.context.close()
            browser.close()


def forest(data_dir: Path) -> None:
    """Add a forest detector to a store."""
    service = Service.open(None, data_dir)
    service.put(read_detector(web_detector()).job("shop-hosts"))
    service.open_job("shop-hosts")
    service.feed("shop-hosts", web())
    service.commit("shop-hosts")
    service.suspend()


def page_of(browser: Browser, url: str) -> Page:
    """A page as people with a light theme see it."""
    width, height = SIZE
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme="light",
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en-GB",
    )
    return context.new_page()


def packed(page: Page) -> bytes:
    """A picture of a page as WebP, which is a third of a PNG; Chromium itself packs it, on a page without a policy."""
    png = base64.b64encode(page.screenshot()).decode()
    blank = page.context.browser.new_page()  # type: ignore[union-attr]
    webp = blank.evaluate(PACK, f"data:image/png;base64,{png}")
    blank.close()
    return base64.b64decode(webp.partition(",")[2])


if __name__ == "__main__":
    main(sys.argv[1:])
