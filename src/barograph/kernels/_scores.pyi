from numpy import float64, int64
from numpy.typing import NDArray

def combine_groups(
    ln_p: NDArray[float64],
    order: NDArray[int64],
    start: NDArray[int64],
    state: NDArray[float64],
    memory: float,
    take_word: bool,
    out: NDArray[float64],
) -> None:
    """Combine the rows of each group, bucket by bucket, into `out` [g, t], and learn them; releases the GIL.

    Args:
        ln_p: [n, t] natural logs of probabilities; NaN is no data and no member.
        order: [n] the rows, group after group.
        start: [g + 1] where each group begins in `order`; the last is the end.
        state: [g, 9] what the groups remember, the fields of `scoring.groups.GROUP`; changed in place.
        memory: buckets that a group's memory reaches back, > 1.
        take_word: whether members are as odd as they say, however odd such were before.
        out: output; NaN where no row of the group has data.
    """

def combine_rows(
    ln_p: NDArray[float64],
    start: NDArray[int64],
    n: NDArray[float64],
    bucket: NDArray[int64],
    members: NDArray[float64],
    state: NDArray[float64],
    ln_mild: float,
    out: NDArray[float64],
) -> None:
    """Combine the odd members of each group of one bucket into `out` [g], bucket by bucket, and learn them; releases the GIL.

    Args:
        ln_p: [k] natural logs of the probabilities of the odd members, group after group.
        start: [g + 1] where each group begins in `ln_p`; the last is the end.
        n: [g] members of each group, those without a row too; these add nothing.
        bucket: [g] the bucket of each group, 0 to T - 1, ascending.
        members: [T] members of all groups in each bucket, also of those without any row.
        state: [1, 5] what is remembered, the fields of `scoring.odd_groups.ODD`; changed in place.
        ln_mild: a group with a member below it is an incident, and not learnt.
        out: output.
    """

def quantile(ln_p: NDArray[float64], out: NDArray[float64]) -> None:
    """What members with these probabilities [k] add to the sum of a group."""
