"""What the page shows while it waits, when something fails, and when something new comes."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.running import Running
from tests.api.test_auth import made_key
from tests.web import alerted
from tests.web.sample import DAY_MS, DAYS, GUILTY_PRODUCT, HOSTS, START_MS

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def own_server(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that these tests may change; the last of them ends it."""
    data_dir = tmp_path_factory.mktemp("own") / "data"
    shutil.copytree(sample_store, data_dir)
    alerted.add(data_dir, "shop", GUILTY_PRODUCT[1])
    with Running(data_dir) as running:
        yield running


def test_while_it_waits_the_page_keeps_its_picture_dimmed_and_nothing_jumps(open_page: Open) -> None:
    page = open_page("/?job=hosts")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/api/v1/incidents*", hold)
    panel = page.get_by_role("region", name="Incidents")
    before, rows = panel.bounding_box(), page.locator(".incident").all_inner_texts()
    page.get_by_role("button", name="Later").click()
    expect(panel).to_have_class("panel is-loading ")
    assert panel.get_attribute("aria-busy") == "true"
    assert (panel.bounding_box(), page.locator(".incident").all_inner_texts()) == (before, rows)
    expect(page.get_by_role("main")).not_to_contain_text("Nothing was odd")
    for route in waiting:
        route.continue_()
    expect(panel).to_have_attribute("aria-busy", "false")
    expect(panel).to_have_class("panel ")


def test_the_first_view_reserves_its_place(page: Page, settled) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
            for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
        }).observe({ type: 'layout-shift', buffered: true });"""
    )
    page.goto("/?job=taxi")
    settled(page)
    assert sum(page.evaluate("window.shifts")) < 0.1


def test_a_panel_that_fails_says_why_and_tries_again_and_the_others_live(new_page, settled) -> None:
    page = new_page(expected=("500",))
    failure = '{"code": "failed", "message": "the server failed", "hint": "its log says why", "request_id": "abc123"}'
    page.route(
        "**/api/v1/incidents*", lambda route: route.fulfill(status=500, body=failure, content_type="application/json"), times=1
    )
    page.goto("/?job=hosts")
    settled(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("the server failed")
    expect(alert).to_contain_text("abc123")
    assert page.locator(".strip .bar").count() > 0
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".incident").first).to_be_visible()
    expect(alert).to_have_count(0)


def test_new_rows_show_without_reloading_and_what_was_chosen_stays(new_page, settled, own_server: Running) -> None:
    page = new_page(base_url=own_server.url)
    page.goto("/?job=hosts&status=ongoing&q=web-07")
    settled(page)
    expect(page.get_by_role("main")).to_contain_text("in this time, and none with")
    end = START_MS + DAYS * DAY_MS
    rows = [
        {"time": end + hour * 3_600_000, "host": host, "region": "us", "latency": 900.0 if host == "web-07" else 100.0}
        for hour in range(4)
        for host in HOSTS
    ]
    own_server.http.post("/_ml/anomaly_detectors/hosts/_data", json=rows).raise_for_status()
    expect(page.get_by_role("heading", name="Ongoing")).to_be_visible()
    expect(page.locator(".incident").first).to_contain_text("web-07")
    expect(page.get_by_role("button", name="Ongoing", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    go_on = page.get_by_role("button", name="Nothing new is shown since")
    expect(go_on).to_be_visible()
    held = page.locator(".incident").first.inner_text()
    later = [{**row, "time": row["time"] + 4 * 3_600_000} for row in rows]
    own_server.http.post("/_ml/anomaly_detectors/hosts/_data", json=later).raise_for_status()
    other = new_page(base_url=own_server.url)
    other.goto("/?job=hosts&status=ongoing")
    expect(other.locator(".incident").first).to_contain_text("web-07")
    grown = other.locator(".incident").first.inner_text()
    other.context.close()
    assert grown != held == page.locator(".incident").first.inner_text()
    go_on.click()
    expect(page.locator(".incident").first).to_have_text(grown, use_inner_text=True)
    page.context.close()


def test_a_job_forgets_the_time_of_an_alert(new_page, settled, own_server: Running) -> None:
    assert own_server.http.get("/api/v1/jobs/shop").json()["replay_time"] is None
    page = new_page(base_url=own_server.url)
    page.goto("/alerts?job=shop")
    settled(page)
    row = page.locator(".alert-row")
    row.get_by_role("button", name="Actions of this alert").click()
    row.get_by_role("button", name="This was expected").click()
    dialog = page.get_by_role("dialog", name="This was expected")
    expect(dialog.get_by_role("radio", name="Forget it")).to_be_checked()  # as the job is closed
    dialog.get_by_role("button", name="Forget it").click()
    expect(row.locator(".alert-notes")).to_contain_text("expected, forgotten")
    assert own_server.http.get("/api/v1/jobs/shop").json()["replay_time"] is not None
    page.context.close()


def test_a_job_that_has_read_nothing_is_waited_for(new_page, settled, own_server: Running) -> None:
    config = {"analysis_config": {"detectors": [{"function": "count"}]}, "data_description": {}}
    own_server.http.put("/_ml/anomaly_detectors/fresh", json=config).raise_for_status()
    page = new_page(base_url=own_server.url)
    page.goto("/?job=fresh")
    settled(page)
    expect(page.get_by_role("main")).to_contain_text("No job has read a row yet")
    expect(page.get_by_role("main")).not_to_contain_text("Nothing was odd")
    page.context.close()


def test_when_the_server_is_gone_the_page_says_since_when(new_page, settled, own_server: Running) -> None:
    page = new_page(expected=("ERR_",), base_url=own_server.url)
    page.goto("/?job=hosts")
    settled(page)
    own_server.stop()
    expect(page.get_by_role("status").filter(has_text="Last update")).to_be_visible()
    assert page.locator(".incident").count() > 0
    page.context.close()


def test_a_server_that_demands_a_key_asks_for_it_once(new_page, settled, axe, shot, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    key_id, secret, _ = made_key(data_dir, "read")
    with Running(data_dir, environment={"BAROGRAPH_AUTH": "required"}) as guarded:
        page = new_page(expected=("401",), base_url=guarded.url)
        page.goto("/explorer")
        dialog = page.get_by_role("dialog", name="Sign in")
        expect(dialog).to_be_visible()
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            axe(page)
            shot(page, f"sign-in-{theme}")
        dialog.get_by_label("Key").fill("no:key")
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog.get_by_role("alert")).to_have_text("The server does not know this key.")
        dialog.get_by_label("Key").fill(f"{key_id}:{secret}")
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog).to_have_count(0)
        page.goto("/")
        settled(page)
        expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
        assert secret not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("group", name="Settings")).to_contain_text("Signed in with the key for read, role read")
        page.get_by_role("button", name="Sign out").click()
        expect(dialog).to_be_visible()
        page.context.close()
