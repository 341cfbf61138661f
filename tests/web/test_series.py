"""The page of one series."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.api.running import Running
from tests.web.sample import DAY_MS, GUILTY_HOST, HOSTILE, HOUR_MS, START_MS

Open = Callable[[str], Page]

GUILTY = GUILTY_HOST[1]
HOSTS = "/series?job=hosts&e.host=web-14"


def text_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")


def zoom(start_ms: int, end_ms: int) -> str:
    return f"zoom={text_of(start_ms)}~{text_of(end_ms)}"


def in_url(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(unquote(page.url)).query)


def geometry(chart: Locator) -> dict[str, float]:
    """What a chart tells of itself: the span and the values that it shows, and where its plot is."""
    told: dict[str, str] = chart.evaluate("(host) => ({...host.dataset})")
    return {name: float(value) for name, value in told.items() if name != "testid"}


def place(chart: Locator, t: float, value: float) -> tuple[float, float]:
    """Where a time and a value are within a chart, CSS px."""
    at = geometry(chart)
    across = (t - at["from"]) / (at["to"] - at["from"])
    up = (value - at["low"]) / (at["high"] - at["low"])
    return at["left"] + across * at["width"], at["top"] + (1 - up) * at["height"]


def click(page: Page, chart: Locator, t: float, value: float) -> None:
    box = chart.bounding_box()
    assert box is not None
    x, y = place(chart, t, value)
    page.mouse.click(box["x"] + x, box["y"] + y)


def drag(page: Page, chart: Locator, from_: float, to: float) -> None:
    """Drag over a chart from one share of its width to another."""
    box, at = chart.bounding_box(), geometry(chart)
    assert box is not None
    y = box["y"] + at["top"] + at["height"] / 2
    page.mouse.move(box["x"] + at["left"] + from_ * at["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + at["left"] + (from_ + to) / 2 * at["width"], y, steps=3)
    page.mouse.move(box["x"] + at["left"] + to * at["width"], y, steps=3)
    page.mouse.up()


def pixel(chart: Locator, x: float, y: float) -> list[int]:
    """The colour of a chart's canvas at a place, CSS px."""
    told: list[int] = chart.locator("canvas").first.evaluate(
        """(canvas, [x, y]) => { const c = document.createElement('canvas').getContext('2d');
        c.drawImage(canvas, Math.round(x * devicePixelRatio), Math.round(y * devicePixelRatio), 1, 1, 0, 0, 1, 1);
        return [...c.getImageData(0, 0, 1, 1).data]; }""",
        [x, y],
    )
    return told


def colour(page: Page, name: str) -> list[int]:
    """A colour of the theme."""
    told: list[int] = page.evaluate(
        """(name) => { const c = document.createElement('canvas').getContext('2d');
        c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name); c.fillRect(0, 0, 1, 1);
        return [...c.getImageData(0, 0, 1, 1).data]; }""",
        name,
    )
    return told


def series(server: Running, **params: Any) -> dict[str, Any]:
    told: dict[str, Any] = server.http.get("/api/v1/jobs/hosts/series", params=params).json()
    return told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_usual_is_a_band_and_the_line_lies_over_it(open_page: Open, server: Running, shot, theme: str) -> None:
    span = (GUILTY - DAY_MS, GUILTY + DAY_MS)
    page = open_page(f"{HOSTS}&{zoom(*span)}&theme={theme}&layers=bounds")
    shot(page, f"series-{theme}")
    chart = page.get_by_test_id("focus")
    told = series(server, partition="web-14", **{"from": span[0], "to": span[1]})
    at = next(
        index
        for index, (value, low, high) in enumerate(zip(told["v"], told["lo"], told["hi"], strict=True))
        if index > 2 and low + 0.3 * (high - low) < value < high
    )
    t, low, high = told["t"][at], told["lo"][at], told["hi"][at]
    assert pixel(chart, *place(chart, t, low + 0.1 * (high - low))) == colour(page, "--band")
    assert pixel(chart, *place(chart, t, high + 0.5 * (high - low))) != colour(page, "--band")
    assert pixel(chart, *place(chart, t, told["v"][at]))[:3] != colour(page, "--band")[:3]


