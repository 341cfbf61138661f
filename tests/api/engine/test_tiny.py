"""Probabilities down to the smallest number that there is arrive as they are: as numbers, in scientific notation."""

import re
from pathlib import Path
from types import SimpleNamespace

import polars as pl
from starlette.datastructures import QueryParams

from barograph.api.engine import results as calls
from barograph.api.engine.answers import respond
from barograph.api.engine.endpoint import Call
from barograph.api.engine.state import State
from barograph.results.snapshot import Snapshot
from tests.alerts.making import Made, job, results

TINY = {"a": "3.24e-184", "b": "2.2250738585072014e-308", "c": "1e-323", "d": "5e-324"}
"""By host; the last two have lost nearly all of their digits, but they are not 0."""


def test_a_tiny_probability_is_a_number_in_records_buckets_and_influencers(tmp_path: Path) -> None:
    made = Made(tmp_path / "data")
    made.add(job())
    odd = {5: dict.fromkeys(TINY, 99.0)}
    tiny = pl.Series("probability", [float(text) for text in TINY.values()])
    found = results(0, 9, odd)
    found = found.but(records=found.records.with_columns(tiny), influencers=found.influencers.with_columns(tiny))
    made.service.store.commit("web", found, Snapshot({}), [])

    def told(handler: object, **query: str) -> list[str]:
        server = SimpleNamespace(service=made.service, config=SimpleNamespace(data_dir=tmp_path / "data"))
        call = Call(State(server), {"job_id": "web"}, QueryParams(query), "", "", lambda _: None)  # type: ignore[arg-type]
        body = bytes(respond(handler(call)).body).decode()  # type: ignore[operator]
        return re.findall(r'"probability":([^,}]+)', body)

    wanted = list(TINY.values())
    assert told(calls.get_records, sort="timestamp") == wanted
    assert told(calls.get_records, sort="probability", desc="false", take="1") == ["5e-324"]
    assert sorted(told(calls.get_influencers)) == sorted(wanted)
    in_buckets = told(calls.get_buckets, expand="true", anomalyScore="50")
    assert sorted(in_buckets) == sorted(2 * wanted)
    made.close()
