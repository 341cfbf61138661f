"""The population model: members judged against their peers, in the same bucket and lately.

A series is a member of a population: an over value within a partition and a by value. `docs/modelling.md` says what is
computed, `kernels/population_*.hpp` do it.
"""

import math
from dataclasses import replace
from statistics import NormalDist
from typing import ClassVar, Final, NamedTuple

import numpy as np

from barograph.config.duration import DAY_MS, HOUR_MS
from barograph.kernels import _population
from barograph.kernels.elementary import ln
from barograph.models.base import Judged, Kin, Records, Skipped
from barograph.models.cells import Cells
from barograph.models.civil import Shifts
from barograph.models.config import SIDES, ModelConfig
from barograph.models.describe import Description, Known
from barograph.models.population_described import described, known, lately
from barograph.models.population_state import FOUND, LINEAR, MEMBER, OF_LEAF, PAYLOAD, POPULATION, members, populations
from barograph.models.recorded import Recorded
from barograph.models.skips import NOT_SKIPPED, Skips
from barograph.models.state import CHANGE
from barograph.results.arrays import Floats, Structs, as_bytes
from barograph.results.leaf import LEAF, Tried

MEMORY_DAYS: Final = 14.0
"""Of habits and tails: what people do in a week comes twice. Chosen."""

_LEAST_MEMORY: Final = 200.0  # buckets
_BETWEEN_BOUNDS: Final = 2.0 * NormalDist().inv_cdf(0.975)  # deviations
_ALONE: Final = -5.0  # the multi-bucket impact of what is judged bucket by bucket


class _Company(NamedTuple):
    """A member in a bucket with others.

    Attributes:
        model: of them all.
        row: the member.
        values: [S] what they have in the bucket.
        weights: [S] rows behind that; None: as many as ever.
    """

    model: "PopulationModel"
    row: int
    values: Floats
    weights: Floats | None

    def judge(self, value: float, bucket_ms: int, skips: Skips, weight: float) -> Judged:
        """What is thought of another value of the member, whose `skips` are given, of so many rows: Judged of it alone."""
        values, scope = self.values.copy(), np.zeros((len(skips.scope), len(self.values)), np.uint8)
        values[self.row], scope[:, self.row] = value, skips.scope[:, 0]
        weights = None if self.weights is None else self.weights.copy()
        if weights is not None:
            weights[self.row] = weight
        judged = self.model.judge(
            values, bucket_ms, skips=replace(skips, scope=scope), weights=weights
        )  # no clock matters, so no change of one
        own, skipped = judged.leaves["series"] == self.row, judged.skipped.leaves["series"] == self.row
        leaves, out = judged.leaves[own], judged.skipped.leaves[skipped]
        leaves["series"] = out["series"] = 0
        at = slice(self.row, self.row + 1)
        return replace(
            judged,
            ln_p=judged.ln_p[at],
            ln_evidence=judged.ln_evidence[at],
            leaves=leaves,
            payload=judged.payload[own],
            skipped=Skipped(out, judged.skipped.by[skipped]),
        )


class _Outcome(NamedTuple):
    """What the kernel said of cells [c]: ln p, ln evidence, typical and bounds if wanted, and what it found."""

    columns: list[Floats]
    found: Structs


