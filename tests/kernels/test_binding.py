"""What a kernel is handed is checked before its loop trusts it: a wrong number is an error that names it, never a crash."""

from typing import Any

import numpy as np
import pytest

from barograph.buckets import layout
from barograph.kernels import _fold, _math, _points, _quantiles, _scores, _series
from barograph.models.state import CHANGE, FLAGGED, PREDICTIVE, SERIES
from barograph.results.arrays import as_bytes
from barograph.scoring.quantiles_layout import DAY_END, ODD, RUNNING

HOUR = 3_600_000


def advance(**changes: object) -> tuple[int, int]:
    """A chunk of two series of three known and four buckets, with other arguments where `changes` says so."""
    given: dict[str, object] = {
        "state": as_table(np.zeros(3, SERIES)),
        "pool": np.zeros(0, np.float32),
        "rows": np.array([2, 0]),
        "values": np.ones((2, 4)),
        "weights": np.ones((2, 4)),
        "local_ms": np.arange(4) * HOUR,
        "progress": np.zeros(2, np.int64),
        "leaves": as_table(np.zeros(8, FLAGGED)),
        "changes": as_table(np.zeros(8, CHANGE)),
        "out": [np.empty((2, 4)) for _ in range(5)],
    }
    skipped: dict[str, object] = {
        "lesson": [0.0] * 7,
        "zeros_since": -1,
        "calendar": True,
        "planned": np.zeros(4, np.uint8),
        "rules": rules((0, 2, 1)),
        "conditions": np.zeros(2 * 24, np.uint8),
        "scope": np.ones((1, 2), np.uint8),
        "shifts": np.zeros(16, np.uint8),
        "shift_scope": np.ones((1, 2), np.uint8),
        "resets": np.zeros((0, 0), np.uint8),
    }
    settings = (0, HOUR, 0, False, True, 0.0, 0.0)
    given, skipped = ({name: changes.get(name, value) for name, value in of.items()} for of in (given, skipped))
    return _series.advance(*given.values(), *settings, *skipped.values())


def rules(*records: tuple[int, int, int]) -> np.ndarray:
    return np.array(records, np.int64).reshape(-1).view(np.uint8)


def as_table(records: np.ndarray) -> np.ndarray:
    return records.view(np.uint8).reshape(len(records), records.dtype.itemsize)


def forecast(**changes: object) -> None:
    given: dict[str, object] = {
        "state": as_table(np.zeros(3, SERIES)),
        "pool": np.zeros(0, np.float32),
        "rows": np.array([1]),
        "local_ms": np.arange(9) * HOUR,
        "out": [np.empty((1, 5)) for _ in range(4)],
        "known": np.zeros(1, np.bool_),
    }
    shifts = np.zeros(0, np.uint8), np.zeros((0, 1), np.uint8)
    _series.forecast(*(given | changes).values(), 0, 4, HOUR, 1.96, False, *shifts)


