// The prediction of the next value from a series' state.
#pragma once

#include "series_bounds.hpp"
#include "series_lanes.hpp"

namespace series {

constexpr double kSlow = 2000.0;       // buckets; 1000-4000 made no difference on labelled data
constexpr double kFloor = 1e-9;        // deviations below this share of the level are rounding, not behaviour
constexpr double kBiggest = 1e140;     // values beyond (also infinities) are read as this: its square is finite
constexpr double kHabit = 10.0;        // outliers seen before they count as part of the distribution
constexpr double kRepeats = 4.0;       // values before a series can be seen to repeat itself
constexpr double kOutlierMemory = 4000.0;
constexpr double kPowerEvidence = 4.0;  // nats before the variance follows the level
constexpr double kPriorWeight = 3.0;   // values that the siblings' scale counts for

struct Forecast {
  double season;               // metric unit
  double expert[kExperts];     // predictions without the season
  double centre;               // combined prediction with the season
  double variance;             // floored
  double deviation;            // its square root
  double follows;              // share of the last value in the combination
};

template <class T> inline T square(T x) { return x * x; }

// The gain of a mean of all values until there are as many as the memory is long.
inline double gain(double count, double memory) { return count + 1.0 < memory ? 1.0 / (count + 1.0) : 1.0 / memory; }

// Integers have at least the variance of rounding; everything has that of its last digits.
inline double floor_square(const Series& s, double centre) {
  const double f = kFloor * std::fabs(centre) + 1e-150;
  return f * f + ((s.flags & 1) == 0 ? 1.0 / 12.0 : 0.0);
}

// Of the experts. In lanes: which is least is as good as random.
inline double least_error(const Series& s) {
  Two least = Two{} + s.error[kExperts - 1];
  for (int i = 0; i + 1 < kExperts; i += 2) least = lesser(least, load<Two>(s.error + i));
  return lesser(least, Two{least[1], least[0]})[0];
}

// Levels carry the combination where errors are equal; otherwise the ratio of deviations to the power 32 decides: close
// to choosing the best expert, without jumps between them.
inline double combined(const Series& s, Forecast& f, double phi) {
  f.follows = 0.0;
  const double best = least_error(s);
  if (!(best > 0.0)) return s.level[0];
  // Two at a time, so that the divisions go side by side. An eighth that is never near the best fills the last pair.
  Two total = {}, sum = {}, last = {};
  for (int i = 0; i < kExperts; i += 2) {
    const bool whole = i + 1 < kExperts;
    const Two ratio = best / Two{s.error[i], whole ? s.error[i + 1] : kInfinity};
    const Two fourth = square(square(ratio));
    const Two weight = ratio < 0.5 ? Two{} : square(square(fourth));  // 2^-16
    total += weight;
    sum += weight * (Two{f.expert[i], whole ? f.expert[i + 1] : 0.0} - s.level[0]);
    if (i == 2) last[0] = phi * weight[1];
    if (i == 4) last[1] = weight[1];
    if (i == 6) last[1] += weight[0];
  }
  const double all = total[0] + total[1];
  f.follows = (last[0] + last[1]) / all;
  return s.level[0] + (sum[0] + sum[1]) / all;
}

// Does the spread grow with the level (1: variance as the level, 2: deviation as the level)? Only seasons make that show.
inline int variance_power(const Series& s, double centre) {
  if (s.season == 0 || !(centre > 0.0)) return 0;
  const int better = s.power_gain[1] > s.power_gain[0] ? 2 : 1;
  return s.power_gain[better - 1] > kPowerEvidence ? better : 0;
}

// `ahead` buckets after the last value. `season`: the profile's value, metric unit, 0 without one.
inline Forecast forecast(const Series& s, double season, double ahead) {
  Forecast f;
  f.season = season;
  const double phi = s.ar_square > 0.0 ? std::clamp(s.ar_cross / s.ar_square, -0.5, 0.999) : 0.0;
  for (int i = 0; i < 3; ++i) f.expert[i] = s.level[i];
  f.expert[3] = s.level[0] + (ahead <= 1.0 ? phi : to_the(std::fabs(phi), ahead)) * s.deviation;
  f.expert[4] = s.level[4] + s.slope * std::min(ahead, 64.0);
  f.expert[5] = s.level[5];
  f.expert[6] = s.season ? s.level[6] - season : s.level[5];
  f.centre = combined(s, f, phi) + season;
  double variance = s.variance;
  const int power = variance_power(s, f.centre);
  if (power > 0) variance = s.power_variance[power - 1] * (power == 2 ? square(f.centre) : f.centre);
  if (s.prior_variance > 0.0 && s.scale_count < 64.0) {
    const double seen = std::max(s.scale_count - 1.0, 0.0);
    variance = (kPriorWeight * s.prior_variance + seen * variance) / (kPriorWeight + seen);
  }
  f.variance = variance + floor_square(s, f.centre);
  f.deviation = std::sqrt(f.variance);
  return f;
}

// Small counts, as scattered as counts are: they repeat themselves because there are so few values, and a density is no
// match for a mass there.
inline bool small_counts(const Series& s) {
  return (s.flags & 3) == 0 && s.level[0] < 5.0 && s.changes > 0.5 && s.variance > 0.5 * s.level[0];
}

// Does the series repeat its last value more often than not?
inline bool repeats_itself(const Series& s) {
  return s.ties > 0.5 * (s.changes + s.ties) && s.count >= kRepeats && !small_counts(s);
}

// Of such a series: P(change), and how large changes are.
inline void repeats(const Series& s, Predictive& p) {
  p.ln_change = std::nan("");
  p.jump_centre = p.jump_deviation = p.jump_dof = 0.0;
  if (!repeats_itself(s)) return;
  p.ln_change = ln((s.changes + 0.5) / (s.changes + s.ties + 1.0));
  // Before any change was seen: as large as a tenth of the value, within a factor e^2.
  const double seen = s.changes + 1.0;
  const double guess = ln(0.1 * std::fabs(s.previous) + (p.lattice ? 1.0 : 1e-9));
  p.jump_centre = (s.changes * s.jump_centre + guess) / seen;
  p.jump_deviation = std::sqrt((s.changes * s.jump_square + 4.0) / seen + 0.01);
  p.jump_dof = s.changes + 3.0;
}

inline double degrees_of_freedom(const Series& s) {
  return s.count > 0.0 ? s.scale_count - 1.0 + (s.prior_variance > 0.0 ? kPriorWeight : 0.0) : 0.0;
}

// What bounds are read from: centre, deviation, degrees of freedom and the families' weights; the rest stays as it is.
inline void shape(const Series& s, const Forecast& f, Predictive& p) {
  p.centre = f.centre;
  p.deviation = f.deviation;
  p.dof = degrees_of_freedom(s);
  const bool shaped = s.scale_count >= 9.0;
  for (int i = 0; i < kFamilies; ++i) p.weight[i] = shaped ? s.weight[i] : 0.0;
  if (!shaped) p.weight[0] = 1.0;
  if (!(p.centre > 0.0) || p.weight[0] + p.weight[1] >= 1.0) {
    // Families on the positive axis have nothing to say about a centre below it: the t3 stands in for them.
    const double rest = std::max(0.0, 1.0 - p.weight[0] - p.weight[1]);
    p.weight[1] += rest;
    p.weight[2] = p.weight[3] = p.weight[4] = 0.0;
  }
}

inline Predictive predictive(const Series& s, const Forecast& f, int side) {
  Predictive p;
  shape(s, f, p);
  p.alternative = s.held_back != 0.0 && f.follows > 0.05 ? f.centre + f.follows * s.held_back : std::nan("");
  p.side = side;
  p.lattice = (s.flags & 1) == 0;
  p.previous = s.previous;
  p.tail_rate = (s.tail_hits + 50.0) / (0.05 * s.tail_count + 50.0);
  p.tail_mean = (s.tail_excess + 100.0) / (s.tail_uncensored + 100.0);
  p.ln_outlier = std::nan("");
  p.outlier_centre = p.outlier_deviation = 0.0;
  if (s.outliers > kHabit) {
    p.ln_outlier = ln((s.outliers - kHabit) / std::min(s.count, kOutlierMemory));
    p.outlier_centre = s.outlier_centre;
    p.outlier_deviation = std::sqrt(s.outlier_square + 0.01);
  }
  repeats(s, p);
  return p;
}

// `judge(predictive(s, f, side), x)` of the values in the bulk, which need no more of the predictive than this: most values
// never build it.
inline bool judge_bulk(const Series& s, const Forecast& f, int side, double x, Verdict& v) {
  const double dof = degrees_of_freedom(s);
  if (side != 0 || dof < kBulkDof || repeats_itself(s)) return false;
  const double symmetric = f.centre > 0.0 ? s.weight[0] + s.weight[1] : 1.0;
  const double z = std::fabs(x - f.centre) / f.deviation;
  if (!(z <= bulk_reach(symmetric, f.centre, f.deviation))) return false;
  const bool lattice = (s.flags & 1) == 0;
  v.raw = v.ln_p = bulk_ln_p(lattice ? std::max(z - 0.5 / f.deviation, 0.0) : z, dof);
  return true;
}

inline Verdict verdict(const Series& s, const Forecast& f, int side, double x) {
  Verdict v;
  return judge_bulk(s, f, side, x, v) ? v : judge(predictive(s, f, side), x);
}

}  // namespace series
