// Learning one value: level, scale, shape, and the changes that make a series another one.
#pragma once

#include "series_families.hpp"

namespace series {

constexpr double kErrorMemory = 256.0;
constexpr double kArMemory = 512.0;
constexpr int kShiftRun = 24;   // equal-signed large errors in a row before the level is moved
constexpr double kSettled = 4.0;  // squared errors of the slow level over the least ones, up to which a series keeps to it
constexpr int kScaleRun = 48;   // buckets of a wrong scale before it is replaced
constexpr double kMostRatio = 25.0;  // of a squared error over the variance: an hour of outage must not count as a spread for hours after

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
  s.tail_excess *= kKeep;
  s.tail_uncensored *= kKeep;
  if (raw > -kTailStart) return;
  const double excess = -raw - kTailStart;
  s.tail_hits += 1.0;
  s.tail_excess += std::min(excess, kCensor);
  s.tail_uncensored += excess < kCensor ? 1.0 : 0.0;
}

// Values beyond every family. More than kHabit of them are a habit (a second mode, a cron job), with a size of their own.
inline void learn_outliers(Series& s, double raw, double error) {
  constexpr double kOutlier = -9.2;  // ln 1e-4
  s.outliers *= 1.0 - 1.0 / kOutlierMemory;
  if (raw > kOutlier) return;
  s.outliers += 1.0;
  const double size = ln(std::fabs(error) + 1e-300);
  const double step = size - s.outlier_centre;
  s.outlier_centre += step / s.outliers;
  s.outlier_square += ((size - s.outlier_centre) * step - s.outlier_square) / s.outliers;
}

// The size of changes is kept only for series that repeat themselves at all.
inline void learn_repeats(Series& s, double x) {
  constexpr double kKeep = 1.0 - 1.0 / kSlow;
  if (s.count >= 1.0) {
    const double change = x - s.previous;
    s.ties *= kKeep;
    s.changes *= kKeep;
    (change == 0.0 ? s.ties : s.changes) += 1.0;
    if (change != 0.0 && (s.count < 32.0 || s.ties > 0.1 * s.changes)) {
      const double size = ln(std::fabs(change));
      const double step = size - s.jump_centre;
      s.jump_centre += step / s.changes;
      s.jump_square += ((size - s.jump_centre) * step - s.jump_square) / s.changes;
    }
  }
  s.previous = x;
  s.occupancy += gain(s.count, kSlow) * ((x != 0.0 ? 1.0 : 0.0) - s.occupancy);
}

// Distance in deviations that a level shift shows in: from the slow level where the series keeps to one (then the faster
// experts cannot hide the shift by following it), else from the prediction: also where a trend is known.
inline double shift_distance(const Series& s, double y, double z, double variance) {
  const bool settled = s.trend == 0.0 && s.error[0] < kSettled * least_error(s);
  return settled ? (y - s.level[0]) / std::sqrt(std::max(s.error[0], variance)) : z;
}

// A long run of large errors of one sign is a new level: every expert moves to the mean of the run.
inline Accepted learn_shift(Series& s, int64_t bucket, double y, double z) {
  if (std::fabs(z) > 3.0) {
    const int sign = z > 0.0 ? 1 : -1;
    if (s.run * sign < 0) {
      s.run = 0;
      s.run_sum = 0.0;
    }
    s.run += sign;
    s.run_sum += y;
  } else if (s.run != 0) {
    s.run_sum *= 1.0 - 1.0 / std::abs(s.run);
    s.run += s.run > 0 ? -1 : 1;
  }
  if (std::abs(s.run) < kShiftRun) return {};
  const Accepted accepted{kLevelChange, s.level[0], s.run_sum / kShiftRun};
  for (int i = 0; i < 6; ++i) s.level[i] = accepted.after;
  s.deviation = s.slope = s.trend = s.swing_run = 0.0;
  s.line_first = bucket - kShiftRun + 1;
  s.recent_ratio = 1.0;
  s.run = s.wide = 0;
  s.run_sum = 0.0;
  return accepted;
}

// A scale that has been wrong for long is replaced by what the last buckets show. Widening wants errors of both signs
// (no level run); narrowing takes four times as long, since a quiet spell costs nothing.
inline Accepted learn_scale(Series& s, double square_error, double variance) {
  const double ratio = std::min(square_error / variance, kMostRatio);
  s.recent_ratio += (ratio - s.recent_ratio) / 32.0;
  if (s.recent_ratio > 5.0 && std::abs(s.run) < kShiftRun / 2) {
    s.wide = s.wide < 0 ? 1 : s.wide + 1;
  } else if (s.recent_ratio < 0.1) {
    s.wide = s.wide > 0 ? -1 : s.wide - 1;
  } else {
    s.wide = 0;
  }
  if (s.wide < kScaleRun && s.wide > -4 * kScaleRun) return {};
  // Of normal errors with the variance r, the mean of squares up to 25 is m where r = m / (1 - (m / 25)^2)^2, within 10 %.
  const double wider = std::min(s.recent_ratio / square(1.0 - square(s.recent_ratio / kMostRatio)), 100.0);
  const Accepted change{kScaleChange, std::sqrt(s.variance), std::sqrt(s.variance * wider)};
  // Of spreads that are rounding there is nothing to tell, nor that a series that hardly ever changes has less and less.
  const bool rounding = s.variance * std::max(1.0, wider) < floor_square(s, s.level[0]);
  const Accepted accepted = rounding || (s.wide < 0 && repeats_itself(s)) ? Accepted{} : change;
  s.variance *= wider;
  for (double& e : s.error) e *= wider;
  s.scale_count = std::min(s.scale_count, 64.0);
  // After a constant past the spreads are nothing: they start anew. Otherwise a wild spell is not yet a wider normal.
  if (s.slow_square < 0.1 * s.variance) s.spread_count = std::min(s.spread_count, 10.0);
  s.recent_ratio = 1.0;
  s.wide = 0;
  return accepted;
}

