"""What crosses from the series stage to the score stage is data: it can be sent to another process, which scores the same."""

import pickle
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.engine import Engine
from barograph.results.results import Results
from barograph.scoring.leaves import Stretch
from barograph.scoring.stage import ScoreStage
from tests.engine.events import job, requests
from tests.engine.score_elsewhere import TABLES

ELSEWHERE = Path(__file__).with_name("score_elsewhere.py")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Stretch]:
    """The stretches that a score stage is given."""
    stretches: list[Stretch] = []
    score_and_learn = ScoreStage.score_and_learn
    monkeypatch.setattr(
        ScoreStage, "score_and_learn", lambda stage, stretch: (stretches.append(stretch), score_and_learn(stage, stretch))[1]
    )
    return stretches


def plain(value: object) -> bool:
    """Whether a value is numbers, arrays and frames, and nothing that computes."""
    if is_dataclass(value):
        return all(plain(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, list):
        return all(plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject
    return isinstance(value, int | pl.DataFrame)


def test_another_process_scores_the_same_stretches_to_the_same_bits(sent: list[Stretch]) -> None:
    engine, frame = Engine.build(job()), requests()
    here = Results.concat([*(engine.add(piece) for piece in frame.iter_slices(frame.height // 5)), engine.flush()])
    assert len(sent) > 4
    assert all(plain(stretch) for stretch in sent)
    letter = pickle.dumps((job().model_dump(mode="json"), [pickle.dumps(stretch) for stretch in sent]))
    done = subprocess.run([sys.executable, ELSEWHERE], input=letter, capture_output=True, check=True, timeout=120)
    there = pickle.loads(done.stdout)
    assert here.records["influencers"].list.len().sum() > 0
    assert here.quantiles.height > 0
    for name in TABLES:
        assert_frame_equal(there[name], getattr(here, name), check_exact=True)


def test_what_is_sent_is_small_where_series_are_quiet(sent: list[Stretch]) -> None:
    """Quiet series of one partition are one number a bucket: no matrix of all series crosses."""
    hosts = pl.DataFrame({"host": [f"h{i}" for i in range(500)]})
    rows = pl.DataFrame({"time": np.arange(0, 100 * 900_000, 900_000)}).join(hosts, how="cross")
    detector = {"function": "mean", "field_name": "bytes", "by_field_name": "host", "partition_field_name": None}
    of = job(analysis_config={"detectors": [detector], "influencers": []})
    Engine.build(of).add(rows.with_columns(bytes=10.0 + (pl.int_range(pl.len()) % 7)))
    assert sum(len(pickle.dumps(stretch)) for stretch in sent) < 99 * 500
