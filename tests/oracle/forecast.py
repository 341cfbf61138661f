"""What the forecast kernel computes, written to be read: one series, plain Python, each rule from its definition.

`kernels/series_backtest.hpp` and `kernels/series_forecast.hpp` are this, fast. Names are those of the kernel.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.oracle import expectation
from tests.oracle.expectation import expect

DECAY = (0.0, 1 / 12, 1 / 3, 1.0, 0.0, 1 / 24)
LEVELS, LAST = 4, 3
T3_SCALE = 1.5642208336799275
Season = Callable[[int], float]


def window(s: Any, season: Season) -> np.ndarray:
    """The means of slots without their season; NaN is no data. The open slot counts when half of it is there."""
    span, first = int(s["window.span"]), int(s["window.first"])
    slots = int(s["window.slots"])

    def usual(start: int, end: int) -> float:
        return float(np.mean([season(b) for b in range(start, end)]))

    starts = [first + i * span for i in range(slots)]
    value = [float(s["window.slot"][i]) + float(s["window.reference"]) - usual(b, b + span) for i, b in enumerate(starts)]
    open_start = first + slots * span
    if 2 * s["window.count"] >= span and s["last"] >= open_start:
        mean = float(s["window.sum"]) / float(s["window.count"]) + float(s["window.reference"])
        value.append(mean - usual(open_start, int(s["last"]) + 1))
    return np.array(value)


def without_spikes(value: np.ndarray) -> np.ndarray:
    steps = np.abs(np.diff(value))
    steps = np.sort(steps[~np.isnan(steps)])
    limit = 6 * steps[len(steps) // 2] if len(steps) else 0.0
    out = value.copy()
    for i in range(1, len(value) - 1):
        low, high = min(value[i - 1], value[i + 1]) - limit, max(value[i - 1], value[i + 1]) + limit
        if limit > 0 and not math.isnan(low + high + value[i]) and not np.isnan(value[i - 1 : i + 2]).any():
            out[i] = min(max(value[i], low), high)
    return out


def rule(value: np.ndarray, r: int, at: int) -> tuple[float, float]:
    """Level and slope a slot of one rule, told the slots up to `at`: a decayed mean, or a decayed least-squares line."""
    known = [i for i in range(at + 1) if not math.isnan(value[i])]
    base = value[known[0]]  # a constant is then all zeros, with no rounding to tell the rules apart
    y = value[known] - base
    weight = (1 - DECAY[r]) ** np.arange(len(known) - 1, -1, -1.0) if DECAY[r] < 1 else np.eye(len(known))[-1]
    if r < LEVELS or len(known) < 2:
        return float(base + np.average(y, weights=weight)), 0.0
    slope, level = np.polyfit(np.array(known) - at, y, 1, w=np.sqrt(weight))
    return float(base + level), float(slope)


def lasting(errors: list[float]) -> tuple[float, float]:
    """The share of the mean square of errors that lasts from one to the next, and its independent tries; NaN is no data."""
    tried = sum(not math.isnan(e) for e in errors)
    squares, near, far = (
        sum(a * b for a, b in zip(errors[lag:], errors[: len(errors) - lag], strict=True) if not math.isnan(a * b))
        for lag in range(3)
    )
    r = min(max(far / near, near / squares), 1.0) ** 2 if near > 0 else 0.0
    return min(max(near / squares, 0.0), 1.0) if squares > 0 else 0.0, max(tried * (1 - r) / (1 + r), 1.0)


def freedom(errors: list[float]) -> float:
    """How many independent errors these are worth for a variance."""
    share, tries = lasting(errors)
    tried = sum(not math.isnan(e) for e in errors)
    return max(1 / ((1 - share) ** 2 / tried + share**2 / tries), 1.0)


def examine(value: np.ndarray) -> dict[str, Any]:
    """Lags, and at each the weights of the rules, the variance of the whole and the independent tries behind it."""
    n = len(value)
    said = [[rule(value, r, at) for r in range(6)] if at >= n // 3 else None for at in range(n)]
    k: dict[str, Any] = {"lag": [], "weight": [], "variance": [], "freedom": [], "trust": 0.0, "slots": n}
    lag = 1
    while lag <= max(n // 3, 1) and len(k["lag"]) < 16:
        try_lag(value, said, lag, k)
        lag += max(lag // 2, 1)
    smooth(k)
    return k


def try_lag(value: np.ndarray, said: list[Any], lag: int, k: dict[str, Any]) -> None:
    origins = range(len(value) // 3, len(value) - lag)
    errors = [[value[i + lag] - said[i][r][0] - lag * said[i][r][1] for i in origins] for r in range(6)]
    if sum(not math.isnan(e) for e in errors[0]) < 3:
        return
    free = [freedom(e) for e in errors]
    squares = [sum(x * x for x in e if not math.isnan(x)) for e in errors]
    squares = [q * (1 + 4 / math.sqrt(f)) if r >= LEVELS else q for r, (q, f) in enumerate(zip(squares, free, strict=True))]
    weight = np.array([(min(squares) / q) ** 5 if q > 0 else 1.0 for q in squares])
    weight /= weight.sum()
    if k["lag"]:
        before = 6 / (6 + float(weight @ np.array(free)))
        weight += before * (k["weight"][-1] - weight)
    whole = list(weight @ np.array(errors))
    known = [e for e in whole if not math.isnan(e)]
    k["lag"].append(lag)
    k["weight"].append(weight)
    share, tries = lasting(whole)
    mean = sum(e * e for e in known) / len(known)
    k["variance"].append(mean * (1 - share) + mean * share * (tries + 0.75) / (tries - 0.75))
    k["freedom"].append(freedom(whole))
    levels, lines = min(squares[:LEVELS]), min(squares[LEVELS:])
    k["trust"] = min(max((0.5 - lines / levels) / 0.25, 0.0), 1.0) if levels > 0 else 0.0


def smooth(k: dict[str, Any]) -> None:
    power, v, f = 0.5, k["variance"], k["freedom"]
    for j in range(1, len(v)):
        longer = k["lag"][j] / k["lag"][j - 1]
        v[j] = max((f[j] * v[j] + 6 * v[j - 1] * longer**power) / (f[j] + 6), v[j - 1])
        f[j] += 2
        grown = math.log(v[j] / v[j - 1]) / math.log(longer) if v[j - 1] > 0 else 0.0
        power += 0.5 * (min(max(grown, 0.0), 2.0) - power)
    k["beyond"] = power * (2 - power) if power < 1 else power


def step(k: dict[str, Any], now: list[tuple[float, float]], lag: float) -> tuple[float, float, float]:
    """Centre, variance and freedom `lag` slots ahead."""
    lags, most = k["lag"], k["lag"][-1]
    place = math.log(min(max(lag, 1.0), most))
    weight = np.array([np.interp(place, np.log(lags), [w[r] for w in k["weight"]]) for r in range(6)])
    variance, free = (float(np.interp(place, np.log(lags), k[name])) for name in ("variance", "freedom"))
    reach = lag if lag <= most else most + k["trust"] * (lag - most)
    slope = sum(w * one[1] for w, one in zip(weight, now, strict=True))
    centre = sum(w * one[0] for w, one in zip(weight, now, strict=True)) + reach * slope
    if lag > most:
        variance *= (lag / most) ** k["beyond"]
        free = max(free / (lag / most) ** k["beyond"], 1.0)
        turn = 0.25 * k["trust"] ** 2 * min((lag - most) / k["slots"], 1.0)
        variance += (slope * (lag - most)) ** 2 * ((1 - k["trust"]) ** 2 + turn)
    return centre, variance, free


def mean_of_slot(phi: float, m: int) -> float:
    """Variance of the mean of m values with AR(1) memory phi and innovations of variance 1."""
    lags = sum((m - j) * phi**j for j in range(1, m))
    return (m + 2 * lags) / (m * m * (1 - phi * phi))


def within_slot(one_step: float, slot_step: float, m: int) -> float:
    if m == 1 or not one_step > 0:
        return 0.0
    white, walk = 1 - 1 / m, (m * m - 1) / (6 * m)
    place = min(max((slot_step / one_step - 1 / m) / (2 * m / 3 - 1 / m), 0.0), 1.0)
    return one_step * (white + math.sqrt(place) * (walk - white))


def memory(s: Any, slot_step: float, m: int) -> float:
    if m == 1:
        return min(memory_of_rest(s), 0.9)
    low, high = 0.0, 0.99
    for _ in range(12):
        middle = 0.5 * (low + high)
        if mean_of_slot(middle, m) * s["spread.variance"] < slot_step:
            low = middle
        else:
            high = middle
    return low


def t_quantile(z: float, dof: float) -> float:
    n = max(dof, 2.0)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def band(s: Any, centre: float, deviation: float, z: float, shape: float, dof: float) -> tuple[float, float]:
    w = [float(x) for x in s["families.weight"]]
    if centre <= 0:
        w = [w[0], 1 - w[0], 0.0, 0.0, 0.0]
    plain = 1 - shape * sum(w[1:])
    half = deviation * (plain * t_quantile(z, dof) + shape * w[1] * t_quantile(z, 3) / T3_SCALE)
    bounds = []
    for sign in (-1, 1):
        total = (plain + shape * w[1]) * centre + sign * half
        if sum(w[2:]) > 0:
            spread = math.log1p((deviation / centre) ** 2)
            cube = (deviation / centre) ** 2 / 9
            total += shape * w[2] * centre * math.exp(sign * z * math.sqrt(spread) - spread / 2)
            total += shape * (w[3] + w[4]) * centre * max(1 - cube + sign * z * math.sqrt(cube), 0.0) ** 3
        bounds.append(total)
    return bounds[0], max(bounds)


def memory_of_rest(s: Any) -> float:
    return min(max(float(s["rest.cross"] / s["rest.square"]), 0.0), 0.98) if s["rest.square"] > 0 else 0.0


def one_step(state: SimpleNamespace, season: float) -> float:
    """What is expected of the next value of a state of `series.of_record`, and what the last left in it; season removed."""
    e = expect(state, expectation.memory(SPAN_MS), state.last + 1, season, 0.0, state.season_cycles[0])
    return e.level + (0.0 if math.isnan(state.rest_last) else expectation.memory_of_rest(state) * state.rest_last * e.deviation)


def own_variance(s: Any, centre: float) -> float:
    """Of values around what is expected of them; with a season it follows that."""
    if not s["season.kind"]:
        return float(s["spread.variance"])
    above = max(centre, 0.0)
    return float(s["spread.part_scale"] * (s["spread.part"][0] + s["spread.part"][1] * above + s["spread.part"][2] * above**2))


def forecast(s: Any, season: Season, following: float, buckets: int, z: float) -> np.ndarray:
    """[4, buckets] lower, prediction, upper and level of the buckets after the last value of a record.

    Args:
        s: a record of `state.SERIES`.
        season: the profile's value in a bucket, metric unit.
        following: what is expected of the next value, season removed: `one_step`.
        buckets: how many.
        z: normal quantile of the bounds.
    """
    value, m, last, variance = window(s, season), int(s["window.span"]), int(s["last"]), float(s["spread.variance"])
    value = without_spikes(value)
    k = examine(value)
    now = [rule(value, r, len(value) - 1) for r in range(6)]
    middle = float(s["window.first"]) + (len(value) - 0.5) * m - 0.5
    slot_step = step(k, now, 1.0)[1]
    noise, phi = within_slot(variance, slot_step, m), memory(s, slot_step, m)
    profile = 0.0
    if s["season.kind"]:
        profile = 2 * max(1 / (1 + float(s["season.cycles"][0])), 0.1 / 1.9)
    far = max(slot_step * (1 + profile) + noise, variance)
    reached = 1 - phi ** (2 * max(middle + m - last - 1, 1.0))
    lead = following - step(k, now, (last + 1 - middle) / m)[0]
    out = np.empty((4, buckets))
    for i in range(buckets):
        lag = (last + 1 + i - middle) / m
        centre, grown, free = step(k, now, lag)
        centre += lead * phi**i + season(last + 1 + i)
        total = grown * (1 + profile) + noise if lag >= 1 else variance + (far - variance) * (1 - phi ** (2 * i)) / reached
        seen = min(float(s["count"]), 2000.0)
        away = centre - season(last + 1 + i) - float(s["levels.value"][0])
        most = (float(s["levels.ahead"][0]) + away**2) * (1 + 2 * (i + 1) / max(seen, 1.0))
        if total > most and s["line.slope"] == 0:
            total, free = most, max(free, seen * variance / max(most, variance))
        total = max(total, variance)
        own = own_variance(s, centre)
        total += own - variance
        least = (1e-9 * abs(centre) + 1e-150) ** 2 + (0.0 if s["flags"] & 1 else 1 / 12)
        total += least
        dof = 1 / (1 / float(s["spread.count"]) + 1 / free)
        lower, upper = band(s, centre, math.sqrt(total), z, own / total, dof)
        if not s["flags"] & 1:  # whole numbers have whole bounds
            lower, upper = math.ceil(lower - 0.6), math.floor(upper + 0.6)
        out[:, i] = lower, centre, upper, centre - season(last + 1 + i)
    if not s["flags"] & 2:
        out[:3] = np.maximum(out[:3], 0.0)
    return out


SPAN_MS = 3_600_000
"""Length of a bucket in the tests that use this."""