// 1 for what the model expects, down to 0.05 for what it cannot explain; milder while the series is young.
inline double learning_weight(const Series& s, double ln_p) {
  constexpr double kFull = -6.2;    // ln 0.002
  constexpr double kLeast = -10.8;  // ln 0.00002
  if (ln_p >= kFull || s.count < 8.0) return 1.0;
  const double least = std::max(0.05, 1.0 / (1.0 + 0.05 * s.count));
  if (ln_p <= kLeast) return least;
  return e_to(ln(least) * (ln_p - kFull) / (kLeast - kFull));
}

// `young`: the gain of a mean, until a level's own memory is shorter.
inline void learn_levels(Series& s, const Forecast& f, double x, double weight, double young, double cycle) {
  const double y = x - f.season;
  const double clip = s.count < 8.0 ? kInfinity : 4.0 * f.deviation;
  const double reach = 4.0 * std::sqrt(s.error[0]);
  const double d = within(y - s.level[0], -reach, reach);
  const double ar_gain = std::max(young, 1.0 / kArMemory) * weight;
  s.ar_cross += ar_gain * (d * s.deviation - s.ar_cross);
  s.ar_square += ar_gain * (s.deviation * s.deviation - s.ar_square);
  s.deviation = d;
  // Pairs of distances, clipped side by side: the slow and the middle level, the fast one and the trend's, the last values.
  const auto clipped = [clip](Two distance) { return within(distance, Two{} - clip, Two{} + clip); };
  const double middle = cycle > 64.0 ? 1.0 / cycle : 1.0 / 64.0;
  const Two slow = load<Two>(s.level);
  store(s.level, slow + greater(Two{} + young, Two{1.0 / kSlow, middle}) * weight * clipped(y - slow));
  s.level[3] = s.level[0];
  const Two fast = greater(Two{} + young, Two{1.0 / 6.0, 1.0 / 32.0}) * weight * clipped(y - Two{s.level[2], f.expert[4]});
  s.level[2] += fast[0];
  s.level[4] = f.expert[4] + fast[1];
  s.slope += 0.1 * fast[1];
  const Two last = load<Two>(s.level + 5);
  store(s.level + 5, last + weight * clipped(Two{y, x} - last));
  s.held_back = weight < 1.0 ? y - s.level[5] : 0.0;
}

// Errors of seasonal series over powers of their level: spread that follows the level shows as a season of the variance.
inline void learn_power(Series& s, double centre, double square_error, double weight) {
  if (!(centre > 0.0)) return;
  const double g = gain(s.season_age, kSlow) * weight;
  const bool compare = s.season_age > 64.0 && (static_cast<int64_t>(s.count) & 3) == 0 && s.variance > 0.0;
  const double plain = compare ? ln(s.variance) + std::min(square_error / s.variance, 25.0) : 0.0;
  const bool was = std::max(s.power_gain[0], s.power_gain[1]) > kPowerEvidence;
  double scale = 1.0;
  for (int i = 0; i < 2; ++i) {
    scale *= centre;
    double& v = s.power_variance[i];
    if (compare && v > 0.0) {
      const double score = ln(v * scale) + std::min(square_error / (v * scale), 25.0);
      s.power_gain[i] = 0.998 * s.power_gain[i] + 0.5 * std::clamp(plain - score, -4.0, 4.0);
    }
    v += g * (std::min(square_error / scale, s.season_age < 16.0 ? kInfinity : 25.0 * v) - v);
  }
  if (was || std::max(s.power_gain[0], s.power_gain[1]) <= kPowerEvidence) return;
  doubt_families(s);
  // With one variance for all levels the tail was that of a mixture of them: most of what was learned of it is void as well.
  for (double* tail : {&s.tail_count, &s.tail_hits, &s.tail_excess, &s.tail_uncensored}) *tail *= 0.1;
}

[[gnu::always_inline]] inline void learn_value(Series& s, const Forecast& f, double x, double weight, double cycle) {
  const double y = x - f.season;
  const double error = x - f.centre;
  // After values that were all alike any error is news of the scale, not an outlier.
  const double limit = s.variance <= floor_square(s, x) ? kInfinity : 25.0 * f.variance;
  const double young = 1.0 / (s.count + 1.0);
  const double g = std::max(young, 1.0 / kErrorMemory) * weight;
  // In lanes, as they are read: a pair written one by one would keep its reader waiting.
  for (int i = 0; i + 1 < kExperts; i += 2) {
    const Two had = load<Two>(s.error + i);
    store(s.error + i, had + g * (lesser(square(y - load<Two>(f.expert + i)), Two{} + limit) - had));
  }
  double& last = s.error[kExperts - 1];
  last += g * (std::min(square(y - f.expert[kExperts - 1]), limit) - last);
  learn_levels(s, f, x, weight, young, cycle);
  if (s.season) learn_power(s, f.centre, square(error), weight);
  s.variance += gain(s.scale_count - 1.0, kSlow) * weight * (std::min(square(error), std::max(limit, 25.0 * s.variance)) - s.variance);
}

}  // namespace series
