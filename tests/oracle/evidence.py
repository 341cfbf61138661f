"""Five views of one bucket, and the best of them: `kernels/series_evidence.hpp` from its definition."""

import math
from types import SimpleNamespace

from tests.oracle.expectation import (
    NAN,
    belief,
    clip,
    memory_of_rest,
    most_on_another_day,
    predictive,
    repeats_itself,
    rest_before,
    small_counts,
    wanders,
)
from tests.oracle.probability import judge, normal_above, student_above

COST = [-math.log(share) for share in (0.75, 0.05, 0.12, 0.05)]
"""What each view pays for looking too: the share of false alarms it may have."""

MEAN_STEP = 0.02
LATELY_GAIN, LATELY_MOST = 0.2, 12.0
EARLY = 30


def around(p: SimpleNamespace, x: float, **other: object) -> float:
    """-ln p around another centre."""
    return -judge(SimpleNamespace(**{**vars(p), **other}), x)[1]


def sudden(s: SimpleNamespace, p: SimpleNamespace, z: float, bucket: int, x: float) -> float:
    """Against what is left of the bucket before; nothing for coming nearer; NaN where that explains nothing."""
    phi = memory_of_rest(s)
    before = rest_before(s, bucket)
    if phi < 0.3 or math.isnan(before):
        return math.nan
    if abs(z) <= 0.5:
        return 0.0
    towards = max(phi * before, 0.0) if z > 0 else min(phi * before, 0.0)
    centre, deviation = p.centre + towards * p.deviation, p.deviation * math.sqrt(s.rest_step_square)
    if abs(x - centre) <= 3 * deviation or (x - centre) * z < 0:
        return 0.0
    return around(p, x, centre=centre, deviation=deviation)


def as_usually_sudden(s: SimpleNamespace, nats: float) -> float:
    """By how often and how far the series was sudden before, as if twenty such values had come as they should."""
    if math.isnan(nats) or nats <= 5.9145:
        return 0.0 if math.isnan(nats) else nats
    rate = max((s.rest_sudden_hits + 20) / (0.0027 * s.rest_sudden_count + 20), 1.0)
    mean = max((s.rest_sudden_excess + 20) / (s.rest_sudden_uncensored + 20), 1.0)
    return max(5.9145 - math.log(rate) + (nats - 5.9145) / mean, 0.0)


def alike(phi: float, k: int) -> float:
    """By how much more the sum of k values with a memory of phi varies than that of values without one."""
    return (1 + phi) / (1 - phi) - 2 * phi * (1 - phi**k) / (k * (1 - phi) ** 2)


def in_a_run(e: SimpleNamespace, x: float) -> float:
    """What is further off than five deviations is told by itself, and counts as five here."""
    return clip(x, e.centre - 5 * e.deviation, e.centre + 5 * e.deviation)


def run_apart(s: SimpleNamespace, e: SimpleNamespace, bucket: int, x: float) -> tuple[float, float]:
    """How many deviations, and what one is, the values in a row on one side that end here are off together.

    0 where none are, or where not even values without a memory would be 2.7 deviations off.
    """
    before, k = s.run_value - s.run_centre, s.run_length + 1
    off, variance = before + in_a_run(e, x) - e.centre, s.run_variance + e.variance
    if s.run_length < 1 or s.run_last + 1 != bucket or before * (x - e.centre) <= 0 or k > 100 or off**2 <= 2.7**2 * variance:
        return 0.0, 0.0
    if abs(x - e.centre) / e.deviation < 0.5 * abs(before) / math.sqrt(
        s.run_length * s.run_variance
    ):  # it speaks for the run's end
        return 0.0, 0.0
    deviation = deviation_of_sum(s, variance, s.run_doubt + shared_doubt(s, e), k)
    return abs(off) / deviation, deviation


def shared_doubt(s: SimpleNamespace, e: SimpleNamespace) -> float:
    """What neighbours share: deviations, which add up."""
    return math.sqrt(e.doubt + s.season_day_variance)


def deviation_of_sum(s: SimpleNamespace, variance: float, doubt: float, k: int) -> float:
    """Of k values whose variances add up to `variance`, with the memory that the series has."""
    phi, white = memory_of_rest(s), MEAN_STEP / (2 - MEAN_STEP)
    further = max(s.rest_mean_square - white * (1 + phi) / (1 - phi), 0.0)  # than means of independent values go
    return math.sqrt(variance * (alike(phi, k) + k * further) + doubt**2)


def silence(s: SimpleNamespace, e: SimpleNamespace, p: SimpleNamespace, bucket: int, x: float) -> float:
    """Buckets of nothing in a row as one count; as far as the series is one of counts, without a say of normals."""
    k = s.run_silent + 1
    unlike = s.fraction or s.negative or repeats_itself(s) or wanders(s) >= 0.5 or p.side > 0 or e.centre <= 0
    if x != 0 or k < 2 or bucket != s.run_last + 1 or unlike:
        return 0.0
    centre = s.run_silent_centre + e.centre
    deviation = deviation_of_sum(s, s.run_silent_variance + e.variance, s.run_silent_doubt + shared_doubt(s, e), k)
    alone = {"ln_alternative": NAN, "ln_outlier": NAN}
    normal, counts = p.weight[0] + p.weight[1], p.weight[4]
    share = counts / max(counts + normal, 1e-300)

    def surprise(weight: list[float]) -> float:
        nats = around(p, 0.0, centre=centre, deviation=deviation, weight=weight, **alone)
        return min(nats, -math.log(2) - normal_above(centre / deviation)) if small_counts(s) else nats

    as_it_is = surprise([normal, 0.0, *p.weight[2:]])
    return share * surprise([0.0, 0.0, *p.weight[2:4], counts + normal]) + (1 - share) * as_it_is


