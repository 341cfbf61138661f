import json

import pytest

from barograph.config.detector_document import DetectorDocument, read_detector
from barograph.config.errors import ConfigError
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.jobs.drafts.advice import of_settings
from barograph.results.labels import sentence
from barograph.store.differences import differences
from tests.engine.detectors import detector, feature, web_detector


def test_a_detector_has_the_documented_defaults():
    doc = read_detector({"name": "d", "time_field": "t", "feature_attributes": [feature("cpu")]})
    assert str(doc.detection_interval.duration) == "10m"
    assert doc.window_delay.duration.ms == 0
    assert (doc.shingle_size, doc.recency_emphasis, doc.history) == (8, 2_560, 40)
    rules = doc.job().forest_config.rules
    assert [(rule.conditions[0].threshold_type, rule.conditions[1].threshold_type) for rule in rules] == [
        ("ACTUAL_OVER_EXPECTED_RATIO", "EXPECTED_OVER_ACTUAL_RATIO")
    ]
    assert [condition.value for rule in rules for condition in rule.conditions] == [0.2, 0.2]


def test_half_a_season_is_the_shingle_and_history_is_what_it_takes():
    doc = read_detector(detector(feature("cpu"), suggested_seasonality=24))
    assert (doc.shingle_size, doc.history) == (12, 44)
    given = read_detector(detector(feature("cpu"), suggested_seasonality=24, shingle_size=4, history=100))
    assert (given.shingle_size, given.history) == (4, 100)


def test_a_detector_is_a_job():
    job = read_detector(web_detector(window_delay={"period": {"interval": 2, "unit": "minutes"}})).job()
    assert job.job_id == "web-1"
    assert str(job.analysis_config.latency) == "2m"
    assert [(one.function, one.field_name, one.detector_description) for one in job.detectors] == [
        ("mean", "load", "load"),
        ("max", "latency", "latency"),
    ]
    assert {tuple(one.splits.items()) for one in job.detectors} == {(("by", "service"), ("partition", "host"))}
    assert job.influencers == ("host", "service")
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_a_detector_says_what_it_does_and_what_of_it_may_mislead():
    job = read_detector(web_detector()).job()
    assert sentence(job) == (
        "every 1 hour, per host and service: mean of load and maximum of latency judged by a forest; blames host and service"
    )
    (told,) = of_settings(job)
    assert told == "what falls silent is no anomaly: it has no result; imputation_option {method: ZERO} tells of it"
    assert of_settings(read_detector(web_detector(imputation_option={"method": "zero"})).job()) == []


def test_every_aggregation_of_rows_is_a_function_without_a_value_where_there_are_no_rows():
    kinds = ("avg", "sum", "min", "max", "value_count", "cardinality")
    half = {"feature_name": "half", "aggregation_query": {"p": {"percentiles": {"field": "f", "percents": [50, 99]}}}}
    job = read_detector(detector(*(feature(kind, kind, "f") for kind in kinds), half)).job()
    assert [one.function for one in job.detectors] == [
        *("mean", "non_null_sum", "min", "max", "non_zero_count", "distinct_count", "median")
    ]
    assert {one.spec.empty for one in job.detectors} == {"none"}


def test_summarised_rows_have_the_values_under_the_ids_of_the_features():
    odd = {"feature_id": "p99", "feature_name": "slow", "aggregation_query": {"p": {"percentiles": {"percents": [99]}}}}
    doc = read_detector(detector(odd, feature("cpu"), filter_query={"term": {"a": "b"}}))
    job = doc.job("other", summarised=True)
    assert job.job_id == "other"
    assert [(one.function, one.field_name) for one in job.detectors] == [("mean", "p99"), ("mean", "cpu")]
    with pytest.raises(ConfigError) as refused:
        doc.job()
    assert [problem.path for problem in refused.value.problems] == ["filter_query", "feature_attributes[0].aggregation_query"]


@pytest.mark.parametrize(
    ("aggregation", "path", "wanted"),
    [
        ({"percentiles": {"field": "f", "percents": [95]}}, ".percentiles.percents", "50, the median, as the first"),
        ({"percentiles": {"field": "f"}}, ".percentiles.percents", "50, the median, as the first"),
        ({"avg": {"field": "f", "missing": 0}}, ".avg.missing", "nothing"),
        ({"max": {"field": "f", "script": "_value * 2"}}, ".max.script", "nothing"),
        ({"percentiles": {"field": "f", "percents": [50], "keyed": False}}, ".percentiles.keyed", "nothing"),
        ({"max": {"script": "doc.f.value"}}, "", "avg, sum, min, max, value_count, cardinality, percentiles, of a field"),
        ({"extended_stats": {"field": "f"}}, "", "avg, sum, min, max, value_count, cardinality, percentiles, of a field"),
        ({"filter": {"term": {"a": "b"}}, "aggs": {"x": {"avg": {"field": "f"}}}}, "", "avg, sum, min, max"),
        ("avg", "", "avg, sum, min, max"),
    ],
)
def test_what_is_not_computed_of_rows_is_refused_by_its_name_and_says_what_is(aggregation, path, wanted):
    odd = {"feature_name": "slow", "aggregation_query": {"p": aggregation}}
    with pytest.raises(ConfigError) as refused:
        read_detector(detector(feature("cpu"), odd)).job()
    (problem,) = refused.value.problems
    assert problem.path == f"feature_attributes[1].aggregation_query{path}"
    assert wanted in problem.wanted
    assert "a detector over indices of the server may have any" in problem.wanted


