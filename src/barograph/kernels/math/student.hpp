// Tails of Student's t, in logarithms, and the continued fraction of the incomplete beta function.
#pragma once

#include <algorithm>

#include "gamma.hpp"
#include "normal.hpp"

namespace math {

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

// ln P(T > t) for Student's t near its centre, by the normal deviate that has the same tail: error of ln p below 5e-6 for
// |t| <= 4 from 8 degrees of freedom on. Source: G. W. Hill 1970, CACM 13(10), algorithm 395.
inline double ln_t_above_near(double t, double dof) {
  const double a = dof - 0.5;
  const double b = 48.0 * a * a;
  const double y = a * ln_1p(t * t / dof);
  const double third = ((4.0 * y + 33.0) * y + 240.0) * y + 855.0;
  const double z = std::sqrt(y) * (1.0 + (y + 3.0 - third / (10.0 * (b + 0.8 * y * y + 100.0))) / b);
  return ln_normal_above(std::copysign(z, t));
}

// ln P(T > t) for Student's t with `dof` degrees of freedom.
inline double ln_t_above(double t, double dof) {
  if (dof >= 8.0 && std::fabs(t) <= 4.0) return ln_t_above_near(t, dof);
  if (t < 0.0) return ln_complement(ln_t_above(-t, dof));
  if (t == 0.0) return -kLn2;
  const double square = t * t;
  const double a = 0.5 * dof;
  const double x = square > 1e280 ? 0.0 : dof / (dof + square);
  const double ln_x = square > 1e280 ? ln(dof) - 2.0 * ln(t) : ln(x);
  const double ln_front = ln_gamma(a + 0.5) - ln_gamma(a) - 0.5723649429247001 + a * ln_x + 0.5 * ln_1p(-std::min(x, 1.0 - 1e-16));
  if (x < (a + 1.0) / (a + 2.5)) return ln_front + ln(beta_fraction(a, 0.5, x) / a) - kLn2;
  return ln_complement(ln_front + ln(beta_fraction(0.5, a, 1.0 - x) / 0.5)) - kLn2;
}

// ln P(T > t) for the t with 3 degrees of freedom: with u = t / sqrt 3 >= 0, (1 + u)^3 P(T > t) is a polynomial in
// (u - 1) / (u + 1), from 0 to infinity (relative error of p 6e-8); below 0 its complement.
inline double ln_t3_above(double t) {
  const double u = std::fabs(t) * 0.5773502691896258;
  const double v = 1.0 - 2.0 / (u + 1.0);
  const double w = v * v;
  const double even = 0.7267604255461744 + w * (-0.7323894740535919 + w * (0.7152883853892966 + w * (-0.698889377266247 +
      w * (0.6723235136586259 + w * (-0.6038405441785002 + w * (0.45990985671974255 + w * (-0.26158339178823686 +
      w * (0.09420384751414101 + w * -0.015679961048203423))))))));
  const double odd = -0.366197697302962 + w * (0.47698834625930814 + w * (-0.5260213936876708 + w * (0.5506637280319638 +
      w * (-0.5528310876007141 + w * (0.5099025780385097 + w * (-0.39461296350998953 + w * (0.22654569232578406 +
      w * (-0.08203372750284683 + w * 0.013699833476417062))))))));
  const double above = ln(even + v * odd) - 3.0 * ln(1.0 + u);
  return t < 0.0 ? ln_1p(-e_to(above)) : above;
}

}  // namespace math
