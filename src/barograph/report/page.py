"""A report as one HTML page. It needs nothing else, and may ask for nothing else: its policy forbids every request."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final
from xml.etree.ElementTree import Element

from barograph.report import wording
from barograph.report.content import INCIDENTS, Report
from barograph.report.lanes_drawing import lanes_drawing
from barograph.report.markup import Content, element, written
from barograph.report.series_drawing import series_drawing
from barograph.report.style import for_page
from barograph.results import charted, labels
from barograph.results.severity import MINOR, SCALE, severity
from barograph.results.words import record_compared, value_text

WIDE, NARROW = 1080, 358
"""Charts are drawn twice, for a screen and for a telephone: a drawing that is only scaled has words that nobody can read."""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TOLD: Final = ("description", "time_zone", "analysis_config", "data_description", "model_plot_config")
"""Settings of a job that a report shows; where its rows come from may hold passwords."""


def page(report: Report) -> str:
    """The text of the page."""
    title = f"{report.job.job_id}: what was unusual"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        _meta("Content-Security-Policy", _POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", for_page()),
    )
    sections = (*_head(report), *_incidents(report), *_lanes(report), *_charts(report), *_records(report), *_made(report))
    return "<!doctype html>\n" + written(element("html", head, element("body", element("main", *sections)), lang="en")) + "\n"


def _meta(name: str, content: str) -> Element:
    made = element("meta", content=content)
    made.set("http-equiv", name)
    return made


def _head(report: Report) -> Iterator[Element]:
    job = report.job
    yield element("h1", job.description or job.job_id)
    first, *others = wording.summary(report)
    told = " ".join(others)
    yield element("p", f"{job.job_id}, {labels.sentence(job)}", of="quiet")
    yield element("p", told, of="lead")
    yield element("p", first, of="quiet")


def _section(title: str, *content: Content, note: str = "") -> Element:
    head = element("header", element("h2", title), element("p", note, of="quiet") if note else None)
    return element("section", head, *content)


def _incidents(report: Report) -> Iterator[Element]:
    total = report.incidents.height
    if not total:
        return
    rows = [_incident(report, row) for row in report.incidents.head(INCIDENTS).iter_rows(named=True)]
    body = element("tbody", *rows)
    head = _headings("Score", f"Began ({report.zone})", "Lasted", "What")
    yield _section("Incidents", element("table", head, body), note=_worst_first(min(total, INCIDENTS), total))


def _incident(report: Report, row: dict[str, Any]) -> Element:
    since = labels.when(row["start"], report.zone) + ("" if row["is_whole"] else " or before")
    going_on = ", not over at the end" if row["end"] >= report.end_ms else ""
    lasted = labels.lasted(row["end"] - row["start"]) + going_on
    cells = (_score(row["score"]), _cell("when", since), _cell("lasted", lasted), _cell("what", row["summary"]))
    return element("tr", *cells)


def _lanes(report: Report) -> Iterator[Element]:
    lanes = report.lanes
    several = len(lanes.names) > 1
    below = f": of buckets in the first lane, of {report.lane_kind}s below it" if several else " of buckets"
    more = f"; {labels.counted(lanes.left_out, 'lane')} with lower scores left out" if lanes.left_out else ""
    note = f"The highest scores, {labels.lasted(lanes.step_ms)} a column{below}{more}."
    title = f"When, and which {lanes.by}" if several else "When"
    yield _section(title, *_both(lanes_drawing(lanes, WIDE), lanes_drawing(lanes, NARROW)), _legend(), note=note)


def _legend() -> Element:
    keys = [
        element("li", element("span", of=f"key {one.word}"), f"{one.word} from {one.score:g}" if one.score else one.word)
        for one in SCALE
    ]
    return element("ul", *keys, of="legend")


def _both(wide: Element, narrow: Element) -> tuple[Element, Element]:
    return element("div", wide, of="wide"), element("div", narrow, of="narrow")


def _charts(report: Report) -> Iterator[Element]:
    figures = [_closeup(report, at) for at in range(len(report.closeups))]
    if report.whole is not None:
        wide, narrow = (series_drawing(report.whole, width, 180) for width in (WIDE, NARROW))
        number = report.whole.thinned
        stretches = f"Of {number:,} buckets the lowest and the highest of each stretch. " if number else ""
        few = f"{stretches}Records from {MINOR:g} on."
        figures.insert(0, _figure(f"All of the time: {report.whole.title}", few, wide, narrow))
    if not figures:
        return
    expected = _expected_words(report)
    yield _section(
        "The worst, as charts", *figures, note=f"{expected} A dot is a record; a cross, one of several buckets together."
    )


def _expected_words(report: Report) -> str:
    if any(closeup.chart.has_bounds for closeup in report.closeups):
        return "The area is where values were expected, the thin line the middle of it."
    return "The bar behind a record is where its value was expected."


def _closeup(report: Report, at: int) -> Element:
    incident, chart = report.closeups[at].incident, report.closeups[at].chart
    span = (incident["start"], incident["end"])
    wide, narrow = series_drawing(chart, WIDE, 220, span), series_drawing(chart, NARROW, 190, span)
    when = labels.when(incident["start"], report.zone)
    lasted = labels.lasted(incident["end"] - incident["start"])
    title = element("span", *_rated(incident["score"]), ", ", element("b", chart.title))
    return _figure(title, f"From {when}, for {lasted}: {wording.closeup(incident)}.", wide, narrow)


def _figure(title: Content, below: str, wide: Element, narrow: Element) -> Element:
    caption = element("figcaption", element("h3", title), element("p", below, of="quiet") if below else None)
    return element("figure", caption, *_both(wide, narrow))


def _records(report: Report) -> Iterator[Element]:
    if not report.record_total:
        return
    head = _headings("Score", f"When ({report.zone})", "What", "Actual", "Typical", "Chance")
    body = element("tbody", *(_record(report, row) for row in report.records.iter_rows(named=True)))
    table = element("table", head, body)
    yield _section("Records", table, note=_worst_first(report.records.height, report.record_total))


def _record(report: Report, row: dict[str, Any]) -> Element:
    when = labels.when(row["timestamp"], report.zone)
    blamed = [one for one in labels.who(row) if one not in labels.series(row).split(" ")]
    by = element("span", f"; to blame: {', '.join(blamed)}", of="quiet") if blamed else None
    numbers = (
        "" if row[name] is None else value_text(row["function_description"], row[name]) for name in ("actual", "typical")
    )
    return element(
        "tr",
        _score(row["record_score"]),
        _cell("when", when),
        element("td", charted.title(row), ": ", record_compared(row), by, of="what"),
        *(_cell("number", value) for value in numbers),
        _cell("number", labels.chance(row["log_probability"])),
    )


def _made(report: Report) -> Iterator[Element]:
    facts = [part for name, value in wording.facts(report) for part in (element("dt", name), element("dd", value))]
    by = (element("dt", "With"), element("dd", f"Barograph {version('barograph')}: barograph report {report.job.job_id}"))
    document = report.job.model_dump(mode="json", exclude_none=True, include=set(_TOLD))
    settings = element("details", element("summary", "The job's settings"), element("pre", json.dumps(document, indent=2)))
    yield _section("How this was made", element("dl", *facts, *by), settings)


def _worst_first(shown: int, total: int) -> str:
    return "The worst first." if shown == total else f"The worst {shown:,} of {total:,}."


def _headings(*names: str) -> Element:
    numbers = {"Actual", "Typical", "Chance"}
    cells = [element("th", name, of="number" if name in numbers else "", scope="col") for name in names]
    return element("thead", element("tr", *cells))


def _cell(of: str, text: str) -> Element:
    return element("td", text, of=of)


def _score(score: float) -> Element:
    return element("td", *_rated(score), of="score")


def _rated(score: float) -> tuple[Element, Element, str]:
    word = severity(score)
    return element("span", of=f"key {word}"), element("b", labels.whole(score)), f" {word}"
