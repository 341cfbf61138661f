"""Who is to blame: the influencers of records, and the influencer results across detectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.config.splits import SPLIT_NAMES
from barograph.kernels.elementary import ln
from barograph.results import schema
from barograph.results.arrays import Bools, Floats, Ids, Ints, Structs
from barograph.results.schema import INFLUENCER_KEY
from barograph.results.words import ODD_BY_ITSELF
from barograph.scoring.groups import combine_some
from barograph.scoring.influence import CUTOFF, Judge, Shares, Whole, influences
from barograph.scoring.leaves import LnPOf, Measure, Stretch

NOBODY: Final = pl.DataFrame(schema={"leaf": pl.Int64, **dict.fromkeys(INFLUENCER_KEY, pl.String), "influence": pl.Float64})
_NO_ENTITIES: Final = pl.DataFrame(schema={"bucket": pl.Int64, **dict.fromkeys(INFLUENCER_KEY, pl.String)})
_NO_FIELDS: Final = _NO_ENTITIES.drop("influencer_field_value")


@dataclass(frozen=True)
class Scored:
    """Entities or fields with the probability of what they did in a bucket."""

    keys: pl.DataFrame  # bucket, influencer_field_name[, influencer_field_value]
    ln_p: Floats


def blame(stretch: Stretch, measures: tuple[Measure, ...], ln_p_of: Sequence[LnPOf], records: Ints) -> pl.DataFrame:
    """Run the experiment for the leaves that became records.

    Args:
        stretch: the stretch of buckets.
        measures: what each leaf measures.
        ln_p_of: one a measure: judges other values of its leaves.
        records: [r] positions of the leaves that became records.

    Returns:
        `leaf`, `influencer_field_name`, `influencer_field_value`, `influence`: the entities at or above the cutoff.
    """
    if not len(records) or not len(stretch.shares):
        return NOBODY
    of_records = np.zeros(len(stretch.leaves), np.bool_)
    of_records[records] = True
    shares = stretch.shares.filter(of_records[stretch.shares["leaf"].to_numpy()])
    influence = np.zeros(len(shares))
    leaf = shares["leaf"].to_numpy()
    measure = stretch.leaves["measure"][leaf]
    for position in np.unique(measure):
        rows = np.flatnonzero(measure == position)
        judge = _judge(stretch, position, ln_p_of[position])
        influence[rows] = _experiment(stretch.leaves, measures[position].statistic, shares[rows], judge)
    # Where the bucket is usual by itself, and only the buckets before it make it odd, there is nothing to take away: who moved
    # it by a little is chance.
    influence[stretch.leaves["ln_p"][leaf] > ln(ODD_BY_ITSELF)] = 0.0
    influence[_is_split(shares, measures, measure) | _is_alone(shares)] = 1.0
    return (
        shares.select("leaf", *INFLUENCER_KEY)
        .with_columns(influence=influence)
        .filter(pl.col("influence") >= CUTOFF)
        .sort("leaf", "influence", *INFLUENCER_KEY, descending=[False, True, False, False])
    )


def _judge(stretch: Stretch, position: int, ln_p_of: LnPOf) -> Judge:
    """Judges other values of the leaves of one measure, given by their positions among all leaves."""
    measure = stretch.leaves["measure"] == position
    place = np.cumsum(measure) - 1  # of each leaf in its measure's payload
    payload, added = stretch.payloads[position], stretch.leaves["added"]
    return lambda leaf, value: ln_p_of(payload[place[leaf]], value + added[leaf])


def _experiment(leaves: Structs, statistic: str, shares: pl.DataFrame, judge: Judge) -> Floats:
    whole = Whole(*(np.ascontiguousarray(leaves[name]) for name in ("actual", "typical", "weight", "mean", "ln_p")))
    columns = {name: shares[name].fill_null(np.nan).to_numpy() for name in ("weight", "value", "mean", "m2")}
    return influences(statistic, whole, Shares(leaf=shares["leaf"].to_numpy(), **columns), judge)


def _is_split(shares: pl.DataFrame, measures: tuple[Measure, ...], measure: Ids) -> Bools:
    """The record is about this very entity: its influencer field is the series' own split."""
    fields = shares["influencer_field_name"].to_numpy()
    is_split = np.zeros(len(shares), dtype=bool)
    for position, measured in enumerate(measures):
        for split in (measured.labels[name] for name in SPLIT_NAMES):
            is_split |= (measure == position) & (fields == split)
    return is_split


def _is_alone(shares: pl.DataFrame) -> Bools:
    """All rows of the leaf are this entity's."""
    return shares.select(pl.len().over("leaf", "influencer_field_name") == 1).to_series().to_numpy()


def influencer_ln_p(stretch: Stretch, blamed: pl.DataFrame) -> Scored:
    """Combine what each entity did over detectors and series of a bucket; a leaf counts as far as the entity influenced it."""
    if blamed.is_empty():
        return Scored(_NO_ENTITIES, np.zeros(0))
    leaf = blamed["leaf"].to_numpy()
    rows = blamed.with_columns(
        bucket=stretch.leaves["bucket"][leaf], ln_p=blamed["influence"].to_numpy() * stretch.leaves["ln_evidence"][leaf]
    ).join(stretch.presence, on=["bucket", *INFLUENCER_KEY], how="left", maintain_order="left")
    keys = rows.select("bucket", *INFLUENCER_KEY).unique(maintain_order=True).sort("bucket", *INFLUENCER_KEY)
    code = rows.join(keys.with_row_index("code"), on=["bucket", *INFLUENCER_KEY], how="left", maintain_order="left")["code"]
    _, ln_p = combine_some(rows["ln_p"].to_numpy(), code.cast(pl.Int64).to_numpy(), rows["leaves"].cast(pl.Float64).to_numpy())
    return Scored(keys, ln_p)


def field_ln_p(stretch: Stretch, entities: Scored) -> Scored:
    """Combine the entities of each influencer field in a bucket, the quiet ones counted."""
    if entities.keys.is_empty():
        return Scored(_NO_FIELDS, np.zeros(0))
    present = stretch.presence.group_by("bucket", "influencer_field_name").len("entities")
    rows = entities.keys.join(present, on=["bucket", "influencer_field_name"], how="left", maintain_order="left")
    keys = rows.select("bucket", "influencer_field_name").unique(maintain_order=True).sort("bucket", "influencer_field_name")
    code = rows.join(keys.with_row_index("code"), on=["bucket", "influencer_field_name"], how="left", maintain_order="left")
    n = rows["entities"].fill_null(1).cast(pl.Float64).to_numpy()
    _, ln_p = combine_some(entities.ln_p, code["code"].cast(pl.Int64).to_numpy(), n)
    return Scored(keys, ln_p)


def nested(blamed: pl.DataFrame) -> pl.DataFrame:
    """`leaf` and its `influencers` as records carry them: by field, the strongest entity first."""
    by_field = blamed.group_by("leaf", "influencer_field_name", maintain_order=True).agg(
        pl.col("influencer_field_value").alias("influencer_field_values"), pl.col("influence").alias("influences")
    )
    return by_field.group_by("leaf", maintain_order=True).agg(
        pl.struct("influencer_field_name", "influencer_field_values", "influences").cast(schema.INFLUENCE).alias("influencers")
    )
