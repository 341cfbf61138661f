"""Several features that are judged together: grades, who is to blame, what was expected, and what was noticed late."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.running import Running
from tests.web import forests
from tests.web.conftest import opener, settle


@pytest.fixture(scope="module")
def forested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the store with a forest detector."""
    data_dir = tmp_path_factory.mktemp("forests") / "data"
    forests.make(data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture
def at(forested: Running, new_page: Callable[..., Page]) -> Callable[..., Page]:
    return opener(new_page, forested.url)


def test_only_a_grade_makes_an_anomaly_and_learning_is_shaded(
    at: Callable[..., Page], axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    page = at("/features?job=processes&open=2021-11-02T20:11Z", color_scheme="dark")
    expect(page.get_by_role("link", name="Features")).to_have_attribute("aria-current", "page")
    strips = page.get_by_test_id("strips")
    marks = strips.locator("[data-anomaly]")
    assert [mark.get_attribute("data-anomaly") for mark in marks.all()] == [str(forests.LATE), str(forests.ODD)]
    assert strips.locator("[data-learning]").count() > 0
    assert strips.locator("[data-off]").count() == 6  # between seven results, none of which follows another
    expect(page.get_by_text("hatched: no result, as the detector was off or there were no rows")).to_be_visible()
    for name, text in (("grade", "0.551"), ("confidence", "0.975"), ("score", "1.14"), ("threshold", "1")):
        expect(page.get_by_test_id(name)).to_contain_text(text)
    expect(page.locator(".feature-details")).to_contain_text("processes_entity_")
    axe(page)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    axe(page)
    shot(page, "features", full_page=True)


HATCHED = """async ([data, range, now, waiting]) => {
    const prefix = document.querySelector('script[type=module][src]').src.replace('/app.mjs', '');
    return (await import(`${prefix}/pages/features/strips.mjs`)).off(data, range, now, waiting);
}"""


def test_the_newest_gap_is_hatched_once_its_result_is_overdue(at: Callable[..., Page]) -> None:
    page = at("/features?job=plain")
    data = {"t": [0, 10, 40], "all_points": 3, "bucket_span_ms": 10, "latency_ms": 5}
    inside = [20, 40]
    for to, now, waiting, last in [
        (500, 60, None, []),  # the bucket from 50 on has ended; rows of it may come, and then its result
        (500, 74, None, []),
        (500, 75, None, [[50, 75]]),
        (60, 500, None, [[50, 60]]),  # a range that has long ended
        (60, 500, [50, 60], []),  # it is where rows end, and its bucket is open until there are later ones
        (90, 500, [50, 60], [[60, 90]]),
        (90, 500, [70, 80], [[50, 70], [80, 90]]),
        (55, 500, None, []),
        (80, None, None, [[50, 80]]),
    ]:
        assert page.evaluate(HATCHED, [data, [0, to], now, waiting]) == [inside, *last], (to, now, waiting)


def test_it_is_told_when_a_detector_has_looked_and_looks_next(at: Callable[..., Page], shot: Callable[..., Path]) -> None:
    page = at("/features?job=processes")
    expect(page.get_by_test_id("strips")).to_be_visible()
    expect(page.get_by_test_id("looks")).to_have_count(0)  # its rows come by themselves
    window = [forests.ODD, forests.ODD + forests.MINUTE]
    looks = {
        "every_ms": 300_000,
        "next_ms": window[1] + 420_000,
        "window": window,
        "ran": [window[1] + 120_000, window[1] + 120_450],
    }

    def looked(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"looks": looks})

    page.route("**/features?*entity=*", looked)
    page.reload()
    told = page.get_by_test_id("looks")
    expect(told).to_have_text(
        "Looks every 5 minutes, next at 08:33. It last looked at 3 Nov 2021, 08:25 – 08:26, 2 minutes after that had ended: "
        "at 08:28, for 450ms."
    )
    shot(page, "features-looks")
    looks |= {"next_ms": None, "window": None, "ran": None}
    page.reload()
    expect(told).to_have_text("Does not look any more.")


def test_blame_adds_up_and_all_that_was_expected_is_listed(at: Callable[..., Page]) -> None:
    page = at("/features?job=processes&open=2021-11-03T08:25Z")
    shares = [float(one.get_attribute("data-share") or 0) for one in page.locator("[data-share]").all()]
    assert shares == sorted(forests.SHARES, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    first = page.locator(".attribution li").first
    expect(first).to_contain_text("processing time max")
    expect(first).to_contain_text("77 %")
    row = page.locator(".feature-values tbody tr").first
    assert [cell.split()[0] for cell in row.locator("td.number").all_inner_texts()] == ["11,422", "23,379"]
    charts = page.get_by_role("region", name="Features").get_by_role("heading")
    expect(charts.first).to_contain_text("processing time max")
    words = page.locator(".feature-details p").all_inner_texts()
    assert words[0].startswith("Grade 0.27 of 1, 11 as a score: it lies 0.31 times as far above the threshold of 1.1")
    assert words[1].startswith("To blame: processing time max (77 %), 11,422 where 23,379 was expected: 2x lower than usual;")
    expect(page.get_by_test_id("late")).to_have_count(0)


def test_what_was_noticed_late_began_before(at: Callable[..., Page]) -> None:
    page = at("/features?job=processes")
    page.get_by_role("button", name="Show the anomaly at 2 Nov 2021, 20:11").click()
    settle(page)
    expect(page.get_by_test_id("late")).to_contain_text("4 minutes late")
    expect(page.get_by_test_id("strips").locator("[data-late]")).to_have_count(1)
    heads = page.locator(".feature-values th.number").all_inner_texts()
    assert heads == ["When it began", "When noticed", "Expected (70 %)", "Or (30 %)"]
    row = page.locator(".feature-values tbody tr").first.locator("td.number").all_inner_texts()
    assert row == ["8,440", "9,670", "15,713", "31,000"]
    lane = page.get_by_test_id("grade-lanes").get_by_role("grid")
    lane.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Control+ArrowRight")
    expect(page.get_by_test_id("grade-lanes").get_by_role("gridcell")).to_contain_text("process_3, 2 Nov 2021")
    expect(page.get_by_test_id("grade-lanes").get_by_role("gridcell")).to_contain_text("grade 0.551, minor")


def test_who_chooses_nothing_is_shown_a_detector_and_its_worst_entity(at: Callable[..., Page]) -> None:
    page = at("/features")
    expect(page.get_by_role("heading", level=1)).to_have_text("process_name process_3")
    picker = page.get_by_role("button", name="Jobs: processes")
    picker.click()
    expect(page.get_by_role("radio")).to_have_count(2)
    page.goto("/features?job=regions")
    settle(page)
    assert page.locator(".lane-fields span").all_inner_texts() == ["region", "host"]
    lanes = [label.split() for label in page.locator(".lane-label").all_inner_texts()]
    assert lanes == [["eu", "a"], ["c"], ["us", "b"]]  # the region of the worst first, and each of its hosts below it
    page.get_by_role("button", name="us b").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("region us, host b")


def test_a_job_of_single_measures_has_no_features_and_a_phone_has_room(at: Callable[..., Page]) -> None:
    page = at("/features?job=plain", viewport={"width": 390, "height": 844})
    expect(page.get_by_role("main")).to_contain_text("plain looks at each of its measures by itself")
    page.goto("/features?job=processes&open=2021-11-02T20:11Z")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
