"""What is going wrong is not learnt: `kernels/series_incident.hpp` from its definition."""

import math
from types import SimpleNamespace

from tests.oracle.expectation import DAY_MS, LEVELS, became, clip, repeats_itself, wanders
from tests.oracle.learning import begin_block, drop_season, forget_swing
from tests.oracle.trend import open_window

ODD = math.log(1e-3)
APART = 2.0
AS_THEY_WERE = ("variance", "part_scale", "scale_count", "level_count", "ahead", "ahead_all")
SUMS = (
    "odd_count",
    "odd_offset",
    "odd_offset_square",
    "odd_centre",
    "odd_centre_square",
    "odd_cross",
    "odd_season_square",
    "odd_season",
)


def open_incident(s: SimpleNamespace, bucket: int, z: float) -> None:
    s.odd_since, s.odd_first, s.odd_quiet, s.odd_further, s.odd_fits = bucket, z, 0, 0, 1.0
    for name in SUMS:
        setattr(s, name, 0.0)


def follow_incident(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, odd: bool, bucket: int) -> None:
    """Learn beside the expectation what it has become; an hour of buckets that fit what is expected ends it."""
    worse = False
    if odd and s.odd_count >= 1:  # than here, and than on the whole: a spread that has grown goes to both sides
        so_far = max(abs(became(s, e).value - e.centre), math.sqrt(s.odd_offset_square / s.odd_count))
        worse = abs(x - e.centre) > 2 * so_far
    s.odd_further = s.odd_further + 1 if worse else 0
    if s.odd_further == 3:  # something much worse has begun within it
        open_incident(s, bucket - 2, (x - e.centre) / e.deviation)
    near, telling = True, True
    if s.odd_count >= 1:
        now = became(s, e)
        near = abs(x - now.value) < abs(x - e.centre)
        telling = odd or abs(now.value - e.centre) > APART * e.deviation
        if (
            not telling and not now.swings and abs(now.offset) < APART * e.deviation
        ):  # neither here nor on the whole another level
            telling, near = True, False
    if repeats_itself(s):  # that value alone fits
        telling, near = True, x != s.usual
    if odd:
        s.odd_last = bucket
    if telling:
        s.odd_fits += (float(near) - s.odd_fits) / min(s.odd_count + 1, m.block)
    if odd or (telling and near):
        s.odd_quiet = 0
    elif telling:
        s.odd_quiet += 1
    keep = 1 - 1 / m.block if s.odd_count > m.block else 1.0
    error = x - e.centre
    seen = (1.0, error, error**2, e.centre, e.centre**2, error * e.centre, e.season**2, error * e.season)
    for name, one in zip(SUMS, seen, strict=True):
        setattr(s, name, keep * getattr(s, name) + one)
    if s.odd_quiet >= m.quiet:
        s.odd_since = -1
        s.lately = s.lately_mean


def patience(s: SimpleNamespace, m: SimpleNamespace, offset: float) -> float:
    """Buckets that an incident must last to be a change: a day and some, less where the series keeps to no level."""
    known = min(m.accept, max(12, s.odd_since - s.first))
    far = abs(offset) / math.sqrt(max(s.ahead_all, 1e-300))
    soon = clip(known * (far - 2) / 3, m.quiet, known)
    return known + wanders(s) * (soon - known)


def scale_all(s: SimpleNamespace, factor: float) -> None:
    """Everything of the metric's unit, and of its square, but for the part of the variance that grows as the square."""
    for name in ("season_unit", "slope", "trend", "raw_level"):
        setattr(s, name, getattr(s, name) * factor)
    for name in ("ahead_all", "variance", "disagreed", "season_square", "with_season", "without_season"):
        setattr(s, name, getattr(s, name) * factor**2)
    s.level, s.ahead = [one * factor for one in s.level], [one * factor**2 for one in s.ahead]
    s.part[0], s.part[1] = s.part[0] * factor**2, s.part[1] * factor
    for name in ("day_variance", "old_variance", "old_ahead_all"):  # what was normal before is kept in the units of now
        setattr(s, name, getattr(s, name) * factor**2)
    s.old_ahead = [one * factor**2 for one in s.old_ahead]
    forget_swing(s)


