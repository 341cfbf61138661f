"""Points of populations: where members are, compared with where all members of their population usually are.

A series is a member of a population: an over value within a partition and a by value. `docs/modelling.md` says what is
computed, `kernels/points.hpp` does it.
"""

from dataclasses import replace
from functools import partial
from typing import ClassVar, Self

import numpy as np

from barograph.kernels import _points
from barograph.models.base import Judged, Kin, Records
from barograph.models.cells import Cells
from barograph.models.civil import Shifts
from barograph.models.config import ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.points import PointModel, given, judged, tried
from barograph.models.points_state import (
    DAY,
    EARTH,
    FLAGGED,
    MEMBER,
    SERIES,
    VERSION,
    WEEK,
    Space,
    describe_member,
    fresh,
    fresh_members,
    known_members,
    lately,
)
from barograph.models.skips import Skips
from barograph.results.arrays import Floats, Structs, as_bytes
from barograph.results.leaf import Tried
from barograph.results.snapshot import Arrays


class PointOverModel:
    """All members of one measure. Built by `build` only; `snapshot` is the only way out."""

    SPACE: ClassVar[Space]
    RECORDS: ClassVar[Records]
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, members: Structs, populations: Structs) -> None:
        self.config = config
        self._members = members
        self._populations = populations

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> Self:
        """A model without members, or the one that `snapshot` wrote.

        Raises:
            ValueError: another version wrote it.
        """
        if state is None:
            return cls(config, fresh_members(0, 0), fresh(0))
        if not cls.readable(state):
            raise ValueError(f"points of another version: wanted this version, {VERSION}")
        return cls(config, np.array(state["point_members"], MEMBER), np.array(state["points"], SERIES))

    @classmethod
    def of_one(cls, config: ModelConfig, state: Arrays, row: int, newest: Arrays) -> Self | None:  # noqa: ARG003
        """One member of a snapshot beside what was usual in its population; None before it had a value."""
        if not cls.readable(state) or row >= len(state["point_members"]) or not state["point_members"][row]["count"]:
            return None
        return cls._of(config, state, row)

    @classmethod
    def at_birth(cls, config: ModelConfig, state: Arrays, row: int, first: float) -> Self:  # noqa: ARG003
        """One member before its first value."""
        return cls._of(config, state, row)

    @classmethod
    def _of(cls, config: ModelConfig, state: Arrays, row: int) -> Self:
        member = np.array(state["point_members"][row : row + 1], MEMBER)
        population = int(member["population"][0])
        member["population"] = 0
        return cls(config, member, np.array(state["points"][population : population + 1], SERIES))

    @staticmethod
    def readable(state: Arrays) -> bool:
        """Whether a snapshot's records are of this version."""
        wanted = {"point_members": MEMBER, "points": SERIES}
        alike = all(name in state and state[name].dtype == dtype for name, dtype in wanted.items())
        return alike and int(state["version"][0]) == VERSION

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes."""
        return {"point_members": self._members.copy(), "points": self._populations.copy(), "version": np.array([VERSION])}

    @property
    def n_series(self) -> int:
        """How many members the model has, over all populations."""
        return len(self._members)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add members until there are `n_series`, each to its population; without `kin` all are of one."""
        had = len(self._members)
        if n_series <= had:
            return
        new = fresh_members(had, n_series)
        if kin is not None:
            new["population"] = kin.population[had:n_series]
        self._members = np.concatenate([self._members, new])
        missing = int(new["population"].max()) + 1 - len(self._populations)
        if missing > 0:
            self._populations = np.concatenate([self._populations, fresh(missing)])

    def advance(
        self,
        values: Floats,
        first_bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Judge all members in each bucket by what was usual before it, then learn them.

        Args:
            values: [S, T] bucket values of consecutive buckets of all members; NaN is no data.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            skips: what of it is not to be told, or not to be learned.
        """
        return self._run(values, first_bucket_ms, skips, learn=True)

    def judge(
        self,
        values: Floats,
        bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
    ) -> Judged:
        """Judge one bucket of values [S] without learning it. Judged is [S, 1]."""
        return self._run(values[:, None], bucket_ms, skips, learn=False)

    def beside(
        self,
        row: int,
        values: Floats,  # noqa: ARG002  # those of the others in the bucket change nothing
        bucket_ms: int,  # noqa: ARG002
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
        shifts: Shifts | None = None,  # noqa: ARG002  # whoever judges says which
    ) -> Self:
        """The model of member `row` alone, beside what is usual in its population."""
        return self._of(self.config, {"point_members": self._members, "points": self._populations}, row)

    def try_values(
        self,
        values: Floats,
        bucket_ms: int,
        shifts: Shifts | None = None,
        weight: float = 0.0,  # noqa: ARG002  # no mean of rows
    ) -> Tried:
        """What the model of one member would make of any of `values` [k] in a bucket, which is not learned."""
        each = np.zeros(len(values), np.int64)
        alone = type(self)(self.config, self._members[each], self._populations)
        skips = Skips.none(len(values), 1)
        if shifts is not None:
            skips = replace(skips, shifts=shifts.series(each))
        cells = Cells(each, np.arange(len(values), dtype=np.int32), np.ascontiguousarray(values, np.float64), np.zeros(0))
        return tried(self.config, alone._flagged(cells, bucket_ms, 1, skips, learn=False)[0], bucket_ms)

    def expect(
        self,
        first_bucket_ms: int,  # noqa: ARG002
        buckets: int,
        shifts: Shifts | None = None,  # noqa: ARG002
    ) -> Floats:
        """What is expected of coming buckets, [S, T]: nothing, as nobody knows where a value will be; NaN."""
        return np.full((self.n_series, buckets), np.nan)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves; `payload` [k] are records of `PREDICTIVE`."""
        return PointModel.ln_p_of(payload, values)

    def describe(self, row: int) -> Description:
        """What the model believes about member `row` now, in words and numbers."""
        member = self._members[row]
        return describe_member(self.SPACE, member, self.config, self._populations[member["population"]])

    def known(self) -> Known:
        """What the model knows of its members together, and what not yet."""
        return known_members(self._members, self.config)

    def _run(self, values: Floats, first_ms: int, skips: Skips | None, *, learn: bool) -> Judged:
        if values.ndim != 2 or len(values) != self.n_series:
            raise ValueError(f"values.shape={values.shape}: wanted ({self.n_series}, buckets)")
        cells = Cells.of(values, self._members["population"])
        flagged, out = self._flagged(cells, first_ms, values.shape[1], skips or Skips.none(*values.shape), learn=learn)
        told = out[: 2 if self.config.bounds_percentile is None else 5]
        return judged(self.config, flagged, [cells.spread(column, values.shape) for column in told], first_ms)

    def _flagged(self, cells: Cells, first_ms: int, buckets: int, skips: Skips, *, learn: bool) -> tuple[Structs, list[Floats]]:
        """The leaves [k] of the kernel by time and then member, and what it says of all values [c]."""
        if first_ms % self.config.bucket_span_ms:
            wanted = f"wanted a multiple of bucket_span_ms={self.config.bucket_span_ms}"
            raise ValueError(f"first_bucket_ms={first_ms}: {wanted}")
        count = len(cells.t)
        shown = 0 if self.config.bounds_percentile is None else count
        out = [np.empty(count) for _ in range(2)] + [np.empty(shown) for _ in range(3)]
        parts, done, room = [np.zeros(0, FLAGGED)], 0, 64 + count // 64
        while done < count:
            leaves = np.zeros(room, FLAGGED)
            done, used = _points.advance_members(
                as_bytes(self._members),
                as_bytes(self._populations),
                cells.t,
                cells.row,
                cells.value,
                done,
                buckets,
                as_bytes(leaves),
                out,
                *given(self.SPACE, self.config, first_ms, buckets, skips, learn=learn),
            )
            parts.append(leaves[:used])
            room = max(room, len(self._members)) if used < room else 2 * room
        flagged = np.concatenate(parts)
        return flagged[np.lexsort((flagged["row"], flagged["t"]))], out


def _records(space: Space) -> Records:
    return Records("point_members", MEMBER, known_members, lately, partial(describe_member, space), SERIES.itemsize)


class TimeOfDayOverModel(PointOverModel):
    """Members that are there at unusual times of the day."""

    SPACE, RECORDS = DAY, _records(DAY)


class TimeOfWeekOverModel(PointOverModel):
    """Members that are there at unusual times of the week."""

    SPACE, RECORDS = WEEK, _records(WEEK)


class PlaceOverModel(PointOverModel):
    """Members that are at unusual places."""

    SPACE, RECORDS = EARTH, _records(EARTH)
