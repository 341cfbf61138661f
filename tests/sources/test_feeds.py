"""Feeds of files and tables: every row once, in time order, whatever the pages; what they cannot do is told."""

import sqlite3
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer
from polars.testing import assert_frame_equal
from pydantic import SecretStr

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.sources import FileSource, SearchSource, Source, SqlSource
from barograph.index.documents import Documents
from barograph.sources.feed import Feed
from barograph.sources.feeds import open_feed

START = datetime(2026, 1, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
TIMES = [START + timedelta(minutes=at // 3) for at in range(300)]  # three rows of each minute
VALUES = [float(at) for at in range(300)]
URL = SecretStr("http://127.0.0.1:1")
END_MS = START_MS + 100 * 60_000


def job(**description: Any) -> Job:
    detectors = [{"function": "mean", "field_name": "v", "partition_field_name": "host"}]
    given = {"job_id": "j", "data_description": {"time_field": "t", **description}}
    return Job.model_validate({**given, "analysis_config": {"bucket_span": "5m", "detectors": detectors}})


def datafeed(**more: Any) -> Datafeed:
    return Datafeed.model_validate({"datafeed_id": "d", "job_id": "j", "indices": ["rows"], **more})


def csv(folder: Path) -> FileSource:
    frame = pl.DataFrame({"t": [time.isoformat() for time in TIMES], "v": VALUES, "host": ["a"] * 300, "other": [1] * 300})
    frame.head(150).write_csv(folder / "rows-1.csv")
    frame.tail(150).write_csv(folder / "rows-2.csv")
    return FileSource(files=(str(folder / "rows-*.csv"),))


def parquet(folder: Path) -> FileSource:
    pl.DataFrame({"t": TIMES, "v": VALUES, "host": ["a"] * 300}).reverse().write_parquet(folder / "rows.parquet")
    return FileSource(files=(str(folder / "rows.parquet"),))


def ndjson(folder: Path) -> FileSource:
    times = [int(time.timestamp() * 1000) for time in TIMES]
    pl.DataFrame({"t": times, "v": VALUES, "host": ["a"] * 300}).write_ndjson(folder / "rows.ndjson")
    return FileSource(files=(str(folder / "rows.ndjson"),))


def table(folder: Path, kind: str, times: list[Any]) -> SqlSource:
    with sqlite3.connect(folder / "rows.sqlite") as connection:
        connection.execute(f"CREATE TABLE rows (t {kind}, v DOUBLE, host TEXT)")
        connection.executemany("INSERT INTO rows VALUES (?, ?, 'a')", zip(times, VALUES, strict=True))
    connection.close()
    return SqlSource(sql=SecretStr(f"sqlite:///{folder / 'rows.sqlite'}"), table="rows")


def timestamps(folder: Path) -> SqlSource:
    return table(folder, "TIMESTAMP", [f"{time:%Y-%m-%d %H:%M:%S}.000000" for time in TIMES])


def seconds(folder: Path) -> SqlSource:
    return table(folder, "INTEGER", [int(time.timestamp()) for time in TIMES])


@pytest.mark.parametrize("make", [csv, parquet, ndjson, timestamps, seconds], ids=lambda make: make.__name__)
@pytest.mark.parametrize("limit", [2, 7, 100_000])
def test_every_row_comes_once_in_time_order(tmp_path: Path, make: Callable[[Path], Any], limit: int) -> None:
    with Documents(None, lambda: 0) as documents:
        feed: Feed = open_feed(documents, {"rows": make(tmp_path)}, datafeed(), job())
        at, values, times = START_MS, [], []
        while at < END_MS:
            page = feed.page(at, END_MS, limit)
            assert set(page.frame["t"].dt.epoch("ms")) <= set(range(at, page.until_ms))
            times += page.frame["t"].dt.epoch("ms").to_list()
            values += page.frame["v"].cast(pl.Float64).to_list()
            at = page.until_ms
        assert times == [int(time.timestamp() * 1000) for time in TIMES]
        assert sorted(values) == VALUES
        assert feed.next_time(0, END_MS) == START_MS
        assert feed.next_time(END_MS, END_MS + 1) is None
        assert feed.counts(START_MS, END_MS, 300_000) == {START_MS + at * 300_000: 15 for at in range(20)}


@pytest.mark.parametrize("time_format", ["epoch", "epoch_ms", "auto"])
def test_numbers_that_can_only_be_ms_are_ms(tmp_path: Path, time_format: str) -> None:
    with Documents(None, lambda: 0) as documents:
        source = table(tmp_path, "BIGINT", [int(time.timestamp() * 1000) for time in TIMES])
        feed = open_feed(documents, {"rows": source}, datafeed(), job(time_format=time_format))
        assert feed.page(START_MS, END_MS, 1000).frame.height == 300
        feed = open_feed(documents, {"rows": ndjson(tmp_path)}, datafeed(), job(time_format=time_format))
        assert feed.page(START_MS, END_MS, 1000).frame.height == 300


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"query": {"term": {"host": "a"}}}, "wanted match_all, as source 'rows' cannot search"),
        ({"runtime_mappings": {"x": {"type": "long"}}}, "datafeed_config.runtime_mappings: wanted none"),
        ({"indices": ["rows", "others"]}, "wanted source 'rows' alone"),
    ],
)
def test_what_only_an_index_can_do_is_refused(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with Documents(None, lambda: 0) as documents, pytest.raises(BadRequest, match=told):
        open_feed(documents, {"rows": parquet(tmp_path)}, datafeed(**more), job())


def test_a_source_that_is_not_there_or_lacks_a_field_says_so(tmp_path: Path) -> None:
    with Documents(None, lambda: 0) as documents:
        for source, told in (
            (FileSource(files=(str(tmp_path / "none-*.csv"),)), "wanted files to read"),
            (FileSource(files=("rows.xlsx",)), "wanted files that end with"),
            (SqlSource(sql=SecretStr("sqlite://"), table="none"), "wanted a table that can be read"),
            (SqlSource(sql=SecretStr("nothing://"), table="none"), "wanted a table that can be read"),
            (SqlSource(sql=SecretStr("nothing"), table="none"), "wanted a SQLAlchemy URL"),
            (SearchSource(url=URL, ca_certificate=tmp_path / "none.pem"), "none.pem': wanted a PEM file"),
            (SearchSource(url=URL), "wanted an answer"),
        ):
            with pytest.raises(BadRequest, match=told):
                open_feed(documents, {"rows": source}, datafeed(), job())
        pl.DataFrame({"t": TIMES}).write_parquet(tmp_path / "less.parquet")
        with pytest.raises(BadRequest, match="cannot retrieve field"):
            open_feed(documents, {"rows": FileSource(files=(str(tmp_path / "less.parquet"),))}, datafeed(), job())


@pytest.mark.parametrize(
    "source",
    [
        SqlSource(sql=SecretStr("postgresql://me:pass@s3cret:s3cret@host/d"), table="none"),
        SqlSource(sql=SecretStr("postgresql+psycopg://127.0.0.1:1/d?sslmode=s3cret"), table="none"),
        SearchSource(url=SecretStr("http://me:s3cret@127.0.0.1:1")),
        SearchSource(url=SecretStr("http://me:s3cret@exa\\mple.com\x01")),
    ],
)
def test_a_source_that_cannot_be_reached_says_so_without_its_secrets(source: Source) -> None:
    with Documents(None, lambda: 0) as documents, pytest.raises(BadRequest) as refused:
        open_feed(documents, {"rows": source}, datafeed(), job())
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of S3 on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"ENDPOINT_URL": f"http://{host}:{port}", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "us-east-1"}
    for name, value in {**settings, "ALLOW_HTTP": "true", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    try:
        made = boto3.resource("s3", endpoint_url=settings["ENDPOINT_URL"]).Bucket("lake")
        made.create()
        yield made
    finally:
        server.stop()


@pytest.mark.parametrize("make", [parquet, csv, ndjson], ids=lambda make: make.__name__)
def test_files_in_s3_are_read_as_those_that_are_here(bucket: Any, tmp_path: Path, make: Callable[[Path], FileSource]) -> None:
    here = make(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        bucket.upload_file(str(path), f"rows/{path.name}")
    there = FileSource(files=tuple(f"s3://lake/rows/{Path(one).name}" for one in here.files))
    with Documents(None, lambda: 0) as documents:
        pages = [
            open_feed(documents, {"rows": source}, datafeed(), job()).page(START_MS, END_MS, 200) for source in (here, there)
        ]
    assert_frame_equal(pages[0].frame, pages[1].frame)
    assert pages[0].frame.height > 0
    assert pages[0].until_ms == pages[1].until_ms


def test_an_address_of_s3_that_is_none_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1: 1")  # Polars gives up on it with an error that is no Exception
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    source = FileSource(files=("s3://bucket/rows/*.parquet",))
    with Documents(None, lambda: 0) as documents, pytest.raises(BadRequest, match=r"s3://bucket.*wanted files to read"):
        open_feed(documents, {"rows": source}, datafeed(), job())
