"""The chart of a series, as SVG."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from xml.etree.ElementTree import Element

from barograph.report.markup import Content, element, number
from barograph.results.axes import Tick, time_ticks, value_ticks
from barograph.results.charted import ChartedSeries

_CHARACTER: Final = 6.4
"""Width of a character of an axis, in pixels: more than most have."""
_TOP, _BOTTOM, _RIGHT = 8, 22, 10
_TICK_WIDTH: Final = 92
_DOT: Final = 4.2
_CROSS: Final = "M-2-5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z"

Point = tuple[float, float]


@dataclass(frozen=True)
class _Frame:
    """Where the values and times of a chart lie, in pixels."""

    shown: ChartedSeries
    values: list[Tick]
    left: float
    width: float
    height: float

    def x(self, ms: float) -> float:
        at = (ms - self.shown.start_ms) / (self.shown.end_ms - self.shown.start_ms)
        return self.left + at * (self.width - self.left - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.values[0][0], self.values[-1][0]
        inside = min(max(value, low), high)
        return _TOP + (1 - (inside - low) / (high - low)) * (self.height - _TOP - _BOTTOM)


def series_drawing(shown: ChartedSeries, width: int, height: int, span: tuple[int, int] | None = None) -> Element:
    """The chart of a series.

    Args:
        shown: what it shows.
        width: in pixels.
        height: in pixels.
        span: `[start, end)` in epoch ms that is marked: when an incident was.
    """
    values = value_ticks(*shown.reach(), most=4)
    left = 12 + _CHARACTER * max(len(said) for _, said in values)
    frame = _Frame(shown, values, left, width, height)
    label = f"{shown.title}: {shown.rows['actual'].count():,} values, {shown.marks.height:,} records"
    parts: list[Content] = [*_span(frame, span), *_grid(frame), *_expected(frame)]
    parts += [element("path", of="line", d=_path(run)) for run in _runs(frame, "actual")]
    parts += [_mark(frame, row) for row in shown.marks.sort("score").iter_rows(named=True)]
    box = f"0 0 {width} {height}"
    return element("svg", *parts, of="chart", viewBox=box, width=width, height=height, role="img", aria_label=label)


def _span(frame: _Frame, span: tuple[int, int] | None) -> Iterator[Element]:
    if span is not None:
        start, end = (frame.x(min(max(ms, frame.shown.start_ms), frame.shown.end_ms)) for ms in span)
        height = frame.height - _TOP - _BOTTOM
        yield element("rect", of="span", x=start, y=_TOP, width=max(end - start, 2.0), height=height)


def _grid(frame: _Frame) -> Iterator[Element]:
    foot = frame.height - _BOTTOM
    for value, said in frame.values:
        y = frame.y(value)
        yield element("path", of="grid", d=f"M{number(frame.left)} {number(y)}H{number(frame.width - _RIGHT)}")
        yield element("text", said, of="axis", x=frame.left - 6, y=y + 4, text_anchor="end")
    most = max(2, int((frame.width - frame.left) // _TICK_WIDTH))
    for ms, said in time_ticks(frame.shown.start_ms, frame.shown.end_ms, frame.shown.zone, most):
        x, half = frame.x(ms), _CHARACTER * len(said) / 2
        yield element("path", of="grid", d=f"M{number(x)} {foot}v4")
        yield element("text", said, of="axis", x=min(max(x, half), frame.width - half), y=foot + 17, text_anchor="middle")


def _expected(frame: _Frame) -> Iterator[Element]:
    """What was expected: of all values where bounds are kept, else of the records."""
    if frame.shown.has_bounds:
        for low, high in zip(_runs(frame, "lower_bound"), _runs(frame, "upper_bound"), strict=True):
            yield element("path", of="band", d=f"{_path([*low, *high[::-1]])}Z")
        yield from (element("path", of="typical", d=_path(run)) for run in _runs(frame, "typical"))
        return
    known = frame.shown.marks.drop_nulls(["lower_bound", "upper_bound", "typical"])
    for ms, low, high, typical in known.select("timestamp", "lower_bound", "upper_bound", "typical").iter_rows():
        x = number(frame.x(ms))
        yield element("path", of="bar", d=f"M{x} {number(frame.y(low))}V{number(frame.y(high))}")
        yield element("path", of="typical", d=f"M{number(frame.x(ms) - 2.5)} {number(frame.y(typical))}h5")


def _runs(frame: _Frame, column: str) -> Iterator[list[Point]]:
    """The line of a column, cut where there is nothing."""
    rows = frame.shown.rows.select("timestamp", column).rows()
    for there, run in groupby(rows, lambda row: row[1] is not None):
        if there:
            yield [(frame.x(ms), frame.y(value)) for ms, value in run]


def _path(points: list[Point]) -> str:
    if len(points) == 1:  # a value alone is a point as wide as the line
        points = [points[0], (points[0][0] + 0.1, points[0][1])]
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _mark(frame: _Frame, row: dict[str, Any]) -> Element | None:
    if row["value"] is None:
        return None
    x, y = frame.x(row["timestamp"]), frame.y(row["value"])
    said = element("title", f"{row['when']}\nscore {row['rated']}\n{row['told']}")
    of = f"mark {row['severity']}{' interim' if row['is_interim'] else ''}"
    if row["shape"] == "dot":
        return element("circle", said, of=of, cx=x, cy=y, r=_DOT)
    return element("path", said, of=of, d=_CROSS, transform=f"translate({number(x)} {number(y)})")
