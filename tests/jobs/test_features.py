"""Grades over time."""

import polars as pl
import pytest

from barograph.config.detector_document import read_detector
from barograph.config.errors import BadRequest
from barograph.jobs.views.features import GradesQuery, grades, thinned
from tests.engine.detectors import web_detector

HOUR = 3_600_000
JOB = read_detector(web_detector()).job("web")


def odd(*rows: tuple[int, str, str, float, int]) -> pl.DataFrame:
    names = ["timestamp", "partition_field_value", "by_field_value", "anomaly_grade", "late"]
    return pl.DataFrame([(hour * HOUR, *rest) for hour, *rest in rows], schema=names, orient="row")


def test_lanes_are_whole_buckets_with_the_highest_grade_and_the_worst_entity_first():
    found = odd((1, "a", "one", 0.3, 0), (2, "a", "one", 0.5, 2), (2, "b", "one", 0.9, 0), (9, "b", "two", 0.1, 0))
    lanes = grades(JOB, found, GradesQuery(HOUR // 2, 9 * HOUR + 1, columns=5, size=2))
    assert (lanes.start_ms, lanes.end_ms, lanes.step_ms, lanes.total) == (0, 10 * HOUR, 2 * HOUR, 3)
    assert lanes.lanes == [(("b", "one"), 0.9, 1), (("a", "one"), 0.5, 2)]
    assert lanes.cells == [(0, 1, 0.9, 0), (1, 0, 0.3, 0), (1, 1, 0.5, 1)]
    assert grades(JOB, found.clear(), GradesQuery(0, HOUR)).lanes == []


@pytest.mark.parametrize(("query", "text"), [((5, 5), "to=5: wanted a time after from"), ((0, 5, 0), "width=0: wanted 1 to")])
def test_what_has_no_columns_is_refused(query: tuple[int, ...], text: str):
    with pytest.raises(BadRequest, match=text):
        GradesQuery(*query)


def test_of_many_results_the_worst_of_each_stretch_stay():
    found = pl.DataFrame({"timestamp": range(10), "anomaly_grade": [0.0] * 9 + [0.2], "anomaly_score": [1.0, 3.0, *[0.0] * 8]})
    assert thinned(found, 2)["timestamp"].to_list() == [1, 9]
    assert thinned(found, 10).equals(found)
