// How often the results of a kind were how surprising, day by day, and what that makes of the probability of one.
// The records have the layouts of `scoring/normalise.py`, which says what this is for.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "math/logarithms.hpp"

namespace quantiles {

using namespace math;

constexpr int64_t kDayMs = 86'400'000;
constexpr double kMemoryDays = 42.0;  // the reference engine ages its quantiles over 2,000 half-hours (section 0)
constexpr double kPriorDays = 30.0;   // days for which probabilities are taken at their word. Chosen: a month
constexpr double kFewDays = 8.0;      // days of an entity that were as surprising, after which that rate is believed by half. Chosen
constexpr double kRounding = 1e-9;    // share of a result's own day that may be left of it when it is taken away
constexpr size_t kEdges = 40;

// Surprises (nats) at which days are counted: 3 is a probability of 0.05, the last is about 1,000.
inline const std::array<double, kEdges>& edges() {
  static const auto made = [] {
    std::array<double, kEdges> edges{};
    for (size_t i = 0; i < kEdges; ++i) edges[i] = 3.0 * e_to(0.15 * static_cast<double>(i));
    return edges;
  }();
  return made;
}

struct Quantiles {
  double days;            // decayed number of days with any result
  double entity_days;     // decayed number of entities in them
  double cells;           // decayed number of results, quiet ones too
  double counts[kEdges];  // decayed number of entity days beyond each edge
};

struct State {
  int64_t day;            // that is under way; -1: none yet
  double today_cells;     // results that could have been surprising in it so far
  double today_entities;  // entities that they are of: the most in any of its buckets
  Quantiles now;
  Quantiles told;         // when scores were last renormalised; for Python
};

struct DayEnd {
  int64_t bucket;  // the first of the next day
  Quantiles now;   // what holds from then on
};

struct Odd {
  int64_t entity;
  double most;  // its largest surprise in the day under way, beyond the first edge
};

// The odd entities of the day under way.
class Today {
 public:
  Today(const Odd* odd, size_t count) : odd_(odd, odd + count) {}

  void note(int64_t entity, double surprise) {
    if (surprise > edges()[0]) odd_.push_back({entity, surprise});
  }
  void clear() { odd_.clear(); }

  // Once each, by number.
  const std::vector<Odd>& entities() {
    std::sort(odd_.begin(), odd_.end(), [](const Odd& a, const Odd& b) { return a.entity != b.entity ? a.entity < b.entity : a.most > b.most; });
    odd_.erase(std::unique(odd_.begin(), odd_.end(), [](const Odd& a, const Odd& b) { return a.entity == b.entity; }), odd_.end());
    return odd_;
  }

 private:
  std::vector<Odd> odd_;
};

// Days beyond the edge below a surprise, between edges in a straight line: surprises that differ by less than an edge's width (15 %)
// are as large as each other.
inline double seen(const Quantiles& by, double surprise) {
  const double* edge = edges().data() + 1;
  constexpr size_t kLast = kEdges - 2;
  if (surprise < edge[0]) return by.counts[0];
  if (surprise >= edge[kLast]) return by.counts[surprise > edge[kLast] ? kEdges - 1 : kLast];
  const size_t i = static_cast<size_t>(std::upper_bound(edge, edge + kLast + 1, surprise) - edge) - 1;
  return (by.counts[i + 1] - by.counts[i]) / (edge[i + 1] - edge[i]) * (surprise - edge[i]) + by.counts[i];
}

// Raises probabilities of results to what the past has shown: many together, as each that is raised takes a dozen logarithms.
class Raiser {
 public:
  ~Raiser() { raise(); }

  // Raise ln p of one result, into `out`, at the latest when this object ends.
  //
  //   own_day  weight that the result's own day has in the counts: 0 while it is under way
  void add(const Quantiles& by, double ln_p, double own_day, double* out) {
    *out = ln_p;
    if (!(ln_p < -edges()[0]) || by.days <= 0.0 || by.entity_days <= 0.0) return;
    const double days = seen(by, -ln_p) - own_day, entities = by.entity_days / by.days;
    // One day of an entity teaches nothing: after its first outage the second is as critical. Fading a day twice differs in the last
    // digits, so that next to nothing may be left where the own day was all.
    const double again = (days > kRounding * own_day ? days : 0.0) - entities;
    if (!(again > 0.0)) return;
    const double prior = kPriorDays * by.entity_days / by.days, few = kFewDays * by.entity_days / by.days;
    out_[count_] = out;
    ln_p_[count_] = ln_p;
    again_[count_] = again;
    prior_[count_] = prior;
    all_[count_] = by.entity_days + prior;
    a_day_[count_] = std::max(by.cells / by.entity_days, 1.0);
    belief_[count_] = again / (again + few);
    if (++count_ == kAtOnce) raise();
  }

