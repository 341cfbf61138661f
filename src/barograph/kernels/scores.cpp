// Combining many probabilities into one, in logarithms. See `_scores.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "binding.hpp"
#include "math/binomial.hpp"
#include "math/gamma.hpp"
#include "math/logarithms.hpp"

namespace nb = nanobind;

namespace {

using namespace math;

constexpr double kNegligible = 40.0;  // a term e^-40 times the largest is below the last bit of a double

// ln P(W <= w) for the truncated product W of n independent uniforms: the product of those at or below tau.
//
//   surprise   -ln w: the sum of -ln p over the probabilities at or below tau; 0 means there was none
//   n          how many probabilities there were in all, >= 1
//   tau        the truncation point, in (0, 1)
//
// Sum over j of Binomial(j; n, tau) * Q(j, surprise + j ln tau): given j truncated values, each contributes -ln tau plus a
// standard exponential. Exact for n = 1, where it is p. Source: Zaykin et al. 2002, Genetic Epidemiology 22, eq. 1.
// The terms rise to one maximum at or beyond the binomial's mode and fall on both sides of it (both factors are log-concave),
// so the sum starts at the mode and ends, on either side, where a falling term no longer counts.
double ln_truncated_product(double surprise, double n, double tau) {
  if (surprise <= 0.0) return 0.0;
  const double ln_tau = ln(tau);
  const auto term = [&](double j) {
    return ln_binomial(j, n, tau) + ln_gamma_tail_exact(j, surprise + j * ln_tau, Tail::kAbove);
  };
  const double mode = std::clamp(std::floor((n + 1.0) * tau), 1.0, n);
  double ln_total = -kInfinity;
  double ln_previous = ln_total;
  for (double j = mode; j <= n; j += 1.0) {
    const double ln_term = term(j);
    ln_total = ln_add(ln_total, ln_term);
    if (ln_term < ln_previous && ln_term < ln_total - kNegligible) break;
    ln_previous = ln_term;
  }
  for (double j = mode - 1.0; j >= 1.0; j -= 1.0) {
    const double ln_term = term(j);
    ln_total = ln_add(ln_total, ln_term);
    if (ln_term < ln_total - kNegligible) break;
  }
  return std::min(ln_total, 0.0);
}

// Does the sum of the odd members' surprises say anything? Below its mean plus a deviation it is less than one in about six,
// and working out how much less is most of the cost of a quiet job of many series.
bool adds_up(double surprise, double n, double tau) {
  const double mean_surprise = 1.0 - ln(tau);  // mean of -ln p of a member at or below tau
  const double mean = n * tau * mean_surprise;
  return surprise > mean + std::sqrt(n * tau * (mean_surprise * mean_surprise + 1.0) - mean * mean / n);
}

// The better of two tests, doubled for the choice: do the odd members add up, and is one odd enough by itself?
double combined_ln_p(double surprise, double least_ln_p, double n, double tau) {
  if (n == 1.0) return least_ln_p;
  double ln_p = ln_least_of(least_ln_p, n);
  if (adds_up(surprise, n, tau)) ln_p = std::min(ln_p, ln_truncated_product(surprise, n, tau));
  return std::min(ln_p + kLn2, 0.0);
}

using In = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using OutMatrix = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void check_groups(const Matrix& ln_p, const Indices& order, const Indices& start, const OutMatrix& out) {
  binding::check_rows("order", order, static_cast<int64_t>(ln_p.shape(0)));
  binding::check_rows("start", start, static_cast<int64_t>(order.size()) + 1);
  binding::check_size("start", start.size(), out.shape(0) + 1);
  binding::check_size("a row of out", out.shape(1), ln_p.shape(1));
}

void combine_groups(Matrix ln_p, Indices order, Indices start, double tau, OutMatrix out) {
  const int64_t times = static_cast<int64_t>(ln_p.shape(1));
  const double ln_tau = ln(tau);
  check_groups(ln_p, order, start, out);
  nb::gil_scoped_release release;
  std::vector<double> surprise(times), least_ln_p(times), members(times);
  for (size_t group = 0; group + 1 < start.shape(0); ++group) {
    std::fill(surprise.begin(), surprise.end(), 0.0);
    std::fill(least_ln_p.begin(), least_ln_p.end(), 0.0);
    std::fill(members.begin(), members.end(), 0.0);
    for (int64_t member = start.data()[group]; member < start.data()[group + 1]; ++member) {
      const double* row = ln_p.data() + order.data()[member] * times;
      for (int64_t time = 0; time < times; ++time) {
        const double value = row[time];
        if (value != value) continue;
        members[time] += 1.0;
        least_ln_p[time] = std::min(least_ln_p[time], value);
        if (value <= ln_tau) surprise[time] -= value;
      }
    }
    double* combined = out.data() + group * times;
    for (int64_t time = 0; time < times; ++time) {
      const bool known = members[time] > 0.0;
      combined[time] = known ? combined_ln_p(surprise[time], least_ln_p[time], members[time], tau) : std::nan("");
    }
  }
}

void combine_folded(In surprise, In least, In n, double tau, Out out) {
  binding::check_size("surprise", surprise.size(), n.size());
  binding::check_size("least", least.size(), n.size());
  binding::check_size("out", out.size(), n.size());
  nb::gil_scoped_release release;
  for (size_t i = 0; i < n.shape(0); ++i) out.data()[i] = combined_ln_p(surprise.data()[i], least.data()[i], n.data()[i], tau);
}

void truncated_product(In surprise, In n, double tau, Out out) {
  binding::check_size("surprise", surprise.size(), n.size());
  binding::check_size("out", out.size(), n.size());
  nb::gil_scoped_release release;
  for (size_t i = 0; i < n.shape(0); ++i) out.data()[i] = ln_truncated_product(surprise.data()[i], n.data()[i], tau);
}

}  // namespace

NB_MODULE(_scores, m) {
  m.def("combine_groups", &combine_groups);
  m.def("combine_folded", &combine_folded);
  m.def("truncated_product", &truncated_product);
}
