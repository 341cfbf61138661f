// A season's profile: where a bucket lies on it, its value, learning it, moving it in time, and dropping it.
#pragma once

#include "series_learn.hpp"

namespace series {

constexpr double kSlow = 2000.0;       // buckets (chosen)

constexpr double kShiftEvidence = 20.0;  // nats before a profile is moved by an hour (chosen)

enum SeasonKind { kNoSeason = 0, kDaily = 1, kWorkdays = 2, kWeekly = 3, kFree = 4 };

struct Clock {
  int64_t bucket;    // bucket number: start / span
  int64_t local_ms;  // civil start of the bucket, ms since a Monday 00:00
  int64_t span_ms;
};

struct Position {
  int at;
  int next;
  double share;  // weight of `next`
};

inline int64_t modulo(int64_t a, int64_t b) {
  const int64_t r = a % b;
  return r < 0 ? r + b : r;
}

inline int64_t period_of(int kind, int64_t free_ms) {
  return kind == kWeekly ? kWeek : kind == kFree ? free_ms : kDay;
}

// A day has a profile for working days and one for weekends, which are alike until weekends show that they are not.
inline bool two_parts(int kind) { return kind == kDaily || kind == kWorkdays; }

// Knots of all parts.
inline int knots_for(int kind, int64_t period_ms, int64_t span_ms) {
  const int64_t most = kind == kWeekly ? 672 : 288;
  const int64_t knots = std::min(most, std::max<int64_t>((period_ms + span_ms / 2) / span_ms, 2));
  return static_cast<int>(two_parts(kind) ? 2 * knots : knots);
}

// Time that the profile of this kind runs on. Periods found in the data need not follow the civil clock.
inline int64_t profile_time(int kind, const Clock& c, int64_t shift_ms) {
  return (kind == kFree ? c.bucket * c.span_ms : c.local_ms) - shift_ms;
}

inline bool weekend(int64_t local_ms) { return modulo(local_ms, kWeek) >= 5 * kDay; }

inline int knots_of_cycle(const Series& s) { return two_parts(s.season.kind) ? s.season.knots / 2 : s.season.knots; }

// Where a bucket lies on the profile. Several buckets a knot: linear between the centres of the knots.
inline Position position(const Series& s, const Clock& c, int64_t extra_ms) {
  const int64_t time = profile_time(s.season.kind, c, s.season.shift_ms + extra_ms);
  const int knots = knots_of_cycle(s);
  const int base = two_parts(s.season.kind) && weekend(time) ? knots : 0;
  const double width = static_cast<double>(s.season.period_ms) / knots;
  const double into = static_cast<double>(modulo(time, s.season.period_ms));
  if (c.span_ms > 0.75 * width) {
    const int at = base + std::min(static_cast<int>((into + 1.0) / width), knots - 1);
    return {at, at, 0.0};
  }
  const double place = (into + 0.5 * c.span_ms) / width - 0.5 + knots;
  const int whole = static_cast<int>(place);
  return {base + whole % knots, base + (whole + 1) % knots, place - whole};
}

// Between neighbouring knots a straight line, but for edges: where they differ by more than what values scatter, the nearer one.
inline Position snapped(const Series& s, const float* pool, const Position& at) {
  constexpr double kEdge = 4.0;  // deviations (chosen)
  if (at.share == 0.0) return at;
  const float* bins = pool + s.season.bins;
  const double apart = s.season.unit * (bins[at.next] - bins[at.at]);
  if (apart * apart <= kEdge * kEdge * s.spread.variance) return at;
  const int nearer = at.share < 0.5 ? at.at : at.next;
  return {nearer, nearer, 0.0};
}

inline double season_value(const Series& s, const float* pool, const Position& place) {
  const float* bins = pool + s.season.bins;
  const Position at = snapped(s, pool, place);
  return s.season.unit * (bins[at.at] + at.share * (bins[at.next] - bins[at.at]));
}

// 0: working days, or the only part; 1: weekends.
inline int part_of(const Series& s, const Position& at) { return two_parts(s.season.kind) && at.at >= knots_of_cycle(s) ? 1 : 0; }

// 1 where no day of this kind was seen, 0 once a weekend's worth was.
inline double unseen(const Series& s, const Position& at) {
  const int part = part_of(s, at);
  return s.season.kind == kDaily ? std::max(1.0 - 0.5 * std::floor(s.season.cycles[part] + s.season.known_days[part] + 1e-6), 0.0) : 0.0;
}

// Buckets that fall on one knot.
inline double visits_of_knot(const Series& s, int64_t span_ms) {
  return std::max(1.0, static_cast<double>(s.season.period_ms) / span_ms / knots_of_cycle(s));
}

// By how much the profile differs within so long before and after.
inline double differs_around(const Series& s, const float* pool, const Position& place, const Clock& c, int64_t ms) {
  const double here = season_value(s, pool, place);
  const double before = season_value(s, pool, position(s, c, ms)), after = season_value(s, pool, position(s, c, -ms));
  return std::max({here, before, after}) - std::min({here, before, after});
}

// Variance of the profile itself: of a kind of day that is new, as much as the season swings; and where edges may lie: anywhere in the
// slots that the profile was made of until each bucket has had a few visits of its own, and always anywhere in a knot of several buckets.
inline double profile_doubt(const Series& s, const float* pool, const Position& place, const Clock& c) {
  const double new_day = square(unseen(s, place)) * s.season.square;
  const double visits = std::floor(s.season.cycles[part_of(s, place)] + 1e-6);
  if (visits < 3.0 && s.window.span > 1) {
    const int64_t half = s.window.span * c.span_ms / 2;
    return new_day + square(differs_around(s, pool, place, c, half)) / (12.0 * (1.0 + visits));
  }
  if (visits_of_knot(s, c.span_ms) < 1.5) return new_day;
  return new_day + square(differs_around(s, pool, place, c, s.season.period_ms / knots_of_cycle(s))) / 12.0;
}

// Moves the profile here, and where a bucket lies between two knots, each by its share.
inline void move_profile(const Series& s, float* pool, const Position& place, double by) {
  const Position at = snapped(s, pool, place);
  const double near = 1.0 - at.share;
  const double norm = by / (s.season.unit * (near * near + at.share * at.share));
  float* bins = pool + s.season.bins;
  bins[at.at] = static_cast<float>(bins[at.at] + norm * near);
  if (at.share > 0.0) bins[at.next] = static_cast<float>(bins[at.next] + norm * at.share);
}

// `error`: distance from the level plus profile, metric unit. A mean over the cycles seen, later over about ten of them. The slots that
// the profile was made of are means of many values: they are believed as such where a value is near, as edges are what they hide; of
// small counts a single visit says little anyway. Returns by how much the profile has moved here.
inline double learn_profile(Series& s, float* pool, const Position& place, double error, const Clock& c) {
  const double visits = visits_of_knot(s, c.span_ms);
  double& cycles = s.season.cycles[part_of(s, snapped(s, pool, place))];
  constexpr double kNear = 3.0;  // deviations (chosen)
  const bool own = s.season.kind != kDaily || part_of(s, place) == 0;  // weekends have yet to show that they are alike
  const bool near = own && square(error) <= square(kNear) * s.spread.variance;
  const double seeded = small_counts(s) || near ? s.season.seeded : 0.0;
  const double g = std::max(1.0 / (1.0 + seeded + std::floor(cycles + 1e-6)), 0.1) / visits;
  move_profile(s, pool, place, g * error);
  cycles += 1.0 / (visits * knots_of_cycle(s));
  return g * error;
}

inline void forget_swing(Series& s) {
  s.amplitude.miss = s.amplitude.cross = s.amplitude.square = s.amplitude.trial = 0.0;
  for (double& sum : s.amplitude.lag) sum = 0.0;
}

// The level and scale start anew around a changed profile.
inline void restart(Series& s, double level, int64_t bucket) {
  for (int i = 0; i < kLevels; ++i) {
    s.levels.value[i] = level;
    s.levels.ahead[i] = s.spread.variance;
    s.levels.share[i] = i == 0 ? 1.0 : 0.0;
  }
  s.levels.ahead_all = s.spread.variance;
  s.spread.disagreed = 0.0;
  s.levels.slope = 0.0;
  s.levels.count = std::min(s.levels.count, 30.0);
  s.spread.count = std::min(s.spread.count, 30.0);
  s.rest.last = std::nan("");
  s.rest.cross = s.rest.square = 0.0;
  s.rest.step_square = s.spread.of_late = 1.0;
  s.rest.mean = 0.0;
  s.run.length = 0;
  forget_silence(s);
  s.before.until = s.incident.since = -1;
  begin_block(s, bucket);
}

// A level, and the factor of the season there, that is no anomaly until some bucket; its spread is what it is now.
inline void remember_level(Series& s, double level, double factor, int64_t until) {
  s.before.level = level;
  s.before.factor = factor;
  s.before.until = until;
  s.before.run = 0;
  s.before.variance = s.spread.variance;
  s.before.part_scale = s.spread.part_scale;
  s.before.scale_count = s.spread.count;
  s.before.level_count = s.levels.count;
  for (int i = 0; i < kLevels; ++i) s.before.ahead[i] = s.levels.ahead[i];
  s.before.ahead_all = s.levels.ahead_all;
}

inline Accepted drop_season(Series& s, double level, double variance, int64_t bucket) {
  const Accepted accepted{kSeasonDropped, static_cast<double>(s.season.period_ms), 0.0};
  ++s.season.given_up;
  s.season.kind = s.season.knots = 0;
  s.season.shift_ms = 0;
  s.season.day_variance = 0.0;
  s.spread.variance = variance;
  restart(s, level, bucket);
  return accepted;
}

// The season stays as long as values lie closer to the raw level with it than without it, over about four cycles: one
// day without the pattern is an anomaly, four are another pattern.
inline Accepted compare_season(Series& s, const Clock& c, double x, double from_level, double limit) {
  const double cycle = static_cast<double>(s.season.period_ms) / c.span_ms;
  const double g = 1.0 / std::max(4.0 * cycle, 64.0);
  s.season.with += g * (std::min(square(from_level), limit) - s.season.with);
  s.season.without += g * (std::min(square(x - s.season.raw_level), limit) - s.season.without);
  if (s.incident.since < 0) s.season.raw_level += (x - s.season.raw_level) / kSlow;
  s.season.age += 1.0;
  if (s.season.age < 2.0 * cycle || s.season.with < s.season.without) return {};
  return drop_season(s, s.season.raw_level, s.season.without, c.bucket);
}

inline void forget_shift(Series& s) {
  for (auto& gains : s.season.shift_gain) {
    for (double& gain : gains) gain = 0.0;
  }
}

// Daylight saving in data without a zone: the profile an hour later or earlier, each a running sum of its gain in nats
// that never falls below 0 (Page's test). It must gain where the other hour says more as well as where it says less, as an outage
// on the way down is like an hour later, but not on the way up; and it must leave little of the misfit.
inline Accepted compare_shift(Series& s, const float* pool, const Clock& c, const Expectation& e, double x, double cycle) {
  constexpr double kLeft = 0.35;  // (chosen)
  if (s.season.kind == kFree || c.span_ms > kHour || s.season.age < 2.0 * cycle) return {};
  const double y = x - e.level;
  // Neighbouring distances are alike: n of them count as n (1 - phi) / (1 + phi).
  const double phi = memory_of_rest(s);
  const double v = 2.0 * e.variance * (1.0 + phi) / (1.0 - phi);
  const double here = std::min(square(y - e.season) / v, 4.5);
  for (int i = 0; i < 2; ++i) {
    const int64_t by = i == 0 ? kHour : -kHour;
    if (std::llabs(s.season.shift_ms + by) > kHour) continue;
    const double other = season_value(s, pool, position(s, c, by));
    const double there = std::min(square(y - other) / v, 4.5);
    double* gain = s.season.shift_gain[i];
    gain[other > e.season] = std::max(0.0, gain[other > e.season] + here - there);
    if (gain[0] + gain[1] == 0.0) gain[2] = gain[3] = 0.0;
    gain[2] += here;
    gain[3] += there;
    if (std::min(gain[0], gain[1]) < 0.5 * kShiftEvidence || gain[3] > kLeft * gain[2]) continue;
    s.season.shift_ms += by;
    forget_shift(s);
    restart(s, e.level, c.bucket);
    return {kTimeShift, static_cast<double>(s.season.shift_ms - by), static_cast<double>(s.season.shift_ms)};
  }
  return {};
}

}  // namespace series
