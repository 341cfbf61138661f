"""Making jobs in the page: from a file that is dropped, and step by step."""

import base64
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from barograph.samples import NYC_TAXI
from tests.api.running import Running
from tests.web.conftest import settle

SHARED = Path(__file__).parents[3] / "shared" / "data" / "nab" / "realKnownCause" / "nyc_taxi.csv.gz"
A_MINUTE_MS = 60_000

_DROP = """async ([name, text]) => {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name));
    for (const type of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
}"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without jobs."""
    with Running(tmp_path_factory.mktemp("wizard") / "data") as running:
        yield running


@pytest.fixture
def page(own: Running, new_page: Callable[..., Page]) -> Page:
    return new_page(base_url=own.url)


def hosts(hours: int = 240) -> bytes:
    lines = ["when,host,load,users"]
    for hour in range(hours):
        for host in ("a", "b", "c"):
            load = 900 if (hour, host) == (200, "b") else 50 + (hour % 24) + (hour * 7) % 5
            lines.append(f"{1_767_225_600 + 3600 * hour},{host},{load},{hour % 11}")
    return "\n".join(lines).encode()


def events(rows: int = 1_500) -> bytes:
    lines = ["when,user,process,bytes,place,text"]
    texts = (
        "Accepted password for user u{n} from 10.0.0.{n}",
        "Request /items/{n} took {n} ms",
        "Disk {n} of the array has failed",
    )
    for at in range(rows):
        text = texts[at % 7 % 3].format(n=at % 17)
        place = f'"{52 + at % 5 / 10},13.{at % 9}"'
        time, process = 1_767_225_600 + 240 * at, ("vim", "git", "bash")[at % 3]
        lines.append(f"{time},u{at % 12},{process},{100 + at * 7 % 90},{place},{text}")
    return "\n".join(lines).encode()


