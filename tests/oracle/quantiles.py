"""Dynamic quantiles of one kind of result, slow and obvious: the specification of `kernels/quantiles_days.hpp`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

DAY_MS = 86_400_000
MEMORY, PRIOR, FEW = 42.0, 30.0, 8.0
EDGES = [3.0 * math.exp(0.15 * i) for i in range(40)]


def least_of(p: float, n: float) -> float:
    return -math.expm1(n * math.log1p(-p))


@dataclass
class Past:
    """How often days were how surprising: what has been counted, and the day under way."""

    span_ms: int
    day: int | None = None
    days: float = 0.0
    entity_days: float = 0.0
    cells: float = 0.0
    counts: list[float] = field(default_factory=lambda: [0.0] * len(EDGES))
    today: list[tuple[float, dict[int, float]]] = field(default_factory=list)  # of each bucket: cells, surprises by entity
    ended: list[tuple[int, float, float, float, list[float]]] = field(default_factory=list)  # bucket, and what then holds

    def judge_and_learn(self, bucket: int, cells: float, odd: Iterable[tuple[int, float]]) -> list[float]:
        """One bucket: ln of the raised probability of each of its results, of (entity, ln p)."""
        day = bucket * self.span_ms // max(DAY_MS, self.span_ms)
        if self.day is not None and day != self.day:
            self._end_day(day, bucket)
        self.day = day
        results = list(odd)
        self.today.append((cells, {entity: -ln_p for entity, ln_p in results}))
        return [self.raised(ln_p) for _, ln_p in results]

    def raised(self, ln_p: float) -> float:
        seen = self._seen(-ln_p)
        if -ln_p <= EDGES[0] or not self.days or seen <= self.entity_days / self.days:
            return ln_p
        entities, a_day = self.entity_days / self.days, max(self.cells / self.entity_days, 1.0)
        again = seen - entities
        share = (again + PRIOR * entities * least_of(math.exp(ln_p), a_day)) / (self.entity_days + PRIOR * entities)
        past = min(math.log(least_of(share, 1 / a_day)), -EDGES[0])
        belief = again / (again + FEW * entities)
        return max(ln_p, -((-ln_p) ** (1 - belief) * (-past) ** belief))

    def _seen(self, surprise: float) -> float:
        """Entity days beyond the edge below, in a straight line between edges."""
        for i in range(1, len(EDGES) - 1):
            if EDGES[i] <= surprise < EDGES[i + 1]:
                part = (surprise - EDGES[i]) / (EDGES[i + 1] - EDGES[i])
                return (1 - part) * self.counts[i - 1] + part * self.counts[i]
        return self.counts[0] if surprise < EDGES[1] else self.counts[-1]

    def _end_day(self, next_day: int, bucket: int) -> None:
        assert self.day is not None
        keep = math.exp(-(next_day - self.day) * max(1.0, self.span_ms / DAY_MS) / MEMORY)
        odd: dict[int, float] = {}
        for _, surprises in self.today:
            for entity, surprise in surprises.items():
                odd[entity] = max(odd.get(entity, 0.0), surprise)
        self.days = keep * (self.days + any(cells for cells, _ in self.today))
        self.entity_days = keep * (self.entity_days + max(cells for cells, _ in self.today))
        self.cells = keep * (self.cells + sum(cells for cells, _ in self.today))
        self.counts = [
            keep * (count + sum(most > edge for most in odd.values())) for count, edge in zip(self.counts, EDGES, strict=True)
        ]
        self.today = []
        self.ended.append((bucket, self.days, self.entity_days, self.cells, list(self.counts)))
