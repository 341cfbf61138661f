"""Learning one value that is not odd: `kernels/series_learn.hpp` and `series_families.hpp` from their definition."""

import math
from types import SimpleNamespace

from tests.oracle.evidence import MEAN_STEP, alike, in_a_run
from tests.oracle.expectation import (
    FAR,
    LEVELS,
    clip,
    floor_square,
    gain,
    memory_of_rest,
    repeats_itself,
    rest_before,
    small_counts,
    units,
)
from tests.oracle.probability import T3_SCALE, TAIL_START, dispersion

OUTLIER = -9.2
PRIOR = (0.0, -3.0, -2.0, -2.0, -1.0)
"""ln weights of the families before any value."""


# ---- shape ----------------------------------------------------------------------------------------------------------


def scores(centre: float, deviation: float, lattice: bool, x: float) -> list[float]:
    """ln density (or mass) of x under each family."""
    z = (x - centre) / deviation
    score = [-0.5 * z * z - 0.5 * math.log(2 * math.pi) - math.log(deviation)]
    score.append(math.log(T3_SCALE / deviation * 2 / (math.pi * math.sqrt(3))) - 2 * math.log1p((z * T3_SCALE) ** 2 / 3))
    score += [score[0] - 50] * 3
    if centre <= 0 or x < 0:
        return score
    xs = max(x, 0.25) if lattice else x
    if xs > 0 and not (lattice and centre < 5):
        spread, shape = math.log1p((deviation / centre) ** 2), (centre / deviation) ** 2
        u = math.log(xs / centre) + 0.5 * spread
        score[2] = -0.5 * u * u / spread - 0.5 * math.log(2 * math.pi * spread) - math.log(xs)
        score[3] = shape * math.log(shape / centre) + (shape - 1) * math.log(xs) - shape * xs / centre - math.lgamma(shape)
    if lattice:
        score[4] = mass(centre, dispersion(centre, deviation), x)
    return score


def mass(centre: float, r: float, k: float) -> float:
    """ln P(X = k) of the negative binomial with size r, infinite for Poisson."""
    if r == math.inf:
        return k * math.log(centre) - centre - math.lgamma(k + 1)
    share = centre / (centre + r)
    return math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + k * math.log(share) + r * math.log1p(-share)


def share_weights(s: SimpleNamespace) -> None:
    if small_counts(s):
        s.weight = [0.0, 0.0, 0.0, 0.0, 1.0]
        return
    opened = [True, True, not s.negative, not s.negative, not s.negative and not s.fraction]
    known = [w + prior for w, prior in zip(s.ln_weight, PRIOR, strict=True)]
    share = [math.exp(w) if ok and w > -7 else 0.0 for w, ok in zip(known, opened, strict=True)]
    s.weight = [w / sum(share) for w in share] if sum(share) > 0 else [0.0, 1.0, 0.0, 0.0, 0.0]


def learn_families(s: SimpleNamespace, e: SimpleNamespace, lattice: bool, x: float) -> None:
    """By likelihood, at most two nats a value, one beyond five deviations; of a series known well every eighth value."""
    if s.count > 256 and int(s.count) % 8:
        return
    most = 1.0 if abs(x - e.centre) > FAR * e.deviation else 2.0
    score, keep = scores(e.centre, e.deviation, lattice, x), 0.996 if s.count > 256 else 0.9995
    s.ln_weight = [keep * w + max(v - max(score), -most) for w, v in zip(s.ln_weight, score, strict=True)]
    s.ln_weight = [max(w - max(s.ln_weight), -60.0) for w in s.ln_weight]
    share_weights(s)


def learn_tail(s: SimpleNamespace, raw: float) -> None:
    """How often values come beyond 5 %, and how much further; more than three nats further count as three, censored."""
    keep = 1 - 1 / 4000
    s.tail_count = s.tail_count * keep + 1
    for name in ("tail_hits", "tail_excess", "tail_uncensored", "far", "far_near"):
        setattr(s, name, getattr(s, name) * keep)
    if raw <= -TAIL_START:
        excess = -raw - TAIL_START
        s.tail_hits, s.tail_excess = s.tail_hits + 1, s.tail_excess + min(excess, 3.0)
        s.tail_uncensored += excess < 3


