import copy
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.errors import MISSING, ConfigError, Problem
from barograph.config.functions import FUNCTIONS
from barograph.config.job import Job
from barograph.config.load import load_job

EXPORTED = {
    "job_id": "total-requests",
    "job_type": "anomaly_detector",
    "job_version": "8.4.0",
    "groups": ["web", "prod"],
    "description": "requests",
    "create_time": 1656370000000,
    "finished_time": 1656380000000,
    "model_snapshot_id": "1656370800",
    "model_snapshot_min_version": "8.3.0",
    "analysis_config": {
        "bucket_span": "10m",
        "detectors": [
            {
                "detector_description": "Sum of total",
                "function": "sum",
                "field_name": "total",
                "partition_field_name": "host.name",
                "detector_index": 0,
                "custom_rules": [
                    {
                        "actions": ["skip_result"],
                        "scope": {"host.name": {"filter_id": "safe", "filter_type": "include"}},
                        "conditions": [{"applies_to": "actual", "operator": "lt", "value": 10}],
                    }
                ],
            },
            {"function": "nzc", "by_field_name": "mlcategory", "detector_index": 1},
            {"function": "freq_rare", "by_field_name": "uri", "over_field_name": "clientip", "exclude_frequent": "all"},
        ],
        "influencers": ["host.name", "clientip"],
        "summary_count_field_name": "doc_count",
        "latency": "60s",
        "model_prune_window": "30d",
        "categorization_field_name": "message",
        "categorization_analyzer": {"tokenizer": "ml_standard", "filter": [{"type": "stop", "stopwords": ["x"]}]},
        "per_partition_categorization": {"enabled": False},
    },
    "analysis_limits": {"model_memory_limit": "2gb", "categorization_examples_limit": 4},
    "data_description": {"time_field": "timestamp", "time_format": "epoch_ms"},
    "model_plot_config": {"enabled": True, "annotations_enabled": False, "terms": "a,b"},
    "background_persist_interval": "3h",
    "model_snapshot_retention_days": 10,
    "daily_model_snapshot_retention_after_days": 1,
    "results_index_name": "shared",
    "renormalization_window_days": 30,
    "results_retention_days": 100,
    "history_retention_days": 400,
    "system_annotations_retention_days": 7,
    "allow_lazy_open": False,
    "custom_settings": {"created_by": "multi-metric-wizard", "custom_urls": [{"url_name": "x"}]},
    "datafeed_config": {"datafeed_id": "datafeed-total-requests", "indices": ["web-*"], "query": {"match_all": {}}},
    "blocked": {"reason": "none"},
    "deleting": False,
}


def small(detector=None, **changes):
    return {"job_id": "a", "analysis_config": {"detectors": [detector or {"function": "count"}]}, **changes}


def problems(document):
    with pytest.raises(ConfigError) as caught:
        load_job(document)
    return caught.value.problems


def paths(document):
    return [problem.path for problem in problems(document)]


def test_a_job_exported_from_elasticsearch_loads_as_it_is():
    job = load_job(EXPORTED)
    assert job.bucket_span_ms == 600_000
    assert job.latency_ms == 60_000
    assert job.detectors[1].function == "non_zero_count"
    assert job.detectors[2].detector_index == 2
    assert job.analysis_limits.model_memory_limit == "2048mb"
    assert job.analysis_limits.model_memory_bytes == 2 << 30
    assert job.number_fields == ("total", "doc_count")
    assert job.text_fields == ("host.name", "uri", "clientip", "message")
    assert job.fields == ("total", "doc_count", "host.name", "uri", "clientip", "message")


@pytest.mark.parametrize("mode", ["json", "python"])
def test_a_job_survives_being_dumped_and_loaded(mode):
    job = load_job(EXPORTED)
    assert load_job(job.model_dump(mode=mode)) == job
    assert load_job(job.model_dump(mode=mode, exclude_none=True)) == job
    assert Job.model_validate_json(job.model_dump_json()) == job


@given(
    st.builds(
        lambda function, field, by, span: (function, field, by, span),
        st.sampled_from(sorted(name for name, one in FUNCTIONS.items() if one.over == "optional")),
        st.text(st.characters(exclude_characters='"\\\0', codec="utf-8"), min_size=1),
        st.sampled_from(["k", "host.name", "ключ"]),
        st.sampled_from(["1s", "60s", "15m", "1d"]),
    )
)
def test_any_valid_job_survives_being_dumped_and_loaded(parts):
    function, field, by, span = parts
    detector = {"function": function, "by_field_name": by}
    if FUNCTIONS[function].needs_field == "yes":
        detector["field_name"] = field if field != "time" else "t"
    job = load_job({"job_id": "a", "analysis_config": {"bucket_span": span, "detectors": [detector]}})
    assert load_job(job.model_dump(mode="json")) == job


