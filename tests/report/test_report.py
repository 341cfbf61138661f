"""What a report tells, and that its page asks nothing of anybody."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from typer.testing import CliRunner

from barograph.cli.main import app
from barograph.config.errors import BadRequest, MissingExtra, NotFound
from barograph.jobs.service import Query, Service
from barograph.report.content import CHARTS, RECORDS, Report, ReportQuery, report
from barograph.report.page import page
from barograph.report.picture import drawing, picture
from barograph.results.severity import SCALE
from tests.report.conftest import HOSTILE, START

HOUR_MS = 3_600_000


class Seen(HTMLParser):
    """The tags, attributes and words of a page, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="session")
def told(service: Service) -> Report:
    return report(service, ReportQuery("web"))


def test_the_worst_incident_is_told_first_in_a_sentence(told: Report, service: Service) -> None:
    words = Seen(page(told)).words
    incidents = service.incidents("web")
    assert f"{incidents.height} incident" in words
    assert incidents.sort("score")["summary"][-1] in words
    assert told.closeups[0].incident["score"] == incidents["score"].max()


def test_numbers_are_those_of_the_store(told: Report, service: Service) -> None:
    assert told.buckets == service.buckets("web", Query(size=0)).total
    everything = service.records("web", Query())
    assert told.record_total == everything.total
    assert told.records.equals(everything.rows.head(RECORDS))
    assert len(told.closeups) == min(CHARTS, service.incidents("web").height)
    whole = told.lanes.cells.filter(pl.col("lane") == 0)["score"].max()
    assert whole == service.buckets("web").rows["anomaly_score"].max()


def test_a_page_needs_nothing_else_and_forbids_asking(told: Report) -> None:
    text = page(told)
    seen = Seen(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name in {"src", "href", "action", "srcset"} or name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", text.replace("http://www.w3.org/2000/svg", ""))
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'") in seen.attributes


def test_names_in_the_data_are_words_whatever_they_look_like(told: Report) -> None:
    seen = Seen(page(told))
    assert f"host={HOSTILE}" in seen.words
    assert "Response times & more" in seen.words
    assert HOSTILE not in page(told)


def test_what_is_nobodys_business_stays_out(told: Report) -> None:
    assert "secret-of-somebody" not in page(told)
    assert '"function": "mean"' in Seen(page(told)).words


def test_charts_have_a_mark_for_each_record_in_their_time(told: Report, service: Service) -> None:
    for closeup in told.closeups:
        chart = closeup.chart
        worst = max(closeup.incident["members"], key=lambda member: member["score"])
        of = Query(chart.start_ms, chart.end_ms, entity=(("host", worst["partition_field_value"]),))
        records = service.records("web", of).rows.filter(partition_field_value=worst["partition_field_value"])
        assert chart.marks["timestamp"].to_list() == sorted(records["timestamp"].to_list())
        assert chart.start_ms <= closeup.incident["start"] < closeup.incident["end"] <= chart.end_ms


@pytest.mark.parametrize(("job_id", "there", "not_there"), [("web", "band", "bar"), ("plain", "bar", "band")])
def test_what_was_expected_is_drawn_with_and_without_bounds(service: Service, job_id: str, there: str, not_there: str) -> None:
    text = page(report(service, ReportQuery(job_id)))
    assert f'<path class="{there}"' in text
    assert f'<path class="{not_there}"' not in text


def test_it_is_about_the_time_the_scores_and_the_entity_that_were_asked_for(service: Service) -> None:
    start, end = (START + 900 * 440) * 1000, (START + 900 * 570) * 1000
    told = report(service, ReportQuery("web", start, end, 50.0, (("host", "web-1"),)))
    assert (told.start_ms, told.end_ms) == (start, end)
    assert told.records["record_score"].min() >= 50
    assert told.records["partition_field_value"].unique().to_list() == ["web-1"]
    assert all("web-1" in str(incident["summary"]) for incident in told.incidents.iter_rows(named=True))
    assert told.lanes.names == ["all together", "web-1"]
    assert "told is only what is of host=web-1; scores below 50 are left out" in Seen(page(told)).words


def test_a_quiet_time_is_told_as_such(service: Service) -> None:
    told = report(service, ReportQuery("web", end_ms=START * 1000 + 3 * HOUR_MS))
    words = Seen(page(told)).words
    assert "There was no incident; the highest score of a bucket was " in words
    assert not told.closeups


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (ReportQuery("nobody"), NotFound, "nobody"),
        (ReportQuery("empty"), BadRequest, "wanted a job with a finished bucket in this time"),
        (ReportQuery("web", start_ms=START * 2000), BadRequest, "wanted a job with a finished bucket in this time"),
        (ReportQuery("web", entity=(("user", "eve"),)), BadRequest, "user"),
    ],
)
def test_what_cannot_be_told_is_refused(service: Service, asked: ReportQuery, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        report(service, asked)


def test_a_picture_has_the_colours_of_severities_and_no_variable(told: Report) -> None:
    svg = drawing(told)
    ElementTree.fromstring(svg)
    assert "var(" not in svg
    assert SCALE[-1].light in svg
    assert picture(told).startswith(b"\x89PNG")


def test_without_what_draws_pictures_the_error_says_how_to_get_it(told: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.report.picture.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install 'barograph\[plots\]'"):
        picture(told)


def test_the_command_writes_a_page_and_a_picture(store: Path, tmp_path: Path) -> None:
    out, png = tmp_path / "a.html", tmp_path / "a.png"
    asked = ["report", "web", "--out", str(out), "--png", str(png), "--start", "2026-01-05", "--data-dir", str(store)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    assert done.output.count("wrote ") == 2
    assert "From Mon 2026-01-05 00:00 to " in Seen(out.read_text("utf-8")).words
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_command_wants_to_know_where_to_write(store: Path) -> None:
    with pytest.raises(BadRequest, match="wanted --out FILE for a page, --png FILE for a picture, or both"):
        CliRunner().invoke(app, ["report", "web", "--data-dir", str(store)], catch_exceptions=False)
