"""What the series kernel computes, written to be read: one series, one bucket, plain Python and SciPy's distributions.

`kernels/series*.hpp` is this, fast. Where the two differ, the kernel is wrong. Names are those of the kernel's record.
"""

import math
from types import SimpleNamespace

import numpy as np
from scipy import stats

SLOW, ERROR_MEMORY, AR_MEMORY = 2000.0, 256.0, 512.0
T3_SCALE = 1.5642208336799275
TAIL_START = -math.log(0.05)
KEEP = (0.9, 1.0, 0.95, 0.98)  # the kernel has four means in a register; the second stays 0
EDGES = [1.5 * math.exp(0.45 * k) for k in range(17)]
NAN = math.nan


def fresh() -> SimpleNamespace:
    """A series that has seen nothing. `bins` of a season are kept in `profile`, which the kernel has in its pool."""
    return SimpleNamespace(
        last=-1, count=0.0, level=[0.0] * 7, slope=0.0, error=[0.0] * 7, held_back=0.0, ar_cross=0.0, ar_square=0.0,
        deviation=0.0, variance=0.0, scale_count=0.0, recent_ratio=0.0, ln_weight=[0.0, -3.0, -2.0, -2.0, -1.0],
        weight=[0.0] * 5, previous=0.0, ties=0.0, changes=0.0, jump_centre=0.0, jump_square=0.0, tail_count=0.0,
        tail_hits=0.0, tail_uncensored=0.0, tail_excess=0.0, outliers=0.0, outlier_centre=0.0, outlier_square=0.0,
        run_sum=0.0, run=0, wide=0, fraction=False, negative=False, local_level=0.0, local_square=0.0, slow_square=0.0,
        spread_count=0.0, mean=[0.0] * 4, mean_centre=[0.0] * 4, mean_square=[0.0] * 4, seen=0.0, memory=0.0,
        surprise=np.zeros((5, 16), np.float32), occupancy=0.0, first=0, trend=0.0, line_first=0, slots=[], window_first=0,
        reference=0.0, open=NAN,
    )  # fmt: skip