def test_defaults_are_those_of_elastic():
    job = load_job(small())
    assert str(job.analysis_config.bucket_span) == "5m"
    assert (job.latency_ms, job.time_field, job.time_zone, job.seed) == (0, "time", "UTC", 0)
    assert job.analysis_limits.model_memory_limit == "1024mb"
    assert job.analysis_limits.categorization_examples_limit == 4
    assert (job.model_snapshot_retention_days, job.daily_model_snapshot_retention_after_days) == (10, 1)
    assert load_job(small({"field_name": "x"})).detectors[0].function == "metric"


def test_all_problems_are_found_at_once_with_path_value_and_what_was_wanted():
    document = copy.deepcopy(EXPORTED)
    document["job_id"] = "_x"
    document["analysis_config"]["bucket_span"] = "1w"
    document["analysis_config"]["detectors"][0]["function"] = "hig_mean"
    document["analysis_config"]["detectors"][1]["feld_name"] = "x"
    document["time_zone"] = "Mars/Base"
    document["data_description"]["time_format"] = "yyyy Q"
    found = problems(document)
    assert {problem.path: problem.value for problem in found} == {
        "job_id": "_x",
        "analysis_config.bucket_span": "1w",
        "analysis_config.detectors[0].function": "hig_mean",
        "analysis_config.detectors[1].feld_name": "x",
        "time_zone": "Mars/Base",
        "data_description.time_format": "yyyy Q",
    }
    lines = str(ConfigError(found)).splitlines()
    assert "analysis_config.detectors[0].function='hig_mean': wanted a known function (did you mean 'high_mean'?)" in lines
    assert "analysis_config.detectors[1].feld_name='x': wanted a known field (did you mean 'field_name'?)" in lines


def test_rules_between_fields_are_checked_also_when_another_field_is_wrong():
    document = small(seed=-1)
    document["analysis_config"] |= {"model_prune_window": "7m", "latency": "10ms"}
    document["analysis_config"]["detectors"] += [{"function": "zzz"}, {"function": "count"}]
    assert paths(document) == [
        "analysis_config.detectors[1].function",
        "analysis_config.latency",
        "analysis_config.detectors[2]",
        "analysis_config.model_prune_window",
        "seed",
    ]


def test_a_group_is_not_called_like_the_job():
    assert paths(small(groups=["a"], seed=-1)) == ["seed", "groups[0]"]


def test_a_missing_field_is_named():
    assert problems({"analysis_config": {"detectors": [{"function": "count"}]}})[0].value is MISSING
    assert paths({}) == ["job_id", "analysis_config"]
    assert "job_id is missing: wanted" in str(ConfigError(problems({})))


@pytest.mark.parametrize("job_id", ["", "A", "_a", "a-", "a b", "a" * 65, "ä", 5, None])
def test_an_id_is_short_lowercase_and_begins_and_ends_with_a_letter_or_digit(job_id):
    assert paths(small(job_id=job_id)) == ["job_id"]


@pytest.mark.parametrize("job_id", ["a", "0", "a-b_c", "a" * 64])
def test_ids_of_elastic_are_accepted(job_id):
    assert load_job(small(job_id=job_id)).job_id == job_id


