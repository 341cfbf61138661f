"""A report as one picture: what of it one sees at a glance."""

import textwrap
from importlib.util import find_spec
from typing import Final
from xml.etree.ElementTree import Element

from barograph.config.errors import MissingExtra
from barograph.report import wording
from barograph.report.content import Report
from barograph.report.lanes_drawing import lanes_drawing
from barograph.report.markup import SVG, add, element, written
from barograph.report.series_drawing import series_drawing
from barograph.report.style import for_picture
from barograph.results import labels
from barograph.results.palette import LIGHT
from barograph.results.severity import SCALE, severity

_WIDTH, _EDGE = 1080, 32
_CHARTS: Final = 3
_LANES: Final = 12
_LINE: Final = 128
"""Characters of a sentence that fit on a line."""
_SHARPNESS: Final = 2.0
"""Pixels of the picture for each of the drawing: what screens of today show."""


def picture(report: Report) -> bytes:
    """The picture, as PNG.

    Raises:
        MissingExtra: what makes it is not installed.
    """
    if find_spec("vl_convert") is None:
        raise MissingExtra("vl-convert-python", "plots")
    import vl_convert  # noqa: PLC0415  # not always there

    png: bytes = vl_convert.svg_to_png(drawing(report), scale=_SHARPNESS)
    return png


def drawing(report: Report) -> str:
    """The picture, as SVG."""
    down = _Down()
    job = report.job
    down.text(job.description or job.job_id, 24, LIGHT.text, "bold")
    for sentence in wording.summary(report)[1:]:
        for line in textwrap.wrap(sentence, _LINE):
            down.text(line, 15, LIGHT.text)
    down.text(
        f"{labels.when(report.start_ms, report.zone)} to {labels.when(report.end_ms, report.zone)}, {report.zone}",
        12,
        LIGHT.quiet,
    )
    down.space(16)
    down.legend()
    down.chart(lanes_drawing(report.lanes.first(_LANES), _WIDTH))
    for closeup in report.closeups[:_CHARTS]:
        incident = closeup.incident
        rated = f"{labels.whole(incident['score'])} {severity(incident['score'])}"
        down.space(16)
        down.text(f"{rated}: {closeup.chart.title}", 14, LIGHT.text, "bold")
        down.text(f"from {labels.when(incident['start'], report.zone)}: {wording.closeup(incident)}", 12, LIGHT.quiet)
        down.space(8)
        down.chart(series_drawing(closeup.chart, _WIDTH, 200, (incident["start"], incident["end"])))
    return written(down.whole(), "xml")


class _Down:
    """A picture that is filled from the top."""

    def __init__(self) -> None:
        self._parts: list[Element] = []
        self._at = float(_EDGE)

    def space(self, pixels: float) -> None:
        self._at += pixels

    def text(self, words: str, size: int, colour: str, weight: str = "normal") -> None:
        self._at += 1.4 * size
        attributes = {"font_size": str(size), "fill": colour, "font_weight": weight}
        self._parts.append(element("text", words, x=_EDGE, y=self._at, font_family="sans-serif", **attributes))

    def legend(self) -> None:
        """The severities, in one line."""
        at = float(_EDGE)
        self._at += 12
        for one in SCALE:
            said = f"{one.word} from {one.score:g}" if one.score else one.word
            self._parts.append(element("rect", x=at, y=self._at - 9, width=10, height=10, rx=2, fill=one.light))
            self._parts.append(
                element("text", said, x=at + 15, y=self._at, font_family="sans-serif", font_size="11", fill=LIGHT.quiet)
            )
            at += 36 + 6.4 * len(said)
        self._at += 12

    def chart(self, drawn: Element) -> None:
        moved = element("g", *drawn, of="chart", transform=f"translate({_EDGE} {self._at:.0f})")
        self._parts.append(moved)
        self._at += float(drawn.get("height", "0"))

    def whole(self) -> Element:
        height, width = self._at + _EDGE, _WIDTH + 2 * _EDGE
        whole = element("svg", xmlns=SVG, width=width, height=height, viewBox=f"0 0 {width} {height:.0f}")
        ground = element("rect", width=width, height=height, fill=LIGHT.ground)
        add(whole, element("style", for_picture()), ground, *self._parts)
        return whole
