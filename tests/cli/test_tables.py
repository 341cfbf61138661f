from zoneinfo import ZoneInfo

import polars as pl
import pytest

from barograph.cli import tables
from barograph.cli.console import show
from barograph.results.results import Results

ZONE = ZoneInfo("Europe/Berlin")
SPAN_MS = 300_000


def test_an_episode_is_one_line_that_says_how_many_records_it_stands_for(results: Results) -> None:
    worst = tables.episodes(results.records.sample(fraction=1, shuffle=True, seed=1), results.buckets, SPAN_MS)
    assert worst.select("record_score", "records").rows() == [(91.6, 2), (30.0, 1)]
    assert worst.columns == [*results.records.columns, "records"]


def test_each_series_has_its_own_line_in_an_episode(results: Results) -> None:
    other = results.records.with_columns(partition_field_value=pl.Series(["web-1", "web-2", None]))
    assert tables.episodes(other, results.buckets, SPAN_MS)["records"].to_list() == [1, 1, 1]


def test_records_without_an_episode_stand_together_by_series(results: Results) -> None:
    quiet = results.buckets.with_columns(episode_start=pl.lit(None, pl.Int64))
    assert tables.episodes(results.records, quiet, SPAN_MS)["records"].to_list() == [2, 1]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def printed(capsys: pytest.CaptureFixture[str], table) -> list[str]:
    show(table)
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("wide")
def test_records_are_told_in_words(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    header, first, _, last = printed(capsys, tables.records(results.records, ZONE))
    assert header.split() == ["score", "when", "(Europe/Berlin)", "who", "what", "actual", "typical"]
    assert "91  critical  Thu 2026-01-01 00:00  host=web-1 url=/pay  mean of ms 3.2x higher than usual" in first
    assert "number of rows unexpectedly zero, usually 40" in last
    assert not header.endswith(" ")


@pytest.mark.usefixtures("wide")
def test_what_all_rows_measure_stands_in_the_header(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    header, first, _ = printed(capsys, tables.records(results.records.head(2), ZONE))
    assert "mean of ms" in header
    assert "  3.2x higher than usual  " in first
    alone = results.records.tail(1)
    assert "who" not in printed(capsys, tables.records(alone, ZONE))[0].split()


@pytest.mark.usefixtures("wide")
def test_what_is_in_the_data_is_printed_as_it_is(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    odd = results.records.with_columns(partition_field_value=pl.lit("[red]web[/red] :smile:"))
    assert "host=[red]web[/red] :smile: url=/pay" in printed(capsys, tables.records(odd, ZONE))[1]


@pytest.mark.usefixtures("wide")
def test_an_open_bucket_is_marked(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, tables.records(results.records.with_columns(is_interim=pl.lit(True)), ZONE))
    assert all("(interim)" in line for line in lines[1:])
    lines = printed(capsys, tables.buckets(results.buckets.head(2).with_columns(is_interim=pl.lit(True)), ZONE))
    assert all("(interim)" in line for line in lines[1:])


def test_records_of_one_episode_that_may_change_are_not_counted_with_the_certain_ones(results: Results) -> None:
    one = results.records.head(1)
    two = pl.concat([one, one.with_columns(timestamp=pl.col("timestamp") + 300_000, is_interim=pl.lit(True))])
    buckets = two.select("timestamp", episode_start=pl.lit(one["timestamp"][0]))
    together = tables.episodes(two, buckets, SPAN_MS).sort("timestamp")
    assert together["is_interim"].to_list() == [False, True]
    assert together["records"].to_list() == [1, 1]


def test_a_narrow_terminal_gets_two_lines_a_record_cut_where_they_read_best(
    results: Results, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    _, first, second, *_ = printed(capsys, tables.records(results.records, ZONE))
    assert first.split()[5:9] == ["host=web-1", "mean", "of", "ms"]
    assert second.split() == ["url=/pay", "3.2x", "higher", "than", "usual"]


@pytest.mark.parametrize("columns", [40, 100])
def test_nothing_is_cut_off_however_narrow(
    results: Results, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    long = results.records.head(1).with_columns(partition_field_value=pl.lit("x" * 70))
    lines = printed(capsys, tables.records(long, ZONE))
    assert "".join(lines).count("x") == 70 + 1  # "3.2x higher"
    assert lines[0].split()[:2] == ["score", "when"]
    assert {"320", "100"} <= set(lines[1].split())
