// Learning one value that is not odd: levels, spread, shape.
#pragma once

#include "series_families.hpp"

namespace series {

constexpr double kRestMemory = 512.0;
constexpr double kMost = 25.0;  // of a squared error over the variance that is learnt: one value must not make a spread

enum ChangeKind {
  kNoChange = 0,
  kLevelChange = 1,
  kScaleChange = 2,
  kTimeShift = 3,
  kSeasonFound = 4,
  kSeasonDropped = 5,
  kTrendChange = 6,
  kSwingChange = 7
};

struct Accepted {
  int kind = kNoChange;
  double before = 0.0;
  double after = 0.0;
  int64_t since = -1;  // bucket number where it began; -1: in this bucket
};

// The families' tail against what happened: its rate, and the mean excess of -ln p. Excesses beyond 3 count as "at
// least 3" (censored), so that gross outliers do not shape the tail.
inline void learn_tail(Series& s, double raw) {
  constexpr double kKeep = 1.0 - 1.0 / 4000.0;
  constexpr double kCensor = 3.0;
  s.tail_count = s.tail_count * kKeep + 1.0;
  s.tail_hits *= kKeep;
  s.far *= kKeep;
  s.far_near *= kKeep;
  s.tail_excess *= kKeep;
  s.tail_uncensored *= kKeep;
  if (raw > -kTailStart) return;
  const double excess = -raw - kTailStart;
  s.tail_hits += 1.0;
  s.tail_excess += std::min(excess, kCensor);
  s.tail_uncensored += excess < kCensor ? 1.0 : 0.0;
}

// The size of an outlier, in ln. What goes further than all before counts as the furthest of them.
inline void learn_outlier_size(Series& s, double size) {
  if (s.outliers < 1.5) s.outlier_most = s.outlier_end = s.outlier_centre = size;  // what was before is forgotten
  const double step = std::min(size, s.outlier_most) - s.outlier_centre;
  s.outlier_centre += step / s.outliers;
  s.outlier_square += ((std::min(size, s.outlier_most) - s.outlier_centre) * step - s.outlier_square) / s.outliers;
  s.outlier_end = std::max(s.outlier_end, std::min(size, s.outlier_most));
  s.outlier_most = std::max(s.outlier_most, size);
}

inline void forget_outliers(Series& s) {
  constexpr double kKeep = 1.0 - 1.0 / kOutlierMemory;
  s.outliers *= kKeep;
  s.outliers_above *= kKeep;
  s.outlier_buckets *= kKeep;
}

// Values beyond every family. More than kHabit separate occasions are a habit (a second mode, bursts), with a size of their own.
inline void learn_outliers(Series& s, double raw, double error, bool another) {
  constexpr double kOutlier = -9.2;  // ln 1e-4
  constexpr double kLongest = 12.0;  // buckets that one occasion may count
  if (raw > kOutlier) return;
  if (s.outlier_buckets < kLongest * (s.outliers + another)) s.outlier_buckets += 1.0;
  if (!another) return;
  s.outliers += 1.0;
  s.outliers_above += error > 0.0 ? 1.0 : 0.0;
  learn_outlier_size(s, ln(std::fabs(error) + 1e-300));
}

// Of the value that has the majority: how often it is left, and how far.
inline void learn_repeats(Series& s, const Memory& m, double x) {
  if (s.count == 0.0) s.usual = x;
  const bool tie = x == s.usual;
  s.votes = std::min(s.votes + (tie ? 1.0 : -1.0), m.accept);
  if (s.count >= 1.0 && (tie || x != s.previous)) {
    const double keep = 1.0 - 1.0 / m.slow;
    s.ties = keep * s.ties + (tie ? 1.0 : 0.0);
    s.changes = keep * s.changes + (tie ? 0.0 : 1.0);
    if (!tie) {
      const double size = ln(std::fabs(x - s.usual));
      const double step = size - s.jump_centre;
      s.jump_centre += step / s.changes;
      s.jump_square += ((size - s.jump_centre) * step - s.jump_square) / s.changes;
    }
  }
  if (s.votes < 0.0) s.usual = x, s.votes = 1.0;
  s.occupancy += gain(s.count, m.slow) * ((x != 0.0 ? 1.0 : 0.0) - s.occupancy);
}

// At a block's end: how far each level's word can be trusted hours ahead. Where they are alike, the slower one is.
inline void share_levels(Series& s) {
  constexpr double kHandicap[kLevels] = {1.0, 1.03, 1.1, 1.15, 4.0};  // a slope goes far in half a day
  double worth[kLevels], least = kInfinity;
  for (int i = 0; i < kLevels; ++i) least = std::min(least, worth[i] = s.ahead[i] * kHandicap[i]);
  double total = 0.0;
  for (int i = 0; i < kLevels; ++i) {
    const double ratio = worth[i] > 0.0 ? least / worth[i] : 1.0;
    total += s.share[i] = ratio < 0.5 ? 0.0 : square(square(square(square(ratio))));
    if (worth[i] <= 0.0) break;
  }
  for (double& w : s.share) w /= total;
}

inline void begin_block(Series& s, int64_t bucket) {
  for (int i = 0; i < kLevels; ++i) s.held[i] = s.level[i];
  s.held_slope = s.slope;
  s.held_at = bucket;
}

// What levels said hours ahead against what came.
inline void learn_ahead(Series& s, const Memory& m, double y, int64_t bucket, double trust) {
  const double block = std::min(m.block, std::max(4.0, std::floor(s.level_count / 8.0)));
  const double since = static_cast<double>(bucket - s.held_at);
  const double g = trust * gain(s.level_count - 1.0, m.slow);
  const double most = s.level_count > 16.0 ? 9.0 * std::max(s.ahead[0], s.variance) : kInfinity;
  double all = 0.0;
  for (int i = 0; i < kLevels; ++i) {
    const double said = s.held[i] + s.trend * since + (i == kLevels - 1 ? s.held_slope * since : 0.0);
    s.ahead[i] += g * (std::min(square(y - said), most) - s.ahead[i]);
    all += s.share[i] * said;
  }
  s.ahead_all += g * (std::min(square(y - all), most) - s.ahead_all);
  s.ahead_far += g * (since - s.ahead_far);
  if (since + 1.0 < block) return;
  share_levels(s);
  begin_block(s, bucket);
}

// `y`: the value without the season, `since` buckets after the last one that was learnt: levels with a slope have gone on meanwhile.
inline void learn_levels(Series& s, const Memory& m, const Expectation& e, double y, double since, double trust) {
  const double young = 1.0 / (s.level_count + 1.0);
  const double clip = s.level_count < 8.0 ? kInfinity : 4.0 * e.deviation;
  const double last = since > 1.0 ? 1.0 - to_the(0.5, since) : 0.5;  // what wanders is where it is after a gap
  const double gains[4] = {std::max(young, 1.0 / m.slow), std::max(young, 1.0 / m.middle), std::max(young, 1.0 / m.fast),
                           std::max(young, last)};
  const double gone = s.trend * std::min(since, m.block);
  for (int i = 0; i < 4; ++i) s.level[i] += gone + trust * gains[i] * std::clamp(y - s.level[i] - gone, -clip, clip);
  const double said = s.level[4] + gone + s.slope * std::min(since, m.block);
  const double step = trust * std::clamp(y - said, -clip, clip);
  s.level[4] = said + std::max(young, 1.0 / 6.0) * step;
  if (s.level_count > 0.0) s.slope += std::max(young, 1.0 / 6.0) * 0.2 * step;
  s.level_count += 1.0;
}

inline void begin_parts(Series& s) {
  for (int k = 0; k < kParts; ++k) s.part_found[k] = s.part_said[k] = 0.0;
  s.part_count = 0.0;
}

// Nobody knows yet what the spread follows: that of counts the expectation, that of anything else either nothing or its square.
inline void restart_parts(Series& s, double centre) {
  constexpr double kCounts[kParts] = {0.05, 0.75, 0.2}, kOthers[kParts] = {0.4, 0.2, 0.4};
  double unit[kParts];
  part_units(centre, unit);
  const double* share = (s.flags & 1) == 0 ? kCounts : kOthers;
  for (int k = 0; k < kParts; ++k) s.part[k] = unit[k] > 0.0 ? share[k] * s.variance / unit[k] : 0.0;
  if (!(unit[1] > 0.0)) s.part[0] = s.variance;
  s.part_scale = 1.0;
  s.parts_days = 0.0;
  begin_parts(s);
}

// The likeliest parts, day by day: each is multiplied by what it was in the errors over what was expected of it (the update of
// Itakura and Saito's non-negative factorisation, Fevotte et al. 2009, section 3.2), ever less far.
inline void learn_parts(Series& s, const Memory& m, double centre, double square_error, double trust) {
  double unit[kParts];
  part_units(centre, unit);
  const double plain = std::max(s.part[0] + s.part[1] * unit[1] + s.part[2] * unit[2], 1e-300);
  const double ratio = std::min(square_error / plain, kMost * s.part_scale);
  s.part_scale += trust * std::max(3.0 / (s.scale_count + 2.0), 1.0 / m.slow) * (ratio - s.part_scale);
  for (int k = 0; k < kParts; ++k) {
    s.part_found[k] += trust * ratio * unit[k] / plain;
    s.part_said[k] += trust * unit[k] / plain;
  }
  s.part_count += 1.0;
  if (s.part_count < std::max(m.day, 24.0)) return;
  s.parts_days += 1.0;
  const double power = std::max(std::min(2.0 / std::sqrt(s.parts_days), 1.0), 0.3);
  for (int k = 0; k < kParts; ++k) {
    if (s.part_said[k] > 0.0 && s.part_found[k] > 0.0) s.part[k] *= to_the(s.part_found[k] / (s.part_said[k] * s.part_scale), power);
  }
  begin_parts(s);
}

// A spread that was much smaller throughout a day and a half is the spread. (One that is larger shows as incidents.)
inline Accepted learn_narrowing(Series& s, const Memory& m, const Expectation& e, double x) {
  constexpr double kNarrow = 0.25;
  const double n = s.scale_count - m.middle * std::floor(s.scale_count / m.middle);
  s.of_late += (std::min(square(x - e.centre) / e.variance, kMost) - s.of_late) / (n + 1.0);
  if (n + 1.0 < m.middle || s.of_late > kNarrow || s.level_count < 2.0 * m.middle || s.scale_count < 2.0 * m.middle || repeats_itself(s)) return {};
  const double before = std::sqrt(s.variance);
  s.variance *= s.of_late;
  s.part_scale *= s.of_late;
  s.scale_count = m.middle - 1.0;  // the next one begins
  const bool rounding = s.variance < floor_square(s, s.level[0]);
  return rounding ? Accepted{} : Accepted{kScaleChange, before, std::sqrt(s.variance)};
}

// Beyond kFar, a heavy tail's values are counted.
inline void learn_far(Series& s, double z) {
  if (std::fabs(z) <= kFar) return;
  const double near = kFar / std::fabs(z);
  s.far += 1.0;
  s.far_near += 2.0 * near * near * near;
}

// An incident that was over at once, where there was an outlier before, was noise: shape and spread learn its first value, as much of
// it as of any. (Were all left out, a heavy tail would look like a narrow normal for good.) With a season outliers are also what that
// does not know, such as holidays: its spread does not learn them.
inline void learn_outlying(Series& s, const Memory& m, const Expectation& e) {
  learn_far(s, s.odd_first);
  if (s.outliers < 1.5) return;
  if (families_learn(s)) learn_families(s, e, (s.flags & 1) == 0, e.centre + s.odd_first * e.deviation);
  if (s.season) return;
  const double most = kMost * std::max(e.variance, s.variance);
  s.variance += gain(s.scale_count - 1.0, m.slow) * (std::min(square(s.odd_first) * e.variance, most) - s.variance);
}

constexpr double kMeanStep = 0.02;
constexpr double kLongestRun = 100.0;  // values of a run that are added up
constexpr double kTold = 3.89;         // deviations from which one has been told of: p of 1e-4
constexpr double kTogether = 2.7;      // deviations by which a run is off that is not learnt in full: p of 1 in 150 (chosen)

// The run that a value ends, as one value.
struct Run {
  double value;      // the sum,
  double centre;     // what was expected of it,
  double deviation;  // and how far it varies
};

// By how much more the sum of k values with a memory of phi varies than that of values without one.
inline double alike(double phi, double k) {
  return (1.0 + phi) / (1.0 - phi) - 2.0 * phi * (1.0 - to_the(phi, k)) / (k * square(1.0 - phi));
}

// What is further off is told by itself: in a sum it counts as this far, so that sums have no heavy tail.
inline double in_a_run(const Expectation& e, double x) {
  return std::clamp(x, e.centre - kFar * e.deviation, e.centre + kFar * e.deviation);
}

// What the errors of neighbours have in common, in deviations: the expectation may be wrong, and so may what is known of such days.
inline double shared_doubt(const Series& s, const Expectation& e) { return std::sqrt(e.doubt + s.day_variance); }

// Variance of the sum of k values of which each has its share of `variance`: what they share adds to it, doubt, and by how much means
// went further so far than independent ones do.
inline double with_shared(const Series& s, double variance, double doubt, double k) {
  const double phi = memory_of_rest(s);
  const double expected = kMeanStep / (2.0 - kMeanStep) * (1.0 + phi) / (1.0 - phi);
  return variance * (alike(phi, k) + k * std::max(s.mean_square - expected, 0.0)) + square(doubt);
}

// How far, in deviations, the value is off together with the run that it ends, which is what learning goes by; 0: it ends none, or is so
// much less off than the run is that it speaks for its end.
inline double run_apart(const Series& s, const Expectation& e, int64_t bucket, double x, Run& run) {
  const double before = s.run_value - s.run_centre;
  const double k = static_cast<double>(s.run) + 1.0;
  if (s.run < 1 || s.run_last + 1 != bucket || before * (x - e.centre) <= 0.0 || k > kLongestRun) return 0.0;
  // Neighbours that are alike vary more: no need to reckon how much where even others would be near.
  const double value = in_a_run(e, x), off = before + value - e.centre, variance = s.run_variance + e.variance;
  if (square(off) <= square(kTogether) * variance) return 0.0;
  const double z = (x - e.centre) / e.deviation, of_run = before / std::sqrt(static_cast<double>(s.run) * s.run_variance);
  if (std::fabs(z) < 0.5 * std::fabs(of_run)) return 0.0;
  run = {s.run_value + value, s.run_centre + e.centre, std::sqrt(with_shared(s, variance, s.run_doubt + shared_doubt(s, e), k))};
  return std::fabs(off) / run.deviation;
}

// How much of a value is learnt, by how far off it is together with those before it, if these are off as well: holidays are no one
// bucket's fault, but one value far out is what a heavy tail looks like.
inline double trust_of(const Series& s, double run_apart) {
  if (run_apart <= kTogether) return 1.0;
  const double apart = std::min(run_apart, std::fabs(s.run_value - s.run_centre) / std::sqrt(s.run_variance + square(s.run_doubt)));
  return apart > kTogether ? square(kTogether / apart) : 1.0;
}

// Values in a row on one side: together they may be odd where none is, and odder than each where each is.
inline void learn_run(Series& s, const Expectation& e, double x, int64_t bucket) {
  const double side = x - e.centre, before = s.run_value - s.run_centre;
  if (side * before <= 0.0 || bucket != s.run_last + 1) {
    // A run that was told of is over: the mean of late is to tell of what comes now.
    const double told = square(kTold) * s.run_variance;
    if (square(before) > told && square(before) > told * alike(memory_of_rest(s), static_cast<double>(s.run))) s.mean = 0.0;
    s.run = 0;
    s.run_value = s.run_centre = s.run_variance = s.run_doubt = 0.0;
  }
  s.run_last = bucket;
  if (side == 0.0) return;
  ++s.run;
  s.run_value += in_a_run(e, x);
  s.run_centre += e.centre;
  s.run_variance += e.variance;
  s.run_doubt += shared_doubt(s, e);
}

// What of the rest the next bucket has still, and how far decayed means go.
inline void learn_memory(Series& s, const Memory& m, const Expectation& e, double x, int64_t bucket) {
  const double before = rest_before(s, bucket);
  const double z = std::clamp((x - e.centre) / e.deviation, -5.0, 5.0);
  if (before == before) {
    const double phi = memory_of_rest(s);
    const double g = gain(s.level_count, kRestMemory);
    s.rest_cross += g * (z * before - s.rest_cross);
    s.rest_square += g * (0.5 * (z * z + before * before) - s.rest_square);
    s.step_square += gain(s.level_count, m.slow) * (std::min(square(z - phi * before), 25.0) - s.step_square);
  }
  s.mean += kMeanStep * (std::clamp(z, -4.0, 4.0) - s.mean);
  s.mean_square += gain(s.level_count, 3000.0) * (square(s.mean) - s.mean_square);
  s.last_rest = z;
}

// Spread of values around the expectation.
inline void learn_spread(Series& s, const Memory& m, const Expectation& e, double x, double trust) {
  const double error = x - e.centre;
  // After values that were all alike any error is news of the scale, not an outlier.
  const double limit = s.variance <= floor_square(s, x) ? kInfinity : kMost * std::max(e.variance, s.variance);
  if (s.season) learn_parts(s, m, e.centre, square(error), trust);
  // Later values count for more while it is young: what they are judged by is still getting better.
  const double fresh = s.season ? std::max(3.0 / (s.scale_count + 2.0), 1.0 / m.slow) : gain(s.scale_count - 1.0, m.slow);
  s.variance += trust * fresh * (std::min(square(error), limit) - s.variance);
  s.disagreed += trust * fresh * (e.disagreement - s.disagreed);
  s.season_square += trust / m.week * (square(e.season) - s.season_square);
}

}  // namespace series