@pytest.mark.parametrize(
    ("detector", "path"),
    [
        ({"function": "count", "field_name": "x"}, "field_name"),
        ({"function": "high_nzc", "field_name": "x"}, "field_name"),
        ({"function": "time_of_day", "field_name": "x"}, "field_name"),
        ({"function": "mean"}, "field_name"),
        ({"function": "dc"}, "field_name"),
        ({"function": "lat_long"}, "field_name"),
        ({"function": "rare"}, "by_field_name"),
        ({"function": "freq_rare", "by_field_name": "x"}, "over_field_name"),
        ({"function": "nzc", "over_field_name": "x"}, "over_field_name"),
        ({"function": "non_null_sum", "field_name": "y", "over_field_name": "x"}, "over_field_name"),
        ({"function": "count", "by_field_name": "x", "over_field_name": "x"}, "over_field_name"),
        ({"function": "count", "by_field_name": "x", "partition_field_name": "x"}, "partition_field_name"),
        ({"function": "count", "by_field_name": "count"}, "by_field_name"),
        ({"function": "count", "by_field_name": 'a"b'}, "by_field_name"),
        ({"function": "mean", "field_name": "a\\b"}, "field_name"),
        ({"function": "mean", "field_name": "a\0b"}, "field_name"),
        ({"function": "mean", "field_name": ""}, "field_name"),
        ({"function": "count", "exclude_frequent": "by"}, "exclude_frequent"),
        ({"function": "count", "by_field_name": "x", "exclude_frequent": "over"}, "exclude_frequent"),
        ({"function": "count", "exclude_frequent": "all"}, "exclude_frequent"),
        ({"function": "count", "exclude_frequent": "some"}, "exclude_frequent"),
        ({"function": "count", "custom_rules": [{}]}, "custom_rules[0].conditions"),
        ({"function": "count", "custom_rules": [{"scope": {"x": {"filter_id": "f"}}}]}, "custom_rules[0].scope.x"),
        (
            {"function": "count", "custom_rules": [{"conditions": [{"applies_to": "x", "operator": "gt", "value": 1}]}]},
            "custom_rules[0].conditions[0].applies_to",
        ),
        (
            {
                "function": "rare",
                "by_field_name": "x",
                "custom_rules": [{"conditions": [{"applies_to": "actual", "operator": "gt", "value": 1}]}],
            },
            "custom_rules[0].conditions[0].applies_to",
        ),
    ],
)
def test_what_a_detector_needs_and_forbids(detector, path):
    assert paths(small(detector)) == [f"analysis_config.detectors[0].{path}"]


def test_rules_have_the_defaults_of_elastic():
    detector = {"function": "count", "by_field_name": "x", "custom_rules": [{"scope": {"x": {"filter_id": "f"}}}]}
    rule = load_job(small(detector)).detectors[0].custom_rules[0]
    assert rule.actions == ("skip_result",)
    assert rule.scope["x"].filter_type == "include"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"detectors": []}, "detectors"),
        ({"detectors": [{"function": "count"}, {"function": "count", "detector_description": "again"}]}, "detectors[1]"),
        ({"bucket_span": "1500ms"}, "bucket_span"),
        ({"bucket_span": "0s"}, "bucket_span"),
        ({"bucket_span": 300}, "bucket_span"),
        ({"latency": "10ms"}, "latency"),
        ({"model_prune_window": "5m"}, "model_prune_window"),
        ({"model_prune_window": "12m"}, "model_prune_window"),
        ({"model_prune_window": "4w"}, "model_prune_window"),
        ({"influencers": ["a", "a"]}, "influencers[1]"),
        ({"influencers": ["time"]}, "influencers[0]"),
        ({"summary_count_field_name": "time"}, "summary_count_field_name"),
        (
            {"summary_count_field_name": "n", "detectors": [{"function": "metric", "field_name": "x"}]},
            "detectors[0].function",
        ),
        ({"categorization_field_name": "m"}, "categorization_field_name"),
        ({"detectors": [{"function": "count", "by_field_name": "mlcategory"}]}, "categorization_field_name"),
        ({"categorization_filters": ["x"]}, "categorization_filters"),
        ({"per_partition_categorization": {"stop_on_warn": True}}, "per_partition_categorization.stop_on_warn"),
        (
            {
                "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
                "categorization_field_name": "m",
                "per_partition_categorization": {"enabled": True},
            },
            "detectors[0].partition_field_name",
        ),
        *(
            (
                {
                    "detectors": [{"function": "count", "partition_field_name": "mlcategory"}, *more],
                    "categorization_field_name": "m",
                    "per_partition_categorization": {"enabled": True},
                },
                "detectors[0].partition_field_name",
            )
            for more in ((), ({"function": "count", "by_field_name": "mlcategory", "partition_field_name": "host"},))
        ),
        ({"per_partition_categorization": {"enabled": True}}, "per_partition_categorization.enabled"),
        (
            {"detectors": [{"function": "count", "by_field_name": "mlcategory"}], "categorization_field_name": "mlcategory"},
            "categorization_field_name",
        ),
        ({"influencers": ["host", "mlcategory"]}, "influencers[1]"),
        ({"summary_count_field_name": "mlcategory"}, "summary_count_field_name"),
        ({"detectors": [{"function": "distinct_count", "field_name": "mlcategory"}]}, "detectors[0].field_name"),
        ({"detectors": [{"function": "mean", "field_name": "mlcategory"}]}, "detectors[0].field_name"),
        (
            {
                "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
                "categorization_field_name": "m",
                "categorization_filters": ["x"],
                "categorization_analyzer": "standard",
            },
            "categorization_filters",
        ),
    ],
)
def test_what_an_analysis_needs_and_forbids(config, path):
    assert paths({"job_id": "a", "analysis_config": {"detectors": [{"function": "count"}], **config}}) == [
        f"analysis_config.{path}"
    ]


