"""Snapshots: arrays to bytes and back."""

import io
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from barograph.results import snapshot
from barograph.results.snapshot import Snapshot, prefixed, under

STATE = np.dtype([("weight", "f8"), ("mean", "f8"), ("n", "i4")])


def test_a_snapshot_comes_back_bit_for_bit() -> None:
    state = np.zeros(3, STATE)
    state["mean"] = [5e-324, -0.0, np.nan]
    loaded = Snapshot.from_bytes(Snapshot({"model.state": state, "empty": np.zeros(0)}).to_bytes())
    assert loaded.arrays["model.state"].tobytes() == state.tobytes()
    assert loaded.arrays["model.state"].dtype == STATE
    assert loaded.arrays["empty"].size == 0


def test_a_disk_or_a_memory_that_fails_is_no_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    path.write_bytes(Snapshot({"a": np.arange(3.0)}).to_bytes())
    for failure in (OSError("input/output error"), MemoryError()):

        def fail(_: object, failure: BaseException = failure) -> NoReturn:
            raise failure

        with path.open("rb") as file, pytest.raises(type(failure)):
            Snapshot.read(file, {"a": fail})


def test_equal_snapshots_have_equal_names_whatever_the_order() -> None:
    a, b = np.arange(3.0), np.arange(4)
    assert Snapshot({"a": a, "b": b}).name() == Snapshot({"b": b, "a": a}).name()
    assert Snapshot({"a": a}).name() != Snapshot({"a": a + 1}).name()


def test_an_unknown_format_is_refused_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "FORMAT", 99)
    data = Snapshot({}).to_bytes()
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format=99: wanted 2"):
        Snapshot.from_bytes(data)


@pytest.mark.parametrize("length", [0, 1, 40, 200, -1, -30])
def test_a_snapshot_that_was_cut_short_is_a_value_error(length: int) -> None:
    data = Snapshot({"a": np.arange(100)}).to_bytes()[:length]
    with pytest.raises(ValueError, match=f"snapshot of {len(data)} bytes: wanted what to_bytes wrote"):
        Snapshot.from_bytes(data)


def test_the_first_format_is_still_read() -> None:
    archive, state = io.BytesIO(), np.zeros(3, STATE)
    np.savez(archive, format=np.array([1]), **{"model.state": state})
    loaded = Snapshot.from_bytes(archive.getvalue())
    assert list(loaded.arrays) == ["model.state"]
    assert loaded.arrays["model.state"].dtype == STATE


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 1000])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_an_array_can_be_read_in_blocks_that_are_never_larger_than_said(
    rows: int, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_BLOCK", 8 * 24)
    state = np.random.default_rng(0).normal(size=(rows, *shape))
    data, sizes = Snapshot({"a": np.arange(5), "state": state, "z": np.ones(2)}).to_bytes(), []

    def second_of_each(blocks):
        parts = list(blocks)
        sizes.extend(part.nbytes for part in parts)
        return np.concatenate(parts)[::2]

    read = Snapshot.read(io.BytesIO(data), {"state": second_of_each}).arrays
    assert max(sizes) <= 8 * 24
    assert read["state"].tobytes() == np.ascontiguousarray(state[::2]).tobytes()
    assert (read["a"].tolist(), read["z"].tolist()) == ([0, 1, 2, 3, 4], [1.0, 1.0])


def test_of_the_first_format_arrays_are_reduced_too() -> None:
    archive = io.BytesIO()
    np.savez(archive, format=np.array([1]), state=np.arange(4))
    assert Snapshot.read(archive, {"state": lambda blocks: next(blocks)[:1]}).arrays["state"].tolist() == [0]


def test_what_is_small_is_read_without_what_is_large() -> None:
    small, large = np.arange(5), np.random.default_rng(0).integers(0, 1 << 60, 500_000)
    data = Snapshot({"a.large": large, "b.small": small, "c.large": large}).to_bytes()
    file = io.BytesIO(data)
    read = Snapshot.read(file, wanted=lambda name: name.endswith("small")).arrays
    assert {name: array.tolist() for name, array in read.items()} == {"b.small": small.tolist()}
    assert file.tell() < len(data) // 4
    assert list(Snapshot.read(io.BytesIO(data), wanted=lambda name: name == "c.large").arrays) == ["c.large"]
    assert Snapshot.read(io.BytesIO(data), wanted=lambda _: False).arrays == {}


def test_of_the_first_format_only_what_is_wanted_is_read() -> None:
    archive = io.BytesIO()
    np.savez(archive, format=np.array([1]), a=np.arange(4), b=np.arange(2))
    assert list(Snapshot.read(archive, wanted=lambda name: name == "b").arrays) == ["b"]


def test_zeros_take_next_to_no_room() -> None:
    assert len(Snapshot({"state": np.zeros(100_000, STATE)}).to_bytes()) < 1_000


def test_foreign_bytes_are_a_value_error() -> None:
    array, archive = io.BytesIO(), io.BytesIO()
    np.save(array, np.arange(3))
    np.savez(archive, other=np.arange(3))
    for data in (b"nothing of the kind", array.getvalue(), archive.getvalue()):
        with pytest.raises(ValueError, match="wanted what to_bytes wrote"):
            Snapshot.from_bytes(data)


def test_components_share_a_snapshot_under_prefixes() -> None:
    arrays = {**prefixed("intake", {"seen": np.ones(1)}), **prefixed("model.0", {"state": np.zeros(2)})}
    assert list(under("model.0", arrays)) == ["state"]
