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
from barograph.models.recorded import Recorded
from barograph.models.skips import Skips
from barograph.results.arrays import Floats, Structs, as_bytes
from barograph.results.leaf import Tried


class PointOverModel(Recorded):
    """All members of one measure. Built by `build` only; `snapshot` is the only way out."""

    SPACE: ClassVar[Space]
    RECORDS: ClassVar[Records]
    LAYOUT: ClassVar = {"point_members": MEMBER, "points": SERIES}
    VERSION: ClassVar = VERSION
    TOGETHER: ClassVar = True

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add members until there are `n_series`, each to its population; without `kin` all are of one."""
        self._add(n_series, "population", None if kin is None else kin.population)

    @classmethod
    def _fresh(cls, name: str, first: int, end: int) -> Structs:
        return fresh_members(first, end) if name == "point_members" else fresh(end - first)

    def beside(
        self,
        row: int,
        values: Floats,  # noqa: ARG002  # those of the others in the bucket change nothing
        bucket_ms: int,  # noqa: ARG002
        weights: Floats | None = None,  # noqa: ARG002  # no mean of rows
        shifts: Shifts | None = None,  # noqa: ARG002  # whoever judges says which
    ) -> Self:
        """The model of member `row` alone, beside what is usual in its population."""
        return self._of(self.config, self._arrays, row)

    def try_values(
        self,
        values: Floats,
        bucket_ms: int,
        shifts: Shifts | None = None,
        weight: float = 0.0,  # noqa: ARG002  # no mean of rows
    ) -> Tried:
        """What the model of one member would make of any of `values` [k] in a bucket, which is not learned."""
        each = np.zeros(len(values), np.int64)
        alone = type(self)(self.config, self._arrays | {"point_members": self._records[each]})
        skips = Skips.none(len(values), 1)
        if shifts is not None:
            skips = replace(skips, shifts=shifts.series(each))
        cells = Cells(each, np.arange(len(values), dtype=np.int32), np.ascontiguousarray(values, np.float64), np.zeros(0))
        return tried(self.config, alone._flagged(cells, bucket_ms, 1, skips, learn=False)[0], bucket_ms)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of leaves; `payload` [k] are records of `PREDICTIVE`."""
        return PointModel.ln_p_of(payload, values)

    def describe(self, row: int) -> Description:
        """What the model believes about member `row` now, in words and numbers."""
        member = self._records[row]
        return describe_member(self.SPACE, member, self.config, self._arrays["points"][member["population"]])

    def known(self) -> Known:
        """What the model knows of its members together, and what not yet."""
        return known_members(self._records, self.config)

    def _judged(self, values: Floats, first_ms: int, skips: Skips, weights: Floats | None, *, learn: bool) -> Judged:  # noqa: ARG002  # no mean of rows
        cells = Cells.of(values, self._records["population"])
        flagged, out = self._flagged(cells, first_ms, values.shape[1], skips, learn=learn)
        told = out[: 2 if self.config.bounds_percentile is None else 5]
        return judged(self.config, flagged, [cells.spread(column, values.shape) for column in told], first_ms)

    def _flagged(self, cells: Cells, first_ms: int, buckets: int, skips: Skips, *, learn: bool) -> tuple[Structs, list[Floats]]:
        """The leaves [k] of the kernel by time and then member, and what it says of all values [c]."""
        count = len(cells.t)
        shown = 0 if self.config.bounds_percentile is None else count
        out = [np.empty(count) for _ in range(2)] + [np.empty(shown) for _ in range(3)]
        parts, done, room = [np.zeros(0, FLAGGED)], 0, 64 + count // 64
        while done < count:
            leaves = np.zeros(room, FLAGGED)
            done, used = _points.advance_members(
                as_bytes(self._records),
                as_bytes(self._arrays["points"]),
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
            room = max(room, len(self._records)) if used < room else 2 * room
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
