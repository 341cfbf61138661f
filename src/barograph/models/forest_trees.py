"""Random cut trees of one stream of points, as arrays that belong to Python."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.config.errors import BadRequest
from barograph.kernels import _forest
from barograph.results.arrays import Floats
from barograph.results.snapshot import Arrays

VERSION: Final = 4
"""Of what trees remember. Raised when the same blocks would be remembered as something else."""

_AT_ONCE: Final = 64  # anomalies that the kernel tells before it is asked again

_ROOM: Final = 1.1  # blocks that a store has for each that is in use, about

_SLACK: Final = 3  # floats behind the last block, which the kernel reads with it


@dataclass(frozen=True)
class TreesConfig:
    """How points are remembered.

    Attributes:
        features: numbers of a block, 1 or more.
        trees: more of them make scores steadier, and cost as much more.
        samples: points a tree keeps, 4 to 4,096: how much of the past is compared with.
        shingle: blocks of a point, 1 or more: a point is odd by its values and by their order.
        memory: points after which a point has e^-1 of its chance to be kept; None keeps all alike.
        seed: of all that is drawn; equal seeds give equal scores.
    """

    features: int = 1
    trees: int = 50
    samples: int = 256
    shingle: int = 1
    memory: int | None = 2_560
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("features", 1, 1_000),
            ("trees", 1, 1_000),
            ("samples", 4, 4_096),
            ("shingle", 1, 1_000),
            ("memory", 1, 10**12),
            ("seed", 0, 2**64 - 1),
        ):
            value = getattr(self, name)
            if value is None and name == "memory":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise BadRequest(f"{name}={value!r}: wanted a whole number from {least} to {most:,}")
        if self.dims > 10_000:
            raise BadRequest(f"features * shingle={self.dims}: wanted 10,000 at most")

    @property
    def dims(self) -> int:
        """Coordinates of a point."""
        return self.features * self.shingle


def settings_of(config: Any) -> NDArray[np.uint8]:
    """The version and the settings, a frozen dataclass, as bytes for a snapshot."""
    return np.frombuffer(json.dumps([VERSION, asdict(config)]).encode(), np.uint8)


def check_settings(config: Any, state: Arrays) -> None:
    """Refuse a snapshot that was made with others.

    Raises:
        ValueError: it was.
    """
    held, wanted = state["settings"].tobytes().decode(), settings_of(config).tobytes().decode()
    if held != wanted:
        raise ValueError(f"version and settings {held}: wanted {wanted}")


@dataclass
class Trees:
    """The trees of one stream. `build` is the only way in, `snapshot` the only way out; `advance` alone learns.

    A point is the last `shingle` blocks, oldest first: [dims] numbers.
    """

    config: TreesConfig
    _record: NDArray[np.uint8]
    _store: NDArray[np.float32]

    @classmethod
    def build(cls, config: TreesConfig, state: Arrays | None = None) -> "Trees":
        """Trees without points, or those that `snapshot` wrote.

        Raises:
            ValueError: another version, or trees of other settings, wrote it.
        """
        if state is not None:
            check_settings(config, state)
            return cls.of_arrays(config, state["record"], state["store"])
        record = np.empty(cls.record_bytes(config), np.uint8)
        decay = 0.0 if config.memory is None else 1.0 / config.memory
        _forest.begin(record, config.trees, config.samples, config.features, config.shingle, decay, config.seed)
        blocks = 2 * config.samples + config.shingle
        return cls(config, record, np.zeros(blocks * config.features + _SLACK, np.float32))

    @classmethod
    def of_arrays(cls, config: TreesConfig, record: NDArray[Any], store: NDArray[Any]) -> "Trees":
        """Those whose `record`, which may have more behind it, and `store` these were, by copies."""
        is_wide = bool(record[: HEAD.itemsize].copy().view(HEAD)["wide"][0])
        return cls(config, np.array(record[: cls.record_bytes(config, is_wide=is_wide)], np.uint8), np.array(store, np.float32))

    @staticmethod
    def record_bytes(config: TreesConfig, *, is_wide: bool = False) -> int:
        """How long a record is: of a store with more blocks than 16 bits have numbers for, or of a shorter one."""
        return _forest.record_bytes(config.trees, config.samples, config.features, config.shingle, is_wide)

    @classmethod
    def most_bytes(cls, config: TreesConfig) -> int:
        """About what trees take that have learnt much.

        The chance of a point to be in a tree is samples / memory at first and e^-1 of that `memory` points later, so blocks are
        in some tree's point for `memory` times the logarithm of how many have the newest. A store is made longer by a
        sixteenth when fifteen are in use.
        """
        most = config.trees * config.samples * config.shingle
        if config.memory is not None:
            newest = most / config.memory
            most = min(most, int(config.memory * (np.euler_gamma + np.log(max(newest, 1.0)))))
        return cls.record_bytes(config, is_wide=most * _ROOM > _forest.NARROW) + int(4 * _ROOM * most) * config.features

    @property
    def record(self) -> NDArray[np.uint8]:
        """The trees, as bytes."""
        return self._record

    @property
    def store(self) -> NDArray[np.float32]:
        """Their points."""
        return self._store

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal seeds and equal blocks give equal bytes."""
        return {"settings": settings_of(self.config), "record": self._record.copy(), "store": self._store.copy()}

    @property
    def head(self) -> np.void:
        """How much was learnt: `learnt` blocks, of which `end` are still in the store; `points` that they made."""
        head: np.void = self._record[: HEAD.itemsize].view(HEAD)[0]
        return head

    @property
    def ready(self) -> bool:
        """Whether enough points were learnt for scores."""
        return bool(self.head["points"] >= min(_forest.LEAST, self.config.samples))

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._record.nbytes + self._store.nbytes

    def advance(self, blocks: Floats) -> Floats:
        """Score the point that each block [n, features] completes by what was known before it, then learn it.

        Returns:
            [n] 0 to log2(samples + 1), about 0.8 for what is usual; NaN while too little is known.
        """
        flat = np.ascontiguousarray(blocks, float).ravel()
        scores = np.empty(len(blocks))

        def learn(done: int) -> int:
            return _forest.advance(self._record, self._store, flat[done * self.config.features :], scores[done:])

        self._until_all(len(blocks), learn)
        return scores

    def judge(
        self,
        judge: NDArray[np.uint8],
        shown: NDArray[np.float32],
        known_lately: Floats,
        blocks: Floats,
        known: Floats,
        out: tuple[Floats, NDArray[np.int64], Floats, Floats],
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """As `advance`, and judge the scores; see `judge_and_learn` in `kernels/_forest.pyi`. Learns as it is iterated.

        Yields:
            Of each anomaly its block, and what each tree would have expected in its place [trees, features].
        """
        flat, told, features = np.ascontiguousarray(blocks, float).ravel(), out[0].reshape(-1), self.config.features
        share, expected = out[2].reshape(-1), out[3].reshape(-1)
        alike = np.empty((_AT_ONCE, self.config.trees, features), np.float32)
        done, n = 0, len(blocks)
        while done < n:
            at, alike_of = done * features, np.full(_AT_ONCE, -1, np.int64)
            learnt = _forest.judge_and_learn(
                self._record, self._store, judge, shown, known_lately,
                flat[at:], known[done:], told[4 * done :], out[1][done:], share[at:], expected[at:],
                alike.reshape(-1), alike_of,
            )  # fmt: skip
            for number, block in enumerate(alike_of[alike_of >= 0].tolist()):
                yield done + block, alike[number]
            done += learnt
            if done < n and alike_of[-1] < 0:
                self._make_longer()

    def _until_all(self, n: int, learn: Callable[[int], int]) -> None:
        """Make the store longer whenever it is full."""
        done = learn(0)
        while done < n:
            self._make_longer()
            done += learn(done)

    def _make_longer(self) -> None:
        more = (len(self._store) // self.config.features // 16 + 1) * self.config.features
        self._store = np.concatenate([self._store, np.zeros(more, np.float32)])
        if len(self._store) // self.config.features > _forest.NARROW and not self.head["wide"]:
            wide = np.empty(self.record_bytes(self.config, is_wide=True), np.uint8)
            _forest.widen(self._record, wide)
            self._record = wide

    def score(self, points: Floats | NDArray[np.float32]) -> Floats:
        """Scores [n] of points [n, dims], which are not learnt."""
        scores = np.empty(len(points))
        _forest.score(self._record, self._store, _flat(points), scores)
        return scores

    def attribute(self, points: Floats | NDArray[np.float32]) -> Floats:
        """What each coordinate of points [n, dims] gives to their scores: [n, 2, dims] by being too high, by being too low."""
        shares = np.empty((len(points), 2, self.config.dims))
        _forest.attribute(self._record, self._store, _flat(points), shares.ravel())
        return shares

    def nearest(self, points: Floats | NDArray[np.float32], missing: NDArray[np.bool_]) -> tuple[NDArray[np.float32], Floats]:
        """For points [n, dims] the nearest of each tree where they may be, by the coordinates that are not `missing` [n, dims].

        Returns:
            The trees' points [n, trees, dims], and their distances [n, trees]: sums of the differences that are known.
        """
        found = np.empty((len(points), self.config.trees), np.uint32)
        distance = np.empty(found.shape)
        hidden = np.ascontiguousarray(missing).astype(np.uint8).ravel()
        _forest.nearest(self._record, self._store, _flat(points), hidden, found.ravel(), distance.ravel())
        at = found[:, :, None].astype(np.int64) * self.config.features + np.arange(self.config.dims)
        return self._store[at], distance

    def forecast(self, horizon: int) -> NDArray[np.float32]:
        """Paths [trees, horizon, features] of what may come after the last block; nothing is learnt."""
        paths = np.empty((self.config.trees, horizon, self.config.features), np.float32)
        _forest.forecast(self._record, self._store, horizon, paths.ravel())
        return paths


def _flat(points: Floats | NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(points, np.float32).ravel()


def _dtype(size: int, fields: list[tuple[str, str, int]]) -> np.dtype[np.void]:
    names, formats, offsets = zip(*fields, strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


HEAD, TREE, NODE = (_dtype(size, fields) for _, size, fields in _forest.layout())
