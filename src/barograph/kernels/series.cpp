// The series model: for each series, for each bucket of the chunk, score with what was known, then learn.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <type_traits>

#include "binding.hpp"
#include "series_evidence.hpp"
#include "series_horizon.hpp"
#include "series_trend.hpp"

namespace nb = nanobind;

namespace series {

constexpr double kLeafBounds = 1.959963984540054;  // normal quantile of 95 %
constexpr int64_t kChangesABucket = 6;             // level, scale, shift, swing, season, trend

// Profiles learn outliers at half weight: what comes back at the same phase is no outlier, and one cycle cannot tell.
constexpr double kProfileWeight = 0.5;
constexpr double kProfileClip = 16.0;

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
  Leaf* leaves;               // [leaf_room]
  int64_t leaf_room;
  int64_t leaf_count;
  Change* changes;            // [change_room]
  int64_t change_room;
  int64_t change_count;

  bool full() const { return leaf_count == leaf_room || change_count + kChangesABucket > change_room; }
};

struct Cell {
  int64_t i;
  int64_t t;
};

inline void note(Series& s, Output& out, Cell cell, const Clock& c, const Accepted& a) {
  if (a.kind == kNoChange) return;
  if (a.kind == kScaleChange && a.after == a.before) return;  // a constant: no spread took the place of no spread
  s.changed = c.bucket;
  s.change_kind = a.kind;
  out.changes[out.change_count++] = {static_cast<int32_t>(cell.i), static_cast<int32_t>(cell.t), a.kind, s.season, a.before, a.after,
                                    a.since < 0 ? c.bucket : a.since};
}

inline void begin(Series& s, const Clock& c, double x) {
  s.first = c.bucket;
  for (double& level : s.level) level = x;
  s.raw_level = s.local_level = x;
  s.recent_ratio = 1.0;
  s.prior_variance *= x * x;
}

inline void learn(Series& s, float* pool, Output& out, Cell cell, const Clock& c, const Forecast& f, const Position& at, double x,
                  Verdict v) {
  const bool lattice = (s.flags & 1) == 0;  // as the prediction saw it
  if (x != std::floor(x)) s.flags |= 1;
  if (x < 0.0) s.flags |= 2;
  if (s.count == 0.0) begin(s, c, x);
  const double weight = learning_weight(s, v.ln_p);
  const double error = x - f.centre;
  if (s.scale_count >= 8.0) {
    if (families_learn(s)) learn_families(s, f, lattice, x);
    if (v.raw == v.raw) {
      learn_tail(s, v.raw);
      learn_outliers(s, v.raw, error);
    }
  }
  learn_repeats(s, x);
  fold_window(s, c, x);
  const double from_level = x - f.season - s.level[0];
  const double cycle = s.season ? static_cast<double>(s.period_ms) / c.span_ms : 0.0;
  double miss = 0.0, moved = 0.0;
  if (s.season) {
    const int base = s.error[1] < s.error[0] ? 1 : 0;
    const double clip = kProfileClip * std::sqrt(s.error[base]);
    miss = std::clamp(x - f.season - s.level[base], -clip, clip);
    moved = learn_profile(s, pool, at, miss, std::max(weight, kProfileWeight), c);
  }
  if (s.count > 0.0) learn_value(s, f, x, weight, cycle);
  if (s.count >= 8.0) {
    const double z = shift_distance(s, x - f.season, error / f.deviation, f.variance);
    note(s, out, cell, c, learn_shift(s, c.bucket, x - f.season, z));
    note(s, out, cell, c, learn_scale(s, square(error), f.variance));
  }
  s.count += 1.0;
  s.scale_count += 1.0;
  s.last = c.bucket;
  if (!s.season) return;
  note(s, out, cell, c, compare_shift(s, pool, c, f, x, cycle));
  note(s, out, cell, c, learn_swing(s, pool, c, f.season + moved, miss - moved, cycle));
  // One gross outlier must not decide, but what the profile itself expects here counts in full: spikes are all that some have.
  const double limit = std::max(25.0 * std::max(s.with_season, f.variance), square(f.season));
  note(s, out, cell, c, compare_season(s, c, x, from_level, limit));
}

inline double clamped(const Chunk& k, double x) { return k.non_negative ? std::max(x, 0.0) : x; }