def test_what_is_right_is_taken():
    assert advance()[1] == 0
    forecast()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": np.array([2, 3])}, r"rows\[1\]=3: wanted a number from 0 to 2"),
        ({"shift_scope": np.ones((2, 2), np.uint8)}, "size of scope of shifts=2: wanted 1"),
        ({"weights": np.ones((1, 4))}, "size of weights=4: wanted 8"),
        ({"resets": np.zeros((2, 3), np.uint8)}, "size of resets=6: wanted 8"),
        ({"rows": np.array([-1, 0])}, r"rows\[0\]=-1: wanted a number from 0 to 2"),
        ({"rows": np.array([1])}, "size of values=2: wanted 1"),
        ({"state": as_table(np.zeros(3, CHANGE))}, "size of a record of state="),
        ({"local_ms": np.arange(3)}, "size of local_ms=3: wanted 4"),
        ({"progress": np.zeros(1, np.int64)}, "size of progress=1: wanted 2"),
        ({"lesson": [0.0] * 6}, "size of lesson=6: wanted 7"),
        ({"planned": np.zeros(3, np.uint8)}, "size of planned=3: wanted 4"),
        ({"rules": rules((0, 3, 1))}, r"rules\[0\]=3: wanted conditions up to 2"),
        ({"rules": rules((-1, 1, 1))}, r"rules\[0\]=1: wanted conditions up to 2"),
        ({"scope": np.ones((2, 2), np.uint8)}, "size of scope=2: wanted 1"),
        ({"scope": np.ones((1, 3), np.uint8)}, "size of a row of scope=3: wanted 2"),
        ({"progress": np.array([0, 5])}, r"progress\[1\]=5: wanted a number from 0 to 4"),
        ({"leaves": as_table(np.zeros(8, CHANGE))}, "size of a record of leaves="),
        ({"changes": as_table(np.zeros(8, FLAGGED))}, "size of a record of changes="),
        ({"out": [np.empty((2, 4))]}, "size of out=1: wanted 5"),
        ({"out": [np.empty((2, 3)) for _ in range(5)]}, "size of a row of an array of out=3: wanted 4"),
    ],
)
def test_a_chunk_that_does_not_fit_its_state_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        advance(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": np.array([3])}, r"rows\[0\]=3: wanted a number from 0 to 2"),
        ({"known": np.zeros(2, np.bool_)}, "size of known=2: wanted 1"),
        ({"local_ms": np.arange(8) * HOUR}, "size of local_ms=8: wanted 9"),
        ({"out": [np.empty((1, 5)) for _ in range(3)]}, "size of out=3: wanted 4"),
        ({"out": [np.empty((2, 5)) for _ in range(4)]}, "size of an array of out=2: wanted 1"),
    ],
)
def test_a_forecast_that_does_not_fit_its_state_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        forecast(**changes)


def test_a_value_without_its_distribution_is_refused():
    with pytest.raises(ValueError, match="size of predictive=1: wanted 2"):
        _series.probability(as_table(np.zeros(1, PREDICTIVE)), np.zeros(2), np.zeros(2))


def test_a_group_of_rows_that_are_not_there_is_refused():
    ln_p, out, state = np.zeros((2, 3)), np.empty((1, 3)), np.zeros((1, 6))
    with pytest.raises(ValueError, match=r"order\[1\]=2: wanted a number from 0 to 1"):
        _scores.combine_groups(ln_p, np.array([0, 2]), np.array([0, 2]), state, 100.0, False, out)
    with pytest.raises(ValueError, match=r"start\[1\]=3: wanted a number from 0 to 2"):
        _scores.combine_groups(ln_p, np.array([0, 1]), np.array([0, 3]), state, 100.0, False, out)
    with pytest.raises(ValueError, match="size of start=3: wanted 2"):
        _scores.combine_groups(ln_p, np.array([0, 1]), np.array([0, 1, 2]), state, 100.0, False, out)
    with pytest.raises(ValueError, match="size of state=2: wanted 1"):
        _scores.combine_groups(ln_p, np.array([0, 1]), np.array([0, 2]), np.zeros((2, 9)), 100.0, False, out)
    with pytest.raises(ValueError, match="size of n=2: wanted 1"):
        _scores.combine_rows(*rows_of(np.ones(2), np.array([0])))
    with pytest.raises(ValueError, match=r"bucket\[0\]=1: wanted a number from 0 to 0"):
        _scores.combine_rows(*rows_of(np.ones(1), np.array([1])))


@pytest.mark.parametrize(
    ("bucket", "out", "ended", "message"),
    [
        ([4, 9], 2, 3, r"bucket\[1\]=9: wanted a number from 4 to 5"),
        ([4], 2, 3, "size of bucket=1: wanted 2"),
        ([4, 5], 1, 3, "size of out=1: wanted 2"),
        ([4, 5], 2, 1, "room of ended=1: wanted 2"),
    ],
)
def test_results_outside_their_stretch_are_refused(bucket, out, ended, message):
    arrays = (np.ones(2), np.array(bucket), np.zeros(2, np.int64), np.zeros(2), np.empty(out))
    state, days, today = (np.zeros(n, kind).view(np.uint8) for n, kind in ((1, RUNNING), (ended, DAY_END), (2, ODD)))
    with pytest.raises(ValueError, match=message):
        _quantiles.raise_and_learn(state, np.zeros(0, np.uint8), HOUR, 4, *arrays, days, today)