def forget_outliers(s: SimpleNamespace) -> None:
    keep = 1 - 1 / 4000
    s.outliers, s.outliers_above, s.outlier_buckets = s.outliers * keep, s.outliers_above * keep, s.outlier_buckets * keep


def learn_outliers(s: SimpleNamespace, raw: float, error: float, another: bool) -> None:
    """Occasions that no family explains, their buckets (twelve an occasion at most), and the size of the first of each."""
    if raw > OUTLIER:
        return
    if s.outlier_buckets < 12 * (s.outliers + another):
        s.outlier_buckets += 1
    if another:
        s.outliers, s.outliers_above = s.outliers + 1, s.outliers_above + (error > 0)
        size = math.log(abs(error) + 1e-300)
        if s.outliers < 1.5:
            s.outlier_most = s.outlier_end = s.outlier_centre = size
        counted = min(size, s.outlier_most)  # what goes further than all before counts as the furthest of them
        step = counted - s.outlier_centre
        s.outlier_centre += step / s.outliers
        s.outlier_square += ((counted - s.outlier_centre) * step - s.outlier_square) / s.outliers
        s.outlier_end, s.outlier_most = max(s.outlier_end, counted), max(s.outlier_most, size)


def learn_repeats(s: SimpleNamespace, m: SimpleNamespace, x: float) -> None:
    """The value that has the majority, how often it is left (a run of another value is one occasion), and how far."""
    if s.count == 0:
        s.usual = x
    tie = x == s.usual
    s.votes = min(s.votes + (1 if tie else -1), m.accept)
    if s.count >= 1 and (tie or x != s.previous):
        keep = 1 - 1 / m.slow
        s.ties, s.changes = s.ties * keep + tie, s.changes * keep + (not tie)
        if not tie:
            size = math.log(abs(x - s.usual))
            step = size - s.jump_centre
            s.jump_centre += step / s.changes
            s.jump_square += ((size - s.jump_centre) * step - s.jump_square) / s.changes
    if s.votes < 0:
        s.usual, s.votes = x, 1.0
    s.occupancy += gain(s.count, m.slow) * ((x != 0) - s.occupancy)


# ---- levels ---------------------------------------------------------------------------------------------------------


def begin_block(s: SimpleNamespace, bucket: int) -> None:
    s.held, s.held_slope, s.held_at = list(s.level), s.slope, bucket


def forget_swing(s: SimpleNamespace) -> None:
    s.swing_miss = s.swing_cross = s.swing_square = s.swing_run = 0.0
    s.swing_lag = [0.0] * 3


def share_levels(s: SimpleNamespace) -> None:
    """By the 16th power of the ratio of mean squares; where levels are alike, the slower one is believed."""
    handicap = (1.0, 1.03, 1.1, 1.15, 4.0)
    worth = [ahead * times for ahead, times in zip(s.ahead, handicap, strict=True)]
    if min(worth) > 0:
        ratio = [min(worth) / w for w in worth]
        share = [r**16 if r >= 0.5 else 0.0 for r in ratio]
    else:
        share = [float(i == worth.index(min(worth))) for i in range(LEVELS)]
    s.share = [one / sum(share) for one in share]


