"""`barograph results`."""

import io
import json
import subprocess
from pathlib import Path

import polars as pl
import pytest

from barograph.results import schema
from tests.web import forests


def test_each_format_holds_the_same_records(call, data_dir: Path) -> None:
    def out(name: str) -> str:
        return call("results", "web", "records", "--format", name, "--data-dir", data_dir).stdout

    array = json.loads(out("json"))
    assert [json.loads(line) for line in out("ndjson").splitlines()] == array
    assert [one["record_score"] for one in array] == [91.6, 74.9, 30.0]
    table = pl.read_csv(io.StringIO(out("csv")))
    assert table.columns == [one.name for one in schema.RECORDS]
    assert table["record_score"].to_list() == [91.6, 74.9, 30.0]
    assert json.loads(table["influencers"][0])[0]["influencer_field_values"] == ["web-1"]


def test_parquet_keeps_every_type(call, data_dir: Path) -> None:
    done = call("results", "web", "records", "--format", "parquet", "--data-dir", data_dir)
    assert pl.read_parquet(done.raw).schema == schema.polars_schema(schema.RECORDS)


def test_an_empty_answer_is_an_empty_document(call, data_dir: Path) -> None:
    done = call("results", "web", "records", "--min-score", "99", "--format", "json", "--data-dir", data_dir)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "no records match\n", 0)


def test_a_cut_is_announced_beside_the_results(call, data_dir: Path) -> None:
    done = call("results", "web", "buckets", "--data-dir", data_dir)
    assert len(done.stdout.splitlines()) == 101
    assert done.stderr == "showing 100 of 120 buckets; --size 120 shows all\n"
    done = call("results", "web", "buckets", "--size", 3, "--format", "ndjson", "--data-dir", data_dir)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "showing 3 of 120 buckets; --size 120 shows all\n"


def test_machine_formats_are_not_cut_by_themselves(call, data_dir: Path) -> None:
    done = call("results", "web", "buckets", "--format", "ndjson", "--data-dir", data_dir)
    assert len(done.stdout.splitlines()) == 120
    assert done.stderr == ""


def test_start_is_inclusive_and_end_exclusive_in_the_zone_of_the_job(call, data_dir: Path) -> None:
    arguments = ("results", "web", "buckets", "--format", "csv", "--data-dir", data_dir)
    done = call(*arguments, "--start", "2026-01-01T00:05", "--end", "1767222900000")
    assert pl.read_csv(io.StringIO(done.stdout))["timestamp"].to_list() == [1_767_222_300_000, 1_767_222_600_000]


def test_scores_sort_from_the_highest_and_times_from_the_earliest(call, data_dir: Path) -> None:
    def column(sort: str, *more: str) -> list[float]:
        done = call("results", "web", "records", "--format", "csv", "--sort", sort, *more, "--data-dir", data_dir)
        return pl.read_csv(io.StringIO(done.stdout))["record_score"].to_list()

    assert column("record_score") == [91.6, 74.9, 30.0]
    assert column("record_score", "--ascending") == [30.0, 74.9, 91.6]
    assert column("timestamp") == [91.6, 74.9, 30.0]
    assert column("timestamp", "--descending") == [30.0, 74.9, 91.6]


@pytest.mark.parametrize("kind", ["records", "influencers", "buckets"])
def test_a_table_is_for_people(call, data_dir: Path, kind: str) -> None:
    done = call("results", "web", kind, "--size", 2, "--data-dir", data_dir)
    header, first, *_ = done.stdout.splitlines()
    assert header.startswith("score            when (Europe/Berlin)")
    assert "critical  Thu 2026-01-01 00:00" in first


