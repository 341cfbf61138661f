"""The colours of charts beside those of severities (`results.severity.SCALE`), on light and on dark ground."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Palette:
    """Colours as `#rrggbb`.

    Attributes:
        ground: what all lies on.
        text: what is to be read first.
        quiet: what is to be read when it is looked for: the words of axes.
        line: the thin lines behind a chart.
        series: the values of a series.
        band: the area where they were expected.
        typical: the middle of it.
    """

    ground: str
    text: str
    quiet: str
    line: str
    series: str
    band: str
    typical: str


LIGHT: Final = Palette("#ffffff", "#18212c", "#596573", "#e2e6ec", "#1f5fae", "#d5e3f4", "#7ba3d4")
DARK: Final = Palette("#10151b", "#e4e9ef", "#9ba8b7", "#28313c", "#86b6f2", "#1f3550", "#4d7bb3")
