"""The explorer on scores known to the last digit."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api.running import Running
from tests.web import exact


@pytest.fixture(scope="session")
def exactly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the store with known scores."""
    data_dir = tmp_path_factory.mktemp("exact") / "data"
    exact.make(data_dir)
    with Running(data_dir) as running:
        yield running


@pytest.fixture
def opened(new_page, exactly: Running, settled):
    """Opens a path of that server."""

    def open_path(path: str) -> Page:
        page = new_page(base_url=exactly.url)
        page.goto(path)
        settled(page)
        return page

    return open_path


PIXEL = """(canvas, [lane, column]) => {
    const { cols, row } = canvas.dataset;
    const ratio = canvas.width / canvas.clientWidth;
    const x = Math.floor((column + 0.4) * canvas.width / cols), y = Math.floor((lane + 0.6) * row * ratio);
    const [r, g, b] = canvas.getContext('2d').getImageData(x, y, 1, 1).data;
    return '#' + [r, g, b].map((one) => one.toString(16).padStart(2, '0')).join('');
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_borders_of_severities(opened, exactly: Running, theme: str) -> None:
    page = opened(f"/explorer?job=borders&theme={theme}")
    scales = exactly.http.get("/api/v1/scales").json()
    colours = {one["word"]: one[theme] for one in scales["severities"]}
    canvas = page.get_by_test_id("overall-lane").locator("canvas")
    assert canvas.get_attribute("data-cols") == "80"
    shown = [canvas.evaluate(PIXEL, [0, column]) for column in range(9)]
    assert shown == [colours[word] for word in exact.WORDS] + [scales["nothing"][theme]]


def test_all_of_it_is_buckets_of_one_job_and_overall_buckets_of_several(opened, exactly: Running) -> None:
    page = opened("/explorer?job=borders")
    expect(page.locator(".lane-kind")).to_contain_text("Bucket scores of the job")
    whole = {"from": exact.START, "to": exact.START + 8 * exact.HOUR, "width": 8}
    own = exactly.http.get("/api/v1/lanes", params={"job": "borders", **whole}).json()
    within = {"start": whole["from"], "end": whole["to"], "size": 100}
    buckets = exactly.http.get("/_ml/anomaly_detectors/borders/results/buckets", params=within).json()["buckets"]
    assert [cell[2] for cell in own["cells"]] == [bucket["anomaly_score"] for bucket in buckets]
    several = opened("/explorer?job=borders&job=kinds&to=2026-01-01T08:00Z")
    expect(several.locator(".lane-kind")).to_contain_text("Worst bucket of any of the jobs")
    asked = {"job": ["borders", "kinds"], "from": exact.START, "to": exact.START + 8 * exact.HOUR}
    told = exactly.http.get("/api/v1/lanes", params=asked).json()
    overall = exactly.http.get(
        "/_ml/anomaly_detectors/borders,kinds/results/overall_buckets",
        params={"start": exact.START, "end": exact.START + 8 * exact.HOUR},
    ).json()["overall_buckets"]
    assert [cell[2] for cell in told["cells"]] == [bucket["overall_score"] for bucket in overall]
    several.get_by_test_id("overall-lane").hover(position={"x": 5, "y": 10})
    expect(several.locator(".tooltip")).to_contain_text("overall score")


def test_each_kind_of_score_is_shown_and_named(opened) -> None:
    page = opened("/explorer?job=borders")
    at = {"x": page.get_by_test_id("overall-lane").bounding_box()["width"] * 7.5 / 80, "y": 10}
    for test_id, text in (("overall-lane", "bucket score 75, critical"), ("view-lanes", "influencer score 81, critical")):
        page.get_by_test_id(test_id).hover(position=at)
        expect(page.locator(".tooltip")).to_contain_text(text)
    expect(page.locator("tr[data-record] .score")).to_have_attribute("title", "record score 88, critical")


def test_all_of_many_records_are_reached_and_sorted_by_number(opened, settled) -> None:
    page = opened("/explorer?job=many&iv=all")
    total = page.get_by_test_id("anomalies-total")
    expect(total).to_contain_text("25 of 1,507")
    table = page.get_by_role("table", name="Anomalies")
    titles = [title.strip("↓↑\n ") for title in table.locator("th").all_inner_texts()]
    wanted = ["Time", "Score", "Detector", "Found for", "Influenced by", "Actual", "Typical", "Description", "Probability"]
    assert [title for title in titles if title in wanted] == wanted
    page.get_by_role("button", name="Page 61 of anomalies").click()
    settled(page)
    expect(total).to_contain_text("1,507 of 1,507")
    expect(page.locator("tr[data-record]")).to_have_count(7)
    table.get_by_role("button", name="Actual").click()
    table.get_by_role("button", name="Actual").click()
    settled(page)
    expect(table.locator("th", has_text="Actual")).to_have_attribute("aria-sort", "ascending")
    shown = [float(text.replace(",", "")) for text in table.locator("tbody tr td:nth-child(7)").all_inner_texts()]
    assert shown == sorted(shown)
    assert shown[0] == 9.0


def test_a_cursor_comes_to_every_record_once(exactly: Running) -> None:
    asked, ids = {"job": "many", "iv": "all", "size": 100}, list[str]()
    while True:
        page = exactly.http.get("/api/v1/records", params=asked).json()
        ids += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert len(ids) == len(set(ids)) == page["total"] == 1507


def test_an_interval_keeps_the_worst_row_of_each_series(opened, exactly: Running) -> None:
    page = opened("/explorer?job=many&iv=day")
    found = exactly.http.get("/api/v1/records", params={"job": "many", "iv": "day", "size": 1000}).json()
    series_days = {(row["partition_field_value"], row["timestamp"] // 86_400_000) for row in found["rows"]}
    assert len(series_days) == found["total"] == 70
    expect(page.get_by_test_id("anomalies-total")).to_contain_text("25 of 70, the worst of each day of 1,507 records")
    expect(page.locator("tr[data-record]").first).to_contain_text(re.compile(r"worst of \d+ that day"))


def details(page: Page, host: str) -> Page:
    """Opens the record of a host."""
    page.locator("tr[data-record]", has_text=host).get_by_role("button", name=re.compile("Show details")).click()
    return page


def test_a_record_says_why_it_scores_what_it_scores(opened) -> None:
    page = opened("/explorer?job=kinds&iv=all")
    shapes = {
        row.locator(".entity-value").first.inner_text(): row.locator(".score-mark").get_attribute("data-shape")
        for row in page.locator("tr[data-record]").all()
    }
    assert shapes == {"few": "dot", "low": "dot", "medium": "cross", "inside": "cross", "zero": "dot", "open": "dot"}
    for host, text in (("low", "3x higher"), ("medium", "more than 100x higher"), ("zero", "unexpectedly zero")):
        expect(page.locator("tr[data-record]", has_text=host)).to_contain_text(text)
    told = details(page, "zero").locator(".record-details")
    for text in ("90 at first → 60 now, major", "This bucket alone", "very strong", "clear", "weak", "80 to 120"):
        expect(told).to_contain_text(text)
    told = details(opened("/explorer?job=kinds&iv=all"), "few").locator(".record-details")
    expect(told).to_contain_text("3.24e-184 (1 in 3\u00d710¹⁸³)")
    told = details(opened("/explorer?job=kinds&iv=all"), "inside").locator(".record-details")
    expect(told).to_contain_text("change over 3 buckets (3 hours)")


NUMBERS = """async (values) => {
    const prefix = document.querySelector('script[type=module][src]').src.replace('/app.mjs', '');
    const { number } = await import(`${prefix}/lib/format.mjs`);
    return [number(-0), ...values.map(number)];
}"""


def test_numbers_are_written_with_the_digits_that_say_something(opened) -> None:
    written = opened("/jobs").evaluate(NUMBERS, [6470.996, 6470.91, 12.0, 12.34, 1.234, 39197.4, 0.00001, None])
    assert written == ["0", "6,471", "6,470.9", "12", "12.3", "1.23", "39,197", "1.0×10⁻⁵", "–"]


def test_what_is_still_open_is_marked_and_can_be_left_out(opened, settled) -> None:
    page = opened("/explorer?job=kinds&iv=all")
    row = page.locator("tr[data-record]", has_text="open")
    expect(row).to_contain_text("interim")
    expect(row.locator(".score-mark")).to_have_attribute("data-interim", "true")
    page.get_by_test_id("overall-lane").hover(
        position={"x": page.get_by_test_id("overall-lane").bounding_box()["width"] * 0.97, "y": 10}
    )
    expect(page.locator(".tooltip")).to_contain_text("interim")
    page.get_by_role("checkbox", name="Interim").uncheck()
    settled(page)
    expect(page).to_have_url(re.compile("interim=0"))
    expect(row).to_have_count(0)
    canvas = page.get_by_test_id("overall-lane").locator("canvas")
    nothing = canvas.evaluate("() => getComputedStyle(document.documentElement).getPropertyValue('--severity-none').trim()")
    assert canvas.evaluate(PIXEL, [0, 5]) == nothing


def test_a_job_without_rows_is_being_processed_and_not_without_anomalies(opened) -> None:
    page = opened("/explorer?job=empty")
    expect(page.get_by_role("main")).to_contain_text("The job has no rows yet")
    expect(page.get_by_text("No anomalies")).to_have_count(0)


def test_ticks_are_whole_days_of_the_zone_also_when_its_clock_changes(opened) -> None:
    page = opened("/explorer?job=borders")
    days = page.evaluate(
        """async () => {
            const module = document.querySelector('script[src$="app.mjs"]').src.replace('app.mjs', 'widgets/time-axis.mjs');
            const { ticks } = await import(module);
            const from = Date.UTC(2026, 2, 27), to = Date.UTC(2026, 3, 1);
            const text = (found) => found.map(({ t, text }) => `${new Date(t).toISOString().slice(5, 16)} ${text}`);
            const months = ticks(Date.UTC(2025, 10, 10), Date.UTC(2026, 2, 2), 6, 'UTC');
            return [text(ticks(from, to, 6, 'Europe/Berlin')), months.map((one) => one.text)];
        }"""
    )
    berlin = ["03-27T23:00 28 Mar", "03-28T23:00 29 Mar", "03-29T22:00 30 Mar", "03-30T22:00 31 Mar", "03-31T22:00 1 Apr"]
    assert days == [berlin, ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"]]


@pytest.mark.parametrize("share", [0.03, 1.0])
def test_fifty_lanes_of_a_thousand_cells_are_drawn_in_a_tenth_of_a_second(opened, share: float) -> None:
    page = opened("/explorer?job=borders")
    took = page.evaluate(
        """async (share) => {
            const module = document.querySelector('script[src$="app.mjs"]').src.replace('app.mjs', 'widgets/lanes.mjs');
            const { Lanes } = await import(module);
            const host = document.createElement('div');
            host.style.width = '1200px';
            document.body.append(host);
            const colours = ['#cfe0f2', '#7fb0de', '#d9a520', '#c8601c', '#9c1528'];
            const lanes = new Lanes(host, {
                name: 'test', level: (score) => Math.min(4, Math.floor(score / 20)), say: () => '', select() {}, hover() {},
                palette: () => ({ colours, nothing: '#f3f5f8', ground: '#ffffff', ink: '#000000' }),
            });
            const cells = [];
            for (let lane = 0; lane < 50; lane += 1) for (let column = 0; column < 1000; column += 1) {
                const isThere = (lane * 7919 + column * 104729) % 1000 < share * 1000;
                if (isThere) cells.push([lane, column, (lane * 31 + column) % 100, 0]);
            }
            const names = Array.from({ length: 50 }, (_, at) => ({ value: String(at), max: 100 }));
            const times = [];
            for (let again = 0; again < 5; again += 1) {
                performance.clearMeasures('lanes');
                lanes.setData({ start: 0, step: 1, columns: 1000, lanes: names, cells });
                times.push(performance.getEntriesByName('lanes').at(-1).duration);
                await new Promise(requestAnimationFrame);
            }
            lanes.destroy();
            host.remove();
            return times.sort((one, other) => one - other)[0];
        }""",
        share,
    )
    assert took < 100, f"{took:.0f} ms"
