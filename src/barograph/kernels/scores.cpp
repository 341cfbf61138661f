// Combining many probabilities into one, in logarithms. See `_scores.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "binding.hpp"
#include "scores_together.hpp"

namespace nb = nanobind;

namespace {

using together::Group;
using together::Odd;

using In = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using OutMatrix = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using State = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;  // a row is a `Group`

constexpr size_t kFields = sizeof(Group) / sizeof(double);

// The members of one group in each bucket.
struct Folded {
  explicit Folded(size_t times) : sum(times), squares(times), least(times), members(times) {}

  void clear() {
    for (std::vector<double>* column : {&sum, &squares, &least, &members}) std::fill(column->begin(), column->end(), 0.0);
  }
  void add(size_t time, double ln_p) {
    if (ln_p != ln_p) return;
    members[time] += 1.0;
    least[time] = std::min(least[time], ln_p);
    const double added = together::quantiles()(std::clamp(-ln_p, 0.0, together::kMost));
    sum[time] += added;
    squares[time] += added * added;
  }

  std::vector<double> sum, squares, least, members;
};

// In time order, each bucket judged by what was learned before it. A member that is alone keeps its probability, and teaches nothing.
void judge_and_learn(const Folded& folded, Group& group, double memory, bool take_word, double* out) {
  for (size_t time = 0; time < folded.members.size(); ++time) {
    const double n = folded.members[time];
    if (n < 2.0) {
      out[time] = n == 1.0 ? folded.least[time] : std::nan("");
      continue;
    }
    const together::Usual usual = together::usual(group, n);
    const double ln_least = math::ln_least_of(folded.least[time], n);
    out[time] = together::ln_p(usual, folded.sum[time], take_word ? ln_least : together::as_usually_odd(group, ln_least));
    together::learn(group, usual, folded.sum[time], folded.squares[time], ln_least, n, memory);
  }
}

void combine_groups(Matrix ln_p, Indices order, Indices start, State state, double memory, bool take_word, OutMatrix out) {
  const size_t times = ln_p.shape(1), groups = out.shape(0);
  binding::check_rows("order", order, static_cast<int64_t>(ln_p.shape(0)));
  binding::check_rows("start", start, static_cast<int64_t>(order.size()) + 1);
  binding::check_size("start", start.size(), groups + 1);
  binding::check_size("state", state.shape(0), groups);
  binding::check_size("a row of state", state.shape(1), kFields);
  binding::check_size("a row of out", out.shape(1), times);
  nb::gil_scoped_release release;
  Folded folded(times);
  for (size_t group = 0; group < groups; ++group) {
    folded.clear();
    for (int64_t member = start.data()[group]; member < start.data()[group + 1]; ++member) {
      const double* row = ln_p.data() + order.data()[member] * static_cast<int64_t>(times);
      for (size_t time = 0; time < times; ++time) folded.add(time, row[time]);
    }
    judge_and_learn(folded, reinterpret_cast<Group*>(state.data())[group], memory, take_word, out.data() + group * times);
  }
}

void combine_rows(In ln_p, Indices start, In n, Indices bucket, In members, State state, double ln_mild, Out out) {
  const size_t groups = out.size(), times = members.size();
  binding::check_rows("start", start, static_cast<int64_t>(ln_p.size()) + 1);
  binding::check_size("start", start.size(), groups + 1);
  binding::check_size("n", n.size(), groups);
  binding::check_size("bucket", bucket.size(), groups);
  binding::check_rows("bucket", bucket, static_cast<int64_t>(times));
  binding::check_size("state", state.shape(0), 1);
  binding::check_size("a row of state", state.shape(1), sizeof(Odd) / sizeof(double));
  nb::gil_scoped_release release;
  Odd& odd = *reinterpret_cast<Odd*>(state.data());
  Folded folded(1);
  size_t group = 0;
  for (size_t time = 0; time < times; ++time) {
    together::Bucket seen;  // learned when all its groups are judged by the buckets before it
    for (; group < groups && bucket.data()[group] <= static_cast<int64_t>(time); ++group) {
      folded.clear();
      for (int64_t row = start.data()[group]; row < start.data()[group + 1]; ++row) folded.add(0, ln_p.data()[row]);
      const double size = n.data()[group], least = folded.least[0];
      out.data()[group] = size < 2.0 ? least : together::ln_p(together::usual(odd, size), folded.sum[0], math::ln_least_of(least, size));
      if (size >= 2.0) together::count(seen, odd, folded.members[0], size, least >= ln_mild);
    }
    together::learn(odd, seen, members.data()[time]);
  }
}

void quantile(In ln_p, Out out) {
  binding::check_size("out", out.size(), ln_p.size());
  for (size_t i = 0; i < ln_p.size(); ++i) out.data()[i] = together::quantiles()(std::clamp(-ln_p.data()[i], 0.0, together::kMost));
}

}  // namespace

NB_MODULE(_scores, m) {
  m.def("combine_groups", &combine_groups);
  m.def("combine_rows", &combine_rows);
  m.def("quantile", &quantile);
}
