"""What the charts of notebooks show, as the document that Altair hands to Vega."""

import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import numpy as np
import polars as pl
import pytest
import vl_convert

import barograph
from barograph.config.errors import BadRequest, MissingExtra
from barograph.results.results import Results
from barograph.results.severity import SCALE

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 3, 28, tzinfo=BERLIN)  # the clocks go forward the next night
GUILTY = range(300, 306)


@cache
def found(bounds: bool = True) -> Results:
    """Three hosts, of which web-1 is slow for six buckets; it has no rows in one of them."""
    rng = np.random.default_rng(0)
    rows = []
    for at in range(400):
        for host in ("web-0", "web-1", "all together"):
            slow = 90.0 if host == "web-1" and at in GUILTY else 0.0
            time = FIRST.timestamp() + 900 * at
            rows.append((time, host, 100 + 5 * rng.normal() + slow))
    job = {
        "job_id": "web",
        "time_zone": "Europe/Berlin",
        "analysis_config": {
            "bucket_span": "15m",
            "detectors": [
                {"function": "mean", "field_name": "ms", "partition_field_name": "host"},
                {"function": "metric", "field_name": "ms"},
            ],
            "influencers": ["host"],
        },
        "data_description": {"time_field": "time", "time_format": "epoch"},
        "model_plot_config": {"enabled": bounds},
    }
    return barograph.run(job, pl.DataFrame(rows, schema=["time", "host", "ms"], orient="row"))


def layers(chart: alt.LayerChart) -> list[dict[str, Any]]:
    document = chart.to_dict()
    return [
        {**layer, "rows": document["datasets"][(layer.get("data") or document["data"])["name"]]} for layer in document["layer"]
    ]


def kind(layer: dict[str, Any]) -> str:
    return str(layer["mark"]["type"])


def marks(chart: alt.LayerChart) -> list[dict[str, Any]]:
    return [row for layer in layers(chart) if kind(layer) == "point" for row in layer["rows"]]


def test_without_arguments_it_is_the_series_with_the_highest_score() -> None:
    chart = found().plot_series(detector=0)
    assert chart.to_dict()["title"]["text"] == "mean of ms, host=web-1"
    worst = found().records.filter(detector_index=0).sort("record_score")[-1]
    assert max(row["score"] for row in marks(chart)) == worst["record_score"].item()


def test_a_chart_has_the_values_and_what_was_expected_of_them() -> None:
    chart = found().plot_series(0, {"host": "web-1"})
    values = found().bucket_values.filter(detector_index=0, partition_field_value="web-1")
    drawn = layers(chart)
    assert [kind(layer) for layer in drawn[:3]] == ["area", "line", "line"]
    assert [row["actual"] for row in drawn[2]["rows"]] == values["actual"].to_list()
    assert [row["lower_bound"] for row in drawn[0]["rows"]] == values["lower_bound"].to_list()


def test_without_bounds_those_of_records_stand_behind_their_marks() -> None:
    drawn = layers(found(bounds=False).plot_series(0, {"host": "web-1"}))
    assert [kind(layer) for layer in drawn[:3]] == ["rule", "tick", "line"]
    assert all(row["lower_bound"] is not None for row in drawn[0]["rows"])


def test_each_record_is_a_mark_in_words_and_its_severity_a_colour() -> None:
    chart = found().plot_series(0, {"host": "web-1"})
    records = found().records.filter(detector_index=0, partition_field_value="web-1")
    drawn = {row["timestamp"]: row for row in marks(chart)}
    assert sorted(drawn) == records["timestamp"].to_list()
    for record in records.iter_rows(named=True):
        assert drawn[record["timestamp"]]["shape"] == ("cross" if record["multi_bucket_impact"] >= 2 else "dot")
    worst = max(drawn.values(), key=lambda row: row["score"])
    assert worst["when"].startswith("Tue 2026-03-31")
    assert worst["rated"].endswith(", critical")
    assert "higher than usual" in worst["told"]
    colour = next(layer for layer in layers(chart) if kind(layer) == "point")["encoding"]["stroke"]["scale"]
    assert colour == {"domain": [one.word for one in SCALE], "range": [one.light for one in SCALE]}


