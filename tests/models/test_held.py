"""Series that sleep on the disk: nothing of what comes out tells that they did."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from barograph.models import Horizon, ModelConfig, SeriesModel
from barograph.models import series as series_model
from barograph.models.config import Bed
from barograph.models.skips import Skips
from barograph.models.state import SERIES
from barograph.results.arrays import Disk
from barograph.store.scratch import Scratch
from tests.models.test_contract import HOUR, build, mixed, same, weekly

SERIES_COUNT, BUCKETS = 24, 900


def sparse(seed: int = 0) -> np.ndarray:
    """Series of every kind; but for every fourth they are without data for days, each at its own time, or come late."""
    x = np.concatenate([mixed(SERIES_COUNT - 4, BUCKETS, seed), weekly(4, BUCKETS)])
    rng = np.random.default_rng(seed)
    for i, row in enumerate(x):
        if i % 4:
            start = int(rng.integers(100, 700))
            row[start : start + int(rng.integers(50, 500))] = np.nan
        if i % 5 == 4:
            row[: 30 * i] = np.nan
    return x


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Scratch(tmp_path)


def advanced(model: SeriesModel, x: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    """All that comes out, bucket by bucket or in longer stretches; series are added as they come."""
    out = []
    for start, end in itertools.pairwise(cuts):
        seen = np.flatnonzero(~np.isnan(x[:, :end]).all(axis=1))
        model.grow(max(int(seen.max(initial=-1)) + 1, model.n_series))
        values = x[: model.n_series, start:end]
        skips = Skips.none(*values.shape)
        judged = model.advance(values, start * HOUR, skips=skips)
        out += [judged.ln_p, judged.ln_evidence, judged.leaves, judged.payload, judged.changes]
    return out


@pytest.mark.parametrize(
    ("config", "step"),
    [({}, 50), ({"siblings": True, "non_negative": True}, 1), ({"bounds_percentile": 95.0, "threads": 2}, 50)],
)
def test_what_sleeps_is_as_if_it_had_not(config: dict[str, object], step: int, disk: Disk) -> None:
    x, cuts = sparse(), list(range(0, BUCKETS + 1, step))
    awake = build(0, **config)
    sleeping = SeriesModel.build(ModelConfig(HOUR, bed=Bed(disk, 6 * SERIES.itemsize), **config))  # type: ignore[arg-type]
    for one, other in zip(advanced(awake, x, cuts), advanced(sleeping, x, cuts), strict=True):
        assert one.tobytes() == other.tobytes()
    assert sleeping.asleep >= SERIES_COUNT - 7
    assert sleeping.awake_bytes < awake.awake_bytes / 2
    assert same(awake, sleeping)
    woken = SeriesModel.build(sleeping.config, sleeping.snapshot())
    assert woken.asleep == SERIES_COUNT
    assert same(awake, woken)
    assert woken.known() == awake.known()
    row = SERIES_COUNT - 1
    assert woken.describe(row) == awake.describe(row)
    later = BUCKETS * HOUR
    assert woken.expect(later, 3).tobytes() == awake.expect(later, 3).tobytes()
    asked, rows = Horizon(later, 48, 95.0), np.arange(1, SERIES_COUNT, 2)
    for name, told in vars(awake.forecast(rows, asked)).items():
        assert np.array_equal(told, getattr(woken.forecast(rows, asked), name), equal_nan=True), name


def test_more_room_wakes_nobody_and_less_puts_the_least_active_to_sleep(disk: Disk) -> None:
    x = np.ones((8, 40))
    for i in range(8):
        x[i, 40 - 4 * i :] = np.nan if i else 1.0
    model = SeriesModel.build(ModelConfig(HOUR, bed=Bed(disk, 1 << 30)))
    model.grow(8)
    model.advance(x, 0)
    assert model.asleep == 0
    model.keep_awake(4 * SERIES.itemsize + 4096)
    assert model.asleep == 4
    model.keep_awake(1 << 30)
    assert model.asleep == 4
    awake = build(8)
    awake.advance(x, 0)
    assert same(model, awake)


@pytest.mark.parametrize("change", ["advance", "grow", "snapshot"])
def test_what_a_snapshot_has_stays_as_it_was_whatever_the_model_does_then(change: str) -> None:
    x = sparse()
    model, other = build(SERIES_COUNT), build(SERIES_COUNT)
    for one in (model, other):
        one.advance(x[:, :600], 0, skips=Skips.none(SERIES_COUNT, 600))
    part = model.snapshot()["series"][3:5]  # a part of it holds on to it as well
    had = part.tobytes()
    if change == "grow":
        model.grow(10_000)
        model.grow(20_000)
    elif change == "snapshot":
        model.snapshot()
    else:
        model.advance(x[:, 600:], 600 * HOUR, skips=Skips.none(SERIES_COUNT, 300))
        other.advance(x[:, 600:], 600 * HOUR, skips=Skips.none(SERIES_COUNT, 300))
        assert same(model, other)
    assert part.tobytes() == had


def test_a_snapshot_that_nobody_has_any_more_costs_no_copy() -> None:
    model = build(1_000)
    records = model.snapshot()["series"].ctypes.data
    model.advance(np.ones((1_000, 1)), 0, skips=Skips.none(1_000, 1))
    assert model.snapshot()["series"].ctypes.data == records


def test_a_snapshot_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        build(3).snapshot()["series"]["count"] = 1


@pytest.mark.parametrize("threads", [1, 2])
def test_no_call_of_the_kernel_is_long_and_what_comes_out_is_the_same(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, cuts = sparse(), [0, 450, BUCKETS]
    whole, in_parts = build(0), build(0, threads=threads)
    wanted = advanced(whole, x, cuts)
    sizes, call = [], series_model._Work._call

    def noted(work: series_model._Work, part: slice, *rest: np.ndarray) -> tuple[int, int]:
        sizes.append(work._values[part].size)
        return call(work, part, *rest)

    monkeypatch.setattr(series_model._Work, "_call", noted)
    monkeypatch.setattr(series_model, "_AT_ONCE", 1_000)
    for one, other in zip(wanted, advanced(in_parts, x, cuts), strict=True):
        assert one.tobytes() == other.tobytes()
    assert max(sizes) <= 1_000
    assert same(whole, in_parts)
