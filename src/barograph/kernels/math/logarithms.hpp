// Sums and chances that stay logarithms, as p itself would underflow.
#pragma once

#include <algorithm>
#include <cstddef>

#include "elementary.hpp"

namespace math {

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

constexpr double kLnTiny = -27.631021115928547;  // 1e-12: below it 1 - (1 - p)^n loses digits and then underflows

// ln(1 - (1 - p)^n): the chance that the least of n independent probabilities is at most p. Where it is tiny, n p is exact to
// within n p / 2.
inline double ln_least_of(double ln_p, double n) {
  const double ln_sum = std::min(ln_p, 0.0) + ln(n);
  return ln_sum < kLnTiny ? ln_sum : ln(-e_to_less_1(n * ln_1p(-e_to(std::min(ln_p, 0.0)))));
}

// The same bits of many, in a third of the time: step by step, so that no step waits for the one before it.
inline void ln_least_of(const double* ln_p, const double* n, double* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = -e_to(std::min(ln_p[i], 0.0));
  for (size_t i = 0; i < count; ++i) out[i] = n[i] * ln_1p(out[i]);
  for (size_t i = 0; i < count; ++i) out[i] = ln(-e_to_less_1(out[i]));
  for (size_t i = 0; i < count; ++i) {
    const double ln_sum = std::min(ln_p[i], 0.0) + ln(n[i]);
    if (ln_sum < kLnTiny) out[i] = ln_sum;
  }
}

// ln(1 - (1 - p)^(1/n)): the probability of each of n of which the least is at most p; undoes ln_least_of.
inline void ln_one_of(const double* ln_p, const double* n, double* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = -e_to(std::min(ln_p[i], 0.0));
  for (size_t i = 0; i < count; ++i) out[i] = ln_1p(out[i]) / n[i];
  for (size_t i = 0; i < count; ++i) out[i] = ln(-e_to_less_1(out[i]));
  for (size_t i = 0; i < count; ++i) {
    if (ln_p[i] < kLnTiny) out[i] = ln_p[i] - ln(n[i]);
  }
}

}  // namespace math
