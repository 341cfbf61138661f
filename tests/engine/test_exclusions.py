"""What is forgotten was never seen."""

import numpy as np
import polars as pl
import pytest

from barograph.config.errors import InputError
from barograph.config.job import Job
from barograph.engine.exclusions import Exclusion
from barograph.engine.replay import Replay
from barograph.results.results import Results
from tests.engine.events import START, requests
from tests.engine.replays import FROM, MEANS, SPAN, TO, assert_same, cut, live, replayed, simple, span, stages


@pytest.mark.parametrize("entity", [(), (("host", "host-2"),)])
def test_forgotten_values_were_never_seen(entity: tuple[tuple[str, str], ...]) -> None:
    of, frame = simple(**MEANS), requests()
    found, snapshots = live(of, frame)
    gone = pl.col("time").is_between(FROM, TO, closed="left")
    for field, value in entity:
        gone &= pl.col(field) == value
    _, without = live(of, frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes"))))
    forgotten = (Exclusion(FROM, TO, entity),)
    again, snapshot = replayed(of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=forgotten)
    assert stages(snapshot) == stages(without[-1])
    assert stages(snapshot) != stages(snapshots[-1])
    expected = Results.concat(live(of, frame.with_columns(bytes=pl.when(gone).then(None).otherwise(pl.col("bytes"))))[:1])
    assert_same(again, expected, ("records",))


def test_forgotten_zeros_are_no_data_and_not_zero() -> None:
    of, frame = simple("count", by_field_name="host"), requests()
    found, snapshots = live(of, frame)
    _, snapshot = replayed(of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=(Exclusion(FROM, TO),))
    replay = Replay.build(of, snapshots[-1])
    start, end = span(found)
    matrix = replay._detector(0, start, end, found.bucket_values, found.influencer_shares).matrix("count", start, end)
    matrix[:, cut(FROM) - start : cut(TO) - start] = np.nan
    model = replay._pipeline._series_stages[0]._model
    model.grow(len(matrix))
    model.advance(matrix, start * SPAN)
    assert model.snapshot()["series"].tobytes() == snapshot.arrays["model0.series"].tobytes()


def test_a_series_that_began_in_the_forgotten_span_begins_after_it() -> None:
    of, frame = simple("count", by_field_name="host"), requests()
    early = pl.col("host") == "host-3"
    inside = pl.col("time") < FROM
    frame = frame.filter(~(early & inside) | (pl.col("time") < START))
    found, snapshots = live(of, frame)
    _, snapshot = replayed(
        of, found, snapshots[-1], (cut(FROM), cut(TO)), exclusions=(Exclusion(FROM, TO, (("host", "host-3"),)),)
    )
    in_span = pl.col("time").is_between(FROM, TO, closed="left")
    _, without = live(of, frame.filter(~(early & in_span)))
    assert snapshot.arrays["model0.series"].tobytes() == without[-1].arrays["model0.series"].tobytes()


def test_a_bucket_that_the_span_touches_is_forgotten_whole() -> None:
    assert Exclusion(SPAN + 1, 2 * SPAN + 1).buckets(SPAN) == (1, 3)
    assert Exclusion(SPAN, 2 * SPAN).buckets(SPAN) == (1, 2)


@pytest.mark.parametrize(
    ("of", "forgotten", "message"),
    [
        (simple("count"), Exclusion(0, 0), "wanted an end after the start"),
        (simple("count"), Exclusion(0, 1, (("host", "a"),)), "the job has no split"),
        (simple(**MEANS), Exclusion(0, 1, (("user", "a"),)), r"wanted a partition or by field \(host\)"),
    ],
)
def test_what_no_series_could_be_is_refused(of: Job, forgotten: Exclusion, message: str) -> None:
    with pytest.raises(InputError, match=message):
        forgotten.check(of)