def test_a_length_of_time_is_a_brush_and_a_zoom(open_page: Open, settled) -> None:
    page = open_page(HOSTS)
    zooms = page.get_by_role("group", name="Zoom", exact=True)
    names = zooms.get_by_role("button").all_inner_texts()
    assert names == ["auto", "12h", "1d", "1w"]  # all of it is what is usual here
    zooms.get_by_role("button", name="1 day").click()
    settled(page)
    shown = geometry(page.get_by_test_id("focus"))
    assert shown["to"] - shown["from"] == DAY_MS
    assert shown["to"] == START_MS + 14 * DAY_MS
    start, end = in_url(page)["zoom"][0].split("~")
    assert (start, end) == (text_of(START_MS + 13 * DAY_MS), text_of(START_MS + 14 * DAY_MS))
    handle = page.get_by_role("slider", name="Start of what is shown")
    assert int(handle.get_attribute("aria-valuenow") or 0) == START_MS + 13 * DAY_MS
    page.go_back()
    settled(page)
    assert "zoom" not in in_url(page)


def test_dragging_the_brush_changes_what_is_shown(open_page: Open, settled) -> None:
    page = open_page(f"{HOSTS}&{zoom(START_MS + 12 * DAY_MS, START_MS + 14 * DAY_MS)}")
    drag(page, page.get_by_test_id("context"), 0.93, 0.5)
    page.wait_for_url(re.compile("zoom="))
    settled(page)
    shown = geometry(page.get_by_test_id("focus"))
    assert START_MS + 5 * DAY_MS < shown["from"] < START_MS + 7 * DAY_MS
    assert abs(shown["to"] - shown["from"] - 2 * DAY_MS) <= HOUR_MS
    page.get_by_role("slider", name="End of what is shown").press("ArrowRight")
    settled(page)
    assert geometry(page.get_by_test_id("focus"))["to"] > shown["to"]


def test_a_drag_zooms_and_a_double_click_takes_it_back(open_page: Open, settled) -> None:
    page = open_page(HOSTS)
    chart = page.get_by_test_id("focus")
    whole = geometry(chart)
    drag(page, chart, 0.25, 0.5)
    settled(page)
    assert geometry(chart)["to"] - geometry(chart)["from"] < 0.3 * (whole["to"] - whole["from"])
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    page.get_by_test_id("focus").locator(".u-over").dblclick(position={"x": 20, "y": 20})
    settled(page)
    page.wait_for_function(
        "(from) => Number(document.querySelector('[data-testid=focus]').dataset.from) === from", arg=whole["from"]
    )


def test_any_point_is_explained_also_a_normal_one(open_page: Open, server: Running, settled) -> None:
    page = open_page(f"{HOSTS}&{zoom(GUILTY - DAY_MS, GUILTY + DAY_MS)}")
    told = series(server, partition="web-14", **{"from": GUILTY - DAY_MS, "to": GUILTY + DAY_MS})
    click(page, page.get_by_test_id("focus"), told["t"][6], told["v"][6])
    settled(page)
    panel = page.locator(".explanation")
    expect(panel).to_contain_text("No anomaly.")
    for said in ("Actual", "Typical", "Usual range", "Probability", "values before", "this bucket by itself"):
        expect(panel).to_contain_text(said)
    assert in_url(page)["open"] == [text_of(told["t"][6])]
    click(page, page.get_by_test_id("focus"), GUILTY, max(mark["v"] for mark in told["marks"] if mark["t"] == GUILTY))
    settled(page)
    expect(panel.locator(".verdict")).to_contain_text("critical")
    expect(panel.locator(".verdict")).to_contain_text("A spike")
    panel.get_by_role("button", name="Close the explanation").click()
    expect(panel).to_have_count(0)


