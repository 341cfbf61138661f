// The gamma function and the tails of the gamma distribution, in logarithms.
#pragma once

#include <algorithm>

#include "logarithms.hpp"
#include "normal.hpp"

namespace math {

// What Stirling's formula for ln gamma(a) leaves, a >= 8: error below 2e-14.
inline double stirling_rest(double a) {
  const double i = 1.0 / a;
  const double j = i * i;
  return i * (0.08333333333333333 - j * (0.002777777777777778 - j * (0.0007936507936507937 - j * (5.952380952380953e-4 -
             j * (8.417508417508417e-4 - j * 1.9175269175269176e-3)))));
}

// a > 0. Not std::lgamma: that writes the global `signgam`, which is a race between threads.
inline double ln_gamma(double a) {
  // Stirling's series after moving a above 8 by the recurrence.
  double shift = 0.0;
  if (a < 8.0) {
    double product = 1.0;
    for (; a < 8.0; a += 1.0) product *= a;
    shift = ln(product);
  }
  return (a - 0.5) * ln(a) - a + kHalfLn2Pi + stirling_rest(a) - shift;
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

// The lower tail of a gamma variable with shape a, without the front factor x^a e^-x / gamma(a): the power series, which
// converges fast left of the mode (Abramowitz & Stegun 6.5.29).
inline double gamma_series(double a, double x) {
  double term = 1.0 / a;
  double sum = term;
  for (double k = a + 1.0; term > 1e-15 * sum; k += 1.0) {
    term *= x / k;
    sum += term;
  }
  return sum;
}

// The upper tail without it: the continued fraction 1 / (x+1-a - 1(1-a)/(x+3-a - ...)), which converges fast right of the mode
// (Abramowitz & Stegun 6.5.31), by the modified Lentz algorithm (Thompson & Barnett 1986).
inline double gamma_fraction(double a, double x) {
  constexpr double tiny = 1e-300;
  double b = x + 1.0 - a;
  double c = 1.0 / tiny;
  double d = 1.0 / b;
  double h = d;
  double change = 0.0;
  // Steps are sums of which two thirds cancel: closer than 2e-15 to 1 they need not come.
  for (double k = 1.0; std::fabs(change - 1.0) > 2e-15 && k < 1e5; k += 1.0) {
    const double step = -k * (k - a);
    b += 2.0;
    d = step * d + b;
    d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
    c = b + step / c;
    c = std::fabs(c) < tiny ? tiny : c;
    change = d * c;
    h *= change;
  }
  return h;
}

// ln P(X > x) or ln P(X <= x) for a gamma variable with shape a > 0 and scale 1, right to the last digits but where a is large.
inline double ln_gamma_tail_exact(double a, double x, Tail want) {
  if (x <= 0.0) return want == Tail::kAbove ? 0.0 : -kInfinity;
  const double ln_front = a * ln(x) - x - ln_gamma(a);
  if (x < a + 1.0) return wanted_tail(std::min(ln_front + ln(gamma_series(a, x)), 0.0), Tail::kBelow, want);
  return wanted_tail(std::min(ln_front + ln(gamma_fraction(a, x)), 0.0), Tail::kAbove, want);
}

// The same to 3e-4, in a time that does not grow with a.
inline double ln_gamma_tail(double a, double x, Tail want) {
  const bool near = a >= 50.0 && x < 2.0 * a && x > 0.5 * a;
  return near ? ln_gamma_tail_temme(a, x, want) : ln_gamma_tail_exact(a, x, want);
}

}  // namespace math
