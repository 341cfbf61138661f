"""What is read of very many series is what an engine says of all of them."""

import io
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import OtherModels
from barograph.engine import Engine
from barograph.engine.survey import Survey, survey
from barograph.results import schema, snapshot
from barograph.results.snapshot import Reduce, Snapshot
from tests.engine.events import job, requests


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = Engine.build(job())
    made.add(requests())
    return made


def surveyed(saved: Snapshot, most: int) -> Survey:
    def read(reduced: Mapping[str, Reduce]) -> Snapshot:
        return Snapshot.read(io.BytesIO(saved.to_bytes()), reduced)

    return survey(job(), read, most)


def worst(every: pl.DataFrame, most: int) -> pl.DataFrame:
    """The definition: rank all, the first of equals before the others, and keep their order."""
    best = np.sort(np.argsort(-every["severity"].to_numpy(), kind="stable")[:most])
    return every[best]


@pytest.mark.parametrize("most", [1, 3, 5, 1_000])
@pytest.mark.parametrize("block", [1, 10_000, 10**9])
def test_it_is_the_most_anomalous_of_late_in_whatever_blocks_they_are_read(
    engine: Engine, most: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_BLOCK", block)
    found = surveyed(engine.snapshot(), most)
    assert_frame_equal(found.rows, worst(engine.describe(), most), check_exact=True)
    assert found.known == engine.known()


def test_a_job_without_a_snapshot_knows_nothing() -> None:
    found = survey(job(), lambda _: None, 20)
    assert found.rows.schema == schema.polars_schema(schema.DESCRIPTIONS)
    assert found.rows.is_empty()
    assert found.known.series == 0


def test_an_engine_that_saw_nothing_has_nothing_to_read() -> None:
    found = surveyed(Engine.build(job()).snapshot(), 20)
    assert found.rows.is_empty()


@pytest.mark.parametrize("name", ["model0.series", "model0.version"])
def test_what_another_version_has_learned_is_refused(engine: Engine, name: str) -> None:
    arrays = dict(engine.snapshot().arrays)
    arrays[name] = np.array([1]) if name.endswith("version") else np.zeros(3, [("other", "f8")])
    with pytest.raises(OtherModels):
        surveyed(Snapshot(arrays), 20)