def accept_change(s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> bool:
    """What has lasted long enough is normal: a steady level, or, after twice the time, another spread."""
    now = became(s, e)
    patient = patience(s, m, math.sqrt(s.odd_offset_square / s.odd_count))
    lasted, level = bucket - s.odd_since, s.odd_fits > 0.5
    steady = level and (now.variance < 16 * max(s.variance, e.variance) or x == s.previous)
    if lasted < (patient if steady else 2 * patient):
        return False
    if level and now.swings and now.amplitude < 0.1:  # as good as gone: after four cycles it is
        if lasted >= 4 * s.period_ms / DAY_MS * m.day:
            open_window(s, x, bucket)
            drop_season(s, e.level, now.variance, bucket)
        return True
    if level and now.swings:
        s.season_unit, s.season_square = s.season_unit * now.amplitude, s.season_square * now.amplitude**2
        forget_swing(s)
        s.scale_count, s.odd_since = min(s.scale_count, 64.0), -1
        s.without_season = s.with_season + s.season_unit**2 * float((s.profile.astype(float) ** 2).mean())
        begin_block(s, bucket)
        return True
    if level:
        change_level(s, m, e, x, bucket, now)
    if now.variance > 2 * s.variance:
        s.part_scale, s.variance = s.part_scale * now.variance / s.variance, now.variance
    s.scale_count, s.slope = min(s.scale_count, 64.0), 0.0
    begin_block(s, bucket)
    s.odd_since = -1
    return True


def change_level(
    s: SimpleNamespace, m: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int, now: SimpleNamespace
) -> None:
    s.old_level, s.old_factor, s.old_run = e.level, 1.0, 0
    for name in AS_THEY_WERE:
        setattr(s, f"old_{name}", getattr(s, name))
    s.old_until = bucket + int(m.remember)
    if now.multiplied:
        factor = max(now.factor, 1e-3)
        s.old_factor = 1 / factor
        scale_all(s, factor)
        after = e.level * factor
    else:
        offset = now.offset + wanders(s) * (x - e.centre - now.offset)
        s.raw_level += offset
        after = e.level + offset
    constant = not s.season and now.variance <= 1e-9 * now.offset**2  # one value throughout, but for rounding
    if s.previous == x and (constant or repeats_itself(s)):
        s.usual, after, s.votes = x, x, m.accept
    s.level = [after] * LEVELS
    s.level_count = min(s.level_count, m.block)


def comes_back(s: SimpleNamespace, e: SimpleNamespace, x: float, bucket: int) -> bool:
    """Three in a row that fit what was normal before the last change, and not what is: the two change places."""
    if math.isnan(e.alternative):
        return False
    was, now = (s.old_part_scale, s.part_scale) if s.season else (s.old_variance, s.variance)
    far = 4 * (math.sqrt(was / now) if was < now else 1.0)
    if abs(x - e.alternative) >= far * s.old_factor * e.deviation or abs(x - e.centre) <= far * e.deviation:
        s.old_run = 0
        return False
    s.old_run += 1
    if s.old_run < 3:
        return True
    level, factor = s.old_level, s.old_factor
    s.old_level, s.old_factor, s.old_run = e.level, 1 / factor, 0
    if factor != 1:
        scale_all(s, factor)
    for name in AS_THEY_WERE:
        was = getattr(s, f"old_{name}")
        setattr(s, f"old_{name}", getattr(s, name))
        setattr(s, name, was)
    s.raw_level += level - s.level[0]
    s.level = [level] * LEVELS
    s.odd_since = -1
    begin_block(s, bucket)
    return True
