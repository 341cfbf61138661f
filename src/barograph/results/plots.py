"""Charts for notebooks, made with Altair, which only comes with `barograph[plots]`.

Vega knows UTC and the zone of the browser only, so what time axes say is worked out here, in the zone of the job.
"""

import json
from typing import Any, Final
from zoneinfo import ZoneInfo

import altair as alt
import polars as pl

from barograph.results import labels
from barograph.results.axes import time_ticks, value_ticks
from barograph.results.charted import VALUES, ChartedLanes, ChartedSeries
from barograph.results.palette import LIGHT
from barograph.results.severity import NOTHING, SCALE
from barograph.results.words import short

WIDTH: Final = 820
_HEIGHT: Final = 280
_LANE: Final = 18
_TICKS: Final = 9
_MARK: Final = 70
"""Area of a mark, in pixels."""
_BAND: Final = "area and thin line: what was expected"
_BARS: Final = "bar behind a mark: what was expected (model_plot_config keeps it of all buckets)"


def series_chart(shown: ChartedSeries) -> alt.LayerChart:
    """The chart of `Results.plot_series`."""
    ticks = value_ticks(*shown.reach())
    values = alt.Scale(domain=[ticks[0][0], ticks[-1][0]], nice=False, clamp=True)
    axis = alt.Axis(values=[at for at, _ in ticks], labelExpr=_said(ticks), title=None)
    x = _time_axis(shown.start_ms, shown.end_ms, shown.zone)
    y = alt.Y("actual:Q", scale=values, axis=axis)
    base = alt.Chart(_rows(shown))
    hovered = alt.selection_point(on="pointerover", nearest=True, fields=["timestamp"], empty=False)
    line = base.mark_line(color=LIGHT.series, strokeWidth=1.5).encode(x=x, y=y)
    told = [alt.Tooltip(f"{name}:N", title=title) for name, title in _POINT.items()]
    shown_point = alt.condition(hovered, alt.value(1), alt.value(0))
    points = base.mark_circle(color=LIGHT.series, size=30).encode(x=x, y=y, opacity=shown_point, tooltip=told)
    chart = alt.layer(*_expected(shown, x, values), line, points.add_params(hovered), *_marks(shown, x, values))
    finished: alt.LayerChart = _finished(
        chart.properties(width=WIDTH, height=_HEIGHT, title=_title(shown.title, *_notes(shown)))
    )
    return finished


def lanes_chart(shown: ChartedLanes) -> alt.Chart:
    """The chart of `Results.plot_lanes`."""
    cells = shown.cells.with_columns(
        start=shown.start_ms + pl.col("column") * shown.step_ms, end=shown.start_ms + (pl.col("column") + 1) * shown.step_ms
    )
    lane = alt.Y(
        "lane:O",  # by number: a value may be called as the lane of the whole job is
        scale=alt.Scale(domain=list(range(len(shown.names))), paddingInner=0.15, paddingOuter=0.1),
        axis=alt.Axis(
            title=None, domain=False, ticks=False, labelLimit=180, labelExpr=f"{json.dumps(shown.names)}[datum.value]"
        ),
    )
    said = [alt.Tooltip("name:N", title="what"), alt.Tooltip("when:N"), alt.Tooltip("rated:N", title="highest score")]
    x = _time_axis(shown.start_ms, shown.end_ms, shown.zone, "start:Q")
    chart = alt.Chart(cells).mark_rect().encode(x=x, x2="end:Q", y=lane, color=_colour(cells), tooltip=said)
    more = f"{shown.left_out:,} more lanes, with lower scores, are left out" if shown.left_out else ""
    width = f"each column is {labels.lasted(shown.step_ms)}"
    by = f" by {shown.by}" if shown.by else ""
    title = _title(f"Highest scores{by}", "; ".join(part for part in (width, more) if part))
    chart = chart.properties(width=WIDTH, height=_LANE * len(shown.names), title=title)
    finished: alt.Chart = _finished(chart.properties(view=alt.ViewConfig(fill=NOTHING.light, stroke=None)))
    return finished


_POINT: Final = {"when": "when", "value": "value", "usual": "typical", "range": "expected"}
"""What the tooltip of a value says: the column of `_rows`, and its title."""


def _rows(shown: ChartedSeries) -> pl.DataFrame:
    """The values, with what their tooltips say."""
    said = [_point_said(row, shown.zone) for row in shown.rows.select("timestamp", *VALUES).iter_rows()]
    return shown.rows.hstack(pl.DataFrame(said, schema=dict.fromkeys(_POINT, pl.String), orient="row"))


