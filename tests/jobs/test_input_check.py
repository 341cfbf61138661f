"""A new job's first rows are refused when they have nothing for any of its detectors."""

from dataclasses import dataclass

import polars as pl
import pytest

from barograph.config.errors import ConfigError
from barograph.config.load import load_job
from barograph.jobs.input_check import refuse_useless


@dataclass
class Rows:
    source: str
    frame: pl.DataFrame
    columns: tuple[str, ...] = ()


def job(*detectors: dict[str, str], **analysis):
    return load_job(
        {
            "job_id": "web",
            "analysis_config": {"bucket_span": "5m", "detectors": list(detectors), **analysis},
            "data_description": {"time_format": "epoch"},
        }
    )


def table(source: str, *columns: str) -> Rows:
    return Rows(source, pl.DataFrame({name: ["1"] for name in columns}), columns)


def documents(*rows: dict[str, object]) -> Rows:
    return Rows("a.ndjson", pl.DataFrame(list(rows), infer_schema_length=None))


def told(of, *chunks) -> list[str]:
    notes: list[str] = []
    assert list(refuse_useless(of, chunks, notes.append)) == list(chunks)
    return notes


def refused(of, *chunks) -> list[str]:
    with pytest.raises(ConfigError) as found:
        list(refuse_useless(of, chunks, lambda _: None))
    return [str(one) for one in found.value.problems]


BYTES = {"function": "mean", "field_name": "bytes", "partition_field_name": "host"}
COUNT = {"function": "count", "by_field_name": "status"}


def test_all_that_is_missing_is_named_with_what_there_is() -> None:
    there = "wanted a column of a.csv, which has: time, byts, hst"
    assert refused(job(BYTES, COUNT, influencers=["user", "host"]), table("a.csv", "time", "byts", "hst")) == [
        f"analysis_config.detectors[0].field_name='bytes': {there}",
        f"analysis_config.detectors[0].partition_field_name='host': {there}",
        f"analysis_config.detectors[1].by_field_name='status': {there}",
        f"analysis_config.influencers[0]='user': {there}",
        f"analysis_config.influencers[1]='host': {there}",
    ]


def test_what_serves_one_detector_is_read_and_what_is_missing_told() -> None:
    there = "wanted a column of log.csv, which has: time, status"
    assert told(job(BYTES, COUNT, influencers=["user"]), table("log.csv", "time", "status")) == [
        f"analysis_config.detectors[0].field_name='bytes': {there}",
        f"analysis_config.detectors[0].partition_field_name='host': {there}",
        f"analysis_config.influencers[0]='user': {there}",
    ]


def test_later_inputs_may_lack_what_they_like() -> None:
    assert told(job(COUNT), table("a.csv", "time", "status"), table("b.csv", "time", "code")) == []


def test_documents_are_judged_by_what_is_in_them() -> None:
    row = {"time": "1", "bytes": 1.0, "host": "a"}
    assert told(job(BYTES), documents({"time": "1", "bytes": None, "host": "a"}, row)) == []
    empty = documents({"time": "1", "bytes": None, "host": "a"}, {"time": "2", "bytes": None, "host": "b"})
    wanted = "wanted a field of a.ndjson; its first rows (2) have no value of it"
    assert refused(job(BYTES), empty) == [f"analysis_config.detectors[0].field_name='bytes': {wanted}"]
    assert refused(job(BYTES), documents({**row, "time": None})) == [
        "data_description.time_field='time': wanted a field of a.ndjson; its first rows (1) have no value of it"
    ]


def test_a_count_without_fields_needs_none_but_its_summary() -> None:
    count = {"function": "count"}
    assert told(job(count), table("a.csv", "time")) == []
    (problem,) = refused(job(count, summary_count_field_name="n"), table("a.csv", "time"))
    assert problem.startswith("analysis_config.summary_count_field_name='n': wanted a column")


def test_a_dotted_name_leads_into_objects_only() -> None:
    nested = job({"function": "mean", "field_name": "system.cpu"})
    assert told(nested, documents({"time": "1", "system": {"cpu": 0.5}})) == []
    assert len(refused(nested, table("a.csv", "time", "system"))) == 1


def test_missing_times_of_tables_and_malformed_rows_are_others_business() -> None:
    assert told(job(BYTES), table("a.csv", "when", "byts")) == []
    assert told(job(BYTES), Rows("a.csv", pl.DataFrame()), table("a.csv", "time", "bytes", "host")) == []


def test_of_many_columns_the_first_are_named() -> None:
    (problem,) = refused(job(COUNT), table("a.csv", "time", *(f"c{i}" for i in range(60))))
    assert problem.endswith("c48, and 11 more")


def test_rows_that_come_one_by_one_are_judged_together() -> None:
    rows = [documents({"time": "1", "bytes": None, "host": "a"}) for _ in range(9)]
    assert told(job(BYTES), *rows, documents({"time": "2", "bytes": 1.0, "host": "a"}), rows[0]) == []
    (problem,) = refused(job(BYTES), *rows)
    assert problem.endswith("its first rows (9) have no value of it")
    (problem,) = refused(job(BYTES), *rows * 20)
    assert problem.endswith("its first rows (100) have no value of it")
