// Combining many probabilities into one, in logarithms. See `_scores.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace nb = nanobind;

namespace {

constexpr double kNegligible = 40.0;  // a term e^-40 times the largest is below the last bit of a double

// ln(e^a + e^b) without leaving the logarithms.
double ln_add(double a, double b) {
  const double high = std::max(a, b);
  if (std::isinf(high)) return high;
  return high + std::log1p(std::exp(std::min(a, b) - high));
}

// ln Q(a, x): the chance that a Gamma(a, 1) variable exceeds x, for a >= 1 and x >= 0.
// The power series for P = 1 - Q converges fast left of the mode, the continued fraction right of it
// (Abramowitz & Stegun 6.5.29 and 6.5.31); the common factor stays a logarithm, so Q may be far below 1e-308.
double ln_gamma_q(double a, double x) {
  if (x <= 0.0) return 0.0;
  const double ln_factor = a * std::log(x) - x - std::lgamma(a);
  if (x < a + 1.0) {
    double term = 1.0 / a;
    double sum = term;
    for (double k = a + 1.0; term > 1e-17 * sum; k += 1.0) {
      term *= x / k;
      sum += term;
    }
    return std::log1p(-std::min(std::exp(ln_factor) * sum, 1.0 - 1e-16));
  }
  // Modified Lentz (Thompson & Barnett 1986) on 1 / (x+1-a - 1(1-a)/(x+3-a - ...)).
  double b = x + 1.0 - a;
  double c = 1e300;
  double d = 1.0 / b;
  double h = d;
  for (double k = 1.0; k < 1e6; k += 1.0) {
    const double numerator = -k * (k - a);
    b += 2.0;
    d = numerator * d + b;
    if (std::fabs(d) < 1e-300) d = 1e-300;
    c = b + numerator / c;
    if (std::fabs(c) < 1e-300) c = 1e-300;
    d = 1.0 / d;
    const double step = d * c;
    h *= step;
    if (std::fabs(step - 1.0) < 1e-15) break;
  }
  return ln_factor + std::log(h);
}

// ln P(W <= w) for the truncated product W of n independent uniforms: the product of those at or below tau.
//
//   surprise   -ln w: the sum of -ln p over the probabilities at or below tau; 0 means there was none
//   n          how many probabilities there were in all, >= 1
//   tau        the truncation point, in (0, 1)
//
// Sum over j of Binomial(j; n, tau) * Q(j, surprise + j ln tau): given j truncated values, each contributes -ln tau plus a
// standard exponential. Exact for n = 1, where it is p. Source: Zaykin et al. 2002, Genetic Epidemiology 22, eq. 1.
double ln_truncated_product(double surprise, double n, double tau) {
  if (surprise <= 0.0) return 0.0;
  const double ln_tau = std::log(tau);
  const double ln_rest = std::log1p(-tau);
  const double ln_n_factorial = std::lgamma(n + 1.0);
  double total = -std::numeric_limits<double>::infinity();
  for (double j = 1.0; j <= n; j += 1.0) {
    const double ln_binomial =
        ln_n_factorial - std::lgamma(j + 1.0) - std::lgamma(n - j + 1.0) + j * ln_tau + (n - j) * ln_rest;
    const double term = ln_binomial + ln_gamma_q(j, surprise + j * ln_tau);
    total = ln_add(total, term);
    // Once Q is 1 the terms are binomial and fall beyond the mean: the rest cannot change the sum.
    const bool past_the_mode = j > n * tau && surprise + j * ln_tau <= 0.0;
    if (past_the_mode && term < total - kNegligible) break;
  }
  return std::min(total, 0.0);
}

using In = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void truncated_product(In surprise, In n, double tau, Out ln_p) {
  const std::size_t count = surprise.shape(0);
  const double* s = surprise.data();
  const double* size = n.data();
  double* out = ln_p.data();
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < count; ++i) out[i] = ln_truncated_product(s[i], size[i], tau);
}

}  // namespace

NB_MODULE(_scores, m) {
  m.def("truncated_product", &truncated_product, nb::arg("surprise"), nb::arg("n"), nb::arg("tau"), nb::arg("ln_p"));
}
