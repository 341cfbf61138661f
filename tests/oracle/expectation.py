"""What the series kernel expects of a bucket, and the distribution around it: `kernels/series_expectation.hpp` as defined.

Names are those of the kernel's records. `s` is a series' state (`series.fresh`), a season is handed in as its value.
"""

import math
from types import SimpleNamespace

from scipy.stats import norm

NAN = math.nan
IMPOSSIBLE = math.log(1e-4)
LEVELS, FAMILIES, OCCASIONS = 5, 5, 6
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FAR = 5.0


def clip(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


def gain(count: float, memory: float) -> float:
    """Of a mean of all values until there are as many as the memory is long."""
    return max(1.0 / (count + 1.0), 1.0 / memory)


def memory(span_ms: int, **lesson: float) -> SimpleNamespace:
    """Lengths of memory in buckets, each a length of time within limits, and what siblings taught.

    A lesson is `given` where there was one, or nobody to give one.
    """

    def buckets(hours: float, least: float, most: float) -> float:
        return float(math.floor(clip(hours * HOUR_MS / span_ms, least, most)))

    taught = {
        "variance": 0.0,
        "change_rate": 0.0,
        "change_buckets": 0.0,
        "jump_centre": 0.0,
        "jump_square": 0.0,
        "births": 0.0,
        "given": 1.0,
    } | lesson
    remember = buckets(28 * 24, 100, 1e9)
    return SimpleNamespace(
        slow=buckets(14 * 24, 200, 4000), middle=buckets(36, 24, 2000), fast=buckets(3, 6, 300), block=buckets(12, 6, 1440),
        accept=buckets(1.15 * 24, 12, 1e9), quiet=buckets(1, 3, 12), remember=remember, habits=max(2 * remember, 4000.0),
        day=clip(DAY_MS / span_ms, 1, 1e9), week=clip(7 * DAY_MS / span_ms, 1, 1e9), lesson=SimpleNamespace(**taught),
        ln_change_for_good=min(math.log(span_ms / (3 * 365.25 * DAY_MS)), IMPOSSIBLE),
    )  # fmt: skip


def floor_square(s: SimpleNamespace, centre: float) -> float:
    """Variance of the last digits, and of rounding to whole numbers."""
    return (1e-9 * abs(centre) + 1e-150) ** 2 + (0.0 if s.fraction else 1.0 / 12.0)


def memory_of_rest(s: SimpleNamespace) -> float:
    return clip(s.rest_cross / s.rest_square, 0.0, 0.98) if s.rest_square > 0 else 0.0


def units(centre: float) -> list[float]:
    """What the three parts of the variance are multiplied with."""
    return [1.0, max(centre, 0.0), max(centre, 0.0) ** 2]


def parts_variance(s: SimpleNamespace, centre: float) -> float:
    return s.spread_part_scale * sum(part * unit for part, unit in zip(s.spread_part, units(centre), strict=True))


def small_counts(s: SimpleNamespace) -> bool:
    """Few things a bucket that come one by one: a series that mostly repeats one value and goes far from it has bursts."""
    if s.repeats_ties > 2 * s.repeats_changes and (s.repeats_changes < 2.5 or s.repeats_jump_centre > 0.5):
        return False
    return (
        not s.fraction
        and not s.negative
        and s.levels_value[0] < 5
        and s.repeats_changes > 0.5
        and s.spread_variance > 0.5 * s.levels_value[0]
    )


def repeats_itself(s: SimpleNamespace) -> bool:
    return s.repeats_ties > 2 * s.repeats_changes and s.count >= 4 and not s.season_kind and not small_counts(s)


def expect(
    s: SimpleNamespace,
    m: SimpleNamespace,
    bucket: int,
    season: float = 0.0,
    doubt: float = 0.0,
    cycles: float = 0.0,
    rows: float = 0.0,
) -> SimpleNamespace:
    """Season and level, and the variance around them.

    Args:
        s: what the series remembers.
        m: lengths of memory.
        bucket: its number.
        season: value of the profile there, metric unit.
        doubt: the profile's own variance there.
        cycles: that it rests on.
        rows: of which the value is the mean; 0: as many as ever.
    """
    since = bucket - s.levels_learnt if s.levels_learnt >= 0 else 1
    level = sum(share * each for share, each in zip(s.levels_share, s.levels_value, strict=True))
    disagreement = sum(share * (each - level) ** 2 for share, each in zip(s.levels_share, s.levels_value, strict=True))
    level += (s.line_slope + s.levels_share[4] * s.levels_slope) * min(since, m.block)
    centre = level + season if s.negative else max(level + season, 0.0)
    if repeats_itself(s):
        level = centre = s.repeats_usual
    if small_counts(s):  # of so few nobody knows that they come less than once a day before the slow level says so
        centre = max(centre, min(s.levels_value[0], 1 / m.accept))
    variance = parts_variance(s, centre) if s.season_kind else s.spread_variance
    if s.spread_prior > 0 and s.spread_count < 64:
        seen = max(s.spread_count - 1, 0.0)
        variance = (3 * s.spread_prior + seen * variance) / (3 + seen)
    doubt += max(disagreement - s.spread_disagreed, 0.0)  # levels that differ more than those that the errors are of
    doubt += max(s.levels_ahead_all - s.spread_variance, 0.0) / max(s.levels_ahead_far, 1.0) * max(since - 1, 0)
    if s.season_kind and cycles < 2:
        doubt += parts_variance(s, level) / (1 + cycles)
    fewer = 1 / rows / s.rows_inverse - 1 if rows > 0 and s.rows_inverse > 0 else 0.0
    usual_variance, scatter = variance, 1 + s.rows_share * fewer
    variance = variance * scatter + doubt + floor_square(s, centre)
    alternative = s.before_level + s.before_factor * season if s.before_until >= bucket else NAN
    return SimpleNamespace(
        season=season,
        level=level,
        centre=centre,
        alternative=alternative,
        fewer=fewer,
        scatter=scatter,
        usual_variance=usual_variance,
        variance=variance,
        doubt=doubt,
        deviation=math.sqrt(variance),
        disagreement=disagreement,
    )


def wanders(s: SimpleNamespace) -> float:
    """How much of what is expected comes from levels of hours."""
    return clip(1 - s.levels_share[0] - s.levels_share[1], 0.0, 1.0)


def rest_before(s: SimpleNamespace, bucket: int) -> float:
    """The rest of the bucket before; NaN where that was odd, or there was none."""
    return s.rest_last if s.levels_learnt + 1 == bucket else NAN


def degrees_of_freedom(s: SimpleNamespace) -> float:
    """Independent values that the spread rests on."""
    if s.count == 0:
        return 0.0
    phi = memory_of_rest(s)
    own = max(s.spread_count - 1, 0.0) * (1 - phi) / (1 + phi)
    return own + (3 if s.spread_prior > 0 else 0) + (0.5 if s.spread_count > 1 else 0)


def heavy_tail_left(s: SimpleNamespace) -> float:
    """Likelihood of so few values far out under the heavy tail, over that of what was seen."""
    expected, seen = 0.0044 * s.tail_count, s.tail_far_near
    if seen >= expected:
        return 1.0
    return math.exp(seen - expected + (seen * math.log(expected / seen) if seen > 0 else 0.0))


def weights(s: SimpleNamespace, centre: float) -> list[float]:
    """Of the families in this bucket."""
    w = list(s.families_weight) if s.spread_count >= 9 else [1.0, 0.0, 0.0, 0.0, 0.0]
    taken = w[1] * (1 - heavy_tail_left(s))
    w[0], w[1] = w[0] + taken, w[1] - taken
    if centre <= 0:  # families on the positive axis have nothing to say there
        w = [w[0], w[1] + max(0.0, 1 - w[0] - w[1]), 0.0, 0.0, 0.0]
    return w


def belief(s: SimpleNamespace, m: SimpleNamespace, apart: float) -> tuple[float, float]:
    """Share of what a young series shows that is believed, and the most nats that are.

    The share is below 1 until a day, or 30 buckets, is known, and 15 independent values. Until then no more is believed than
    what scores 50; where any value went far that limit goes away over the second day. What is 50 deviations apart leaves
    everything seen far behind, unless two others went far: then no day need be known. Of a series that keeps to one value, 30
    buckets: how soon it may leave it is reckoned with already.
    """
    constant = repeats_itself(s)
    day = 30.0 if constant and m.lesson.given else max(m.day, 30.0)
    known = s.count + (0.5 * day if s.spread_prior > 0 else 0.0)
    behind = 0.0 if constant else (abs(apart) - 20) / 30 / max(s.tail_far, 1.0)
    phi = memory_of_rest(s)
    share = clip(min(max(known / day, behind), known * (1 - phi) / (1 + phi) / 15), 0.3, 1.0)
    second = max(known / day - 1, 0.0)
    if second >= 1 or behind >= 1 or (known >= day and (constant or s.tail_far < 0.5)):
        return share, math.inf
    return share, (math.log(max(m.day / 48, 1.0)) - math.log(3e-4)) / (1 - max(behind, 0.0)) / (1 - second)


def most_on_another_day(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, clock: SimpleNamespace, x: float) -> float:
    """Nats that x may show at most, if a day of a kind not seen before may have begun at midnight; infinity if it may not."""
    since = s.incident_since if s.incident_since >= 0 else clock.bucket
    midnight = clock.bucket - clock.local_ms % DAY_MS // clock.span_ms
    known = s.count >= 2 * m.week or m.day < 8 or s.negative or repeats_itself(s)
    if known or x <= 0 or e.centre <= 0 or not 0 <= since - midnight <= (clock.span_ms <= DAY_MS / 48):
        return math.inf
    going_on = s.incident_since >= 0 and s.incident_count > 0
    usual = became(s, e).value if going_on else e.centre
    if usual <= 0:
        return math.inf
    way = math.log(usual / e.centre)
    scatter = way / 4 if going_on else math.log(2)
    off = abs(math.log(x / usual)) / math.hypot(scatter, e.deviation / usual)
    return float(-math.log(2) - norm.logsf(max(off, abs(way) / math.log(2))))


def became(s: SimpleNamespace, e: SimpleNamespace) -> SimpleNamespace:
    """What the series has become: what was expected moved, or, with a season, multiplied, or its season alone.

    The first two by which leaves less, the last where it leaves less than half of either.
    """
    n, square = s.incident_count, s.incident_offset_square / s.incident_count
    slope = s.incident_cross / s.incident_centre_square if s.incident_centre_square > 0 else 0.0
    swing = s.incident_season / s.incident_season_square if s.incident_season_square > 0 else 0.0
    c = SimpleNamespace(offset=s.incident_offset / n, factor=1 + slope, amplitude=1 + swing)
    moved, scaled = square - c.offset**2, square - slope * s.incident_cross / n
    swung = square - swing * s.incident_season / n if s.incident_season_square > 0 else math.inf
    seasonal = bool(s.season_kind) and n > 1.5  # one value is told by each of them
    c.swings = seasonal and swung < 0.5 * min(moved, scaled)
    c.multiplied = not c.swings and seasonal and c.factor >= 0 and scaled < moved
    c.value, c.variance = e.centre + c.offset, moved
    if c.swings:
        c.value, c.variance = e.centre + swing * e.season, swung
    elif c.multiplied:
        c.value, c.variance = c.factor * e.centre, scaled
    c.variance = max(c.variance, 0.0)
    return c


def other_account(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, bucket: int) -> tuple[float, float, float]:
    """Centre, deviation and ln weight of what was normal before, of what it became, or of the last value of a young series."""
    if not math.isnan(e.alternative):
        return e.alternative, s.before_factor * e.deviation, 0.0
    if s.incident_since >= 0 and s.incident_count >= m.quiet:
        now, lasted = became(s, e), (bucket - s.incident_since) / m.accept
        return now.value, math.sqrt(max(e.variance, now.variance)), m.ln_change_for_good - 14 * max(1 - lasted, 0.0)
    if repeats_itself(s):
        return s.repeats_usual, e.deviation, NAN
    age = s.count / max(m.day, 30.0)
    ln_weight = -3 * age if age < 8 and s.rest_step_square < 0.5 else NAN
    return s.previous, e.deviation * math.sqrt(max(s.rest_step_square, 1e-12)), ln_weight


def first_change(n: float, m: SimpleNamespace) -> float:
    """P(the first change now) of a series that kept to one value for n buckets.

    As likely as not it never leaves it; else at a rate between once a bucket and once in eight hours, 1/r its density. What
    follows from that is the mean of r e^-rn over that of e^-rn; E1 stands for the integral of e^-rn / r.
    """
    slowest = max(m.day / 3, 10.0)
    left = math.exp(-n / slowest)
    e1 = left * math.log(1 + 2 * slowest / n) / 2  # its lower bound
    return left / n / (math.log(slowest) + e1)


def repeats(s: SimpleNamespace, m: SimpleNamespace, p: SimpleNamespace) -> None:
    """Of a series that mostly repeats one value: P(another), and how far others are from it."""
    p.ln_change = NAN
    if not repeats_itself(s):
        return
    lesson = m.lesson
    appears = s.repeats_changes == 0 and s.first < s.born and lesson.births > lesson.change_rate
    rate, taught = (lesson.births, 500.0) if appears else (lesson.change_rate, lesson.change_buckets)
    taught = taught if rate > 0 else 0.0
    # Before siblings have shown whether such things change, that is as likely as not.
    buckets = s.repeats_changes + s.repeats_ties + 1
    so_far, known = s.repeats_changes + 0.5, max(s.repeats_changes - 1, 0.0)  # one occasion teaches nothing
    if lesson.given:
        so_far = max(known + 1e-3, first_change(s.count, m) * buckets)
    p.ln_change = math.log((so_far + taught * rate) / (buckets + taught))
    if lesson.change_rate > 0:
        guess, guess_square, guessed = lesson.jump_centre, lesson.jump_square, 5.0
    else:
        zero = s.repeats_jump_centre if s.repeats_changes > 0 else math.log(1e140)
        guess, guess_square, guessed = math.log(0.1 * abs(s.repeats_usual)) if s.repeats_usual != 0 else zero, 4.0, 1.0
    seen = known + guessed
    p.jump_centre = (known * s.repeats_jump_centre + guessed * guess) / seen
    rounding = 0.0 if s.fraction else math.exp(-2 * max(p.jump_centre, 0.0)) / 12
    p.jump_deviation = math.sqrt((known * s.repeats_jump_square + guessed * guess_square) / seen + rounding + 0.01)
    sampled = 1.0 if guessed > 1 else min(known, 1.0)  # what is thought of things at large is no sample
    p.jump_dof = (known + 2 + guessed) / sampled if sampled > 0 else math.inf


def in_a_row(s: SimpleNamespace, bucket: int) -> float:
    """ln of the chance that outliers come so many in a row, when they end after as many buckets as they did before."""
    if s.incident_since < 0 or s.incident_last + 1 != bucket or s.outliers_count == 0:
        return 0.0
    length = s.outliers_buckets / s.outliers_count
    return min(s.run_length, bucket - s.incident_since) * math.log(length / (length + 1))


def due_within(s: SimpleNamespace, m: SimpleNamespace, bucket: int, above: bool) -> float:
    """Buckets of the time in which another outlier is due on this side; 0: none is."""
    when = s.outliers_when[OCCASIONS:] if above else s.outliers_when[:OCCASIONS]

    def came(cycle: float, cycles: int) -> int:
        return sum(any(one > 0 and abs(bucket - one - k * cycle) <= m.day / 8 for one in when) for k in range(1, cycles + 1))

    if (m.day > 1 and came(m.day, 5) >= 3) or came(m.week, 2) == 2:
        return max(m.day / 4, 1.0)
    if s.incident_since >= 0 and when[0] == s.incident_since:  # it has come, and goes on
        bucket, when = when[0], when[1:]
    if when[3] <= 0:
        return 0.0
    apart = (when[0] - when[3]) / 3
    between = [later - before for later, before in zip([bucket, *when], when[:4], strict=False)]
    return max(apart / 8, 1.0) if all(abs(one - apart) <= apart / 16 for one in between) else 0.0


def predictive(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, side: int, bucket: int) -> SimpleNamespace:
    """Everything that the probability of a value in this bucket follows from."""
    p = SimpleNamespace(
        centre=e.centre, deviation=e.deviation, dof=degrees_of_freedom(s), weight=weights(s, e.centre), side=side
    )
    p.alternative, p.alternative_deviation, p.ln_alternative = other_account(s, m, e, bucket)
    p.lattice, p.usual = not s.fraction, s.repeats_usual
    p.tail_rate = [(hits + 25) / (0.025 * s.tail_count + 25) for hits in s.tail_hits]  # below, above
    p.tail_mean = [(all_of_them + 50) / (few + 50) for all_of_them, few in zip(s.tail_excess, s.tail_uncensored, strict=True)]
    if p.lattice:  # whole numbers are beyond the tail's start less often, and less far, because they are whole
        p.tail_rate, p.tail_mean = ([max(each, 1.0) for each in both] for both in (p.tail_rate, p.tail_mean))
    near = (s.tail_far_near + 5) / (s.tail_far + 5)
    p.tail_power = max(3.0, 3 * near / (2 - near))
    zeros = (1 - s.occupancy) * min(s.count, m.slow)
    p.ln_zero = math.log((max(zeros - 1, 0.0) + 1e-3) / (s.count + 1)) if zeros < 3 and not s.negative else NAN
    sides = [s.outliers_count - s.outliers_above, s.outliers_above]
    few = clip(s.count / 20, 2.0, 9.0)  # more of them on a side are a habit there
    p.outlier_share = [max(side - few, 0.0) / s.outliers_count if s.outliers_count > 0 else 0.0 for side in sides]
    rate = s.outliers_buckets / min(s.count, m.habits) if sum(p.outlier_share) > 0 else 1.0
    p.ln_outlier = math.log(rate) if sum(p.outlier_share) > 0 else NAN
    p.outlier_centre, p.outlier_end = s.outliers_centre, s.outliers_end
    for above in (False, True):
        due = due_within(s, m, bucket, above)
        if due > 0:  # on this side only
            p.outlier_share[above], p.outlier_end, p.ln_outlier = 1 / (due * rate), s.outliers_most, math.log(rate)
    p.outlier_deviation = math.hypot(math.sqrt(s.outliers_square), 0.1)
    p.ln_outlier += in_a_row(s, bucket)
    repeats(s, m, p)
    return p
