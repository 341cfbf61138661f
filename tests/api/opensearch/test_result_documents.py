"""Results as documents: the keys and types of the three examples that OpenSearch's own pages show."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from barograph.api.opensearch.document import parsed
from barograph.api.opensearch.features import enabled
from barograph.api.opensearch.result_documents import Origin, documents, failure, flattened
from barograph.results import schema
from tests.api.opensearch.made import detector, feature

DOUBLE, MS, TEXT = float, int, str
VALUE = {"feature_id": TEXT, "data": DOUBLE}
USUAL: dict[str, Any] = {
    "detector_id": TEXT,
    "schema_version": int,
    "data_start_time": MS,
    "data_end_time": MS,
    "feature_data": [{"feature_id": TEXT, "feature_name": TEXT, "data": DOUBLE}],
    "execution_start_time": MS,
    "execution_end_time": MS,
    "anomaly_score": DOUBLE,
    "anomaly_grade": DOUBLE,
    "confidence": DOUBLE,
    "entity": [{"name": TEXT, "value": TEXT}],
    "model_id": TEXT,
    "threshold": DOUBLE,
}
ANOMALY = USUAL | {
    "relevant_attribution": [VALUE],
    "expected_values": [{"likelihood": DOUBLE, "value_list": [VALUE]}],
}
LATE = ANOMALY | {"past_values": [VALUE], "approx_anomaly_start_time": MS, "task_id": TEXT}
DETECTOR = parsed(
    detector(
        category_field=["host"],
        feature_attributes=[feature("bytes max", "b", "max", feature_id="bytes_max"), feature("ms", "m", feature_id="ms")],
    ),
    0,
)


def row(**changes: Any) -> pl.DataFrame:
    """A row of results of a forest."""
    one = {
        "timestamp": 1_635_927_900_000,
        "bucket_span": 300,
        "seq": 0,
        "partition_field_name": "host",
        "partition_field_value": "b",
        "anomaly_score": 1.8,
        "anomaly_grade": 0.0,
        "confidence": 0.98,
        "threshold": 1.2,
        "severity": 0.0,
        "late": 0,
        "feature_data": [2322.0, 31.5],
        "feature_imputed": [False, False],
        "is_interim": False,
    }
    names = schema.polars_schema(schema.FOREST_RESULTS)
    return pl.DataFrame([{name: (one | changes).get(name) for name in names}], schema=names)


def anomaly(**changes: Any) -> pl.DataFrame:
    expected = [{"likelihood": 0.75, "values": [2300.0, 12.0]}, {"likelihood": 0.25, "values": [100.0, 1.0]}]
    return row(**{"anomaly_grade": 0.55, "relevant_attribution": [0.25, 0.75], "expected_values": expected} | changes)


def shape(value: Any) -> Any:
    """The types within a document."""
    if isinstance(value, Mapping):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        (one,) = {repr(shape(part)): shape(part) for part in value}.values()
        return [one]
    return type(value)


def made(rows: pl.DataFrame, task_id: str | None = None, given: Mapping[str, Any] = DETECTOR) -> dict[str, Any]:
    origin = Origin("d1", given, task_id, 0, 1_635_898_427_803, 1_635_898_427_895)
    ((_, document),) = documents(rows, origin)
    return document


@pytest.mark.parametrize(
    ("rows", "task_id", "wanted"),
    [
        (row(), None, USUAL),
        (anomaly(), None, ANOMALY),
        (anomaly(late=2, past_values=[905.0, 84.5]), "t1", LATE),
    ],
    ids=["without an anomaly", "with an anomaly", "late"],
)
def test_keys_and_types_are_those_of_the_pages(rows: pl.DataFrame, task_id: str | None, wanted: dict[str, Any]) -> None:
    assert shape(made(rows, task_id)) == wanted


def test_keys_are_written_in_the_order_of_the_pages() -> None:
    names = (
        "detector_id schema_version data_start_time data_end_time feature_data execution_start_time execution_end_time "
        "anomaly_score anomaly_grade confidence entity task_id model_id approx_anomaly_start_time relevant_attribution "
        "past_values expected_values threshold"
    )
    late = made(anomaly(late=2, past_values=[905.0, 84.5]), "t1")
    assert list(late) == names.split()
    assert late["data_start_time"] - late["approx_anomaly_start_time"] == 2 * 300_000
    assert [one["likelihood"] for one in late["expected_values"]] == [0.75, 0.25]


def test_a_stream_of_its_own_has_a_model_in_real_time_only() -> None:
    alone = {name: value for name, value in DETECTOR.items() if name != "category_field"}
    assert made(row(), None, alone)["model_id"] == "d1_model_rcf_0"
    assert {"model_id", "entity"} & made(row(), "t1", alone).keys() == set()


def test_what_is_missing_is_left_out_and_what_was_taken_for_it_is_said() -> None:
    imputing = DETECTOR | {"imputation_option": {"method": "ZERO"}}
    told = made(row(feature_data=[0.0, None], feature_imputed=[True, False], threshold=None), None, imputing)
    assert [one["feature_id"] for one in told["feature_data"]] == ["bytes_max"]
    assert told["feature_imputed"] == [{"feature_id": "bytes_max", "imputed": True}, {"feature_id": "ms", "imputed": False}]
    assert "threshold" not in told


def test_an_interval_without_data_has_no_grade() -> None:
    _, live = failure(Origin("d1", DETECTOR, None, 0, 1, 2), (0, 300_000), "No data")
    assert live == {
        "detector_id": "d1",
        "schema_version": 7,
        "data_start_time": 0,
        "data_end_time": 300_000,
        "feature_data": [],
        "execution_start_time": 1,
        "execution_end_time": 2,
        "error": "No data",
    }
    _, past = failure(Origin("d1", DETECTOR, "t1", 0, 1, 2), (0, 300_000), "No data")
    assert ("feature_data" in past, past["task_id"]) == (False, "t1")


def test_a_flattened_copy_has_each_number_under_a_name() -> None:
    late = made(anomaly(late=2, past_values=[905.0, 84.5]), "t1")
    flat = flattened(late, enabled(DETECTOR))
    assert {name: flat[name] for name in flat.keys() - late.keys()} == {
        "feature_data_bytes max": 2322.0,
        "feature_data_ms": 31.5,
        "relevant_attribution_bytes max": 0.25,
        "relevant_attribution_ms": 0.75,
        "past_value_bytes max": 905.0,
        "past_value_ms": 84.5,
        "expected_values_bytes max": 2300.0,
        "expected_values_ms": 12.0,
        "entity_host": "b",
    }
