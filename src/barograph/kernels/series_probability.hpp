// From a predictive distribution to a probability. Pure: the same code scores a bucket, an interim
// value and an influencer's "what if".
#pragma once

#include "math/gamma.hpp"
#include "math/student.hpp"
#include "series_state.hpp"

namespace series {

constexpr double kTailStart = 2.995732273553991;  // -ln 0.05: beyond it the tail's own calibration applies (chosen)
constexpr double kLeastWeight = 0.005;            // families have a say in p by what their weight has more (chosen)
constexpr double kFloor = 1e-9;                   // what is smaller against the level is rounding, not behaviour (chosen)
constexpr double kNormalDof = 128.0;  // (chosen: beyond it the two differ by less than is seen)
constexpr double kBulkDof = 32.0;  // from here on the bulk needs no families (measured: error of the approximation below 2e-6)
constexpr double kT3Scale = 1.5642208336799275;  // square root of the variance of a t3 that is winsorised at 5 of its own deviations (computed)

constexpr double kLeastBlur = 0.1; // deviation of ln of the sizes of outliers that are all alike (chosen)
constexpr double kFar = 5.0;       // deviations from which a heavy tail's own power is used (chosen)

template <class T> inline T square(T x) { return x * x; }

// ln P(Z >= z) of a location-scale family, z in the predictive's deviations.
inline double symmetric_above(const Predictive& p, int family, double z) {
  if (family == kT3Family) {
    if (z > kFar) return ln_t3_above(kFar * kT3Scale) - p.tail_power * ln(z / kFar);
    return ln_t3_above(z * kT3Scale);
  }
  return p.dof >= kNormalDof ? ln_normal_above(z) : ln_t_above(z, p.dof);
}

// Two-sided, p is twice the smaller tail, so that what lies outside a central interval of 95 % has less than 5 %.
inline double twice(double ln_tail) { return std::min(0.0, ln_tail + kLn2); }

// Of families on the positive axis x is at least this: rounding hides what would be smaller.
inline double positive(const Predictive& p, double x) { return std::max(x, kFloor * p.centre); }

inline double log_normal(const Predictive& p, double high, double low) {
  const double ratio = p.deviation / p.centre;
  const double square = ln_1p(ratio * ratio);
  const double sd = std::sqrt(square);
  const auto deviate = [&](double x) { return (ln(positive(p, x) / p.centre) + 0.5 * square) / sd; };
  if (p.side > 0) return ln_normal_above(deviate(high));
  if (p.side < 0) return ln_normal_above(-deviate(low));
  const double above = deviate(high);
  if (above >= 0.0) return twice(ln_normal_above(above));
  return twice(ln_normal_above(low > high ? -deviate(low) : -above));
}

inline double gamma_family(const Predictive& p, double high, double low) {
  const double a = square(p.centre / p.deviation);
  const double unit = p.deviation * p.deviation / p.centre;
  if (p.side < 0) return ln_gamma_tail(a, positive(p, low) / unit, Tail::kBelow);
  const double above = positive(p, high) / unit;
  // Where it is densest at zero, nothing is too small.
  if (p.side > 0 || a <= 1.0) return ln_gamma_tail(a, above, Tail::kAbove);
  // The mean lies above the median. A tail of less than a half is the smaller one, since the two add up to 1 or more.
  if (high >= p.centre) return twice(ln_gamma_tail(a, above, Tail::kAbove));
  const double below = ln_gamma_tail(a, positive(p, low) / unit, Tail::kBelow);
  return twice(below <= -kLn2 ? below : ln_gamma_tail(a, above, Tail::kAbove));
}

// Over-dispersion of counts: the predictive's variance includes the 1/12 of rounding, which counts do not have.
inline double count_excess(double centre, double deviation) { return deviation * deviation - 1.0 / 12.0 - centre; }

// ln P(X = 0) of such counts, in closed form: of series that are mostly silent nearly all values ask for nothing else.
inline double ln_none(double mean, double excess) {
  if (excess <= 1e-6 * mean) return -mean;
  const double r = std::max(mean * mean / excess, 1e-300);
  const double x = mean / (mean + r);
  return r * (x < 0.5 ? ln_1p(-x) : ln(r / (mean + r)));
}

// ln P(X >= k) or ln P(X < k) of counts with the predictive's mean and variance: negative binomial, or Poisson when not
// over-dispersed.
inline double ln_counts(const Predictive& p, double k, Tail want) {
  if (k <= 0.0) return want == Tail::kAbove ? 0.0 : -kInfinity;
  const double mean = p.centre;
  const double excess = count_excess(p.centre, p.deviation);
  if (k == 1.0) return wanted_tail(ln_none(mean, excess), Tail::kBelow, want);
  if (excess <= 1e-6 * mean) return ln_gamma_tail(k, mean, want == Tail::kAbove ? Tail::kBelow : Tail::kAbove);
  const double r = std::max(mean * mean / excess, 1e-300);
  const double x = mean / (mean + r), left = r / (mean + r);  // I_x(k, r); its complement, which a mean near 0 makes very small
  // Far above r the difference of the two large logarithms has no digit left; it tends to r ln k.
  const double ln_rising = k > 1e7 * (1.0 + r) ? r * ln(k) : ln_gamma(k + r) - ln_gamma(k);
  const double ln_front = ln_rising - ln_gamma(r) + k * ln(x) + r * (x < 0.5 ? ln_1p(-x) : ln(left));
  if (x < (k + 1.0) / (k + r + 2.0)) return wanted_tail(ln_front + ln(beta_fraction(k, r, x) / k), Tail::kAbove, want);
  return wanted_tail(ln_front + ln(beta_fraction(r, k, left) / r), Tail::kBelow, want);
}

inline double count_family(const Predictive& p, double x) {
  const double k = std::floor(x + 0.5);
  // A tail of less than a half is the smaller one, since the two add up to more than 1.
  if (p.side < 0 || (p.side == 0 && k < p.centre)) {
    const double below = ln_counts(p, k + 1.0, Tail::kBelow);
    if (p.side < 0) return below;
    return twice(below <= -kLn2 ? below : std::min(below, ln_counts(p, k, Tail::kAbove)));
  }
  const double above = ln_counts(p, k, Tail::kAbove);
  if (p.side > 0) return above;
  return twice(above <= -kLn2 ? above : std::min(above, ln_counts(p, k + 1.0, Tail::kBelow)));
}

inline double family_ln_p(const Predictive& p, int family, double x) {
  if (family > 1 && x < 0.0) {
    // It knows nothing below zero: less likely than zero, as a family without a say, and the less the further.
    const double below = p.side > 0 ? 0.0 : ln(kLeastWeight) + twice(ln_normal_above(-x / p.deviation));
    return family_ln_p(p, family, 0.0) + below;
  }
  // Continuous families see an integer as the unit interval around it: the edge towards the centre bounds the tail.
  const double half = p.lattice ? 0.5 : 0.0;
  const double high = x - half;
  const double low = x + half;
  if (family == kCountFamily) return count_family(p, x);
  if (family == kGammaFamily) return gamma_family(p, high, low);
  if (family == kLogNormalFamily) return log_normal(p, high, low);
  // Two-sided, the smaller tail is the one on the value's own side of the centre.
  const bool above = p.side > 0 || (p.side == 0 && x >= p.centre);
  const double z = std::clamp((above ? high - p.centre : p.centre - low) / p.deviation, -1e150, 1e150);
  const double tail = symmetric_above(p, family, z);
  return p.side == 0 ? twice(tail) : tail;
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

// Deviations within which the normal answer, bent by the families' skewness, stands for every family. It ends before the tail's start
// (1.96), so no hit of the tail is missed: there a t3 differs by less than a third, a log-normal whose deviation is a quarter of its
// centre by a fifth. Families that are more skewed part from the normal earlier, and from a third on at once.
inline double bulk_reach(double symmetric_weight, double ratio) {
  if (symmetric_weight > 0.9 || ratio < 0.25) return 1.8;
  return 3.0 * ratio < 1.0 ? 1.25 : 0.0;
}

// The normal deviate of x in the bulk, beyond it infinity. Skewness bends it (Cornish and Fisher, first term): that of a Poisson, a gamma
// and a log-normal is once, twice and three times the deviation over the centre. Negative centres have none: `ratio` 0.
inline double bulk_deviate(double x, double centre, double deviation, const double* weight, double ratio, bool lattice) {
  const double reach = bulk_reach(weight[kNormalFamily] + weight[kT3Family], ratio);
  const double z = std::max(std::fabs(x - centre) / deviation - (lattice ? 0.5 / deviation : 0.0), 0.0);
  const double bend = ratio * (3.0 * weight[kLogNormalFamily] + 2.0 * weight[kGammaFamily] + weight[kCountFamily]) * (z * z - 1.0) / 6.0;
  const double bent = std::max(x < centre ? z + bend : z - bend, 0.0);
  return reach > 0.0 && z <= reach && bent <= reach ? bent : kInfinity;
}

// By how much more or less often values came beyond the tail's start on this side, and how far beyond. In the bulk logarithms are
// stretched to meet it there.
inline double calibrated(double ln_p, double tail_rate, double tail_mean) {
  const double ln_rate = ln(tail_rate);
  if (ln_p > -kTailStart) return ln_p * (1.0 - ln_rate / kTailStart);
  return std::min(ln_rate - kTailStart - (-ln_p - kTailStart) / tail_mean, 0.0);
}

// ln p of x under the families alone. In the bulk of a known series the normal answer is good enough: nobody reads p there.
inline double around_centre(const Predictive& p, double x) {
  if (p.side == 0 && p.dof >= kBulkDof) {
    const double ratio = p.centre > 0.0 ? p.deviation / p.centre : 0.0;
    const double z = bulk_deviate(x, p.centre, p.deviation, p.weight, ratio, p.lattice);
    if (z < kInfinity) return bulk_ln_p(z, p.dof);
  }
  if (p.weight[kNormalFamily] > 1.0 - kLeastWeight) return family_ln_p(p, kNormalFamily, x);
  // Of a weight counts what is more than the least, so that a family comes in by and by.
  double ln_p[kFamilies], weight[kFamilies];
  double most = -kInfinity, heard = 0.0;
  for (int i = 0; i < kFamilies; ++i) {
    weight[i] = i < 2 || p.centre > 0.0 ? std::max(p.weight[i] - kLeastWeight, 0.0) : 0.0;
    ln_p[i] = weight[i] > 0.0 ? family_ln_p(p, i, x) : -kInfinity;
    most = std::max(most, ln_p[i]);
    heard += weight[i];
  }
  double total = 0.0;
  for (int i = 0; i < kFamilies; ++i) {
    if (ln_p[i] >= most - 40.0) total += weight[i] * (ln_p[i] == most ? 1.0 : e_to(ln_p[i] - most));
  }
  return std::min(most + ln(total / heard), 0.0);
}

// By what is normal now, `ln_p`, or by another account: coming back to what was normal before is no anomaly.
inline double by_either_account(const Predictive& p, double x, double ln_p) {
  if (!(p.ln_alternative == p.ln_alternative)) return ln_p;
  Predictive other = p;
  other.centre = p.alternative;
  other.deviation = p.alternative_deviation;
  return std::max(ln_p, p.ln_alternative + around_centre(other, x));
}

// ln P of an outlier at least so far out, on its side, if these are a habit. Beyond the largest but one they end: one occasion, of any
// size, teaches nothing.
inline double habit(const Predictive& p, double x) {
  const double size = ln(std::fabs(x - p.centre) + 1e-300);
  const double beyond = (size - p.outlier_end) / kLeastBlur;
  return p.ln_outlier + ln(p.outlier_share[x > p.centre]) + ln_normal_above((size - p.outlier_centre) / p.outlier_deviation) +
         (beyond > 0.0 ? twice(ln_normal_above(beyond)) : 0.0);
}

// By outliers that recur, too, which are not likelier than what is nearer.
inline double with_outliers(const Predictive& p, double x, double ln_p) {
  if (!(p.ln_outlier == p.ln_outlier)) return ln_p;
  const bool above = x > p.centre;
  return std::min(ln_add(ln_p, habit(p, x)), calibrated(-kTailStart, p.tail_rate[above], p.tail_mean[above]));
}

// Weights are told by the bulk, which says little of what is near zero: there a log-normal has next to nothing, and a gamma that looks like
// it elsewhere has many. In the low tail the gamma keeps a part of the log-normal's weight.
inline double near_zero(const Predictive& p, double x, double ln_p) {
  constexpr double kKept = 0.1;  // (chosen)
  const double weight = kKept * (p.weight[kLogNormalFamily] - kLeastWeight);
  if (ln_p > -kTailStart || x >= p.centre || p.side > 0 || weight <= 0.0) return ln_p;
  return std::min(ln_add(ln_p, ln(weight) + family_ln_p(p, kGammaFamily, x)), -kTailStart);  // outside the bounds it stays
}

struct Verdict {
  double raw;   // under the families alone; NaN where the series mostly repeats itself
  double ln_p;
  double ln_once;  // the same, but for outliers that recur: what is learnt goes by it
};

inline Verdict judge(const Predictive& p, double x) {
  if (p.dof <= 0.0) return {0.0, 0.0, 0.0};
  if (p.ln_change == p.ln_change) {
    const double ln_p = by_either_account(p, x, repeat_ln_p(p, x));
    return {std::nan(""), ln_p, ln_p};
  }
  const double raw = by_either_account(p, x, around_centre(p, x));
  const bool above = x > p.centre;
  double ln_p = calibrated(raw, p.tail_rate[above], p.tail_mean[above]), ln_once = ln_p;
  if (raw > -kTailStart) return {raw, ln_p, ln_once};
  ln_once = near_zero(p, x, ln_once);
  ln_p = with_outliers(p, x, ln_once);
  // Nothing at all, where there always was something, is not just a small value.
  if (x <= 0.0 && p.ln_zero == p.ln_zero && p.side <= 0) ln_p = std::min(ln_p, p.ln_zero), ln_once = std::min(ln_once, p.ln_zero);
  return {raw, ln_p, ln_once};
}

}  // namespace series
