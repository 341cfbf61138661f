// Which family predicts best: learnt value by value from its density.
#pragma once

#include "series_predictive.hpp"

namespace series {

constexpr double kSmallCount = 5.0;  // (chosen)
constexpr double kPrior[kFamilies] = {0.0, -3.0, -2.0, -2.0, -1.0};  // ln weights before any value: the heavy tail last (chosen)
constexpr double kT3Peak = -0.5535010194628218;  // ln density of the scaled t3 at its centre (computed: ln density)

inline double count_score(double centre, double deviation, double x) {
  const double excess = count_excess(centre, deviation);
  if (x == 0.0) return ln_none(centre, excess);
  if (excess <= 1e-6 * centre) return x * ln(centre) - centre - ln_gamma(x + 1.0);
  const double r = centre * centre / excess;
  const double q = centre / (centre + r);
  return ln_gamma(x + r) - ln_gamma(x + 1.0) - ln_gamma(r) + x * ln(q) + r * ln_1p(-q);
}

// The gamma's ln density in deviations, shape `a`. In Stirling's formula for its gamma function all logarithms but that of
// x over the centre, `ratio`, cancel.
inline double gamma_score(double a, double ratio, double ln_ratio) {
  const double density = (a - 1.0) * ln_ratio - a * ratio;
  return a < 8.0 ? density + (a - 0.5) * ln(a) - ln_gamma(a) : density + a - kHalfLn2Pi - stirling_rest(a);
}

// ln density (or mass) of x, in deviations, under each family.
inline void family_scores(double centre, double deviation, bool lattice, double x, double* score) {
  const double z = (x - centre) / deviation;
  score[kNormalFamily] = -0.5 * z * z - kHalfLn2Pi;
  score[kT3Family] = kT3Peak - 2.0 * ln(1.0 + square(z * kT3Scale) / 3.0);
  score[kLogNormalFamily] = score[kGammaFamily] = score[kCountFamily] = score[kNormalFamily] - 50.0;
  if (centre <= 0.0 || x < 0.0) return;
  const double xs = lattice ? std::max(x, 0.25) : x;
  // A density near zero is no match for the mass of a small number: few things a bucket would look log-normal.
  if (xs > 0.0 && !(lattice && centre < kSmallCount)) {
    const double ratio = xs / centre, ln_ratio = ln(ratio);
    const double relative = square(deviation / centre), spread = ln_1p(relative);
    const double u = ln_ratio + 0.5 * spread;
    score[kLogNormalFamily] = -0.5 * (u * u / spread + ln(spread * square(ratio) / relative)) - kHalfLn2Pi;
    score[kGammaFamily] = gamma_score(1.0 / relative, ratio, ln_ratio);
  }
  if (lattice) score[kCountFamily] = count_score(centre, deviation, x) + ln(deviation);
}

inline void share_weights(Series& s) {
  if (small_counts(s)) {
    for (double& w : s.families.weight) w = 0.0;
    s.families.weight[kCountFamily] = 1.0;
    return;
  }
  const bool positive = !was_negative(s), counts = whole_numbers(s) && !was_negative(s);
  const bool open[kFamilies] = {true, true, positive, positive, counts};
  double total = 0.0;
  for (int i = 0; i < kFamilies; ++i) {
    const double ln_weight = s.families.ln_weight[i] + kPrior[i];
    s.families.weight[i] = open[i] && ln_weight > -7.0 ? e_to(ln_weight) : 0.0;
    total += s.families.weight[i];
  }
  if (total > 0.0) {
    const double share = 1.0 / total;
    for (double& w : s.families.weight) w *= share;
  } else {
    s.families.weight[kT3Family] = 1.0;
  }
}

// Families gain and lose at most two nats a value (with one, low values of a gamma could not tell it from a log-normal), and one by a
// value beyond kFar: no single outlier changes the family. Once they are known well,
// every other value is enough: it is the dearest part of learning.
inline bool families_learn(const Series& s) {
  return s.count <= 256.0 || (static_cast<int64_t>(s.count) & 1) == 0;
}

inline void learn_families(Series& s, const Expectation& f, bool lattice, double x) {
  const double most = std::fabs(x - f.centre) > kFar * f.deviation ? 1.0 : 2.0;
  const double keep = s.count > 256.0 ? 0.998 : 0.9995;
  double score[kFamilies];
  family_scores(f.centre, f.deviation, lattice, x, score);
  double best = score[0];
  for (int i = 1; i < kFamilies; ++i) best = std::max(best, score[i]);
  double top = -kInfinity;
  for (int i = 0; i < kFamilies; ++i) {
    s.families.ln_weight[i] = keep * s.families.ln_weight[i] + std::max(score[i] - best, -most);
    top = std::max(top, s.families.ln_weight[i]);
  }
  for (double& w : s.families.ln_weight) w = std::max(w - top, -60.0);
  share_weights(s);
}

// Families were judged with a variance that is now known to be wrong: most of that evidence is void.
inline void doubt_families(Series& s) {
  for (double& w : s.families.ln_weight) w *= 0.1;
  share_weights(s);
}

}  // namespace series
