// From a predictive distribution to bounds.
#pragma once

#include "series_probability.hpp"

namespace series {

struct Bounds {
  double lower;
  double upper;
};

// A point of a distribution: deviations from its centre, and by how many nats its tail falls in one more deviation there.
struct Quantile {
  double at;
  double fall;
};

// Newton's method on ln P(Z >= z): concave, so from the right no step goes too far.
inline Quantile normal_quantile(double ln_above) {
  double z = std::sqrt(-2.0 * ln_above) + 0.1;
  double fall = 1.0;
  for (int i = 0; i < 12; ++i) {
    const double tail = ln_normal_above(z);
    fall = e_to(-0.5 * z * z - kHalfLn2Pi - tail);
    z += (tail - ln_above) / fall;
  }
  return {z, fall};
}

inline Quantile t3_quantile(double ln_above) {
  double ln_t = 1.0 - ln_above / 3.0;  // beyond it: the tail is below t^-3
  double fall = 1.0;
  for (int i = 0; i < 30; ++i) {
    const double t = e_to(ln_t), tail = ln_t3_above(t);
    const double density = 2.0 / (3.141592653589793 * 1.7320508075688772 * square(1.0 + t * t / 3.0));
    fall = density * e_to(-tail);
    ln_t += (tail - ln_above) / (fall * t);
  }
  return {e_to(ln_t) / kT3Scale, fall * kT3Scale};
}

// What a central interval of one share needs, the same for all buckets.
struct Confidence {
  double nats;        // -ln of the share outside
  Quantile normal;
  Quantile t3;
  Quantile one_sided; // of the normal, for what has no lower end

  // `z`: normal quantile of the upper end.
  explicit Confidence(double z)
      : nats(-ln_normal_above(z) - kLn2), normal(normal_quantile(-nats - kLn2)), t3(t3_quantile(-nats - kLn2)), one_sided(normal_quantile(-nats)) {}
};

// sqrt(ln(1 + ratio^2)), the deviation of a log-normal's logarithm. Below ratios of a half a polynomial (error below 1e-8).
inline double logarithmic_deviation(double ratio) {
  const double q = ratio * ratio;
  if (q > 0.25) return std::sqrt(ln_1p(q));
  const double q2 = q * q;
  const double low = 0.9999999970470123 + q * -0.24999914706295903 + q2 * (0.13537626313235263 + q * -0.09043458930247375);
  return ratio * (low + q2 * q2 * (0.06222228669588861 + q * -0.030505333454926297));
}

// Quantile of the log-normal, z deviations of its logarithm from the median.
inline double log_normal_bound(const Predictive& p, double z) {
  const double ratio = p.deviation / p.centre;
  return p.centre / std::sqrt(1.0 + ratio * ratio) * e_to(z * logarithmic_deviation(ratio));
}

// Quantile of the gamma and count families, by Wilson and Hilferty's cube root.
inline double cube_bound(const Predictive& p, double z) {
  const double ratio = p.deviation / p.centre;
  const double root = std::max(1.0 - ratio * ratio / 9.0 + z * ratio / 3.0, 0.0);
  return p.centre * root * root * root;
}

inline double skewed_bound(const Predictive& p, int family, double z) {
  return family == kLogNormalFamily ? log_normal_bound(p, z) : cube_bound(p, z);
}

// Nats by which the share outside must be smaller under the families alone to be as wanted once it is calibrated, on one side.
inline double uncalibrated(const Predictive& p, double nats, bool above) {
  const double ln_rate = ln(p.tail_rate[above]);
  const double start = kTailStart - ln_rate;  // the tail's start, calibrated
  if (nats < start) return nats * kTailStart / start - nats;
  return kTailStart + (nats - start) * p.tail_mean[above] - nats;
}

// The quantile `more` nats further out: a normal tail falls with the square of the distance, a t3's with a power of it.
inline double further(Quantile normal, double more) {
  return std::sqrt(std::max(normal.at * (normal.at + 2.0 * more / normal.fall), 0.0));
}
inline double further_t3(Quantile t3, double more) { return t3.at * e_to(more / (t3.fall * t3.at)); }

// Of a gamma whose density is highest at zero nothing is too small.
inline double gamma_bound(const Predictive& p, const Confidence& c, double more, double z) {
  if (p.deviation < p.centre) return cube_bound(p, z);
  return z < 0.0 ? 0.0 : cube_bound(p, further(c.one_sided, more));
}

// Of a series that mostly repeats one value: that alone, or as far from it as it goes often enough.
inline Bounds repeated_interval(const Predictive& p, double nats) {
  const double left = -nats - p.ln_change;  // ln of the share of changes that lies outside
  if (left >= 0.0) return {p.usual, p.usual};
  const double reach = e_to(p.jump_centre + p.jump_deviation * normal_quantile(left).at);
  return {p.usual - reach, p.usual + reach};
}

// Whole numbers within; the cube root's quantiles are right to a tenth of one.
inline Bounds whole(Bounds b, double half) {
  return {std::ceil(b.lower - half - 0.1) + 0.0, std::floor(b.upper + half + 0.1) + 0.0};  // not -0, which people would read
}

inline double family_bound(const Predictive& p, const Confidence& c, bool above) {
  constexpr double kLeast = 1e-3;  // weights below do not show (chosen)
  const double more = uncalibrated(p, c.nats, above), side = above ? 1.0 : -1.0;
  const double z = further(c.normal, more);
  double half = p.weight[kNormalFamily] * z;
  // Student over normal quantile at 95 %, within 4 % from 2 degrees of freedom on.
  if (p.dof < kNormalDof) half *= e_to(1.3 / p.dof + 0.6 / (p.dof * p.dof));
  if (p.weight[kT3Family] > kLeast) half += p.weight[kT3Family] * further_t3(c.t3, more);
  double bound = (p.weight[kNormalFamily] + p.weight[kT3Family]) * p.centre + side * half * p.deviation;
  if (p.weight[kLogNormalFamily] > kLeast) bound += p.weight[kLogNormalFamily] * log_normal_bound(p, side * z);
  if (p.weight[kGammaFamily] > kLeast) bound += p.weight[kGammaFamily] * gamma_bound(p, c, more, side * z);
  if (p.weight[kCountFamily] > kLeast) bound += p.weight[kCountFamily] * cube_bound(p, side * z);
  return bound;
}

// Central interval: each family's own quantiles, averaged by weight. Whole numbers have whole bounds: the last that are not outside.
inline Bounds interval(const Predictive& p, const Confidence& c, bool non_negative) {
  const bool repeats = p.ln_change == p.ln_change;
  Bounds b = repeats ? repeated_interval(p, c.nats) : Bounds{family_bound(p, c, false), family_bound(p, c, true)};
  if (p.lattice) b = whole(b, repeats ? 0.0 : 0.5);
  b.upper = std::max(b.upper, b.lower);
  return {non_negative ? std::max(b.lower, 0.0) : b.lower, non_negative ? std::max(b.upper, 0.0) : b.upper};
}

}  // namespace series
