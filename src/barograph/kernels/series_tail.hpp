// Tails of the residual families, in logs: ln p is right to a few digits where p itself would underflow.
#pragma once

#include <algorithm>

#include "series_math.hpp"

namespace series {

// ln(e^a + e^b), safe for -inf.
inline double ln_add(double a, double b) {
  const double high = std::max(a, b);
  if (!(high > -kInfinity)) return high;
  return high + ln_1p(e_to(std::min(a, b) - high));
}

// ln(1 - e^a) for a <= 0.
inline double ln_complement(double a) {
  if (a >= 0.0) return -kInfinity;
  return a > -kLn2 ? ln(-e_to_less_1(a)) : ln_1p(-e_to(a));
}

// e^(z^2/2) P(Z > z), Z standard normal, z >= 0: (1 + z) times it is a polynomial in (z - 4) / (z + 4), from 0 to infinity
// (relative error 2e-11).
inline double mills(double z) {
  const double t = 1.0 - 8.0 / (z + 4.0);
  const double t2 = t * t;
  const double even = 0.4720532065022599 + t2 * (0.013999635696960631 + t2 * (-0.03219785803182283 + t2 * (-0.00500221091781758 +
      t2 * (0.0006942191972111654 + t2 * (-8.633638674589232e-05 + t2 * (1.1677530398838562e-05 + t2 * -1.1933959265034166e-06))))));
  const double odd = -0.09670347732552526 + t2 * (0.028600363925559553 + t2 * (0.017936100159120432 + t2 * (-0.0002856443898136132 +
      t2 * (-9.434764166770406e-05 + t2 * (2.107830384937337e-05 + t2 * (-3.2413314987415294e-06 + t2 * 3.0850570215043197e-07))))));
  return (even + t * odd) / (1.0 + z);
}

// ln P(Z > z).
inline double ln_normal_above(double z) {
  const double beyond = ln(mills(std::fabs(z))) - 0.5 * z * z;
  return z < 0.0 ? ln_1p(-e_to(beyond)) : beyond;
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

// What Stirling's formula for ln gamma(a) leaves, a >= 8: error below 1e-12.
inline double stirling_rest(double a) {
  const double i = 1.0 / a;
  const double j = i * i;
  return i * (0.08333333333333333 - j * (0.002777777777777778 - j * (0.0007936507936507937 - j * 5.952380952380953e-4)));
}

inline double ln_gamma(double a) {
  // std::lgamma writes the global `signgam`, which is a race between threads; a > 0 always here.
  // Stirling's series after moving a above 8 by the recurrence.
  double shift = 0.0;
  if (a < 8.0) {
    double product = 1.0;
    for (; a < 8.0; a += 1.0) product *= a;
    shift = ln(product);
  }
  return (a - 0.5) * ln(a) - a + kHalfLn2Pi + stirling_rest(a) - shift;
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

enum class Tail { kAbove, kBelow };

// Of the logarithm of one of two tails, whichever is wanted.
inline double wanted_tail(double ln_p, Tail is, Tail want) { return is == want ? std::min(ln_p, 0.0) : ln_complement(ln_p); }

// ln P(X > x) or ln P(X <= x) for a gamma variable with shape a and scale 1, by Temme's uniform expansion (DLMF 8.12), first
// term: within 3e-4 from a = 50 on, and no loop. Not for x far from a: there the correction cancels to the last digit, and
// the series and the fraction below converge in a few steps.
inline double ln_gamma_tail_temme(double a, double x, Tail want) {
  const double excess = x / a - 1.0;
  const double half_square = excess - ln_1p(excess);
  const double eta = std::copysign(std::sqrt(2.0 * half_square), excess);
  const double c = std::fabs(eta) < 1e-3 ? -1.0 / 3.0 + eta / 12.0 : 1.0 / excess - 1.0 / eta;
  const double root = std::sqrt(a);
  // The smaller tail: the correction has the normal density, which is e^(-a half_square) as well.
  const double correction = (eta >= 0.0 ? c : -c) / (2.5066282746310002 * root);
  const double ln_p = ln(mills(std::fabs(eta) * root) + correction) - a * half_square;
  return wanted_tail(ln_p, eta >= 0.0 ? Tail::kAbove : Tail::kBelow, want);
}

// The same anywhere: a series below a + 1, a continued fraction above.
inline double ln_gamma_tail(double a, double x, Tail want) {
  if (x <= 0.0) return want == Tail::kAbove ? 0.0 : -kInfinity;
  if (a >= 50.0 && x < 2.0 * a && x > 0.5 * a) return ln_gamma_tail_temme(a, x, want);
  const double ln_front = a * ln(x) - x - ln_gamma(a);
  if (x < a + 1.0) {
    double term = 1.0 / a;
    double sum = term;
    for (int k = 1; k < 500; ++k) {
      term *= x / (a + k);
      sum += term;
      if (term < sum * 1e-14) break;
    }
    return wanted_tail(std::min(ln_front + ln(sum), 0.0), Tail::kBelow, want);
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
  return wanted_tail(std::min(ln_front + ln(h), 0.0), Tail::kAbove, want);
}

}  // namespace series
