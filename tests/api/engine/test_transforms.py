"""Transforms of rows before they are analysed."""

from typing import Any

import httpx
import polars as pl
import pytest

from barograph.api.engine.config import Transform
from barograph.api.engine.errors import Code
from barograph.api.engine.transform_config import steps_of
from barograph.api.engine.transforms import transformed
from tests.api.engine.stream import START
from tests.api.engine.test_jobs import API, error


def applied(given: list[dict[str, Any]], **columns: list[str | None]) -> tuple[dict[str, list[Any]], int]:
    """Rows behind transforms, and how many of their values failed."""
    transforms = [Transform.model_validate(one) for one in given]
    used = [name for one in transforms for name in one.outputs or ()] or ["concat", "hrd", "subDomain", "latLong", "trim"]
    made = transformed(pl.DataFrame(columns), steps_of(transforms, [*used, "lowercase", "uppercase", "split", "extract"]))
    return made.frame.to_dict(as_series=False), made.failed


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, list[str | None]], dict[str, list[Any]], int]] = {
    "concat": (
        [{"transform": "concat", "inputs": ["a", "b"], "arguments": ["-"]}],
        {"a": ["x", None]},
        {"concat": ["x", ""]},
        0,
    ),
    "lower": ([{"transform": "lowercase", "inputs": ["a"]}], {"a": ["Xy", None]}, {"lowercase": ["xy", None]}, 0),
    "upper": ([{"transform": "uppercase", "inputs": ["a"], "outputs": ["b"]}], {"a": ["xy"]}, {"b": ["XY"]}, 0),
    "trim": ([{"transform": "trim", "inputs": ["a"]}], {"a": ["  x "]}, {"trim": ["x"]}, 0),
    "extract": (
        [{"transform": "extract", "inputs": ["a"], "outputs": ["b", "c"], "arguments": [r"(\w+)=(\d+)"]}],
        {"a": ["say x=5", "none", None]},
        {"b": ["x", None, None], "c": ["5", None, None]},
        1,
    ),
    "split": (
        [{"transform": "split", "inputs": ["a"], "outputs": ["b", "c"], "arguments": ["[,;]"]}],
        {"a": ["1,2;3", "1"]},
        {"b": ["1", "1"], "c": ["2", None]},
        0,
    ),
    "domains": (
        [{"transform": "domain_split", "inputs": ["a"]}],
        {"a": ["www.test.co.uk", "example.com", "localhost", None]},
        {"subDomain": ["www", "", "localhost", None], "hrd": ["test.co.uk", "example.com", "", None]},
        0,
    ),
    "places": (
        [{"transform": "geo_unhash", "inputs": ["a"]}],
        {"a": ["u4pruydqqvj", "no!"]},
        {"latLong": ["57.649111,10.407440", None]},
        1,
    ),
    "chain": (
        [
            {"transform": "lowercase", "inputs": ["c"], "outputs": ["d"]},
            {"transform": "concat", "inputs": ["a", "b"], "outputs": ["c"]},
        ],
        {"a": ["X"], "b": ["Y"]},
        {"c": ["XY"], "d": ["xy"]},
        0,
    ),
    "exclude by number": (
        [{"transform": "exclude", "inputs": ["a"], "condition": {"operator": "GTE", "value": "5"}}],
        {"a": ["4", "5", "x", None]},
        {"a": ["4", "x", None]},
        0,
    ),
    "exclude by pattern": (
        [{"transform": "exclude", "inputs": ["a"], "condition": {"operator": "match", "value": "o.|x"}}],
        {"a": ["ok", "okay", "x"]},
        {"a": ["okay"]},
        0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_transform_makes_what_it_says(name: str) -> None:
    given, columns, wanted, wanted_failed = CASES[name]
    made, failed = applied(given, **columns)
    assert {field: made[field] for field in wanted} == wanted
    assert failed == wanted_failed


LOWER = {"transform": "lowercase", "inputs": ["a"], "outputs": ["b"]}
ODD = {"transform": "exclude", "inputs": ["a"]}
BAD: dict[str, tuple[Any, Code]] = {
    "10201": ({"transform": "reverse", "inputs": ["a"]}, Code.UNKNOWN_TRANSFORM),
    "10202": ({"transform": "concat", "inputs": ["a"]}, Code.TRANSFORM_INPUT_COUNT),
    "10204": ([{**LOWER, "outputs": ["c"], "inputs": ["b"]}, {**LOWER, "inputs": ["c"]}], Code.TRANSFORM_CIRCULAR),
    "10205": ([LOWER, LOWER], Code.TRANSFORM_DUPLICATE_OUTPUT),
    "10206": ({**LOWER, "arguments": ["x"]}, Code.TRANSFORM_ARGUMENT_COUNT),
    "10208": (ODD, Code.TRANSFORM_NEEDS_CONDITION),
    "10209": ({**ODD, "condition": {"operator": "NE", "value": "1"}}, Code.UNKNOWN_OPERATOR),
    "10210 number": ({**ODD, "condition": {"operator": "EQ", "value": "x"}}, Code.CONDITION_ARGUMENT),
    "10210 pattern": ({**ODD, "condition": {"operator": "MATCH", "value": "(x"}}, Code.CONDITION_ARGUMENT),
    "10211": ({**LOWER, "outputs": []}, Code.TRANSFORM_OUTPUT_COUNT),
    "10211 groups": ({**LOWER, "transform": "extract", "arguments": ["(a)(b)"]}, Code.TRANSFORM_OUTPUT_COUNT),
    "10212": ({**LOWER, "inputs": [" "]}, Code.TRANSFORM_EMPTY_INPUT),
    "10213": ({**LOWER, "outputs": [""]}, Code.TRANSFORM_EMPTY_OUTPUT),
    "10214": ({**LOWER, "transform": "split", "arguments": ["(?=x)"]}, Code.TRANSFORM_ARGUMENT),
    "10214 condition": ({**LOWER, "condition": {"operator": "EQ", "value": "1"}}, Code.TRANSFORM_ARGUMENT),
    "10215": ({"transform": 5}, Code.TRANSFORM_PARSE),
    "10215 no list": ("x", Code.TRANSFORM_PARSE),
    "10216": ({**LOWER, "input": "a"}, Code.TRANSFORM_UNKNOWN_FIELD),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_transform_is_refused_with_its_number(http: httpx.Client, name: str) -> None:
    body, code = BAD[name]
    path = "transforms" if isinstance(body, list) else "transform"
    assert error(http.post(f"{API}/validate/{path}", json=body)) == (400, code)


def test_what_can_be_is_acknowledged(http: httpx.Client) -> None:
    for kind, body in (("transform", LOWER), ("transforms", [LOWER]), ("detector", {"function": "count"})):
        assert http.post(f"{API}/validate/{kind}", json=body).json() == {"acknowledgement": True}
    assert error(http.post(f"{API}/validate/detector", json={"function": "nothing"})) == (400, Code.UNKNOWN_FUNCTION)
    assert error(http.post(f"{API}/validate/detector", json={"functon": "count"})) == (400, Code.DETECTOR_UNKNOWN_FIELD)
    assert error(http.post(f"{API}/validate/detector", content=b"[")) == (400, Code.DETECTOR_PARSE)
    assert error(http.post(f"{API}/validate/transforms", json=LOWER)) == (400, Code.TRANSFORM_PARSE)


def test_lines_become_rows_by_transforms(http: httpx.Client) -> None:
    """A log of lines: fields are taken out of it, some lines are left out, and what becomes of the rest can be looked at."""
    analysis = {"bucketSpan": 600, "detectors": [{"function": "count", "byFieldName": "host"}]}
    parts = {"transform": "extract", "inputs": ["raw"], "outputs": ["time", "domain"], "arguments": [r"^(\d+) (\S+)"]}
    transforms = [
        {"transform": "domain_split", "inputs": ["domain"], "outputs": ["sub", "host"]},
        parts,
        {"transform": "exclude", "inputs": ["raw"], "condition": {"operator": "MATCH", "value": ".*DEBUG.*"}},
    ]
    job = {"id": "lines", "analysisConfig": analysis, "dataDescription": {"format": "SINGLE_LINE"}}
    assert error(http.post(f"{API}/jobs", json=job)) == (400, Code.SINGLE_LINE_NEEDS_TRANSFORMS)
    unused = [{**parts, "outputs": ["x", "y"]}]
    assert error(http.post(f"{API}/jobs", json={**job, "transforms": unused})) == (400, Code.TRANSFORM_OUTPUTS_UNUSED)
    http.post(f"{API}/jobs", json={**job, "transforms": transforms}).raise_for_status()
    assert http.get(f"{API}/jobs/lines").json()["document"]["transforms"] == [{"arguments": [], **one} for one in transforms]
    lines = f"{START} a.example.com INFO\r\n{START + 60} b.test.org DEBUG\n\n{START + 700} c.test.org INFO\nno time here\n"
    preview = http.post(f"{API}/preview/lines", content=lines)
    assert preview.status_code == 202
    assert preview.headers["content-type"].startswith("text/plain")
    assert preview.text == f"time,host\n{START},example.com\n{START + 700},test.org\n"
    (told,) = http.post(f"{API}/data/lines", content=lines).json()["responses"]
    summary = told["uploadSummary"]
    assert (summary["inputRecordCount"], summary["processedRecordCount"], summary["excludedRecordCount"]) == (4, 2, 1)
    assert (summary["invalidDateCount"], summary["failedTransformCount"]) == (1, 1)
    assert http.get(f"{API}/jobs/lines").json()["document"]["counts"] == summary
    assert http.post(f"{API}/preview/lines", content=b"").text == "time,host\n"
