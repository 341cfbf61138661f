// Learning one value that is not odd: levels, spread, shape.
#pragma once

#include "series_families.hpp"

namespace series {

constexpr double kRestMemory = 512.0;  // (chosen)
constexpr double kMost = 25.0;  // of a squared error over the variance that is learnt: one value must not make a spread (chosen)

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

// The families' tail against what happened: its rate, and the mean excess of -ln p, of each side. Excesses beyond 3 count as "at
// least 3" (censored), so that gross outliers do not shape the tail. Where one side alone is judged, both are as that one.
inline void learn_tail(Series& s, double raw, bool above, int side) {
  constexpr double kKeep = 1.0 - 1.0 / 4000.0;  // (chosen memory)
  constexpr double kCensor = 3.0;  // (chosen)
  s.tail.count = s.tail.count * kKeep + 1.0;
  s.tail.far *= kKeep;
  s.tail.far_near *= kKeep;
  for (int i = 0; i < 2; ++i) s.tail.hits[i] *= kKeep, s.tail.excess[i] *= kKeep, s.tail.uncensored[i] *= kKeep;
  if (raw > -kTailStart) return;
  const double excess = -raw - kTailStart;
  for (int i = 0; i < 2; ++i) {
    const double part = side != 0 ? 0.5 : i == above ? 1.0 : 0.0;
    s.tail.hits[i] += part;
    s.tail.excess[i] += part * std::min(excess, kCensor);
    s.tail.uncensored[i] += excess < kCensor ? part : 0.0;
  }
}

// The size of an outlier, in ln. What goes further than all before counts as the furthest of them.
inline void learn_outlier_size(Series& s, double size) {
  if (s.outliers.count < 1.5) s.outliers.most = s.outliers.end = s.outliers.centre = size;  // what was before is forgotten
  s.outliers.size = size;
  s.outliers.most_before = s.outliers.most;
  const double step = std::min(size, s.outliers.most) - s.outliers.centre;
  s.outliers.centre += step / s.outliers.count;
  s.outliers.square += ((std::min(size, s.outliers.most) - s.outliers.centre) * step - s.outliers.square) / s.outliers.count;
  s.outliers.end = std::max(s.outliers.end, std::min(size, s.outliers.most));
  s.outliers.most = std::max(s.outliers.most, size);
}

// A later bucket of the same occasion: as large as the furthest of them is all of it.
inline void grow_outlier_size(Series& s, double size) {
  if (size <= s.outliers.size || s.outliers.count <= 0.0) return;
  const bool first = s.outliers.count < 1.5;
  const double limit = first ? kInfinity : s.outliers.most_before;
  const double was = std::min(s.outliers.size, limit), now = std::min(size, limit);
  const double moved = (now - was) / s.outliers.count;
  s.outliers.centre += moved;
  const double more = square(moved) + (square(now - s.outliers.centre) - square(was - s.outliers.centre)) / s.outliers.count;
  s.outliers.square = std::max(s.outliers.square + more, 0.0);
  s.outliers.end = std::max(s.outliers.end, now);
  s.outliers.most = std::max(s.outliers.most, size);
  s.outliers.size = size;
  if (first) s.outliers.most_before = size;
}

inline void forget_outliers(Series& s, const Memory& m) {
  const double keep = 1.0 - 1.0 / m.habits;
  s.outliers.count *= keep;
  s.outliers.above *= keep;
  s.outliers.buckets *= keep;
}

inline void remember_occasion(Series& s, int64_t bucket, bool above) {
  int64_t* when = s.outliers.when + (above ? kOccasions : 0);
  std::copy_backward(when, when + kOccasions - 1, when + kOccasions);
  when[0] = bucket;
}

// What was due has come, though an incident was going on already, or the noise of late is such that it is hardly odd.
inline void keep_due(Series& s, const Memory& m, int64_t bucket, bool above) {
  const double since = static_cast<double>(bucket - s.outliers.when[above ? kOccasions : 0]);
  const double due = due_within(s, m, bucket, above);
  if (due > 0.0 && since > due) remember_occasion(s, bucket, above);
}

// Values beyond every family. More than kHabit separate occasions are a habit (a second mode, bursts), with a size of their own.
inline void learn_outliers(Series& s, const Memory& m, double raw, double error, int64_t bucket, bool another) {
  constexpr double kOutlier = -9.2;  // ln 1e-4 (chosen)
  constexpr double kLongest = 12.0;  // buckets that one occasion may count (chosen)
  if (raw > kOutlier) return;
  if (s.outliers.buckets < kLongest * (s.outliers.count + another)) s.outliers.buckets += 1.0;
  const double size = ln(std::fabs(error) + 1e-300);
  if (!another) return grow_outlier_size(s, size);
  remember_occasion(s, bucket, error > 0.0);
  s.outliers.count += 1.0;
  s.outliers.above += error > 0.0 ? 1.0 : 0.0;
  learn_outlier_size(s, size);
}

constexpr double kStillMost = 8.0;  // repetitions of one occasion that teach how long such last (chosen)

// How often a value is the one before it, and how often it then is once more.
inline void learn_still(Series& s, const Memory& m, double x, int64_t bucket) {
  if (s.count == 0.0) return;
  const bool same = x == s.previous && bucket == s.last + 1;
  const double keep = 1.0 - 1.0 / m.slow;
  const bool over = !same && s.still.length > 0;
  s.still.share += gain(s.count, m.slow) * ((same ? 1.0 : 0.0) - s.still.share);
  s.still.begun = keep * s.still.begun + (over ? 1.0 : 0.0);
  s.still.went_on = keep * s.still.went_on + (over ? std::min(static_cast<double>(s.still.length - 1), kStillMost) : 0.0);
  s.still.length = same ? s.still.length + 1 : 0;
}

// Of the value that has the majority: how often it is left, and how far.
inline void learn_repeats(Series& s, const Memory& m, double x) {
  if (s.count == 0.0) s.repeats.usual = x;
  const bool tie = x == s.repeats.usual;
  s.repeats.votes = std::min(s.repeats.votes + (tie ? 1.0 : -1.0), m.accept);
  if (s.count >= 1.0 && (tie || x != s.previous)) {
    const double keep = 1.0 - 1.0 / m.slow;
    s.repeats.ties = keep * s.repeats.ties + (tie ? 1.0 : 0.0);
    s.repeats.changes = keep * s.repeats.changes + (tie ? 0.0 : 1.0);
    if (!tie) {
      const double size = ln(std::fabs(x - s.repeats.usual));
      const double step = size - s.repeats.jump_centre;
      s.repeats.jump_centre += step / s.repeats.changes;
      s.repeats.jump_square += ((size - s.repeats.jump_centre) * step - s.repeats.jump_square) / s.repeats.changes;
    }
  }
  if (s.repeats.votes < 0.0) s.repeats.usual = x, s.repeats.votes = 1.0;
  s.occupancy += gain(s.count, m.slow) * ((x != 0.0 ? 1.0 : 0.0) - s.occupancy);
}

// At a block's end: how far each level's word can be trusted hours ahead. Where they are alike, the slower one is.
inline void share_levels(Series& s) {
  constexpr double kHandicap[kLevels] = {1.0, 1.03, 1.1, 1.15, 4.0};  // a slope goes far in half a day (measured on made series)
  double worth[kLevels], least = kInfinity;
  for (int i = 0; i < kLevels; ++i) least = std::min(least, worth[i] = s.levels.ahead[i] * kHandicap[i]);
  double total = 0.0;
  for (int i = 0; i < kLevels; ++i) {
    const double ratio = worth[i] > 0.0 ? least / worth[i] : 1.0;
    total += s.levels.share[i] = ratio < 0.5 ? 0.0 : square(square(square(square(ratio))));
    if (worth[i] <= 0.0) break;
  }
  for (double& w : s.levels.share) w /= total;
}

inline void begin_block(Series& s, int64_t bucket) {
  for (int i = 0; i < kLevels; ++i) s.levels.held[i] = s.levels.value[i];
  s.levels.held_slope = s.levels.slope;
  s.levels.held_at = bucket;
}

// What levels said hours ahead against what came, `scatter` times as far as of a usual number of rows.
inline void learn_ahead(Series& s, const Memory& m, double y, int64_t bucket, double scatter, double trust) {
  const double block = std::min(m.block, std::max(4.0, std::floor(s.levels.count / 8.0)));
  const double since = static_cast<double>(bucket - s.levels.held_at);
  const double g = trust * gain(s.levels.count - 1.0, m.slow);
  const double most = s.levels.count > 16.0 ? 9.0 * std::max(s.levels.ahead[kSlowLevel], s.spread.variance) : kInfinity;
  double all = 0.0;
  for (int i = 0; i < kLevels; ++i) {
    const double said = s.levels.held[i] + s.line.slope * since + (i == kLevels - 1 ? s.levels.held_slope * since : 0.0);
    s.levels.ahead[i] += g * (std::min(square(y - said) / scatter, most) - s.levels.ahead[i]);
    all += s.levels.share[i] * said;
  }
  s.levels.ahead_all += g * (std::min(square(y - all) / scatter, most) - s.levels.ahead_all);
  s.levels.ahead_far += g * (since - s.levels.ahead_far);
  if (since + 1.0 < block) return;
  share_levels(s);
  begin_block(s, bucket);
}

// `y`: the value without the season, `since` buckets after the last one that was learnt: levels with a slope have gone on meanwhile.
inline void learn_levels(Series& s, const Memory& m, const Expectation& e, double y, double since, double trust) {
  const double young = 1.0 / (s.levels.count + 1.0);
  const double clip = s.levels.count < 8.0 ? kInfinity : 4.0 * e.deviation;
  const double last = since > 1.0 ? 1.0 - to_the(0.5, since) : 0.5;  // what wanders is where it is after a gap
  const double gains[4] = {std::max(young, 1.0 / m.slow), std::max(young, 1.0 / m.middle), std::max(young, 1.0 / m.fast),
                           std::max(young, last)};
  const double gone = s.line.slope * std::min(since, m.block);
  for (int i = 0; i < 4; ++i) s.levels.value[i] += gone + trust * gains[i] * std::clamp(y - s.levels.value[i] - gone, -clip, clip);
  const double said = s.levels.value[kSlopedLevel] + gone + s.levels.slope * std::min(since, m.block);
  const double step = trust * std::clamp(y - said, -clip, clip);
  s.levels.value[kSlopedLevel] = said + std::max(young, 1.0 / 6.0) * step;
  if (s.levels.count > 0.0) s.levels.slope += std::max(young, 1.0 / 6.0) * 0.2 * step;
  s.levels.count += 1.0;
}

inline void begin_parts(Series& s) {
  for (int k = 0; k < kParts; ++k) s.spread.part_found[k] = s.spread.part_said[k] = 0.0;
  s.spread.part_count = 0.0;
}

// Nobody knows yet what the spread follows: that of counts the expectation, that of anything else either nothing or its square.
inline void restart_parts(Series& s, double centre) {
  constexpr double kCounts[kParts] = {0.05, 0.75, 0.2}, kOthers[kParts] = {0.4, 0.2, 0.4};  // (chosen: before a day has told)
  double unit[kParts];
  part_units(centre, unit);
  const double* share = whole_numbers(s) ? kCounts : kOthers;
  for (int k = 0; k < kParts; ++k) s.spread.part[k] = unit[k] > 0.0 ? share[k] * s.spread.variance / unit[k] : 0.0;
  if (!(unit[1] > 0.0)) s.spread.part[0] = s.spread.variance;
  s.spread.part_scale = 1.0;
  s.spread.parts_days = 0.0;
  begin_parts(s);
}

// The likeliest parts, day by day: each is multiplied by what it was in the errors over what was expected of it (the update of
// Itakura and Saito's non-negative factorisation, Fevotte et al. 2009, section 3.2), ever less far.
inline void learn_parts(Series& s, const Memory& m, double centre, double square_error, double trust) {
  double unit[kParts];
  part_units(centre, unit);
  const double plain = std::max(s.spread.part[0] + s.spread.part[1] * unit[1] + s.spread.part[2] * unit[2], 1e-300);
  const double ratio = std::min(square_error / plain, kMost * s.spread.part_scale);
  s.spread.part_scale += trust * std::max(3.0 / (s.spread.count + 2.0), 1.0 / m.slow) * (ratio - s.spread.part_scale);
  for (int k = 0; k < kParts; ++k) {
    s.spread.part_found[k] += trust * ratio * unit[k] / plain;
    s.spread.part_said[k] += trust * unit[k] / plain;
  }
  s.spread.part_count += 1.0;
  if (s.spread.part_count < std::max(m.day, 24.0)) return;
  s.spread.parts_days += 1.0;
  const double power = std::max(std::min(2.0 / std::sqrt(s.spread.parts_days), 1.0), 0.3);
  for (int k = 0; k < kParts; ++k) {
    const double found = s.spread.part_found[k], said = s.spread.part_said[k] * s.spread.part_scale;
    if (said > 0.0 && found > 0.0) s.spread.part[k] *= to_the(found / said, power);
  }
  begin_parts(s);
}

// A spread that was much smaller throughout a day and a half is the spread. (One that is larger shows as incidents.)
inline Accepted learn_narrowing(Series& s, const Memory& m, const Expectation& e, double x) {
  constexpr double kNarrow = 0.25;  // (chosen)
  const double n = s.spread.count - m.middle * std::floor(s.spread.count / m.middle);
  s.spread.of_late += (std::min(square(x - e.centre) / e.variance, kMost) - s.spread.of_late) / (n + 1.0);
  if (n + 1.0 < m.middle || s.spread.of_late > kNarrow || repeats_itself(s)) return {};
  if (std::min(s.levels.count, s.spread.count) < 2.0 * m.middle) return {};
  const double before = std::sqrt(s.spread.variance);
  s.spread.variance *= s.spread.of_late;
  s.spread.part_scale *= s.spread.of_late;
  forget_silence(s);
  s.spread.count = m.middle - 1.0;  // the next one begins
  const bool rounding = s.spread.variance < floor_square(s, s.levels.value[kSlowLevel]);
  return rounding ? Accepted{} : Accepted{kScaleChange, before, std::sqrt(s.spread.variance)};
}

// Beyond kFar, a heavy tail's values are counted.
inline void learn_far(Series& s, double z) {
  if (std::fabs(z) <= kFar) return;
  const double near = kFar / std::fabs(z);
  s.tail.far += 1.0;
  s.tail.far_near += 2.0 * near * near * near;
}

// An incident that was over at once, where there was an outlier before, was noise: shape and spread learn its first value, as much of
// it as of any. (Were all left out, a heavy tail would look like a narrow normal for good.) With a season outliers are also what that
// does not know, such as holidays: its spread does not learn them.
inline void learn_outlying(Series& s, const Memory& m, const Expectation& e) {
  learn_far(s, s.incident.first);
  if (s.outliers.count < 1.5) return;
  if (families_learn(s)) learn_families(s, e, whole_numbers(s), e.centre + s.incident.first * e.deviation);
  if (s.season.kind) return;
  const double variance = e.variance / e.scatter, most = kMost * std::max(variance, s.spread.variance);
  s.spread.variance += gain(s.spread.count - 1.0, m.slow) * (std::min(square(s.incident.first) * variance, most) - s.spread.variance);
}

constexpr double kMeanStep = 0.02;  // (chosen)
constexpr double kLongestRun = 100.0;  // values of a run that are added up (chosen)
constexpr double kTold = 3.89;         // deviations from which one has been told of: p of 1e-4 (computed)
constexpr double kTogether = 2.7;      // deviations by which a run is off that is not learnt in full: p of 1 in 150 (chosen)

// The run that a value ends, as one value.
struct RunTotal {
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
inline double shared_doubt(const Series& s, const Expectation& e) { return std::sqrt(e.doubt + s.season.day_variance); }

// Variance of the sum of k values of which each has its share of `variance`: what they share adds to it, doubt, and by how much means
// went further so far than independent ones do.
inline double with_shared(const Series& s, double variance, double doubt, double k) {
  const double phi = memory_of_rest(s);
  const double expected = kMeanStep / (2.0 - kMeanStep) * (1.0 + phi) / (1.0 - phi);
  return variance * (alike(phi, k) + k * std::max(s.rest.mean_square - expected, 0.0)) + square(doubt);
}

// How far, in deviations, the value is off together with the run that it ends, which is what learning goes by; 0: it ends none, or is so
// much less off than the run is that it speaks for its end.
inline double run_apart(const Series& s, const Expectation& e, int64_t bucket, double x, RunTotal& run) {
  const double before = s.run.value - s.run.centre;
  const double k = static_cast<double>(s.run.length) + 1.0;
  if (s.run.length < 1 || s.run.last + 1 != bucket || before * (x - e.centre) <= 0.0 || k > kLongestRun) return 0.0;
  // Neighbours that are alike vary more: no need to reckon how much where even others would be near.
  const double value = in_a_run(e, x), off = before + value - e.centre, variance = s.run.variance + e.variance;
  if (square(off) <= square(kTogether) * variance) return 0.0;
  const double z = (x - e.centre) / e.deviation, of_run = before / std::sqrt(static_cast<double>(s.run.length) * s.run.variance);
  if (std::fabs(z) < 0.5 * std::fabs(of_run)) return 0.0;
  run = {s.run.value + value, s.run.centre + e.centre, std::sqrt(with_shared(s, variance, s.run.doubt + shared_doubt(s, e), k))};
  return std::fabs(off) / run.deviation;
}

// How much of a value is learnt, by how far off it is together with those before it, if these are off as well: holidays are no one
// bucket's fault, but one value far out is what a heavy tail looks like.
inline double trust_of(const Series& s, double run_apart) {
  if (run_apart <= kTogether) return 1.0;
  const double apart = std::min(run_apart, std::fabs(s.run.value - s.run.centre) / std::sqrt(s.run.variance + square(s.run.doubt)));
  return apart > kTogether ? square(kTogether / apart) : 1.0;
}

// Nothing, bucket after bucket.
inline void learn_silence(Series& s, const Expectation& e, double x, int64_t bucket) {
  if (x != 0.0 || bucket != s.run.last + 1) forget_silence(s);
  if (x != 0.0 || s.run.silent + 1 >= static_cast<int64_t>(kLongestRun)) return;  // as many say all that such a rate can say
  ++s.run.silent;
  s.run.silent_centre += e.centre;
  s.run.silent_variance += e.variance;
  s.run.silent_doubt += shared_doubt(s, e);
}

// Values in a row on one side: together they may be odd where none is, and odder than each where each is.
inline void learn_run(Series& s, const Expectation& e, double x, int64_t bucket) {
  const double side = x - e.centre, before = s.run.value - s.run.centre;
  learn_silence(s, e, x, bucket);
  if (side * before <= 0.0 || bucket != s.run.last + 1) {
    // A run that was told of is over: the mean of late is to tell of what comes now.
    const double told = square(kTold) * s.run.variance;
    if (square(before) > told && square(before) > told * alike(memory_of_rest(s), static_cast<double>(s.run.length))) s.rest.mean = 0.0;
    s.run.length = 0;
    s.run.value = s.run.centre = s.run.variance = s.run.doubt = 0.0;
  }
  s.run.last = bucket;
  if (side == 0.0) return;
  ++s.run.length;
  s.run.value += in_a_run(e, x);
  s.run.centre += e.centre;
  s.run.variance += e.variance;
  s.run.doubt += shared_doubt(s, e);
}

// What of the rest the next bucket has still, and how far decayed means go.
inline void learn_memory(Series& s, const Memory& m, const Expectation& e, double x, int64_t bucket) {
  const double before = rest_before(s, bucket);
  const double z = std::clamp((x - e.centre) / e.deviation, -5.0, 5.0);
  if (before == before) {
    const double phi = memory_of_rest(s);
    const double g = gain(s.levels.count, kRestMemory);
    s.rest.cross += g * (z * before - s.rest.cross);
    s.rest.square += g * (0.5 * (z * z + before * before) - s.rest.square);
    s.rest.step_square += gain(s.levels.count, m.slow) * (std::min(square(z - phi * before), 25.0) - s.rest.step_square);
  }
  s.rest.mean += kMeanStep * (std::clamp(z, -4.0, 4.0) - s.rest.mean);
  s.rest.mean_square += gain(s.levels.count, 3000.0) * (square(s.rest.mean) - s.rest.mean_square);
  s.rest.last = z;
}

// -ln of the probability of three deviations, from which on a value is sudden.
constexpr double kSuddenStart = 5.9145;  // (computed)

// Nats that each sudden value showed, NaN where there was none to compare with: how often that happens, and how far it goes beyond the
// start; beyond kSuddenMost it counts as at least that.
inline void learn_sudden(Series& s, double nats) {
  constexpr double kKeep = 1.0 - 1.0 / 4000.0, kSuddenMost = 12.0;  // (chosen memory)
  if (!(nats == nats)) return;
  s.rest.sudden_count = s.rest.sudden_count * kKeep + 1.0;
  s.rest.sudden_hits *= kKeep;
  s.rest.sudden_uncensored *= kKeep;
  s.rest.sudden_excess *= kKeep;
  if (nats <= kSuddenStart) return;
  s.rest.sudden_hits += 1.0;
  s.rest.sudden_excess += std::min(nats - kSuddenStart, kSuddenMost);
  s.rest.sudden_uncensored += nats - kSuddenStart < kSuddenMost ? 1.0 : 0.0;
}

// How many rows are usual, and how much of the variance goes with them: a step of the likelihood of a normal error at a time, by what
// it says (its score over its information), so that buckets with as many rows as ever say nothing.
inline void learn_rows(Series& s, const Memory& m, const Expectation& e, double rows, double error, double trust) {
  constexpr double kPriorInformation = 8.0;  // the share is half at first, give or take half (chosen: nobody knows)
  constexpr double kMostWithin = 0.95;       // (chosen: something of a bucket its rows always have in common)
  if (!(rows > 0.0)) return;
  if (s.spread.count >= 8.0) {
    const double by = e.fewer * e.usual_variance / e.variance;
    const double ratio = std::min(square(error) / e.variance, kMost);
    s.rows.known += trust * square(by) - s.rows.known / m.slow;
    s.rows.share += trust * by * (ratio - 1.0) / (s.rows.known + kPriorInformation);
    s.rows.share = std::clamp(s.rows.share, 0.0, kMostWithin);
  }
  s.rows.inverse += gain(s.spread.count, m.slow) * (1.0 / rows - s.rows.inverse);
}

// Spread of values around the expectation.
inline void learn_spread(Series& s, const Memory& m, const Expectation& e, double x, double trust) {
  const double error = x - e.centre, squared = square(error) / e.scatter;  // as of a bucket of the usual number of rows
  // After values that were all alike any error is news of the scale, not an outlier.
  const double limit = s.spread.variance <= floor_square(s, x) ? kInfinity : kMost * std::max(e.variance / e.scatter, s.spread.variance);
  if (s.season.kind) learn_parts(s, m, e.centre, squared, trust);
  // Later values count for more while it is young: what they are judged by is still getting better.
  const double fresh = s.season.kind ? std::max(3.0 / (s.spread.count + 2.0), 1.0 / m.slow) : gain(s.spread.count - 1.0, m.slow);
  s.spread.variance += trust * fresh * (std::min(squared, limit) - s.spread.variance);
  s.spread.disagreed += trust * fresh * (e.disagreement - s.spread.disagreed);
  s.season.square += trust / m.week * (square(e.season) - s.season.square);
  s.season.day_variance -= trust / m.week * s.season.day_variance;  // few days told it: means of late, which are learnt, tell better
}

}  // namespace series
