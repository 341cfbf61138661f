"""What may have been expected, where that is not one thing: the modes of what the trees find alike."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.results.arrays import Floats

_LEAST_SHARE: Final = 0.2
"""Of all samples, for a mode of its own. Chosen: fewer of 50 trees are no habit."""

_GAP: Final = 0.4
"""Of the range of the samples, for what parts two modes. Chosen: of 50 normal values the widest in the middle is a tenth."""


@dataclass(frozen=True)
class Mode:
    """One of the values [F] that would have been usual, and the share of what is alike that it stands for."""

    likelihood: float
    values: Floats


def modes(samples: Floats) -> list[Mode]:
    """The modes of samples [n, F], the likeliest first; their likelihoods sum up to 1. What is one thing is its median."""
    parts = [samples[rows] for rows in _parted(samples, np.arange(len(samples)), len(samples))]
    found = [Mode(len(part) / len(samples), _median(part)) for part in parts]
    return sorted(found, key=lambda mode: -mode.likelihood)


def _parted(samples: Floats, rows: "np.typing.NDArray[np.intp]", total: int) -> "list[np.typing.NDArray[np.intp]]":
    """The rows, cut where there is a wide gap with enough of them on both sides; and these again."""
    least = int(np.ceil(_LEAST_SHARE * total))
    widest, cut, along = _GAP, 0, 0
    for feature in range(samples.shape[1]):
        values = np.sort(samples[rows, feature])
        inside = np.diff(values)[least - 1 : len(values) - least]
        if not len(inside) or values[-1] <= values[0]:
            continue
        at = int(np.argmax(inside))
        gap = float(inside[at] / (values[-1] - values[0]))
        if gap > widest:
            widest, cut, along = gap, least + at, feature
    if not cut:
        return [rows]
    order = rows[np.argsort(samples[rows, along], kind="stable")]
    return [*_parted(samples, order[:cut], total), *_parted(samples, order[cut:], total)]


def _median(samples: Floats) -> Floats:
    """As the trees take it: of an even number of samples the upper one."""
    return np.asarray(np.sort(samples, axis=0)[len(samples) // 2])
