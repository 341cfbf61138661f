"""What the series kernel computes, written to be read: one series, one bucket after the other, plain Python and SciPy.

`kernels/series*.hpp` is this, fast. Where the two differ, the kernel is wrong. The modules beside this one are its parts.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from barograph.models import state
from tests.oracle import season
from tests.oracle.evidence import LATELY_GAIN, evidence, learn_lately, run_apart
from tests.oracle.expectation import DAY_MS, IMPOSSIBLE, LEVELS, clip, expect, memory, predictive
from tests.oracle.incident import ODD, accept_change, comes_back, follow_incident, open_incident
from tests.oracle.learning import (
    begin_block,
    forget_outliers,
    forget_silence,
    keep_due,
    learn_ahead,
    learn_families,
    learn_far,
    learn_levels,
    learn_memory,
    learn_narrowing,
    learn_outliers,
    learn_outlying,
    learn_repeats,
    learn_rows,
    learn_run,
    learn_spread,
    learn_still,
    learn_sudden,
    learn_tail,
    share_weights,
    trust_of,
)
from tests.oracle.probability import judge
from tests.oracle.trend import fold_window, open_zero_window, test_trend, trend_is_due

BIGGEST = 1e140
NOTHING_LATELY = 1.0, 1.0, LATELY_GAIN / (2 - LATELY_GAIN)
MONDAY_MS = 3 * DAY_MS
"""Of epoch time, from the Monday before on, in UTC."""


def of_record(record: np.void, pool: np.ndarray) -> SimpleNamespace:
    """A state as the kernel left it, of one series."""
    s = SimpleNamespace(**{name.replace(".", "_"): record[name].tolist() for name in state.SERIES.names or ()})
    s.fraction, s.negative = bool(s.flags & 1), bool(s.flags & 2)
    s.season_shift_gain = [s.season_shift_gain[:4], s.season_shift_gain[4:]]
    s.slots, s.open, s.reference = [], [], 0.0
    s.profile = (
        np.array(pool[s.season_bins : s.season_bins + s.season_knots], np.float32) if s.season_kind else np.zeros(0, np.float32)
    )
    packed = pool[s.season_bins + s.season_knots :] if s.season_kind else np.zeros(0, np.float32)
    marks = [int(packed[knot // 8]) >> 3 * (knot % 8) & 7 for knot in range(s.season_knots)]
    s.marks = [-(mark & 3) if mark & 4 else mark for mark in marks]
    return s


def fresh() -> SimpleNamespace:
    """A series that has seen nothing."""
    return of_record(state.fresh(1)[0], np.zeros(0, np.float32))


def begin(s: SimpleNamespace, m: SimpleNamespace, bucket: int, x: float) -> None:
    s.first = s.born = bucket
    s.levels_value, s.season_raw_level, s.levels_share = [x] * LEVELS, x, [1.0, 0.0, 0.0, 0.0, 0.0]
    s.rows_share = 0.5
    s.rest_step_square, s.spread_of_late, s.spread_prior = 1.0, 1.0, m.lesson.variance * x * x
    s.lately_now, s.lately_mean, s.lately_variance = NOTHING_LATELY
    begin_block(s, bucket)


def begin_with_zeros(s: SimpleNamespace, m: SimpleNamespace, bucket: int, since: int, span_ms: int) -> None:
    """As if each zero from bucket `since` on had been learnt."""
    n = bucket - since
    s.first, s.born, s.last, s.levels_learnt = since, bucket, bucket - 1, bucket - 1
    s.count = s.spread_count = s.levels_count = float(n)
    s.levels_share, s.rest_step_square, s.spread_of_late = [1.0, 0.0, 0.0, 0.0, 0.0], 1.0, 1.0
    s.lately_now, s.lately_mean, s.lately_variance = NOTHING_LATELY
    s.repeats_ties, s.repeats_votes = m.slow * (1 - math.exp(-n / m.slow)), min(float(n), m.accept)
    begin_block(s, bucket - 1)
    share_weights(s)
    open_zero_window(s, bucket, span_ms)


def learn_usual(
    s: SimpleNamespace,
    m: SimpleNamespace,
    clock: SimpleNamespace,
    e: SimpleNamespace,
    place: tuple,
    x: float,
    rows: float,
    raw: float,
    jerk: float,
    trust: float,
    side: int,
) -> None:
    """A value that nothing speaks against; `trust` below 1 where those before it and it are off together."""
    heard = trust * min(1.0, 1 / e.scatter)  # what scatters further says as much less of where the level is
    if s.spread_count >= 8:
        learn_families(s, e, not s.fraction, x)
        if not math.isnan(raw):
            learn_tail(s, raw, x > e.centre, side)
    learn_repeats(s, m, x)
    miss = moved = 0.0
    if s.season_kind:
        miss = heard * clip(x - e.centre, -4 * e.deviation, 4 * e.deviation)
        moved = season.learn_profile(s, place, miss, clock.span_ms)
    if s.count > 0:
        learn_ahead(s, m, x - e.season, clock.bucket, e.scatter, trust)
        learn_spread(s, m, e, x, trust)
        learn_memory(s, m, e, x, clock.bucket)
        learn_sudden(s, jerk)
    learn_levels(s, m, e, x - e.season, clock.bucket - s.levels_learnt if s.levels_learnt >= 0 else 1, heard)
    learn_rows(s, m, e, rows, x - e.centre, trust)
    if s.count > 0:  # of the first value of all nothing was expected
        learn_narrowing(s, m, e, x)
    s.spread_count += 1
    s.levels_learnt = clock.bucket
    if s.season_kind:
        season.learn_swing(s, clock, e.season + moved, miss - moved)


def learn_value(
    s: SimpleNamespace, m: SimpleNamespace, clock: SimpleNamespace, e: SimpleNamespace, place: tuple, x: float, rows: float,
    raw: float, ln_p: float, jerk: float, side: int,
) -> None:  # fmt: skip
    """By whether it belongs to an incident, or to what was normal before the last change, or to neither."""
    bucket, going_on = clock.bucket, s.incident_since >= 0
    known = s.spread_count >= 8 and s.count >= 12
    apart = run_apart(s, e, bucket, x)[0]
    odd = known and ln_p < (ODD if going_on else IMPOSSIBLE)
    z = (x - e.centre) / e.deviation
    trust = trust_of(s, apart) if known else 1.0
    if known and not odd and not going_on and trust == 1:
        learn_far(s, z)
    if known and comes_back(s, e, x, bucket):
        return
    if odd and not going_on:
        learn_repeats(s, m, x)
        open_incident(s, bucket, z)
        if not math.isnan(raw):
            learn_tail(s, raw, x > e.centre, side)
    if odd:
        learn_outliers(s, m, ln_p if math.isnan(raw) else raw, x - e.centre, bucket, not going_on)
    if known and ln_p < ODD:
        keep_due(s, m, bucket, z > 0)
    if s.season_kind:
        season.learn_recurring(s, place, e, x, odd, clock)
    if s.count > 0:
        learn_run(s, e, x, bucket)
    if s.incident_since < 0:
        learn_usual(s, m, clock, e, place, x, rows, raw, jerk, trust, side)
        return
    brief = s.incident_last - s.incident_since < m.quiet
    follow_incident(s, m, e, x, odd, bucket)
    if s.incident_since < 0 and brief:
        learn_outlying(s, m, e)
    s.rest_last = math.nan
    if s.incident_since >= 0 and accept_change(s, m, e, x, bucket):
        forget_silence(s)


def learn(
    s: SimpleNamespace, m: SimpleNamespace, clock: SimpleNamespace, e: SimpleNamespace, place: tuple, x: float, rows: float,
    raw: float, ln_p: float, shown: SimpleNamespace, side: int,
) -> None:  # fmt: skip
    s.fraction |= x != math.floor(x)
    s.negative |= x < 0
    if s.count == 0:
        begin(s, m, clock.bucket, x)
    learn_lately(s, m, shown.surprise[0], clock.bucket)
    learn_still(s, m, x, clock.bucket)
    forget_outliers(s, m)
    fold_window(s, x, clock.bucket, clock.span_ms)
    from_level = x - e.season - s.season_raw_level
    if s.season_kind and season.unseen(s, place) > 0:  # a day of a kind that is new: only its pattern is learnt
        season.learn_profile(s, place, x - e.centre, clock.span_ms)
        s.rest_last, s.levels_learnt = math.nan, clock.bucket
        s.previous, s.count, s.last = x, s.count + 1, clock.bucket
        return
    learn_value(s, m, clock, e, place, x, rows, raw, ln_p, shown.sudden, side)
    s.previous, s.count, s.last = x, s.count + 1, clock.bucket
    if s.season_kind:
        season.compare_shift(s, clock, e, x)
        if s.incident_since < 0:
            limit = max(25 * max(s.season_with, e.variance), e.season**2)
            season.compare_season(s, clock, x, from_level, limit)


def expected(
    s: SimpleNamespace, m: SimpleNamespace, clock: SimpleNamespace, rows: float = 0.0
) -> tuple[SimpleNamespace, tuple]:
    """What is expected of a bucket with so many rows, and its place on the profile."""
    if not s.season_kind:
        return expect(s, m, clock.bucket, rows=rows), (0, 0, 0.0)
    place = season.position(s, clock)
    cycles = s.season_cycles[season.part_of(s, place)]
    return expect(s, m, clock.bucket, season.value(s, place), season.doubt(s, place, clock), cycles, rows), place


def run(
    values: np.ndarray, span_ms: int, side: int = 0, *, first: int = 0, s: SimpleNamespace | None = None, zeros: int = -1,
    lesson: dict[str, float] | None = None, weights: np.ndarray | None = None,
    skip: Callable[[int, float, float], set[str]] = lambda *_: set(),
) -> tuple[np.ndarray, np.ndarray, SimpleNamespace]:  # fmt: skip
    """(ln p, ln evidence, state) of a series for which no season is found.

    Args:
        values: of consecutive buckets; NaN is no data.
        span_ms: length of a bucket.
        side: 0 both, 1 high, -1 low.
        first: number of the first bucket.
        s: the state before, changed in place; None: nothing was seen.
        zeros: bucket since which a series without values has been zero; -1: it has not.
        lesson: what siblings taught.
        weights: rows that each value is the mean of; None: as many as ever.
        skip: (bucket, actual, typical) -> what the user wants skipped; typical is NaN where nothing is expected yet.
    """
    s, m = s or fresh(), memory(span_ms, **(lesson or {}))
    out = np.full((2, len(values)), np.nan)
    for i, given in enumerate(values.tolist()):
        if math.isnan(given):
            continue
        bucket = first + i
        clock = SimpleNamespace(bucket=bucket, span_ms=span_ms, local_ms=bucket * span_ms + MONDAY_MS)
        x = clip(given, -BIGGEST, BIGGEST)
        if s.count == 0 and 0 <= zeros < bucket:
            begin_with_zeros(s, m, bucket, zeros, span_ms)
        rows = 0.0 if weights is None or not weights[i] > 0 else max(float(weights[i]), 1.0)
        e, place = expected(s, m, clock, rows)
        p = predictive(s, m, e, side, bucket)
        raw, ln_p, ln_once = judge(p, x)
        shown = evidence(s, m, e, side, clock, x, ln_p)
        skipped = skip(bucket, x, p.centre if p.dof > 0 else math.nan)
        out[:, i] = ln_p, 0.0 if "skip_result" in skipped else shown.ln_evidence
        if "skip_model_update" in skipped:
            continue
        learn(s, m, clock, e, place, x, rows, raw, ln_once, shown, side)
        if span_ms == DAY_MS // 3 and trend_is_due(s, bucket):
            test_trend(s, bucket)
    return out[0], out[1], s
