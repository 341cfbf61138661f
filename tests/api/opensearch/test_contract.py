"""What clients rely on in small: keys of errors, numbers of changes, limits, how much is answered."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from barograph.api.opensearch import top
from barograph.api.opensearch.mappings import RESULT
from barograph.api.opensearch.shelves import RESULTS
from barograph.api.opensearch.windows import Window
from tests.api.opensearch.made import DETECTORS, STEP_MS, created, detector, feature, refusal
from tests.index.making import documents

_MINUTE = {"period": {"interval": 60, "unit": "seconds"}}
_SLOTS = "plugins.anomaly_detection.max_batch_task_per_node"


@pytest.fixture(scope="module")
def made(source: httpx.Client) -> dict[str, str]:
    """Detectors by what is odd about them."""
    return {"alone": created(source), "seconds": created(source, detection_interval=_MINUTE)}


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "?refresh=soon", detector(), (400, "illegal_argument_exception", "Unknown value for refresh: [soon].")),
        ("POST", "/{seconds}/_start", None, (500, "status_exception", "Failed to parse job {seconds}")),
        (
            "POST",
            "/{alone}/_start",
            {"start_time": 1, "end_time": 2},
            (400, "status_exception", "No available task slot"),
        ),
        (
            "GET",
            "/{alone}?job=True",
            None,
            (400, "illegal_argument_exception", "Failed to parse value [True] as only [true] or [false] are allowed."),
        ),
        (
            "POST",
            "/results/_search?size=1",
            {},
            (400, "illegal_argument_exception", "request [{path}] contains unrecognized parameter: [size]"),
        ),
        (
            "POST",
            "/_validate/detector?refresh=true",
            detector(),
            (400, "illegal_argument_exception", "request [{path}] contains unrecognized parameter: [refresh]"),
        ),
    ],
)
def test_what_cannot_be_is_told_in_its_words(
    source: httpx.Client, made: dict[str, str], method: str, path: str, body: Any, told: tuple[int, str, str]
) -> None:
    source.put("/_cluster/settings", json={"persistent": {_SLOTS: 0}}).raise_for_status()
    url = DETECTORS + path.format_map(made)
    answer = source.request(method, url, **({} if body is None else {"json": body}))
    source.put("/_cluster/settings", json={"persistent": {_SLOTS: None}}).raise_for_status()
    assert refusal(answer) == (*told[:2], told[2].format_map(made | {"path": url.partition("?")[0]}))


def test_an_index_that_is_not_there_is_named_in_the_cause(source: httpx.Client) -> None:
    error = source.post(DETECTORS, json=detector(indices=["no-such-index"])).json()["error"]
    (cause,) = error.pop("root_cause")
    assert cause == error
    assert {"index", "resource.id", "resource.type", "index_uuid"} < error.keys()


def test_every_change_has_a_number_of_its_own(source: httpx.Client) -> None:
    answer = source.post(DETECTORS, json=detector()).json()
    path = f"{DETECTORS}/{answer['_id']}"
    again = source.put(path, json=answer["anomaly_detector"]).json()
    gone, none = source.delete(path).json(), source.delete(path).json()
    assert [one["_version"] for one in (answer, again, gone)] == [1, 2, 3]
    numbers = [one["_seq_no"] for one in (answer, again, gone, none)]
    assert all(before < after for before, after in itertools.pairwise(numbers))


def test_of_detectors_of_one_name_that_are_made_at_once_one_is(source: httpx.Client) -> None:
    given = detector()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: source.post(DETECTORS, json=given), range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


def test_a_preview_is_no_more_than_a_chart_and_has_what_is_odd(source: httpx.Client) -> None:
    last = source.post("/os-metrics/_search", json={"size": 0, "aggs": {"last": {"max": {"field": "@timestamp"}}}}).json()
    end = int(last["aggregations"]["last"]["value"])
    body = {"detector": detector(category_field=["host"]), "period_start": end - 410 * STEP_MS, "period_end": end}
    results = source.post(f"{DETECTORS}/_preview", json=body).json()["anomaly_result"]
    times = [one["data_start_time"] for one in results]
    assert 400 <= len(results) <= 1000
    assert times == sorted(times)
    assert any(one["anomaly_grade"] > 0 for one in results)
    shares = [sum(one["entity"][0]["value"] == host for one in results) for host in ("host-a", "host-b", "host-c")]
    assert max(shares) < 1.1 * min(shares)


@pytest.mark.parametrize(("option", "values"), [(None, [1.0, 3.0]), ({"method": "ZERO"}, [1.0, None, 3.0])])
def test_without_an_option_no_interval_lacks_a_feature(option: Any, values: list[float | None]) -> None:
    fields = {"at": {"type": "date"}, "cpu": {"type": "double"}, "hits": {"type": "long"}}
    rows = ({"at": 0, "cpu": 1, "hits": 1}, {"at": 60_000, "hits": 2}, {"at": 120_000, "cpu": 3, "hits": 3})
    index = documents(*rows, mappings={"properties": fields})
    given = {
        "indices": ["logs"],
        "time_field": "at",
        "filter_query": {"match_all": {}},
        "feature_attributes": [feature("cpu", "cpu", feature_id="cpu"), feature("hits", "hits", feature_id="hits")],
        "detection_interval": {"period": {"interval": 1, "unit": "MINUTES"}},
        "imputation_option": option,
    }
    assert Window(index, given).points((0, 180_000))["cpu"].to_list() == values


def test_no_entity_is_left_out_of_the_worst_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top, "_PAGE", 2)
    grades = {f"h{at}": at / 10 for at in range(1, 6)}
    rows = [
        {"model_id": host, "anomaly_grade": grade, "entity": [{"name": "host", "value": host}]}
        for host, grade in grades.items()
        for grade in (grade, 0.01)
    ]
    index = documents(*rows, mappings={"properties": RESULT}, index=f"{RESULTS}-history")
    found = top._grouped(index, {}, [], ["host"])
    assert {one["key"]["host"]: (one["doc_count"], one["max_anomaly_grade"]) for one in found} == {
        host: (2, grade) for host, grade in grades.items()
    }
