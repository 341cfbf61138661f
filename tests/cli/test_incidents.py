"""`barograph incidents`."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from barograph.cli.tables import members
from barograph.results import schema
from tests.cli.conftest import START


def test_incidents_are_told_in_words(call, data_dir: Path) -> None:
    done = call("incidents", "web", "--data-dir", data_dir, columns=160)
    assert done.stdout.splitlines() == [
        "score            when (Europe/Berlin)  lasted  peak  series  what",
        "   91  critical  Thu 2026-01-01 00:00  10m     +0s        1  host=web-1, mean of ms: 3.2x higher than usual "
        "(320 instead of 100)",
        "   30  minor     Thu 2026-01-01 00:35  5m      +0s        1  number of rows: unexpectedly zero, usually 40",
    ]
    assert call("incidents", "web", "--min-score", 95, "--data-dir", data_dir).stderr == "no incidents match\n"
    only = call("incidents", "web", "--start", "2026-01-01T00:20", "--data-dir", data_dir, columns=110).stdout
    assert len(only.splitlines()) == 2


def test_incidents_are_documents(call, data_dir: Path) -> None:
    first, _ = json.loads(call("incidents", "web", "--format", "json", "--data-dir", data_dir).stdout)
    assert first["result_type"] == "incident"
    assert (first["start"], first["records"]) == (START, 2)
    assert first["members"][0]["field_name"] == "ms"
    assert "by_field_value" not in first["members"][0]
    assert {"field_name": "url", "field_value": "/pay", "members": 1} in first["entities"]


def test_the_series_of_an_incident_are_told_in_words() -> None:
    member = {"onset": START, "end": START + 600_000, "score": 91.0, "function_description": "mean", "field_name": "ms"}
    split = {"partition_field_name": "host", "partition_field_value": "web-1"}
    fields = {one.name: one.dtype for one in schema.MEMBER.fields}
    rows = [{**dict.fromkeys(fields), **member, **split, "actual": 320.0, "typical": typical} for typical in (100.0, None)]
    table = members(pl.DataFrame(rows, schema=fields), ZoneInfo("UTC"))
    assert list(map(str, table.columns[-1].cells)) == ["mean of ms 3.2x higher than usual", "mean of ms unusual"]