def test_annotations_tell_what_is_the_new_normal(call, data_dir: Path) -> None:
    lines = call("results", "web", "annotations", "--data-dir", data_dir).stdout.splitlines()
    assert lines == [
        "when (Europe/Berlin)  series      mean of ms",
        "Thu 2026-01-01 00:35  host=web-1  the level moved from 100 to 320",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope", "records"), "error: job_id='nope': wanted the id of a job in this store"),
        (("wib", "records"), "error: job_id='wib': wanted the id of a job in this store; did you mean 'web'?"),
        (("web", "records", "--sort", "score"), "error: sort='score': wanted one of timestamp, "),
        (("web", "annotations", "--min-score", "5"), "error: min_score=5: wanted none, as annotations have no score"),
        (("web", "records", "--end", "soon"), "error: --end='soon': wanted a time such as 2026-03-01"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(call, data_dir: Path, arguments: tuple[str, ...], message: str) -> None:
    done = call("results", *arguments, "--data-dir", data_dir)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_store_that_is_not_there_is_not_made(call, tmp_path: Path) -> None:
    done = call("results", "web", "records", "--data-dir", tmp_path / "none")
    assert done.returncode == 1
    assert "nothing has been run there yet" in done.stderr
    assert not (tmp_path / "none").exists()


def test_the_data_directory_can_come_from_the_environment(call, data_dir: Path) -> None:
    assert call("results", "web", "records", env={"BAROGRAPH_DATA_DIR": str(data_dir)}).returncode == 0


def test_a_closed_pipe_is_quiet(process, data_dir: Path) -> None:
    arguments = ("results", "web", "buckets", "--format", "json", "--data-dir", data_dir)
    with process(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode != 0


def test_results_are_those_of_an_entity_or_a_detector(call, data_dir: Path) -> None:
    def scores(kind: str, *more: str) -> list[float]:
        done = call("results", "web", kind, "--format", "csv", *more, "--data-dir", data_dir)
        assert done.returncode == 0, done.stderr
        return pl.read_csv(io.StringIO(done.stdout))[f"{kind[:-1]}_score"].to_list()

    everything = scores("records")
    assert everything == [91.6, 74.9, 30.0]
    assert scores("records", "--entity", "host=web-1") == [91.6, 74.9]  # the series' own value
    assert scores("records", "--entity", "url=/pay") == [91.6, 74.9]  # an influencer
    assert scores("records", "--entity", "host=web-1", "--entity", "url=/pay") == [91.6, 74.9]
    assert scores("records", "--entity", "host=web-1", "--entity", "url=/cart") == []
    assert scores("records", "--detector", "0") == [91.6, 74.9]
    assert scores("records", "--detector", "1") == [30.0]
    assert len(scores("influencers", "--entity", "url=/pay")) == len(scores("influencers")) - 1


@pytest.mark.parametrize(
    ("kind", "option", "message"),
    [
        ("records", "--entity=region=eu", "entity=region='eu': wanted a split or influencer field (host, url)"),
        ("records", "--entity=host", "--entity='host': wanted FIELD=VALUE, such as host=web-1"),
        ("records", "--detector=2", "detector=2: wanted 0 to 1"),
        ("buckets", "--entity=host=web-1", "entity=host='web-1': wanted none, as buckets are of all entities"),
        ("buckets", "--detector=0", "detector_index=0: wanted none, as buckets are of all detectors"),
        ("influencers", "--detector=0", "detector_index=0: wanted none, as influencers are of all detectors"),
    ],
)
def test_what_no_result_can_be_of_is_refused(call, data_dir: Path, kind: str, option: str, message: str) -> None:
    done = call("results", "web", kind, option, "--data-dir", data_dir)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {message}\n")


def test_what_a_forest_found_comes_with_the_worst_first(call, tmp_path: Path) -> None:
    forests.make(tmp_path / "data")
    asked = ("results", "processes", "forest", "--data-dir", tmp_path / "data")
    header, first, *rest = call(*asked, columns=200).stdout.splitlines()
    assert header.split() == ["score", "when", "(UTC)", "who", "grade", "forest", "score", "threshold", "to", "blame"]
    assert "process_name=process_3  0.551" in first
    assert "4 buckets before: processing time max (71 %), 8,440 where 15,713 was expected: 1.9x lower than usual" in first
    assert "processing time max (77 %), 11,422 where 23,379 was expected: 2x lower than usual" in "\n".join(rest)
    array = json.loads(call(*asked, "--format", "json", "--size", 1).stdout)
    assert (array[0]["anomaly_grade"], array[0]["late"], array[0]["past_values"][4]) == (0.5514172746375128, 4, 8440.0)
    assert pl.read_parquet(call(*asked, "--format", "parquet").raw).schema == schema.polars_schema(schema.FOREST_RESULTS)
    for option, value in (("--min-score", 3), ("--detector", 0)):
        refused = call(*asked, option, value)
        assert (refused.returncode, f"{option}={value}: wanted none" in refused.stderr) == (1, True)
