"""Which episodes hang together: they touch in time and share an entity, or others between them do."""

from typing import Final

import numpy as np
import polars as pl

from barograph.results.arrays import Ints

GAP_BUCKETS: Final = 1
"""Episodes with at most so many buckets between them touch: what follows from a cause within a bucket may show in the next one,
wherever the borders of the buckets lie. More would join what is close by chance."""

ENTITY: Final = ("field_name", "field_value")
"""The columns that tell entities apart; both null for the job itself."""


def joined(episodes: pl.DataFrame, entities: pl.DataFrame, span_ms: int) -> Ints:
    """The incident [n] of each episode: the number of the episode in it that was the first to be major."""
    major_from = episodes["major_from"].fill_null(np.iinfo(np.int64).max).to_numpy()
    order = np.lexsort((np.arange(len(major_from)), major_from))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    reach = (GAP_BUCKETS + 1) * span_ms  # up to the end of the last bucket of a gap, and to where the next one may begin
    rows = entities.with_row_index("row").with_columns(
        entity=pl.first("row").cast(pl.Int64).over(ENTITY),
        onset=episodes["onset"].gather(entities["episode"]),
        end=episodes["end"].gather(entities["episode"]),
        major=episodes["major_from"].is_not_null().gather(entities["episode"]),
    )
    major = rows.filter("major").sort("entity", "onset", "episode")
    before = pl.col("end").cum_max().shift().over("entity")
    group = major.select((before.is_null() | (pl.col("onset") >= before + reach)).cum_sum().cast(pl.Int64) - 1).to_series()
    first_episode = _components(rank, major["episode"].to_numpy(), group.to_numpy())
    groups = (
        major.with_columns(group=group, first=pl.Series(first_episode[major["episode"]]))
        .group_by("group")
        .agg(pl.first("entity"), pl.min("onset"), pl.max("end"), pl.first("first"))
    )
    return np.asarray(order[_attached(first_episode, rows.filter(~pl.col("major")), groups.sort("group"), reach)])


def _components(rank: Ints, episode: Ints, group: Ints) -> Ints:
    """The smallest rank [n] among all that an episode hangs together with, through groups that episodes are in.

    Labels go from episodes to groups and back until they rest. Each takes its label's own label on the way, which halves the
    distance, so that a long chain takes few rounds.
    """
    label, at = rank.copy(), np.argsort(rank)
    groups = int(group[-1]) + 1 if len(group) else 0
    while True:
        least = np.full(groups, len(label))
        np.minimum.at(least, group, label[episode])
        after = label.copy()
        np.minimum.at(after, episode, least[group])
        after = np.minimum(after, after[at[after]])
        if np.array_equal(after, label):
            return label
        label = after


def _attached(label: Ints, minor: pl.DataFrame, groups: pl.DataFrame, reach: int) -> Ints:
    """The labels, with each minor episode [k rows, one an entity] in the earliest group of its entities that it touches."""
    if minor.is_empty() or groups.is_empty():
        return label
    start = min(int(minor["onset"].to_numpy().min()), int(groups["onset"].to_numpy().min())) - 2 * reach
    width = max(int(minor["end"].to_numpy().max()), int(groups["end"].to_numpy().max())) - start + 2 * reach
    # Groups of one entity are apart in time, so the first that ends late enough is the only one that can be the earliest.
    ends = groups["entity"].to_numpy() * width + groups["end"].to_numpy() - start
    wanted = minor["entity"].to_numpy() * width + minor["onset"].to_numpy() - start - reach
    at = np.minimum(np.searchsorted(ends, wanted, side="right"), len(ends) - 1)
    near = groups[at]
    touches = (ends[at] > wanted) & (near["entity"] == minor["entity"]).to_numpy()
    touches &= near["onset"].to_numpy() < minor["end"].to_numpy() + reach
    episode, first = minor["episode"].to_numpy()[touches], near["first"].to_numpy()[touches]
    earliest = np.full(len(label), len(label))
    np.minimum.at(earliest, episode, first)
    return np.where(earliest < len(label), earliest, label)
