"""Inputs that have nothing for any detector of a job are refused before they are read."""

from dataclasses import dataclass

import polars as pl
import pytest

from barograph.config.errors import ConfigError
from barograph.config.load import load_job
from barograph.jobs.columns import refuse_useless


@dataclass
class Rows:
    source: str
    frame: pl.DataFrame


def job(*detectors: dict[str, str], **analysis):
    return load_job(
        {
            "job_id": "web",
            "analysis_config": {"bucket_span": "5m", "detectors": list(detectors), **analysis},
            "data_description": {"time_format": "epoch"},
        }
    )


def rows(source: str, *columns: str) -> Rows:
    return Rows(source, pl.DataFrame({name: ["1"] for name in columns}))


BYTES = {"function": "mean", "field_name": "bytes", "partition_field_name": "host"}
COUNT = {"function": "count", "by_field_name": "status"}


def test_all_that_is_missing_is_named_with_what_there_is() -> None:
    useless = rows("a.csv", "time", "byts", "hst")
    with pytest.raises(ConfigError) as refused:
        list(refuse_useless(job(BYTES, COUNT, influencers=["user", "host"]), [useless]))
    there = "wanted a column of a.csv, which has: time, byts, hst"
    assert [str(one) for one in refused.value.problems] == [
        f"analysis_config.detectors[0].field_name='bytes': {there}",
        f"analysis_config.detectors[0].partition_field_name='host': {there}",
        f"analysis_config.detectors[1].by_field_name='status': {there}",
        f"analysis_config.influencers[0]='user': {there}",
        f"analysis_config.influencers[1]='host': {there}",
    ]


def test_a_source_that_serves_one_detector_is_read() -> None:
    both = [rows("cpu.csv", "time", "bytes", "host"), rows("log.csv", "time", "status")]
    assert list(refuse_useless(job(BYTES, COUNT, influencers=["user"]), both)) == both


def test_only_the_source_that_is_useless_is_refused() -> None:
    good, bad = rows("a.csv", "time", "status"), rows("b.csv", "time", "code")
    read = refuse_useless(job(COUNT), [good, good, bad])
    assert [next(read), next(read)] == [good, good]
    with pytest.raises(ConfigError, match=r"by_field_name='status': wanted a column of b\.csv, which has: time, code"):
        next(read)


def test_a_count_without_fields_needs_none_but_its_summary() -> None:
    count = {"function": "count"}
    assert list(refuse_useless(job(count), [rows("a.csv", "time")]))
    with pytest.raises(ConfigError, match="summary_count_field_name='n': wanted a column"):
        list(refuse_useless(job(count, summary_count_field_name="n"), [rows("a.csv", "time")]))


def test_fields_in_objects_and_missing_times_are_others_business() -> None:
    nested = job({"function": "mean", "field_name": "system.cpu"})
    assert list(refuse_useless(nested, [rows("a.parquet", "time", "system")]))
    assert list(refuse_useless(job(BYTES), [rows("a.csv", "when", "byts")]))
    assert list(refuse_useless(job(BYTES), [rows("a.csv")]))  # malformed rows alone


def test_of_many_columns_the_first_are_named() -> None:
    with pytest.raises(ConfigError, match=r"c48, and 11 more"):
        list(refuse_useless(job(COUNT), [rows("a.csv", "time", *(f"c{i}" for i in range(60)))]))