def run(s: SimpleNamespace, e: SimpleNamespace, p: SimpleNamespace, bucket: int, x: float) -> float:
    """The whole numbers in a row on one side as one: their sum against the sum of what was expected of them."""
    apart, deviation = run_apart(s, e, bucket, x)
    if s.fraction or apart < 3:
        return 0.0
    alone = {"ln_alternative": NAN, "ln_outlier": NAN}  # neither a second account nor a habit of outliers
    light = [p.weight[0] + p.weight[1], 0.0, *p.weight[2:]]  # sums have no heavy tail
    total = s.run_value + in_a_run(e, x)
    surprise = around(p, total, centre=s.run_centre + p.centre, deviation=deviation, weight=light, **alone)
    return min(surprise, -math.log(2) - normal_above(apart)) if small_counts(s) else surprise


def lasting_mean(s: SimpleNamespace, z: float) -> float:
    """The decayed mean of about the last fifty, against how far such means were before."""
    mean = s.rest_mean + MEAN_STEP * (clip(z, -4, 4) - s.rest_mean)
    phi = memory_of_rest(s)
    apart = mean / math.sqrt(max(s.rest_mean_square, MEAN_STEP / (2 - MEAN_STEP)))
    if apart * z <= 0 or abs(apart) < 3:
        return 0.0
    dof = max(s.spread_count / (99 + (1 + phi) / (1 - phi)), 2.0)
    return -math.log(2) - student_above(abs(apart), dof)


def still(s: SimpleNamespace, m: SimpleNamespace, bucket: int, x: float) -> float:
    """That a series which hardly ever has one value twice running has it again: a Markov chain of repetitions.

    How often these begin and go on is what was seen, one occasion aside. One of at least this length is under way as often as
    it begins, times the mean of how long it then still lasts.
    """
    if x != s.previous or x == 0 or bucket != s.last + 1 or s.still_share > 0.05 or s.count < m.day:
        return 0.0
    begun, went_on = (s.still_begun, s.still_went_on) if s.still_begun > 1.5 else (0.0, 0.0)
    begins, goes_on = (begun + 1) / (min(s.count, m.slow) + 1), (went_on + 1) / (begun + went_on + 2)
    return max(-math.log(begins * goes_on**s.still_length / (1 - goes_on)), 0.0)


def added_lately(s: SimpleNamespace, nats: float, bucket: int) -> float:
    """Nats that the buckets before add to `nats`: as many again at most, and no more than to a probability of 0.001.

    Within an incident they add to what is less than any record alone.
    """
    if bucket != s.last + 1:
        return 0.0
    again = 0.0 if s.incident_since >= 0 else min(nats, math.log(1e3) - nats)
    most = max(again, 4 - nats, 0.0)  # less than any record is told at once
    return clip(s.lately_now - s.lately_mean - 0.5 * s.lately_variance, 0.0, most)


def learn_lately(s: SimpleNamespace, m: SimpleNamespace, nats: float, bucket: int) -> None:
    """The decayed mean of what the last ten buckets showed; after a gap it is what it usually is."""
    if s.incident_since < 0:
        gain, step = 1 / (50 + min(s.count, m.slow)), s.lately_now - s.lately_mean
        s.lately_mean += gain * step
        s.lately_variance += gain * (step * step - s.lately_variance)
    before = s.lately_now if bucket == s.last + 1 else s.lately_mean
    s.lately_now = before + LATELY_GAIN * (min(nats, LATELY_MOST) - before)


def evidence(
    s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, side: int, clock: SimpleNamespace, x: float, ln_p: float
) -> SimpleNamespace:
    """ln of the record's probability, and the surprise of each view in nats."""
    bucket, z = clock.bucket, (x - e.centre) / e.deviation
    share, most = belief(s, m, z)
    limit = most_on_another_day(s, m, e, clock, x)
    if s.count < EARLY or side * z < 0:
        own = min(-share * ln_p, most, limit)
        return SimpleNamespace(ln_evidence=-own, surprise=[own, 0.0, 0.0, 0.0, 0.0], sudden=math.nan)
    p = predictive(s, m, e, side, bucket)
    jerk = sudden(s, p, z, bucket, x)
    r = [-ln_p, as_usually_sudden(s, jerk), 0.0, 0.0]
    if wanders(s) < 0.5 and abs(z) >= 1:  # only where a series keeps to a level
        r[2] = 0.0 if repeats_itself(s) else run(s, e, p, bucket, x)
        r[3] = lasting_mean(s, z)
    r[2] = max(r[2], silence(s, e, p, bucket, x))
    if side == 0:  # it is neither high nor low
        r[3] = max(r[3], still(s, m, bucket, x))
    r = [min(share * nats, most) for nats in r]
    r[:2] = [min(nats, limit) for nats in r[:2]]
    worth = [surprise - cost for surprise, cost in zip(r, COST, strict=True)]
    added = worth[0] + added_lately(s, worth[0], bucket)
    return SimpleNamespace(ln_evidence=-max(0.0, *worth, added), surprise=[*r, added], sudden=jerk)
