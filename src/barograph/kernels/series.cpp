// The series model: for each series, for each bucket of the chunk, score with what was known, then learn.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <type_traits>

#include "binding.hpp"
#include "series_evidence.hpp"
#include "series_forecast.hpp"
#include "series_season_install.hpp"
#include "series_trend.hpp"
#include "skips.hpp"

namespace nb = nanobind;

namespace series {

const Confidence kLeafBounds(1.959963984540054);  // normal quantile of 95 %
constexpr int64_t kChangesABucket = 8;             // level, scale, shift, swing, season, trend (counted)

// What a profile learns of one value: deviations beyond are no news of the season.
constexpr double kProfileClip = 4.0;  // (chosen)

struct Chunk {
  const int64_t* rows;        // [s] state row of each row of values
  const double* values;       // [s, t]
  const double* weights;      // [s, t] rows behind each value, or null: that does not matter
  const int64_t* local_ms;    // [t]
  int64_t first_bucket;
  int64_t span_ms;
  int64_t series;
  int64_t buckets;
  int32_t side;
  bool non_negative;
  bool learn;
  Confidence bounds;
  double ln_threshold;
  int64_t zeros_since;        // bucket number from which on a series without values has been zero; -1: it has not
  bool calendar;
  skips::Skips skips;
  skips::Shifts shifts;
  const uint8_t* resets;      // [s, t] or null: where all that was learnt goes before the bucket

