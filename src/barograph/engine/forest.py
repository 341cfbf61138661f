"""A random cut forest for whoever wants nothing else: arrays and frames in, frames out."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest, OtherVersion, UnreadableInput
from barograph.engine.score_input import is_pandas, read_values, span_ms
from barograph.models.forest import ForestConfig, ForestDetector, Missing, Transform
from barograph.models.forest_trees import TreesConfig
from barograph.results.arrays import Floats
from barograph.results.snapshot import Snapshot

_LARGEST: Final = 1e30  # boxes of larger values have sides that no float holds


class Forest:
    """Finds times at which several numbers together, or their order, are unusual; it learns while it looks.

    Values are those of times that follow each other evenly: [n, features] numbers, or [n] of one feature, as NumPy, Polars
    or pandas. NaN (null) is missing. Scores, grades and everything else are those of `docs/forest.md`.

    Args:
        features: how many there are, or their names: columns of frames, and in results.
        shingle: times that a point is made of: how far back an order of values is looked at.
        trees: more of them make scores steadier, and cost as much more.
        samples: points that each tree keeps.
        memory: times after which a point has e^-1 of its chance to be kept; None keeps all alike.
        transform: what the trees see: `expected`, what is left of a feature without what it was expected to be by its level,
            trend and seasons; `difference`, the same of its changes; `none`, the values themselves.
        weights: by how much each feature counts more; None: all alike.
        missing: what a missing value is taken for: `expected`, `previous`, `zero`, `forest` (what the trees find likely by
            all else), or a number for each feature.
        span: the time from one value to the next, such as `5m`.
        seed: of all that is drawn; equal seeds give equal scores.
        state: what `snapshot` returned, to go on from there.

    Raises:
        BadRequest: a setting cannot be; the message names it, its value and what was wanted.
        OtherVersion: another version of Barograph, or a forest of other settings, made the snapshot.
    """

    def __init__(
        self,
        features: int | Sequence[str] = 1,
        *,
        shingle: int = 8,
        trees: int = 50,
        samples: int = 256,
        memory: int | None = 2_560,
        transform: Transform = "expected",
        weights: Sequence[float] | None = None,
        missing: Missing | Sequence[float] = "expected",
        span: str | timedelta | Duration = "10m",
        seed: int = 0,
        state: Snapshot | None = None,
    ) -> None:
        self._names = tuple(f"x{i}" for i in range(features)) if isinstance(features, int) else tuple(features)
        if len(set(self._names)) != len(self._names):
            raise BadRequest(f"features={list(self._names)}: wanted names that differ")
        self._named = not isinstance(features, int)
        config = ForestConfig(
            TreesConfig(len(self._names), trees, samples, shingle, memory, seed),
            transform=transform,
            weights=None if weights is None else tuple(map(float, weights)),
            missing=missing if isinstance(missing, str) else tuple(map(float, missing)),
            bucket_span_ms=span_ms(span),
        )
        try:
            self._detector = ForestDetector.build(config, None if state is None else state.arrays)
        except (ValueError, KeyError) as error:
            raise OtherVersion(f"state: wanted one of this version of Barograph and of these settings ({error})") from error

    def fit(self, values: Any) -> "Forest":
        """Learn values, without telling what they were found to be; answers the forest itself.

        Raises:
            UnreadableInput: they are no such values. Nothing was learnt.
        """
        self._detector.judge_and_learn(self._read(values))
        return self

    def update(self, values: Any) -> Any:
        """Judge each time by what was known before it, then learn it. How values are cut into calls changes no bit.

        Returns:
            A row for each: `score`, `threshold`, `grade`, `confidence`, `late`, and of each feature `attribution_NAME`,
            `expected_NAME` (null where the grade is 0) and `imputed_NAME`. A pandas frame with the same index for pandas,
            else a Polars one.

        Raises:
            UnreadableInput: they are no such values. Nothing was learnt.
        """
        return self._judged(self._detector, values)

    def score(self, values: Any) -> Any:
        """What `update` would tell; nothing is learnt."""
        return self._judged(ForestDetector.build(self._detector.config, self._detector.snapshot()), values)

    def explain(self, value: Any) -> pl.DataFrame:
        """Why the next time would be odd or not, if it had these values [features]; nothing is learnt.

        Returns:
            A row a feature: its `value`; `above` and `below`, what it adds to the score by being too high or too low;
            `expected` and from `low` to `high` the middle four fifths of what followed on points alike.

        Raises:
            UnreadableInput: these are no values.
            BadRequest: too few values were learnt.
        """
        one = self._read(np.asarray(value, float).reshape(1, -1))
        self._check_ready()
        found = self._detector.explain(one[0])
        columns = {name: getattr(found, name) for name in ("above", "below", "expected", "low", "high")}
        return pl.DataFrame({"feature": self._names, "value": one[0]} | columns)

    def forecast(self, horizon: int) -> pl.DataFrame:
        """What comes next, by paths that each tree goes on; nothing is learnt.

        Returns:
            `horizon` rows: `step` from 1 on, and of each feature NAME, the median of the paths, and from `NAME_low` to
            `NAME_high` the middle four fifths of them.

        Raises:
            BadRequest: there can be no such horizon, or too few values were learnt.
        """
        if not isinstance(horizon, int) or not 1 <= horizon <= 100_000:
            raise BadRequest(f"horizon={horizon!r}: wanted a whole number from 1 to 100,000")
        self._check_ready()
        low, middle, high = np.quantile(self._detector.forecast(horizon), (0.1, 0.5, 0.9), axis=0)
        columns: dict[str, Any] = {"step": np.arange(1, horizon + 1)}
        for i, name in enumerate(self._names):
            columns |= {name: middle[:, i], f"{name}_low": low[:, i], f"{name}_high": high[:, i]}
        return pl.DataFrame(columns)

    def snapshot(self) -> Snapshot:
        """All that must be kept to go on as if nothing had happened. Equal pasts give equal bytes."""
        return Snapshot(self._detector.snapshot())

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the forest takes."""
        return self._detector.nbytes

    def _check_ready(self) -> None:
        if not self._detector.ready:
            raise BadRequest(
                f"forest of {self._detector.points} points: wanted one that has learnt enough for scores; update it first"
            )

    def _judged(self, detector: ForestDetector, values: Any) -> Any:
        found = detector.judge_and_learn(self._read(values))
        columns: dict[str, Any] = {name: getattr(found, name) for name in ("score", "threshold", "grade", "confidence", "late")}
        for i, name in enumerate(self._names):
            columns |= {f"attribution_{name}": found.attribution[:, i], f"expected_{name}": found.expected[:, i]}
            columns[f"imputed_{name}"] = found.imputed[:, i]
        if is_pandas(values):
            return sys.modules["pandas"].DataFrame(columns, index=values.index)
        return pl.DataFrame({name: pl.Series(one, nan_to_null=True) for name, one in columns.items()})

    def _read(self, values: Any) -> Floats:
        """[n, features], one column of a frame or an array after the other."""
        columns = [read_values(column) for column in self._columns(values)]
        read = np.stack(columns, axis=1)
        far = np.abs(read) > _LARGEST
        if far.any():
            row, column = np.argwhere(far)[0].tolist()
            value = float(read[row, column])
            raise UnreadableInput(f"{self._names[column]}[{row}]={value!r}: wanted at most {_LARGEST:g} in size")
        return read

    def _columns(self, values: Any) -> list[Any]:
        names = list(getattr(values, "columns", ()))
        if self._named and names:
            missing = [name for name in self._names if name not in names]
            if missing:
                raise UnreadableInput(f"values with the columns {names}: wanted {missing[0]!r} among them")
            return [values[name] for name in self._names]
        if names:
            columns = [values[name] for name in names]
        elif len(getattr(values, "shape", ())) == 2:
            columns = list(np.asarray(values).T)
        else:
            columns = [values]
        if len(columns) != len(self._names):
            raise UnreadableInput(f"values of {len(columns)} features: wanted {len(self._names)}")
        return columns