class PopulationModel(Recorded):
    """All members of one measure. Built by `build` only; `snapshot` is the only way out."""

    RECORDS: ClassVar = Records("members", MEMBER, known, lately, described, POPULATION.itemsize)
    LAYOUT: ClassVar = {"members": MEMBER, "populations": POPULATION}
    TOGETHER: ClassVar = True

    def __init__(self, config: ModelConfig, arrays: dict[str, Structs]) -> None:
        super().__init__(config, arrays)
        self._company: _Company | None = None  # of the only member of this model, where it is one among others

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add members until there are `n_series`, each to its population; without `kin` all are of one."""
        self._add(n_series, "population", None if kin is None else kin.population)

    @classmethod
    def _fresh(cls, name: str, first: int, end: int) -> Structs:
        return (members if name == "members" else populations)(end - first)

    def judge(
        self,
        values: Floats,
        bucket_ms: int,
        *,
        skips: Skips | None = None,
        weights: Floats | None = None,
    ) -> Judged:
        """Judge one bucket of values [S] of `weights` [S] rows without learning it. Judged is [S, 1]."""
        if self._company is not None:
            rows = 0.0 if weights is None else float(weights[0])
            return self._company.judge(float(values[0]), bucket_ms, skips or Skips.none(1, 1), rows)
        return super().judge(values, bucket_ms, skips=skips, weights=weights)

    def beside(
        self,
        row: int,
        values: Floats,
        bucket_ms: int,
        weights: Floats | None = None,
        shifts: Shifts | None = None,  # noqa: ARG002  # the same at any time
    ) -> "PopulationModel":
        """The model of member `row` alone, in a bucket in which the members [S] have these values; its own may be NaN."""
        config = replace(self.config, ln_threshold=0.0, bounds_percentile=None)
        alone = PopulationModel._of(config, self._arrays, row)
        here = values.copy()
        if np.isnan(here[row]):  # any value will do: what is judged of others does not depend on it
            here[row] = 1.0 if np.isnan(usual := float(self.expect(bucket_ms, 1)[row, 0])) else usual
        alone._company = _Company(PopulationModel(config, dict(self._arrays)), row, here, weights)
        return alone

    def try_values(
        self,
        values: Floats,
        bucket_ms: int,
        shifts: Shifts | None = None,  # noqa: ARG002  # the same at any time
        weight: float = 0.0,
    ) -> Tried:
        """As `Model.try_values`: the others of the bucket stay as they are (`beside`)."""
        company = self._company or self.beside(0, np.array([np.nan]), bucket_ms)._company
        assert company is not None
        judged = company.judge(company.values[company.row], bucket_ms, Skips.none(1, 1), weight)
        leaf, payload = judged.leaves[0], judged.payload[0]
        leaves, payloads = np.repeat(judged.leaves, len(values)), np.repeat(judged.payload, len(values))
        leaves["actual"], leaves["ln_p"] = values, self.ln_p_of(payloads, values)
        leaves["ln_evidence"] = payload["doubt"] * leaves["ln_p"]
        return Tried(
            leaves,
            {"this_bucket": np.ascontiguousarray(leaves["ln_evidence"])},
            float(leaf["typical"]),
            float(leaf["upper"] - leaf["lower"]) / _BETWEEN_BOUNDS,
            -math.inf if payload["scale"] == LINEAR else 0.0,
            bool(payload["dof"] > 0),
        )

    def expect(self, first_bucket_ms: int, buckets: int, shifts: Shifts | None = None) -> Floats:  # noqa: ARG002  # the same
        """What members are expected to have in coming buckets, [S, T] by their habits; NaN is no idea."""
        out, settings = np.empty(len(self._records)), _settings(self.config)
        now = first_bucket_ms // self.config.bucket_span_ms
        _population.expected(
            as_bytes(self._records), as_bytes(self._arrays["populations"]), self.config.integer, now, settings[2], out
        )
        return np.repeat(out[:, None], buckets, axis=1)

    @staticmethod
    def ln_p_of(payload: Structs, values: Floats) -> Floats:
        """As `Model.ln_p_of`: the others of the bucket stay as they are."""
        out = np.empty(len(values))
        _population.probability(as_bytes(np.ascontiguousarray(payload, PAYLOAD)), np.ascontiguousarray(values, np.float64), out)
        return out

    def describe(self, row: int) -> Description:
        """What the model believes about member `row` now, in words and numbers."""
        return described(self._records[row], self.config)

    def known(self) -> Known:
        """What the model knows of its members together, and what not yet."""
        return known(self._records, self.config)

    def _judged(self, values: Floats, first_ms: int, skips: Skips, weights: Floats | None, *, learn: bool) -> Judged:
        span = self.config.bucket_span_ms
        cells = Cells.of(values, self._records["population"], weights if self.config.of_rows else None)
        outcome = self._call(cells, first_ms // span, skips, learn=learn)
        dense = [cells.spread(column, values.shape) for column in outcome.columns]
        ln_p, ln_evidence, *shown = dense
        typical, lower, upper = shown or (None, None, None)
        found = outcome.found[np.lexsort((cells.row[outcome.found["cell"]], cells.t[outcome.found["cell"]]))]
        told = found["skipped_by"] == NOT_SKIPPED
        leaves = _leaves(found, cells, first_ms // span)
        by = Skipped(leaves[~told], np.ascontiguousarray(found["skipped_by"][~told]))
        payload = np.ascontiguousarray(found["payload"][told])
        return Judged(ln_p, ln_evidence, typical, lower, upper, leaves[told], payload, np.zeros(0, CHANGE), by)

    def _call(self, cells: Cells, first_bucket: int, skips: Skips, *, learn: bool) -> _Outcome:
        config, count = self.config, len(cells.t)
        columns = [np.empty(count) for _ in range(2 if config.bounds_percentile is None else 5)]
        parts, done, room = [np.zeros(0, FOUND)], 0, 1024 + count // 16
        while done < count:
            found = np.empty(room, FOUND)
            done, used = _population.advance(
                as_bytes(self._records),
                as_bytes(self._arrays["populations"]),
                cells.t,
                cells.row,
                cells.value,
                cells.rows,
                done,
                columns[0],
                columns[1],
                columns[2:],
                as_bytes(found),
                _settings(config),
                first_bucket,
                config.bucket_span_ms,
                learn,
                skips.planned,
                as_bytes(skips.rules),
                as_bytes(skips.conditions),
                np.ascontiguousarray(skips.scope).reshape(-1),
            )
            parts.append(found[:used])
            room = max(room, len(self._records)) if used < room else 2 * room
        return _Outcome(columns, np.concatenate(parts))


def _settings(config: ModelConfig) -> list[float]:
    span = config.bucket_span_ms
    memory = max(MEMORY_DAYS * DAY_MS / span, _LEAST_MEMORY)
    percentile = config.bounds_percentile
    nats = 0.0 if percentile is None else -ln(0.5 - percentile / 200)
    return [
        float(config.integer),
        float(SIDES[config.side]),
        -1.0 / memory,
        min(span / HOUR_MS, 1.0),
        HOUR_MS / span,
        nats,
        config.ln_threshold,
    ]


def _leaves(found: Structs, cells: Cells, first_bucket: int) -> Structs:
    leaves = np.zeros(len(found), LEAF)
    for name in OF_LEAF:
        leaves[name] = found[name]
    leaves["bucket"] = first_bucket + cells.t[found["cell"]]
    leaves["series"] = cells.row[found["cell"]]
    leaves["impact"] = _ALONE
    return leaves
