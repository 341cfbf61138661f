// Tails of the residual families, in logs: ln p is right to a few digits where p itself would underflow.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace series {

constexpr double kLn2 = 0.6931471805599453;
constexpr double kHalfLn2Pi = 0.9189385332046727;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ln(e^a + e^b), safe for -inf.
inline double ln_add(double a, double b) {
  const double high = std::max(a, b);
  if (!(high > -kInfinity)) return high;
  return high + std::log1p(std::exp(std::min(a, b) - high));
}

// ln(1 - e^a) for a <= 0.
inline double ln_complement(double a) {
  if (a >= 0.0) return -kInfinity;
  return a > -kLn2 ? std::log(-std::expm1(a)) : std::log1p(-std::exp(a));
}

// ln P(Z > z), Z standard normal. erfc to z = 35, then four terms of the asymptotic series (relative error of p < 1e-9).
inline double ln_normal_above(double z) {
  if (z < 35.0) return std::log(0.5 * std::erfc(z * 0.7071067811865476));
  const double i = 1.0 / (z * z);
  return -0.5 * z * z - std::log(z) - kHalfLn2Pi + std::log1p(-i * (1.0 - i * (3.0 - 15.0 * i)));
}

// Modified Lentz continued fraction of the incomplete beta function (DLMF 8.17.22).
inline double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1.0;
  double d = 1.0 - (a + b) * x / (a + 1.0);
  d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 200; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
    d = 1.0 + even * d;
    c = 1.0 + even / c;
    d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
    c = std::fabs(c) < tiny ? tiny : c;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
    d = 1.0 + odd * d;
    c = 1.0 + odd / c;
    d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
    c = std::fabs(c) < tiny ? tiny : c;
    const double step = d * c;
    h *= step;
    if (std::fabs(step - 1.0) < 1e-14) break;
  }
  return h;
}

inline double ln_gamma(double a) {
  // std::lgamma writes the global `signgam`, which is a race between threads; a > 0 always here.
  // Stirling's series after moving a above 8 by the recurrence: error below 1e-12.
  double shift = 0.0;
  if (a < 8.0) {
    double product = 1.0;
    for (; a < 8.0; a += 1.0) product *= a;
    shift = std::log(product);
  }
  const double i = 1.0 / a;
  const double j = i * i;
  const double tail = i * (0.08333333333333333 - j * (0.002777777777777778 - j * (0.0007936507936507937 - j * 5.952380952380953e-4)));
  return (a - 0.5) * std::log(a) - a + kHalfLn2Pi + tail - shift;
}

// ln P(T > t) for Student's t with `dof` degrees of freedom.
inline double ln_t_above(double t, double dof) {
  if (t < 0.0) return ln_complement(ln_t_above(-t, dof));
  if (t == 0.0) return -kLn2;
  const double square = t * t;
  const double a = 0.5 * dof;
  const double x = square > 1e280 ? 0.0 : dof / (dof + square);
  const double ln_x = square > 1e280 ? std::log(dof) - 2.0 * std::log(t) : std::log(x);
  const double ln_front = ln_gamma(a + 0.5) - ln_gamma(a) - 0.5723649429247001 + a * ln_x + 0.5 * std::log1p(-std::min(x, 1.0 - 1e-16));
  if (x < (a + 1.0) / (a + 2.5)) return ln_front + std::log(beta_fraction(a, 0.5, x) / a) - kLn2;
  return ln_complement(ln_front + std::log(beta_fraction(0.5, a, 1.0 - x) / 0.5)) - kLn2;
}

// ln P(T > t) for the t with 3 degrees of freedom, in closed form; the series avoids the cancellation far out.
inline double ln_t3_above(double t) {
  constexpr double ln_pi = 1.1447298858494002;
  const double u = t * 0.5773502691896258;
  if (u > 30.0) {
    const double i = 1.0 / (u * u);
    return std::log(2.0 / 3.0 - i * (4.0 / 5.0 - i * (6.0 / 7.0))) - 3.0 * std::log(u) - ln_pi;
  }
  return std::log(0.5 - (std::atan(u) + u / (1.0 + u * u)) / 3.141592653589793);
}

// ln P(X > x) and ln P(X <= x) for a gamma variable with shape a and scale 1 (series below a + 1, fraction above).
struct GammaTails {
  double ln_above;
  double ln_below;
};

// Temme's uniform expansion (DLMF 8.12), first term: ln of either tail within 3e-4 from a = 50 on, and no loop. Not for x far
// from a: there the correction cancels to the last digit, and the series and the fraction below converge in a few steps.
inline GammaTails ln_gamma_tails_temme(double a, double x) {
  const double excess = x / a - 1.0;
  const double half_square = excess - std::log1p(excess);
  const double eta = std::copysign(std::sqrt(2.0 * half_square), excess);
  const double c = std::fabs(eta) < 1e-3 ? -1.0 / 3.0 + eta / 12.0 : 1.0 / excess - 1.0 / eta;
  const double t = eta * std::sqrt(a);
  const double ln_front = -a * half_square - kHalfLn2Pi - 0.5 * std::log(a);
  const double above = ln_normal_above(t);
  const double below = ln_normal_above(-t);
  return {std::min(above + std::log1p(c * std::exp(ln_front - above)), 0.0),
          std::min(below + std::log1p(-c * std::exp(ln_front - below)), 0.0)};
}

inline GammaTails ln_gamma_tails(double a, double x) {
  if (x <= 0.0) return {0.0, -kInfinity};
  if (a >= 50.0 && x < 2.0 * a && x > 0.5 * a) return ln_gamma_tails_temme(a, x);
  const double ln_front = a * std::log(x) - x - ln_gamma(a);
  if (x < a + 1.0) {
    double term = 1.0 / a;
    double sum = term;
    for (int k = 1; k < 500; ++k) {
      term *= x / (a + k);
      sum += term;
      if (term < sum * 1e-14) break;
    }
    const double below = std::min(ln_front + std::log(sum), 0.0);
    return {ln_complement(below), below};
  }
  constexpr double tiny = 1e-300;
  double b = x + 1.0 - a;
  double c = 1.0 / tiny;
  double d = 1.0 / b;
  double h = d;
  for (int k = 1; k < 500; ++k) {
    const double step = -k * (k - a);
    b += 2.0;
    d = step * d + b;
    d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
    c = b + step / c;
    c = std::fabs(c) < tiny ? tiny : c;
    const double change = d * c;
    h *= change;
    if (std::fabs(change - 1.0) < 1e-14) break;
  }
  const double above = std::min(ln_front + std::log(h), 0.0);
  return {above, ln_complement(above)};
}

}  // namespace series