inline void add_leaf(const Series& s, Output& out, const Chunk& k, Cell cell, const Forecast& f, double x, double ln_p,
                     const Evidence& e) {
  const Predictive p = predictive(s, f, k.side);
  const Bounds b = interval(p, kLeafBounds, k.non_negative);
  Leaf& leaf = out.leaves[out.leaf_count++];
  leaf = {static_cast<int32_t>(cell.i), static_cast<int32_t>(cell.t), x, clamped(k, p.centre), b.lower, b.upper, impact_of(s, e, ln_p), ln_p,
          e.ln_evidence, {}, {}, 0.0, ln_evidence_of(e.severity, e.alone), s.count, std::sqrt(s.variance), e.since, p};
  // A series that has shown too little yet has nothing to be surprised about but the bucket itself.
  const double most = s.count < kEarly ? 1.0 : kInfinity;
  float own[kChannels];
  for (int i = 0; i < kChannels; ++i) {
    leaf.surprise[i] = std::clamp(surprise_of(e, i), 0.0, most);
    leaf.seen[i] = i == 0 ? e.seen.first : e.seen.others[i - 1];
    own[i] = static_cast<float>(std::min(leaf.surprise[i], 1e30));
  }
  leaf.ln_views = ln_evidence_of(severity_of({own[0], load<Four>(own + 1)}, e.plain), e.alone);
}

inline void show_bounds(const Series& s, const Forecast& f, Output& out, const Chunk& k, int64_t at) {
  Predictive p;
  shape(s, f, p);
  const bool idea = p.dof > 0.0;
  const Bounds b = idea ? interval(p, k.bounds, k.non_negative) : Bounds{std::nan(""), std::nan("")};
  out.typical[at] = idea ? clamped(k, p.centre) : std::nan("");
  out.lower[at] = b.lower;
  out.upper[at] = b.upper;
}

// One series from bucket `t` on. Returns where it stopped: at the end, or earlier when leaves, changes or a season want room.
inline int64_t run_series(Series& s, float* pool, const Chunk& k, Output& out, int64_t i, int64_t t) {
  for (; t < k.buckets; ++t) {
    const int64_t at = i * k.buckets + t;
    const double given = k.values[at];
    const bool known = given == given;
    if (!known) out.ln_p[at] = out.ln_evidence[at] = given;
    if (!known && !out.typical) continue;
    if (out.full()) return t;
    const Clock c{k.first_bucket + t, k.local_ms[t], k.span_ms};
    const Position place = s.season ? position(s, c, 0) : Position{0, 0, 0.0};
    const Forecast f = forecast(s, s.season ? season_value(s, pool, place) : 0.0,
                                s.count > 0.0 ? static_cast<double>(c.bucket - s.last) : 1.0);
    if (out.typical) show_bounds(s, f, out, k, at);
    if (!known) continue;
    const double x = std::clamp(given, -kBiggest, kBiggest);
    const Verdict v = verdict(s, f, k.side, x);
    const Evidence e = evidence(s, f, k.side, c.bucket, x, v.ln_p);
    out.ln_p[at] = v.ln_p;
    out.ln_evidence[at] = e.ln_evidence;
    if (e.ln_evidence <= k.ln_threshold) add_leaf(s, out, k, {i, t}, f, x, v.ln_p, e);
    if (!k.learn) continue;
    learn_evidence(s, e, c.bucket);
    learn(s, pool, out, {i, t}, c, f, place, x, v);
    if (trend_is_due(s, c)) note(s, out, {i, t}, c, test_trend(s, pool, c));
    if (!test_is_due(s, c)) continue;
    test_seasons(s, c);
    if (s.want) return t + 1;
  }
  return k.buckets;
}

using Bytes = nb::ndarray<uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ConstBytes = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Times = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Progress = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ConstMatrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Floats = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using ConstFloats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using ConstVector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Arrays of outputs, a row each for the series; the first `count` have a number for each bucket.
void check_outputs(const std::vector<Matrix>& out, size_t arrays, size_t count, size_t series, size_t buckets) {
  binding::check_size("out", out.size(), arrays);
  for (size_t i = 0; i < count; ++i) {
    binding::check_size("an array of out", out[i].shape(0), series);
    binding::check_size("a row of an array of out", out[i].shape(1), buckets);
  }
}

// The rows that a call asks for are records of `state`.
template <class State> void check_series(const State& state, const Times& rows) {
  binding::check_size("a record of state", state.shape(1), sizeof(Series));
  binding::check_rows("rows", rows, static_cast<int64_t>(state.shape(0)));
}

