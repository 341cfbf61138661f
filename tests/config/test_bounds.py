"""Jobs that are too large, too deep or no text are refused in a line, within bounds that the error names."""

import json
import time

import pytest

from barograph.config.bounds import MOST_BYTES, MOST_DETECTORS, MOST_VALUES
from barograph.config.errors import MOST_LINES, ConfigError
from barograph.config.load import load_job

JOB = {"job_id": "a", "analysis_config": {"bucket_span": "1h", "detectors": [{"function": "mean", "field_name": "v"}]}}


def refused(source) -> list[str]:
    started = time.process_time()
    with pytest.raises(ConfigError) as error:
        load_job(source)
    assert time.process_time() - started < 10
    lines = str(error.value).split("\n")
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) < 3_000
    return lines


def file(tmp_path, name: str, text: str):
    (tmp_path / name).write_text(text)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[" * 100_000),
        ("a.json", '{"a":' * 100_000),
        ("a.yaml", "[" * 100_000),
        ("a.yaml", "a: " + "{a: " * 5_000 + "}" * 5_000),
        ("a.toml", "a = " + "[" * 100_000),
        ("a.toml", "a" + ".a" * 5_000 + " = 1"),
        ("a.json", json.dumps(JOB)[:-1] + ', "custom_settings": {"a": ' + "[" * 200 + "]" * 200 + "}}"),
    ],
)
def test_what_is_nested_too_deep_is_refused(tmp_path, name, text):
    (line,) = refused(file(tmp_path, name, text))
    assert "at most 50 objects and lists inside each other" in line or "valid" in line


def test_a_yaml_bomb_is_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    (line,) = refused(file(tmp_path, "a.yaml", "\n".join(lines)))
    assert f"at most {MOST_VALUES:,} values in all" in line


def test_yaml_that_holds_itself_is_refused(tmp_path):
    (line,) = refused(file(tmp_path, "a.yaml", "job_id: a\ncustom_settings: &a {a: *a}"))
    assert "custom_settings=" in line


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (line,) = refused(file(tmp_path, "a.json", "[" + "1," * (MOST_BYTES // 2) + "1]"))
    assert "wanted a file of at most 4 MiB" in line


def test_ten_thousand_detectors_are_refused_in_a_line():
    detectors = [{"function": "mean", "field_name": f"v{k}"} for k in range(10_000)]
    (line,) = refused({"job_id": "a", "analysis_config": {"detectors": detectors}})
    assert line.endswith(f"wanted a length of at most {MOST_DETECTORS}")


def test_many_problems_are_told_in_twenty_lines():
    lines = refused({"job_id": "a", "analysis_config": {"detectors": [{"function": "mean"}] * 500}})
    assert len(lines) == MOST_LINES
    assert lines[-1].startswith("and ")
    assert lines[-1].endswith(" more problems")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": "\ud800"}, "description"),
        ({"custom_settings": {"a": ["\0"]}}, "custom_settings.a[0]"),
        ({"custom_settings": {"\udfff": 1}}, "custom_settings"),
        ({"custom_settings": {"a": b"bytes"}}, "custom_settings.a"),
        ({"results_retention_days": 2**63}, "results_retention_days"),
        ({"model_snapshot_retention_days": 10**30}, "model_snapshot_retention_days"),
        ({"data_description": {"field_delimiter": "é"}}, "data_description.field_delimiter"),
        ({"data_description": {"field_delimiter": '"'}}, "data_description.field_delimiter"),
        ({"x" * 100_000: 1}, "x" * 200),
        ({"a\nb": 1}, "a\\nb"),
    ],
)
def test_what_cannot_be_stored_or_used_is_named(change, field):
    (line,) = refused({**JOB, **change})
    assert line.startswith(field)