def learn_ahead(s: SimpleNamespace, m: SimpleNamespace, y: float, bucket: int, trust: float) -> None:
    """What each level said when the block began, against what came."""
    since, g = bucket - s.held_at, trust * gain(s.level_count - 1, m.slow)
    most = 9 * max(s.ahead[0], s.variance) if s.level_count > 16 else math.inf
    said = [held + (s.trend + s.held_slope * (i == 4)) * since for i, held in enumerate(s.held)]
    s.ahead = [ahead + g * (min((y - one) ** 2, most) - ahead) for ahead, one in zip(s.ahead, said, strict=True)]
    whole = sum(share * one for share, one in zip(s.share, said, strict=True))
    s.ahead_all += g * (min((y - whole) ** 2, most) - s.ahead_all)
    s.ahead_far += g * (since - s.ahead_far)
    if since + 1 >= min(m.block, max(4.0, s.level_count // 8)):
        share_levels(s)
        begin_block(s, bucket)


def learn_levels(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, y: float, since: int, trust: float) -> None:
    """`since` the last value that was learnt, levels with a slope have gone on."""
    young = 1 / (s.level_count + 1)
    reach = math.inf if s.level_count < 8 else 4 * e.deviation
    last = 1 - 0.5**since if since > 1 else 0.5  # what wanders is where it is after a gap
    for i, g in enumerate((1 / m.slow, 1 / m.middle, 1 / m.fast, last)):
        said = s.level[i] + s.trend * min(since, m.block)
        s.level[i] = said + trust * max(young, g) * clip(y - said, -reach, reach)
    said = s.level[4] + (s.slope + s.trend) * min(since, m.block)
    step = trust * max(young, 1 / 6) * clip(y - said, -reach, reach)
    s.level[4] = said + step
    if s.level_count > 0:
        s.slope += 0.2 * step
    s.level_count += 1


# ---- spread ---------------------------------------------------------------------------------------------------------


def begin_parts(s: SimpleNamespace) -> None:
    s.part_found, s.part_said, s.part_count = [0.0] * 3, [0.0] * 3, 0.0


def restart_parts(s: SimpleNamespace, centre: float) -> None:
    shares = (0.4, 0.2, 0.4) if s.fraction else (0.05, 0.75, 0.2)
    if centre > 0:
        s.part = [share * s.variance / unit for share, unit in zip(shares, units(centre), strict=True)]
    else:
        s.part = [s.variance, 0.0, 0.0]
    s.part_scale, s.parts_days = 1.0, 0.0
    begin_parts(s)


def learn_parts(s: SimpleNamespace, m: SimpleNamespace, centre: float, squared: float, trust: float) -> None:
    """Day by day each part is multiplied by what it was in the errors over what was expected of it, ever less far."""
    plain = max(sum(part * unit for part, unit in zip(s.part, units(centre), strict=True)), 1e-300)
    ratio = min(squared / plain, 25 * s.part_scale)
    s.part_scale += trust * max(3 / (s.scale_count + 2), 1 / m.slow) * (ratio - s.part_scale)
    for k, unit in enumerate(units(centre)):
        s.part_found[k] += trust * ratio * unit / plain
        s.part_said[k] += trust * unit / plain
    s.part_count += 1
    if s.part_count < max(m.day, 24.0):
        return
    s.parts_days += 1
    power = clip(2 / math.sqrt(s.parts_days), 0.3, 1.0)
    for k in range(3):
        if s.part_said[k] > 0 and s.part_found[k] > 0:
            s.part[k] *= (s.part_found[k] / (s.part_said[k] * s.part_scale)) ** power
    begin_parts(s)


def learn_narrowing(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float) -> None:
    """A spread that was much smaller throughout a day and a half is the spread."""
    n = s.scale_count % m.middle
    s.of_late += (min((x - e.centre) ** 2 / e.variance, 25.0) - s.of_late) / (n + 1)
    if n + 1 < m.middle or s.of_late > 0.25 or min(s.level_count, s.scale_count) < 2 * m.middle or repeats_itself(s):
        return
    s.variance, s.part_scale = s.variance * s.of_late, s.part_scale * s.of_late
    s.scale_count = m.middle - 1


def learn_spread(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, trust: float) -> None:
    error = x - e.centre
    most = math.inf if s.variance <= floor_square(s, x) else 25 * max(e.variance, s.variance)
    if s.season:
        learn_parts(s, m, e.centre, error**2, trust)
    g = max(3 / (s.scale_count + 2), 1 / m.slow) if s.season else gain(s.scale_count - 1, m.slow)
    s.variance += trust * g * (min(error**2, most) - s.variance)
    s.disagreed += trust * g * (e.disagreement - s.disagreed)
    s.season_square += trust * (e.season**2 - s.season_square) / m.week


def learn_memory(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> None:
    """What of the rest the next bucket has still, and how far decayed means go."""
    z, phi = clip((x - e.centre) / e.deviation, -5, 5), memory_of_rest(s)
    before, g = rest_before(s, bucket), gain(s.level_count, 512.0)
    if not math.isnan(before):
        s.rest_cross += g * (z * before - s.rest_cross)
        s.rest_square += g * (0.5 * (z * z + before * before) - s.rest_square)
        s.step_square += gain(s.level_count, m.slow) * (min((z - phi * before) ** 2, 25.0) - s.step_square)
    s.mean += MEAN_STEP * (clip(z, -4, 4) - s.mean)
    s.mean_square += gain(s.level_count, 3000.0) * (s.mean**2 - s.mean_square)
    s.last_rest = z


def trust_of(s: SimpleNamespace, apart: float) -> float:
    """How much of a value is learnt, by how far off it is together with those before it, and they are without it."""
    if apart > 2.7:
        apart = min(apart, abs(s.run_value - s.run_centre) / math.sqrt(s.run_variance + s.run_doubt**2))
    return (2.7 / apart) ** 2 if apart > 2.7 else 1.0


def learn_far(s: SimpleNamespace, z: float) -> None:
    if abs(z) > FAR:
        s.far, s.far_near = s.far + 1, s.far_near + 2 * (FAR / abs(z)) ** 3


def learn_outlying(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace) -> None:
    """An incident that was over at once, where there was an outlier before, was noise."""
    learn_far(s, s.odd_first)
    if s.outliers < 1.5:
        return
    learn_families(s, e, not s.fraction, e.centre + s.odd_first * e.deviation)
    if not s.season:
        most = 25 * max(e.variance, s.variance)
        s.variance += gain(s.scale_count - 1, m.slow) * (min(s.odd_first**2 * e.variance, most) - s.variance)


def learn_run(s: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> None:
    """Values in a row on one side of what was expected."""
    side = x - e.centre
    off = s.run_value - s.run_centre
    if side * off <= 0 or bucket != s.run_last + 1:
        if s.run and off**2 > 3.89**2 * s.run_variance * max(1.0, alike(memory_of_rest(s), s.run)):  # it was told of
            s.mean = 0.0
        s.run, s.run_value, s.run_centre, s.run_variance, s.run_doubt = 0, 0.0, 0.0, 0.0, 0.0
    s.run_last = bucket
    if side != 0:
        s.run += 1
        s.run_value, s.run_centre, s.run_variance = (
            s.run_value + in_a_run(e, x),
            s.run_centre + e.centre,
            s.run_variance + e.variance,
        )
        s.run_doubt += math.sqrt(e.doubt + s.day_variance)


def restart(s: SimpleNamespace, level: float, bucket: int) -> None:
    """Level and spread anew around another profile."""
    s.level, s.ahead, s.share = [level] * LEVELS, [s.variance] * LEVELS, [1.0, 0.0, 0.0, 0.0, 0.0]
    s.ahead_all, s.disagreed, s.slope = s.variance, 0.0, 0.0
    s.last_rest, s.rest_cross, s.rest_square = math.nan, 0.0, 0.0
    s.level_count, s.scale_count = min(s.level_count, 30.0), min(s.scale_count, 30.0)
    s.step_square, s.of_late, s.mean, s.run, s.old_until, s.odd_since = 1.0, 1.0, 0.0, 0, -1, -1
    begin_block(s, bucket)


def drop_season(s: SimpleNamespace, level: float, variance: float, bucket: int) -> None:
    """It is given up: the level and the spread that are left."""
    s.given_up, s.season, s.knots, s.shift_ms, s.variance = s.given_up + 1, 0, 0, 0, variance
    s.day_variance = 0.0
    restart(s, level, bucket)