def _point_said(row: tuple[Any, ...], zone: ZoneInfo) -> tuple[str, ...]:
    timestamp, actual, typical, lower, upper = row
    value = "no data" if actual is None else short(actual)
    usual = "not known" if typical is None else short(typical)
    return labels.when(timestamp, zone), value, usual, "" if lower is None else f"{short(lower)} to {short(upper)}"


def _expected(shown: ChartedSeries, x: alt.X, scale: alt.Scale) -> list[alt.Chart]:
    """What was expected: of all values where bounds are kept, else of the records."""
    lower, typical = alt.Y("lower_bound:Q", scale=scale), alt.Y("typical:Q", scale=scale)
    if shown.has_bounds:
        base = alt.Chart(shown.rows)
        band = base.mark_area(color=LIGHT.band, clip=True).encode(x=x, y=lower, y2="upper_bound:Q")
        return [band, base.mark_line(color=LIGHT.typical, strokeWidth=1, clip=True).encode(x=x, y=typical)]
    base = alt.Chart(shown.marks)
    bars = base.mark_rule(color=LIGHT.band, strokeWidth=4, clip=True).encode(x=x, y=lower, y2="upper_bound:Q")
    return [bars, base.mark_tick(color=LIGHT.typical, width=6, thickness=1.5, clip=True).encode(x=x, y=typical)]


def _marks(shown: ChartedSeries, x: alt.X, values: alt.Scale) -> list[alt.Chart]:
    """The records: dots, and crosses for several buckets together; hollow while they are interim. The worst lie on top."""
    marks = shown.marks.sort("score")
    said = [alt.Tooltip("when:N"), alt.Tooltip("rated:N", title="score"), alt.Tooltip("told:N", title="what")]
    layers = []
    for shape, drawn, stroke in (("dot", "circle", 1.0), ("cross", "cross", 1.0)):
        own = marks.filter(pl.col("shape") == shape)
        if own.is_empty():
            continue
        chart = alt.Chart(own).mark_point(shape=drawn, size=_MARK, strokeWidth=stroke, opacity=1)
        is_open = alt.condition("datum.is_interim", alt.value(LIGHT.ground), _colour(marks))
        y = alt.Y("value:Q", scale=values)
        layers.append(chart.encode(x=x, y=y, fill=is_open, stroke=_colour(marks), tooltip=said))
    return layers


def _colour(rows: pl.DataFrame) -> alt.Color:
    """Severities by their colours; the legend names those that there are."""
    there = set(rows["severity"].to_list())
    scale = alt.Scale(domain=[one.word for one in SCALE], range=[one.light for one in SCALE])
    present = [one.word for one in reversed(SCALE) if one.word in there]
    legend = alt.Legend(title=None, values=present, symbolType="circle", symbolStrokeWidth=0, orient="right")
    return alt.Color("severity:N", scale=scale, legend=legend)


def _time_axis(start_ms: int, end_ms: int, zone: ZoneInfo, field: str = "timestamp:Q") -> alt.X:
    ticks = time_ticks(start_ms, end_ms, zone, _TICKS)
    axis = alt.Axis(values=[at for at, _ in ticks], labelExpr=_said(ticks), title=str(zone), grid=False, labelOverlap=True)
    return alt.X(field, scale=alt.Scale(domain=[start_ms, end_ms], nice=False, zero=False), axis=axis)


def _said(ticks: list[tuple[float, str]]) -> str:
    """An expression of Vega that has what an axis says at each of its marks."""
    return f"{json.dumps({str(number): said for number, (_, said) in enumerate(ticks)})}[round(datum.index * {len(ticks) - 1})]"


def _notes(shown: ChartedSeries) -> list[str]:
    crosses = "cross: several buckets together" if "cross" in shown.marks["shape"].to_list() else ""
    few = f"of {shown.thinned:,} buckets the lowest and the highest of each stretch" if shown.thinned else ""
    expected = _BAND if shown.has_bounds else _BARS if shown.marks.height else ""
    return ["; ".join(part for part in (expected, crosses, few) if part)]


def _title(text: str, *below: str) -> alt.TitleParams:
    return alt.TitleParams(
        text=text, subtitle=list(below), anchor="start", fontSize=15, subtitleColor=LIGHT.quiet, color=LIGHT.text, offset=10
    )


def _finished(chart: Any) -> Any:
    plain = chart.configure(background=LIGHT.ground, font="sans-serif").configure_view(stroke=None)
    words, lines = {"labelColor": LIGHT.quiet, "titleColor": LIGHT.quiet}, {"gridColor": LIGHT.line, "domainColor": LIGHT.line}
    return plain.configure_axis(**words, **lines, tickColor=LIGHT.line, titleFontWeight="normal", labelFontSize=11)
