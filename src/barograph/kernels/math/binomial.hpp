// Probabilities of the binomial distribution, in logarithms.
#pragma once

#include "gamma.hpp"

namespace math {

// What Stirling's formula for ln a! leaves, a > 0.
inline double factorial_rest(double a) {
  return a < 8.0 ? ln_gamma(a + 1.0) - ((a + 0.5) * ln(a) - a + kHalfLn2Pi) : stirling_rest(a);
}

// x ln(x / mean) + mean - x, by the distance from the mean: the three terms would cancel near it.
inline double deviance(double x, double mean) {
  const double e = (x - mean) / mean;
  return mean * ((1.0 + e) * ln_1p(e) - e);
}

// ln of the chance of j hits in n >= j tries of chance p, 0 < p < 1. Three ln_gamma would lose digits to each other: at
// n = 500 the error of this form is 3e-15, of theirs 3e-13. Source: Loader 2000, "Fast and accurate computation of binomial
// probabilities".
inline double ln_binomial(double j, double n, double p) {
  if (j == 0.0) return n * ln_1p(-p);
  if (j == n) return n * ln(p);
  const double rest = factorial_rest(n) - factorial_rest(j) - factorial_rest(n - j);
  return rest - deviance(j, n * p) - deviance(n - j, n * (1.0 - p)) + 0.5 * ln(n / (j * (n - j))) - kHalfLn2Pi;
}

}  // namespace math
