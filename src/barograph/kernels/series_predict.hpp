// From a predictive distribution to a probability and to bounds. Pure: the same code scores a bucket, an interim
// value and an influencer's "what if".
#pragma once

#include "series_state.hpp"
#include "series_tail.hpp"

namespace series {

constexpr double kTailStart = 2.995732273553991;  // -ln 0.05: beyond it the tail's own calibration applies
constexpr double kNormalDof = 128.0;

struct Tails {
  double ln_above;  // ln P(X >= x)
  double ln_below;  // ln P(X <= x)
};

// A location-scale family: tails at distance z, in deviations, widened by half a lattice step on integers.
inline Tails symmetric_tails(const Predictive& p, int family, double z_high, double z_low) {
  if (family == 1) {
    // t4 has variance 2: scaled to the predictive's variance.
    return {ln_t4_above(z_high * 1.4142135623730951), ln_t4_above(-z_low * 1.4142135623730951)};
  }
  if (p.dof >= kNormalDof) return {ln_normal_above(z_high), ln_normal_above(-z_low)};
  return {ln_t_above(z_high, p.dof), ln_t_above(-z_low, p.dof)};
}

// ln P(at least as unlikely) from two tails of a symmetric family.
inline double two_sided(Tails t) { return std::min(0.0, std::min(t.ln_above, t.ln_below) + kLn2); }

inline double log_normal(const Predictive& p, double high, double low) {
  const double square = std::log1p(p.deviation * p.deviation / (p.centre * p.centre));
  const double sd = std::sqrt(square);
  const double mu = std::log(p.centre) - 0.5 * square;
  if (p.side > 0) return high <= 0.0 ? 0.0 : ln_normal_above((std::log(high) - mu) / sd);
  if (p.side < 0) return low <= 0.0 ? -kInfinity : ln_normal_above((mu - std::log(low)) / sd);
  const double mode = mu - square;
  const double x = std::exp(mode) < low ? low : high;
  if (x <= 0.0) return -kInfinity;
  // Points of equal density are mirror images around ln mode.
  const double u = std::fabs(std::log(x) - mode);
  return std::min(0.0, ln_add(ln_normal_above((mode + u - mu) / sd), ln_normal_above((mu - mode + u) / sd)));
}

// The other point where a gamma(a, 1) has the density it has at x: Newton on a ln y - y - ln y, from outside the mode.
inline double gamma_mirror(double a, double x) {
  const double b = a - 1.0;
  const double target = b * std::log(x) - x;
  double y = x > b ? std::exp((target) / b) : 2.0 * b - x + 1.0;
  if (x > b && y <= 0.0) return 0.0;
  for (int i = 0; i < 30; ++i) {
    const double step = (b * std::log(y) - y - target) / (b / y - 1.0);
    double next = y - step;
    if (next <= 0.0) next = 0.5 * y;
    if (std::fabs(next - y) < 1e-9 * y) return next;
    y = next;
  }
  return y;
}

inline double gamma_family(const Predictive& p, double high, double low) {
  const double a = p.centre * p.centre / (p.deviation * p.deviation);
  const double unit = p.deviation * p.deviation / p.centre;
  if (p.side > 0) return ln_gamma_tails(a, high / unit).ln_above;
  if (p.side < 0) return ln_gamma_tails(a, low / unit).ln_below;
  if (a <= 1.0) return low < 0.0 ? -kInfinity : ln_gamma_tails(a, std::max(high, 0.0) / unit).ln_above;
  const double mode = (a - 1.0) * unit;
  if (low > mode) {
    const double x = low / unit;
    const double y = gamma_mirror(a, x);
    return std::min(0.0, ln_add(ln_gamma_tails(a, x).ln_above, y > 0.0 ? ln_gamma_tails(a, y).ln_below : -kInfinity));
  }
  if (high >= mode) return 0.0;
  if (high <= 0.0) return -kInfinity;
  const double x = high / unit;
  return std::min(0.0, ln_add(ln_gamma_tails(a, x).ln_below, ln_gamma_tails(a, gamma_mirror(a, x)).ln_above));
}

// ln P(X >= k) of counts with the predictive's mean and variance: negative binomial, or Poisson when not over-dispersed.
inline double ln_counts_at_least(const Predictive& p, double k) {
  if (k <= 0.0) return 0.0;
  const double mean = p.centre;
  const double excess = p.deviation * p.deviation - mean;
  if (excess <= 1e-6 * mean) return ln_gamma_tails(k, mean).ln_below;
  const double r = mean * mean / excess;
  const double x = mean / (mean + r);  // I_x(k, r)
  const double ln_front =
      ln_gamma(k + r) - ln_gamma(k) - ln_gamma(r) + k * std::log(x) + r * std::log1p(-x);
  if (x < (k + 1.0) / (k + r + 2.0)) return std::min(0.0, ln_front + std::log(beta_fraction(k, r, x) / k));
  return ln_complement(ln_front + std::log(beta_fraction(r, k, 1.0 - x) / r));
}

inline double count_family(const Predictive& p, double x) {
  if (x < 0.0) return p.side > 0 ? 0.0 : -kInfinity;
  const double k = std::floor(x + 0.5);
  const double above = ln_counts_at_least(p, k);
  const double below = ln_complement(ln_counts_at_least(p, k + 1.0));
  if (p.side > 0) return above;
  if (p.side < 0) return below;
  return two_sided({above, below});
}

inline double family_ln_p(const Predictive& p, int family, double x) {
  // Continuous families see an integer as the unit interval around it: the edge towards the centre bounds the tail.
  const double half = p.lattice ? 0.5 : 0.0;
  const double high = x - half;
  const double low = x + half;
  if (family == 4) return count_family(p, x);
  if (family == 3) return gamma_family(p, high, low);
  if (family == 2) return log_normal(p, high, low);
  const double z_high = std::clamp((high - p.centre) / p.deviation, -1e150, 1e150);
  const double z_low = std::clamp((low - p.centre) / p.deviation, -1e150, 1e150);
  const Tails t = symmetric_tails(p, family, z_high, z_low);
  if (p.side > 0) return t.ln_above;
  if (p.side < 0) return t.ln_below;
  return two_sided(t);
}

// ln P of a value of a series that mostly repeats itself: that it changes at all, times that it changes so much.
inline double repeat_ln_p(const Predictive& p, double x) {
  const double change = x - p.previous;
  if (change == 0.0 || (p.side > 0 && change < 0.0) || (p.side < 0 && change > 0.0)) return 0.0;
  const double z = (std::log(std::fabs(change)) - p.jump_centre) / p.jump_deviation;
  const double size = p.jump_dof >= kNormalDof ? ln_normal_above(z) : ln_t_above(z, p.jump_dof);
  return p.ln_change + size;
}

// ln of the two-sided normal tail in the bulk, |z| <= 1.25: least squares on [0, 1.25], error below 4e-8.
inline double bulk_ln_p(double z) {
  return z * (-0.7978855918559195 + z * (-0.31829466071101786 + z * (-0.036414388997915534 +
         z * (0.004976349022364446 + z * (-0.00021455572767672124 - z * 4.162901937707425e-05)))));
}

inline double calibrated(const Predictive& p, double ln_p) {
  if (ln_p > -kTailStart) return ln_p;
  return std::min(-kTailStart + p.tail_rate - (-ln_p - kTailStart) / p.tail_mean, 0.0);
}

// ln p of x. In the bulk of a known series the normal answer is good enough: nobody reads p there.
inline double ln_probability(const Predictive& p, double x) {
  if (p.dof <= 0.0) return 0.0;
  if (p.ln_change == p.ln_change) return repeat_ln_p(p, x);
  const double z = std::fabs(x - p.centre) / p.deviation;
  if (z <= 1.25 && p.side == 0 && p.dof >= kNormalDof) return bulk_ln_p(z);
  double total = -kInfinity;
  for (int i = 0; i < kFamilies; ++i) {
    if (p.weight[i] > 1e-3) total = ln_add(total, std::log(p.weight[i]) + family_ln_p(p, i, x));
  }
  // Impossible under every family in use (a negative value of a log-normal): as unlikely as a rare heavy tail finds it.
  if (!(total > -kInfinity)) total = family_ln_p(p, 1, x) - kTailStart - 4.0;
  return calibrated(p, std::min(total, 0.0));
}

}  // namespace series
