// What is going wrong is not learnt. From the first impossible bucket on the expectation stands still, and what the series has
// become is learnt beside it, until values fit the expectation again or have lasted so long that they are what is normal.
#pragma once

#include "series_window.hpp"

namespace series {

constexpr double kOdd = -6.907755278982137;         // ln 1e-3: belongs to one
constexpr double kApart = 2.0;                      // deviations by which two explanations must differ to tell them apart
constexpr int kReturns = 3;                         // buckets in a row that fit what was normal before a change

inline void open_incident(Series& s, int64_t bucket, double z) {
  s.odd_since = bucket;
  s.odd_first = z;
  s.odd_quiet = 0;
  s.odd_further = 0;
  s.odd_fits = 1.0;
  s.odd_count = s.odd_offset = s.odd_centre = s.odd_cross = s.odd_centre_square = s.odd_offset_square = 0.0;
  s.odd_season = s.odd_season_square = 0.0;
}

// Something much worse has begun within it: what was before is no part of what must last to be a change.
inline void restart_worse(Series& s, const Expectation& e, double x, bool odd, int64_t bucket) {
  constexpr double kWorse = 2.0;
  constexpr int64_t kSure = 3;  // buckets: one spike begins nothing
  double so_far = kInfinity;
  if (s.odd_count >= 1.0) {  // here, or on the whole: a spread that has grown goes to both sides
    const double here = std::fabs(became(s, e.centre, e.season).value - e.centre);
    so_far = std::max(here, std::sqrt(s.odd_offset_square / s.odd_count));
  }
  s.odd_further = odd && std::fabs(x - e.centre) > kWorse * so_far ? s.odd_further + 1 : 0;
  if (s.odd_further == kSure) open_incident(s, bucket - (kSure - 1), (x - e.centre) / e.deviation);
}

inline void follow_incident(Series& s, const Memory& m, const Expectation& e, double x, bool odd, int64_t bucket) {
  restart_worse(s, e, x, odd, bucket);
  const double keep = s.odd_count > m.block ? 1.0 - 1.0 / m.block : 1.0;
  bool near = true, telling = true;
  if (s.odd_count >= 1.0) {
    const Became now = became(s, e.centre, e.season);
    near = std::fabs(x - now.value) < std::fabs(x - e.centre);
    telling = odd || std::fabs(now.value - e.centre) > kApart * e.deviation;
    // What differs neither here nor on the whole is no other level.
    if (!telling && !now.swings && std::fabs(now.offset) < kApart * e.deviation) telling = true, near = false;
  }
  // Of a series that keeps to one value, that value alone fits.
  if (repeats_itself(s)) telling = true, near = x != s.usual;
  if (odd) s.odd_last = bucket;
  if (telling) s.odd_fits += (near ? 1.0 - s.odd_fits : -s.odd_fits) / std::min(s.odd_count + 1.0, m.block);
  if (odd || (telling && near)) {
    s.odd_quiet = 0;
  } else if (telling) {
    ++s.odd_quiet;
  }
  s.odd_count = keep * s.odd_count + 1.0;
  s.odd_offset = keep * s.odd_offset + (x - e.centre);
  s.odd_centre = keep * s.odd_centre + e.centre;
  s.odd_cross = keep * s.odd_cross + (x - e.centre) * e.centre;
  s.odd_centre_square = keep * s.odd_centre_square + square(e.centre);
  s.odd_offset_square = keep * s.odd_offset_square + square(x - e.centre);
  s.odd_season = keep * s.odd_season + (x - e.centre) * e.season;
  s.odd_season_square = keep * s.odd_season_square + square(e.season);
  if (s.odd_quiet < static_cast<int32_t>(m.quiet)) return;
  s.odd_since = -1;
  s.lately = s.lately_mean;  // it is over, and what was told of it adds to nothing
}

// How long an incident must last to be a change: no longer than what it is compared with is known. A series that keeps to no level
// is sooner believed, the more so the less far it went by what it does in half a day.
inline double patience(const Series& s, const Memory& m, double offset) {
  const double known = std::min(m.accept, std::max(12.0, static_cast<double>(s.odd_since - s.first)));
  const double far = std::fabs(offset) / std::sqrt(std::max(s.ahead_all, 1e-300));
  const double soon = std::clamp(known * (far - 2.0) / 3.0, m.quiet, known);
  return known + wanders(s) * (soon - known);
}

inline void scale_all(Series& s, double factor) {
  const double squared = square(factor);
  s.season_unit *= factor;
  for (int i = 0; i < kLevels; ++i) s.level[i] *= factor, s.ahead[i] *= squared;
  s.slope *= factor;
  s.trend *= factor;
  s.ahead_all *= squared;
  s.variance *= squared;
  s.disagreed *= squared;
  s.season_square *= squared;
  s.day_variance *= squared;
  s.part[0] *= squared;
  s.part[1] *= factor;
  s.with_season *= squared;
  s.without_season *= squared;
  s.raw_level *= factor;
  s.old_variance *= squared;  // what was normal before is kept in the units of now
  for (double& ahead : s.old_ahead) ahead *= squared;
  s.old_ahead_all *= squared;
  forget_swing(s);
}

inline Accepted accept_change(Series& s, const Memory& m, const Expectation& e, double x, int64_t bucket) {
  const Became now = became(s, e.centre, e.season);
  const double patient = patience(s, m, std::sqrt(s.odd_offset_square / s.odd_count));
  if (static_cast<double>(bucket - s.odd_since) < patient) return {};
  const bool steady = s.odd_fits > 0.5 && (now.variance < 16.0 * std::max(s.variance, e.variance) || x == s.previous);
  if (!steady && static_cast<double>(bucket - s.odd_since) < 2.0 * patient) return {};
  const bool level = s.odd_fits > 0.5;
  const double before = e.level, deviation = std::sqrt(s.variance);
  if (level && now.swings && now.amplitude < kLeastSwing) {  // one day without the pattern is an anomaly, four are another pattern
    const double cycle = static_cast<double>(s.period_ms) / kDay * m.day;
    const bool gone = static_cast<double>(bucket - s.odd_since) >= 4.0 * cycle;
    if (!gone) return {};
    open_window(s, bucket, x);  // it would be found again in what was before
    return drop_season(s, e.level, now.variance, bucket);
  }
  if (level && now.swings) {
    const double was = s.season_unit;
    s.season_unit *= now.amplitude;
    s.season_square *= square(now.amplitude);
    forget_swing(s);
    s.scale_count = std::min(s.scale_count, 64.0);
    const int64_t began = s.odd_since;
    s.odd_since = -1;
    begin_block(s, bucket);
    return {kSwingChange, was, s.season_unit, began};
  }
  if (level) {
    remember_level(s, e.level, 1.0, bucket + static_cast<int64_t>(m.remember));
    double after = e.level;
    if (now.multiplied) {
      const double factor = std::max(now.factor, 1e-3);
      s.old_factor = 1.0 / factor;
      scale_all(s, factor);
      after *= factor;
    } else {
      // A level that is kept is the mean of what it was; one that wanders is where it is now.
      const double offset = now.offset + wanders(s) * (x - e.centre - now.offset);
      s.raw_level += offset;
      after += offset;
    }
    // One value throughout, but for rounding: that value.
    const bool constant = s.season == 0 && s.previous == x && now.variance <= kFloor * square(now.offset);
    if (constant || (s.previous == x && repeats_itself(s))) {
      s.usual = after = x;
      s.votes = m.accept;
    }
    for (double& each : s.level) each = after;
    s.level_count = std::min(s.level_count, m.block);
  }
  if (now.variance > 2.0 * s.variance) {
    s.part_scale *= now.variance / s.variance;
    s.variance = now.variance;
  }
  s.scale_count = std::min(s.scale_count, 64.0);
  s.slope = 0.0;
  begin_block(s, bucket);
  const int64_t since = s.odd_since;
  s.odd_since = -1;
  if (level) return {kLevelChange, before, s.level[0], since};
  return {kScaleChange, deviation, std::sqrt(s.variance), since};
}

// Values that fit what was normal before the last change: it is normal again, and what was normal meanwhile is remembered.
inline bool comes_back(Series& s, const Expectation& e, double x, int64_t bucket) {
  if (!(e.alternative == e.alternative)) return false;
  const double was = s.season ? s.old_part_scale : s.old_variance, is = s.season ? s.part_scale : s.variance;
  const double far = 4.0 * (was < is ? std::sqrt(was / is) : 1.0);
  const bool fits = std::fabs(x - e.alternative) < far * e.alternative_deviation && std::fabs(x - e.centre) > far * e.deviation;
  if (!fits) {
    s.old_run = 0;
    return false;
  }
  if (++s.old_run < kReturns) return true;
  const double level = s.old_level, factor = s.old_factor;
  s.old_level = e.level;
  s.old_factor = 1.0 / factor;
  if (factor != 1.0) scale_all(s, factor);
  std::swap(s.variance, s.old_variance);
  std::swap(s.part_scale, s.old_part_scale);
  std::swap(s.scale_count, s.old_scale_count);
  std::swap(s.level_count, s.old_level_count);
  for (int i = 0; i < kLevels; ++i) std::swap(s.ahead[i], s.old_ahead[i]);
  std::swap(s.ahead_all, s.old_ahead_all);
  const double now = s.level[0];
  for (double& l : s.level) l = level;
  s.raw_level += level - now;
  s.old_run = 0;
  s.odd_since = -1;
  begin_block(s, bucket);
  return true;
}

}  // namespace series
