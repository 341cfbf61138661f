import json

import pytest

from barograph.config.errors import ConfigError
from barograph.config.load import load_job

JOB = {"job_id": "a", "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "mean", "field_name": "v"}]}}
YAML = "job_id: a\nanalysis_config:\n  bucket_span: 1h\n  detectors:\n    - {function: mean, field_name: v}\n"
TOML = (
    'job_id = "a"\n[analysis_config]\nbucket_span = "1h"\n[[analysis_config.detectors]]\nfunction = "mean"\nfield_name = "v"\n'
)


@pytest.mark.parametrize(("name", "text"), [("a.json", json.dumps(JOB)), ("a.yaml", YAML), ("a.YML", YAML), ("a.toml", TOML)])
def test_json_yaml_and_toml_give_the_same_job(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert load_job(tmp_path / name) == load_job(JOB)
    assert load_job(str(tmp_path / name)) == load_job(JOB)


def test_a_job_that_is_one_already_is_taken_as_it_is():
    job = load_job(JOB)
    assert load_job(job) is job


@pytest.mark.parametrize("envelope", [{"count": 1, "jobs": [JOB]}, [{"job": JOB}], {"job": JOB}, [JOB]])
def test_the_envelopes_of_elastic_and_kibana_are_opened(tmp_path, envelope):
    (tmp_path / "a.json").write_text(json.dumps(envelope))
    assert load_job(tmp_path / "a.json") == load_job(JOB)


def test_a_datafeed_exported_beside_the_job_is_kept():
    assert load_job([{"job": JOB, "datafeed": {"datafeed_id": "d"}}]).datafeed_config == {"datafeed_id": "d"}


def test_an_answer_with_several_jobs_names_them():
    with pytest.raises(ConfigError, match=r"jobs=\['a', 'b'\]: wanted exactly one job"):
        load_job({"count": 2, "jobs": [JOB, {**JOB, "job_id": "b"}]})


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.json", "{", "valid JSON"),
        ("a.yaml", "a: [", "valid YAML"),
        ("a.toml", "a", "valid TOML"),
        ("a.txt", "", "ends with .json, .yaml, .yml, .toml"),
        ("a.json", b"\xff", "not UTF-8"),
        ("a.yaml", "", "an object with job_id"),
        ("none.json", None, "No such file"),
    ],
)
def test_an_unusable_file_is_named_with_the_reason(tmp_path, name, text, wanted):
    path = tmp_path / name
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=wanted):
        load_job(path)
