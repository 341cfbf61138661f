"""The explorer on the sample: lanes, influencers and anomalies, and what one does with them."""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import sample

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


def shown_lanes(server: Running, page: Page, **params: object) -> dict:
    """Lanes by host as the page has them."""
    published = cells(page)
    start, end = int(published["t0"]), int(published["t0"] + published["cols"] * published["step"])
    asked = {"job": "hosts", "by": "host", "from": start, "to": end, "width": int(published["cols"]), **params}
    lanes = server.http.get("/api/v1/lanes", params=asked).json()
    assert (lanes["start"], lanes["step"]) == (published["t0"], published["step"])
    return lanes


def top_cell(server: Running, page: Page, **params: object) -> tuple[int, int, int]:
    """The worst cell of the first lane, as the page has it: column, start and end, epoch ms."""
    lanes = shown_lanes(server, page, **params)
    column = max((cell for cell in lanes["cells"] if cell[0] == 0), key=lambda cell: cell[2])[1]
    start = lanes["start"] + column * lanes["step"]
    return column, start, start + lanes["step"]


def test_the_first_view_has_lanes_and_rows(open_page: Open, server: Running, shot) -> None:
    page = open_page("/explorer?job=hosts")
    expect(page.get_by_role("grid", name="Lanes by host")).to_be_visible()
    expect(page.get_by_role("table", name="Anomalies").locator("tbody tr")).to_have_count(25)
    total = server.http.get("/api/v1/records", params={"job": "hosts"}).json()["in_time"]
    expect(page.get_by_test_id("anomalies-total")).to_contain_text(re.compile(rf"^1–25 of .*\b{total}\b"))
    shot(page, "explorer-hosts")


