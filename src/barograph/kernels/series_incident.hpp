// What is going wrong is not learnt. From the first impossible bucket on the expectation stands still, and what the series has
// become is learnt beside it, until values fit the expectation again or have lasted so long that they are what is normal.
#pragma once

#include "series_window.hpp"

namespace series {

constexpr double kOdd = -6.907755278982137;         // ln 1e-3: belongs to one (chosen)
constexpr double kApart = 2.0;                      // deviations by which two explanations must differ to tell them apart (chosen)
constexpr int kReturns = 3;                         // buckets in a row that fit what was normal before a change (chosen)

inline void open_incident(Series& s, int64_t bucket, double z) {
  s.incident.since = bucket;
  s.incident.first = z;
  s.incident.quiet = 0;
  s.incident.further = 0;
  s.incident.fits = 1.0;
  s.incident.count = s.incident.offset = s.incident.centre = s.incident.cross = s.incident.centre_square = s.incident.offset_square = 0.0;
  s.incident.season = s.incident.season_square = 0.0;
}

// Something much worse has begun within it: what was before is no part of what must last to be a change.
inline void restart_worse(Series& s, const Expectation& e, double x, bool odd, int64_t bucket) {
  constexpr double kWorse = 2.0;  // (chosen)
  constexpr int64_t kSure = 3;  // buckets: one spike begins nothing (chosen)
  double so_far = kInfinity;
  if (s.incident.count >= 1.0) {  // here, or on the whole: a spread that has grown goes to both sides
    const double here = std::fabs(became(s, e.centre, e.season).value - e.centre);
    so_far = std::max(here, std::sqrt(s.incident.offset_square / s.incident.count));
  }
  s.incident.further = odd && std::fabs(x - e.centre) > kWorse * so_far ? s.incident.further + 1 : 0;
  if (s.incident.further == kSure) open_incident(s, bucket - (kSure - 1), (x - e.centre) / e.deviation);
}

inline void follow_incident(Series& s, const Memory& m, const Expectation& e, double x, bool odd, int64_t bucket) {
  restart_worse(s, e, x, odd, bucket);
  const double keep = s.incident.count > m.block ? 1.0 - 1.0 / m.block : 1.0;
  bool near = true, telling = true;
  if (s.incident.count >= 1.0) {
    const Became now = became(s, e.centre, e.season);
    near = std::fabs(x - now.value) < std::fabs(x - e.centre);
    telling = odd || std::fabs(now.value - e.centre) > kApart * e.deviation;
    // What differs neither here nor on the whole is no other level.
    if (!telling && !now.swings && std::fabs(now.offset) < kApart * e.deviation) telling = true, near = false;
  }
  // Of a series that keeps to one value, that value alone fits.
  if (repeats_itself(s)) telling = true, near = x != s.repeats.usual;
  if (odd) s.incident.last = bucket;
  if (telling) s.incident.fits += (near ? 1.0 - s.incident.fits : -s.incident.fits) / std::min(s.incident.count + 1.0, m.block);
  if (odd || (telling && near)) {
    s.incident.quiet = 0;
  } else if (telling) {
    ++s.incident.quiet;
  }
  s.incident.count = keep * s.incident.count + 1.0;
  s.incident.offset = keep * s.incident.offset + (x - e.centre);
  s.incident.centre = keep * s.incident.centre + e.centre;
  s.incident.cross = keep * s.incident.cross + (x - e.centre) * e.centre;
  s.incident.centre_square = keep * s.incident.centre_square + square(e.centre);
  s.incident.offset_square = keep * s.incident.offset_square + square(x - e.centre);
  s.incident.season = keep * s.incident.season + (x - e.centre) * e.season;
  s.incident.season_square = keep * s.incident.season_square + square(e.season);
  if (s.incident.quiet < static_cast<int32_t>(m.quiet)) return;
  s.incident.since = -1;
  s.lately.now = s.lately.mean;  // it is over, and what was told of it adds to nothing
}

// How often the series stayed where x is before the incident: slots of the window in a row are one visit.
inline int visits_before(const Series& s, double x) {
  constexpr double kNear = 2.0;  // deviations (chosen)
  const double near = kNear * std::sqrt(s.spread.variance);
  int visits = 0;
  bool there = false;
  for (int i = 0; i < s.window.slots && s.window.first + (i + 1) * static_cast<int64_t>(s.window.span) <= s.incident.since; ++i) {
    if (s.window.slot[i] != s.window.slot[i]) continue;
    const bool here = std::fabs(s.window.slot[i] + s.window.reference - x) <= near;
    visits += here && !there;
    there = here;
  }
  return visits;
}

// How long an incident must last to be a change: no longer than what it is compared with is known. A series that keeps to no level
// is sooner believed, the more so the less far it went by what it does in half a day, and at once where it has been more than once.
inline double patience(const Series& s, const Memory& m, double x, double offset) {
  constexpr int kKnown = 2;  // visits (chosen: one occasion teaches nothing)
  const double known = std::min(m.accept, std::max(12.0, static_cast<double>(s.incident.since - s.first)));
  if (s.season.kind == 0 && wanders(s) > 0.5 && visits_before(s, x) >= kKnown) return std::min(m.quiet, known);
  const double far = std::fabs(offset) / std::sqrt(std::max(s.levels.ahead_all, 1e-300));
  const double soon = std::clamp(known * (far - 2.0) / 3.0, m.quiet, known);
  return known + wanders(s) * (soon - known);
}

inline void scale_all(Series& s, double factor) {
  const double squared = square(factor);
  s.season.unit *= factor;
  for (int i = 0; i < kLevels; ++i) s.levels.value[i] *= factor, s.levels.ahead[i] *= squared;
  s.levels.slope *= factor;
  s.line.slope *= factor;
  s.levels.ahead_all *= squared;
  s.spread.variance *= squared;
  s.spread.disagreed *= squared;
  s.season.square *= squared;
  s.season.day_variance *= squared;
  s.spread.part[0] *= squared;
  s.spread.part[1] *= factor;
  s.season.with *= squared;
  s.season.without *= squared;
  s.season.raw_level *= factor;
  s.before.variance *= squared;  // what was normal before is kept in the units of now
  for (double& ahead : s.before.ahead) ahead *= squared;
  s.before.ahead_all *= squared;
  forget_swing(s);
}

// Does it climb, or fall, as it did, from another level? A counter was set back, a disk cleared: that takes an hour to believe, not a day.
// What merely stopped would have left the line by now; and where the line goes no further than values scatter nobody can tell.
inline bool climbs_on(const Series& s, const Memory& m, int64_t bucket) {
  constexpr double kClear = 4.0;  // variances: the slope is right but for half of it (chosen)
  const double buckets = static_cast<double>(bucket - s.incident.since);
  const double slope = s.line.slope + s.levels.share[kSlopedLevel] * s.levels.slope;
  const double stopped = square(slope * s.incident.count) / 12.0;
  const double around = s.incident.offset_square / s.incident.count - square(s.incident.offset / s.incident.count);
  return buckets >= m.quiet && stopped > kClear * std::max(around, s.spread.variance);
}

// The same line from where it is now.
inline Accepted begin_anew(Series& s, const Memory& m, const Expectation& e, double x, int64_t bucket) {
  const double offset = x - e.centre;
  const int64_t since = s.incident.since;
  remember_level(s, e.level, 1.0, bucket + static_cast<int64_t>(m.remember));
  double held = 0.0;  // since then the line has gone on
  for (int i = 0; i < kLevels; ++i) held += s.levels.share[i] * s.levels.value[i];
  for (double& each : s.levels.value) each += e.level + offset - held;
  s.season.raw_level += offset;
  s.levels.learnt = bucket;
  s.incident.since = -1;
  begin_block(s, bucket);
  return {kLevelChange, e.level, e.level + offset, since};
}

inline Accepted accept_change(Series& s, const Memory& m, const Expectation& e, double x, int64_t bucket) {
  if (climbs_on(s, m, bucket)) return begin_anew(s, m, e, x, bucket);
  const Became now = became(s, e.centre, e.season);
  const double patient = patience(s, m, x, std::sqrt(s.incident.offset_square / s.incident.count));
  if (static_cast<double>(bucket - s.incident.since) < patient) return {};
  const bool steady = s.incident.fits > 0.5 && (now.variance < 16.0 * std::max(s.spread.variance, e.variance) || x == s.previous);
  if (!steady && static_cast<double>(bucket - s.incident.since) < 2.0 * patient) return {};
  const bool level = s.incident.fits > 0.5;
  const double before = e.level, deviation = std::sqrt(s.spread.variance);
  if (level && now.swings && now.amplitude < kLeastSwing) {  // one day without the pattern is an anomaly, four are another pattern
    const double cycle = static_cast<double>(s.season.period_ms) / kDay * m.day;
    const bool gone = static_cast<double>(bucket - s.incident.since) >= 4.0 * cycle;
    if (!gone) return {};
    open_window(s, bucket, x);  // it would be found again in what was before
    return drop_season(s, e.level, now.variance, bucket);
  }
  if (level && now.swings) {
    const double was = s.season.unit;
    s.season.unit *= now.amplitude;
    s.season.square *= square(now.amplitude);
    forget_swing(s);
    s.spread.count = std::min(s.spread.count, 64.0);
    const int64_t began = s.incident.since;
    s.incident.since = -1;
    begin_block(s, bucket);
    return {kSwingChange, was, s.season.unit, began};
  }
  if (level) {
    remember_level(s, e.level, 1.0, bucket + static_cast<int64_t>(m.remember));
    double after = e.level;
    if (now.multiplied) {
      const double factor = std::max(now.factor, 1e-3);
      s.before.factor = 1.0 / factor;
      scale_all(s, factor);
      after *= factor;
    } else {
      // A level that is kept is the mean of what it was; one that wanders is where it is now.
      const double offset = now.offset + wanders(s) * (x - e.centre - now.offset);
      s.season.raw_level += offset;
      after += offset;
    }
    // One value throughout, but for rounding: that value.
    const bool constant = s.season.kind == 0 && s.previous == x && now.variance <= kFloor * square(now.offset);
    if (constant || (s.previous == x && repeats_itself(s))) {
      s.repeats.usual = after = x;
      s.repeats.votes = m.accept;
    }
    for (double& each : s.levels.value) each = after;
    s.levels.count = std::min(s.levels.count, m.block);
  }
  if (now.variance > 2.0 * s.spread.variance) {
    s.spread.part_scale *= now.variance / s.spread.variance;
    s.spread.variance = now.variance;
  }
  s.spread.count = std::min(s.spread.count, 64.0);
  s.levels.slope = 0.0;
  begin_block(s, bucket);
  const int64_t since = s.incident.since;
  s.incident.since = -1;
  if (level) return {kLevelChange, before, s.levels.value[kSlowLevel], since};
  return {kScaleChange, deviation, std::sqrt(s.spread.variance), since};
}

// Values that fit what was normal before the last change: it is normal again, and what was normal meanwhile is remembered.
inline bool comes_back(Series& s, const Expectation& e, double x, int64_t bucket) {
  if (!(e.alternative == e.alternative)) return false;
  const double was = s.season.kind ? s.before.part_scale : s.before.variance, is = s.season.kind ? s.spread.part_scale : s.spread.variance;
  const double far = 4.0 * (was < is ? std::sqrt(was / is) : 1.0);
  const bool fits = std::fabs(x - e.alternative) < far * e.alternative_deviation && std::fabs(x - e.centre) > far * e.deviation;
  if (!fits) {
    s.before.run = 0;
    return false;
  }
  if (++s.before.run < kReturns) return true;
  const double level = s.before.level, factor = s.before.factor;
  s.before.level = e.level;
  s.before.factor = 1.0 / factor;
  if (factor != 1.0) scale_all(s, factor);
  std::swap(s.spread.variance, s.before.variance);
  std::swap(s.spread.part_scale, s.before.part_scale);
  std::swap(s.spread.count, s.before.scale_count);
  std::swap(s.levels.count, s.before.level_count);
  for (int i = 0; i < kLevels; ++i) std::swap(s.levels.ahead[i], s.before.ahead[i]);
  std::swap(s.levels.ahead_all, s.before.ahead_all);
  const double now = s.levels.value[kSlowLevel];
  for (double& l : s.levels.value) l = level;
  s.season.raw_level += level - now;
  s.before.run = 0;
  s.incident.since = -1;
  begin_block(s, bucket);
  return true;
}

}  // namespace series
