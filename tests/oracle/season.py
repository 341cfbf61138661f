"""A season's profile and what is learnt of it: `kernels/series_season.hpp` and `series_season_amplitude.hpp` as defined.

The search for seasons is not in here: a state that has one is handed in, its profile as `s.profile` (float32).
"""

import math
from types import SimpleNamespace

import numpy as np

from tests.oracle.expectation import DAY_MS, HOUR_MS, clip, memory_of_rest, small_counts
from tests.oracle.learning import drop_season, forget_swing, restart, restart_parts, share_weights

DAILY, WORKDAYS, FREE = 1, 2, 4


def knots_of_cycle(s: SimpleNamespace) -> int:
    """A day has one part for working days and one for weekends."""
    return s.season_knots // 2 if s.season_kind in (DAILY, WORKDAYS) else s.season_knots


def position(s: SimpleNamespace, clock: SimpleNamespace, later_ms: int = 0) -> tuple[int, int, float]:
    """Two neighbouring knots and the share of the second. `clock`: bucket, local_ms since a Monday, span_ms."""
    time = (clock.bucket * clock.span_ms if s.season_kind == FREE else clock.local_ms) - s.season_shift_ms - later_ms
    knots = knots_of_cycle(s)
    base = knots if s.season_kind in (DAILY, WORKDAYS) and time % (7 * DAY_MS) >= 5 * DAY_MS else 0
    width, into = s.season_period_ms / knots, time % s.season_period_ms
    if clock.span_ms > 0.75 * width:
        at = base + min(int((into + 1) / width), knots - 1)
        return at, at, 0.0
    place = (into + 0.5 * clock.span_ms) / width - 0.5 + knots
    whole = math.floor(place)
    return base + whole % knots, base + (whole + 1) % knots, place - whole


def snapped(s: SimpleNamespace, at: tuple[int, int, float]) -> tuple[int, int, float]:
    """The nearer knot alone where the two differ by more than values scatter: an edge."""
    apart = s.season_unit * float(s.profile[at[1]] - s.profile[at[0]])
    if at[2] == 0 or apart**2 <= 16 * s.spread_variance:
        return at
    nearer = at[0] if at[2] < 0.5 else at[1]
    return nearer, nearer, 0.0


def value(s: SimpleNamespace, place: tuple[int, int, float]) -> float:
    at, then, share = snapped(s, place)
    return s.season_unit * ((1 - share) * float(s.profile[at]) + share * float(s.profile[then]))


def part_of(s: SimpleNamespace, place: tuple[int, int, float]) -> int:
    return int(s.season_kind in (DAILY, WORKDAYS) and place[0] >= knots_of_cycle(s))


def unseen(s: SimpleNamespace, place: tuple[int, int, float]) -> float:
    part = part_of(s, place)
    return (
        max(1 - 0.5 * math.floor(s.season_cycles[part] + s.season_known_days[part] + 1e-6), 0.0)
        if s.season_kind == DAILY
        else 0.0
    )


def doubt(s: SimpleNamespace, place: tuple[int, int, float], clock: SimpleNamespace) -> float:
    """Variance of the profile where such a day is new, and on the first visits what the wide slots it was made of hide."""
    new_day, visits = unseen(s, place) ** 2 * s.season_square, math.floor(s.season_cycles[part_of(s, place)] + 1e-6)
    if visits >= 3 or s.window_span == 1:
        return new_day
    half = s.window_span * clock.span_ms // 2
    near = [value(s, place), *(value(s, position(s, clock, later)) for later in (half, -half))]
    return new_day + (max(near) - min(near)) ** 2 / (12 * (1 + visits))


def move_profile(s: SimpleNamespace, place: tuple[int, int, float], by: float) -> None:
    at, then, share = snapped(s, place)
    step = by / (s.season_unit * ((1 - share) ** 2 + share**2))
    s.profile[at] = np.float32(float(s.profile[at]) + step * (1 - share))
    if share > 0:
        s.profile[then] = np.float32(float(s.profile[then]) + step * share)


def visits_of_knot(s: SimpleNamespace, span_ms: int) -> float:
    return max(1.0, s.season_period_ms / span_ms / knots_of_cycle(s))


