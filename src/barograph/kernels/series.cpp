// The series model: for each series, for each bucket of the chunk, score with what was known, then learn.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <type_traits>

#include "series_season.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace series {

constexpr double kImpact = 5.0 / 6.907755278982137;  // reference scale: 5 at a factor of 1,000

struct Chunk {
  const int64_t* rows;        // [s] state row of each row of values
  const double* values;       // [s, t]
  const int64_t* local_ms;    // [t]
  int64_t first_bucket;
  int64_t span_ms;
  int64_t series;
  int64_t buckets;
  int32_t side;
  bool non_negative;
  bool learn;
  double bounds;              // normal quantile of the bounds' half width; 0: none wanted
  double ln_threshold;
};

struct Output {
  double* ln_p;               // [s, t]
  double* ln_evidence;        // [s, t]
  double* typical;            // [s, t] or null
  double* lower;
  double* upper;
  Leaf* leaves;               // [room]
  int64_t room;
  int64_t used;
};

struct Bounds {
  double lower;
  double upper;
};

// Central interval: each family's own quantiles at the normal quantile z, averaged by weight.
inline Bounds interval(const Predictive& p, double z, bool non_negative) {
  const double early = p.dof > 0.0 ? std::exp(1.3 / p.dof + 2.0 / (p.dof * p.dof)) : 1e3;  // t over normal quantile, roughly
  const double plain = z * p.deviation * (p.dof >= kNormalDof ? 1.0 : early);
  double lower = 0.0;
  double upper = 0.0;
  for (int i = 0; i < kFamilies; ++i) {
    if (!(p.weight[i] > 1e-3)) continue;
    double low = p.centre - plain;
    double high = p.centre + plain;
    if (i >= 2) {
      const double square = std::log1p(p.deviation * p.deviation / (p.centre * p.centre));
      const double sd = std::sqrt(square);
      const double mu = std::log(p.centre) - 0.5 * square;
      low = std::exp(mu - z * sd);
      high = std::exp(mu + z * sd);
      if (i >= 3) {  // Wilson-Hilferty: the cube root of a gamma variable is nearly normal
        const double shape = p.centre * p.centre / (p.deviation * p.deviation);
        const double h = 1.0 / (9.0 * shape);
        low = p.centre * std::pow(std::max(1.0 - h - z * std::sqrt(h), 0.0), 3.0);
        high = p.centre * std::pow(std::max(1.0 - h + z * std::sqrt(h), 0.0), 3.0);
      }
    }
    lower += p.weight[i] * low;
    upper += p.weight[i] * high;
  }
  upper = std::max(upper, lower);
  return {non_negative ? std::max(lower, 0.0) : lower, non_negative ? std::max(upper, 0.0) : upper};
}

inline double readable(double x) { return std::clamp(x, -kBiggest, kBiggest); }

inline void learn(Series& s, float* pool, const Clock& c, const Predictive& p, const Forecast& f, const Position& at,
                  double x, double ln_p) {
  if (x != std::floor(x)) s.flags |= 1;
  if (x < 0.0) s.flags |= 2;
  if (s.count == 0.0) {
    s.first = c.bucket;
    for (double& level : s.level) level = x;
    s.raw_level = x;
  }
  const double weight = learning_weight(s, ln_p);
  const double error = x - f.centre;
  const double limit = 25.0 * f.variance;
  const double move = x - s.previous;
  if (s.scale_count >= 8.0) {
    learn_families(s, p, x);
    learn_tail(s, -(-ln_p));
  }
  learn_repeats(s, x);
  fold_window(s, c, x);
  if (s.season) {
    const double clip = 4.0 * std::sqrt(f.variance);
    learn_season(s, pool, at, std::clamp(error, -clip, clip), weight, c);
  }
  if (s.count > 0.0) learn_value(s, f, x, weight);
  if (s.count >= 8.0) learn_shift(s, error, error / std::sqrt(f.variance));
  if (s.season) compare_season(s, c, x, error, move, limit);
  s.count += 1.0;
  s.scale_count += 1.0;
  s.last = c.bucket;
}