def test_lanes_are_ranked_and_every_value_is_reached_by_pages(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts&rows=5")
    names = page.locator(".timeline button.lane-label")
    asked = {"job": "hosts", "by": "host", "rows": 1000, "width": 80}
    ranked = [lane["value"] for lane in server.http.get("/api/v1/lanes", params=asked).json()["lanes"]]
    assert names.all_inner_texts() == ranked[:5]
    page.get_by_role("button", name="Page 2 of lanes").click()
    settled(page)
    expect(page).to_have_url(re.compile(r"rows=5&page=2"))
    assert names.all_inner_texts() == ranked[5:10]
    page.get_by_role("button", name="Page 8 of lanes").click()
    settled(page)
    assert names.all_inner_texts() == ranked[35:40]
    page.get_by_role("combobox", name="Rows").select_option("50")
    settled(page)
    assert names.all_inner_texts() == ranked
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


def test_a_cell_leaves_only_its_records_and_going_back_all(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts")
    column, start, end = top_cell(server, page)
    whole = page.get_by_test_id("anomalies-total").inner_text()
    click_cell(page, 0, column)
    settled(page)
    expect(page).to_have_url(re.compile(r"sel=.*&lane=web-12&by=host"))
    asked = {"job": "hosts", "from": start, "to": end, "by": "host", "lane": "web-12"}
    found = server.http.get("/api/v1/records", params=asked).json()
    expect(page.get_by_test_id("anomalies-total")).to_contain_text(f"of {found['total']}")
    times = [row["timestamp"] for row in found["rows"]]
    assert times
    assert all(start <= time < end for time in times)
    shown = [row.get_attribute("data-record") for row in page.locator("tr[data-record]").all()]
    assert shown == [row["id"] for row in found["rows"]]
    assert page.locator(".lanes-outline").count() == 2
    page.go_back()
    settled(page)
    expect(page.get_by_test_id("anomalies-total")).to_have_text(whole)
    assert page.locator(".lanes-outline").count() == 0


def test_what_is_selected_has_its_scores_and_its_records_beside_it(open_page: Open, server: Running, settled, shot) -> None:
    page = open_page("/explorer?job=hosts")
    column, start, end = top_cell(server, page)
    click_cell(page, 0, column)
    settled(page)
    popover = page.get_by_role("dialog", name="What is selected")
    expect(popover).to_contain_text("influencer score")
    expect(popover).to_contain_text("highest record")
    shot(page, "explorer-selected")
    asked = {"job": "hosts", "from": start, "to": end, "by": "host", "lane": "web-12", "iv": "all"}
    found = server.http.get("/api/v1/records", params=asked).json()
    total, facts = found["total"], popover.locator("dd")
    influencer = next(cell[2] for cell in shown_lanes(server, page)["cells"] if cell[:2] == [0, column])
    for at, score in enumerate((influencer, found["rows"][0]["record_score"])):
        expect(facts.nth(at)).to_contain_text(str(int(score)))
    popover.get_by_role("button", name=f"Show {total} record").click()
    expect(popover).not_to_be_visible()
    expect(page.locator("tr[data-record]")).to_have_count(total)


def test_influencers_follow_the_selection_and_narrow_the_filter(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts")
    column, start, end = top_cell(server, page)
    click_cell(page, 0, column, "overall-lane")
    settled(page)
    asked = {"job": "hosts", "sel_from": start, "sel_to": end, "size": 10}
    told = server.http.get("/api/v1/influencers", params=asked).json()
    wanted = [(one["value"], one["max"], one["sum"]) for field in told["fields"] for one in field["values"]]
    shown = page.locator(".influencer").evaluate_all(
        "(all) => all.map((one) => [one.dataset.value, Number(one.dataset.max), Number(one.dataset.sum)])"
    )
    assert sorted(map(tuple, shown)) == sorted(wanted)
    page.keyboard.press("Escape")
    page.goto("/explorer?job=hosts")
    settled(page)
    host = page.locator(".influencer", has_text="web-14")
    host.hover()
    for _ in range(2):
        host.get_by_role("button", name="Only host web-14").click()
        settled(page)
        expect(page.get_by_role("textbox", name="Filter")).to_have_value('host:"web-14"')
    expect(page).to_have_url(re.compile("q=host:%22web-14%22"))
    expect(page.get_by_text("not filtered")).to_be_visible()
    host.hover()
    host.get_by_role("button", name="Without host web-14").click()
    settled(page)
    expect(page.get_by_role("textbox", name="Filter")).to_have_value("")


def test_a_drag_selects_a_union_and_escape_clears_it(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts")
    canvas = page.get_by_test_id("view-lanes").locator("canvas")
    box, published = canvas.bounding_box(), cells(page)
    assert box is not None
    column, _, _ = top_cell(server, page)
    wide = box["width"] / published["cols"]
    page.mouse.move(box["x"] + (column - 3.5) * wide, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + (column + 0.5) * wide, box["y"] + 2.4 * published["row"], steps=4)
    page.mouse.up()
    settled(page)
    expect(page.locator(".lanes-focus:visible")).to_have_count(0)  # the ring is of the keyboard
    names = page.locator(".timeline button.lane-label").all_inner_texts()[:3]
    first = published["t0"] + (column - 4) * published["step"]
    asked = {"job": "hosts", "from": int(first), "to": int(first + 5 * published["step"]), "by": "host", "lane": names}
    total = server.http.get("/api/v1/records", params=asked).json()["total"]
    expect(page.get_by_test_id("anomalies-total")).to_contain_text(f"of {total}")
    page.keyboard.press("Tab")
    page.get_by_role("grid", name="Lanes by host").focus()
    expect(page.locator(".lanes-focus:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    settled(page)
    assert "sel=" not in page.url
    assert page.locator(".lanes-outline").count() == 0


def test_what_is_selected_in_all_of_it_decides_which_lanes_come_first(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts")
    names = page.locator(".timeline button.lane-label")
    before = names.all_inner_texts()
    found = shown_lanes(server, page, rows=100)
    lane = next(at for at, one in enumerate(found["lanes"]) if one["value"] == "web-14")
    column = max((cell for cell in found["cells"] if cell[0] == lane), key=lambda cell: cell[2])[1]
    click_cell(page, 0, column, "overall-lane")
    settled(page)
    expect(page.locator(".lane-caption")).to_contain_text("sorted by highest score in 10 Jan 2026")
    assert names.first.inner_text() == "web-14"
    page.get_by_role("button", name="Clear selection").click()
    settled(page)
    assert names.all_inner_texts() == before
    expect(page.locator(".lane-caption")).to_contain_text("sorted by highest score")


def test_a_link_shows_the_same_elsewhere(open_page: Open, new_page, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts&rows=5&page=1&iv=hour&sev=50,75&q=region:eu")
    column, _, _ = top_cell(server, page, q="region:eu", rows=5, min=50)
    click_cell(page, 0, column)
    settled(page)
    page.get_by_role("dialog", name="What is selected").get_by_role("button", name="Close").click()
    page.get_by_role("button", name=re.compile("Show details")).first.click()
    expect(page.locator(".record-details")).to_be_visible()

    def seen(one: Page) -> list[object]:
        outline = one.locator(".lanes-outline").evaluate_all("(all) => all.map((box) => box.style.left + box.style.width)")
        rows = [row.get_attribute("data-record") for row in one.locator("tr[data-record]").all()]
        return [
            one.locator(".timeline button.lane-label").all_inner_texts(),
            outline,
            rows,
            one.locator(".record-details").count(),
        ]

    other = new_page()
    other.goto(page.url)
    settled(other)
    assert seen(other) == seen(page)
    assert seen(page)[3] == 1


def test_what_cannot_be_in_a_link_is_said_and_left_out(open_page: Open) -> None:
    page = open_page("/explorer?job=hosts&sel=yesterday&rows=7&sev=nothing&iv=year")
    for value in ("yesterday", "7", "nothing", "year"):
        expect(page.locator(".notice", has_text=value).first).to_be_visible()
    expect(page.locator("tr[data-record]")).to_have_count(25)


def test_a_filter_that_cannot_be_read_says_where(open_page: Open, new_page, settled) -> None:
    page = new_page(expected=("400",))
    page.goto("/explorer?job=hosts")
    settled(page)
    box = page.get_by_role("textbox", name="Filter")
    box.fill("host:web-14 and")
    box.press("Enter")
    settled(page)
    expect(page.locator("#filter-error")).to_contain_text("at character 16")
    box.fill("host:web-14")
    box.press("Enter")
    settled(page)
    expect(page.locator("#filter-error")).to_have_count(0)
    assert page.locator(".timeline button.lane-label").all_inner_texts() == ["web-14"]


def test_what_leaves_nothing_over_is_named_and_can_be_let_go(open_page: Open, settled, server: Running) -> None:
    all_of_them = server.http.get("/api/v1/records", params={"job": "hosts"}).json()["in_time"]
    page = open_page("/explorer?job=hosts&q=host:nobody&sev=75")
    anomalies = page.get_by_role("region", name="Anomalies")
    left_out = f"None match the filter host:nobody and severities, which leave out {all_of_them} records"
    expect(anomalies).to_contain_text(left_out)
    anomalies.get_by_role("button", name="Without the filter host:nobody").click()
    settled(page)
    expect(page.locator("tr[data-record]").first).to_be_visible()


def test_severities_are_switched_one_by_one(open_page: Open, settled) -> None:
    page = open_page("/explorer?job=hosts")
    legend = page.get_by_role("group", name="Severities")
    legend.get_by_role("button", name="critical").click()
    settled(page)
    expect(page).to_have_url(re.compile("sev=75"))
    assert {row.inner_text() for row in page.locator("tr[data-record] .score .hidden-text").all()} == {"critical"}
    legend.get_by_role("button", name="major").click()
    expect(page).to_have_url(re.compile("sev=50,75"))
    legend.get_by_role("button", name="major").click()
    legend.get_by_role("button", name="critical").click()
    settled(page)
    assert "sev=" not in page.url


def test_everything_is_reached_by_keyboard(open_page: Open, settled) -> None:
    page = open_page("/explorer?job=hosts")
    grid = page.get_by_role("grid", name="Lanes by host")
    grid.focus()
    live = grid.get_by_role("gridcell")
    page.keyboard.press("Control+ArrowRight")
    expect(live).to_have_text(re.compile(r"web-12, \d+ Jan 2026, .*influencer score \d+, (warning|minor|major|critical)"))
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    settled(page)
    assert page.url.count("lane=") == 2
    expect(grid).to_be_focused()
    page.keyboard.press("Escape")
    settled(page)
    assert "lane=" not in page.url
    row = page.get_by_role("button", name=re.compile("Show details")).first
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".record-details")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Filter")).to_be_focused()


def test_lanes_can_be_read_as_a_table_and_the_kinds_of_scores_are_explained(open_page: Open, axe) -> None:
    page = open_page("/explorer?job=shop,hosts".replace(",", "&job="))
    page.get_by_role("button", name="View lanes as table").click()
    dialog = page.get_by_role("dialog", name="Lanes as a table")
    expect(dialog.get_by_role("table").first).to_contain_text("overall scores")
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="What am I looking at?").click()
    for kind in ("Bucket score", "Overall score", "Influencer score", "Record score"):
        expect(page.locator(".explorer-help")).to_contain_text(kind)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_explanation_has_no_serious_fault(open_page: Open, axe, shot, theme: str) -> None:
    page = open_page(f"/explorer?job=hosts&theme={theme}&q=host:web-14")
    page.get_by_role("button", name=re.compile("Show details")).first.click()
    expect(page.locator(".record-details")).to_be_visible()
    axe(page)
    shot(page, f"explorer-details-{theme}", full_page=True)


def test_a_small_window_has_one_column_and_no_bar_to_scroll_sideways(new_page, settled, shot) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto("/explorer")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # Without a head, a number says itself what it is.
    named = "(table) => getComputedStyle(table.querySelector('[data-name=Typical]'), '::before').content"
    assert page.locator(".records table").evaluate(named) not in ("none", "normal")
    shot(page, "explorer-390", full_page=True)


def test_a_part_that_fails_says_so_alone_and_can_be_tried_again(new_page, settled) -> None:
    page = new_page(expected=("500",))
    broken = {"code": "failed", "message": "the server failed", "hint": "", "request_id": "7"}
    page.route("**/api/v1/influencers*", lambda route: route.fulfill(status=500, json=broken))
    page.goto("/explorer?job=hosts")
    settled(page)
    panel = page.get_by_role("region", name="Influencers")
    expect(panel.get_by_role("alert")).to_contain_text("the server failed")
    expect(panel.get_by_role("alert")).to_contain_text("7")
    expect(page.locator("tr[data-record]")).to_have_count(25)
    page.unroute("**/api/v1/influencers*")
    panel.get_by_role("button", name="Try again").click()
    settled(page)
    expect(panel.locator(".influencer").first).to_be_visible()


def test_the_table_is_a_file_too(open_page: Open, server: Running) -> None:
    page = open_page("/explorer?job=hosts&q=host:web-14&sev=75")
    link = page.get_by_role("link", name="CSV").get_attribute("href")
    assert link is not None
    file = httpx.get(server.url + link, trust_env=False)
    total = server.http.get("/api/v1/records", params={"job": "hosts", "q": "host:web-14", "sev": 75}).json()["total"]
    assert len(file.text.splitlines()) == total + 1


def test_something_is_noted_of_a_record_and_shown_above_the_lanes(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts&q=host:web-14")
    page.get_by_role("button", name="Actions").first.click()
    page.get_by_role("button", name="Note something").click()
    dialog = page.get_by_role("dialog", name="Note something")
    dialog.get_by_role("textbox", name="Note").fill("<b>deployed</b>")
    dialog.get_by_role("button", name="Save").click()
    settled(page)
    expect(page.locator(".note-place.is-note")).to_have_count(1)
    notes = server.http.get("/api/v1/jobs/hosts/notes").json()["notes"]
    assert [(note["text"], note["entity"]) for note in notes] == [("<b>deployed</b>", {"host": "web-14"})]
    server.http.delete(f"/api/v1/jobs/hosts/notes/{notes[0]['note_id']}").raise_for_status()


def test_a_row_opens_its_series_with_the_time_around_it(open_page: Open, server: Running, settled) -> None:
    page = open_page("/explorer?job=hosts&q=host:web-14&iv=all")
    worst = server.http.get("/api/v1/records", params={"job": "hosts", "q": "host:web-14", "iv": "all"}).json()["rows"][0]
    page.locator("tr[data-record]").first.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Open series").first.click()
    settled(page)
    expect(page).to_have_url(re.compile(r"/series\?job=hosts&det=0&e\.host=web-14&zoom="))
    expect(page.get_by_role("heading", level=1)).to_have_text("mean of latency, host web-14")
    start, end = (time_of(text) for text in re.search(r"zoom=([^&]+)", page.url)[1].split("~"))
    assert start < worst["timestamp"] < end
    expect(page.locator(f'.chart-marks button[data-t="{worst["timestamp"]}"]')).to_be_visible()


def test_a_record_is_the_beginning_of_a_rule(open_page: Open, settled) -> None:
    page = open_page("/explorer?job=hosts&q=host:web-14&iv=all")
    page.locator("tr[data-record]").first.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Make a rule of this").click()
    settled(page)
    expect(page.get_by_label("Looks at")).to_have_value("records")
    expect(page.get_by_label("From a score of", exact=True)).to_have_value("75")
    expect(page.get_by_label("One alert for each")).to_have_value("host")
    expect(page.get_by_role("region", name="On past data")).to_contain_text("of 1 job")


def test_the_present_is_a_line_while_a_job_is_open(new_page, settled) -> None:
    page = new_page()
    page.clock.set_fixed_time((sample.START_MS + 13 * sample.DAY_MS) / 1000)
    page.goto("/explorer?job=hosts")
    settled(page)
    expect(page.locator(".lanes-now:visible")).to_have_count(2)
    page.goto("/series?job=hosts")
    settled(page)
    expect(page.get_by_test_id("focus")).to_have_attribute("data-now", "")
    page.goto("/explorer?job=shop")
    settled(page)
    expect(page.locator(".lanes-now:visible")).to_have_count(0)
    expect(page.locator(".live")).to_have_count(0)


def time_of(text: str) -> int:
    """A time of a URL, epoch ms."""
    return round(datetime.fromisoformat(unquote(text).replace("Z", "+00:00")).timestamp() * 1000)


def test_the_series_of_what_is_selected_are_drawn_and_lead_to_their_page(
    open_page: Open, server: Running, settled, shot
) -> None:
    page = open_page("/explorer?job=hosts")
    assert page.get_by_test_id("small-chart").count() == 0
    column, _, _ = top_cell(server, page)
    click_cell(page, 0, column, "overall-lane")
    settled(page)
    page.get_by_role("dialog", name="What is selected").get_by_role("button", name="Close").click()
    charts = page.get_by_role("region", name="Charts")
    charts.scroll_into_view_if_needed()
    settled(page)
    expect(charts.get_by_test_id("small-chart")).to_have_count(4)
    shot(page, "explorer-charts", full_page=True)
    charts.get_by_role("link", name=re.compile("Open series mean of latency, host web-")).first.click()
    settled(page)
    expect(page).to_have_url(re.compile(r"/series\?job=hosts&det=0&e.host=web-\d+&zoom="))


def test_a_row_is_interim_until_its_bucket_is_full(new_page, sample_store: Path, tmp_path: Path, settled) -> None:
    shutil.copytree(sample_store, tmp_path / "data")
    with Running(tmp_path / "data") as own:
        end = sample.START_MS + sample.DAYS * sample.DAY_MS
        path = "/_ml/anomaly_detectors/hosts"

        def feed(start: int, hours: float, latency: float) -> None:
            times = range(start, start + int(hours * sample.HOUR_MS), sample.HOUR_MS // 4)
            rows = [{"time": time, "host": "web-14", "region": "ap", "latency": latency} for time in times]
            own.http.post(f"{path}/_data", json=rows).raise_for_status()

        feed(end, 0.75, 900.0)
        own.http.post(f"{path}/_flush", params={"calc_interim": "true"}).raise_for_status()
        page = new_page(base_url=own.url)
        page.goto("/explorer?job=hosts&iv=all&q=host:web-14")
        settled(page)
        badge = page.locator("tr[data-record] .badge", has_text="interim")
        expect(badge).to_have_count(1)
        feed(end + sample.HOUR_MS, 2, 110.0)
        expect(badge).to_have_count(0)
        expect(page.locator("tr[data-record]", has_text="15 Jan 2026, 00:00")).to_have_count(1)
        page.goto("about:blank")  # before the server ends: a page that lost it would say so


def test_lanes_that_would_say_the_same_again_are_not_there(open_page: Open) -> None:
    page = open_page("/explorer?job=taxi")
    expect(page.get_by_role("grid")).to_have_count(1)
    expect(page.get_by_role("region", name="Influencers")).to_have_count(0)
    assert "Found for" not in page.get_by_role("table", name="Anomalies").locator("thead").inner_text()
