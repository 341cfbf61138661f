"""Which fields' names are told of a record, where entities of several fields explain it.

One bad host has rows of several urls, which are as odd as the host is; one bad url has rows of several hosts. What explains the
record by fewest names is told, and of a guilty pair both, as each takes one. But few names are no explanation where others,
which chance picks less easily, explain more; nor are several that chance picks for rows that are odd anyway, as all rows of one
odd member of a population are.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.kernels.elementary import ln
from barograph.results.arrays import Bools, Floats, Ints

AS_WELL: Final = 0.1
"""A field that explains so much less than a surer one is not told. Chosen."""
NO_SURER: Final = ln(10.0)
"""... and one that explains as much less, but is picked by chance ten times less often, is. Chosen."""
TWICE: Final = 2
"""So many times the names of another field that explains as much are not told. Chosen: four are no simpler than five."""
NOT_BY_CHANCE: Final = ln(100.0)
"""Several names are told beside those of another field if chance picks such for one record of a hundred. Chosen."""

_LEAST: Final = 1e-6  # a share of rows that is none, and what is left of all


@dataclass(frozen=True)
class Explanations:
    """One row a leaf and field that has somebody to blame.

    Attributes:
        leaf: [g] position of the leaf.
        field: [g] number of the field.
        names: [g] how many entities are to blame.
        entities: [g] of how many that the leaf has, or usually has.
        explained: [g] the part of the way from typical that is gone without them.
        scatter: [g] the standard deviation of what they usually do, as a part of that way.
        usual_share: [g] the share of the rows that they usually have.
        rows: [g] how many of their rows may be odd.
        of_member: [g] whether the leaf is of one member of a population, whose name explains it anyway.
    """

    leaf: Ints
    field: Ints
    names: Ints
    entities: Ints
    explained: Floats
    scatter: Floats
    usual_share: Floats
    rows: Floats
    of_member: Bools


def simplest(of: Explanations) -> Bools:
    """Whether the names of each explanation are told [g]."""
    surprise, names = _surprise(of), of.names.astype(np.float64)
    few_or_sure = (names == 1.0) | (surprise >= NOT_BY_CHANCE)
    told = ~_outdone(of, surprise) & (few_or_sure | ~of.of_member)
    told &= names < TWICE * _least(names, of.leaf, told)
    surest = told & (-surprise <= _least(-surprise, of.leaf, told))
    as_few = told & (names <= _least(names, of.leaf, surest))
    return np.asarray(surest | (as_few & few_or_sure))


def _outdone(of: Explanations, surprise: Floats) -> Bools:
    """Whether another field explains more, and chance does not pick its names much more easily [g]."""
    outdone = np.zeros(len(of.leaf), np.bool_)
    for field in np.unique(of.field):
        own, other = of.field == field, np.full((2, of.leaf.max() + 1), -np.inf)
        other[:, of.leaf[own]] = of.explained[own], surprise[own]
        explained, surer = other[:, of.leaf]
        outdone |= (explained > of.explained + AS_WELL + of.scatter) & (surer > surprise - NO_SURER)
    return outdone


def _surprise(of: Explanations) -> Floats:
    """-ln of the chance that some names of the field explain as much, if the rows that are odd fell as rows usually do [g].

    That is the tail of a binomial number (Chernoff's bound) times the number of ways to choose the names, (e n / k)^k at most.
    How many rows are odd is not known, but no more than in the field where the blamed have fewest. What the names explain by
    their usual scatter counts for nothing, and that many are new makes no difference: who comes seldom is new often.
    """
    rows = _least(of.rows, of.leaf, np.ones(len(of.leaf), np.bool_))
    usual = np.clip(np.maximum(of.usual_share, of.names / of.entities), _LEAST, 1.0 - _LEAST)
    part = np.clip(of.explained - of.scatter, usual, 1.0 - _LEAST)
    beyond = part * ln(part / usual) + (1.0 - part) * ln((1.0 - part) / (1.0 - usual))
    return np.asarray(rows * beyond - of.names * (1.0 + ln(of.entities / of.names)))


def _least(value: Floats, leaf: Ints, among: Bools) -> Floats:
    """The least value of its leaf [g], among some."""
    least = np.full(leaf.max(initial=-1) + 1, np.inf)
    np.minimum.at(least, leaf[among], value[among])
    return np.asarray(least[leaf])