inline void add_leaf(Output& out, const Chunk& k, int64_t i, int64_t t, double x, double ln_p, const Predictive& p) {
  const Bounds b = interval(p, 1.959963984540054, k.non_negative);
  Leaf& leaf = out.leaves[out.used++];
  leaf.row = static_cast<int32_t>(i);
  leaf.t = static_cast<int32_t>(t);
  leaf.actual = x;
  leaf.typical = k.non_negative ? std::max(p.centre, 0.0) : p.centre;
  leaf.lower = b.lower;
  leaf.upper = b.upper;
  leaf.impact = -5.0;
  leaf.ln_p = ln_p;
  leaf.ln_evidence = ln_p;
  leaf.predictive = p;
}

// One series from bucket `t` on. Returns the bucket to go on from: buckets, or earlier when a leaf or a season needs room.
inline int64_t run_series(Series& s, float* pool, const Chunk& k, Output& out, int64_t i, int64_t t) {
  for (; t < k.buckets; ++t) {
    const double given = k.values[i * k.buckets + t];
    const int64_t cell = i * k.buckets + t;
    const Clock c{k.first_bucket + t, k.local_ms[t], k.span_ms};
    const bool known = given == given;
    if (!known && !out.typical) {
      out.ln_p[cell] = out.ln_evidence[cell] = given;
      continue;
    }
    if (out.used == out.room) return t;
    const Position at = s.season ? position(s, c) : Position{0, 0, 0.0};
    const double season = s.season ? season_value(s, pool, at) : 0.0;
    const Forecast f = forecast(s, season, s.count > 0.0 ? static_cast<double>(c.bucket - s.last) : 1.0);
    const Predictive p = predictive(s, f, k.side);
    if (out.typical) {
      const Bounds b = interval(p, k.bounds, k.non_negative);
      const bool idea = p.dof > 0.0;
      out.typical[cell] = idea ? (k.non_negative ? std::max(p.centre, 0.0) : p.centre) : std::nan("");
      out.lower[cell] = idea ? b.lower : std::nan("");
      out.upper[cell] = idea ? b.upper : std::nan("");
    }
    if (!known) {
      out.ln_p[cell] = out.ln_evidence[cell] = given;
      continue;
    }
    const double x = readable(given);
    const double ln_p = ln_probability(p, x);
    out.ln_p[cell] = out.ln_evidence[cell] = ln_p;
    if (ln_p <= k.ln_threshold) add_leaf(out, k, i, t, x, ln_p, p);
    if (!k.learn) continue;
    learn(s, pool, c, p, f, at, x, ln_p);
    if (test_is_due(s, c)) {
      test_seasons(s, c);
      if (s.want) return t + 1;
    }
  }
  return k.buckets;
}

using Bytes = nb::ndarray<uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ConstRows = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ConstMatrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Progress = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Pool = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using ConstVector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using ConstBytes = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

int64_t advance(Bytes state, Pool pool, ConstRows rows, ConstMatrix values, ConstRows local_ms, Progress progress, Bytes leaves,
                Matrix ln_p, Matrix ln_evidence, Matrix typical, Matrix lower, Matrix upper, int64_t first_bucket,
                int64_t span_ms, int side, bool non_negative, bool learn_too, double bounds, double ln_threshold) {
  nb::gil_scoped_release unlocked;
  const Chunk k{rows.data(), values.data(), local_ms.data(), first_bucket, span_ms, static_cast<int64_t>(values.shape(0)),
                static_cast<int64_t>(values.shape(1)), side, non_negative, learn_too, bounds, ln_threshold};
  const bool wanted = bounds > 0.0;
  Output out{ln_p.data(), ln_evidence.data(), wanted ? typical.data() : nullptr, wanted ? lower.data() : nullptr,
             wanted ? upper.data() : nullptr, reinterpret_cast<Leaf*>(leaves.data()),
             static_cast<int64_t>(leaves.shape(0)), 0};
  Series* all = reinterpret_cast<Series*>(state.data());
  for (int64_t i = 0; i < k.series; ++i) {
    Series& s = all[k.rows[i]];
    if (s.want) {
      const int64_t t = progress.data()[i] - 1;
      install_season(s, Clock{k.first_bucket + t, k.local_ms[t], k.span_ms}, pool.data());
    }
    progress.data()[i] = run_series(s, pool.data(), k, out, i, progress.data()[i]);
    if (out.used == out.room) break;
  }
  return out.used;
}

