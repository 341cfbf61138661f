// Prediction from a series' state, and learning. Score with the state of bucket t-1, then learn.
#pragma once

#include "series_predict.hpp"

namespace series {

constexpr double kSlow = 2000.0;       // buckets; 1000-4000 made no difference on labelled data
constexpr double kFloor = 1e-9;        // deviations below this share of the level are rounding, not behaviour
constexpr double kBiggest = 1e140;     // values beyond (also infinities) are read as this: its square is finite
constexpr double kErrorMemory = 256.0;
constexpr double kArMemory = 512.0;
constexpr int kShiftRun = 24;          // equal-signed large errors in a row before the level is moved

struct Forecast {
  double season;               // metric unit
  double expert[kExperts];     // predictions without the season
  double centre;               // combined prediction with the season
  double variance;             // floored
};

inline double square(double x) { return x * x; }

inline double gain(double count, double memory) { return std::max(1.0 / (count + 1.0), 1.0 / memory); }

inline double floor_square(const Series& s, double centre) {
  const double f = kFloor * std::fabs(centre) + 1e-300;
  return f * f + ((s.flags & 1) == 0 ? 1.0 / 12.0 : 0.0);
}

inline double ar_coefficient(const Series& s) {
  return s.ar_square > 0.0 ? std::clamp(s.ar_cross / s.ar_square, -0.5, 0.999) : 0.0;
}

// The experts' predictions `ahead` buckets after the last value, weighed by their past errors (power 32 of the ratio
// of deviations: close to choosing the best, without jumps between them).
inline Forecast forecast(const Series& s, double season, double ahead) {
  Forecast f;
  f.season = season;
  const double phi = ar_coefficient(s);
  for (int i = 0; i < 3; ++i) f.expert[i] = s.level[i];
  f.expert[3] = s.level[0] + (ahead <= 1.0 ? phi : std::pow(std::fabs(phi), ahead)) * s.deviation;
  f.expert[4] = s.level[4] + s.slope * std::min(ahead, 64.0);
  f.expert[5] = s.level[5];
  double best = s.error[0];
  for (int i = 1; i < kExperts; ++i) best = std::min(best, s.error[i]);
  double sum = 0.0;
  double total = 0.0;
  if (best > 0.0) {
    for (int i = 0; i < kExperts; ++i) {
      double weight = best / s.error[i];
      for (int k = 0; k < 4; ++k) weight *= weight;
      total += weight;
      sum += weight * (f.expert[i] - s.level[0]);
    }
  }
  f.centre = s.level[0] + (total > 0.0 ? sum / total : 0.0) + season;
  f.variance = s.variance + floor_square(s, f.centre);
  return f;
}

inline Predictive predictive(const Series& s, const Forecast& f, int side) {
  Predictive p;
  p.centre = f.centre;
  p.deviation = std::sqrt(f.variance);
  p.dof = s.scale_count - 1.0;
  p.side = side;
  p.lattice = (s.flags & 1) == 0;
  p.previous = s.previous;
  p.tail_rate = std::log((s.tail_hits + 20.0) / (0.05 * s.tail_count + 20.0));
  p.tail_mean = (s.tail_excess + 40.0) / (s.tail_uncensored + 40.0);
  const bool positive = (s.flags & 2) == 0 && p.centre > 0.0;
  double best = s.ln_weight[0];
  for (int i = 1; i < kFamilies; ++i) {
    const bool open = i == 1 || (positive && (i < 4 || p.lattice));
    p.weight[i] = open && s.scale_count >= 8.0 ? s.ln_weight[i] : -kInfinity;
    best = std::max(best, p.weight[i]);
  }
  p.weight[0] = s.ln_weight[0];
  double total = 0.0;
  for (double& w : p.weight) total += (w = w > best - 7.0 ? std::exp(w - best) : 0.0);
  for (double& w : p.weight) w /= total;
  const double moves = s.changes + s.ties;
  p.ln_change = std::nan("");
  p.jump_centre = p.jump_deviation = p.jump_dof = 0.0;
  if (s.count >= 20.0 && s.ties > 0.5 * moves) {
    p.ln_change = std::log((s.changes + 0.5) / (moves + 1.0));
    // Before any change was seen: as large as a tenth of the value, within a factor e^2.
    const double seen = s.changes + 1.0;
    const double guess = std::log(0.1 * std::fabs(s.previous) + 1e-9);
    p.jump_centre = (s.changes * s.jump_centre + guess) / seen;
    p.jump_deviation = std::sqrt((s.changes * s.jump_square + 4.0) / seen + 0.01);
    p.jump_dof = s.changes + 3.0;
  }
  return p;
}

// ln density (or mass) of x under each family, up to a common constant.
inline void family_scores(const Predictive& p, double x, double* score) {
  const double z = (x - p.centre) / p.deviation;
  const double ln_s = std::log(p.deviation);
  score[0] = -0.5 * z * z - kHalfLn2Pi - ln_s;
  // t4 scaled to unit variance: density 3/8 * sqrt(2) * (1 + z^2/2)^-2.5.
  score[1] = -0.6342558626 - 2.5 * std::log1p(0.5 * z * z) - ln_s;
  score[2] = score[3] = score[4] = score[0] - 50.0;
  if (p.centre <= 0.0 || x < 0.0) return;
  const double v = p.deviation * p.deviation;
  const double xs = p.lattice ? std::max(x, 0.25) : x;
  if (xs > 0.0) {
    const double ln_x = std::log(xs);
    const double square = std::log1p(v / (p.centre * p.centre));
    const double u = ln_x - std::log(p.centre) + 0.5 * square;
    score[2] = -0.5 * u * u / square - kHalfLn2Pi - 0.5 * std::log(square) - ln_x;
    const double a = p.centre * p.centre / v;
    const double unit = v / p.centre;
    score[3] = (a - 1.0) * (ln_x - std::log(unit)) - xs / unit - ln_gamma(a) - std::log(unit);
  }
  if (!p.lattice) return;
  const double excess = v - p.centre;
  if (excess <= 1e-6 * p.centre) {
    score[4] = x * std::log(p.centre) - p.centre - ln_gamma(x + 1.0);
  } else {
    const double r = p.centre * p.centre / excess;
    const double q = p.centre / (p.centre + r);
    score[4] = ln_gamma(x + r) - ln_gamma(x + 1.0) - ln_gamma(r) + x * std::log(q) + r * std::log1p(-q);
  }
}

// Families gain and lose at most kCap a value, so that no single outlier changes the family.
inline void learn_families(Series& s, const Predictive& p, double x) {
  constexpr double kCap = 2.0;
  double score[kFamilies];
  family_scores(p, x, score);
  double best = score[0];
  for (int i = 1; i < kFamilies; ++i) best = std::max(best, score[i]);
  double top = -kInfinity;
  for (int i = 0; i < kFamilies; ++i) {
    s.ln_weight[i] = 0.9995 * s.ln_weight[i] + std::max(score[i] - best, -kCap);
    top = std::max(top, s.ln_weight[i]);
  }
  for (double& w : s.ln_weight) w = std::max(w - top, -60.0);
}

inline void learn_tail(Series& s, double raw_ln_p) {
  constexpr double kKeep = 1.0 - 1.0 / 4000.0;
  constexpr double kCensor = 4.0;  // excesses beyond count as "at least this": gross outliers do not shape the tail
  if (!(raw_ln_p > -kTailStart)) {
    const double excess = -raw_ln_p - kTailStart;
    s.tail_hits += 1.0;
    s.tail_excess += std::min(excess, kCensor);
    s.tail_uncensored += excess < kCensor ? 1.0 : 0.0;
  }
  s.tail_count = s.tail_count * kKeep + 1.0;
  s.tail_hits *= kKeep;
  s.tail_excess *= kKeep;
  s.tail_uncensored *= kKeep;
}

inline void learn_repeats(Series& s, double x) {
  constexpr double kKeep = 1.0 - 1.0 / kSlow;
  if (s.count >= 1.0) {
    const double change = x - s.previous;
    s.ties *= kKeep;
    s.changes *= kKeep;
    if (change == 0.0) {
      s.ties += 1.0;
    } else {
      s.changes += 1.0;
      const double ln = std::log(std::fabs(change));
      const double step = ln - s.jump_centre;
      s.jump_centre += step / s.changes;
      s.jump_square += ((ln - s.jump_centre) * step - s.jump_square) / s.changes;
    }
  }
  s.previous = x;
}

// A long run of large errors of one sign is a new level: every expert moves there.
inline void learn_shift(Series& s, double error, double z) {
  if (std::fabs(z) > 3.0) {
    const int sign = z > 0.0 ? 1 : -1;
    if (s.run * sign < 0) {
      s.run = 0;
      s.run_sum = 0.0;
    }
    s.run += sign;
    s.run_sum += error;
  } else if (s.run != 0) {
    s.run_sum *= 1.0 - 1.0 / std::abs(s.run);
    s.run += s.run > 0 ? -1 : 1;
  }
  if (std::abs(s.run) < kShiftRun) return;
  const double shift = s.run_sum / kShiftRun;
  for (double& level : s.level) level += shift;
  s.deviation = 0.0;
  s.run = 0;
  s.run_sum = 0.0;
}

inline double learning_weight(const Series& s, double ln_p) {
  constexpr double kFull = -6.2;   // ln 0.002
  constexpr double kLeast = -10.8; // ln 0.00002
  if (ln_p >= kFull || s.count < 8.0) return 1.0;
  const double least = std::max(0.05, 1.0 / (1.0 + 0.05 * s.count));
  if (ln_p <= kLeast) return least;
  return std::exp(std::log(least) * (ln_p - kFull) / (kLeast - kFull));
}

inline void learn_value(Series& s, const Forecast& f, double x, double weight) {
  const double y = x - f.season;
  const double error = x - f.centre;
  const double clip = s.count < 8.0 ? kInfinity : 4.0 * std::sqrt(f.variance);
  const double degenerate = s.variance <= floor_square(s, x) ? kInfinity : 1.0;
  const double limit = 25.0 * f.variance * degenerate;
  for (int i = 0; i < kExperts; ++i) {
    s.error[i] += gain(s.count, kErrorMemory) * weight * (std::min(square(y - f.expert[i]), limit) - s.error[i]);
  }
  const double ar_gain = gain(s.count, kArMemory) * weight;
  const double d = std::clamp(y - s.level[0], -4.0 * std::sqrt(s.error[0]), 4.0 * std::sqrt(s.error[0]));
  s.ar_cross += ar_gain * (d * s.deviation - s.ar_cross);
  s.ar_square += ar_gain * (s.deviation * s.deviation - s.ar_square);
  constexpr double kMemory[3] = {kSlow, 64.0, 6.0};
  for (int i = 0; i < 3; ++i) {
    s.level[i] += gain(s.count, kMemory[i]) * weight * std::clamp(y - s.level[i], -clip, clip);
  }
  s.level[3] = s.level[0];
  const double miss = std::clamp(y - f.expert[4], -clip, clip);
  s.level[4] = f.expert[4] + gain(s.count, 32.0) * weight * miss;
  s.slope += gain(s.count, 32.0) * 0.1 * weight * miss;
  s.level[5] += weight * std::clamp(y - s.level[5], -clip, clip);
  s.deviation = d;
  if (s.count >= 1.0) {
    s.variance += gain(s.scale_count - 1.0, kSlow) * weight * (std::min(square(error), limit) - s.variance);
  }
}

}  // namespace series
