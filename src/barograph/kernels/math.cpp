// The functions of math/ over arrays: for scores, and for the tests that hold their errors. See `_math.pyi` for the Python side.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "binding.hpp"
#include "math/binomial.hpp"
#include "math/elementary.hpp"
#include "math/gamma.hpp"
#include "math/logarithms.hpp"
#include "math/normal.hpp"
#include "math/student.hpp"

namespace nb = nanobind;

namespace {

using namespace math;

using In = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

double cosine(double turns) { return on_circle(turns).cosine; }
double sine(double turns) { return on_circle(turns).sine; }
double ln_gamma_above(double a, double x) { return ln_gamma_tail(a, x, Tail::kAbove); }
double ln_gamma_above_exact(double a, double x) { return ln_gamma_tail_exact(a, x, Tail::kAbove); }

template <double (*function)(double)> void each(In x, Out out) {
  binding::check_size("out", out.size(), x.size());
  for (size_t i = 0; i < x.shape(0); ++i) out.data()[i] = function(x.data()[i]);
}

template <double (*function)(double, double)> void each_pair(In a, In b, Out out) {
  binding::check_size("out", out.size(), a.size());
  binding::check_size("the second argument", b.size(), a.size());
  for (size_t i = 0; i < a.shape(0); ++i) out.data()[i] = function(a.data()[i], b.data()[i]);
}

template <void (*function)(const double*, const double*, double*, size_t)> void each_with(In x, double n, Out out) {
  binding::check_size("out", out.size(), x.size());
  constexpr size_t kAtOnce = 512;  // they stay in the nearest cache
  const std::vector<double> same(kAtOnce, n);
  for (size_t first = 0; first < x.size(); first += kAtOnce)
    function(x.data() + first, same.data(), out.data() + first, std::min(kAtOnce, x.size() - first));
}

void binomial(In j, In n, double p, Out out) {
  binding::check_size("out", out.size(), j.size());
  binding::check_size("n", n.size(), j.size());
  for (size_t i = 0; i < j.shape(0); ++i) out.data()[i] = ln_binomial(j.data()[i], n.data()[i], p);
}

}  // namespace

NB_MODULE(_math, m) {
  m.def("ln", &each<ln>);
  m.def("ln_1p", &each<ln_1p>);
  m.def("e_to", &each<e_to>);
  m.def("e_to_less_1", &each<e_to_less_1>);
  m.def("cosine", &each<cosine>);
  m.def("sine", &each<sine>);
  m.def("ln_gamma", &each<ln_gamma>);
  m.def("ln_normal_above", &each<ln_normal_above>);
  m.def("ln_t3_above", &each<ln_t3_above>);
  m.def("ln_t_above", &each_pair<ln_t_above>);
  m.def("ln_gamma_above", &each_pair<ln_gamma_above>);
  m.def("ln_gamma_above_exact", &each_pair<ln_gamma_above_exact>);
  m.def("ln_least_of", &each_with<ln_least_of>);
  m.def("ln_one_of", &each_with<ln_one_of>);
  m.def("ln_binomial", &binomial);
}