  Clock clock(int64_t i, int64_t t) const {
    const int64_t bucket = first_bucket + t;
    return {bucket, local_ms[t] + shifts.at(i, bucket * span_ms), span_ms};
  }
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
  out.changes[out.change_count++] = {static_cast<int32_t>(cell.i), static_cast<int32_t>(cell.t), a.kind, s.season.kind, a.before, a.after,
                                    a.since < 0 ? c.bucket : a.since};
}

// As if it had never had a value. Its profiles are taken back by whoever gave them.
inline void forget(Series& s) {
  const int64_t bins = s.season.bins, before = s.season.bins_before;
  std::memset(static_cast<void*>(&s), 0, sizeof s);
  s.last = s.changed = s.levels.learnt = s.incident.since = s.incident.last = s.before.until = -1;
  s.rest.last = std::nan("");
  s.season.bins = bins;
  s.season.bins_before = before;
}

inline void begin(Series& s, const Memory& m, const Clock& c, double x) {
  s.first = c.bucket;
  for (double& level : s.levels.value) level = x;
  s.levels.share[kSlowLevel] = 1.0;
  s.season.raw_level = x;
  s.rest.step_square = s.spread.of_late = 1.0;
  s.lately.now = s.lately.mean = 1.0;
  s.lately.variance = kLatelyGain / (2.0 - kLatelyGain);
  s.rows.share = 0.5;
  s.spread.prior = m.lesson.variance * x * x;
  s.born = c.bucket;
  begin_block(s, c.bucket);
}

// A series that appears has been zero since bucket `zeros_since`: as if each of these zeros had been learnt.
inline void begin_with_zeros(Series& s, const Memory& m, const Clock& c, int64_t zeros_since) {
  const double n = static_cast<double>(c.bucket - zeros_since);
  s.first = zeros_since;
  s.born = c.bucket;
  s.last = s.levels.learnt = c.bucket - 1;
  s.count = s.spread.count = s.levels.count = n;
  s.levels.share[kSlowLevel] = 1.0;
  s.rest.step_square = s.spread.of_late = 1.0;
  s.lately.now = s.lately.mean = 1.0;
  s.lately.variance = kLatelyGain / (2.0 - kLatelyGain);
  s.repeats.ties = m.slow * (1.0 - e_to(-n / m.slow));
  s.repeats.votes = std::min(n, m.accept);
  begin_block(s, c.bucket - 1);
  share_weights(s);
  open_zero_window(s, c);
}

// A value that nothing speaks against. `trust`: below 1 for one that is off together with those before it, as holidays are.
inline void learn_usual(Series& s, const Memory& m, float* pool, Output& out, Cell cell, const Clock& c, const Expectation& e,
                        const Position& at, double x, double rows, const Verdict& v, double sudden, double cycle, double trust, int side) {
  const double heard = trust * std::min(1.0, 1.0 / e.scatter);  // what scatters further says as much less of where the level is
  const bool lattice = whole_numbers(s);
  if (s.spread.count >= 8.0) {
    if (families_learn(s)) learn_families(s, e, lattice, x);
    if (v.raw == v.raw) learn_tail(s, v.raw, x > e.centre, side);
  }
  learn_repeats(s, m, x);
  double miss = 0.0, moved = 0.0;
  if (s.season.kind) {
    const double clip = kProfileClip * e.deviation;
    miss = heard * std::clamp(x - e.centre, -clip, clip);
    moved = learn_profile(s, pool, at, miss, c);
  }
  const double y = x - e.season;
  if (s.count > 0.0) learn_ahead(s, m, y, c.bucket, e.scatter, trust);
  if (s.count > 0.0) {  // nothing was expected of the first value of all
    learn_spread(s, m, e, x, trust);
    learn_memory(s, m, e, x, c.bucket);
    learn_sudden(s, sudden);
  }
  learn_levels(s, m, e, y, s.levels.learnt >= 0 ? static_cast<double>(c.bucket - s.levels.learnt) : 1.0, heard);
  learn_rows(s, m, e, rows, x - e.centre, trust);
  const Accepted narrowed = s.count > 0.0 ? learn_narrowing(s, m, e, x) : Accepted{};
  if (wanders(s) <= 0.5) note(s, out, cell, c, narrowed);
  s.spread.count += 1.0;
  s.levels.learnt = c.bucket;
  if (s.season.kind) note(s, out, cell, c, learn_swing(s, pool, c, e.season + moved, miss - moved, cycle));
}

inline void learn(Series& s, const Memory& m, float* pool, Output& out, Cell cell, const Clock& c, const Expectation& e,
                  const Position& at, double x, double rows, const Verdict& v, const Evidence& shown, int side) {
  if (x != std::floor(x)) s.flags |= kFraction;
  if (x < 0.0) s.flags |= kNegative;
  if (s.count == 0.0) begin(s, m, c, x);
  learn_lately(s, m, shown.surprise[kOwnView], c.bucket);
  learn_still(s, m, x, c.bucket);
  forget_outliers(s, m);
  fold_window(s, c, x);
  const double cycle = s.season.kind ? static_cast<double>(s.season.period_ms) / c.span_ms : 0.0;
  const double from_level = x - e.season - s.season.raw_level;
  if (s.season.kind && unseen(s, at) > 0.0) {  // a day of a kind that is new: only its pattern is learnt
    learn_profile(s, pool, at, x - e.centre, c);
    s.rest.last = std::nan("");
    s.levels.learnt = s.last = c.bucket;
    s.previous = x;
    s.count += 1.0;
    return;
  }
  const bool known = s.spread.count >= 8.0 && s.count >= 12.0;
  const bool odd = known && v.ln_once < (odd_now(s) ? kOdd : kImpossible);
  const double trust = known ? trust_of(s, shown.run_apart) : 1.0;
  const double z = (x - e.centre) / e.deviation;
  if (known && trust == 1.0 && !odd && !odd_now(s)) learn_far(s, z);
  const bool returns = known && comes_back(s, e, x, c.bucket);
  if (!returns) {
    if (odd && !odd_now(s)) {
      learn_repeats(s, m, x);
      open_incident(s, c.bucket, z);
      if (v.raw == v.raw) learn_tail(s, v.raw, x > e.centre, side);
      learn_outliers(s, m, v.raw == v.raw ? v.raw : v.ln_p, x - e.centre, c.bucket, true);
    } else if (odd) {
      learn_outliers(s, m, v.raw == v.raw ? v.raw : v.ln_p, x - e.centre, c.bucket, false);
    }
    if (known && v.ln_once < kOdd) keep_due(s, m, c.bucket, z > 0.0);
    if (s.season.kind) learn_recurring(s, pool, at, e, x, odd, c, cycle);
    if (s.count > 0.0) learn_run(s, e, x, c.bucket);
    if (odd_now(s)) {
      const bool brief = static_cast<double>(s.incident.last - s.incident.since) < m.quiet;
      follow_incident(s, m, e, x, odd, c.bucket);
      if (!odd_now(s) && brief) learn_outlying(s, m, e);
      s.rest.last = std::nan("");
      if (odd_now(s)) {
        // What keeps to no level, or is not known for as long as a change takes, has none that moves; nor has what goes as far by itself
        // within hours (four deviations, chosen).
        const bool keeps = wanders(s) <= 0.5 && static_cast<double>(s.incident.since - s.first) >= m.accept;
        const double usual = 4.0 * std::sqrt(s.levels.ahead_all);
        Accepted change = accept_change(s, m, e, x, c.bucket);
        if (change.kind != kNoChange) forget_silence(s);
        settle_swing(s, pool, c, change);
        const bool moves = change.kind != kLevelChange || std::fabs(change.after - change.before) > usual;
        if (keeps && moves) note(s, out, cell, c, change);
      }
    } else {
      learn_usual(s, m, pool, out, cell, c, e, at, x, rows, v, shown.sudden, cycle, trust, side);
    }
  }
  s.previous = x;
  s.count += 1.0;
  s.last = c.bucket;
  if (!s.season.kind) return;
  note(s, out, cell, c, compare_shift(s, pool, c, e, x, cycle));
  if (odd_now(s) || !s.season.kind) return;
  // One gross outlier must not decide, but what the profile itself expects here counts in full: spikes are all that some have.
  const double limit = std::max(25.0 * std::max(s.season.with, e.variance), square(e.season));
  note(s, out, cell, c, compare_season(s, c, x, from_level, limit));
}

// Values cannot be, or at least never were, below zero.
inline bool never_negative(const Series& s, const Chunk& k) { return k.non_negative || !was_negative(s); }

inline double clamped(const Chunk& k, double x) { return k.non_negative ? std::max(x, 0.0) : x; }

inline void add_leaf(const Series& s, const Memory& m, Output& out, const Chunk& k, Cell cell, const Clock& c, const Expectation& f,
                     double x, double ln_p, const Evidence& e, int64_t skipped_by) {
  const Predictive p = predictive(s, m, f, k.side, c.bucket);
  const Bounds b = interval(p, kLeafBounds, never_negative(s, k));
  // What stands still has done so since it first had this value, also where an incident is going on that began with others.
  const int64_t began = e.same > 0.0 ? c.bucket + 1 - static_cast<int64_t>(e.same) : odd_now(s) ? s.incident.since : c.bucket;
  Leaf& leaf = out.leaves[out.leaf_count++];
  leaf = {static_cast<int32_t>(cell.i), static_cast<int32_t>(cell.t), x, clamped(k, p.centre), b.lower, b.upper, impact_of(s, e, ln_p), ln_p,
          e.ln_evidence, {}, 0.0, 0.0, s.count, std::sqrt(s.spread.variance), e.same, began, skipped_by, p};
  if (s.count < kEarly) {  // nothing but the bucket itself was looked at
    leaf.surprise[kOwnView] = e.surprise[kOwnView];
    leaf.ln_views = leaf.ln_seen = e.ln_evidence;
    return;
  }
  std::copy(e.surprise, e.surprise + kViews, leaf.surprise);
  leaf.ln_views = -together(e, 2);
  leaf.ln_seen = e.ln_seen;
}

inline void show_bounds(const Series& s, const Memory& m, const Expectation& f, Output& out, const Chunk& k, int64_t at) {
  Predictive p{};
  shape(s, f, p);
  repeats(s, m, p);
  const bool idea = p.dof > 0.0;
  const Bounds b = idea ? interval(p, k.bounds, never_negative(s, k)) : Bounds{std::nan(""), std::nan("")};
  out.typical[at] = idea ? clamped(k, p.centre) : std::nan("");
  out.lower[at] = b.lower;
  out.upper[at] = b.upper;
}

// What the user wants skipped of a value.
inline skips::Skip skip(const Series& s, const Memory& m, const Chunk& k, Cell cell, const Clock& c, const Expectation& f, double x) {
  if (!k.skips.rule_count || !skips::about(k.skips, cell.i)) return {k.skips.planned[cell.t], skips::kPlanned};
  const Predictive p = predictive(s, m, f, k.side, c.bucket);
  const double typical = p.dof > 0.0 ? clamped(k, p.centre) : std::nan("");
  return skips::skip(k.skips, cell.i, cell.t, x, typical, static_cast<double>(c.bucket * k.span_ms));
}

// One series from bucket `t` on. Returns where it stopped: at the end, or earlier when leaves, changes or a season want room.
inline int64_t run_series(Series& s, const Memory& m, float* pool, const Chunk& k, Output& out, int64_t i, int64_t t) {
  for (; t < k.buckets; ++t) {
    const int64_t at = i * k.buckets + t;
    const double given = k.values[at];
    if (k.resets && k.resets[at]) forget(s);
    const bool known = given == given;
    if (!known) out.ln_p[at] = out.ln_evidence[at] = given;
    if (!known && !out.typical) continue;
    if (out.full()) return t;
    const Clock c = k.clock(i, t);
    if (known && s.count == 0.0 && k.zeros_since >= 0 && c.bucket > k.zeros_since) begin_with_zeros(s, m, c, k.zeros_since);
    const double weight = known && k.weights ? k.weights[at] : 0.0;
    const double rows = weight > 0.0 ? std::max(weight, 1.0) : 0.0;  // counts of summaries may be fractions; no value is of less than a row
    const Position place = s.season.kind ? position(s, c, 0) : Position{0, 0, 0.0};
    const Expectation f = expect(s, m, s.season.kind ? season_value(s, pool, place) : 0.0, s.season.kind ? profile_doubt(s, pool, place, c) : 0.0,
                                 s.season.kind ? s.season.cycles[part_of(s, place)] : 0.0, c.bucket, rows);
    if (out.typical) show_bounds(s, m, f, out, k, at);
    if (!known) continue;
    const double x = std::clamp(given, -kBiggest, kBiggest);
    const Verdict v = verdict(s, m, f, k.side, c.bucket, x);
    const Evidence e = evidence(s, m, f, k.side, c, x, v.ln_p);
    out.ln_p[at] = v.ln_p;
    const skips::Skip skipped = skip(s, m, k, {i, t}, c, f, x);
    out.ln_evidence[at] = skipped.result() ? 0.0 : e.ln_evidence;
    if (e.ln_evidence <= k.ln_threshold) add_leaf(s, m, out, k, {i, t}, c, f, x, v.ln_p, e, skipped.result() ? skipped.by : skips::kNothing);
    if (!k.learn || skipped.learning()) continue;
    learn(s, m, pool, out, {i, t}, c, f, place, x, rows, v, e, k.side);
    if (trend_is_due(s, c)) note(s, out, {i, t}, c, test_trend(s, pool, c));
    if (!test_is_due(s, c)) continue;
    test_seasons(s, c, k.calendar);
    if (s.season.want) return t + 1;
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

skips::Skips skips_of(const binding::In<uint8_t>& planned, const binding::Records& rules, const binding::Records& conditions,
                      const ConstBytes& scope, size_t series, size_t buckets) {
  const int64_t rule_count = binding::room<skips::Rule>(rules), condition_count = binding::room<skips::Condition>(conditions);
  binding::check_size("planned", planned.size(), buckets);
  binding::check_size("scope", scope.shape(0), static_cast<size_t>(rule_count));
  binding::check_size("a row of scope", scope.shape(1), series);
  const auto* rule = binding::records<skips::Rule>(rules);
  for (int64_t r = 0; r < rule_count; ++r)
    if (rule[r].first < 0 || rule[r].first > rule[r].end || rule[r].end > condition_count)
      binding::refuse("rules[" + std::to_string(r) + "]", rule[r].end, "conditions up to " + std::to_string(condition_count));
  return {planned.data(), rule, scope.data(), binding::records<skips::Condition>(conditions), rule_count, static_cast<int64_t>(series)};
}

skips::Shifts shifts_of(const binding::Records& shifts, const ConstBytes& scope, size_t series) {
  const int64_t count = binding::room<skips::Shift>(shifts);
  binding::check_size("scope of shifts", scope.shape(0), static_cast<size_t>(count));
  binding::check_size("a row of the scope of shifts", scope.shape(1), series);
  return {binding::records<skips::Shift>(shifts), scope.data(), count, static_cast<int64_t>(series)};
}

std::tuple<int64_t, int64_t> advance(Bytes state, Floats pool, Times rows, ConstMatrix values, ConstMatrix weights, Times local_ms,
                                     Progress progress, Bytes leaves, Bytes changes, const std::vector<Matrix>& out_arrays,
                                     int64_t first_bucket, int64_t span_ms, int side, bool non_negative, bool learn_too,
                                     double bounds, double ln_threshold, const std::vector<double>& lesson, int64_t zeros_since, bool calendar,
                                     binding::In<uint8_t> planned, const binding::Records& rules, const binding::Records& conditions, ConstBytes scope,
                                     const binding::Records& shifts, ConstBytes shift_scope, ConstBytes resets) {
  check_series(state, rows);
  binding::check_size_if_any("resets", resets.size(), values.size());
  binding::check_size("values", values.shape(0), rows.size());
  binding::check_size_if_any("weights", weights.size(), values.size());
  binding::check_size("local_ms", local_ms.size(), values.shape(1));
  binding::check_size("progress", progress.size(), rows.size());
  binding::check_rows("progress", progress, static_cast<int64_t>(values.shape(1)) + 1);
  binding::check_size("lesson", lesson.size(), 7);
  binding::check_size("a record of leaves", leaves.shape(1), sizeof(Leaf));
  binding::check_size("a record of changes", changes.shape(1), sizeof(Change));
  check_outputs(out_arrays, 5, bounds > 0.0 ? 5 : 2, values.shape(0), values.shape(1));
  const Chunk k{rows.data(), values.data(), weights.size() ? weights.data() : nullptr, local_ms.data(), first_bucket, span_ms, static_cast<int64_t>(values.shape(0)),
                static_cast<int64_t>(values.shape(1)), side, non_negative, learn_too, Confidence(bounds), ln_threshold, zeros_since, calendar,
                skips_of(planned, rules, conditions, scope, values.shape(0), values.shape(1)), shifts_of(shifts, shift_scope, values.shape(0)),
                resets.size() ? resets.data() : nullptr};
  const bool wanted = bounds > 0.0;
  Output out{out_arrays[0].data(), out_arrays[1].data(), wanted ? out_arrays[2].data() : nullptr,
             wanted ? out_arrays[3].data() : nullptr, wanted ? out_arrays[4].data() : nullptr,
             reinterpret_cast<Leaf*>(leaves.data()), static_cast<int64_t>(leaves.shape(0)), 0,
             reinterpret_cast<Change*>(changes.data()), static_cast<int64_t>(changes.shape(0)), 0};
  nb::gil_scoped_release unlocked;
  Memory memory(span_ms);
  memory.lesson = {lesson[0], lesson[1], lesson[2], lesson[3], lesson[4], lesson[5], lesson[6] > 0.0};
  Series* all = reinterpret_cast<Series*>(state.data());
  for (int64_t i = 0; i < k.series && !out.full(); ++i) {
    Series& s = all[k.rows[i]];
    const int64_t t = progress.data()[i];
    if (s.season.want > 0) continue;  // waits for pool memory
    if (s.season.want < 0) {
      s.season.want = -s.season.want;
      const Clock c = k.clock(i, t - 1);
      note(s, out, {i, t - 1}, c, install_season(s, c, pool.data()));
      if (out.full()) break;
    }
    // What is only judged leaves the record as it was; also where a series that has had no value yet begins with zeros.
    Series judged;
    Series& own = k.learn ? s : (judged = s);
    progress.data()[i] = run_series(own, memory, pool.data(), k, out, i, t);
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
                   Flags known, int64_t first_bucket, int64_t start_bucket, int64_t span_ms, double z, bool non_negative,
                   const binding::Records& shifts, ConstBytes shift_scope) {
  check_series(state, rows);
  const int64_t buckets = static_cast<int64_t>(out_arrays.at(0).shape(1));
  check_outputs(out_arrays, 4, 4, rows.size(), out_arrays[0].shape(1));
  binding::check_size("known", known.size(), rows.size());
  binding::check_size("local_ms", local_ms.size(), static_cast<size_t>(start_bucket + buckets - first_bucket));
  const skips::Shifts shifted = shifts_of(shifts, shift_scope, rows.size());
  const Series* all = reinterpret_cast<const Series*>(state.data());
  nb::gil_scoped_release unlocked;
  std::vector<int64_t> clock(local_ms.size());
  for (size_t i = 0; i < rows.shape(0); ++i) {
    for (size_t t = 0; t < clock.size(); ++t)
      clock[t] = local_ms.data()[t] + shifted.at(static_cast<int64_t>(i), (first_bucket + static_cast<int64_t>(t)) * span_ms);
    const Horizon h{clock.data(), first_bucket, start_bucket, buckets, span_ms, z, non_negative};
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
  static constexpr int64_t items = N * Field<T>::items;  // nested arrays lie flat
  static const char* format() { return Field<T>::format(); }
};

#define FIELD(type, name) \
  std::make_tuple(std::string(#name), std::string(Field<decltype(type::name)>::format()), \
                  Field<decltype(type::name)>::items, static_cast<int64_t>(offsetof(type, name)))

Layout series_fields() {
  using T = Series;
  return Layout{
      FIELD(T, last), FIELD(T, first), FIELD(T, born), FIELD(T, count), FIELD(T, occupancy), FIELD(T, previous), FIELD(T, flags),
      FIELD(T, change_kind), FIELD(T, changed),
      FIELD(T, levels.value), FIELD(T, levels.held), FIELD(T, levels.ahead), FIELD(T, levels.share), FIELD(T, levels.slope),
      FIELD(T, levels.held_slope), FIELD(T, levels.ahead_all), FIELD(T, levels.ahead_far), FIELD(T, levels.held_at),
      FIELD(T, levels.learnt), FIELD(T, levels.count),
      FIELD(T, line.slope), FIELD(T, line.first),
      FIELD(T, spread.variance), FIELD(T, spread.disagreed), FIELD(T, spread.count), FIELD(T, spread.of_late), FIELD(T, spread.part),
      FIELD(T, spread.part_found), FIELD(T, spread.part_said), FIELD(T, spread.part_count), FIELD(T, spread.parts_days),
      FIELD(T, spread.part_scale), FIELD(T, spread.prior),
      FIELD(T, rows.inverse), FIELD(T, rows.share), FIELD(T, rows.known),
      FIELD(T, rest.last), FIELD(T, rest.cross), FIELD(T, rest.square), FIELD(T, rest.step_square), FIELD(T, rest.mean),
      FIELD(T, rest.mean_square), FIELD(T, rest.sudden_count),
      FIELD(T, rest.sudden_hits), FIELD(T, rest.sudden_uncensored), FIELD(T, rest.sudden_excess),
      FIELD(T, lately.now), FIELD(T, lately.mean), FIELD(T, lately.variance),
      FIELD(T, run.length), FIELD(T, run.last), FIELD(T, run.value), FIELD(T, run.centre), FIELD(T, run.variance), FIELD(T, run.doubt),
      FIELD(T, run.silent), FIELD(T, run.silent_centre), FIELD(T, run.silent_variance), FIELD(T, run.silent_doubt),
      FIELD(T, still.share), FIELD(T, still.begun), FIELD(T, still.went_on), FIELD(T, still.length),
      FIELD(T, families.ln_weight), FIELD(T, families.weight),
      FIELD(T, repeats.usual), FIELD(T, repeats.votes), FIELD(T, repeats.ties), FIELD(T, repeats.changes), FIELD(T, repeats.jump_centre),
      FIELD(T, repeats.jump_square),
      FIELD(T, tail.count), FIELD(T, tail.hits), FIELD(T, tail.uncensored), FIELD(T, tail.excess), FIELD(T, tail.far),
      FIELD(T, tail.far_near),
      FIELD(T, outliers.count), FIELD(T, outliers.above), FIELD(T, outliers.centre), FIELD(T, outliers.square), FIELD(T, outliers.most),
      FIELD(T, outliers.end), FIELD(T, outliers.size), FIELD(T, outliers.most_before), FIELD(T, outliers.buckets),
      FIELD(T, outliers.when),
      FIELD(T, incident.since), FIELD(T, incident.last), FIELD(T, incident.first), FIELD(T, incident.further), FIELD(T, incident.quiet),
      FIELD(T, incident.fits), FIELD(T, incident.count), FIELD(T, incident.offset), FIELD(T, incident.centre), FIELD(T, incident.cross),
      FIELD(T, incident.centre_square), FIELD(T, incident.offset_square), FIELD(T, incident.season), FIELD(T, incident.season_square),
      FIELD(T, before.level), FIELD(T, before.factor), FIELD(T, before.variance), FIELD(T, before.part_scale),
      FIELD(T, before.scale_count), FIELD(T, before.level_count), FIELD(T, before.ahead), FIELD(T, before.ahead_all),
      FIELD(T, before.until), FIELD(T, before.run),
      FIELD(T, season.bins), FIELD(T, season.period_ms), FIELD(T, season.shift_ms), FIELD(T, season.kind), FIELD(T, season.knots),
      FIELD(T, season.want), FIELD(T, season.want_kind), FIELD(T, season.want_period_ms), FIELD(T, season.given_up),
      FIELD(T, season.bins_before), FIELD(T, season.cycles), FIELD(T, season.known_days), FIELD(T, season.day_variance),
      FIELD(T, season.seeded), FIELD(T, season.age), FIELD(T, season.unit), FIELD(T, season.square), FIELD(T, season.with),
      FIELD(T, season.without), FIELD(T, season.raw_level), FIELD(T, season.shift_gain),
      FIELD(T, amplitude.miss), FIELD(T, amplitude.cross), FIELD(T, amplitude.square), FIELD(T, amplitude.lag), FIELD(T, amplitude.last),
      FIELD(T, amplitude.trial),
      FIELD(T, window.first), FIELD(T, window.tested), FIELD(T, window.reference), FIELD(T, window.sum), FIELD(T, window.count),
      FIELD(T, window.slots), FIELD(T, window.span), FIELD(T, window.searched), FIELD(T, window.slot)};
}

Layout predictive_fields() {
  using T = Predictive;
  return Layout{
      FIELD(T, centre), FIELD(T, alternative), FIELD(T, alternative_deviation), FIELD(T, ln_alternative), FIELD(T, deviation),
      FIELD(T, dof), FIELD(T, weight), FIELD(T, usual), FIELD(T, ln_change), FIELD(T, jump_centre), FIELD(T, jump_deviation),
      FIELD(T, jump_dof), FIELD(T, ln_outlier), FIELD(T, outlier_share), FIELD(T, outlier_centre), FIELD(T, outlier_deviation),
      FIELD(T, outlier_end), FIELD(T, tail_power), FIELD(T, ln_zero), FIELD(T, tail_rate), FIELD(T, tail_mean), FIELD(T, side),
      FIELD(T, lattice)};
}

Layout leaf_fields() {
  using T = Leaf;
  return Layout{
      FIELD(T, row), FIELD(T, t), FIELD(T, actual), FIELD(T, typical), FIELD(T, lower), FIELD(T, upper), FIELD(T, impact),
      FIELD(T, ln_p), FIELD(T, ln_evidence), FIELD(T, surprise), FIELD(T, ln_views), FIELD(T, ln_seen), FIELD(T, count),
      FIELD(T, usual_deviation), FIELD(T, same), FIELD(T, since), FIELD(T, skipped_by), FIELD(T, predictive)};
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
