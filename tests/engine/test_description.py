"""What an engine says its models believe."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from barograph.config.errors import InputError
from barograph.engine import Engine
from barograph.results import schema
from barograph.results.snapshot import Snapshot
from tests.engine.events import job, requests


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = Engine.build(job())
    made.add(requests())
    return made


def test_every_series_is_described_by_name_and_unchanged_by_it(engine: Engine) -> None:
    before = engine.snapshot().to_bytes()
    found = engine.describe()
    assert found.schema == schema.polars_schema(schema.DESCRIPTIONS)
    assert engine.snapshot().to_bytes() == before
    assert found.height == engine.known().series
    by_host = found.filter(detector_index=1)
    assert sorted(by_host["partition_field_value"]) == [f"host-{one}" for one in range(4)]
    assert set(by_host["partition_field_name"]) == {"host"}
    assert found.filter(detector_index=4)["function_description"].to_list() == ["mean", "min", "max"]
    assert (found["values"] > 0).all()
    assert found["text"].str.contains("values seen").all()


def test_a_resumed_engine_says_the_same(engine: Engine) -> None:
    resumed = Engine.build(job(), Snapshot.from_bytes(engine.snapshot().to_bytes()))
    assert_frame_equal(resumed.describe(), engine.describe(), check_exact=True)


def test_an_entity_picks_its_series_in_all_detectors_that_it_splits(engine: Engine) -> None:
    found = engine.describe((("host", "host-2"),))
    assert set(found["detector_index"]) == {1, 2, 3}
    assert set(pl.concat([found["partition_field_value"], found["by_field_value"]]).drop_nulls()) >= {"host-2"}
    assert engine.describe((("host", "nobody"),)).is_empty()
    with pytest.raises(InputError, match="entity=colour='red': wanted a partition or by field"):
        engine.describe((("colour", "red"),))


def test_an_engine_that_saw_nothing_describes_nothing() -> None:
    fresh = Engine.build(job())
    assert fresh.describe().is_empty()
    assert fresh.known().series == 0
