"""What is looked at: jobs, time and zone, all of it in the URL."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.web.sample import DAY_MS, DAYS, START_MS

Open = Callable[[str], Page]


def keys(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def time_button(page: Page):
    return page.get_by_role("group", name="Time", exact=True).locator("button[popovertarget]")


def choose_time(page: Page, name: str, column: int = 0) -> None:
    time_button(page).click()
    page.locator(".range-columns > div").nth(column).get_by_role("button", name=name).click()


def test_without_a_choice_all_data_are_looked_at(open_page: Open) -> None:
    page = open_page("/?job=hosts")
    expect(time_button(page)).to_have_text("Time: All data, 1 Jan \u2013 14 Jan 2026")
    assert keys(page) == {"job": ["hosts"]}


def test_a_quick_range_until_now_stays_relative_and_a_copied_link_does_not(open_page: Open, settled) -> None:
    page = open_page("/?job=hosts")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose_time(page, "Last 7 days")
    settled(page)
    assert keys(page)["from"] == ["now-7d"]
    expect(time_button(page)).to_have_text("Time: Last 7 days")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link is copied")).to_be_visible()
    copied = parse_qs(urlsplit(page.evaluate("navigator.clipboard.readText()")).query)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", copied["from"][0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", copied["to"][0])


def test_time_is_shifted_by_half_and_doubled_and_back_undoes_it(open_page: Open, settled) -> None:
    page = open_page("/?job=hosts&from=2026-01-05T00:00Z&to=2026-01-07T00:00Z")
    page.get_by_role("button", name="Later").click()
    assert (keys(page)["from"], keys(page)["to"]) == (["2026-01-06T00:00Z"], ["2026-01-08T00:00Z"])
    page.keyboard.press("[")
    expect(page).to_have_url(re.compile("from=2026-01-05T00"))
    page.keyboard.press("z")
    assert (keys(page)["from"], keys(page)["to"]) == (["2026-01-04T00:00Z"], ["2026-01-08T00:00Z"])
    page.go_back()
    expect(time_button(page)).to_have_text("Time: 5 Jan 2026 \u2013 6 Jan 2026")


def test_an_exact_range_is_in_the_zone_of_the_job(open_page: Open) -> None:
    page = open_page("/?job=taxi")
    time_button(page).click()
    form = page.locator("form.exact")
    expect(form).to_contain_text("America/New_York")
    form.get_by_label("From").fill("2014-11-02T00:00")
    form.get_by_label("To").fill("2014-11-03T00:00")
    form.get_by_role("button", name="Show").click()
    assert (keys(page)["from"], keys(page)["to"]) == (["2014-11-02T04:00Z"], ["2014-11-03T05:00Z"])
    time_button(page).click()
    form.get_by_label("To").fill("2014-11-01T00:00")
    form.get_by_role("button", name="Show").click()
    expect(form.get_by_role("alert")).to_have_text("The start must be before the end.")


def test_the_end_of_the_data_is_a_place_to_start_from(open_page: Open) -> None:
    page = open_page("/?job=hosts")
    choose_time(page, "Last 7 days", column=1)
    end = START_MS + DAYS * DAY_MS
    assert keys(page)["to"] == [page.evaluate("(ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z')", end)]


def test_jobs_and_groups_are_chosen_together(open_page: Open, settled) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Jobs: All jobs").click()
    page.get_by_role("checkbox", name=re.compile("^sales")).check()
    page.get_by_role("checkbox", name=re.compile("^hosts")).check()
    settled(page)
    assert keys(page)["job"] == ["sales", "hosts"]
    page.keyboard.press("Escape")
    expect(page.locator(".looked-at")).to_contain_text("sales and 1 more")
    expect(page.locator(".jobs-now li")).to_have_count(2)
    page.reload()
    settled(page)
    expect(page.locator(".jobs-now li")).to_have_count(2)


def test_the_zone_changes_every_time_on_the_page(open_page: Open, settled) -> None:
    page = open_page("/?job=taxi")
    expect(page.locator(".incident").first).to_contain_text("2 Nov 2014, 01:00 GMT-4 – 05:00")
    page.get_by_role("button", name="Times are in America/New_York").click()
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("Europe/Ber")
    zone.press("Enter")
    settled(page)
    assert keys(page)["tz"] == ["Europe/Berlin"]
    expect(page.locator(".incident").first).to_contain_text("2 Nov 2014, 06:00")
    expect(page.locator(".top .zone")).to_have_text("Berlin")


def test_what_cannot_be_used_in_the_url_is_left_out_and_told(open_page: Open) -> None:
    page = open_page("/?job=hosts&job=nobody&from=yesterday&min=bad&status=gone")
    main = page.get_by_role("main")
    for text in ("from=yesterday", "min=bad", "status=gone", "no job or group nobody"):
        expect(main).to_contain_text(text)
    assert page.locator(".incident").count() > 1
    expect(time_button(page)).to_have_text("Time: All data, 1 Jan \u2013 14 Jan 2026")


def test_a_link_shows_the_same_in_another_browser(open_page: Open, new_page, settled) -> None:
    page = open_page("/?job=hosts&status=resolved&min=50&tz=Asia/Tokyo&theme=dark&from=2026-01-08T00:00Z&to=2026-01-14T00:00Z")
    other = new_page(viewport={"width": 1000, "height": 800})
    other.goto(page.url)
    settled(other)
    assert page.locator(".incident").all_inner_texts() == other.locator(".incident").all_inner_texts()
    assert other.locator(".incident").count() > 0
    assert other.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 27)"


def test_the_theme_follows_the_system_until_one_is_chosen(new_page, settled) -> None:
    page = new_page(color_scheme="dark")
    page.goto("/")
    settled(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(16, 21, 27)"
    page.keyboard.press("t")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.reload()
    settled(page)
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(ground) == "rgb(16, 21, 27)"


def test_single_keys_are_listed_and_can_be_turned_off(open_page: Open, axe) -> None:
    page = open_page("/?job=hosts")
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(listed).to_contain_text("Zoom out to twice the time")
    axe(page)
    listed.get_by_role("checkbox", name="Use single keys").uncheck()
    page.keyboard.press("Escape")
    expect(listed).to_have_count(0)
    page.keyboard.press("z")
    page.keyboard.press("?")
    assert "from" not in keys(page)
    expect(listed).to_have_count(0)


@pytest.mark.parametrize("opened", ["jobs", "time", "settings"])
def test_what_opens_is_good_for_people_who_do_not_see_or_point(open_page: Open, axe, shot, opened: str) -> None:
    page = open_page("/?job=hosts")
    button = {"jobs": page.locator(".looked-at > button"), "time": time_button(page)}.get(
        opened, page.get_by_role("button", name="Settings")
    )
    button.focus()
    page.keyboard.press("Enter")
    axe(page)
    shot(page, f"opened-{opened}")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_nothing_is_wider_than_a_phone(new_page, settled) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    for path in ("/", "/explorer", "/series", "/jobs", "/jobs/hosts", "/jobs/new", "/calendars"):
        page.goto(path)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