def learn_profile(s: SimpleNamespace, place: tuple[int, int, float], error: float, span_ms: int) -> float:
    """A mean over the cycles seen, later over ten of them; how far the profile has moved here."""
    part, visits = part_of(s, snapped(s, place)), visits_of_knot(s, span_ms)
    own = s.season_kind != DAILY or part_of(s, place) == 0
    near = small_counts(s) or (own and error**2 <= 9 * s.spread_variance)
    seeded = s.season_seeded if near else 0.0  # the means of slots it started from stand for so many visits
    g = max(1 / (1 + seeded + math.floor(s.season_cycles[part] + 1e-6)), 0.1) / visits
    move_profile(s, place, g * error)
    s.season_cycles[part] += 1 / (visits * knots_of_cycle(s))
    return g * error


def packed_marks(s: SimpleNamespace) -> list[int]:
    """As they lie behind the profile: three bits each, eight a float, the highest where it was low."""
    marks = [abs(mark) + 4 * (mark < 0) for mark in s.marks] + [0] * 7
    return [sum(marks[8 * i + j] << 3 * j for j in range(8)) for i in range(len(marks) // 8)]


def learn_recurring(
    s: SimpleNamespace, place: tuple[int, int, float], e: SimpleNamespace, x: float, odd: bool, clock: SimpleNamespace
) -> None:
    """Odd at a knot on two visits running to the same side, an eighth of a cycle long at most: half is learnt, then all.

    `s.marks`: of each knot, on how many visits running it was odd; negative where it was low.
    """
    tells = place[2] * visits_of_knot(s, clock.span_ms) < 1 - 1e-6
    if not odd:
        if tells:
            s.marks[place[0]] = 0
        return
    lasted, longest = clock.bucket - s.incident_since, 0.125 * s.season_period_ms / clock.span_ms
    if lasted >= longest:
        for before in range(1, lasted + 1) if lasted < longest + 1 else ():
            then = SimpleNamespace(
                bucket=clock.bucket - before, local_ms=clock.local_ms - before * clock.span_ms, span_ms=clock.span_ms
            )
            s.marks[position(s, then)[0]] = 0
        return
    side = -1 if x < e.centre else 1
    if tells:
        before = s.marks[place[0]]
        s.marks[place[0]] = side * min(max(side * before, 0) + 1, 3)
    visits = side * s.marks[place[0] if place[2] < 0.5 else place[1]]
    if visits < 2 or s.levels_share[0] + s.levels_share[1] < 0.5:
        return
    by = (x - e.centre) * (0.5 if visits == 2 else 1.0)
    move_profile(s, place, by)
    if s.season_kind == DAILY:
        half = knots_of_cycle(s)
        to = half if place[0] < half else -half
        twin = (place[0] + to, place[1] + to, place[2])
        if abs(value(s, twin) - e.season) < 2 * e.deviation:
            move_profile(s, twin, by)


def compare_season(s: SimpleNamespace, clock: SimpleNamespace, x: float, from_level: float, limit: float) -> bool:
    """Whether it is dropped: over four cycles values lay no closer to the slow level with it than without it."""
    cycle = s.season_period_ms / clock.span_ms
    g = 1 / max(4 * cycle, 64)
    s.season_with += g * (min(from_level**2, limit) - s.season_with)
    s.season_without += g * (min((x - s.season_raw_level) ** 2, limit) - s.season_without)
    if s.incident_since < 0:
        s.season_raw_level += (x - s.season_raw_level) / 2000
    s.season_age += 1
    if s.season_age < 2 * cycle or s.season_with < s.season_without:
        return False
    drop_season(s, s.season_raw_level, s.season_without, clock.bucket)
    return True


def compare_shift(s: SimpleNamespace, clock: SimpleNamespace, e: SimpleNamespace, x: float) -> bool:
    """Whether the profile is moved by an hour: Page's test of the other hour, where it says more and where it says less."""
    if s.season_kind == FREE or clock.span_ms > HOUR_MS or s.season_age < 2 * s.season_period_ms / clock.span_ms:
        return False
    phi = memory_of_rest(s)
    v = 2 * e.variance * (1 + phi) / (1 - phi)
    here = min((x - e.level - e.season) ** 2 / v, 4.5)
    for gains, by in zip(s.season_shift_gain, (HOUR_MS, -HOUR_MS), strict=True):
        if abs(s.season_shift_ms + by) > HOUR_MS:
            continue
        other = value(s, position(s, clock, by))
        there = min((x - e.level - other) ** 2 / v, 4.5)
        side = int(other > e.season)
        gains[side] = max(0.0, gains[side] + here - there)
        if gains[0] + gains[1] == 0:
            gains[2] = gains[3] = 0.0
        gains[2], gains[3] = gains[2] + here, gains[3] + there
        if min(gains[:2]) >= 10 and gains[3] <= 0.35 * gains[2]:
            s.season_shift_ms += by
            s.season_shift_gain = [[0.0] * 4, [0.0] * 4]
            restart(s, e.level, clock.bucket)
            return True
    return False


# ---- amplitude ------------------------------------------------------------------------------------------------------


def swing_nats(s: SimpleNamespace, left: float) -> float:
    """By which a factor describes the trial better: as many as its buckets are worth, with the memory of what it leaves."""
    b = s.amplitude_cross / s.amplitude_square
    r = (s.amplitude_lag[0] - b * s.amplitude_lag[1] + b * b * s.amplitude_lag[2]) / left
    phi = clip(r + (1 + 3 * r) / s.amplitude_trial, 0.0, 0.98)
    return 0.5 * s.amplitude_trial * (1 - phi) / (1 + phi) * math.log(s.amplitude_miss / max(left, 1e-6 * s.amplitude_miss))


def scale_season(s: SimpleNamespace, clock: SimpleNamespace, left: float) -> None:
    s.season_unit *= 1 + s.amplitude_cross / s.amplitude_square
    s.spread_variance, s.season_with = min(s.spread_variance, left / s.amplitude_trial), left / s.amplitude_trial
    s.season_without = s.season_with + s.season_unit**2 * float((s.profile.astype(float) ** 2).mean())
    forget_swing(s)
    s.families_ln_weight = [0.1 * w for w in s.families_ln_weight]
    share_weights(s)
    restart(s, s.levels_value[0], clock.bucket)
    restart_parts(s, s.levels_value[0])


def swing_can_show(s: SimpleNamespace, clock: SimpleNamespace, cycle: float) -> bool:
    """In a season that is known; if its cycle is too short to tell how much neighbours are alike, where the level is kept."""
    known = s.season_age > 2 * cycle and (clock.bucket - s.first) * clock.span_ms >= 14 * DAY_MS
    return known and (cycle > 64 or s.levels_share[0] + s.levels_share[1] > 0.5)


def learn_swing(s: SimpleNamespace, clock: SimpleNamespace, profile: float, miss: float) -> bool:
    """Whether the profile is scaled: what it leaves is regressed on itself, first decayed, then over a trial of one cycle."""
    cycle = s.season_period_ms / clock.span_ms
    fade = 0.0 if s.amplitude_trial > 0 else 1 / cycle
    s.amplitude_miss += miss**2 - fade * s.amplitude_miss
    s.amplitude_cross += miss * profile - fade * s.amplitude_cross
    s.amplitude_square += profile**2 - fade * s.amplitude_square
    share, whole = s.amplitude_cross**2, s.amplitude_miss * s.amplitude_square
    if s.amplitude_trial > 0:
        before = value(s, position(s, clock, clock.span_ms))
        lags = (miss * s.amplitude_last, miss * before + profile * s.amplitude_last, profile * before)
        s.amplitude_lag = [total + one for total, one in zip(s.amplitude_lag, lags, strict=True)]
        s.amplitude_trial += 1
    elif share > whole / 3 and swing_can_show(s, clock, cycle):
        forget_swing(s)
        s.amplitude_trial = 1.0
    s.amplitude_last = miss
    if s.amplitude_trial <= cycle:
        return False
    left = s.amplitude_miss - share / s.amplitude_square
    if s.amplitude_cross > -0.9 * s.amplitude_square and share > 0.5 * whole and swing_nats(s, left) > 10:
        scale_season(s, clock, left)
        return True
    s.amplitude_trial = 0.0
    return False
