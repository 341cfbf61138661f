"""The sheets of a report: colours come from the tables that the page and the notebooks have, too."""

import re
from importlib.resources import files

from barograph.results.palette import DARK, LIGHT
from barograph.results.severity import NOTHING, SCALE


def for_page() -> str:
    """All of a page's style: light, and dark on a screen that wants it."""
    light, dark = (_variables(is_dark) for is_dark in (False, True))
    grounds = f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    owns = "".join(f".{one.word} {{ --own: var(--severity-{one.word}); fill: var(--own); }}\n" for one in SCALE)
    return "\n" + grounds + _sheet("report.css") + owns + _sheet("chart.css")


def for_picture() -> str:
    """The style of charts in a picture, whose readers know no variables."""
    values = dict(re.findall(r"(--[\w-]+): ([^;]+);", _variables(is_dark=False)))
    owns = "".join(f".{one.word} {{ fill: {one.light}; }}\n" for one in SCALE)
    sheet = re.sub(r"\.mark\.interim.*", "", _sheet("chart.css"))
    return owns + re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], sheet)


def _variables(is_dark: bool) -> str:
    palette = DARK if is_dark else LIGHT
    named = {name: getattr(palette, name) for name in ("ground", "text", "quiet", "line", "series", "band", "typical")}
    named["span"] = palette.line + "80"
    named |= {f"severity-{one.word}": one.dark if is_dark else one.light for one in (NOTHING, *SCALE)}
    return " ".join(f"--{name}: {value};" for name, value in named.items())


def _sheet(name: str) -> str:
    return files("barograph.report").joinpath(name).read_text("utf-8")