def choose(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(file)
    expect(page.locator(".found-head")).to_be_visible()


def test_a_file_dropped_anywhere_is_a_running_job_with_results_in_a_minute(page: Page, own: Running) -> None:
    content = SHARED.read_bytes() if SHARED.exists() else NYC_TAXI.data_file.read_bytes()
    page.goto("/explorer")
    settle(page)
    began = page.evaluate("performance.now()")
    page.evaluate(_DROP, ["nyc_taxi.csv.gz", base64.b64encode(content).decode()])
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("10,320 rows")
    asked.get_by_role("button", name="Start the job").click()
    page.wait_for_url("**/jobs/nyc_taxi", timeout=A_MINUTE_MS)
    expect(page.locator(".worst tbody tr")).to_have_count(5, timeout=A_MINUTE_MS)
    assert page.evaluate("performance.now()") - began < A_MINUTE_MS
    told = own.http.get("/api/v1/jobs/nyc_taxi").json()
    assert (told["state"], told["rows"]) == ("opened", 10_320)
    assert told["contents"]["records"] > 5


def test_times_of_a_file_are_those_that_it_says_whatever_zone_other_jobs_have(new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto("/explorer?job=taxi")
    settle(page)
    rows = [f"2026-01-{1 + hour // 24:02d} {hour % 24:02d}:00:00,{50 + hour % 24}" for hour in range(480)]
    page.evaluate(_DROP, ["local.csv", base64.b64encode("\n".join(["when,load", *rows]).encode()).decode()])
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("1 Jan 2026, 00:00 – 20 Jan 2026, 23:00")
    asked.get_by_role("button", name="Change settings").click()
    expect(page.locator(".found-head")).to_contain_text("1 Jan 2026, 00:00 – 20 Jan 2026, 23:00")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_role("button", name="Next: what to look at").click()
    expect(page.locator(".headline")).to_contain_text("in 1 Jan 2026")


def test_a_file_is_looked_at_tried_and_started(
    page: Page, own: Running, tmp_path: Path, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    file = tmp_path / "Our hosts.csv"
    file.write_bytes(hosts())
    page.goto("/jobs/new")
    settle(page)
    choose(page, file)
    expect(page.get_by_label("Time", exact=True)).to_have_value("when")
    expect(page.locator(".columns-seen")).to_contain_text("numbers")
    axe(page)
    shot(page, "wizard-data")
    page.get_by_role("button", name="Next: what to look at").click()
    expect(page.get_by_label("A series for each")).to_have_value("host")
    expect(page.get_by_text("Each time comes once for each of its 3 values")).to_be_visible()
    preview = page.get_by_role("region", name="What it would have found")
    expect(preview.get_by_text("1 alert", exact=True)).to_be_visible()
    expect(preview.get_by_label("Series")).to_contain_text("b (")
    assert page.get_by_test_id("preview-chart").get_attribute("data-from") == "1767225600000"
    settle(page)
    axe(page)
    shot(page, "wizard-fields")
    page.get_by_label("Bucket span").fill("5m")
    page.get_by_label("Bucket span").blur()
    page.get_by_role("button", name="Use 1h").click()
    expect(page.get_by_label("Bucket span")).to_have_value("1h")
    preview.get_by_label("Series").select_option(label="c")
    settle(page)
    page.get_by_label("A series for each").select_option("")
    expect(preview.get_by_label("Series")).to_be_hidden()
    expect(preview.get_by_test_id("preview-chart")).to_be_visible()
    page.get_by_text("Several measures", exact=True).click()
    page.get_by_label("A series for each").select_option("host")
    expect(preview.get_by_label("Series")).to_be_visible()
    page.get_by_role("button", name="Another measure").click()
    expect(page.get_by_role("group", name="Measure 2")).to_contain_text("users")
    page.get_by_role("button", name="Next: name and start").click()
    expect(page.get_by_label("Name")).to_have_value("our-hosts")
    expect(page.get_by_text("Every hour, per host: mean of load; mean of users; blames host.")).to_be_visible()
    settle(page)
    axe(page)
    shot(page, "wizard-check")
    names_taken = []

    def fed(route: Route) -> None:
        names_taken.append(page.get_by_text("There is a job of this name").count())
        route.continue_()

    page.route("**/jobs/our-hosts/feed", fed)
    page.get_by_role("button", name="Start the job").click()
    page.wait_for_url("**/jobs/our-hosts")
    assert names_taken == [0]  # the job that is being started is in the list by then
    settle(page)
    expect(page.locator(".worst tbody tr").first).to_contain_text("Mean of load of b")
    assert own.http.get("/api/v1/jobs/our-hosts").json()["rows"] == 720


def test_another_kind_keeps_what_fits_and_messages_are_tried_and_started(
    page: Page, own: Running, tmp_path: Path, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    file = tmp_path / "events.csv"
    file.write_bytes(events())
    page.goto("/jobs/new")
    settle(page)
    choose(page, file)
    page.get_by_role("button", name="Next: what to look at").click()
    kinds = page.get_by_role("group", name="Kind of job")
    kinds.get_by_text("Several measures").click()
    page.get_by_label("A series for each").select_option("user")
    kinds.get_by_text("Population").click()
    expect(page.get_by_label("Compare each")).to_have_value("user")
    expect(page.get_by_role("group", name="Measure 1")).to_contain_text("bytes")
    kinds.get_by_text("Rare values").click()
    expect(page.get_by_label("Rare values of")).to_have_value("process")
    expect(page.get_by_label("Among")).to_have_value("user")
    kinds.get_by_text("Times", exact=True).click()
    expect(page.get_by_label("Usual times of each")).to_have_value("user")
    page.get_by_label("Odd at its time of").select_option("time_of_week")
    kinds.get_by_text("Places", exact=True).click()
    expect(page.get_by_label("Places", exact=True)).to_have_value("place")
    expect(page.get_by_label("Usual places of each")).to_have_value("user")
    expect(page.locator(".checks")).not_to_contain_text("place")
    preview = page.get_by_role("region", name="What it would have found")
    expect(preview).to_contain_text("north at the top")
    settle(page)
    axe(page)
    shot(page, "wizard-places")
    kinds.get_by_text("Times", exact=True).click()
    expect(page.get_by_label("Odd at its time of")).to_have_value("time_of_week")
    kinds.get_by_text("One measure").click()
    kinds.get_by_text("Several measures").click()
    expect(page.get_by_label("A series for each")).to_have_value("user")
    kinds.get_by_text("Messages").click()
    expect(page.get_by_label("Messages")).to_have_value("text")
    page.get_by_label("Within each").select_option("")
    expect(preview.get_by_role("heading", name="3 categories of messages")).to_be_visible()
    expect(preview).to_contain_text("Accepted password for user u0 from 10.0.0.0")
    settle(page)
    axe(page)
    shot(page, "wizard-messages")
    page.get_by_role("button", name="Next: name and start").click()
    settle(page)
    page.get_by_role("button", name="Start the job").click()
    page.wait_for_url("**/jobs/events")
    settle(page)
    page.get_by_role("link", name="Categories").click()
    expect(page.locator(".categories tbody tr")).to_have_count(3)
    analysis = own.http.get("/api/v1/jobs/events").json()["config"]["analysis_config"]
    assert analysis["influencers"] == ["user", "process", "mlcategory"]


def test_features_are_judged_together_and_what_they_take_in_memory_is_foretold(
    page: Page, own: Running, tmp_path: Path, axe: Callable[[Page], None], shot: Callable[..., Path]
) -> None:
    file = tmp_path / "fleet.csv"
    file.write_bytes(hosts())
    page.goto("/jobs/new?kind=forest")
    settle(page)
    choose(page, file)
    page.get_by_role("button", name="Next: what to look at").click()
    expect(page.get_by_label("Of each")).to_have_value("host")
    expect(page.get_by_role("group", name="Feature 2").get_by_label("called")).to_have_value("mean users")
    page.get_by_role("group", name="Feature 1").get_by_label("called").fill("load of it")
    page.keyboard.press("Tab")
    page.get_by_role("group", name="Feature 1").get_by_label("Look at the").select_option("max")
    page.get_by_label("Ignored, up to %").fill("30")
    page.get_by_label("Buckets together").fill("4")
    page.get_by_label("Buckets together").blur()
    preview = page.get_by_role("region", name="What it would have found")
    expect(preview.locator(".tried-grades tbody tr").first).to_contain_text("load of it")
    expect(preview.get_by_label("Entity")).to_contain_text("b (")
    expect(preview.get_by_test_id("strips").locator("[data-anomaly]")).not_to_have_count(0)
    expect(preview).to_contain_text("of memory in this trial")
    expect(preview.get_by_test_id("predicted")).to_contain_text("for 6 series; it may have 1 GB.")
    settle(page)
    axe(page)
    shot(page, "wizard-forest")
    page.get_by_role("button", name="Remove feature 2").click()
    page.get_by_text("Several measures", exact=True).click()
    page.get_by_text("Features together", exact=True).click()
    expect(page.get_by_role("group", name="Feature 1").get_by_label("called")).to_have_value("load of it")
    page.get_by_role("button", name="Next: name and start").click()
    page.get_by_role("button", name="Start the job").click()
    page.wait_for_url("**/jobs/fleet")
    settle(page)
    config = own.http.get("/api/v1/jobs/fleet").json()["config"]
    forest = config["forest_config"]
    assert (forest["shingle_size"], forest["rules"][0]["conditions"][0]["value"]) == (4, 0.3)
    assert [one["feature_name"] for one in forest["features"]] == ["load of it", "mean users"]
    assert config["analysis_config"]["influencers"] == ["host"]


def test_what_is_wrong_stands_beside_its_field(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "load.csv.gz"
    file.write_bytes(gzip.compress(hosts(48)))
    page.goto("/jobs/new")
    settle(page)
    choose(page, file)
    page.get_by_role("link", name="What to look at").click()
    span = page.get_by_label("Bucket span")
    span.fill("0.5h")
    span.blur()
    expect(page.locator(".field", has=span)).to_contain_text("Wanted")
    assert span.get_attribute("aria-invalid") == "true"
    page.get_by_role("link", name="Name and start").click()
    expect(page.get_by_role("alert")).to_contain_text("analysis_config.bucket_span")
    expect(page.get_by_role("button", name="Start the job")).to_be_disabled()
    page.get_by_role("link", name="What to look at").click()
    span.fill("1h")
    span.blur()
    expect(page.locator(".wrong")).to_have_count(0)


def test_a_draft_outlives_the_page_and_can_be_given_up(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_bytes(hosts(48))
    page.goto("/jobs/new")
    settle(page)
    choose(page, file)
    page.get_by_role("link", name="Name and start").click()
    settle(page)
    page.get_by_label("Description").fill("mine")
    page.get_by_label("Description").blur()
    page.wait_for_function("() => (localStorage.getItem('barograph.draft') ?? '').includes('mine')")
    page.goto("/jobs")
    settle(page)
    page.goto("/jobs/new?step=check")
    settle(page)
    expect(page.get_by_label("Description")).to_have_value("mine")
    expect(page.get_by_text("It reads all rows of kept.csv")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()


def test_a_document_is_checked_as_it_is_typed(page: Page, own: Running) -> None:
    page.goto("/jobs/new?kind=advanced&step=fields")
    settle(page)
    text = page.get_by_label("Settings as JSON")
    text.fill("{")
    expect(page.get_by_text("This is no JSON")).to_be_visible()
    text.fill('{"job_id": "typed", "analysis_config": {"detectors": [{"function": "maen"}]}}')
    expect(page.get_by_text("did you mean 'mean'?")).to_be_visible()
    text.fill('{"job_id": "typed", "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "count"}]}}')
    page.get_by_role("button", name="Next: name and start").click()
    page.get_by_role("button", name="Start the job").click()
    page.wait_for_url("**/jobs/typed")
    settle(page)
    expect(page.locator(".sentence")).to_contain_text("Running, has read nothing yet")
    assert own.http.get("/api/v1/jobs/typed").json()["config"]["analysis_config"]["bucket_span"] == "1h"


def test_a_file_that_is_no_table_says_what_it_is(new_page: Callable[..., Page], own: Running, tmp_path: Path) -> None:
    page = new_page(base_url=own.url, expected=("400",))
    file = tmp_path / "twice.csv"
    file.write_bytes(b"a,a\n1,2\n")
    page.goto("/jobs/new")
    settle(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(file)
    expect(page.get_by_role("alert")).to_contain_text("twice.csv")
    expect(page.get_by_role("alert")).to_contain_text("each column's name once")