void probability(ConstBytes predictive_rows, ConstVector values, Vector ln_p) {
  const Predictive* p = reinterpret_cast<const Predictive*>(predictive_rows.data());
  for (size_t i = 0; i < values.shape(0); ++i) {
    const double x = values.data()[i];
    ln_p.data()[i] = x == x ? ln_probability(p[i], readable(x)) : x;
  }
}

// The fields of a record as NumPy wants them: name, format, items, offset. One list, so that the two sides cannot differ.
using Layout = std::vector<std::tuple<std::string, std::string, int64_t, int64_t>>;

template <class T> struct Field {
  static constexpr int64_t items = 1;
  static const char* format() {
    if constexpr (std::is_same_v<T, double>) return "<f8";
    if constexpr (std::is_same_v<T, float>) return "<f4";
    if constexpr (std::is_same_v<T, int64_t>) return "<i8";
    if constexpr (std::is_same_v<T, int32_t>) return "<i4";
    return "predictive";
  }
};

template <class T, std::size_t N> struct Field<T[N]> {
  static constexpr int64_t items = N * Field<T>::items;
  static const char* format() { return Field<T>::format(); }
};

#define FIELD(type, name) \
  std::make_tuple(std::string(#name), std::string(Field<decltype(type::name)>::format()), \
                  Field<decltype(type::name)>::items, static_cast<int64_t>(offsetof(type, name)))

Layout series_fields() {
  using T = Series;
  return Layout{FIELD(T, last), FIELD(T, first), FIELD(T, count), FIELD(T, scale_count), FIELD(T, level),
                FIELD(T, slope), FIELD(T, error), FIELD(T, ar_cross), FIELD(T, ar_square), FIELD(T, deviation),
                FIELD(T, variance), FIELD(T, ln_weight), FIELD(T, previous), FIELD(T, ties), FIELD(T, changes),
                FIELD(T, jump_centre), FIELD(T, jump_square), FIELD(T, tail_count), FIELD(T, tail_hits),
                FIELD(T, tail_uncensored), FIELD(T, tail_excess), FIELD(T, run_sum), FIELD(T, run), FIELD(T, flags),
                FIELD(T, bins), FIELD(T, season), FIELD(T, knots), FIELD(T, want), FIELD(T, want_season),
                FIELD(T, cycles), FIELD(T, season_age), FIELD(T, season_unit), FIELD(T, with_season),
                FIELD(T, without_level), FIELD(T, without_last), FIELD(T, raw_level), FIELD(T, window_first),
                FIELD(T, window_tested), FIELD(T, window_reference), FIELD(T, window_sum), FIELD(T, window_count),
                FIELD(T, window_slots), FIELD(T, window_span), FIELD(T, spare), FIELD(T, window)};
}

Layout predictive_fields() {
  using T = Predictive;
  return Layout{FIELD(T, centre), FIELD(T, deviation), FIELD(T, dof), FIELD(T, weight), FIELD(T, previous),
                FIELD(T, ln_change), FIELD(T, jump_centre), FIELD(T, jump_deviation), FIELD(T, jump_dof),
                FIELD(T, tail_rate), FIELD(T, tail_mean), FIELD(T, side), FIELD(T, lattice)};
}

Layout leaf_fields() {
  using T = Leaf;
  return Layout{FIELD(T, row), FIELD(T, t), FIELD(T, actual), FIELD(T, typical), FIELD(T, lower), FIELD(T, upper),
                FIELD(T, impact), FIELD(T, ln_p), FIELD(T, ln_evidence), FIELD(T, predictive)};
}

}  // namespace series

NB_MODULE(_series, m) {
  using namespace series;
  m.def("advance", &advance);
  m.def("probability", &probability);
  m.def("series_fields", &series_fields);
  m.def("predictive_fields", &predictive_fields);
  m.def("leaf_fields", &leaf_fields);
  m.attr("SIZES") = std::make_tuple(sizeof(Series), sizeof(Predictive), sizeof(Leaf));
}
