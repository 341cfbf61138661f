"""Why a bucket of a series scores what it scores: factors that add up, the gate that kept it low, what would have alerted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.kernels.elementary import e_to
from barograph.results.arrays import Floats, Structs
from barograph.results.leaf import Tried
from barograph.results.severity import CRITICAL, MAJOR, MINOR, WARNING
from barograph.scoring.normalise import Quantiles
from barograph.scoring.severity import LN_10, RECORD_SCORE, normalised_score

TARGETS: Final = (WARNING, MINOR, MAJOR, CRITICAL)
"""Scores for which the value is told that would have had it."""

FACTORS: Final = {
    "this_bucket": "this bucket by itself",
    "others_beside": "what series that go with it lead to expect",
    "bucket_before": "against the bucket before",
    "buckets_around": "the buckets around it",
    "shown_before": "what the series has shown before",
    "job": "how often the job has been this odd",
}
"""Names of the factors in the order in which they are applied, and what a person calls them."""

EARLY: Final = 30.0
"""Values before which only the bucket itself is believed (as in the kernel)."""

_GRID: Final = np.concatenate([[0.0], e_to(LN_10 * np.linspace(-4, 14, 325))])
"""Deviations from the centre where a value is looked for."""

_ROUNDS: Final = 24  # each narrows the place to a 32nd: to neighbouring doubles from any start


@dataclass(frozen=True)
class Factor:
    """One step on the way from a probability to the score.

    Attributes:
        name: key of `FACTORS`.
        points: points of score that it adds; of all factors together they are the score.
    """

    name: str
    points: float


@dataclass(frozen=True)
class WouldScore:
    """The values nearest to the centre that would have scored so much or more; None: no value on that side would.

    Attributes:
        score: the score.
        low: such a value below the centre.
        high: such a value above it.
    """

    score: float
    low: float | None
    high: float | None


TryValues = Callable[[Floats], Tried]
"""Values [k] in the place of the bucket's own."""


class Explainer:
    """Scores of any values that a series could have had in one bucket."""

    def __init__(self, try_values: TryValues, quantiles: Quantiles | None, bucket_span_ms: int) -> None:
        self._try = try_values
        self._quantiles = quantiles
        self._span_ms = bucket_span_ms

    def score(self, leaves: Structs) -> Floats:
        """The scores [k] of leaves, as records of them have when they are first written."""
        ln_p = np.ascontiguousarray(leaves["ln_evidence"])
        return normalised_score(ln_p if self._quantiles is None else self._quantiles.ln_p(ln_p), self._span_ms)

    def factors(self, tried: Tried) -> tuple[Factor, ...]:
        """What adds up to the score of one value [1]: the score after each step less that before it."""
        scores = {name: float(normalised_score(ln_p, self._span_ms)[0]) for name, ln_p in tried.steps.items()}
        scores["job"] = float(self.score(tried.leaves)[0])
        points = np.diff(list(scores.values()), prepend=0.0).tolist()
        return tuple(Factor(name, added) for name, added in zip(scores, points, strict=True))

    def would_score(self, tried: Tried, *, whole: bool) -> tuple[WouldScore, ...]:
        """The values that would have scored each of `TARGETS`, for being so far off: not the one that would stand still.

        Args:
            tried: what the model expects, whatever values were tried.
            whole: values are whole numbers.
        """
        grids = [_grid(tried.centre, tried.deviation * sign, tried.least, whole) for sign in (-1.0, 1.0)]
        places = [_place(grid, scores, target) for grid, scores in self._scored(grids) for target in TARGETS]
        for _ in range(_ROUNDS):  # all of them at once: a call costs more than the values
            finer = {at: inside for at, place in enumerate(places) if place and (inside := _between(*place, whole)) is not None}
            if not finer:
                break
            for at, (grid, scores) in zip(finer, self._scored(list(finer.values())), strict=True):
                target = TARGETS[at % len(TARGETS)]
                scores[-1] = max(float(scores[-1]), target)  # rounding in between must not lose what was found
                places[at] = _place(grid, scores, target)
        values = [place and place[1] for place in places]
        low, high = values[: len(TARGETS)], values[len(TARGETS) :]
        return tuple(WouldScore(*target_values) for target_values in zip(TARGETS, low, high, strict=True))

    def _scored(self, grids: list[Floats]) -> list[tuple[Floats, Floats]]:
        """The values of each grid and their scores, without the one that is odd for being there again."""
        ends = np.cumsum([len(grid) for grid in grids])[:-1]
        leaves = self._try(np.concatenate(grids)).leaves
        scores, others = self.score(leaves), leaves["same"] == 0.0
        parts = zip(grids, np.split(scores, ends), np.split(others, ends), strict=True)
        return [(grid[other], scored[other]) for grid, scored, other in parts]


def _grid(centre: float, step: float, least: float, whole: bool) -> Floats:
    """Values from the centre outwards on one side."""
    if not whole:
        return np.maximum(centre + step * _GRID, least)
    grid = np.maximum(float(np.rint(centre)) + step * _GRID, least)
    return np.maximum(np.where(step > 0, np.ceil(grid), np.floor(grid)), least)


def _place(grid: Floats, scores: Floats, target: float) -> tuple[float, float] | None:
    """The first value of a grid that scores `target`, behind the one before it; None when none does."""
    enough = np.flatnonzero(scores >= target)
    if not len(enough):
        return None
    at = int(enough[0])
    return float(grid[max(at - 1, 0)]), float(grid[at])


def _between(near: float, far: float, whole: bool) -> Floats | None:
    """Values between two, both included, from the near one on; None when there are no others."""
    inside = np.linspace(near, far, 33)
    inside = np.unique(np.rint(inside) if whole else inside)
    return None if len(inside) <= 2 else inside if far > near else inside[::-1]


def _scores_after(factors: tuple[Factor, ...]) -> list[float]:
    """The score after each of `FACTORS`; one that the model does not know changes nothing."""
    points = {factor.name: factor.points for factor in factors}
    scores: list[float] = np.cumsum([points.get(name, 0.0) for name in FACTORS]).tolist()
    return scores


def gate(tried: Tried, factors: tuple[Factor, ...], side: str) -> str | None:
    """What kept a value [1] from becoming a record, as a sentence; None when nothing did."""
    *_, around, before, score = _scores_after(factors)
    if score >= RECORD_SCORE:
        return None
    leaf, centre = tried.leaves, tried.centre
    actual, seen = float(leaf["actual"][0]), float(leaf["count"][0])
    reasons = (
        (seen == 0, "It is the first value of the series: there was nothing to compare it with."),
        (
            (side == "high" and actual <= centre) or (side == "low" and actual >= centre),
            f"The detector looks at {side} values only, and this one is not.",
        ),
        (before >= RECORD_SCORE, "The job has been this odd often enough for it not to matter."),
        (around >= RECORD_SCORE > before, "The series has shown as much before."),
        (leaf["lower"][0] <= actual <= leaf["upper"][0], "It is within the usual range."),
        (seen < EARLY, "Too few values were seen before to call it odd."),
        (True, f"It is outside the usual range, but not unlikely enough for a score of {RECORD_SCORE:g}."),
    )
    return next(sentence for holds, sentence in reasons if holds)