std::tuple<int64_t, int64_t> advance(Bytes state, Floats pool, Times rows, ConstMatrix values, Times local_ms,
                                     Progress progress, Bytes leaves, Bytes changes, const std::vector<Matrix>& out_arrays,
                                     int64_t first_bucket, int64_t span_ms, int side, bool non_negative, bool learn_too,
                                     double bounds, double ln_threshold) {
  check_series(state, rows);
  binding::check_size("values", values.shape(0), rows.size());
  binding::check_size("local_ms", local_ms.size(), values.shape(1));
  binding::check_size("progress", progress.size(), rows.size());
  binding::check_rows("progress", progress, static_cast<int64_t>(values.shape(1)) + 1);
  binding::check_size("a record of leaves", leaves.shape(1), sizeof(Leaf));
  binding::check_size("a record of changes", changes.shape(1), sizeof(Change));
  check_outputs(out_arrays, 5, bounds > 0.0 ? 5 : 2, values.shape(0), values.shape(1));
  const Chunk k{rows.data(), values.data(), local_ms.data(), first_bucket, span_ms, static_cast<int64_t>(values.shape(0)),
                static_cast<int64_t>(values.shape(1)), side, non_negative, learn_too, bounds, ln_threshold};
  const bool wanted = bounds > 0.0;
  Output out{out_arrays[0].data(), out_arrays[1].data(), wanted ? out_arrays[2].data() : nullptr,
             wanted ? out_arrays[3].data() : nullptr, wanted ? out_arrays[4].data() : nullptr,
             reinterpret_cast<Leaf*>(leaves.data()), static_cast<int64_t>(leaves.shape(0)), 0,
             reinterpret_cast<Change*>(changes.data()), static_cast<int64_t>(changes.shape(0)), 0};
  nb::gil_scoped_release unlocked;
  Series* all = reinterpret_cast<Series*>(state.data());
  for (int64_t i = 0; i < k.series && !out.full(); ++i) {
    Series& s = all[k.rows[i]];
    const int64_t t = progress.data()[i];
    if (s.want > 0) continue;  // waits for pool memory
    if (s.want < 0) {
      s.want = -s.want;
      const Clock c{k.first_bucket + t - 1, k.local_ms[t - 1], k.span_ms};
      note(s, out, {i, t - 1}, c, install_season(s, c, pool.data()));
      if (out.full()) break;
    }
    progress.data()[i] = run_series(s, pool.data(), k, out, i, t);
  }
  return {out.leaf_count, out.change_count};
}

void probability(ConstBytes predictive_rows, ConstVector values, Vector ln_p) {
  binding::check_size("a record of predictive", predictive_rows.shape(1), sizeof(Predictive));
  binding::check_size("predictive", predictive_rows.shape(0), values.size());
  binding::check_size("ln_p", ln_p.size(), values.size());
  const Predictive* p = reinterpret_cast<const Predictive*>(predictive_rows.data());
  for (size_t i = 0; i < values.shape(0); ++i) {
    const double x = values.data()[i];
    ln_p.data()[i] = x == x ? judge(p[i], std::clamp(x, -kBiggest, kBiggest)).ln_p : x;
  }
}

