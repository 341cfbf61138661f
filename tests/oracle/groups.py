"""Combining the members of one group, slow and obvious: the specification of `kernels/scores_together.hpp`."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammainccinv
from scipy.stats import gamma

SHAPE, TRIES, YOUNG = 0.1, 0.25, 10.0


def addend(ln_p: float) -> float:
    """The gamma quantile that has this upper tail."""
    return float(gammainccinv(SHAPE, math.exp(ln_p)))


def ln_sum_p(total: float, n: float, one: float, correlation: float, doubt: float) -> float:
    """ln of the chance of such a sum of n members: the larger of what a measured scatter and one thing behind all allow."""
    mean, scale = n * one, (1 + (n - 1) * correlation) * doubt
    beyond_chance = max(correlation - 2 * (doubt - 1) / (n - 1), 0.0)
    together = 1 + (n - 1) * math.sqrt(min(beyond_chance, 1.0))
    spread = gamma.logsf(total, mean / scale, scale=scale)
    one_thing = gamma.logsf(total - (n - together) * one, one / doubt, scale=together * doubt)
    return float(max(spread, one_thing))


def better_of_two(known: np.ndarray, n: float, one: float, correlation: float, doubt: float) -> float:
    """ln of the better of two tests: the oddest of n members, and the sum of those that are known."""
    total = sum(addend(ln_p) for ln_p in known)
    mean, scale = n * one, (1 + (n - 1) * correlation) * doubt
    least = math.log(-math.expm1(n * math.log1p(-math.exp(min(known)))))
    joint = ln_sum_p(total, n, one, correlation, doubt) if total > mean + math.sqrt(mean * scale) else 0.0
    return min(least - math.log(1 - TRIES), joint - math.log(TRIES), 0.0)


@dataclass
class Odd:
    """What is remembered of many groups of which only the odd members are known."""

    members: float = 10_000.0
    odd: float = 10.0
    others: float = 1.0
    crowds: float = 1.0
    run: float = 0.0

    def judge_and_learn(self, groups: list[tuple[np.ndarray, float]], members: float, ln_mild: float) -> list[float]:
        """One bucket: ln of the combined probability of each group, of (ln p of its odd members, how many it has in all)."""
        correlation = max(self.others / self.odd - self.odd / self.members, 0.0)
        doubt = 1 + math.sqrt(2 / self.odd)
        found = [better_of_two(ln_p, n, SHAPE, correlation, doubt) if n > 1 else float(ln_p[0]) for ln_p, n in groups]
        several = [(len(ln_p), n, min(ln_p) >= ln_mild) for ln_p, n in groups if n > 1]
        self._learn([(k, n, self._is_crowd(k, n, correlation), mild) for k, n, mild in several], members)
        return found

    def _is_crowd(self, k: int, n: float, correlation: float) -> bool:
        mean = n * self.odd / self.members
        return k >= 2 and k > mean + 4 * math.sqrt(mean * (1 + (n - 1) * correlation))

    def _learn(self, groups: list[tuple[int, float, bool, bool]], members: float) -> None:
        """Groups of (odd members, members, far more odd ones than usual, only mildly odd)."""
        usual = members * self.crowds / self.members
        far = sum(crowd for _, _, crowd, _ in groups) > usual + 4 * math.sqrt(usual)
        self.run = self.run + 1 if far else max(self.run - 0.5, 0)
        weight = 1 / self.run**2 if far else 1.0
        self.members += weight * members
        for k, n, crowd, mild in groups:
            if mild:
                self.odd += weight * k
                self.others += weight * k * (k - 1) / (n - 1)
                self.crowds += weight * crowd
        keep = min(1.0, 10_000.0 / self.odd)
        self.members, self.odd, self.others, self.crowds = (
            keep * self.members,
            keep * self.odd,
            keep * self.others,
            keep * self.crowds,
        )


@dataclass
class Group:
    """What a group remembers."""

    seen: float = 0.0
    run: float = 0.0
    buckets: float = 10.0
    members: float = 100.0
    surprise: float = 10.0
    excess: float = 1.0

    def usual(self) -> tuple[float, float, float]:
        """Mean of one member, correlation of two, and how uncertain that is."""
        return self.surprise / self.members, max(self.excess / self.buckets, 0.0), 1 + math.sqrt(2 / self.buckets)

    def judge_and_learn(self, ln_p: np.ndarray, memory: float) -> float:
        """One bucket: ln of the combined probability of the members with data."""
        known = ln_p[~np.isnan(ln_p)]
        n = len(known)
        if n < 2:
            return float(known[0]) if n else math.nan
        total = sum(addend(one) for one in known)
        one, correlation, doubt = self.usual()
        mean, scale = n * one, (1 + (n - 1) * correlation) * doubt
        found = better_of_two(known, n, one, correlation, doubt)
        self._learn(total, n, mean, scale, memory)
        return found

    def _learn(self, total: float, n: int, mean: float, scale: float, memory: float) -> None:
        most = mean + 4 * (math.sqrt(mean * scale) + scale)
        self.run = self.run + 1 if total > most else 0.0
        weight = 1 / max(self.run, 1.0) ** 2
        total = min(total, most)
        keep = 1 - 1 / min(memory, YOUNG + self.seen / 3)
        self.seen += 1
        self.buckets = keep * self.buckets + weight
        self.members = keep * self.members + weight * n
        self.surprise = keep * self.surprise + weight * total
        self.excess = keep * self.excess + weight * ((total - mean) ** 2 / mean - 1) / (n - 1)