def test_anomalies_are_buttons_and_arrows_go_from_one_to_the_next(open_page: Open, settled) -> None:
    page = open_page(f"{HOSTS}&{zoom(GUILTY - DAY_MS, GUILTY + DAY_MS)}")
    page.locator("[data-testid=focus] .u-over").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator(".chart-marks button:focus")
    expect(first).to_have_accessible_name(re.compile(r"record score \d+, \w+"))
    began = int(first.get_attribute("data-t") or 0)
    page.keyboard.press("ArrowRight")
    assert int(page.locator(".chart-marks button:focus").get_attribute("data-t") or 0) > began
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator(".explanation .verdict")).to_contain_text("critical")


def test_what_is_under_the_pointer_is_told_also_over_a_mark(open_page: Open) -> None:
    page = open_page(f"{HOSTS}&{zoom(GUILTY - DAY_MS, GUILTY + DAY_MS)}")
    box = page.locator("[data-testid=focus] .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    expect(page.locator(".tooltip")).not_to_contain_text("score")
    page.locator(f".chart-marks button[data-t='{GUILTY}']").hover()
    expect(page.locator(".tooltip")).to_contain_text("score")


def with_marks(page: Page, impacts: dict[float, str], start_ms: int) -> None:
    """Have the server's answer say of some buckets how much they are of several together."""

    def answer(route: Route) -> None:
        response = route.fetch()
        told = response.json()
        inside = [index for index, t in enumerate(told["t"]) if t >= start_ms and told["v"][index] is not None]
        told["marks"] = [
            {
                "id": f"hosts/{told['t'][at]}/0",
                "t": told["t"][at],
                "score": 60.0,
                "initial_score": 60.0,
                "v": told["v"][at],
                "typical": told["typical"][at],
                "multi_bucket": word,
                "interim": False,
                "of": 1,
            }
            for at, word in zip(inside[::6], impacts.values(), strict=False)
        ]
        route.fulfill(response=response, json=told)

    page.route("**/api/v1/jobs/hosts/series?*", answer)


def test_several_buckets_together_are_a_cross_also_within_the_band(page: Page, settled) -> None:
    start_ms = START_MS + 8 * DAY_MS
    with_marks(page, {-5.0: "none", 1.0: "low", 2.0: "medium", 4.0: "high"}, start_ms)
    page.goto(f"{HOSTS}&{zoom(start_ms, start_ms + 2 * DAY_MS)}")
    settled(page)
    marks = page.get_by_test_id("focus").locator(".chart-marks button")
    shapes = [mark.get_attribute("data-shape") for mark in marks.all()]
    assert shapes == ["dot", "dot", "cross", "cross"]
    expect(marks.nth(3)).to_have_accessible_name(re.compile("several buckets together"))
    at = marks.nth(2).evaluate("(button) => button.getBoundingClientRect().toJSON()")
    host = page.get_by_test_id("focus").bounding_box()
    assert host is not None
    x, y = at["x"] + 12 - host["x"], at["y"] + 12 - host["y"]
    chart, major = page.get_by_test_id("focus"), colour(page, "--severity-major")
    assert pixel(chart, x, y) == major
    assert pixel(chart, x + 4, y) == major
    assert pixel(chart, x + 4, y - 4) != major


def test_a_forecast_is_made_shown_hidden_and_removed(new_page: Callable[..., Page], settled) -> None:
    page = new_page(expected=("400",))
    page.goto(HOSTS)
    settled(page)
    page.get_by_role("button", name="Forecast", exact=True).click()
    dialog = page.get_by_role("dialog", name="Forecast")
    dialog.get_by_label("How far after").fill("nonsense")
    dialog.get_by_role("button", name="Forecast", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("duration='nonsense'")
    dialog.get_by_role("button", name="1 day", exact=True).click()
    dialog.get_by_role("button", name="Forecast", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Forecast: nothing has come for it yet.")).to_be_visible()  # it is made in the background
    settled(page)
    (forecast_id,) = in_url(page)["fc"]
    shown = geometry(page.get_by_test_id("focus"))
    assert shown["to"] == START_MS + 15 * DAY_MS - HOUR_MS  # its newest bucket is open, and so the first that is forecast
    told = page.evaluate(
        "async (id) => (await fetch(`/api/v1/jobs/hosts/forecasts/${id}/series?partition=web-14`)).json()", forecast_id
    )
    assert len(told["t"]) == 24
    assert told["hi"][-1] - told["lo"][-1] >= told["hi"][0] - told["lo"][0]
    chart = page.get_by_test_id("focus")
    assert pixel(chart, *place(chart, told["t"][12], told["v"][12]))[:3] == colour(page, "--forecast")[:3]
    page.get_by_role("button", name="Hide the forecast").click()
    settled(page)
    assert "fc" not in in_url(page)
    page.get_by_role("button", name="Forecast", exact=True).click()
    dialog.get_by_role("button", name="Show").first.click()
    settled(page)
    assert in_url(page)["fc"] == [forecast_id]
    page.get_by_role("button", name="Forecast", exact=True).click()
    dialog.get_by_role("button", name="Remove the forecast").first.click()
    expect(dialog.get_by_text("There are no earlier forecasts.")).to_be_visible()
    assert "fc" not in in_url(page)


def test_a_drag_annotates_and_the_note_stays_until_it_is_removed(open_page: Open, settled) -> None:
    page = open_page(f"{HOSTS}&{zoom(GUILTY - DAY_MS, GUILTY + DAY_MS)}")
    page.get_by_role("button", name="Annotate").click()
    drag(page, page.get_by_test_id("focus"), 0.2, 0.4)
    dialog = page.get_by_role("dialog", name="New note")
    dialog.get_by_label("What happened").fill(f"New switch {HOSTILE}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    page.reload()
    settled(page)
    expect(page.locator(".note-list")).to_contain_text(f"New switch {HOSTILE}")
    expect(page.locator(".series-notes button")).to_have_count(1)
    page.locator(".series-notes button").click()
    kept = page.get_by_role("dialog", name="Note")
    kept.get_by_role("button", name="Remove").click()
    sure = page.get_by_role("dialog", name="Remove this note?")
    expect(sure).to_contain_text("New switch")
    sure.get_by_role("button", name="Remove it").click()
    expect(page.locator(".series-notes button")).to_have_count(0)


def test_the_series_without_an_entity_lies_beside_it(open_page: Open, server: Running) -> None:
    page = open_page(f"/series?job=shop&det=0&without=product%3Dmusic&{zoom(START_MS + 9 * DAY_MS, START_MS + 10 * DAY_MS)}")
    expect(page.locator(".legend")).to_contain_text("without product music")
    asked = {"from": START_MS + 9 * DAY_MS, "to": START_MS + 10 * DAY_MS, "without": "product=music"}
    told = server.http.get("/api/v1/jobs/shop/series", params=asked).json()
    assert all(0 < left < value for left, value in zip(told["without"], told["v"], strict=True))
    chart = page.get_by_test_id("focus")
    pixels = [pixel(chart, *place(chart, t, left))[:3] for t, left in zip(told["t"][3:20], told["without"][3:20], strict=True)]
    assert colour(page, "--good")[:3] in pixels


def test_a_long_detector_lies_beside_what_it_is_split_by(open_page: Open) -> None:
    page = open_page(HOSTS)
    detector = page.get_by_label("Detector")
    detector.evaluate(
        "(select) => { select.options[0].text = 'mean(requests) by statistic partitionfield=component'.repeat(3); }"
    )
    boxes = detector.bounding_box(), page.get_by_role("combobox", name="host").bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]


def test_entities_are_found_by_a_part_of_their_name_the_most_anomalous_first(open_page: Open, settled) -> None:
    page = open_page("/series?job=hosts")
    box = page.get_by_role("combobox", name="host")
    box.click()
    listed = page.get_by_role("listbox", name="host").get_by_role("option")
    scores = [int(text.rsplit("\n", 1)[-1].lstrip("<")) for text in listed.all_inner_texts()[:5]]
    assert scores == sorted(scores, reverse=True)
    box.fill("img src")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text(HOSTILE)
    box.press("Enter")
    settled(page)
    assert in_url(page)["e.host"] == [HOSTILE]
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)


def test_the_chart_is_also_a_table(open_page: Open) -> None:
    page = open_page(f"{HOSTS}&{zoom(GUILTY - DAY_MS, GUILTY + DAY_MS)}")
    page.get_by_role("button", name="View as table").click()
    rows = page.get_by_test_id("numbers").locator("tbody tr")
    expect(rows).to_have_count(48)
    expect(rows.nth(24)).to_contain_text("10 Jan 2026, 09:00")


def test_a_detector_without_a_line_says_why(open_page: Open, server: Running, settled) -> None:
    config = {
        "analysis_config": {
            "bucket_span": "1h",
            "detectors": [{"function": "freq_rare", "by_field_name": "page", "over_field_name": "user"}],
        },
        "data_description": {"time_field": "time"},
    }
    server.http.put("/_ml/anomaly_detectors/clock", json=config).raise_for_status()
    page = open_page("/series?job=clock")
    expect(page.get_by_role("main")).to_contain_text("The job has read no rows yet.")
    page.goto(f"/series?job=clock&from={START_MS}&to={START_MS + DAY_MS}")
    settled(page)
    expect(page.get_by_role("main")).to_contain_text("which is no value of a series")
    server.http.delete("/_ml/anomaly_detectors/clock").raise_for_status()


def test_bad_values_in_the_url_are_said_and_left_out(open_page: Open) -> None:
    page = open_page("/series?job=hosts&det=7&zoom=never&cmp=year")
    for key in ("det", "zoom", "cmp"):
        expect(page.locator(".notice").filter(has_text=key).first).to_be_visible()
    expect(page.get_by_test_id("focus")).to_be_visible()


HUNDRED_THOUSAND = """async () => {
    const prefix = document.querySelector('script[type=module][src]').src.replace('/app.mjs', '');
    const { Chart } = await import(`${prefix}/widgets/chart.mjs`);
    const n = 100_000, step = 60_000;
    const t = Array.from({ length: n }, (_, i) => i * step);
    const centre = (i) => 100 + 40 * Math.sin(i / 200);
    const v = t.map((_, i) => centre(i) + 10 * Math.sin(i * 12.9898));
    const lo = t.map((_, i) => centre(i) - 12), hi = t.map((_, i) => centre(i) + 12);
    const frame = () => new Promise((done) => requestAnimationFrame(() => { const port = new MessageChannel();
        port.port1.onmessage = done; port.port2.postMessage(0); }));
    const host = document.createElement('div');
    document.querySelector('main').replaceChildren(host);
    const options = { height: 320, label: 'many', zone: 'UTC', span: step, onSpan() {}, onPick() {} };
    await frame();
    window.many = { n, step, frame, make: () => { window.chart = new Chart(host, options, { t, v, lo, hi }, [0, n * step]); } };
}"""
READY = "async () => { many.make(); await many.frame(); }"
FRAMES = """async (frames) => { for (let at = 0; at < frames; at += 1) {
    chart.setRange([at * 500 * many.step, (many.n - at * 1000) * many.step]); await many.frame(); } chart.destroy(); }"""


def cpu_ms(page: Page, program: str, argument: int | None = None) -> float:
    """What a program takes of the page's own thread: other processes share the machine, and are not what is asked."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration")) * 1000

    before = spent()
    page.evaluate(program, argument)
    return spent() - before


def test_a_hundred_thousand_points_are_there_at_once_and_move(open_page: Open) -> None:
    page = open_page("/series?job=hosts")
    page.evaluate(HUNDRED_THOUSAND)
    ready = cpu_ms(page, READY)
    frames = cpu_ms(page, FRAMES, 30) / 30
    assert ready < 300
    assert frames < 34
