// What a bucket would be if nothing were wrong: the season, the level that the series keeps to, and the variance around both.
#pragma once

#include "series_bounds.hpp"
#include "series_lanes.hpp"
#include "series_memory.hpp"

namespace series {

constexpr double kRepeats = 4.0;       // values before a series can be seen to repeat itself (chosen)
constexpr double kPriorWeight = 3.0;   // values that the siblings' scale counts for (chosen)

// What is expected of one bucket.
struct Expectation {
  double season;               // metric unit
  double level;                // without the season
  double centre;               // both
  double alternative;          // by what was normal before the last change; NaN: nothing remembered
  double alternative_deviation;
  double fewer;                // by how much more than usual one over the number of rows is, relative to that; 0: nobody says
  double scatter;              // by how much that multiplies the usual variance
  double usual_variance;       // as of a bucket of the usual number of rows, without doubt and floor
  double variance;             // floored
  double doubt;                // what of it is doubt about the expectation itself, which neighbours share
  double deviation;            // its square root
  double disagreement;         // of the levels: their variance around the expectation, by their shares
};

// Integers have at least the variance of rounding; everything has that of its last digits.
inline double floor_square(const Series& s, double centre) {
  const double f = kFloor * std::fabs(centre) + 1e-150;
  return f * f + (whole_numbers(s) ? 1.0 / 12.0 : 0.0);
}

// What is left of the rest of one bucket in the next one.
inline double memory_of_rest(const Series& s) {
  return s.rest.square > 0.0 ? std::clamp(s.rest.cross / s.rest.square, 0.0, 0.98) : 0.0;
}

// The rest of the bucket before; NaN: that was odd, or there was none.
inline double rest_before(const Series& s, int64_t bucket) { return s.levels.learnt + 1 == bucket ? s.rest.last : std::nan(""); }

// What the variance's parts are multiplied with.
inline void part_units(double centre, double (&unit)[kParts]) {
  unit[0] = 1.0;
  unit[1] = std::max(centre, 0.0);
  unit[2] = unit[1] * unit[1];
}

inline double parts_variance(const Series& s, double centre) {
  double unit[kParts];
  part_units(centre, unit);
  return s.spread.part_scale * (s.spread.part[0] + s.spread.part[1] * unit[1] + s.spread.part[2] * unit[2]);
}

// How much of the expectation comes from levels of hours: 0 where the series keeps to one, 1 where it goes wherever it goes.
inline double wanders(const Series& s) { return std::clamp(1.0 - s.levels.share[kSlowLevel] - s.levels.share[kMiddleLevel], 0.0, 1.0); }

// Of a bucket, by how much the level has moved on since it last learnt: nothing where the series keeps to a level, as far as it
// wanders otherwise.
inline double wandered(const Series& s, double since) {
  if (since <= 1.0) return 0.0;
  const double apace = std::max(s.levels.ahead_all - s.spread.variance, 0.0) / std::max(s.levels.ahead_far, 1.0);
  return apace * (since - 1.0);
}

// Small counts, as scattered as counts are: they repeat themselves because there are so few values, and a density is no
// match for a mass there.
inline bool small_counts(const Series& s) {
  // Mean of ln of what is not zero, from which that comes in bursts instead of one by one: where zeros prevail, Poisson counts have
  // 0.17 at most. One occasion, which has two buckets where it lies on the border of two, teaches nothing.
  constexpr double kBurst = 0.5;  // (chosen)
  const bool bursts = s.repeats.ties > 2.0 * s.repeats.changes && (s.repeats.changes < 2.5 || s.repeats.jump_centre > kBurst);
  const double level = s.levels.value[kSlowLevel];
  return !bursts && whole_numbers(s) && !was_negative(s) && level < 5.0 && s.repeats.changes > 0.5 && s.spread.variance > 0.5 * level;
}

// Does the series repeat one value more often than not?
inline bool repeats_itself(const Series& s) {
  return s.repeats.ties > 2.0 * s.repeats.changes && s.count >= kRepeats && s.season.kind == 0 && !small_counts(s);
}

// A mean of n independent rows scatters with one over n; what they have in common it has whatever their number. 0 rows: nobody says
// how many there are.
inline double fewer_rows(const Series& s, double rows) { return rows > 0.0 && s.rows.inverse > 0.0 ? 1.0 / rows / s.rows.inverse - 1.0 : 0.0; }

// `rows`: behind the value, 0 where that does not matter. `season`: the profile's value, metric unit, 0 without one. `doubt`: its own variance here, where it knows no better.
// `cycles`: that it rests on.
inline Expectation expect(const Series& s, const Memory& m, double season, double doubt, double cycles, int64_t bucket, double rows) {
  Expectation e;
  e.season = season;
  const double since = s.levels.learnt >= 0 ? static_cast<double>(bucket - s.levels.learnt) : 1.0;
  e.level = 0.0;
  for (int i = 0; i < kLevels; ++i) e.level += s.levels.share[i] * s.levels.value[i];
  e.disagreement = 0.0;
  for (int i = 0; i < kLevels; ++i) e.disagreement += s.levels.share[i] * square(s.levels.value[i] - e.level);
  const double drift = s.line.slope + s.levels.share[kSlopedLevel] * s.levels.slope;
  e.level += drift * std::min(since, m.block);
  e.centre = e.level + season;
  if (!was_negative(s)) e.centre = std::max(e.centre, 0.0);  // nothing below zero was ever seen
  if (repeats_itself(s)) e.level = e.centre = s.repeats.usual;
  // Nobody knows of so few that they come less than once a day before the slow level says so.
  if (small_counts(s)) e.centre = std::max(e.centre, std::min(s.levels.value[kSlowLevel], 1.0 / m.accept));
  e.alternative = s.before.until >= bucket ? s.before.level + s.before.factor * season : std::nan("");
  double variance = s.season.kind ? parts_variance(s, e.centre) : s.spread.variance;
  if (s.spread.prior > 0.0 && s.spread.count < 64.0) {
    const double seen = std::max(s.spread.count - 1.0, 0.0);
    variance = (kPriorWeight * s.spread.prior + seen * variance) / (kPriorWeight + seen);
  }
  // Where shares have changed of late, levels that are far apart are less sure than the errors seen so far say.
  e.doubt = doubt + std::max(e.disagreement - s.spread.disagreed, 0.0) + wandered(s, since);
  // A young profile is as uncertain as the few values that each of its knots is made of.
  if (s.season.kind && cycles < 2.0) e.doubt += parts_variance(s, e.level) / (1.0 + cycles);
  e.fewer = fewer_rows(s, rows);
  e.scatter = 1.0 + s.rows.share * e.fewer;
  e.usual_variance = variance;
  e.variance = variance * e.scatter + e.doubt + floor_square(s, e.centre);
  e.deviation = std::sqrt(e.variance);
  e.alternative_deviation = s.before.factor * e.deviation;
  return e;
}

}  // namespace series
