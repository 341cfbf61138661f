// From a predictive distribution to bounds.
#pragma once

#include "series_predict.hpp"

namespace series {

struct Bounds {
  double lower;
  double upper;
};

// sqrt(ln(1 + ratio^2)), the deviation of a log-normal's logarithm. Below ratios of a half a polynomial (error below 1e-8).
inline double logarithmic_deviation(double ratio) {
  const double q = ratio * ratio;
  if (q > 0.25) return std::sqrt(ln_1p(q));
  const double q2 = q * q;
  const double low = 0.9999999970470123 + q * -0.24999914706295903 + q2 * (0.13537626313235263 + q * -0.09043458930247375);
  return ratio * (low + q2 * q2 * (0.06222228669588861 + q * -0.030505333454926297));
}

// Quantiles of the log-normal.
inline Bounds log_normal_interval(double centre, double ratio, double z) {
  const double median = centre / std::sqrt(1.0 + ratio * ratio);
  const double factor = e_to(z * logarithmic_deviation(ratio));
  return {median / factor, median * factor};
}

// Quantiles of the gamma and count families, by Wilson and Hilferty's cube root.
inline Bounds cube_interval(double centre, double ratio, double z) {
  const double h = ratio * ratio / 9.0;
  const double reach = z * ratio / 3.0;
  const double low = std::max(1.0 - h - reach, 0.0);
  const double high = std::max(1.0 - h + reach, 0.0);
  return {centre * low * low * low, centre * high * high * high};
}

inline Bounds skewed_interval(const Predictive& p, int family, double z) {
  const double ratio = p.deviation / p.centre;
  return family == 2 ? log_normal_interval(p.centre, ratio, z) : cube_interval(p.centre, ratio, z);
}

// Central interval: each family's own quantiles at the normal quantile z, averaged by weight.
inline Bounds interval(const Predictive& p, double z, bool non_negative) {
  constexpr double kLeast = 1e-3;  // weights below do not show
  double plain = z * p.deviation;
  // Student over normal quantile at 95 %, within 4 % from 2 degrees of freedom on.
  if (p.dof < kNormalDof) plain *= p.dof > 0.0 ? e_to(1.3 / p.dof + 0.6 / (p.dof * p.dof)) : 1e3;
  double lower = (p.weight[0] + p.weight[1]) * (p.centre - plain);
  double upper = (p.weight[0] + p.weight[1]) * (p.centre + plain);
  const auto add = [&](double weight, Bounds b) {
    lower += weight * b.lower;
    upper += weight * b.upper;
  };
  if (p.weight[2] > kLeast) add(p.weight[2], skewed_interval(p, 2, z));
  const double cubes = (p.weight[3] > kLeast ? p.weight[3] : 0.0) + (p.weight[4] > kLeast ? p.weight[4] : 0.0);
  if (cubes > 0.0) add(cubes, skewed_interval(p, 3, z));
  upper = std::max(upper, lower);
  return {non_negative ? std::max(lower, 0.0) : lower, non_negative ? std::max(upper, 0.0) : upper};
}

}  // namespace series
