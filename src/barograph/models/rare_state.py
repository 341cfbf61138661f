"""What a rare model remembers, in the layout that the kernel reads and writes (`kernels/rare_state.hpp`)."""

from typing import Final

import numpy as np

from barograph.kernels import _rare
from barograph.kernels.records import check_records

VALUE: Final = np.dtype(
    [
        ("count", "f8"),  # buckets that had it, as of so many halvings
        ("buckets", "i8"),  # the same, never halved
        ("seen", "i8"),  # number of the last of them among the filled buckets of the partition, from 1
        ("longest", "i8"),  # longest absence so far, in filled buckets of the partition
        ("first", "i8"),  # bucket that had it first
        ("last", "i8"),  # ... and last
        ("since", "i8"),  # bucket from which on each filled one had it
        ("part", "i4"),  # number of its partition
        ("halvings", "i4"),  # of its count
    ]
)
"""One value: 64 bytes."""

PART: Final = np.dtype(
    [
        ("buckets", "f8"),  # filled buckets, as of so many halvings
        ("shown", "f8"),  # counts of all values together
        ("filled", "i8"),  # filled buckets, never halved
        ("newest", "i8"),  # the newest of them
        ("halvings", "i4"),
        ("unused", "i4"),
        ("mass", "f8", (_rare.CLASSES,)),  # the counts of the values in each class, added up
        ("values", "i4", (_rare.CLASSES,)),  # how many these are
    ]
)
"""What the values of one partition amount to: 1,096 bytes."""

PAIR: Final = np.dtype(
    [
        ("buckets", "i8"),  # that had it
        ("seen", "i8"),  # number of the last of them among the filled buckets of the partition, from 1
        ("first", "i8"),  # bucket that had it first
        ("last", "i8"),  # ... and last
        ("since", "i8"),  # bucket from which on each filled one had it
        ("member", "i8"),  # the same for pairs of one member
        ("category", "i4"),  # number of its value within the partition
        ("unused", "i4"),
    ]
)
"""A member and a value that it has: 56 bytes."""

CATEGORY: Final = np.dtype(
    [
        ("shown", "f8"),  # buckets that had one of its pairs, counted a pair, as of so many halvings
        ("members", "i8"),  # pairs
        ("part", "i4"),  # number of its partition
        ("halvings", "i4"),
    ]
)
"""What the pairs of one value amount to: 24 bytes."""

POPULATION: Final = np.dtype(
    [
        ("buckets", "f8"),  # filled buckets, as of so many halvings
        ("shown", "f8"),
        ("most", "i8"),  # members that the value with the most has
        ("filled", "i8"),  # filled buckets, never halved
        ("newest", "i8"),  # the newest of them
        ("halvings", "i4"),
        ("unused", "i4"),
        ("mass", "f8", (_rare.CLASSES,)),  # `shown` of the values in each class of members, added up
        ("values", "i4", (_rare.CLASSES,)),  # how many values these are
    ]
)
"""What the values of one partition amount to: 1,104 bytes."""

FOUND: Final = np.dtype(
    [
        ("cell", "i8"),  # position among the cells
        ("skipped_by", "i8"),  # what does not want it told
        ("since", "i8"),
        ("before", "i8"),  # buckets that had it before
        ("of", "i8"),  # of so many
        ("share", "f8"),  # of buckets that have it, now
        ("rarity", "f8"),  # the count of the value in the middle, in counts of this one
        ("expected", "f8"),  # of as rare ones in a bucket
        ("rest", "f8"),  # rows of the other values of its member in the bucket
        ("of_member", "f8"),  # values of its member in it
        ("alone", "f8"),  # 1 where no other member has it, 0 where all have
        ("ln_p", "f8"),
        ("is_first", "i8"),  # whether no bucket had it
    ]
)
"""A value worth sending on."""

check_records(
    _rare.layout(),
    {
        "value": VALUE,
        "part": PART,
        "pair": PAIR,
        "category": CATEGORY,
        "population": POPULATION,
        "found": FOUND,
    },
)