@pytest.mark.parametrize(
    ("given_", "kept"), [(2048, "2048mb"), ("2048", "2048mb"), ("8g", "8192mb"), ("3000GB", "3072000mb"), ("1.5gb", "1536mb")]
)
def test_memory_limits_are_kept_in_megabytes(given_, kept):
    assert load_job(small(analysis_limits={"model_memory_limit": given_})).analysis_limits.model_memory_limit == kept


@pytest.mark.parametrize("limit", ["0", "1kb", "x", "", None, True, -1, "5pb"])
def test_a_memory_limit_is_at_least_a_megabyte(limit):
    assert paths(small(analysis_limits={"model_memory_limit": limit})) == ["analysis_limits.model_memory_limit"]


def test_annotations_follow_the_model_plot_unless_they_are_set():
    assert load_job(small(model_plot_config={"enabled": True})).model_plot_config.annotations_enabled
    assert not load_job(small(model_plot_config={"enabled": False})).model_plot_config.annotations_enabled
    assert load_job(small()).model_plot_config.bounds_percentile == 95.0


@pytest.mark.parametrize("percent", [0, -1, 99.9999991, 99.99999999999999, 100, float("nan"), "wide"])
def test_bounds_are_of_a_width_that_has_a_quantile(percent):
    (problem,) = problems(small(model_plot_config={"bounds_percentile": percent}))
    assert problem.path == "model_plot_config.bounds_percentile"
    assert str(percent) in str(problem)


def test_the_widest_bounds_can_be_had():
    percent = load_job(small(model_plot_config={"bounds_percentile": 99.999999})).model_plot_config.bounds_percentile
    assert NormalDist().inv_cdf(0.5 + percent / 200) == pytest.approx(5.73, abs=0.01)


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "Europe", "posixrules", "localtime", "Factory", "right/UTC"],
)
def test_a_time_zone_is_one_of_the_iana_database(zone):
    assert paths(small(time_zone=zone)) == ["time_zone"]


def test_the_daily_limit_of_snapshots_is_within_the_retention():
    assert paths(small(model_snapshot_retention_days=2, daily_model_snapshot_retention_after_days=3)) == [
        "daily_model_snapshot_retention_after_days"
    ]
    assert load_job(small(model_snapshot_retention_days=0)).daily_model_snapshot_retention_after_days == 0


def test_a_detector_gets_a_description_when_it_has_none():
    detector = {"function": "avg", "field_name": "x y", "by_field_name": "k", "partition_field_name": "p"}
    assert load_job(small(detector)).detectors[0].detector_description == 'mean("x y") by k partitionfield=p'


def test_a_job_built_in_python_raises_the_same_errors():
    with pytest.raises(ConfigError, match=r"analysis_config\.detectors\[0\]\.field_name is missing"):
        Job(job_id="a", analysis_config={"detectors": [{"function": "mean"}]})


def test_a_job_cannot_be_changed():
    with pytest.raises(Exception, match="frozen"):
        load_job(small()).seed = 5


@pytest.mark.parametrize("document", [None, 5, "{}", [[]], {"job_id": "a", "analysis_config": []}, [small(), small()]])
def test_no_document_is_worse_than_a_config_error(document):
    problems(document)


def test_a_long_value_is_shown_cut_with_its_length():
    assert str(Problem("a", "x" * 500, "less")).endswith("... (502 characters): wanted less")


def test_the_name_of_the_bucket_s_own_influencer_is_taken():
    with pytest.raises(ConfigError, match=r"influencers.0.='bucket_time': wanted a name other than bucket_time"):
        load_job({"job_id": "a", "analysis_config": {"detectors": [{"function": "count"}], "influencers": ["bucket_time"]}})
