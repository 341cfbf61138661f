"""The explorer on the sample: lanes, influencers and anomalies, and what one does with them."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.api.running import Running

Open = Callable[[str], Page]


def cells(page: Page) -> dict[str, float]:
    """The geometry of the lanes by entity, as the widget publishes it."""
    canvas = page.get_by_test_id("view-lanes").locator("canvas")
    return canvas.evaluate("(canvas) => Object.fromEntries(Object.entries(canvas.dataset).map(([k, v]) => [k, Number(v)]))")


def click_cell(page: Page, lane: int, column: int, test_id: str = "view-lanes") -> None:
    """Click a cell of a block of lanes."""
    canvas = page.get_by_test_id(test_id).locator("canvas")
    canvas.scroll_into_view_if_needed()
    box, published = canvas.bounding_box(), cells(page)
    assert box is not None
    page.mouse.click(box["x"] + (column + 0.5) * box["width"] / published["cols"], box["y"] + (lane + 0.4) * published["row"])


def top_cell(server: Running, page: Page, **params: object) -> tuple[int, int, int]:
    """The worst cell of the first lane, as the page has it: column, start and end, epoch ms."""
    published = cells(page)
    asked = {"job": "hosts", "by": "host", "width": 80, **params}
    lanes = server.http.get("/api/v1/lanes", params=asked).json()
    assert (lanes["start"], lanes["step"]) == (published["t0"], published["step"])
    column = max((cell for cell in lanes["cells"] if cell[0] == 0), key=lambda cell: cell[2])[1]
    start = lanes["start"] + column * lanes["step"]
    return column, start, start + lanes["step"]


def test_the_first_view_has_lanes_and_rows(open_page: Open, server: Running, shot) -> None:
    page = open_page("/explorer?job=hosts")
    expect(page.get_by_role("grid", name="Lanes by host")).to_be_visible()
    expect(page.get_by_role("table", name="Anomalies").locator("tbody tr")).to_have_count(25)
    total = server.http.get("/api/v1/records", params={"job": "hosts"}).json()["total"]
    expect(page.get_by_test_id("anomalies-total")).to_contain_text(f"25 of {total}")
    shot(page, "explorer-hosts")