def test_what_is_not_known_is_skipped_and_what_is_not_enabled_is_not_looked_at(tmp_path):
    off = feature("off", feature_enabled=False, more=1)
    document = detector(off, feature("cpu", feature_enabled="true"), ui_metadata={}, user=None, rules=[], indices=["a"])
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"_id": "x", "_version": 1, "anomaly_detector": document}))
    job = load_job(path)
    assert [one.feature_name for one in job.forest_config.features] == ["cpu"]
    assert len(job.forest_config.rules) == 1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "a b"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"description": "x" * 1_001}, "description"),
        ({"time_field": None}, "time_field"),
        ({"shingle_size": 129}, "shingle_size"),
        ({"shingle_size": 0}, "shingle_size"),
        ({"suggested_seasonality": 257}, "suggested_seasonality"),
        ({"recency_emphasis": 1}, "recency_emphasis"),
        ({"history": 10_001}, "history"),
        ({"category_field": ["a", "b", "c"]}, "category_field"),
        ({"result_index": "mine"}, "result_index"),
        ({"detection_interval": {"period": {"interval": 1, "unit": "Hours"}}}, "detection_interval.period.unit"),
        ({"detection_interval": {"period": {"interval": 0}}}, "detection_interval"),
        ({"detection_interval": {"interval": 1}}, "detection_interval.period"),
        ({"window_delay": {"period": {"interval": -1}}}, "window_delay.period.interval"),
        ({"frequency": {"period": {"interval": 90}}}, "frequency"),
        ({"feature_attributes": [feature("a"), feature("a")]}, "feature_attributes[1].feature_name"),
        ({"feature_attributes": [feature("a") | {"aggregation_query": {}}]}, "feature_attributes[0].aggregation_query"),
        ({"imputation_option": {"method": "LAST"}}, "imputation_option.method"),
        ({"imputation_option": {"method": "FIXED_VALUES"}}, "imputation_option.default_fill"),
        (
            {"imputation_option": {"method": "fixed_values", "default_fill": [{"feature_name": "b", "data": 1}]}},
            "imputation_option.default_fill",
        ),
        ({"rules": [{"conditions": []}]}, "rules[0].conditions"),
        (
            {"rules": [{"conditions": [{"feature_name": "b", "threshold_type": "ACTUAL_IS_OVER_EXPECTED"}]}]},
            "rules[0].conditions[0].feature_name",
        ),
        (
            {"rules": [{"conditions": [{"feature_name": "cpu", "threshold_type": "actual_over_expected_ratio", "value": 0}]}]},
            "rules[0].conditions[0].value",
        ),
        (
            {"rules": [{"conditions": [{"feature_name": "cpu", "threshold_type": "ACTUAL_IS_OVER_EXPECTED", "value": 1}]}]},
            "rules[0].conditions[0].value",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, path):
    with pytest.raises(ConfigError) as refused:
        DetectorDocument.model_validate(detector(feature("cpu")) | change)
    assert path in [problem.path for problem in refused.value.problems]
    assert "wanted" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            lambda job: job["forest_config"].update(features=job["forest_config"]["features"][:1], rules=[]),
            "forest_config.features",
        ),
        (lambda job: job["analysis_config"]["detectors"][1].update(function="metric"), "analysis_config.detectors[1].function"),
        (lambda job: job["analysis_config"]["detectors"][1].pop("by_field_name"), "analysis_config.detectors[1]"),
        (lambda job: job["analysis_config"].update(influencers=["user"]), "analysis_config.influencers"),
        (lambda job: job["analysis_config"].update(multivariate_by_fields=True), "analysis_config.multivariate_by_fields"),
        (
            lambda job: job["analysis_config"]["detectors"][0].update(exclude_frequent="by"),
            "analysis_config.detectors[0].exclude_frequent",
        ),
    ],
)
def test_features_that_are_not_the_detectors_are_refused(change, path):
    document = json.loads(read_detector(web_detector()).job().model_dump_json())
    change(document)
    with pytest.raises(ConfigError) as refused:
        Job.model_validate(document)
    assert path in [problem.path for problem in refused.value.problems]


def test_rules_may_change_and_what_forests_learn_under_may_not():
    job = read_detector(web_detector()).job()
    other = read_detector(
        web_detector(
            history=99, rules=[{"conditions": [{"feature_name": "load", "threshold_type": "ACTUAL_IS_OVER_EXPECTED"}]}]
        )
    ).job()
    assert differences(job, other) == []
    assert [path for path, *_ in differences(job, read_detector(web_detector(shingle_size=5)).job())] == [
        "forest_config.shingle_size"
    ]
