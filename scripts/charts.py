"""Draw the pictures of the docs anew: values, what was expected of them, and their scores, as the product says now.

.venv/bin/python scripts/charts.py
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import vl_convert

import barograph
from barograph.config.load import load_job
from barograph.jobs.service import Service
from barograph.report.content import ReportQuery, report
from barograph.report.picture import drawing
from barograph.results.severity import MAJOR, SCALE
from barograph.samples import NYC_TAXI

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH, LEFT, RIGHT = 960, 64, 12
TOP, VALUES, SCORES, GAP, BOTTOM = 34, 220, 70, 16, 26
COLOURS = tuple((one.score, one.light) for one in reversed(SCALE))
Row = tuple[datetime, float, float, float, float, float]


@dataclass(frozen=True)
class Chart:
    """A picture.

    Attributes:
        title: what it shows.
        rows: one a bucket: time, value, score, typical, lower, upper; NaN is nothing to draw.
        most: the largest value that is drawn in full.
    """

    title: str
    rows: list[Row]
    most: float

    def x(self, at: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * at / (len(self.rows) - 1)

    def y(self, value: float) -> float:
        return TOP + VALUES * (1 - min(max(value, 0.0), self.most) / self.most)

    def points(self, column: int) -> Iterator[list[tuple[float, float]]]:
        """The line of a column, cut where there is nothing."""
        for there, run in groupby(range(len(self.rows)), lambda at: not math.isnan(self.rows[at][column])):
            if there:
                yield [(self.x(at), self.y(self.rows[at][column])) for at in run]


def path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 12, colour: str = "#555") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>'


def drawn(chart: Chart) -> str:
    """The picture as SVG."""
    height = TOP + VALUES + GAP + SCORES + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(LEFT, 20, chart.title, size=14, colour="#222"),
        *grid(chart),
        *(f'<path d="{path([*low, *high[::-1]])}Z" fill="#cfe3f5"/>' for low, high in bands(chart)),
        *(f'<path d="{path(line)}" fill="none" stroke="#5b9bd5"/>' for line in chart.points(3)),
        *(f'<path d="{path(line)}" fill="none" stroke="#222" stroke-width="1.3"/>' for line in chart.points(1)),
        *scores(chart),
        *legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def legend() -> Iterator[str]:
    for at, (words, colour) in enumerate((("value", "#222"), ("typical", "#5b9bd5"), ("95 % bounds", "#cfe3f5"))):
        x, thick = WIDTH - RIGHT - 270 + 90 * at, 8 if "bounds" in words else 2
        yield f'<path d="M{x} 16h18" stroke="{colour}" stroke-width="{thick}"/>'
        yield text(x + 23, 20, words)


def bands(chart: Chart) -> Iterator[tuple[list[tuple[float, float]], list[tuple[float, float]]]]:
    return zip(chart.points(4), chart.points(5), strict=True)


def grid(chart: Chart) -> Iterator[str]:
    """Days, and a few values."""
    foot = TOP + VALUES + GAP + SCORES
    form = "%a %-d %b" if chart.rows[-1][0] - chart.rows[0][0] < timedelta(days=9) else "%-d %b"
    for at, row in enumerate(chart.rows):
        if (row[0].hour, row[0].minute) == (0, 0):
            yield f'<path d="M{chart.x(at):.1f} {TOP}V{foot}" stroke="#eee"/>'
            yield text(chart.x(at) + 3, foot + 16, row[0].strftime(form), size=11)
    for share in (0.0, 0.5, 1.0):
        yield f'<path d="M{LEFT} {chart.y(share * chart.most):.1f}H{WIDTH - RIGHT}" stroke="#eee"/>'
        yield text(LEFT - 6, chart.y(share * chart.most) + 4, f"{share * chart.most:,.0f}", "end")
    for score in (0, 50, 100):
        yield text(LEFT - 6, foot - SCORES * score / 100 + 4, str(score), "end")
    yield f'<path d="M{LEFT} {foot}H{WIDTH - RIGHT}" stroke="#bbb"/>'


def scores(chart: Chart) -> Iterator[str]:
    """A bar a bucket, by severity, and where it is major or worse a dot on the value."""
    foot, wide = TOP + VALUES + GAP + SCORES, (WIDTH - LEFT - RIGHT) / len(chart.rows)
    for at, row in enumerate(chart.rows):
        colour = next(colour for least, colour in COLOURS if row[2] >= least)
        if row[2] >= 1:
            tall = SCORES * row[2] / 100
            left, top = chart.x(at) - wide / 2, foot - tall
            yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}"/>'
        if row[2] >= MAJOR:
            yield f'<circle cx="{chart.x(at):.1f}" cy="{chart.y(row[1]):.1f}" r="2.6" fill="{colour}"/>'


def taxi() -> Chart:
    """Two weeks around the snow storm, of seven months."""
    rides = NYC_TAXI.frame()
    table = barograph.score(rides["passengers"], rides["timestamp"], time_zone="America/New_York")
    first, last = (datetime(2015, month, day, tzinfo=ZoneInfo("America/New_York")) for month, day in ((1, 18), (2, 1)))
    shown = table.filter(table["time"].is_between(first, last))
    rows = shown.select("time", "value", "score", "typical", "lower", "upper").fill_null(math.nan).rows()
    return Chart("barograph.score: taxi passengers in New York, the snow storm of January 2015", rows, 32_000)


def requests() -> Chart:
    """A service from its very first bucket: made values, an outage of two hours on the fifth day."""
    rng, start = np.random.default_rng(0), datetime(2026, 3, 2, tzinfo=UTC)
    per_day = 96
    shape = 600 - 400 * np.cos(2 * np.pi * (np.arange(7 * per_day) / per_day - 0.1))
    value = rng.poisson(shape).astype(float)
    value[4 * per_day + 40 : 4 * per_day + 48] *= 0.3
    stream = barograph.Stream("15m")
    came = [stream.update(start + i * timedelta(minutes=15), one) for i, one in enumerate(value.tolist())]
    rows = [(one.time, one.value, one.score, one.typical, one.lower, one.upper) for one in came]
    return Chart("barograph.Stream: requests every 15 minutes, an outage on the fifth day", rows, 1_400)


def notebook_series() -> str:
    """A week around the night on which the clocks went back, as a notebook shows it."""
    job = {**NYC_TAXI.job().model_dump(mode="json", exclude_none=True), "model_plot_config": {"enabled": True}}
    return svg_of(barograph.run(job, NYC_TAXI.frame()).plot_series(start="2014-10-28", end="2014-11-05"))


def notebook_lanes() -> str:
    """The sample of 40 hosts, of which three were slow together, then one for long, then one for a moment."""
    return svg_of(barograph.run(HOSTS_JOB, hosts()).plot_lanes("host", size=12))


def sent_report() -> str:
    """The picture of a report on the sample of 40 hosts."""
    with TemporaryDirectory() as folder, Service.open(None, Path(folder)) as service:
        job = load_job({**HOSTS_JOB, "description": "Response times of the shop's web servers"})
        service.create(job)
        service.open_job(job.job_id)
        service.feed(job.job_id, hosts())
        service.close_job(job.job_id)
        return drawing(report(service, ReportQuery(job.job_id)))


def svg_of(chart: Any) -> str:
    """The chart as a picture, without what only a pointer brings to light: it would be most of the file."""
    document = chart.to_dict()
    document.pop("params", None)
    if "layer" in document:
        document["layer"] = [layer for layer in document["layer"] if "condition" not in layer["encoding"].get("opacity", {})]
    return str(vl_convert.vegalite_to_svg(document))


HOSTS_JOB = {
    "job_id": "hosts",
    "time_zone": "Europe/Berlin",
    "analysis_config": {
        "bucket_span": "15m",
        "detectors": [{"function": "mean", "field_name": "latency_ms", "partition_field_name": "host"}],
        "influencers": ["host"],
    },
    "data_description": {"time_field": "timestamp", "time_format": "epoch"},
}


def hosts() -> pl.DataFrame:
    """Two weeks of 40 hosts, a row every 15 minutes each."""
    rng, buckets = np.random.default_rng(7), 14 * 96
    at = np.arange(buckets)
    frames = []
    for host in range(40):
        value = rng.uniform(80, 160) * (1 + 0.3 * np.sin(2 * np.pi * at / 96)) + rng.normal(0, 6, buckets)
        if host in {14, 15, 16}:
            value[900:912] *= 2.2
        value[1200:1230] += 60 if host == 3 else 0
        value[1100:1103] *= 3 if host == 27 else 1
        columns = {"timestamp": 1_767_225_600 + 900 * at, "host": [f"web-{host:02d}"] * buckets, "latency_ms": value}
        frames.append(pl.DataFrame(columns))
    return pl.concat(frames).sort("timestamp", "host")


CHARTS = {"score.svg": taxi, "stream.svg": requests}
NOTEBOOK = {"plot_series.svg": notebook_series, "plot_lanes.svg": notebook_lanes, "report.svg": sent_report}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for name, chart in CHARTS.items():
        (IMAGES / name).write_text(drawn(chart()), encoding="utf-8")
    for name, made in NOTEBOOK.items():
        (IMAGES / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
