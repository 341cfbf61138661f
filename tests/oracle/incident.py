"""What is going wrong is not learnt: `kernels/series_incident.hpp` from its definition."""

import math
from types import SimpleNamespace

from tests.oracle.expectation import DAY_MS, LEVELS, became, clip, repeats_itself, wanders
from tests.oracle.learning import begin_block, drop_season, forget_swing
from tests.oracle.trend import open_window

ODD = math.log(1e-3)
APART = 2.0
AS_THEY_WERE = {
    "before_variance": "spread_variance",
    "before_part_scale": "spread_part_scale",
    "before_scale_count": "spread_count",
    "before_level_count": "levels_count",
    "before_ahead": "levels_ahead",
    "before_ahead_all": "levels_ahead_all",
}
SUMS = (
    "incident_count",
    "incident_offset",
    "incident_offset_square",
    "incident_centre",
    "incident_centre_square",
    "incident_cross",
    "incident_season_square",
    "incident_season",
)


def open_incident(s: SimpleNamespace, bucket: int, z: float) -> None:
    s.incident_since, s.incident_first, s.incident_quiet, s.incident_further, s.incident_fits = bucket, z, 0, 0, 1.0
    for name in SUMS:
        setattr(s, name, 0.0)


def follow_incident(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, odd: bool, bucket: int) -> None:
    """Learn beside the expectation what it has become; an hour of buckets that fit what is expected ends it."""
    worse = False
    if odd and s.incident_count >= 1:  # than here, and than on the whole: a spread that has grown goes to both sides
        so_far = max(abs(became(s, e).value - e.centre), math.sqrt(s.incident_offset_square / s.incident_count))
        worse = abs(x - e.centre) > 2 * so_far
    s.incident_further = s.incident_further + 1 if worse else 0
    if s.incident_further == 3:  # something much worse has begun within it
        open_incident(s, bucket - 2, (x - e.centre) / e.deviation)
    near, telling = True, True
    if s.incident_count >= 1:
        now = became(s, e)
        near = abs(x - now.value) < abs(x - e.centre)
        telling = odd or abs(now.value - e.centre) > APART * e.deviation
        if (
            not telling and not now.swings and abs(now.offset) < APART * e.deviation
        ):  # neither here nor on the whole another level
            telling, near = True, False
    if repeats_itself(s):  # that value alone fits
        telling, near = True, x != s.repeats_usual
    if odd:
        s.incident_last = bucket
    if telling:
        s.incident_fits += (float(near) - s.incident_fits) / min(s.incident_count + 1, m.block)
    if odd or (telling and near):
        s.incident_quiet = 0
    elif telling:
        s.incident_quiet += 1
    keep = 1 - 1 / m.block if s.incident_count > m.block else 1.0
    error = x - e.centre
    seen = (1.0, error, error**2, e.centre, e.centre**2, error * e.centre, e.season**2, error * e.season)
    for name, one in zip(SUMS, seen, strict=True):
        setattr(s, name, keep * getattr(s, name) + one)
    if s.incident_quiet >= m.quiet:
        s.incident_since = -1
        s.lately_now = s.lately_mean


def visits_before(s: SimpleNamespace, x: float) -> int:
    """How often the series stayed where x is before the incident, by the slots of its window."""
    ends = [s.window_first + (i + 1) * s.window_span for i in range(len(s.slots))]
    before = [slot for slot, end in zip(s.slots, ends, strict=True) if end <= s.incident_since and not math.isnan(slot)]
    here = [abs(slot + s.reference - x) <= 2 * math.sqrt(s.spread_variance) for slot in before]
    return sum(now and not was for was, now in zip([False, *here], here, strict=False))


def patience(s: SimpleNamespace, m: SimpleNamespace, x: float, offset: float) -> float:
    """Buckets that an incident must last to be a change: a day and some, less where the series keeps to no level."""
    known = min(m.accept, max(12, s.incident_since - s.first))
    if not s.season_kind and wanders(s) > 0.5 and visits_before(s, x) >= 2:
        return min(m.quiet, known)
    far = abs(offset) / math.sqrt(max(s.levels_ahead_all, 1e-300))
    soon = clip(known * (far - 2) / 3, m.quiet, known)
    return known + wanders(s) * (soon - known)


def scale_all(s: SimpleNamespace, factor: float) -> None:
    """Everything of the metric's unit, and of its square, but for the part of the variance that grows as the square."""
    for name in ("season_unit", "levels_slope", "line_slope", "season_raw_level"):
        setattr(s, name, getattr(s, name) * factor)
    for name in ("levels_ahead_all", "spread_variance", "spread_disagreed", "season_square", "season_with", "season_without"):
        setattr(s, name, getattr(s, name) * factor**2)
    s.levels_value, s.levels_ahead = [one * factor for one in s.levels_value], [one * factor**2 for one in s.levels_ahead]
    s.spread_part[0], s.spread_part[1] = s.spread_part[0] * factor**2, s.spread_part[1] * factor
    for name in (
        "season_day_variance",
        "before_variance",
        "before_ahead_all",
    ):  # what was normal before is kept in the units of now
        setattr(s, name, getattr(s, name) * factor**2)
    s.before_ahead = [one * factor**2 for one in s.before_ahead]
    forget_swing(s)


