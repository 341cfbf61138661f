"""What models have in common whose memory is a few arrays of records: the series' own, and those of what series are of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import numpy as np

from barograph.models.base import Judged, Kin
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.skips import Skips
from barograph.results.arrays import Floats, Ids, Structs
from barograph.results.snapshot import Arrays, version_of

_OF: Final = {"population", "part", "category"}


class Recorded(ABC):
    """Series as records. Built by `build` only; `snapshot` is the only way out. `models.base.Model` says what each method does.

    Attributes:
        LAYOUT: names of arrays in a snapshot and their dtypes: of the series first, then of what they are of, then of what
            that is of. A record says by its field "population", "part" or "category" which row of the next array it is of.
        SEEN: field of a series that is 0 before its first value.
        VERSION: of what is remembered, where the layout alone does not tell. Raised when the same values would be remembered
            as something else.
    """

    LAYOUT: ClassVar[dict[str, np.dtype[np.void]]]
    SEEN: ClassVar[str] = "count"
    VERSION: ClassVar[int | None] = None

    def __init__(self, config: ModelConfig, arrays: dict[str, Structs]) -> None:
        self.config = config
        self._arrays = arrays

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> Self:
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if state is None:
            return cls(config, {name: np.zeros(0, dtype) for name, dtype in cls.LAYOUT.items()})
        if not cls.readable(state):
            found, wanted = (
                ("another version", "") if cls.VERSION is None else (f"version {version_of(state)}", f", {cls.VERSION}")
            )
            raise ValueError(f"{', '.join(cls.LAYOUT)} of {found}: wanted this version{wanted}")
        return cls(config, {name: np.array(state[name], dtype) for name, dtype in cls.LAYOUT.items()})

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> Self | None:
        """One series of a snapshot, as it was then, beside what it is of; None before its first value."""
        if not (cls.readable(state) and cls.readable(newest)):
            return None
        records = state[cls._own()]
        return cls._of(config, state, row) if row < len(records) and records[row][cls.SEEN] > 0 else None

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:  # noqa: ARG003
        """One series before its first value, beside what it is of."""
        return cls._of(config, state, row)

    @classmethod
    def _of(cls, config: ModelConfig, state: Mapping[str, Any], row: int) -> Self:
        """One series, what it is of, and what that is of, each as the only one of its kind."""
        taken: dict[str, Structs] = {}
        for name, dtype in cls.LAYOUT.items():
            one = np.array(state[name][row : row + 1], dtype)
            for of in _OF & set(dtype.names or ()):
                row = int(one[of][0])
                one[of] = 0
            taken[name] = one
        return cls(config, taken)

    @classmethod
    def _own(cls) -> str:
        """The name of the series' own array."""
        return next(iter(cls.LAYOUT))

    @classmethod
    def readable(cls, state: Arrays) -> bool:
        """Whether this version can read a snapshot."""
        alike = all(name in state and state[name].dtype == dtype for name, dtype in cls.LAYOUT.items())
        return alike and (cls.VERSION is None or version_of(state) == cls.VERSION)

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        version = {} if self.VERSION is None else {"version": np.array([self.VERSION])}
        return {name: array.copy() for name, array in self._arrays.items()} | version

    @property
    def _records(self) -> Structs:
        return self._arrays[self._own()]

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return len(self._records)

    @abstractmethod
    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add series until there are `n_series`; without `kin` all are of one."""

    @classmethod
    @abstractmethod
    def _fresh(cls, name: str, first: int, end: int) -> Structs:
        """Records of an array, of rows from `first` to before `end`, before anything is seen."""

    def _longer(self, name: str, size: int) -> Structs:
        """An array with room for so many records; those that are new, to be filled."""
        had = len(self._arrays[name])
        if name == self._own() and size < had:
            raise ValueError(f"n_series={size}: wanted at least the present {had}")
        if size > had:
            self._arrays[name] = np.concatenate([self._arrays[name], self._fresh(name, had, size)])
        return self._arrays[name][had:]

    def _add(self, n_series: int, field: str, of: Ids | None) -> None:
        """Add series until there are `n_series`, and what they are of: rows [S] by their `field`; None: all are of one."""
        names = iter(self.LAYOUT)
        fresh = self._longer(next(names), n_series)
        if len(fresh):
            fresh[field] = 0 if of is None else of[n_series - len(fresh) : n_series]
            self._longer(next(names), int(fresh[field].max()) + 1)

    def advance(
        self, values: Floats, first_bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None
    ) -> Judged:
        """Judge each bucket of [S, T] by what was known before it, then learn it."""
        return self._run(values, first_bucket_ms, skips, weights, learn=True)

    def judge(self, values: Floats, bucket_ms: int, *, skips: Skips | None = None, weights: Floats | None = None) -> Judged:
        """Judge one bucket of values [S] without learning it. Judged is [S, 1]."""
        return self._run(values[:, None], bucket_ms, skips, None if weights is None else weights[:, None], learn=False)

    def _run(self, values: Floats, first_ms: int, skips: Skips | None, weights: Floats | None, *, learn: bool) -> Judged:
        """Judge [S, T] of consecutive buckets, and learn them if so asked."""
        if values.ndim != 2 or len(values) != self.n_series:
            raise ValueError(f"values.shape={values.shape}: wanted ({self.n_series}, buckets)")
        if first_ms % self.config.bucket_span_ms:
            wanted = f"wanted a multiple of bucket_span_ms={self.config.bucket_span_ms}"
            raise ValueError(f"first_bucket_ms={first_ms}: {wanted}")
        return self._judged(values, first_ms, skips or Skips.none(*values.shape), weights, learn=learn)

    @abstractmethod
    def _judged(self, values: Floats, first_ms: int, skips: Skips, weights: Floats | None, *, learn: bool) -> Judged:
        """What the kernel thinks of [S, T]."""

    def expect(self, first_bucket_ms: int, buckets: int, shifts: Shifts | None = None) -> Floats:  # noqa: ARG002
        """What is expected of coming buckets, [S, T]: nothing, where nobody can know; NaN."""
        return np.full((self.n_series, buckets), np.nan)