@pytest.mark.parametrize(
    "end", [1774915200, "2026-03-31T02:00", datetime(2026, 3, 31, 2, tzinfo=BERLIN), datetime(2026, 3, 31, 2)]
)
def test_time_is_given_as_people_like_it(end: Any) -> None:
    chart = found().plot_series(0, {"host": "web-0"}, start="2026-03-29", end=end)
    values = next(layer for layer in layers(chart) if kind(layer) == "line")["rows"]
    first = datetime(2026, 3, 29, tzinfo=BERLIN).timestamp() * 1000
    assert values[0]["timestamp"] == first
    assert values[-1]["timestamp"] == datetime(2026, 3, 31, 1, 45, tzinfo=BERLIN).timestamp() * 1000


def test_axes_say_the_time_of_the_job() -> None:
    axis = found().plot_series(0, start="2026-03-28", end="2026-03-31").to_dict()["layer"][0]["encoding"]["x"]["axis"]
    assert axis["title"] == "Europe/Berlin"
    times = [datetime.fromtimestamp(at / 1000, BERLIN) for at in axis["values"]]
    assert {time.hour for time in times} == {0, 12}


def test_a_long_series_is_thinned_and_says_so() -> None:
    steps = [datetime(2026, 1, 1) + timedelta(minutes=at) for at in range(9000)]
    job = {
        "job_id": "a",
        "analysis_config": {"bucket_span": "1m", "detectors": [{"function": "mean", "field_name": "v"}]},
        "data_description": {"time_field": "t"},
    }
    values = np.random.default_rng(1).normal(size=9000)
    values[4321] = 40.0
    results = barograph.run(job, pl.DataFrame({"t": steps, "v": values}))
    chart = results.plot_series()
    rows = next(layer for layer in layers(chart) if kind(layer) == "line")["rows"]
    assert len(rows) <= 4000
    assert max(row["actual"] for row in rows) == 40.0
    assert f"of {results.buckets.height:,} buckets" in chart.to_dict()["title"]["subtitle"][0]


def test_lanes_have_the_highest_score_of_each_column() -> None:
    chart = found().plot_lanes().to_dict()
    cells = next(iter(chart["datasets"].values()))
    names = chart["encoding"]["y"]["axis"]["labelExpr"]
    assert names.startswith('["all together", "web-1", ')
    assert names.count('"all together"') == 2  # a host is called so, too
    first = [cell for cell in cells if cell["lane"] == 0]
    assert max(cell["score"] for cell in first) == found().buckets["anomaly_score"].max()
    guilty = [cell for cell in cells if cell["lane"] == 1]
    assert {cell["name"] for cell in guilty} == {"web-1"}
    assert max(cell["score"] for cell in guilty) == max(
        found().influencers["influencer_score"].max(), found().records.filter(detector_index=0)["record_score"].max()
    )


def test_lanes_that_are_left_out_are_counted() -> None:
    title = found().plot_lanes("host", size=1).to_dict()["title"]
    assert title["text"] == "Highest scores by host"
    assert "left out" in title["subtitle"][0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"detector": 2}, "detector=2: wanted 0 to 1"),
        ({"entity": {"hots": "web-1"}}, "entity={'hots': 'web-1'}: wanted a detector that is split by it; fields: host"),
        ({"entity": {"host": "web-9"}}, "entity={'host': 'web-9'}: wanted a series of the job that has a value"),
        ({"start": "2026-05-01"}, "start='2026-05-01', end=None: wanted some time of the results"),
        ({"start": "May"}, "start='May': wanted a time such as"),
    ],
)
def test_what_there_is_not_is_named(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said.replace("{", r"\{").replace("}", r"\}")):
        found().plot_series(**asked)


def test_lanes_by_a_field_that_there_is_not_are_refused() -> None:
    with pytest.raises(BadRequest, match="by='user': wanted an influencer or split field of the job: host"):
        found().plot_lanes("user")


def test_results_of_no_job_have_no_chart() -> None:
    with pytest.raises(BadRequest, match="wanted those of a job"):
        Results().plot_series()


def test_without_altair_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.results.results.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"altair is not installed.*pip install 'barograph\[plots\]'"):
        found().plot_lanes()


def test_altair_is_imported_for_charts_only() -> None:
    script = "import sys, barograph; barograph.run, barograph.Results; print('altair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("chart", ["plot_series", "plot_lanes"])
def test_vega_draws_it(chart: str) -> None:
    svg = vl_convert.vegalite_to_svg(getattr(found(), chart)().to_dict())
    assert svg.startswith("<svg")
    assert "NaN" not in svg
