// From a predictive distribution to a probability. Pure: the same code scores a bucket, an interim
// value and an influencer's "what if".
#pragma once

#include "math/gamma.hpp"
#include "math/student.hpp"
#include "series_state.hpp"

namespace series {

constexpr double kTailStart = 2.995732273553991;  // -ln 0.05: beyond it the tail's own calibration applies
constexpr double kLeastWeight = 0.005;            // families below have no say in p
constexpr double kNormalDof = 128.0;
constexpr double kBulkDof = 32.0;  // from here on the bulk needs no families
constexpr double kT3Scale = 1.5642208336799275;  // square root of the variance of a t3 that is winsorised at 5 of its own deviations

constexpr double kFar = 5.0;       // deviations from which a heavy tail's own power is used

struct Tails {
  double ln_above;  // ln P(X >= x)
  double ln_below;  // ln P(X <= x)
};

// ln P(Z >= z) of a location-scale family, z in the predictive's deviations.
inline double symmetric_above(const Predictive& p, int family, double z) {
  if (family == 1) {
    if (z > kFar) return ln_t3_above(kFar * kT3Scale) - p.tail_power * ln(z / kFar);
    return ln_t3_above(z * kT3Scale);
  }
  return p.dof >= kNormalDof ? ln_normal_above(z) : ln_t_above(z, p.dof);
}

// ln P(at least as unlikely) from two tails of a symmetric family.
inline double two_sided(Tails t) { return std::min(0.0, std::min(t.ln_above, t.ln_below) + kLn2); }

inline double log_normal(const Predictive& p, double high, double low) {
  const double ratio = p.deviation * p.deviation / (p.centre * p.centre);
  const double square = ln_1p(ratio);
  const double sd = std::sqrt(square);
  if (p.side != 0) {
    const double x = p.side > 0 ? high : low;
    if (x <= 0.0) return p.side > 0 ? 0.0 : -kInfinity;
    return ln_normal_above(p.side * (ln(x / p.centre) + 0.5 * square) / sd);
  }
  const double mode = p.centre / ((1.0 + ratio) * std::sqrt(1.0 + ratio));
  const double x = mode < low ? low : high;
  if (x <= 0.0) return -kInfinity;
  // Points of equal density are mirror images around ln mode, at a distance of u. Their tails begin at u / sd -+ sd, where
  // the normal density differs by e^(-2 u).
  const double times = x / mode;
  const double u = std::fabs(ln(times));
  const double nearer = u / sd - sd, further = u / sd + sd;
  if (nearer < 0.0) return std::min(0.0, ln_add(ln_normal_above(nearer), ln_normal_above(further)));
  const double fall = times < 1.0 ? times * times : 1.0 / (times * times);
  return ln(mills(nearer) + fall * mills(further)) - 0.5 * nearer * nearer;
}

// The other point where a gamma(a, 1) has the density it has at x: Newton on ln y - y with y in units of the mode, from the
// mirror image of cube roots, in which a gamma is nearly symmetric. Each step squares the error: one of 1e-5 is the last but
// for 1e-9.
inline double gamma_mirror(double a, double x) {
  const double mode = a - 1.0;
  const double q = x / mode;
  const double ln_q = ln(q);
  const double root = 2.0 - e_to(ln_q / 3.0);
  double y = q < 1.0 || root > 0.5 ? root * root * root : e_to(ln_q - q);
  if (!(y > 0.0)) return 0.0;
  for (int i = 0; i < 30; ++i) {
    const double step = (ln(y) - y - (ln_q - q)) / (1.0 / y - 1.0);
    double next = y - step;
    if (next <= 0.0) next = 0.5 * y;
    if (std::fabs(next - y) < 1e-5 * y) return next * mode;
    y = next;
  }
  return y * mode;
}

inline double gamma_family(const Predictive& p, double high, double low) {
  const double a = p.centre * p.centre / (p.deviation * p.deviation);
  const double unit = p.deviation * p.deviation / p.centre;
  if (p.side > 0) return ln_gamma_tail(a, high / unit, Tail::kAbove);
  if (p.side < 0) return ln_gamma_tail(a, low / unit, Tail::kBelow);
  if (a <= 1.0) return low < 0.0 ? -kInfinity : ln_gamma_tail(a, std::max(high, 0.0) / unit, Tail::kAbove);
  const double mode = (a - 1.0) * unit;
  if (low > mode) {
    const double x = low / unit;
    const double y = gamma_mirror(a, x);
    return std::min(0.0, ln_add(ln_gamma_tail(a, x, Tail::kAbove), y > 0.0 ? ln_gamma_tail(a, y, Tail::kBelow) : -kInfinity));
  }
  if (high >= mode) return 0.0;
  if (high <= 0.0) return -kInfinity;
  const double x = high / unit;
  return std::min(0.0, ln_add(ln_gamma_tail(a, x, Tail::kBelow), ln_gamma_tail(a, gamma_mirror(a, x), Tail::kAbove)));
}

// Over-dispersion of counts: the predictive's variance includes the 1/12 of rounding, which counts do not have.
inline double count_excess(double centre, double deviation) { return deviation * deviation - 1.0 / 12.0 - centre; }

// ln P(X >= k) of counts with the predictive's mean and variance: negative binomial, or Poisson when not over-dispersed.
inline double ln_counts_at_least(const Predictive& p, double k) {
  if (k <= 0.0) return 0.0;
  const double mean = p.centre;
  const double excess = count_excess(p.centre, p.deviation);
  if (excess <= 1e-6 * mean) return ln_gamma_tail(k, mean, Tail::kBelow);
  const double r = mean * mean / excess;
  const double x = mean / (mean + r);  // I_x(k, r)
  // Far above r the difference of the two large logarithms has no digit left; it tends to r ln k.
  const double ln_rising = k > 1e7 * (1.0 + r) ? r * ln(k) : ln_gamma(k + r) - ln_gamma(k);
  const double ln_front = ln_rising - ln_gamma(r) + k * ln(x) + r * ln_1p(-x);
  if (x < (k + 1.0) / (k + r + 2.0)) return std::min(0.0, ln_front + ln(beta_fraction(k, r, x) / k));
  return ln_complement(ln_front + ln(beta_fraction(r, k, 1.0 - x) / r));
}

inline double count_family(const Predictive& p, double x) {
  if (x < 0.0) return p.side > 0 ? 0.0 : -kInfinity;
  const double k = std::floor(x + 0.5);
  // A tail of less than a half is the smaller one, since the two add up to more than 1.
  if (p.side < 0 || (p.side == 0 && k < p.centre)) {
    const double below = ln_complement(ln_counts_at_least(p, k + 1.0));
    if (p.side < 0) return below;
    if (below <= -kLn2) return below + kLn2;
    return two_sided({ln_counts_at_least(p, k), below});
  }
  const double above = ln_counts_at_least(p, k);
  if (p.side > 0) return above;
  if (above <= -kLn2) return above + kLn2;
  return two_sided({above, ln_complement(ln_counts_at_least(p, k + 1.0))});
}

inline double family_ln_p(const Predictive& p, int family, double x) {
  // Continuous families see an integer as the unit interval around it: the edge towards the centre bounds the tail.
  const double half = p.lattice ? 0.5 : 0.0;
  const double high = x - half;
  const double low = x + half;
  if (family == 4) return count_family(p, x);
  if (family == 3) return gamma_family(p, high, low);
  if (family == 2) return log_normal(p, high, low);
  // Two-sided, the smaller tail is the one on the value's own side of the centre.
  const bool above = p.side > 0 || (p.side == 0 && x >= p.centre);
  const double z = std::clamp((above ? high - p.centre : p.centre - low) / p.deviation, -1e150, 1e150);
  const double tail = symmetric_above(p, family, z);
  return p.side == 0 ? std::min(0.0, tail + kLn2) : tail;
}

// ln P of a value of a series that mostly repeats itself: that it is another at all, times that it is so far off.
inline double repeat_ln_p(const Predictive& p, double x) {
  const double change = x - p.usual;
  if (change == 0.0 || (p.side > 0 && change < 0.0) || (p.side < 0 && change > 0.0)) return 0.0;
  const double z = (ln(std::fabs(change)) - p.jump_centre) / p.jump_deviation;
  const double size = p.jump_dof >= kNormalDof ? ln_normal_above(z) : ln_t_above(z, p.jump_dof);
  return p.ln_change + size;
}

// The normal deviate that has the tail of Student's t at z, in the bulk (Cornish and Fisher; error below 2e-6 from kBulkDof on).
inline double normal_deviate(double z, double dof) {
  const double i = 0.25 / dof, q = z * z;
  const double second = ((13.0 * q + 8.0) * q + 3.0) / 6.0;
  const double third = (((35.0 * q + 19.0) * q + 1.0) * q - 15.0) / 6.0;
  const double fourth = ((((6271.0 * q + 3224.0) * q - 102.0) * q - 1680.0) * q - 945.0) / 360.0;
  return z * (1.0 - i * (q + 1.0 - i * (second - i * (third - i * fourth))));
}

// ln of the two-sided tail in the bulk: least squares on [0, 1.8], error below 4e-8 (of the normal).
inline double bulk_ln_p(double z, double dof) {
  if (dof < kNormalDof) z = normal_deviate(z, dof);
  const double z2 = z * z;
  const double low = (-0.7978854700164505 + z * -0.3182979071888975) + z2 * (-0.03639160856857484 + z * 0.004909625474396967);
  const double high = (-0.00012090006067037862 + z * -0.00010412694481434781) + z2 * 1.5927987599362314e-05;
  return z * (low + z2 * z2 * high);
}

// Deviations within which the normal answer stands for every family. It ends before the tail's start (1.96), so no hit of
// the tail is missed: there a t3 differs by less than a third, and a skewed family by a sixth unless its deviation is large
// against its centre. Such families part from the normal earlier.
inline double bulk_reach(double symmetric_weight, double centre, double deviation) {
  return symmetric_weight > 0.9 || deviation < 0.25 * centre ? 1.8 : 1.25;
}

inline double calibrated(const Predictive& p, double ln_p) {
  if (ln_p > -kTailStart) return ln_p;
  return std::min(-kTailStart + ln(p.tail_rate) - (-ln_p - kTailStart) / p.tail_mean, 0.0);
}

// ln p of x under the families alone. In the bulk of a known series the normal answer is good enough: nobody reads p there.
inline double around_centre(const Predictive& p, double x) {
  const double z = std::fabs(x - p.centre) / p.deviation;
  if (p.side == 0 && p.dof >= kBulkDof && z <= bulk_reach(p.weight[0] + p.weight[1], p.centre, p.deviation)) {
    return bulk_ln_p(p.lattice ? std::max(z - 0.5 / p.deviation, 0.0) : z, p.dof);
  }
  if (p.weight[0] > 1.0 - kLeastWeight) return family_ln_p(p, 0, x);
  double ln_p[kFamilies];
  double most = -kInfinity;
  for (int i = 0; i < kFamilies; ++i) {
    const bool heard = p.weight[i] > kLeastWeight && (i < 2 || p.centre > 0.0);
    ln_p[i] = heard ? family_ln_p(p, i, x) : -kInfinity;
    most = std::max(most, ln_p[i]);
  }
  // Impossible under every family in use (nothing, where a log-normal was): as unlikely as a rare heavy tail or a normal finds it.
  if (!(most > -kInfinity)) return std::min(family_ln_p(p, 1, x) - kTailStart - 4.0, family_ln_p(p, 0, x));
  double total = 0.0;
  for (int i = 0; i < kFamilies; ++i) {
    if (ln_p[i] >= most - 40.0) total += p.weight[i] * (ln_p[i] == most ? 1.0 : e_to(ln_p[i] - most));
  }
  return std::min(most + ln(total), 0.0);
}

// By what is normal now, or by another account: coming back to what was normal before is no anomaly.
inline double family_mixture(const Predictive& p, double x) {
  const double now = around_centre(p, x);
  if (!(p.ln_alternative == p.ln_alternative) || now > -kTailStart) return now;
  Predictive other = p;
  other.centre = p.alternative;
  other.deviation = p.alternative_deviation;
  return std::max(now, p.ln_alternative + around_centre(other, x));
}

// The families' answer, corrected by how their tail fared so far and by outliers that recur.
inline double finished(const Predictive& p, double x, double raw) {
  if (raw > -kTailStart) return raw;
  double ln_p = calibrated(p, raw);
  if (p.ln_outlier == p.ln_outlier) {
    const double size = (ln(std::fabs(x - p.centre) + 1e-300) - p.outlier_centre) / p.outlier_deviation;
    ln_p = ln_add(ln_p, p.ln_outlier + ln_normal_above(size));
  }
  return std::min(ln_p, 0.0);
}

struct Verdict {
  double raw;   // under the families alone; NaN where the series mostly repeats itself
  double ln_p;
};

inline Verdict judge(const Predictive& p, double x) {
  if (p.dof <= 0.0) return {0.0, 0.0};
  if (p.ln_change == p.ln_change) return {std::nan(""), repeat_ln_p(p, x)};
  const double raw = family_mixture(p, x);
  double ln_p = finished(p, x, raw);
  // Nothing at all, where there always was something, is not just a small value.
  if (x <= 0.0 && p.ln_zero == p.ln_zero && p.side <= 0 && raw < -kTailStart) ln_p = std::min(ln_p, p.ln_zero);
  return {raw, ln_p};
}

}  // namespace series
