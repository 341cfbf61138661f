"""Causes of records, as the command line tells them: all that the member did in the bucket, whatever was asked for."""

import json

import pytest

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.jobs import answers
from barograph.results import schema
from barograph.store.store import Store
from tests.known_results import JOB, START, frame, known_results, record


@pytest.fixture
def people(call, tmp_path):
    """Calls `barograph` on a job in which ann is odd by two kinds in two buckets, and others by one each."""
    detector = {"function": "sum", "field_name": "n", "over_field_name": "user", "by_field_name": "kind"}
    job = load_job(JOB | {"analysis_config": JOB["analysis_config"] | {"detectors": [detector], "influencers": ["user"]}})
    fields = {"partition_field_name": None, "partition_field_value": None, "over_field_name": "user", "by_field_name": "kind"}
    who = [(0, "ann", "read", 91.0), (0, "ann", "write", 20.0), (0, "bob", "read", 10.0)]
    who += [(1, "ann", "read", 60.0), (1, "ann", "write", 5.0), (1, "eve", "read", 55.0)]
    told = [
        record(at, score, seq=seq, over_field_value=over, by_field_value=by, probability=1e-9 / score, **fields)
        for seq, (at, over, by, score) in enumerate(who)
    ]
    with Store.open(None, tmp_path / "data") as store:
        store.create_job(job, START)
        results = known_results().but(records=frame(schema.RECORDS, told))
        store.commit("web", results, Engine.build(job).snapshot(), [])
    return lambda *words: json.loads(call(*words, "--format", "json", "--data-dir", tmp_path / "data").stdout)


def caused(documents):
    return [(one["over_field_value"], sorted(cause["by_field_value"] for cause in one["causes"])) for one in documents]


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_records_have_causes_that_lie_on_no_page(people, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(answers, "_AT_ONCE", at_once)
    found = people("results", "web", "records", "--min-score", "50")
    assert caused(found) == [("ann", ["read", "write"]), ("ann", ["read", "write"]), ("eve", ["read"])]


def test_alerts_that_would_have_been_have_the_causes_of_their_records(people) -> None:
    assert caused(people("what-if", "web")) == [("ann", ["read", "write"])]
