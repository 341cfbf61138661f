// What the user does not want to be told, or to be learned: planned times, and rules about values.
#pragma once

#include <cmath>
#include <cstdint>

namespace skips {

constexpr uint8_t kResult = 1, kLearning = 2;  // what is skipped, as bits
constexpr int64_t kNothing = -1, kPlanned = -2;  // by what, where it is no rule

enum Subject : int64_t { kActual, kTypical, kDifference, kTime };
enum Operator : int64_t { kLess, kAtMost, kMore, kAtLeast };

struct Condition {
  int64_t subject, compared;
  double value;  // of a time epoch ms
};

struct Rule {
  int64_t first, end;  // its conditions, all of which must hold
  int64_t actions;
};

// The clock is changed for good: from a time on it shows so much more than the zone's.
struct Shift {
  int64_t from_ms;   // epoch ms
  int64_t shift_ms;
};

// Those that are not of all series: a row of `scope` marks the series that each is of.
struct Shifts {
  const Shift* shifts;   // [c]
  const uint8_t* scope;  // [c, s]
  int64_t count;
  int64_t series;

  int64_t at(int64_t i, int64_t start_ms) const {
    int64_t all = 0;
    for (int64_t c = 0; c < count; ++c)
      if (scope[c * series + i] && shifts[c].from_ms <= start_ms) all += shifts[c].shift_ms;
    return all;
  }
};

// For S series in T buckets. A rule is about the series that its row of `scope` marks.
struct Skips {
  const uint8_t* planned;  // [t] actions of planned times
  const Rule* rules;       // [r]
  const uint8_t* scope;    // [r, s]
  const Condition* conditions;
  int64_t rule_count;
  int64_t series;
};

struct Skip {
  uint8_t actions = 0;
  int64_t by = kNothing;  // what skips the result first: a planned time before rules, in their order

  bool result() const { return actions & kResult; }
  bool learning() const { return actions & kLearning; }
};

inline bool holds(const Condition& c, double actual, double typical, double start_ms) {
  const double x = c.subject == kActual ? actual : c.subject == kTypical ? typical : c.subject == kTime ? start_ms : std::fabs(actual - typical);
  switch (c.compared) {  // what is not known compares with nothing
    case kLess: return x < c.value;
    case kAtMost: return x <= c.value;
    case kMore: return x > c.value;
    default: return x >= c.value;
  }
}

inline bool about(const Skips& k, int64_t i) {
  for (int64_t r = 0; r < k.rule_count; ++r)
    if (k.scope[r * k.series + i]) return true;
  return false;
}

// What is skipped of the value of a series in a bucket; `typical` is NaN where nothing is expected yet.
inline Skip skip(const Skips& k, int64_t i, int64_t t, double actual, double typical, double start_ms) {
  Skip all;
  const auto add = [&all](int64_t actions, int64_t by) {
    if ((actions & kResult) && !all.result()) all.by = by;
    all.actions |= static_cast<uint8_t>(actions);
  };
  add(k.planned[t], kPlanned);
  for (int64_t r = 0; r < k.rule_count; ++r) {
    if (!k.scope[r * k.series + i]) continue;
    const Rule& rule = k.rules[r];
    bool all_hold = true;
    for (int64_t at = rule.first; at < rule.end && all_hold; ++at) all_hold = holds(k.conditions[at], actual, typical, start_ms);
    if (all_hold) add(rule.actions, r);
  }
  return all;
}

}  // namespace skips
