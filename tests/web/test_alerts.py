"""Alerts on the page: in the explorer, in their list, and the rules that raise them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import alerted, exact
from tests.web.conftest import opener, settle

Check = Callable[[Page], None]
ACTIVE = f"web~{alerted.JOB}~5"
WHEN = "from=2026-01-01T00:00Z&to=2026-01-04T08:00Z"


@pytest.fixture(scope="module")
def alerting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the store with alerts."""
    data_dir = tmp_path_factory.mktemp("alerted") / "data"
    alerted.make(data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture
def at(alerting: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    return opener(new_page, alerting.url)


def both(page: Page, axe: Check) -> None:
    """Look at a page in both themes."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        axe(page)


def middle(page: Page, test_id: str, column: int) -> tuple[float, float]:
    """The middle of a column of something that is drawn over the time of the lanes, in the window."""
    box = page.get_by_test_id(test_id).bounding_box()
    assert box is not None
    return box["x"] + (column + 0.5) * box["width"] / 80, box["y"] + box["height"] / 2


def test_the_explorer_has_a_line_of_alerts_on_the_time_axis_of_the_lanes(
    at: Callable[..., Page], alerting: Running, axe: Check, shot: Callable[..., Path]
) -> None:
    page = at(f"/explorer?job={alerted.JOB}")
    panel = page.get_by_role("region", name="Alerts", exact=True)
    numbers = {
        name: panel.locator(f".panel-head [data-status={name}]").inner_text() for name in ("active", "recovered", "untracked")
    }
    assert numbers == {"active": "1", "recovered": "4", "untracked": "1"}
    rows = [row.split() for row in panel.locator("tbody tr").all_inner_texts()]
    assert sorted(row[:5] for row in rows) == [["busy", "0", "3", "1", "4"], ["web", "1", "1", "0", "2"]]
    points = panel.locator("circle")
    assert sum(int(point.get_attribute("data-alerts") or 0) for point in points.all()) == 6
    assert [point.get_attribute("data-column") for point in points.all()] == ["1", "3", "5", "6", "7"]
    line, lane = page.get_by_test_id("alerts-line").bounding_box(), page.get_by_test_id("overall-lane").bounding_box()
    assert line is not None
    assert lane is not None
    assert abs(line["x"] - lane["x"]) <= 1
    assert abs(line["width"] - lane["width"]) <= 1
    page.get_by_test_id("alerts-line").scroll_into_view_if_needed()
    page.mouse.move(*middle(page, "alerts-line", 3))
    expect(page.locator(".tooltip")).to_contain_text("2 recovered")
    cursor = page.get_by_test_id("overall-lane").locator(".lanes-cursor").bounding_box()
    assert cursor is not None
    assert abs(cursor["x"] - middle(page, "overall-lane", 3)[0]) <= 1
    page.mouse.move(0, 0)
    both(page, axe)
    shot(page, "alerts-explorer")


def test_a_cell_tells_of_the_alerts_of_just_its_buckets(at: Callable[..., Page], axe: Check) -> None:
    page = at(f"/explorer?job={alerted.JOB}")
    told = page.get_by_role("dialog", name="What is selected")
    for column, counts in (
        (3, {"active": "0", "recovered": "2", "untracked": "0"}),
        (7, {"active": "1", "recovered": "0", "untracked": "0"}),
    ):
        page.mouse.click(*middle(page, "overall-lane", column))
        settle(page)
        alerts = told.get_by_role("region", name="Alerts")
        assert {name: alerts.locator(f"[data-status={name}]").inner_text() for name in counts} == counts
    expect(alerts).to_contain_text(f"host={alerted.HOSTILE}")
    axe(page)
    page.mouse.click(*middle(page, "overall-lane", 2))
    settle(page)
    expect(told).to_be_visible()
    expect(told.get_by_role("region", name="Alerts")).to_have_count(0)
    page.goto(f"/explorer?job={alerted.JOB}&from=2026-01-02T00:00Z&to=2026-01-03T00:00Z")
    settle(page)
    expect(page.get_by_role("region", name="Alerts", exact=True)).to_have_count(0)


def test_an_alert_is_acknowledged_muted_and_said_to_have_been_expected(
    at: Callable[..., Page], alerting: Running, axe: Check, shot: Callable[..., Path]
) -> None:
    page = at(f"/alerts?{WHEN}&open={ACTIVE}")
    rows = page.locator(".alert-row")
    expect(rows).to_have_count(6)
    first = rows.first
    expect(first).to_have_attribute("data-alert", ACTIVE)
    expect(first.get_by_role("heading").first).to_have_text(
        re.compile(r"^Mean of ms of host=<img .*: 3\.2x higher than usual \(320 instead of 100\)$")
    )
    expect(first.locator("pre")).to_contain_text(f"host={alerted.HOSTILE}")
    expect(first.locator(".alert-history")).to_contain_text("Raised with a score of 88")
    both(page, axe)
    shot(page, "alerts-list", full_page=True)
    for what, shown in (("acknowledge", "Acknowledged"), ("unacknowledge", "Acknowledge")):  # by somebody else, elsewhere
        alerting.http.post(f"/api/v1/alerts/{ACTIVE}/{what}", json={"note": ""}).raise_for_status()
        expect(first.get_by_role("button", name=shown, exact=True)).to_be_visible()
    first.get_by_role("button", name="Hide details").focus()
    page.keyboard.press("a")
    expect(first.get_by_role("button", name="Acknowledged")).to_be_visible()
    expect(first.locator(".alert-notes")).to_contain_text("acknowledged, just now")
    first.get_by_role("button", name="Actions of this alert").click()
    first.get_by_role("button", name="Mute").click()
    page.get_by_role("dialog", name="Mute").get_by_role("button", name="Mute").click()
    expect(page.get_by_text(f"host {alerted.HOSTILE} is muted.")).to_be_visible()
    first.get_by_role("button", name="Actions of this alert").click()
    first.get_by_role("button", name="This was expected").click()
    asked = page.get_by_role("dialog", name="This was expected")
    asked.get_by_role("radio", name="Plan it").check()
    asked.get_by_label("What it was").fill("Sale")
    axe(page)
    asked.get_by_role("button", name="Plan it").click()
    expect(first.locator(".alert-notes")).to_contain_text("expected, planned")
    told = alerting.http.get(f"/api/v1/alerts/{ACTIVE}").json()
    assert (told["acknowledged"]["by"], told["expected"]) == (None, "planned")
    [event] = alerting.http.get(f"/api/v1/calendars/{alerted.JOB}-expected/events").json()["events"]
    assert (event["description"], event["start"]) == ("Sale", exact.START + 7 * exact.HOUR)
    assert alerting.http.get("/api/v1/rules/web").json()["mutes"][0]["entity"] == {"host": alerted.HOSTILE}
    page.get_by_role("group", name="Status").get_by_role("button", name="untracked").click()
    expect(rows).to_have_count(1)
    assert parse_qs(urlsplit(page.url).query)["status"] == ["untracked"]


def test_who_has_a_rule_is_not_told_to_make_one(at: Callable[..., Page]) -> None:
    page = at("/alerts?from=2031-01-01T00:00Z&to=2031-01-02T00:00Z")
    expect(page.get_by_text("No alert began in this time.")).to_be_visible()
    expect(page.get_by_text("A rule tells of what comes after it was made")).to_be_visible()
    page.route(re.compile(r"/api/v1/rules(\?|$)"), lambda route: route.fulfill(json={"total": 0, "rules": []}))
    page.reload()
    expect(page.get_by_role("link", name="make one")).to_be_visible()


BUSY_SOON = """async (panel) => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    return panel.getAttribute('aria-busy');
}"""


def test_a_rule_is_tried_on_past_data_before_it_is_made(
    at: Callable[..., Page], alerting: Running, axe: Check, shot: Callable[..., Path]
) -> None:
    page = at(f"/rules/new?job={alerted.JOB}", expected=("400",))
    past = page.get_by_role("region", name="On past data")
    asked = {"rule": {"rule_id": "mine", "jobs": [alerted.JOB]}, "from": None, "to": None}
    tried = alerting.http.post("/api/v1/rules/test", json=asked).json()
    assert tried["total"] > 0
    expect(past.locator(".headline")).to_contain_text(f"{tried['total']} alert")
    expect(past.locator(".told-list li")).to_have_count(tried["total"])
    ends = "bars => bars.map((bar) => bar.parentElement.getBoundingClientRect().right - bar.getBoundingClientRect().right)"
    assert min(past.locator(".when-told .bar").evaluate_all(ends)) > -0.5
    both(page, axe)
    shot(page, "rule-new", full_page=True)
    settle(page)
    page.get_by_label("Name").fill("mine")
    assert past.evaluate(BUSY_SOON) == "false"  # what it would have told does not depend on what it is called
    past.get_by_role("button", name=re.compile("^50")).click()
    assert past.evaluate(BUSY_SOON) == "true"
    expect(page.get_by_label("From a score of", exact=True)).to_have_value("50")
    page.get_by_label("Alerts a week").fill("3")
    page.get_by_role("button", name="Make the rule").click()
    page.wait_for_url("**/rules/mine")
    settle(page)
    made = alerting.http.get("/api/v1/rules/mine").json()
    assert (made["min_score"], made["budget"], made["jobs"]) == (50, 3, [alerted.JOB])
    all_day = [{"from": "00:00", "to": "12:00", "time_zone": "UTC"}, {"from": "12:00", "to": "00:00", "time_zone": "UTC"}]
    alerting.http.put("/api/v1/rules/mine", json=asked["rule"] | {"min_score": 50, "quiet_hours": all_day}).raise_for_status()
    page.reload()
    settle(page)
    held = alerting.http.post("/api/v1/rules/test", json={**asked, "rule": asked["rule"] | {"min_score": 50}}).json()["total"]
    expect(past).to_contain_text(f"0 would have been sent at once, {held} held back by quiet hours")
    page.get_by_label("Not older than").fill("soon")
    page.get_by_label("Not older than").blur()
    expect(page.get_by_role("alert").first).to_contain_text("lookback: wanted")
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_role("button", name="Actions of the rule").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete mine?").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/alerts")
    expect(page.get_by_role("complementary", name="Rules")).not_to_contain_text("mine")


def test_nothing_of_alerts_is_wider_than_a_phone(at: Callable[..., Page]) -> None:
    page = at(f"/explorer?job={alerted.JOB}", viewport={"width": 390, "height": 844}, has_touch=True)
    for path in (f"/alerts?open={ACTIVE}", "/rules/web"):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto(path)
        settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
