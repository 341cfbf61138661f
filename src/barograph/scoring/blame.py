"""Who is to blame: the influencers of records."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from barograph.config.splits import SPLIT_NAMES
from barograph.kernels.elementary import ln
from barograph.results import schema
from barograph.results.arrays import Bools, Ids, Ints, Structs
from barograph.results.leaf import SHARES
from barograph.results.schema import INFLUENCER_KEY
from barograph.results.words import ODD_BY_ITSELF
from barograph.scoring.influence import NEARLY_ALL, Blame, Judge, blame_for
from barograph.scoring.leaves import LnPOf, Measure, Stretch
from barograph.scoring.shares import Shares, Whole

NOBODY: Final = pl.DataFrame(
    schema={"leaf": pl.Int64, **dict.fromkeys(INFLUENCER_KEY, pl.String), "influence": pl.Float64, "guilt": pl.Float64}
)
_NUMBERS: Final = SHARES.names()[3:]


def blame(stretch: Stretch, measures: tuple[Measure, ...], ln_p_of: Sequence[LnPOf], records: Ints) -> pl.DataFrame:
    """Run the experiment for the leaves that became records.

    Args:
        stretch: the stretch of buckets.
        measures: what each leaf measures.
        ln_p_of: one a measure: judges other values of its leaves.
        records: [r] positions of the leaves that became records.

    Returns:
        `leaf`, `influencer_field_name`, `influencer_field_value`, `influence`, `guilt`: the entities that are to blame, the two
        numbers as of `influence.Blame`.
    """
    if not len(records) or not len(stretch.shares):
        return NOBODY
    of_records = np.zeros(len(stretch.leaves), np.bool_)
    of_records[records] = True
    shares = stretch.shares[np.flatnonzero(of_records[stretch.shares["leaf"].to_numpy()])]
    leaf = shares["leaf"].to_numpy()
    measure = stretch.leaves["measure"][leaf]
    found = Blame.nobody(len(shares))
    only = _is_split(shares, measures, measure) | _is_alone(stretch, shares)
    # Where the bucket is usual by itself, and only the buckets before it make it odd, there is nothing to take away: who moved
    # it by a little is chance.
    odd = (stretch.leaves["ln_p"][leaf] <= ln(ODD_BY_ITSELF)) & ~only
    for position in np.unique(measure):
        rows = np.flatnonzero((measure == position) & odd)
        judge = _judge(stretch, position, ln_p_of[position])
        own = _experiment(stretch.leaves, measures[position], shares[rows], judge)
        found.influence[rows], found.guilt[rows] = own.influence, own.guilt
    found.influence[only] = found.guilt[only] = 1.0
    some = np.flatnonzero(found.influence > 0.0)
    guilty = [pl.Series("influence", found.influence[some]), pl.Series("guilt", found.guilt[some])]
    blamed = shares[["leaf", *INFLUENCER_KEY]][some].hstack(guilty)
    return blamed.sort("leaf", "influence", *INFLUENCER_KEY, descending=[False, True, False, False])


def _judge(stretch: Stretch, position: int, ln_p_of: LnPOf) -> Judge:
    """Judges other values of the leaves of one measure, given by their positions among all leaves."""
    measure = stretch.leaves["measure"] == position
    place = np.cumsum(measure) - 1  # of each leaf in its measure's payload
    payload, added = stretch.payloads[position], stretch.leaves["added"]
    return lambda leaf, value: ln_p_of(payload[place[leaf]], value + added[leaf])


def _experiment(leaves: Structs, measure: Measure, shares: pl.DataFrame, judge: Judge) -> Blame:
    numbers = {name: np.ascontiguousarray(leaves[name]) for name in ("actual", "typical", "weight", "mean", "ln_p")}
    whole = Whole(**numbers, of_member=np.full(len(leaves), measure.over_field_name is not None))
    columns = {name: shares[name].to_numpy() for name in _NUMBERS}  # null is NaN
    field = shares["influencer_field_name"].rank("dense").to_numpy().astype(np.int64)
    return blame_for(measure.statistic, whole, Shares(leaf=shares["leaf"].to_numpy(), field=field, **columns), judge)


def _is_split(shares: pl.DataFrame, measures: tuple[Measure, ...], measure: Ids) -> Bools:
    """The record is about this very entity: its influencer field is the series' own split."""
    fields = shares["influencer_field_name"].to_numpy()
    is_split = np.zeros(len(shares), dtype=bool)
    for position, measured in enumerate(measures):
        for split in filter(None, (measured.labels[name] for name in SPLIT_NAMES)):
            is_split |= (measure == position) & (fields == split)
    return is_split


def _is_alone(stretch: Stretch, shares: pl.DataFrame) -> Bools:
    """All rows of the leaf are this entity's, now and usually, while other leaves of the job are not."""
    leaves = stretch.leaves[shares["leaf"].to_numpy()]
    alone = (shares["weight"].to_numpy() >= leaves["weight"]) & (leaves["weight"] > 0.0)
    constant: Bools = alone & (shares["usual_share"].to_numpy() >= NEARLY_ALL)
    if not constant.any():
        return constant
    present = stretch.leaves_of(shares.hstack([pl.Series("bucket", leaves["bucket"])]))
    filled = stretch.filled[leaves["bucket"] - stretch.first_bucket]
    return np.asarray(constant & (present < NEARLY_ALL * filled))


def influencers_of(leaf: Ints, blamed: pl.DataFrame) -> pl.Series:
    """Who is to blame for each leaf [r], as records carry it: by field, the strongest entity first."""
    nobody = pl.Series("influencers", [[]], dtype=pl.List(schema.INFLUENCE))
    if blamed.is_empty():
        return nobody.new_from_index(0, len(leaf))
    by_field = blamed.group_by("leaf", "influencer_field_name", maintain_order=True).agg(
        pl.col("influencer_field_value").alias("influencer_field_values"), pl.col("influence").alias("influences")
    )
    influencer = pl.struct("influencer_field_name", "influencer_field_values", "influences").cast(schema.INFLUENCE)
    nested = by_field.group_by("leaf", maintain_order=True).agg(influencer.alias("influencers"))
    asked = pl.DataFrame({"leaf": leaf}).join(nested, on="leaf", how="left", maintain_order="left")
    return asked["influencers"].fill_null(pl.lit(nobody))