def clip(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


def gain(count: float, memory: float) -> float:
    return max(1.0 / (count + 1.0), 1.0 / memory)


def floor_square(s: SimpleNamespace, centre: float) -> float:
    return (1e-9 * abs(centre) + 1e-150) ** 2 + (0.0 if s.fraction else 1.0 / 12.0)


# ---- prediction -----------------------------------------------------------------------------------------------------


def forecast(s: SimpleNamespace, ahead: float) -> SimpleNamespace:
    """Experts, their combination by the 32nd power of the ratio of deviations, and the variance."""
    phi = clip(s.ar_cross / s.ar_square, -0.5, 0.999) if s.ar_square > 0 else 0.0
    back = phi if ahead <= 1 else abs(phi) ** ahead
    experts = [*s.level[:3], s.level[0] + back * s.deviation, s.level[4] + s.slope * min(ahead, 64.0), s.level[5], s.level[5]]
    best, centre, follows = min(s.error), s.level[0], 0.0
    if best > 0:
        weights = [(best / e) ** 16 if best / e >= 0.5 else 0.0 for e in s.error]
        centre += sum(w * (x - s.level[0]) for w, x in zip(weights, experts, strict=True)) / sum(weights)
        follows = (phi * weights[3] + weights[5] + weights[6]) / sum(weights)
    return SimpleNamespace(expert=experts, centre=centre, variance=s.variance + floor_square(s, centre), follows=follows)


def small_counts(s: SimpleNamespace) -> bool:
    return not s.fraction and not s.negative and s.level[0] < 5 and s.changes > 0.5 and s.variance > 0.5 * s.level[0]


def predictive(s: SimpleNamespace, f: SimpleNamespace, side: int) -> SimpleNamespace:
    p = SimpleNamespace(centre=f.centre, deviation=math.sqrt(f.variance), dof=s.scale_count - 1 if s.count else 0.0, side=side)
    p.lattice, p.previous, p.alternative = not s.fraction, s.previous, NAN
    if s.held_back != 0 and f.follows > 0.05:
        p.alternative = f.centre + f.follows * s.held_back
    p.tail_rate = (s.tail_hits + 50) / (0.05 * s.tail_count + 50)
    p.tail_mean = (s.tail_excess + 100) / (s.tail_uncensored + 100)
    p.weight = list(s.weight) if s.scale_count >= 9 else [1.0, 0, 0, 0, 0]
    if p.centre <= 0 or p.weight[0] + p.weight[1] >= 1:
        p.weight = [p.weight[0], p.weight[1] + max(0.0, 1 - p.weight[0] - p.weight[1]), 0.0, 0.0, 0.0]
    p.habit = s.outliers > 10
    if p.habit:
        p.ln_outlier = math.log((s.outliers - 10) / min(s.count, 4000.0))
        p.outlier_centre, p.outlier_deviation = s.outlier_centre, math.sqrt(s.outlier_square + 0.01)
    moves = s.changes + s.ties
    p.repeats = s.count >= 4 and s.ties > 0.5 * moves and not small_counts(s)
    if p.repeats:
        guess = math.log(0.1 * abs(s.previous) + (1.0 if p.lattice else 1e-9))
        p.ln_change = math.log((s.changes + 0.5) / (moves + 1))
        p.jump_centre = (s.changes * s.jump_centre + guess) / (s.changes + 1)
        p.jump_deviation = math.sqrt((s.changes * s.jump_square + 4) / (s.changes + 1) + 0.01)
        p.jump_dof = s.changes + 3
    return p


# ---- probability ----------------------------------------------------------------------------------------------------


def one_or_two(above: float, below: float, side: int) -> float:
    """ln p from the logs of P(X >= x) and P(X <= x)."""
    return above if side > 0 else below if side < 0 else min(0.0, min(above, below) + math.log(2))


def log_normal_p(p: SimpleNamespace, high: float, low: float) -> float:
    """P(density at most that at x); points of equal density are mirror images around the logarithm of the mode."""
    spread = math.log1p((p.deviation / p.centre) ** 2)
    mu, sd = math.log(p.centre) - 0.5 * spread, math.sqrt(spread)
    if p.side > 0:
        return 0.0 if high <= 0 else float(stats.norm.logsf((math.log(high) - mu) / sd))
    if p.side < 0:
        return -math.inf if low <= 0 else float(stats.norm.logcdf((math.log(low) - mu) / sd))
    mode = mu - spread
    x = low if math.exp(mode) < low else high
    if x <= 0:
        return -math.inf
    u = abs(math.log(x) - mode)
    return min(0.0, float(np.logaddexp(stats.norm.logsf((mode + u - mu) / sd), stats.norm.logcdf((mode - u - mu) / sd))))


def gamma_p(p: SimpleNamespace, high: float, low: float) -> float:
    """The same for the gamma; the other point of equal density by bisection."""
    a, unit = (p.centre / p.deviation) ** 2, p.deviation**2 / p.centre
    law = stats.gamma(a)
    if p.side:
        return float(law.logsf(high / unit)) if p.side > 0 else float(law.logcdf(low / unit))
    if a <= 1:
        return -math.inf if low < 0 else float(law.logsf(max(high, 0.0) / unit))
    mode = a - 1
    if low / unit > mode:
        x = low / unit
        lower, upper = 0.0, mode
    elif high / unit >= mode:
        return 0.0
    elif high <= 0:
        return -math.inf
    else:
        x = high / unit
        lower, upper = mode, mode + 1
        while law.logpdf(upper) > law.logpdf(x):
            upper *= 2
    for _ in range(200):
        middle = 0.5 * (lower + upper)
        towards_mode = law.logpdf(middle) > law.logpdf(x)
        if (middle < mode) == towards_mode:
            upper = middle
        else:
            lower = middle
    y = 0.5 * (lower + upper)
    return min(0.0, float(np.logaddexp(law.logsf(max(x, y)), law.logcdf(min(x, y)))))


def count_law(p: SimpleNamespace):
    excess = p.deviation**2 - 1 / 12 - p.centre
    if excess <= 1e-6 * p.centre:
        return stats.poisson(p.centre)
    r = p.centre**2 / excess
    return stats.nbinom(r, r / (p.centre + r))


def family_p(p: SimpleNamespace, family: int, x: float) -> float:
    half = 0.5 if p.lattice else 0.0
    high, low = x - half, x + half
    if family == 4:
        if x < 0:
            return 0.0 if p.side > 0 else -math.inf
        k, law = math.floor(x + 0.5), count_law(p)
        return one_or_two(float(law.logsf(k - 1)), float(law.logcdf(k)), p.side)
    if family == 3:
        return gamma_p(p, high, low)
    if family == 2:
        return log_normal_p(p, high, low)
    z_high, z_low = (high - p.centre) / p.deviation, (low - p.centre) / p.deviation
    law, scale = (stats.t(3), T3_SCALE) if family == 1 else (stats.norm if p.dof >= 128 else stats.t(p.dof), 1.0)
    return one_or_two(float(law.logsf(z_high * scale)), float(law.logcdf(z_low * scale)), p.side)


def around(p: SimpleNamespace, centre: float, x: float) -> float:
    p = SimpleNamespace(**{**vars(p), "centre": centre})
    z = abs(x - centre) / p.deviation
    nearly_normal = p.weight[0] + p.weight[1] > 0.9 or p.deviation < 0.25 * centre
    if z <= (1.8 if nearly_normal else 1.25) and p.side == 0 and p.dof >= 32:
        law = stats.norm if p.dof >= 128 else stats.t(p.dof)
        return math.log(2) + float(law.logsf(max(z - (0.5 / p.deviation if p.lattice else 0.0), 0.0)))
    if p.weight[0] > 0.995:
        return family_p(p, 0, x)
    parts = [math.log(w) + family_p(p, i, x) for i, w in enumerate(p.weight) if w > 0.005 and (i < 2 or centre > 0)]
    total = float(np.logaddexp.reduce(parts))
    return min(0.0, total if total > -math.inf else family_p(p, 1, x) - TAIL_START - 4)


def judge(p: SimpleNamespace, x: float) -> tuple[float, float]:
    """(ln p under the families alone, ln p); the first is NaN where the series mostly repeats itself."""
    if p.dof <= 0:
        return 0.0, 0.0
    if p.repeats:
        change = x - p.previous
        if change == 0 or change * p.side < 0:
            return NAN, 0.0
        z = (math.log(abs(change)) - p.jump_centre) / p.jump_deviation
        return NAN, p.ln_change + float((stats.norm if p.jump_dof >= 128 else stats.t(p.jump_dof)).logsf(z))
    raw = around(p, p.centre, x)
    if not math.isnan(p.alternative) and raw <= -TAIL_START:
        raw = float(np.logaddexp(raw, around(p, p.alternative, x))) - math.log(2)
    if raw > -TAIL_START:
        return raw, raw
    ln_p = min(0.0, -TAIL_START + math.log(p.tail_rate) - (-raw - TAIL_START) / p.tail_mean)
    if p.habit:
        size = (math.log(abs(x - p.centre) + 1e-300) - p.outlier_centre) / p.outlier_deviation
        ln_p = float(np.logaddexp(ln_p, p.ln_outlier + stats.norm.logsf(size)))
    return raw, min(0.0, ln_p)


# ---- evidence -------------------------------------------------------------------------------------------------------


def surprise(z: float) -> float:
    return -math.log(2) - float(stats.norm.logsf(abs(z)))


def remembered(s: SimpleNamespace, channel: int, r: float) -> float:
    """-ln of how often the channel was as surprised as r, by the histogram of exceedances and 100 buckets of e^-r."""
    if r <= 1.5:
        return r
    total = s.seen + 100
    share = [(float(b) + 100 * math.exp(-edge)) / total for b, edge in zip(s.surprise[channel], EDGES, strict=False)]
    k = max(i for i in range(16) if i == 0 or r > EDGES[i])
    p = share[k] if k == 15 else share[k] + (r - EDGES[k]) / (EDGES[k + 1] - EDGES[k]) * (share[k + 1] - share[k])
    least = 0.3 / total
    if p > least and k < 15:
        return -math.log(p)
    last = k
    while last > 0 and share[last] < least:
        last -= 1
    return -math.log(max(share[last], least)) + math.log(max(r / EDGES[last + 1], 1.0))


def on_side(side: int, z: float) -> float:
    return max(side * z, 0.0) if side else z


def evidence(s: SimpleNamespace, f: SimpleNamespace, side: int, x: float, ln_p: float) -> SimpleNamespace:
    e = SimpleNamespace(local=x - s.local_level, slow=x - s.level[0])
    least = floor_square(s, x)
    z = e.slow / math.sqrt(s.slow_square + least)
    e.mean = [m + (1 - keep) * (clip(z, -4, 4) - m) for m, keep in zip(s.mean, KEEP, strict=True)]
    standard = [
        0.0 if s.count < 30 else on_side(side, (m - centre) / math.sqrt(square + 0.001))
        for m, centre, square in zip(e.mean, s.mean_centre, s.mean_square, strict=True)
    ]
    r = [
        -ln_p,
        surprise(on_side(side, e.local / math.sqrt(s.local_square + least))),
        surprise(on_side(side, z)),
        surprise(standard[2]),
        surprise(standard[3]),
    ]
    ln_m = -surprise(standard[0])
    ratio = min(ln_p, ln_m) / min(max(ln_p, ln_m), -0.001)
    e.impact = -5.0 if s.count < 30 else clip(5 / math.log(1000) * ratio * (ln_p - ln_m), -5, 5)
    early = s.count < 20
    calibrated = sorted(min(v, 1.0) if early else remembered(s, i, v) for i, v in enumerate(r))
    plain = max(r[0], min(r[1], r[2]))
    e.severity = 0.5 * (calibrated[-1] + calibrated[-2]) + (0.0 if early else math.log1p(min(plain, 1e9)))
    lasting = 0.5 * (e.severity + s.memory + (1 - KEEP[0]) * (e.severity - s.memory))
    e.ln_evidence = -max(0.2 * lasting, 1.4 * (lasting - 2.8), 0.25 * r[0])
    e.surprise = r
    return e


def learn_evidence(s: SimpleNamespace, e: SimpleNamespace, x: float) -> None:
    weight = np.float32(0.2 if e.ln_evidence < -8 else 1.0)
    for channel, r in enumerate(e.surprise):
        for k in range(16):
            s.surprise[channel, k] += weight if r > EDGES[k] else np.float32(0)
    s.seen += float(weight)
    if int(s.count) % 64 == 63:
        s.seen *= math.exp(-64 / 8000)
        s.surprise = (s.surprise * math.exp(-64 / 8000)).astype(np.float32)
    s.memory += (1 - KEEP[0]) * (e.severity - s.memory)
    least, g, young = floor_square(s, x), gain(s.spread_count, SLOW), s.spread_count < 16
    reach = math.inf if young else 4 * math.sqrt(s.local_square + least)
    s.local_square += g * (min(e.local**2, math.inf if young else 16 * (s.local_square + least)) - s.local_square)
    s.slow_square += g * (min(e.slow**2, math.inf if young else 16 * (s.slow_square + least)) - s.slow_square)
    s.local_level += 0.01 * clip(e.local, -reach, reach)
    s.spread_count += 1
    for i, fresh_mean in enumerate(e.mean):
        step, limit = fresh_mean - s.mean_centre[i], 4 * math.sqrt(s.mean_square[i] + 0.001)
        most = limit**2 + (16.0 if s.count < 100 else 0.0)
        s.mean_square[i] += gain(s.count, 3000.0) * (min(step**2, most) - s.mean_square[i])
        s.mean_centre[i] += gain(s.count, 3000.0) * clip(step, -limit, limit)
        s.mean[i] = fresh_mean


# ---- learning -------------------------------------------------------------------------------------------------------


def scores(p: SimpleNamespace, x: float) -> list[float]:
    """ln density (or mass) of x under each family."""
    score = [float(stats.norm.logpdf(x, p.centre, p.deviation))]
    score.append(float(stats.t.logpdf((x - p.centre) / p.deviation * T3_SCALE, 3)) + math.log(T3_SCALE / p.deviation))
    score += [score[0] - 50] * 3
    if p.centre <= 0 or x < 0:
        return score
    xs = max(x, 0.25) if p.lattice else x
    if xs > 0 and not (p.lattice and p.centre < 5):
        spread = math.log1p((p.deviation / p.centre) ** 2)
        score[2] = float(stats.lognorm.logpdf(xs, math.sqrt(spread), scale=p.centre * math.exp(-0.5 * spread)))
        score[3] = float(stats.gamma.logpdf(xs, (p.centre / p.deviation) ** 2, scale=p.deviation**2 / p.centre))
    if p.lattice:
        score[4] = float(count_law(p).logpmf(x))
    return score


def learn_families(s: SimpleNamespace, p: SimpleNamespace, x: float) -> None:
    if s.count > 256 and int(s.count) % 8:
        return
    score, keep = scores(p, x), 0.996 if s.count > 256 else 0.9995
    s.ln_weight = [keep * w + max(v - max(score), -1.0) for w, v in zip(s.ln_weight, score, strict=True)]
    s.ln_weight = [max(w - max(s.ln_weight), -60.0) for w in s.ln_weight]
    if small_counts(s):
        s.weight = [0.0, 0.0, 0.0, 0.0, 1.0]
        return
    opened = [True, True, not s.negative, not s.negative, not s.negative and not s.fraction]
    share = [math.exp(w) if ok and w > -7 else 0.0 for w, ok in zip(s.ln_weight, opened, strict=True)]
    s.weight = [w / sum(share) for w in share] if sum(share) > 0 else [s.weight[0], 1.0, *s.weight[2:]]


def learn_shape(s: SimpleNamespace, p: SimpleNamespace, x: float, raw: float, error: float) -> None:
    learn_families(s, p, x)
    if math.isnan(raw):
        return
    keep = 1 - 1 / 4000
    s.tail_count = s.tail_count * keep + 1
    s.tail_hits, s.tail_excess, s.tail_uncensored = s.tail_hits * keep, s.tail_excess * keep, s.tail_uncensored * keep
    if raw <= -TAIL_START:
        excess = -raw - TAIL_START
        s.tail_hits, s.tail_excess = s.tail_hits + 1, s.tail_excess + min(excess, 3.0)
        s.tail_uncensored += excess < 3
    s.outliers *= keep
    if raw <= -9.2:
        s.outliers += 1
        ln = math.log(abs(error) + 1e-300)
        step = ln - s.outlier_centre
        s.outlier_centre += step / s.outliers
        s.outlier_square += ((ln - s.outlier_centre) * step - s.outlier_square) / s.outliers


def learn_repeats(s: SimpleNamespace, x: float) -> None:
    if s.count >= 1:
        change, keep = x - s.previous, 1 - 1 / SLOW
        s.ties, s.changes = s.ties * keep + (change == 0), s.changes * keep + (change != 0)
        if change != 0 and (s.count < 32 or s.ties > 0.1 * s.changes):
            ln = math.log(abs(change))
            step = ln - s.jump_centre
            s.jump_centre += step / s.changes
            s.jump_square += ((ln - s.jump_centre) * step - s.jump_square) / s.changes
    s.previous = x


def learn_value(s: SimpleNamespace, f: SimpleNamespace, x: float, weight: float) -> None:
    limit = math.inf if s.variance <= floor_square(s, x) else 25 * f.variance
    g = gain(s.count, ERROR_MEMORY) * weight
    s.error = [e + g * (min((x - m) ** 2, limit) - e) for e, m in zip(s.error, f.expert, strict=True)]
    near = math.inf if s.count < 8 else 4 * math.sqrt(f.variance)
    reach = 4 * math.sqrt(s.error[0])
    d = clip(x - s.level[0], -reach, reach)
    s.ar_cross += gain(s.count, AR_MEMORY) * weight * (d * s.deviation - s.ar_cross)
    s.ar_square += gain(s.count, AR_MEMORY) * weight * (s.deviation**2 - s.ar_square)
    s.deviation = d
    for i, memory in enumerate((SLOW, 64.0, 6.0)):
        s.level[i] += gain(s.count, memory) * weight * clip(x - s.level[i], -near, near)
    s.level[3] = s.level[0]
    trend = gain(s.count, 32.0) * weight * clip(x - f.expert[4], -near, near)
    s.level[4], s.slope = f.expert[4] + trend, s.slope + 0.1 * trend
    s.level[5] += weight * clip(x - s.level[5], -near, near)
    s.held_back = x - s.level[5] if weight < 1 else 0.0
    s.level[6] += weight * clip(x - s.level[6], -near, near)
    most = max(limit, 25 * s.variance)
    s.variance += gain(s.scale_count - 1, SLOW) * weight * (min((x - f.centre) ** 2, most) - s.variance)


def learn_changes(s: SimpleNamespace, f: SimpleNamespace, x: float, bucket: int) -> None:
    """A run of large errors of one sign moves the level; a scale wrong for long is replaced."""
    z = (x - f.centre) / math.sqrt(f.variance)
    if s.trend == 0 and s.error[0] < 4 * min(s.error):
        z = (x - s.level[0]) / math.sqrt(max(s.error[0], f.variance))
    if abs(z) > 3:
        sign = 1 if z > 0 else -1
        if s.run * sign < 0:
            s.run, s.run_sum = 0, 0.0
        s.run, s.run_sum = s.run + sign, s.run_sum + x
    elif s.run:
        s.run_sum *= 1 - 1 / abs(s.run)
        s.run += -1 if s.run > 0 else 1
    if abs(s.run) >= 24:
        s.level[:6] = [s.run_sum / 24] * 6
        s.deviation, s.slope, s.recent_ratio, s.run, s.wide, s.run_sum = 0.0, 0.0, 1.0, 0, 0, 0.0
        s.trend, s.line_first = 0.0, bucket - 23
    s.recent_ratio += (min((x - f.centre) ** 2 / f.variance, 25.0) - s.recent_ratio) / 32
    if s.recent_ratio > 5 and abs(s.run) < 12:
        s.wide = 1 if s.wide < 0 else s.wide + 1
    elif s.recent_ratio < 0.1:
        s.wide = -1 if s.wide > 0 else s.wide - 1
    else:
        s.wide = 0
    if s.wide >= 48 or s.wide <= -192:
        wider = min(s.recent_ratio / (1 - (s.recent_ratio / 25) ** 2) ** 2, 100.0)
        s.variance *= wider
        s.error = [e * wider for e in s.error]
        s.scale_count, s.recent_ratio, s.wide = min(s.scale_count, 64.0), 1.0, 0
        if s.slow_square < 0.1 * s.variance:
            s.spread_count = min(s.spread_count, 10.0)


def learning_weight(s: SimpleNamespace, ln_p: float) -> float:
    if ln_p >= -6.2 or s.count < 8:
        return 1.0
    least = max(0.05, 1 / (1 + 0.05 * s.count))
    return least if ln_p <= -10.8 else math.exp(math.log(least) * (ln_p + 6.2) / (-10.8 + 6.2))


def learn(s: SimpleNamespace, p: SimpleNamespace, f: SimpleNamespace, x: float, raw: float, ln_p: float, bucket: int) -> None:
    s.fraction |= x != math.floor(x)
    s.negative |= x < 0
    if s.count == 0:
        s.level, s.local_level, s.recent_ratio, s.first = [x] * 7, x, 1.0, bucket
    weight = learning_weight(s, ln_p)
    if s.scale_count >= 8:
        learn_shape(s, p, x, raw, x - f.centre)
    learn_repeats(s, x)
    fold_window(s, x, bucket)
    if s.count > 0:
        learn_value(s, f, x, weight)
    if s.count >= 8:
        learn_changes(s, f, x, bucket)
    s.count, s.scale_count, s.last = s.count + 1, s.scale_count + 1, bucket


# ---- trend ----------------------------------------------------------------------------------------------------------

DAY, LEAST = 3, 12  # buckets of a day, and of the shorter side of a bend, when a bucket is 8 hours


def fold_window(s: SimpleNamespace, x: float, bucket: int) -> None:
    """One slot a bucket, NaN where there was no value; the older half is forgotten when 224 are full."""
    if s.count == 0:
        s.reference, s.window_first = x, bucket
    while bucket > s.window_first + len(s.slots):
        if len(s.slots) == 224:
            s.slots, s.window_first = s.slots[112:], s.window_first + 112
        s.slots.append(float(np.float32(s.open)))
        s.open = NAN
    s.open = x - s.reference


def turned(n: int, kind: str, at: int) -> np.ndarray:
    """Columns 1, t and the turn of a bend or step at slot `at`."""
    t = np.arange(n, dtype=float)
    turns = {"none": [], "bend": [np.maximum(t - at, 0)], "step": [(t >= at) * 1.0]}
    return np.stack([np.ones(n), t, *turns[kind]], axis=1)


def squares(y: np.ndarray, columns: np.ndarray) -> float:
    known = ~np.isnan(y)
    return float(np.sum((y - columns @ np.linalg.lstsq(columns[known], y[known])[0])[known] ** 2))


def best_turn(y: np.ndarray, kind: str, places: range) -> int:
    return min(places, key=lambda at: squares(y, turned(len(y), kind, at)))


def remembering(y: np.ndarray, kind: str, at: int) -> SimpleNamespace:
    """Least squares, the memory of what it leaves, and least squares of the values less that memory."""
    columns = turned(len(y), kind, at)
    fit = SimpleNamespace(phi=0.0)
    for remember in (False, True):
        if remember:
            left = y - columns @ fit.weight
            both = ~np.isnan(left[1:] * left[:-1])
            phi = 2 * np.sum((left[1:] * left[:-1])[both]) / np.sum((left[1:] ** 2 + left[:-1] ** 2)[both])
            fit.phi = clip(phi + columns.shape[1] * (1 + 2 * phi) / both.sum(), 0.0, 0.98)
        white, design = y[1:] - fit.phi * y[:-1], columns[1:] - fit.phi * columns[:-1]
        known = ~np.isnan(white)
        white, design = white[known], design[known]
        fit.weight = np.linalg.lstsq(design, white)[0]
        left = white - design @ fit.weight
        fit.squares, fit.n = float(np.sum(left**2)), len(left)
        fit.kurtosis = float(np.sum(left**4)) * fit.n / fit.squares**2
        fit.covariance = np.linalg.inv(design.T @ design) * fit.squares / (fit.n - 3)
    return fit


def trend_is_due(s: SimpleNamespace, bucket: int) -> bool:
    if len(s.slots) % max(DAY, len(s.slots) // 28) or bucket - s.first < 14 * DAY:
        return False
    if 4 * (s.level[1] - s.level[0]) ** 2 <= s.error[0]:
        return False
    length = max(DAY, (len(s.slots) + 31) // 32)
    blocks = [np.array(s.slots[len(s.slots) - i * length :][:length]) for i in range(1, len(s.slots) // length + 1)]
    days = np.array([block[~np.isnan(block)].mean() if (~np.isnan(block)).any() else NAN for block in blocks])
    straight = squares(days, turned(len(days), "none", 0))
    bent = squares(days, turned(len(days), "bend", best_turn(days, "bend", range(1, len(days)))))
    return int((~np.isnan(days)).sum()) >= 6 and bent < 0.5 * straight


def test_trend(s: SimpleNamespace) -> tuple[float, float] | None:
    """The slopes before and after a bend, a bucket, where one is accepted."""
    y = np.array(s.slots[max(s.line_first - s.window_first, 0) :])
    n = len(y)
    if n - np.isnan(y).sum() < 4 * LEAST:
        return None
    at = best_turn(y, "bend", range(4, n - 3))
    if not LEAST <= at <= n - LEAST:
        return None
    straight, bent = remembering(y, "none", 0), remembering(y, "bend", at)
    stepped = remembering(y, "step", best_turn(y, "step", range(2, n - 1)))
    trust = min(1.0, 4 / bent.kurtosis)
    nats = [0.5 * straight.n * trust * math.log(straight.squares / fit.squares) for fit in (bent, stepped)]
    if nats[0] <= 9 + 9 * bent.phi or nats[0] < nats[1] + 5:
        return None
    slopes = []
    for pick in (np.array([0, 1, 0]), np.array([0, 1, 1])):
        slope, error = float(pick @ bent.weight), math.sqrt(pick @ bent.covariance @ pick)
        slopes.append(slope if abs(slope) > 3 * error else 0.0)
    if slopes[0] == slopes[1]:
        return None
    s.line_first, s.trend = s.window_first + len(s.slots) - n + at, slopes[1]
    now = s.reference + float(np.array([1, n, n - at]) @ bent.weight)
    best = min(s.error)
    s.error = [best if i == 4 or (i < 5 and s.trend == 0) else e for i, e in enumerate(s.error)]
    s.level[:5] = [now] * 5
    s.slope, s.deviation, s.run, s.run_sum = s.trend, 0.0, 0, 0.0
    return slopes[0], slopes[1]


def run(values: np.ndarray, side: int = 0) -> tuple[np.ndarray, np.ndarray, SimpleNamespace]:
    """(ln p, ln evidence, state) of a series in which no season is found; values are finite or NaN."""
    s = fresh()
    out = np.full((2, len(values)), np.nan)
    for bucket, x in enumerate(values.tolist()):
        if math.isnan(x):
            continue
        f = forecast(s, float(bucket - s.last) if s.count else 1.0)
        p = predictive(s, f, side)
        raw, ln_p = judge(p, x)
        e = evidence(s, f, side, x, ln_p)
        out[:, bucket] = ln_p, e.ln_evidence
        learn_evidence(s, e, x)
        learn(s, p, f, x, raw, ln_p, bucket)
        if trend_is_due(s, bucket):
            test_trend(s)
    return out[0], out[1], s
