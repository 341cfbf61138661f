"""Who adds what to a bucket value, the slow and obvious way: rows are taken away, and the statistic is computed again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.oracle.fold import runs_of

STATISTICS = {
    "count": len,
    "sum": lambda values: float(np.sum(values)),
    "mean": lambda values: float(np.mean(values)),
    "min": min,
    "max": max,
    "median": lambda values: float(np.median(values)),
    "varp": lambda values: float(np.var(values)),
    "distinct_count": lambda values: len(set(values)),
    "info_content": lambda values: len(set().union(*(runs_of(f"{value}") for value in values))),
}


def without(statistic: str, rows: Sequence[tuple[Any, Any]], gone: Collection[Any]) -> float:
    """A statistic of (entity, value) rows without those of some entities; NaN when none are left."""
    values = [value for entity, value in rows if entity not in gone]
    return STATISTICS[statistic](values) if values or statistic in ("count", "sum") else np.nan


def pull(rows: Sequence[tuple[Any, float]], entity: Any) -> int:
    """By how many more of its values lie above the median than below an entity pulls it up."""
    median = np.median([value for _, value in rows])
    return int(sum(np.sign(value - median) for who, value in rows if who == entity))


def own_texts(statistic: str, rows: Sequence[tuple[Any, Any]], entity: Any) -> int:
    """How many distinct values, or runs of bytes in them, only this entity has."""
    parts = runs_of if statistic == "info_content" else lambda text: {text}

    def of(values: list[Any]) -> set[Any]:
        return set().union(*(parts(f"{value}") for value in values))

    return len(of([value for who, value in rows if who == entity]) - of([x for who, x in rows if who not in (entity, None)]))


@dataclass
class UsualSeries:
    """What is remembered of a series: one entry a learnt cell."""

    cells: list[tuple[float, float, dict[str, tuple[float, float]]]] = field(default_factory=list)

    def learn(self, actual: float, weight: float, entities: dict[str, tuple[float, float]]) -> None:
        """A cell with its value, its rows, and (rows, effect) of each entity."""
        self.cells.append((actual, weight, entities))

    def told(self, there: Collection[str], decay: float, missed: float) -> dict[str, tuple[float, float, float]]:
        """(usual effect, mean square of it, usual share of the rows) of who is there and who is missed."""
        faded = [(decay**age, *cell) for age, cell in enumerate(reversed(self.cells))]
        cells = sum(keep for keep, *_ in faded)
        weight = sum(keep * of for keep, _, of, _ in faded)

        def fading(entity: str, power: int) -> float:
            return sum(keep * entities[entity][1] ** power for keep, _, _, entities in faded if entity in entities)

        def rows(entity: str) -> float:
            return sum(keep * entities[entity][0] for keep, _, _, entities in faded if entity in entities)

        known = dict.fromkeys(name for *_, entities in faded for name in entities)
        out = dict.fromkeys(there, (0.0, 0.0, 0.0))
        for name in known:
            if name in there or rows(name) >= missed * weight:
                out[name] = (fading(name, 1) / cells, fading(name, 2) / cells, rows(name) / weight)
        return out
