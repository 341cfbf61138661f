"""The overview: incidents as sentences, jobs, and what there is to do when there are none."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running

Open = Callable[[str], Page]


def test_incidents_are_sentences_the_worst_first(open_page: Open, server: Running) -> None:
    page = open_page("/?job=taxi")
    told = server.http.get("/api/v1/incidents", params={"job": "taxi"}).json()
    rows = page.locator(".incident")
    expect(rows).to_have_count(20)
    scores = [int(text) for text in rows.locator(".how-bad strong").all_text_contents()]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == int(told["incidents"][0]["score"])
    expect(rows.first).to_contain_text("Mean of passengers: 1.6x higher than usual (39,197 instead of 23,991)")
    expect(rows.first).to_contain_text("critical")
    expect(page.get_by_role("heading", name="Resolved")).to_contain_text(str(told["total"]))
    page.get_by_role("button", name=f"Show more ({told['total'] - 20} left)").click()
    expect(rows).to_have_count(min(40, told["total"]))
    expect(page).to_have_url(re.compile("shown=40"))


def test_the_likely_cause_is_said_where_it_is_not_the_worst(open_page: Open, server: Running) -> None:
    told = server.http.get("/api/v1/incidents", params={"job": "hosts"}).json()["incidents"]
    others = [one["likely_cause"]["how"] for one in told if one["likely_cause"] != one["worst"]]
    assert others
    page = open_page("/?job=hosts")
    expect(page.locator(".incident")).to_have_count(len(told))
    hints = page.locator(".incident p", has_text="A hint at the cause: ").all_text_contents()
    assert len(hints) == len(others)
    assert all(hint.endswith(how) for hint, how in zip(hints, others, strict=True))


def test_a_likely_cause_that_is_all_of_its_measure_is_named_once(page: Page, open_page: Open, server: Running) -> None:
    told = server.http.get("/api/v1/incidents", params={"job": "hosts", "size": 1}).json()
    names = [f"{role}_field_{part}" for role in ("partition", "by", "over") for part in ("name", "value")]
    cause = told["incidents"][0]["likely_cause"] | dict.fromkeys(names) | {"what": "count", "how": "low"}
    told["incidents"][0] |= {"likely_cause": cause, "series": 2}
    page.route("**/api/v1/incidents*", lambda route: route.fulfill(json=told))
    open_page("/?job=hosts")
    expect(page.locator(".incident p", has_text="A hint at the cause")).to_have_text("A hint at the cause: count low")


def test_an_incident_leads_to_the_explorer_at_its_time_and_to_its_series(open_page: Open) -> None:
    page = open_page("/?job=hosts")
    row = page.locator(".incident", has_text="all of region eu").first
    to_series = row.locator("a.picture").get_attribute("href")
    assert to_series is not None
    assert "job=hosts" in to_series
    assert re.search(r"e\.host=web-\d\d", to_series)
    row.get_by_role("heading").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/explorer\?job=hosts&from=[\d\-T:]+Z&to=[\d\-T:]+Z&sel=2026-01-13T\d\d:00Z~2026"))


def test_an_incident_is_reached_and_opened_by_keyboard(open_page: Open, settled) -> None:
    page = open_page("/?job=hosts")
    named = "document.activeElement.closest('.incident') !== null && document.activeElement.closest('h3, h2') !== null"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(named):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    settled(page)
    expect(page).to_have_url(re.compile(r"/explorer\?job=hosts&from="))


def test_filters_are_in_the_url_and_what_they_hide_is_said(open_page: Open, settled) -> None:
    page = open_page("/?job=hosts")
    page.get_by_role("searchbox", name="Text in incidents").fill("nobody at all")
    expect(page).to_have_url(re.compile("q=nobody"))
    expect(page.get_by_role("main")).to_contain_text(
        re.compile("incidents in this time, and none with the text “nobody at all”")
    )
    page.get_by_role("link", name="Show all of them").click()
    settled(page)
    assert page.locator(".incident").count() > 1
    open_page("/?job=shop")  # which is closed
    page.get_by_role("button", name="Ongoing", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("none with the status “ongoing”")
    page.go_back()
    settled(page)
    assert page.locator(".incident").count() > 1


def test_a_quiet_time_is_said_to_be_quiet(open_page: Open) -> None:
    page = open_page("/?job=taxi&from=2014-07-15T03:00Z&to=2014-07-15T04:00Z")
    expect(page.get_by_role("main")).to_contain_text("Nothing was odd enough for an incident, 14 Jul 2014, 23:00")


def test_an_empty_store_offers_the_sample_which_then_shows_itself(new_page, settled, axe, shot, tmp_path: Path) -> None:
    with Running(tmp_path / "data") as empty:
        page = new_page(base_url=empty.url)
        page.goto("/")
        settled(page)
        expect(page.get_by_role("link", name="Create a job")).to_have_attribute("href", re.compile("^/jobs/new"))
        axe(page)
        shot(page, "overview-empty")
        page.get_by_role("button", name="Load the sample data").click()
        expect(page.locator(".incident")).to_have_count(20)
        settled(page)
        expect(page.locator(".jobs-now")).to_contain_text("nyc_taxi")
        page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_of_a_series_is_drawn_with_its_bounds(open_page: Open, shot, theme: str) -> None:
    page = open_page(f"/?job=taxi&theme={theme}")
    spark = page.locator(".spark").first
    for part in ("path.band", "path.line"):
        assert len(spark.locator(part).get_attribute("d") or "") > 100
    shot(page, f"overview-taxi-{theme}")