 private:
  static constexpr size_t kAtOnce = 256;
  using Column = std::array<double, kAtOnce>;

  void raise() {
    const double least_counted = -edges()[0];
    const auto ln_surprise = [](double one) { return ln(std::min(std::max(-one, 1e-300), 1e300)); };
    ln_least_of(ln_p_.data(), a_day_.data(), share_.data(), count_);
    for (size_t i = 0; i < count_; ++i) share_[i] = ln((again_[i] + prior_[i] * e_to(share_[i])) / all_[i]);
    ln_one_of(share_.data(), a_day_.data(), past_.data(), count_);
    for (size_t i = 0; i < count_; ++i) past_[i] = ln_surprise(std::isfinite(share_[i]) ? std::min(past_[i], least_counted) : ln_p_[i]);
    // The rate is believed as far as it was seen often, an entity; and what goes further keeps some of it.
    for (size_t i = 0; i < count_; ++i) past_[i] = -e_to((1.0 - belief_[i]) * ln_surprise(ln_p_[i]) + belief_[i] * past_[i]);
    for (size_t i = 0; i < count_; ++i) *out_[i] = std::max(ln_p_[i], past_[i]);
    count_ = 0;
  }

  size_t count_ = 0;
  std::array<double*, kAtOnce> out_;
  Column ln_p_;
  Column again_;   // entity days as surprising, but for each entity's first
  Column prior_;   // ... and for which probabilities are taken at their word
  Column all_;     // entity days in all
  Column a_day_;   // results of an entity
  Column belief_;
  Column share_, past_;
};

// Learn the day that is over.
inline void end_day(State& state, Today& today, int64_t next_day, int64_t day_ms) {
  const double keep = e_to(static_cast<double>(-(next_day - state.day) * day_ms) / (kMemoryDays * kDayMs));
  Quantiles& now = state.now;
  now.days = keep * (now.days + (state.today_cells > 0.0));
  now.entity_days = keep * (now.entity_days + state.today_entities);
  now.cells = keep * (now.cells + state.today_cells);
  const std::vector<Odd>& odd = today.entities();
  std::array<double, kEdges + 1> from{};  // entities by the first edge that they do not go beyond
  for (const Odd& one : odd) from[std::lower_bound(edges().begin(), edges().end(), one.most) - edges().begin()] += 1.0;
  double within = 0.0;
  for (size_t i = 0; i < kEdges; ++i) {
    within += from[i];
    now.counts[i] = keep * (now.counts[i] + static_cast<double>(odd.size()) - within);
  }
  state.today_cells = state.today_entities = 0.0;
  today.clear();
}

// Consecutive buckets, and the results that are in them, by bucket.
struct Stretch {
  int64_t first_bucket, buckets, span_ms;
  const double* cells;  // [buckets] results that there could have been, each of another entity
  size_t results;
  const int64_t* bucket;  // [results] ascending
  const int64_t* entity;  // [results]; null where there is one only
  const double* ln_p;     // [results]
};

// Days that buckets of a stretch may lie in, at most.
inline int64_t most_days(int64_t buckets, int64_t span_ms) { return buckets * span_ms / std::max(kDayMs, span_ms) + 2; }

// Raise the results of a stretch that follows the last one, and learn it. Each day is judged by the days before it; those that end are
// written to `ended`, and counted.
//
//   out    [results] ln of the raised probabilities; null where nobody asks for them
//   ended  [most_days]
inline size_t learn_stretch(State& state, Today& today, const Stretch& stretch, double* out, DayEnd* ended) {
  const int64_t span_ms = stretch.span_ms, day_ms = std::max(kDayMs, span_ms), end = stretch.first_bucket + stretch.buckets;
  size_t days = 0, result = 0;
  Raiser raiser;
  for (int64_t bucket = stretch.first_bucket; bucket < end;) {
    const int64_t day = bucket * span_ms / day_ms, next = std::min(((day + 1) * day_ms + span_ms - 1) / span_ms, end);
    if (state.day >= 0 && state.day != day) {
      end_day(state, today, day, day_ms);
      ended[days++] = {bucket, state.now};
    }
    state.day = day;
    for (; result < stretch.results && stretch.bucket[result] < next; ++result) {
      const double ln_p = stretch.ln_p[result];
      if (out != nullptr) raiser.add(state.now, ln_p, 0.0, out + result);
      today.note(stretch.entity != nullptr ? stretch.entity[result] : 0, -ln_p);
    }
    for (; bucket < next; ++bucket) {
      const double cells = stretch.cells[bucket - stretch.first_bucket];
      state.today_cells += cells;
      state.today_entities = std::max(state.today_entities, cells);
    }
  }
  return days;
}

}  // namespace quantiles
