"""From a predictive distribution to a probability: `kernels/series_probability.hpp` with SciPy's distributions."""

import math
from types import SimpleNamespace

import numpy as np
from scipy import special

T3_SCALE = 1.5642208336799275
TAIL_START = -math.log(0.05)
FAR = 5.0
NAN = math.nan


def ln(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf


def normal_above(z: float) -> float:
    """ln P(Z >= z)."""
    return float(special.log_ndtr(-z))


def student_above(z: float, dof: float) -> float:
    """ln P(T >= z); from 128 degrees of freedom on a normal."""
    return normal_above(z) if dof >= 128 else ln(float(special.stdtr(dof, -z)))


def one_or_two(above: float, below: float, side: int) -> float:
    """ln p from the logs of P(X >= x) and P(X <= x)."""
    return above if side > 0 else below if side < 0 else min(0.0, min(above, below) + math.log(2))


def positive(p: SimpleNamespace, x: float) -> float:
    """Of families on the positive axis: smaller ones are rounding."""
    return max(x, 1e-9 * p.centre)


def log_normal_p(p: SimpleNamespace, high: float, low: float) -> float:
    spread = math.log1p((p.deviation / p.centre) ** 2)
    mu, sd = math.log(p.centre) - 0.5 * spread, math.sqrt(spread)
    above = normal_above((math.log(positive(p, high)) - mu) / sd)
    return one_or_two(above, normal_above(-(math.log(positive(p, low)) - mu) / sd), p.side)


def gamma_p(p: SimpleNamespace, high: float, low: float) -> float:
    """Where it is densest at zero, nothing is too small."""
    a, unit = (p.centre / p.deviation) ** 2, p.deviation**2 / p.centre
    above = gamma_above(a, positive(p, high) / unit)
    if a <= 1 and p.side == 0:
        return above
    return one_or_two(above, gamma_below(a, positive(p, low) / unit), p.side)


def gamma_above(a: float, x: float) -> float:
    return ln(float(special.gammaincc(a, x))) if x > 0 else 0.0


def gamma_below(a: float, x: float) -> float:
    return ln(float(special.gammainc(a, x))) if x > 0 else -math.inf


def dispersion(centre: float, deviation: float) -> float:
    """Size of the negative binomial, infinite without over-dispersion. The deviation has the 1/12 of rounding in it."""
    excess = deviation**2 - 1 / 12 - centre
    return math.inf if excess <= 1e-6 * centre else centre**2 / excess


def counts(p: SimpleNamespace, k: float) -> tuple[float, float]:
    """ln P(X >= k) and ln P(X <= k), k >= 0."""
    r = dispersion(p.centre, p.deviation)
    if r == math.inf:
        return gamma_below(k, p.centre) if k > 0 else 0.0, gamma_above(k + 1, p.centre)
    share = p.centre / (p.centre + r)
    at_least = ln(float(special.betainc(k, r, share))) if k > 0 else 0.0
    return at_least, ln(float(special.betaincc(k + 1, r, share)))


def heavy(p: SimpleNamespace, z: float) -> float:
    """ln P(Z >= z) of the t3, whose tail falls with a power of its own beyond five deviations."""
    if z > FAR:
        return student_above(FAR * T3_SCALE, 3) - p.tail_power * math.log(z / FAR)
    return student_above(z * T3_SCALE, 3)


def family_p(p: SimpleNamespace, family: int, x: float) -> float:
    if family > 1 and x < 0:  # less likely than zero, as a family without a say, and the less the further
        below = 0.0 if p.side > 0 else math.log(0.005) + min(0.0, math.log(2) + normal_above(-x / p.deviation))
        return family_p(p, family, 0.0) + below
    half = 0.5 if p.lattice else 0.0
    high, low = x - half, x + half
    if family == 4:
        return one_or_two(*counts(p, math.floor(x + 0.5)), p.side)
    if family == 3:
        return gamma_p(p, high, low)
    if family == 2:
        return log_normal_p(p, high, low)
    above, below = (high - p.centre) / p.deviation, (p.centre - low) / p.deviation
    if family == 1:
        return one_or_two(heavy(p, above), heavy(p, below), p.side)
    return one_or_two(student_above(above, p.dof), student_above(below, p.dof), p.side)


def bulk_deviate(p: SimpleNamespace, x: float, ratio: float) -> float:
    """The normal deviate, bent by skewness: once, twice, three times the ratio in a Poisson, a gamma, a log-normal."""
    reach = 1.8 if p.weight[0] + p.weight[1] > 0.9 or ratio < 0.25 else 1.25 if ratio < 1 / 3 else -1.0
    z = max(abs(x - p.centre) / p.deviation - (0.5 / p.deviation if p.lattice else 0.0), 0.0)
    bend = ratio * (3 * p.weight[2] + 2 * p.weight[3] + p.weight[4]) * (z * z - 1) / 6
    bent = max(z + bend if x < p.centre else z - bend, 0.0)
    return bent if max(z, bent) <= reach else math.inf


def around(p: SimpleNamespace, centre: float, deviation: float, x: float) -> float:
    """Under the families alone, around one centre."""
    p = SimpleNamespace(**{**vars(p), "centre": centre, "deviation": deviation})
    ratio = deviation / centre if centre > 0 else 0.0
    z = bulk_deviate(p, x, ratio)
    if z < math.inf and p.side == 0 and p.dof >= 32:
        return math.log(2) + student_above(z, p.dof)
    if p.weight[0] > 0.995:
        return family_p(p, 0, x)
    # Of a weight counts what is more than the least, so that a family comes in by and by.
    weight = [max(w - 0.005, 0.0) if i < 2 or centre > 0 else 0.0 for i, w in enumerate(p.weight)]
    parts = [math.log(w / sum(weight)) + family_p(p, i, x) for i, w in enumerate(weight) if w > 0]
    return min(0.0, float(np.logaddexp.reduce(parts)))


def near_zero(p: SimpleNamespace, x: float, ln_p: float) -> float:
    """What is near zero is not told by the bulk: a gamma that looks like the log-normal keeps a tenth of its weight there."""
    weight = 0.1 * (p.weight[2] - 0.005)
    if ln_p > -TAIL_START or x >= p.centre or p.side > 0 or weight <= 0:
        return ln_p
    return min(-TAIL_START, float(np.logaddexp(ln_p, math.log(weight) + family_p(p, 3, x))))


def calibrated(p: SimpleNamespace, ln_p: float, above: bool) -> float:
    """By how the tail on this side fared so far; in the bulk logarithms are stretched to meet it at its start."""
    rate, mean = p.tail_rate[above], p.tail_mean[above]
    if ln_p > -TAIL_START:
        return ln_p * (1 - math.log(rate) / TAIL_START)
    return min(0.0, math.log(rate) - TAIL_START - (-ln_p - TAIL_START) / mean)


def repeated(p: SimpleNamespace, x: float) -> float:
    """That it is another value than the usual one, times that it is so far off."""
    change = x - p.usual
    if change == 0 or change * p.side < 0:
        return 0.0
    z = (math.log(abs(change)) - p.jump_centre) / p.jump_deviation
    return p.ln_change + student_above(z, p.jump_dof)


def habit(p: SimpleNamespace, x: float) -> float:
    """ln P(an outlier as far out) of a series that has them, on this side; beyond the largest but one there are none."""
    size = math.log(abs(x - p.centre) + 1e-300)
    among = normal_above((size - p.outlier_centre) / p.outlier_deviation)
    beyond = min(0.0, math.log(2) + normal_above(max((size - p.outlier_end) / 0.1, 0.0)))
    return p.ln_outlier + ln(p.outlier_share[int(x > p.centre)]) + among + beyond


def judge(p: SimpleNamespace, x: float) -> tuple[float, float, float]:
    """ln p by the families alone (NaN where the series mostly repeats itself), ln p, and that without recurring outliers."""
    if p.dof <= 0:
        return 0.0, 0.0, 0.0
    repeats = not math.isnan(p.ln_change)
    raw = repeated(p, x) if repeats else around(p, p.centre, p.deviation, x)
    if not math.isnan(p.ln_alternative):
        raw = max(raw, p.ln_alternative + around(p, p.alternative, p.alternative_deviation, x))
    if repeats:
        return NAN, raw, raw
    ln_p = once = calibrated(p, raw, x > p.centre)
    if raw > -TAIL_START:
        return raw, ln_p, once
    ln_p = once = near_zero(p, x, once)
    if not math.isnan(p.ln_outlier):  # outliers are not likelier than what is nearer
        ln_p = min(calibrated(p, -TAIL_START, x > p.centre), float(np.logaddexp(ln_p, habit(p, x))))
    if x <= 0 and not math.isnan(p.ln_zero) and p.side <= 0:
        ln_p, once = min(ln_p, p.ln_zero), min(once, p.ln_zero)
    return raw, ln_p, once