def climbs_on(s: SimpleNamespace, m: SimpleNamespace, bucket: int) -> bool:
    """Does it rise or fall as before, from another level? What stopped would have left the line by now."""
    slope = s.line_slope + s.levels_share[4] * s.levels_slope
    around = s.incident_offset_square / s.incident_count - (s.incident_offset / s.incident_count) ** 2
    stopped = (slope * s.incident_count) ** 2 / 12
    return bucket - s.incident_since >= m.quiet and stopped > 4 * max(around, s.spread_variance)


def begin_anew(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> None:
    """The same line from where it is now."""
    remember_level(s, m, e, bucket)
    held = sum(share * value for share, value in zip(s.levels_share, s.levels_value, strict=True))
    s.levels_value = [value + e.level + x - e.centre - held for value in s.levels_value]
    s.season_raw_level += x - e.centre
    s.levels_learnt, s.incident_since = bucket, -1
    begin_block(s, bucket)


def remember_level(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, bucket: int) -> None:
    """What is normal now, for four weeks."""
    s.before_level, s.before_factor, s.before_run = e.level, 1.0, 0
    for before, name in AS_THEY_WERE.items():
        setattr(s, before, getattr(s, name))
    s.before_until = bucket + int(m.remember)


def accept_change(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> bool:
    """What has lasted long enough is normal: a steady level, or, after twice the time, another spread."""
    if climbs_on(s, m, bucket):
        begin_anew(s, m, e, x, bucket)
        return True
    now = became(s, e)
    patient = patience(s, m, x, math.sqrt(s.incident_offset_square / s.incident_count))
    lasted, level = bucket - s.incident_since, s.incident_fits > 0.5
    steady = level and (now.variance < 16 * max(s.spread_variance, e.variance) or x == s.previous)
    if lasted < (patient if steady else 2 * patient):
        return False
    if level and now.swings and now.amplitude < 0.1:  # as good as gone: after four cycles it is
        if lasted >= 4 * s.season_period_ms / DAY_MS * m.day:
            open_window(s, x, bucket)
            drop_season(s, e.level, now.variance, bucket)
        return True
    if level and now.swings:
        s.season_unit, s.season_square = s.season_unit * now.amplitude, s.season_square * now.amplitude**2
        forget_swing(s)
        s.spread_count, s.incident_since = min(s.spread_count, 64.0), -1
        s.season_without = s.season_with + s.season_unit**2 * float((s.profile.astype(float) ** 2).mean())
        begin_block(s, bucket)
        return True
    if level:
        change_level(s, m, e, x, bucket, now)
    if now.variance > 2 * s.spread_variance:
        s.spread_part_scale, s.spread_variance = s.spread_part_scale * now.variance / s.spread_variance, now.variance
    s.spread_count, s.levels_slope = min(s.spread_count, 64.0), 0.0
    begin_block(s, bucket)
    s.incident_since = -1
    return True


def change_level(
    s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int, now: SimpleNamespace
) -> None:
    remember_level(s, m, e, bucket)
    if now.multiplied:
        factor = max(now.factor, 1e-3)
        s.before_factor = 1 / factor
        scale_all(s, factor)
        after = e.level * factor
    else:
        offset = now.offset + wanders(s) * (x - e.centre - now.offset)
        s.season_raw_level += offset
        after = e.level + offset
    constant = not s.season_kind and now.variance <= 1e-9 * now.offset**2  # one value throughout, but for rounding
    if s.previous == x and (constant or repeats_itself(s)):
        s.repeats_usual, after, s.repeats_votes = x, x, m.accept
    s.levels_value = [after] * LEVELS
    s.levels_count = min(s.levels_count, m.block)


def comes_back(s: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> bool:
    """Three in a row that fit what was normal before the last change, and not what is: the two change places."""
    if math.isnan(e.alternative):
        return False
    was, now = (s.before_part_scale, s.spread_part_scale) if s.season_kind else (s.before_variance, s.spread_variance)
    far = 4 * (math.sqrt(was / now) if was < now else 1.0)
    if abs(x - e.alternative) >= far * s.before_factor * e.deviation or abs(x - e.centre) <= far * e.deviation:
        s.before_run = 0
        return False
    s.before_run += 1
    if s.before_run < 3:
        return True
    level, factor = s.before_level, s.before_factor
    s.before_level, s.before_factor, s.before_run = e.level, 1 / factor, 0
    if factor != 1:
        scale_all(s, factor)
    for before, name in AS_THEY_WERE.items():
        was = getattr(s, before)
        setattr(s, before, getattr(s, name))
        setattr(s, name, was)
    s.season_raw_level += level - s.levels_value[0]
    s.levels_value = [level] * LEVELS
    s.incident_since = -1
    begin_block(s, bucket)
    return True
