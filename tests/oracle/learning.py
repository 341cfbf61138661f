"""Learning one value that is not odd: `kernels/series_learn.hpp` and `series_families.hpp` from their definition."""

import math
from types import SimpleNamespace

from tests.oracle.evidence import MEAN_STEP, alike, in_a_run, shared_doubt
from tests.oracle.expectation import (
    FAR,
    LEVELS,
    OCCASIONS,
    clip,
    due_within,
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
        s.families_weight = [0.0, 0.0, 0.0, 0.0, 1.0]
        return
    opened = [True, True, not s.negative, not s.negative, not s.negative and not s.fraction]
    known = [w + prior for w, prior in zip(s.families_ln_weight, PRIOR, strict=True)]
    share = [math.exp(w) if ok and w > -7 else 0.0 for w, ok in zip(known, opened, strict=True)]
    s.families_weight = [w / sum(share) for w in share] if sum(share) > 0 else [0.0, 1.0, 0.0, 0.0, 0.0]


def learn_families(s: SimpleNamespace, e: SimpleNamespace, lattice: bool, x: float) -> None:
    """By likelihood, at most two nats a value, one beyond five deviations; of a series known well every other value."""
    if s.count > 256 and int(s.count) % 2:
        return
    most = 1.0 if abs(x - e.centre) > FAR * e.deviation else 2.0
    score, keep = scores(e.centre, e.deviation, lattice, x), 0.998 if s.count > 256 else 0.9995
    s.families_ln_weight = [keep * w + max(v - max(score), -most) for w, v in zip(s.families_ln_weight, score, strict=True)]
    s.families_ln_weight = [max(w - max(s.families_ln_weight), -60.0) for w in s.families_ln_weight]
    share_weights(s)


def learn_tail(s: SimpleNamespace, raw: float, above: bool, side: int) -> None:
    """How often values come beyond 5 %, and how much further; more than three nats further count as three, censored.

    Of what is below and above the expectation by itself, unless one side alone is judged.
    """
    keep = 1 - 1 / 4000
    s.tail_count = s.tail_count * keep + 1
    s.tail_far, s.tail_far_near = s.tail_far * keep, s.tail_far_near * keep
    excess = -raw - TAIL_START
    for i, there in enumerate((not above, above)):
        part = 0.0 if excess < 0 else 0.5 if side else float(there)
        s.tail_hits[i] = s.tail_hits[i] * keep + part
        s.tail_excess[i] = s.tail_excess[i] * keep + part * min(excess, 3.0)
        s.tail_uncensored[i] = s.tail_uncensored[i] * keep + (part if excess < 3 else 0.0)


def forget_outliers(s: SimpleNamespace, m: SimpleNamespace) -> None:
    keep = 1 - 1 / m.habits
    s.outliers_count, s.outliers_above, s.outliers_buckets = (
        s.outliers_count * keep,
        s.outliers_above * keep,
        s.outliers_buckets * keep,
    )


def grow_outlier(s: SimpleNamespace, size: float) -> None:
    """A later bucket of an occasion that goes further than those before: its size takes the place of theirs."""
    if size <= s.outliers_size or s.outliers_count <= 0:
        return
    first = s.outliers_count < 1.5
    most = math.inf if first else s.outliers_most_before
    was, now = min(s.outliers_size, most), min(size, most)
    moved = (now - was) / s.outliers_count
    s.outliers_centre += moved
    more = moved**2 + ((now - s.outliers_centre) ** 2 - (was - s.outliers_centre) ** 2) / s.outliers_count
    s.outliers_square = max(s.outliers_square + more, 0.0)
    s.outliers_end, s.outliers_most, s.outliers_size = max(s.outliers_end, now), max(s.outliers_most, size), size
    if first:
        s.outliers_most_before = size


def remember_occasion(s: SimpleNamespace, bucket: int, above: bool) -> None:
    """The last six on a side, the latest first."""
    start = OCCASIONS if above else 0
    s.outliers_when[start : start + OCCASIONS] = [bucket, *s.outliers_when[start : start + OCCASIONS - 1]]


def keep_due(s: SimpleNamespace, m: SimpleNamespace, bucket: int, above: bool) -> None:
    """What was due has come, though no occasion of its own."""
    due = due_within(s, m, bucket, above)
    if due > 0 and bucket - s.outliers_when[OCCASIONS if above else 0] > due:
        remember_occasion(s, bucket, above)


def learn_outliers(s: SimpleNamespace, m: SimpleNamespace, raw: float, error: float, bucket: int, another: bool) -> None:
    """Occasions that no family explains, their buckets (twelve an occasion at most), and the size of the furthest of each."""
    if raw > OUTLIER:
        return
    if s.outliers_buckets < 12 * (s.outliers_count + another):
        s.outliers_buckets += 1
    size = math.log(abs(error) + 1e-300)
    if not another:
        grow_outlier(s, size)
    else:
        remember_occasion(s, bucket, error > 0)
        s.outliers_count, s.outliers_above = s.outliers_count + 1, s.outliers_above + (error > 0)
        if s.outliers_count < 1.5:
            s.outliers_most = s.outliers_end = s.outliers_centre = size
        s.outliers_size, s.outliers_most_before = size, s.outliers_most
        counted = min(size, s.outliers_most)  # what goes further than all before counts as the furthest of them
        step = counted - s.outliers_centre
        s.outliers_centre += step / s.outliers_count
        s.outliers_square += ((counted - s.outliers_centre) * step - s.outliers_square) / s.outliers_count
        s.outliers_end, s.outliers_most = max(s.outliers_end, counted), max(s.outliers_most, size)


def learn_still(s: SimpleNamespace, m: SimpleNamespace, x: float, bucket: int) -> None:
    """How often a value is the one before it, and how often it then is once more; eight times an occasion at most."""
    if s.count == 0:
        return
    same, keep = x == s.previous and bucket == s.last + 1, 1 - 1 / m.slow
    s.still_share += gain(s.count, m.slow) * (same - s.still_share)
    s.still_begun, s.still_went_on = s.still_begun * keep, s.still_went_on * keep
    if not same and s.still_length > 0:
        s.still_begun, s.still_went_on = s.still_begun + 1, s.still_went_on + min(s.still_length - 1, 8)
    s.still_length = s.still_length + 1 if same else 0


def learn_repeats(s: SimpleNamespace, m: SimpleNamespace, x: float) -> None:
    """The value that has the majority, how often it is left (a run of another value is one occasion), and how far."""
    if s.count == 0:
        s.repeats_usual = x
    tie = x == s.repeats_usual
    s.repeats_votes = min(s.repeats_votes + (1 if tie else -1), m.accept)
    if s.count >= 1 and (tie or x != s.previous):
        keep = 1 - 1 / m.slow
        s.repeats_ties, s.repeats_changes = s.repeats_ties * keep + tie, s.repeats_changes * keep + (not tie)
        if not tie:
            size = math.log(abs(x - s.repeats_usual))
            step = size - s.repeats_jump_centre
            s.repeats_jump_centre += step / s.repeats_changes
            s.repeats_jump_square += ((size - s.repeats_jump_centre) * step - s.repeats_jump_square) / s.repeats_changes
    if s.repeats_votes < 0:
        s.repeats_usual, s.repeats_votes = x, 1.0
    s.occupancy += gain(s.count, m.slow) * ((x != 0) - s.occupancy)


# ---- levels ---------------------------------------------------------------------------------------------------------


def begin_block(s: SimpleNamespace, bucket: int) -> None:
    s.levels_held, s.levels_held_slope, s.levels_held_at = list(s.levels_value), s.levels_slope, bucket


def forget_swing(s: SimpleNamespace) -> None:
    s.amplitude_miss = s.amplitude_cross = s.amplitude_square = s.amplitude_trial = 0.0
    s.amplitude_lag = [0.0] * 3


def share_levels(s: SimpleNamespace) -> None:
    """By the 16th power of the ratio of mean squares; where levels are alike, the slower one is believed."""
    handicap = (1.0, 1.03, 1.1, 1.15, 4.0)
    worth = [ahead * times for ahead, times in zip(s.levels_ahead, handicap, strict=True)]
    if min(worth) > 0:
        ratio = [min(worth) / w for w in worth]
        share = [r**16 if r >= 0.5 else 0.0 for r in ratio]
    else:
        share = [float(i == worth.index(min(worth))) for i in range(LEVELS)]
    s.levels_share = [one / sum(share) for one in share]


def learn_ahead(s: SimpleNamespace, m: SimpleNamespace, y: float, bucket: int, scatter: float, trust: float) -> None:
    """What each level said when the block began, against what came, `scatter` times as far as of a usual number of rows."""
    since, g = bucket - s.levels_held_at, trust * gain(s.levels_count - 1, m.slow)
    most = 9 * max(s.levels_ahead[0], s.spread_variance) if s.levels_count > 16 else math.inf
    said = [held + (s.line_slope + s.levels_held_slope * (i == 4)) * since for i, held in enumerate(s.levels_held)]
    s.levels_ahead = [
        ahead + g * (min((y - one) ** 2 / scatter, most) - ahead) for ahead, one in zip(s.levels_ahead, said, strict=True)
    ]
    whole = sum(share * one for share, one in zip(s.levels_share, said, strict=True))
    s.levels_ahead_all += g * (min((y - whole) ** 2 / scatter, most) - s.levels_ahead_all)
    s.levels_ahead_far += g * (since - s.levels_ahead_far)
    if since + 1 >= min(m.block, max(4.0, s.levels_count // 8)):
        share_levels(s)
        begin_block(s, bucket)


def learn_levels(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, y: float, since: int, trust: float) -> None:
    """`since` the last value that was learnt, levels with a slope have gone on."""
    young = 1 / (s.levels_count + 1)
    reach = math.inf if s.levels_count < 8 else 4 * e.deviation
    last = 1 - 0.5**since if since > 1 else 0.5  # what wanders is where it is after a gap
    for i, g in enumerate((1 / m.slow, 1 / m.middle, 1 / m.fast, last)):
        said = s.levels_value[i] + s.line_slope * min(since, m.block)
        s.levels_value[i] = said + trust * max(young, g) * clip(y - said, -reach, reach)
    said = s.levels_value[4] + (s.levels_slope + s.line_slope) * min(since, m.block)
    step = trust * max(young, 1 / 6) * clip(y - said, -reach, reach)
    s.levels_value[4] = said + step
    if s.levels_count > 0:
        s.levels_slope += 0.2 * step
    s.levels_count += 1


# ---- spread ---------------------------------------------------------------------------------------------------------


def begin_parts(s: SimpleNamespace) -> None:
    s.spread_part_found, s.spread_part_said, s.spread_part_count = [0.0] * 3, [0.0] * 3, 0.0


def restart_parts(s: SimpleNamespace, centre: float) -> None:
    shares = (0.4, 0.2, 0.4) if s.fraction else (0.05, 0.75, 0.2)
    if centre > 0:
        s.spread_part = [share * s.spread_variance / unit for share, unit in zip(shares, units(centre), strict=True)]
    else:
        s.spread_part = [s.spread_variance, 0.0, 0.0]
    s.spread_part_scale, s.spread_parts_days = 1.0, 0.0
    begin_parts(s)


def learn_parts(s: SimpleNamespace, m: SimpleNamespace, centre: float, squared: float, trust: float) -> None:
    """Day by day each part is multiplied by what it was in the errors over what was expected of it, ever less far."""
    plain = max(sum(part * unit for part, unit in zip(s.spread_part, units(centre), strict=True)), 1e-300)
    ratio = min(squared / plain, 25 * s.spread_part_scale)
    s.spread_part_scale += trust * max(3 / (s.spread_count + 2), 1 / m.slow) * (ratio - s.spread_part_scale)
    for k, unit in enumerate(units(centre)):
        s.spread_part_found[k] += trust * ratio * unit / plain
        s.spread_part_said[k] += trust * unit / plain
    s.spread_part_count += 1
    if s.spread_part_count < max(m.day, 24.0):
        return
    s.spread_parts_days += 1
    power = clip(2 / math.sqrt(s.spread_parts_days), 0.3, 1.0)
    for k in range(3):
        if s.spread_part_said[k] > 0 and s.spread_part_found[k] > 0:
            s.spread_part[k] *= (s.spread_part_found[k] / (s.spread_part_said[k] * s.spread_part_scale)) ** power
    begin_parts(s)


def learn_narrowing(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float) -> None:
    """A spread that was much smaller throughout a day and a half is the spread."""
    n = s.spread_count % m.middle
    s.spread_of_late += (min((x - e.centre) ** 2 / e.variance, 25.0) - s.spread_of_late) / (n + 1)
    if n + 1 < m.middle or s.spread_of_late > 0.25 or min(s.levels_count, s.spread_count) < 2 * m.middle or repeats_itself(s):
        return
    s.spread_variance, s.spread_part_scale = s.spread_variance * s.spread_of_late, s.spread_part_scale * s.spread_of_late
    s.spread_count = m.middle - 1
    forget_silence(s)


def learn_spread(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, trust: float) -> None:
    squared = (x - e.centre) ** 2 / e.scatter
    most = math.inf if s.spread_variance <= floor_square(s, x) else 25 * max(e.variance / e.scatter, s.spread_variance)
    if s.season_kind:
        learn_parts(s, m, e.centre, squared, trust)
    g = max(3 / (s.spread_count + 2), 1 / m.slow) if s.season_kind else gain(s.spread_count - 1, m.slow)
    s.spread_variance += trust * g * (min(squared, most) - s.spread_variance)
    s.spread_disagreed += trust * g * (e.disagreement - s.spread_disagreed)
    s.season_square += trust * (e.season**2 - s.season_square) / m.week
    s.season_day_variance -= trust / m.week * s.season_day_variance


def learn_rows(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, rows: float, error: float, trust: float) -> None:
    """How many rows are usual, and how much of the variance goes with one over their number: normal scores over information."""
    if rows <= 0:
        return
    if s.spread_count >= 8:
        by = e.fewer * e.usual_variance / e.variance
        s.rows_known = s.rows_known * (1 - 1 / m.slow) + trust * by**2
        step = by * (min(error**2 / e.variance, 25.0) - 1) / (s.rows_known + 8)
        s.rows_share = clip(s.rows_share + trust * step, 0.0, 0.95)
    s.rows_inverse += gain(s.spread_count, m.slow) * (1 / rows - s.rows_inverse)


def learn_memory(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> None:
    """What of the rest the next bucket has still, and how far decayed means go."""
    z, phi = clip((x - e.centre) / e.deviation, -5, 5), memory_of_rest(s)
    before, g = rest_before(s, bucket), gain(s.levels_count, 512.0)
    if not math.isnan(before):
        s.rest_cross += g * (z * before - s.rest_cross)
        s.rest_square += g * (0.5 * (z * z + before * before) - s.rest_square)
        s.rest_step_square += gain(s.levels_count, m.slow) * (min((z - phi * before) ** 2, 25.0) - s.rest_step_square)
    s.rest_mean += MEAN_STEP * (clip(z, -4, 4) - s.rest_mean)
    s.rest_mean_square += gain(s.levels_count, 3000.0) * (s.rest_mean**2 - s.rest_mean_square)
    s.rest_last = z


def learn_sudden(s: SimpleNamespace, nats: float) -> None:
    """How often values are three deviations from what the one before leads to, and how many nats further; 12 at most."""
    if math.isnan(nats):
        return
    for name in ("rest_sudden_hits", "rest_sudden_uncensored", "rest_sudden_excess"):
        setattr(s, name, getattr(s, name) * (1 - 1 / 4000))
    s.rest_sudden_count = s.rest_sudden_count * (1 - 1 / 4000) + 1
    if nats > 5.9145:
        s.rest_sudden_hits += 1
        s.rest_sudden_excess += min(nats - 5.9145, 12)
        s.rest_sudden_uncensored += nats - 5.9145 < 12


def trust_of(s: SimpleNamespace, apart: float) -> float:
    """How much of a value is learnt, by how far off it is together with those before it, and they are without it."""
    if apart > 2.7:
        apart = min(apart, abs(s.run_value - s.run_centre) / math.sqrt(s.run_variance + s.run_doubt**2))
    return (2.7 / apart) ** 2 if apart > 2.7 else 1.0


def learn_far(s: SimpleNamespace, z: float) -> None:
    if abs(z) > FAR:
        s.tail_far, s.tail_far_near = s.tail_far + 1, s.tail_far_near + 2 * (FAR / abs(z)) ** 3


def learn_outlying(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace) -> None:
    """An incident that was over at once, where there was an outlier before, was noise."""
    learn_far(s, s.incident_first)
    if s.outliers_count < 1.5:
        return
    learn_families(s, e, not s.fraction, e.centre + s.incident_first * e.deviation)
    if not s.season_kind:
        variance = e.variance / e.scatter
        most = 25 * max(variance, s.spread_variance)
        s.spread_variance += gain(s.spread_count - 1, m.slow) * (min(s.incident_first**2 * variance, most) - s.spread_variance)


def forget_silence(s: SimpleNamespace) -> None:
    """Whatever is expected from now on, it was not expected of the silence until now."""
    s.run_silent, s.run_silent_centre, s.run_silent_variance, s.run_silent_doubt = 0, 0.0, 0.0, 0.0


def learn_run(s: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> None:
    """Values in a row on one side of what was expected."""
    if x != 0 or bucket != s.run_last + 1:
        forget_silence(s)
    if x == 0 and s.run_silent < 99:
        s.run_silent, s.run_silent_centre = s.run_silent + 1, s.run_silent_centre + e.centre
        s.run_silent_variance, s.run_silent_doubt = s.run_silent_variance + e.variance, s.run_silent_doubt + shared_doubt(s, e)
    side = x - e.centre
    off = s.run_value - s.run_centre
    if side * off <= 0 or bucket != s.run_last + 1:
        if s.run_length and off**2 > 3.89**2 * s.run_variance * max(
            1.0, alike(memory_of_rest(s), s.run_length)
        ):  # it was told of
            s.rest_mean = 0.0
        s.run_length, s.run_value, s.run_centre, s.run_variance, s.run_doubt = 0, 0.0, 0.0, 0.0, 0.0
    s.run_last = bucket
    if side != 0:
        s.run_length += 1
        s.run_value, s.run_centre, s.run_variance = (
            s.run_value + in_a_run(e, x),
            s.run_centre + e.centre,
            s.run_variance + e.variance,
        )
        s.run_doubt += shared_doubt(s, e)


def restart(s: SimpleNamespace, level: float, bucket: int) -> None:
    """Level and spread anew around another profile."""
    s.levels_value, s.levels_ahead, s.levels_share = [level] * LEVELS, [s.spread_variance] * LEVELS, [1.0, 0.0, 0.0, 0.0, 0.0]
    s.levels_ahead_all, s.spread_disagreed, s.levels_slope = s.spread_variance, 0.0, 0.0
    s.rest_last, s.rest_cross, s.rest_square = math.nan, 0.0, 0.0
    s.levels_count, s.spread_count = min(s.levels_count, 30.0), min(s.spread_count, 30.0)
    s.rest_step_square, s.spread_of_late, s.rest_mean, s.run_length, s.before_until, s.incident_since = 1.0, 1.0, 0.0, 0, -1, -1
    forget_silence(s)
    begin_block(s, bucket)


def drop_season(s: SimpleNamespace, level: float, variance: float, bucket: int) -> None:
    """It is given up: the level and the spread that are left."""
    s.season_given_up, s.season_kind, s.season_knots, s.season_shift_ms, s.spread_variance = (
        s.season_given_up + 1,
        0,
        0,
        0,
        variance,
    )
    s.season_day_variance = 0.0
    restart(s, level, bucket)
