"""Lanes, as SVG."""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from barograph.report.markup import element, number
from barograph.results.axes import time_ticks
from barograph.results.charted import ChartedLanes
from barograph.results.severity import SCALE

_CHARACTER: Final = 6.4
_ROW, _CELL, _BOTTOM, _RIGHT = 22, 18, 22, 10
_NAMES: Final = 0.3
"""Share of the width that names may take."""
_TICK_WIDTH: Final = 92
_LEAST: Final = 2.0
"""Pixels: a narrower cell would not be seen."""
_RANK: Final = {one.word: rank for rank, one in enumerate(SCALE)}


def lanes_drawing(shown: ChartedLanes, width: int) -> Element:
    """Lanes from the top, the worst cells over the others where these overlap."""
    fits = int(_NAMES * width / _CHARACTER)
    left = 10 + _CHARACTER * min(max(len(name) for name in shown.names), fits)
    height = _ROW * len(shown.names) + _BOTTOM
    parts = [*_names(shown, left, width, fits), *_cells(shown, left, width), *_times(shown, left, width, height)]
    label = f"Scores of {len(shown.names)} lanes over time; {shown.cells.height:,} cells have one"
    box = f"0 0 {width} {height}"
    return element("svg", *parts, of="chart", viewBox=box, width=width, height=height, role="img", aria_label=label)


def _names(shown: ChartedLanes, left: float, width: int, fits: int) -> Iterator[Element]:
    for lane, name in enumerate(shown.names):
        short = name if len(name) <= fits else f"{name[: fits - 1]}…"
        said = element("title", name) if short != name else None
        top = _ROW * lane
        yield element("rect", of="none", x=left, y=top, width=width - left - _RIGHT, height=_CELL)
        of = "axis whole" if lane == 0 else "axis name"
        yield element("text", said, short or "(empty)", of=of, x=left - 8, y=top + 13, text_anchor="end")


def _cells(shown: ChartedLanes, left: float, width: int) -> Iterator[Element]:
    step = (width - left - _RIGHT) / shown.columns
    ordered = sorted(shown.cells.iter_rows(named=True), key=lambda cell: _RANK[cell["severity"]])
    for cell in ordered:
        said = element("title", f"{cell['name']}\n{cell['when']}\nhighest score {cell['rated']}")
        x, y, wide = left + step * cell["column"], _ROW * cell["lane"], max(step, _LEAST)
        yield element("rect", said, of=cell["severity"], x=x, y=y, width=wide, height=_CELL)


def _times(shown: ChartedLanes, left: float, width: int, height: int) -> Iterator[Element]:
    foot, wide = height - _BOTTOM - (_ROW - _CELL), width - left - _RIGHT
    for ms, said in time_ticks(shown.start_ms, shown.end_ms, shown.zone, max(2, int(wide // _TICK_WIDTH))):
        x, half = left + wide * (ms - shown.start_ms) / (shown.end_ms - shown.start_ms), _CHARACTER * len(said) / 2
        yield element("path", of="grid", d=f"M{number(x)} {foot}v4")
        yield element("text", said, of="axis", x=min(x, width - half), y=foot + 17, text_anchor="middle")
