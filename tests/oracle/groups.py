"""Combining the members of one group, slow and obvious: the specification of `kernels/scores_together.hpp`."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammainccinv
from scipy.stats import gamma

SHAPE, TRIES, YOUNG, ODDEST = 0.1, 0.25, 10.0, 3.0


def addend(ln_p: float) -> float:
    """The gamma quantile that has this upper tail."""
    return float(gammainccinv(SHAPE, math.exp(ln_p)))


def ln_sum_p(total: float, n: float, one: float, own: float, correlation: float, doubt: float) -> float:
    """ln of the chance of such a sum of n members: the larger of what a measured scatter and one thing behind all allow."""
    mean, scale = n * one, (own + (n - 1) * correlation) * doubt
    beyond_chance = max(correlation - 2 * (doubt - 1) / (n - 1), 0.0)
    together = 1 + (n - 1) * math.sqrt(min(beyond_chance, 1.0))
    spread = gamma.logsf(total, mean / scale, scale=scale)
    one_thing = gamma.logsf(total - (n - together) * one, one / (own * doubt), scale=together * own * doubt)
    return float(max(spread, one_thing))


def ln_least_of(least: float, n: float) -> float:
    """ln of the chance that the oddest of n is so odd."""
    return math.log(-math.expm1(n * math.log1p(-math.exp(least))))


def better_of_two(
    known: np.ndarray, n: float, one: float, own: float, correlation: float, doubt: float, ln_least: float
) -> float:
    """ln of the better of two tests: the oddest of n members, and the sum of those that are known."""
    total = sum(addend(ln_p) for ln_p in known)
    mean, scale = n * one, (own + (n - 1) * correlation) * doubt
    joint = ln_sum_p(total, n, one, own, correlation, doubt) if total > mean + math.sqrt(mean * scale) else 0.0
    return min(ln_least - math.log(1 - TRIES), joint - math.log(TRIES), 0.0)


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
        found = [
            better_of_two(ln_p, n, SHAPE, 1.0, correlation, doubt, ln_least_of(min(ln_p), n)) if n > 1 else float(ln_p[0])
            for ln_p, n in groups
        ]
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
    own: float = 10.0
    excess: float = 1.0
    odd: float = 0.0
    beyond: float = 0.0

    def usual(self) -> tuple[float, float, float, float]:
        """Mean of one member, its own scatter over that, correlation of two, and how uncertain that is."""
        doubt = 1 + math.sqrt(2 / self.buckets)
        return self.surprise / self.members, max(self.own / self.buckets, 1.0), max(self.excess / self.buckets, 0.0), doubt

    def as_usually_odd(self, ln_least: float) -> float:
        """The oddest member, by how often and how far such were odd before: five of them as they should be, and those seen."""
        if ln_least >= -ODDEST:
            return ln_least
        known = self.odd + 5
        beyond_chance = 1 - 1.5 / math.sqrt(known)  # standard errors
        rate = max(known / (math.exp(-ODDEST) * self.buckets + 5) * beyond_chance, 1.0)
        mean = max((self.beyond + 5) / known * beyond_chance, 1.0)
        return math.log(rate) - ODDEST + (ln_least + ODDEST) / mean

    def judge_and_learn(self, ln_p: np.ndarray, memory: float, is_word_taken: bool = False) -> float:
        """One bucket: ln of the combined probability of the members with data."""
        known = ln_p[~np.isnan(ln_p)]
        n = len(known)
        if n < 2:
            return float(known[0]) if n else math.nan
        one, own, correlation, doubt = self.usual()
        ln_least = ln_least_of(min(known), n)
        oddest = ln_least if is_word_taken else self.as_usually_odd(ln_least)
        found = better_of_two(known, n, one, own, correlation, doubt, oddest)
        self._learn(np.array([addend(ln_p) for ln_p in known]), (own + (n - 1) * correlation) * doubt, ln_least, memory)
        return found

    def _learn(self, added: np.ndarray, scale: float, ln_least: float, memory: float) -> None:
        n, one = len(added), self.surprise / self.members
        mean, total = n * one, added.sum()
        most = mean + 4 * (math.sqrt(mean * scale) + scale)
        far = total > most or ln_least < -ODDEST - 8
        self.run = self.run + 1 if far else max(self.run - 0.5, 0.0)
        weight = 1 / self.run**2 if far else 1.0
        square, apart = (min(total, most) - mean) ** 2, ((added - one) ** 2).sum()
        if total > most:
            apart = min(apart, square)  # one odd member says nothing of others
        keep = 1 - 1 / min(memory, YOUNG + self.seen / 3)
        self.seen += 1
        beyond = min(max(-ln_least - ODDEST, 0.0), 8.0)
        seen = {
            "buckets": 1.0,
            "members": n,
            "surprise": min(total, most),
            "own": apart / mean,
            "excess": (square - apart) / mean / (n - 1),
            "odd": float(beyond > 0),
            "beyond": beyond,
        }
        for name, value in seen.items():
            setattr(self, name, keep * getattr(self, name) + weight * value)
