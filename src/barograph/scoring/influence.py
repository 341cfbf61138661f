"""The experiment behind an influencer: take the entity's rows away; is the bucket value still unlikely?

The value is computed again without them (reference engine, section 8.2, has what that means for each statistic), and what the
entity usually does to the value is put back: who always has half of the rows is not to blame for having them, and who is
missing has done less than usual. Where no single entity suffices, they are taken away together, the strongest first, until the
bucket is usual. These are to blame, and any that did about as much. The parts of the blame add up to about one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from barograph.kernels.elementary import ln, poisson_below
from barograph.results.arrays import Bools, Floats, Ints
from barograph.results.points import POINTS
from barograph.scoring.point_blame import from_typical
from barograph.scoring.remainder import MANY, away_from_typical, running, value_without, way_that_is_left
from barograph.scoring.shares import Shares, Whole
from barograph.scoring.simplest import Explanations, simplest

USUAL: Final = 0.01
"""A bucket with this probability is usual again, if most of its surprise is gone. Chosen: a record needs less."""
GONE_WITH_ONE: Final = 0.8
"""... and in any case if so much of its surprise, or of its way from typical, is gone with one entity. Chosen."""
GONE_WITH_SEVERAL: Final = 0.9
"""... or with several: more names must explain more. Chosen."""
NEARLY_ALL: Final = 0.9
"""Entities that usually have so much of the rows are blamed for nothing: to say "everybody" explains nothing. Chosen."""
AS_STRONG: Final = 2.0 / 3.0
"""Who did so much of what one of the blamed did on average is blamed as well. Chosen: Poisson noise of 15 rows."""
TOO_LITTLE: Final = 0.4
"""Less of an equal part is not worth a name (reference engine, section 0, where one alone is asked for as much)."""
BY_CHANCE: Final = 0.02
"""So much less guilty of an extreme is who has all rows. Chosen: it says who is on top, and costs the only one nothing."""
NOISE: Final = 2.25
"""Deviations of what an entity usually does that are still usual: the most of 50 is often beyond 2. Chosen."""

_IN_ROWS: Final = ("count", "freq_rare", "distinct_count")  # one row or text more makes such a value larger by one at most
_LN_USUAL: Final = ln(USUAL)
_LN_NO_NOISE: Final = ln(0.98778)  # of the probability that a normal number is not beyond `NOISE`


@dataclass(frozen=True)
class Blame:
    """What comes out of the experiment.

    Attributes:
        influence: [m] the entity's part of what explains the leaf: those of one field add up to how much is explained; 0 for
            who is not to blame.
        guilt: [m] the part of the leaf's surprise that counts against the entity: as much for each of several equal ones as
            for one alone, less what the entity may have done by chance.
    """

    influence: Floats
    guilt: Floats

    @classmethod
    def nobody(cls, size: int) -> "Blame":
        """Nobody is to blame."""
        return cls(np.zeros(size), np.zeros(size))


Judge = Callable[[Ints, Floats], Floats]
"""(leaf [m], another value of it [m]) -> ln of that value's probability [m], under the leaf's model."""


def blame_for(statistic: str, whole: Whole, shares: Shares, judge: Judge) -> Blame:
    """Who is to blame for each leaf.

    Args:
        statistic: what the detector measures; see `config.functions`.
        whole: the leaves.
        shares: the entities' parts of them, in any order.
        judge: the pure probability of another value of the same leaf.
    """
    out = Blame.nobody(len(shares.leaf))
    side = np.sign(whole.actual - whole.typical)[shares.leaf]
    strength, order_by, beyond_chance = _strength(statistic, whole, shares, side)
    if statistic in ("rare", "freq_rare"):  # who always has what is rare has it now
        shares = replace(shares, usual_share=np.zeros(len(strength)))
    chosen = np.flatnonzero(strength > 0.0)
    order = chosen[np.lexsort((-strength[chosen], -order_by[chosen], shares.field[chosen], shares.leaf[chosen]))]
    if not len(order):
        return out
    chains = _Chains.of(shares, order)
    found = _until_usual(statistic, whole, shares.take(order), chains, strength[order], judge)
    out.influence[order], out.guilt[order] = found.influence, found.guilt * beyond_chance[order]
    return out


def _strength(statistic: str, whole: Whole, shares: Shares, side: Floats) -> tuple[Floats, Floats, Floats]:
    """How much of an anomaly is each entity's doing [m], <= 0 for nothing; by what the strongest is found first; and how sure
    it is that this is no chance, in [0, 1]: of two that explain as much, the surer is on top."""
    typical, actual = whole.typical[shares.leaf], whole.actual[shares.leaf]
    distance, certain = np.abs(actual - typical), np.ones(len(side))
    if statistic in ("rare", "freq_rare"):
        return shares.weight, shares.weight, certain
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if statistic in ("min", "max"):
            beyond = np.minimum(side * (shares.value - typical), distance)
            # A row lies with an entity by chance as often as the entity has rows.
            certain = 1.0 - BY_CHANCE * shares.usual_share
            return np.nan_to_num(beyond), np.nan_to_num(side * shares.value, nan=-np.inf), certain
        if statistic in POINTS:
            share = from_typical(statistic, typical, shares.value) / from_typical(statistic, typical, actual)
            far = np.where(share > 0.5, np.minimum(shares.weight * share, shares.weight), 0.0)
            return far, np.nan_to_num(share), certain
        excess = np.where(np.isnan(shares.effect), distance, side * (shares.effect - shares.usual))
        spread = shares.spread
        beyond_noise = excess > NOISE * spread
        if statistic == "count":  # who always has two rows has five now and then
            usual = np.maximum(shares.usual, 0.0)
            spread = np.where(side > 0.0, np.maximum(spread, np.sqrt(usual)), spread)
            beyond_noise &= (side < 0.0) | ~_within_noise(shares.effect, usual)
        excess = np.where(beyond_noise, np.nan_to_num(excess), 0.0)
        certain = np.where(excess > 0.0, 1.0 / (1.0 + (spread / excess) ** 2), 1.0)
        if statistic in ("distinct_count", "info_content"):
            return excess, np.nan_to_num(shares.without_higher, nan=-np.inf), certain
        if statistic != "median":
            return excess, excess, certain
        pulled = np.where(side > 0.0, shares.without_higher, shares.without_lower)
        beyond = np.clip(side * (shares.value - typical) / distance, 0.0, 1.0)
        unusual = np.clip(1.0 - side * shares.usual / np.maximum(side * shares.effect, NOISE * shares.spread), 0.0, 1.0)
        pull = np.where(np.isnan(pulled), 0.0, shares.weight * np.nan_to_num(beyond) * np.nan_to_num(unusual, nan=1.0))
        return np.where(shares.weight > 0.0, pull, excess), np.nan_to_num(side * pulled, nan=-np.inf), certain


def _within_noise(rows: Floats, usual: Floats) -> Bools:
    """Whether Poisson numbers are as large as `rows` no less often than normal ones are beyond `NOISE` [m]."""
    more = rows > usual
    return np.asarray(poisson_below(np.where(more, rows, 1.0), usual) <= _LN_NO_NOISE) & ~np.isnan(rows)


@dataclass(frozen=True)
class _Chains:
    """The entities of each leaf and field that did something, in the order in which they are taken away.

    Attributes:
        first: [g] position of the first.
        group: [m] number of the leaf and field.
        rank: [m] how many go before.
        entities: [g] how many of the field the leaf has, or usually has.
    """

    first: Ints
    group: Ints
    rank: Ints
    entities: Ints

    @classmethod
    def of(cls, shares: Shares, order: Ints) -> "_Chains":
        """Those of the shares `order`, which are by leaf and field."""
        _, place, count = np.unique(
            shares.leaf * (shares.field.max() + 1) + shares.field, return_inverse=True, return_counts=True
        )
        first = np.flatnonzero(np.diff(place[order], prepend=-1))
        group = np.repeat(np.arange(len(first)), np.diff(first, append=len(order)))
        return cls(first, group, np.arange(len(group)) - first[group], count[place[order][first]])


def _until_usual(statistic: str, whole: Whole, shares: Shares, chains: _Chains, strength: Floats, judge: Judge) -> Blame:
    """Take entities away one after the other.

    Args:
        statistic: as above.
        whole: as above.
        shares: those who did something, in the order of `chains`.
        chains: by leaf, field, and the strongest first.
        strength: [m] what they did, > 0.
        judge: as above.
    """
    first, group, rank = chains.first, chains.group, chains.rank
    rest = value_without(statistic, whole, shares, group)
    left = np.ones(len(group))  # the part of the surprise that is left after this and all before it
    against, usual = np.zeros(len(group)), np.zeros(len(group), np.bool_)
    near = np.flatnonzero(rank < MANY)
    left[near], against[near], usual[near] = _what_is_left(statistic, whole, shares.leaf[near], rest[near], rank[near], judge)
    end = np.full(len(first), MANY)  # the last that must go
    np.minimum.at(end, group[usual], rank[usual])
    blamed = _blamed(group, rank, end, strength) & (end < MANY)[group] & (rank < MANY)
    last = np.array(first)  # of them
    np.maximum.at(last, group[blamed], np.flatnonzero(blamed))
    explained = 1.0 - left[last]
    gone = 1.0 - way_that_is_left(statistic, whole, shares.leaf[last], rest[last])
    blamed &= _says_something(shares, group, blamed, gone)[group]
    blamed &= _told(statistic, whole, shares, chains, np.flatnonzero(blamed), rest)[group]
    size = np.bincount(group[blamed], minlength=len(first))
    total = np.bincount(group[blamed], strength[blamed], len(first))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(blamed, strength / total[group], 0.0)
    # Who did nearly as much as the others is as guilty: so much may be chance.
    guilt = np.minimum(part * size[group] / AS_STRONG, 1.0)
    # What is left is nobody else's doing if those who are gone usually do as much more or less.
    counts = np.where(1.0 - gone <= _scatter(statistic, whole, shares, chains)[last], 1.0, against[last])
    return Blame(part * explained[group], guilt * counts[group])


def _blamed(group: Ints, rank: Ints, end: Ints, strength: Floats) -> Bools:
    """Who had to go, and who did as much; but for those who did next to nothing beside the others."""
    must = rank <= end[group]
    count = np.bincount(group[must], minlength=len(end))
    mean = np.bincount(group[must], strength[must], len(end)) / np.maximum(count, 1)
    blamed = must | (strength >= AS_STRONG * mean[group])
    count = np.bincount(group[blamed], minlength=len(end))
    total = np.bincount(group[blamed], strength[blamed], len(end))
    return np.asarray(blamed & (strength * count[group] >= TOO_LITTLE * total[group]))


def _says_something(shares: Shares, group: Ints, blamed: Bools, gone: Floats) -> Bools:
    """Whether of the way from typical that is `gone` without those to blame they did much more than their usual share [g].

    What everybody did is nobody's doing.
    """
    usual = np.bincount(group[blamed], shares.usual_share[blamed], len(gone))
    beyond = (gone - usual) / np.maximum(1.0 - usual, 1.0 - NEARLY_ALL)
    return np.asarray((usual < NEARLY_ALL) & (beyond >= 0.5))


def _told(statistic: str, whole: Whole, shares: Shares, chains: _Chains, blamed: Ints, rest: Floats) -> Bools:
    """Whether those of a leaf and field who are to blame are told beside those of its other fields [g]."""
    some, of, names = np.unique(chains.group[blamed], return_inverse=True, return_counts=True)
    last = np.zeros(len(some), np.int64)  # its `rest` is without them all
    np.maximum.at(last, of, blamed)
    leaf = shares.leaf[last]
    distance = np.abs(away_from_typical(statistic, whole.typical[leaf], whole.actual[leaf]))
    rows = np.bincount(of, _odd_rows(statistic, whole, shares)[blamed]).astype(np.float64)
    explanations = Explanations(
        leaf=leaf,
        field=shares.field[last],
        names=names,
        entities=chains.entities[some],
        explained=1.0 - way_that_is_left(statistic, whole, leaf, rest[last]),
        scatter=_scatter(statistic, whole, shares, chains)[last],
        usual_share=np.bincount(of, shares.usual_share[blamed]).astype(np.float64),
        rows=np.minimum(rows, distance) if statistic in _IN_ROWS else rows,
        of_member=whole.of_member[leaf],
    )
    told = np.zeros(len(chains.first), np.bool_)
    told[some] = simplest(explanations)
    return told


def _scatter(statistic: str, whole: Whole, shares: Shares, chains: _Chains) -> Floats:
    """The standard deviation of what each entity and all before it usually do, as a part of the way from typical [m]."""
    distance = np.abs(away_from_typical(statistic, whole.typical[shares.leaf], whole.actual[shares.leaf]))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scatter = np.sqrt(running(np.nan_to_num(shares.spread) ** 2, chains.group)) / distance
    return np.nan_to_num(scatter, posinf=0.0)


def _odd_rows(statistic: str, whole: Whole, shares: Shares) -> Floats:
    """How many rows of each entity may be odd [m]; of a mean or sum as many as would be equal ones with its moments."""
    rows = np.maximum(shares.weight, shares.usual_share * whole.weight[shares.leaf])
    if statistic not in ("mean", "sum"):
        return rows
    away = shares.mean - (whole.typical[shares.leaf] if statistic == "mean" else 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return np.asarray(rows / (1.0 + np.nan_to_num(shares.m2 / (shares.weight * away**2))))


def _what_is_left(
    statistic: str, whole: Whole, leaf: Ints, rest: Floats, rank: Ints, judge: Judge
) -> tuple[Floats, Floats, Bools]:
    """How much of the surprise of leaves is left with other values [m], how much of it counts against who is gone, both in
    [0, 1]; and whether these values are usual.

    `rank` is 0 for what is left without one entity.
    """
    way_left = way_that_is_left(statistic, whole, leaf, rest)
    over = way_left <= 0.0
    ln_rest = np.where(over, 0.0, judge(leaf, np.where(over, whole.typical[leaf], rest)))
    # Of a value ten times the usual, half is about as unlikely: tails are heavy there. So what is left is at most the part of
    # the way from typical that is left.
    left = np.minimum(_ratio(-ln_rest, -whole.ln_p[leaf]), way_left)
    gone = np.where(rank == 0, GONE_WITH_ONE, GONE_WITH_SEVERAL)
    ordinary = (ln_rest >= _LN_USUAL) & (left <= 0.5)
    # Of a bucket that is usual again all the surprise is gone, and nearly all where it is nearly usual.
    odd_still, odd = (np.maximum(_LN_USUAL - ln_p, 0.0) for ln_p in (ln_rest, whole.ln_p[leaf]))
    against = np.maximum(1.0 - left, np.where(left <= 0.5, 1.0 - _ratio(odd_still, odd), 0.0))
    return left, against, np.asarray(ordinary | (left <= 1.0 - gone))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole of two surprises (-ln of probabilities), in [0, 1]; 1 for a leaf that is no surprise at all."""
    safe = np.where(whole > 0.0, whole, 1.0)
    return np.where(whole > 0.0, np.clip(part / safe, 0.0, 1.0), 1.0)