def rows_of(n: np.ndarray, bucket: np.ndarray) -> tuple[Any, ...]:
    """Two rows of one group in a stretch of one bucket."""
    return np.zeros(2), np.array([0, 2]), n, bucket, np.ones(1), np.ones((1, 5)), -1.0, np.empty(1)


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


NO_WEIGHT = np.zeros(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda stats: _fold.fold_rows(ids(0, 2), NO_WEIGHT, stats), r"owner\[1\]=2: wanted a number from -1 to 1"),
        (lambda stats: _fold.fold_rows(ids(-2), NO_WEIGHT, stats), r"owner\[0\]=-2: wanted a number from -1 to 1"),
        (lambda stats: _fold.fold_rows(ids(0, 1), np.ones(1), stats), "size of weight=1: wanted 2"),
        (lambda stats: _fold.fold_values(ids(0, 1), np.ones(1), NO_WEIGHT, stats), "size of value=1: wanted 2"),
    ],
)
def test_rows_of_owners_that_are_not_there_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(as_bytes(np.zeros(2, layout.STATS)))


def test_a_key_that_was_never_given_out_is_refused():
    series, cells = np.zeros(2, layout.OPEN_SERIES), np.zeros(2, layout.CELL)
    with pytest.raises(ValueError, match=r"key\[0\]=1: wanted a number from -1 to 0"):
        _fold.locate(np.array([5]), ids(1), 0, ids(0), ids(-1), as_bytes(series), as_bytes(cells), np.zeros(2, np.int64))


def test_a_start_behind_the_rows_is_refused():
    sketches, values = np.zeros(1, layout.SKETCH), np.zeros(1, layout.VALUE)
    with pytest.raises(ValueError, match="start=2: wanted 0 to 1"):
        _fold.fold_median(ids(0), np.ones(1), NO_WEIGHT, 2, as_bytes(sketches), as_bytes(values), np.array([0, -1]))


def test_an_output_of_another_length_is_refused():
    with pytest.raises(ValueError, match="size of out=2: wanted 3"):
        _math.ln(np.ones(3), np.empty(2))


def points_call(**changes: object) -> None:
    """Two series of times in three buckets, as the kernel of points takes them."""
    state = np.zeros(2 * _points.size("series"), np.uint8)
    given = {
        "state": state,
        "rows": np.arange(2),
        "values": np.zeros(6),
        "buckets": 3,
        "progress": np.zeros(2, np.int64),
        "leaves": np.zeros(8 * _points.size("leaf"), np.uint8),
        "out": [np.zeros(6), np.zeros(6), np.zeros(0), np.zeros(0), np.zeros(0)],
        "first_bucket": 0,
        "span_ms": 1_000,
        "learning": True,
        "settings": [float(_points.CIRCLE), 86_400.0, 1_800.0, 4_500.0, 2.0, 1.0],
        "ln_threshold": 0.0,
        "outside": 0.0,
        "planned": np.zeros(3, np.uint8),
        "rules": np.zeros(0, np.uint8),
        "conditions": np.zeros(0, np.uint8),
        "scope": np.zeros(0, np.uint8),
        "clock": np.zeros(3, np.int64),
        "shifts": np.zeros(0, np.uint8),
        "shift_scope": np.zeros(0, np.uint8),
    }
    _points.advance(*(given | changes).values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": np.array([0, 2])}, r"rows\[1\]=2: wanted a number from 0 to 1"),
        ({"values": np.zeros(5)}, "size of values=5: wanted 6"),
        ({"progress": np.zeros(1, np.int64)}, "size of progress=1: wanted 2"),
        ({"settings": [0.0]}, "size of settings=1: wanted 6"),
        ({"outside": 0.05}, "size of out=0: wanted 6"),
        ({"planned": np.zeros(2, np.uint8)}, "size of planned=2: wanted 3"),
        ({"clock": np.zeros(2, np.int64)}, "size of clock=2: wanted 3"),
        ({"shift_scope": np.zeros(1, np.uint8)}, "size of shift_scope=1: wanted 0"),
    ],
)
def test_points_that_do_not_fit_are_refused(changes: dict[str, object], message: str) -> None:
    points_call()
    with pytest.raises(ValueError, match=message):
        points_call(**changes)
