"""What entities contribute to leaves: the ends that the experiment of `influence` starts from."""

from dataclasses import dataclass

from barograph.results.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Shares:
    """One row an entity and leaf: what the entity's rows contribute to the leaf's bucket value. See `results.leaf.SHARES`.

    Attributes:
        leaf: [m] position of the leaf.
        field: [m] number of the influencer field.
        weight: [m] the entity's rows (summed counts for summarised input); 0 for one that is missing.
        value: [m] the statistic over the entity's rows alone; NaN when it has none.
        mean: [m] mean of the entity's values; NaN for counts.
        m2: [m] sum of squared deviations from that mean; NaN for counts.
        without: [m] of a median or distinct count, the value without these rows; else NaN.
        without_higher: [m] ... and without those of all that raise it more.
        without_lower: [m] ... or without those of all that lower it more.
        effect: [m] what the rows do to the value; NaN where they are all there are.
        usual: [m] what the entity's rows usually do.
        spread: [m] the standard deviation of that.
        usual_share: [m] the share of the series' rows that it usually has.
    """

    leaf: Ints
    field: Ints
    weight: Floats
    value: Floats
    mean: Floats
    m2: Floats
    without: Floats
    without_higher: Floats
    without_lower: Floats
    effect: Floats
    usual: Floats
    spread: Floats
    usual_share: Floats

    def take(self, rows: Ints) -> "Shares":
        """Those of `rows`, in this order."""
        return Shares(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Whole:
    """The leaves the shares belong to.

    Attributes:
        actual: [k] bucket value.
        typical: [k] the model's centre.
        weight: [k] rows behind the value.
        mean: [k] mean of the rows' values; NaN for counts.
        ln_p: [k] ln of the bucket value's probability.
        of_member: [k] whether all rows are of one member of a population, which is odd beside the others.
    """

    actual: Floats
    typical: Floats
    weight: Floats
    mean: Floats
    ln_p: Floats
    of_member: Bools