void forecast_rows(ConstBytes state, ConstFloats pool, Times rows, Times local_ms, const std::vector<Matrix>& out_arrays,
                   Flags known, int64_t first_bucket, int64_t start_bucket, int64_t span_ms, double z, bool non_negative) {
  check_series(state, rows);
  const int64_t buckets = static_cast<int64_t>(out_arrays.at(0).shape(1));
  check_outputs(out_arrays, 4, 4, rows.size(), out_arrays[0].shape(1));
  binding::check_size("known", known.size(), rows.size());
  binding::check_size("local_ms", local_ms.size(), static_cast<size_t>(start_bucket + buckets - first_bucket));
  const Horizon h{local_ms.data(), first_bucket, start_bucket, buckets, span_ms, z, non_negative};
  const Series* all = reinterpret_cast<const Series*>(state.data());
  nb::gil_scoped_release unlocked;
  for (size_t i = 0; i < rows.shape(0); ++i) {
    const int64_t at = static_cast<int64_t>(i) * buckets;
    const Foreseen out{out_arrays[0].data() + at, out_arrays[1].data() + at, out_arrays[2].data() + at, out_arrays[3].data() + at};
    known.data()[i] = foresee(all[rows.data()[i]], pool.data(), h, out);
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
  return Layout{FIELD(T, last), FIELD(T, first), FIELD(T, count), FIELD(T, occupancy), FIELD(T, level),
                FIELD(T, slope), FIELD(T, error), FIELD(T, held_back), FIELD(T, ar_cross), FIELD(T, ar_square),
                FIELD(T, deviation), FIELD(T, variance), FIELD(T, scale_count), FIELD(T, power_variance),
                FIELD(T, power_gain), FIELD(T, recent_ratio), FIELD(T, prior_variance), FIELD(T, ln_weight),
                FIELD(T, weight), FIELD(T, previous), FIELD(T, ties), FIELD(T, changes), FIELD(T, jump_centre),
                FIELD(T, jump_square), FIELD(T, tail_count), FIELD(T, tail_hits), FIELD(T, tail_uncensored),
                FIELD(T, tail_excess), FIELD(T, outliers), FIELD(T, outlier_centre), FIELD(T, outlier_square),
                FIELD(T, run_sum), FIELD(T, run), FIELD(T, flags), FIELD(T, changed), FIELD(T, change_kind),
                FIELD(T, wide), FIELD(T, trend), FIELD(T, line_first), FIELD(T, local_level), FIELD(T, local_square), FIELD(T, slow_square),
                FIELD(T, spread_count), FIELD(T, mean), FIELD(T, mean_centre), FIELD(T, mean_square), FIELD(T, seen),
                FIELD(T, memory), FIELD(T, odd_since), FIELD(T, odd_last), FIELD(T, surprise),
                FIELD(T, one_step), FIELD(T, bins), FIELD(T, period_ms), FIELD(T, shift_ms),
                FIELD(T, season), FIELD(T, knots), FIELD(T, want), FIELD(T, want_season), FIELD(T, want_period_ms),
                FIELD(T, cycles), FIELD(T, season_age), FIELD(T, season_unit), FIELD(T, with_season),
                FIELD(T, without_season), FIELD(T, raw_level), FIELD(T, shift_gain), FIELD(T, swing_miss),
                FIELD(T, swing_cross), FIELD(T, swing_square), FIELD(T, swing_lag),
                FIELD(T, swing_last), FIELD(T, swing_run), FIELD(T, window_first),
                FIELD(T, window_tested), FIELD(T, window_reference), FIELD(T, window_sum), FIELD(T, window_count),
                FIELD(T, window_slots), FIELD(T, window_span), FIELD(T, window_searched), FIELD(T, window)};
}

Layout predictive_fields() {
  using T = Predictive;
  return Layout{FIELD(T, centre), FIELD(T, alternative), FIELD(T, deviation), FIELD(T, dof), FIELD(T, weight),
                FIELD(T, previous), FIELD(T, ln_change), FIELD(T, jump_centre), FIELD(T, jump_deviation),
                FIELD(T, jump_dof), FIELD(T, ln_outlier), FIELD(T, outlier_centre), FIELD(T, outlier_deviation),
                FIELD(T, tail_rate), FIELD(T, tail_mean), FIELD(T, side), FIELD(T, lattice)};
}

Layout leaf_fields() {
  using T = Leaf;
  return Layout{FIELD(T, row), FIELD(T, t), FIELD(T, actual), FIELD(T, typical), FIELD(T, lower), FIELD(T, upper),
                FIELD(T, impact), FIELD(T, ln_p), FIELD(T, ln_evidence), FIELD(T, surprise), FIELD(T, seen),
                FIELD(T, ln_views), FIELD(T, ln_seen), FIELD(T, count), FIELD(T, usual_deviation), FIELD(T, since),
                FIELD(T, predictive)};
}

Layout change_fields() {
  using T = Change;
  return Layout{FIELD(T, row), FIELD(T, t), FIELD(T, kind), FIELD(T, season), FIELD(T, before), FIELD(T, after),
                FIELD(T, since)};
}

}  // namespace series

NB_MODULE(_series, m) {
  using namespace series;
  m.def("advance", &advance);
  m.def("probability", &probability);
  m.def("forecast", &forecast_rows);
  m.def("series_fields", &series_fields);
  m.def("predictive_fields", &predictive_fields);
  m.def("leaf_fields", &leaf_fields);
  m.def("change_fields", &change_fields);
  m.attr("SIZES") = std::make_tuple(sizeof(Series), sizeof(Predictive), sizeof(Leaf), sizeof(Change));
}
