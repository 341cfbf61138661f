// A season's profile: where a bucket lies on it, its value, learning it, moving it in time, and dropping it.
#pragma once

#include "series_learn.hpp"

namespace series {

constexpr int64_t kHour = 3600000;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kWeek = 7 * kDay;
constexpr double kShiftEvidence = 20.0;  // nats before a profile is moved by an hour

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

// Knots of one cycle; workdays have two cycles of a day.
inline int knots_for(int kind, int64_t period_ms, int64_t span_ms) {
  const int64_t most = kind == kWeekly ? 672 : 288;
  const int64_t knots = std::min(most, std::max<int64_t>((period_ms + span_ms / 2) / span_ms, 2));
  return static_cast<int>(kind == kWorkdays ? 2 * knots : knots);
}

// Time that the profile of this kind runs on. Periods found in the data need not follow the civil clock.
inline int64_t profile_time(int kind, const Clock& c, int64_t shift_ms) {
  return (kind == kFree ? c.bucket * c.span_ms : c.local_ms) - shift_ms;
}

inline bool weekend(int64_t local_ms) { return modulo(local_ms, kWeek) >= 5 * kDay; }

// Where a bucket lies on the profile. Several buckets a knot: linear between the centres of the knots.
inline Position position(const Series& s, const Clock& c, int64_t extra_ms) {
  const int64_t time = profile_time(s.season, c, s.shift_ms + extra_ms);
  const int knots = s.season == kWorkdays ? s.knots / 2 : s.knots;
  const int base = s.season == kWorkdays && weekend(time) ? knots : 0;
  const double width = static_cast<double>(s.period_ms) / knots;
  const double into = static_cast<double>(modulo(time, s.period_ms));
  if (c.span_ms > 0.75 * width) {
    const int at = base + std::min(static_cast<int>((into + 1.0) / width), knots - 1);
    return {at, at, 0.0};
  }
  const double place = (into + 0.5 * c.span_ms) / width - 0.5 + knots;
  const int whole = static_cast<int>(place);
  return {base + whole % knots, base + (whole + 1) % knots, place - whole};
}

inline double season_value(const Series& s, const float* pool, const Position& at) {
  const float* bins = pool + s.bins;
  return s.season_unit * (bins[at.at] + at.share * (bins[at.next] - bins[at.at]));
}

// `error`: distance from the level plus profile, metric unit. A mean over the cycles seen, later over about ten of them.
// Returns by how much the profile has moved here.
inline double learn_profile(Series& s, float* pool, const Position& at, double error, double weight, const Clock& c) {
  const double visits = std::max(1.0, static_cast<double>(s.period_ms) / c.span_ms / s.knots);
  const double seen = s.cycles / (visits * s.knots);
  const double g = weight * std::max(1.0 / (1.0 + seen), 0.1) / visits;
  const double near = 1.0 - at.share;
  const double norm = g * error / (s.season_unit * (near * near + at.share * at.share));
  float* bins = pool + s.bins;
  bins[at.at] = static_cast<float>(bins[at.at] + norm * near);
  if (at.share > 0.0) bins[at.next] = static_cast<float>(bins[at.next] + norm * at.share);
  s.cycles += 1.0;
  return g * error;
}

// The level and scale start anew around a changed profile.
inline void restart(Series& s, double slow, double last) {
  s.level[0] = s.level[3] = slow;
  for (int i = 1; i < 6; ++i) s.level[i] = i == 3 ? slow : last;
  for (double& e : s.error) e = s.variance;
  s.slope = s.deviation = s.ar_cross = s.ar_square = 0.0;
  s.scale_count = std::min(s.scale_count, 30.0);
  s.spread_count = std::min(s.spread_count, 10.0);
  s.local_level = last;
  s.run = s.wide = 0;
  s.held_back = 0.0;
  s.run_sum = 0.0;
}

// The season stays as long as values lie closer to the slow level with it than without it, over about four cycles: one
// day without the pattern is an anomaly, four are another pattern.
inline Accepted compare_season(Series& s, const Clock& c, double x, double from_level, double limit) {
  const double cycle = static_cast<double>(s.period_ms) / c.span_ms;
  const double g = 1.0 / std::max(4.0 * cycle, 64.0);
  s.with_season += g * (std::min(square(from_level), limit) - s.with_season);
  s.without_season += g * (std::min(square(x - s.raw_level), limit) - s.without_season);
  s.raw_level += (x - s.raw_level) / kSlow;
  s.season_age += 1.0;
  if (s.season_age < 2.0 * cycle || s.with_season < s.without_season) return {};
  const Accepted accepted{kSeasonDropped, static_cast<double>(s.period_ms), 0.0};
  s.season = s.knots = 0;
  s.shift_ms = 0;
  restart(s, s.raw_level, s.level[6]);
  return accepted;
}

// Daylight saving in data without a zone: the profile an hour later or earlier, each a running sum of its gain in nats
// that never falls below 0 (Page's test).
inline Accepted compare_shift(Series& s, const float* pool, const Clock& c, const Forecast& f, double x, double cycle) {
  if (s.season == kFree || c.span_ms > kHour || s.season_age < 2.0 * cycle) return {};
  const double y = x - s.level[0];
  // Neighbouring distances are alike: n of them count as n (1 - phi) / (1 + phi).
  const double phi = std::clamp(s.ar_cross / std::max(s.ar_square, 1e-300), 0.0, 0.98);
  const double v = 2.0 * std::max(s.with_season, f.variance) * (1.0 + phi) / (1.0 - phi);
  const double here = std::min(square(y - f.season) / v, 4.5);
  for (int i = 0; i < 2; ++i) {
    const int64_t by = i == 0 ? kHour : -kHour;
    if (std::llabs(s.shift_ms + by) > kHour) continue;
    const double there = season_value(s, pool, position(s, c, by));
    s.shift_gain[i] = std::max(0.0, s.shift_gain[i] + here - std::min(square(y - there) / v, 4.5));
    if (s.shift_gain[i] < kShiftEvidence) continue;
    s.shift_ms += by;
    s.shift_gain[0] = s.shift_gain[1] = 0.0;
    restart(s, s.level[0], x - there);
    return {kTimeShift, static_cast<double>(s.shift_ms - by), static_cast<double>(s.shift_ms)};
  }
  return {};
}

}  // namespace series
