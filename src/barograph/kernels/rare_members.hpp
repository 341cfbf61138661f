// Values that few members of a population have: the records, and how they are judged. A pair is a value and a member that has it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "rare_state.hpp"

namespace rare {

// What one pair remembers.
struct Pair {
  int64_t buckets;    // that had it
  int64_t seen;       // number of the last of them among the filled buckets of the partition, from 1
  int64_t first;      // bucket that had it first
  int64_t last;       // ... and last
  int64_t since;      // bucket from which on each filled one had it
  int64_t member;     // the same for pairs of one member
  int32_t category;   // number of its value within the partition
  int32_t unused;
};

// What the pairs of one value amount to.
struct Category {
  double shown;       // buckets that had one of its pairs, counted a pair, as of so many halvings
  int64_t members;    // pairs
  int32_t part;       // number of its partition
  int32_t halvings;
};

// What the values of one partition amount to: those that so many members have, in the class of that number.
struct Population {
  double buckets;            // filled buckets, as of so many halvings
  double shown;
  int64_t most;              // members that the value with the most has
  int64_t filled;            // filled buckets, never halved
  int64_t newest;            // the newest of them
  int32_t halvings;
  int32_t unused;
  double mass[kClasses];     // `shown` of the values in each class, added up
  int32_t values[kClasses];  // how many values these are
};

// How many pairs are expected in a bucket whose value no more than `others` and one members have, by what buckets had. A class is
// that of today, not that of the time of a bucket: while a job is young each value is one of few members.
inline double as_rare(double others, const Population& p) {
  const int of_it = class_of(others + 1.0);
  double sum = 0.0;
  for (int j = 0; j <= of_it; ++j) sum += p.mass[j];
  int next = of_it + 1;
  while (next < kClasses && p.values[next] == 0) ++next;
  const double gap = next < kClasses ? kQuarterLn2 * (next - of_it) : 0.0;
  return (sum + 0.5 / (1.0 + gap)) / (p.buckets + 1.0);
}

// What others are no excuse for: 1 where no other member has a value, 0 where all have that have anything.
inline double alone(double others, const Population& p) {
  return 1.0 - others / std::max(static_cast<double>(p.most), others + 1.0);
}

// How far a value counts, in (0, 1], of which a member has so many rows in a bucket beside `rest` of its other values, when
// it has `categories` values there: the chance that one of so many of its rows is of it. A thing done often counts as all of what
// it is, one among many as little.
inline double how_often(double rows, double rest, double categories) {
  return rest > 0.0 ? -math::e_to_less_1(categories * math::ln_1p(-rows / (rows + rest))) : 1.0;
}

inline void fade(Category& c, const Population& p) {
  c.shown = std::ldexp(c.shown, c.halvings - p.halvings);
  c.halvings = p.halvings;
}

inline void add(Population& p, const Category& c, int sign) {
  if (c.members == 0) return;
  const int j = class_of(static_cast<double>(c.members));
  p.values[j] += sign;
  p.mass[j] = p.values[j] > 0 ? p.mass[j] + sign * c.shown : 0.0;  // no rest of rounding without a value
}

// The number of members that half of the values do not go beyond: the upper end of its class.
constexpr double kRoots[kToADoubling] = {1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429};

inline double median_members(const Population& p) {
  int64_t all = 0, below = 0;
  for (int j = 0; j < kClasses; ++j) all += p.values[j];
  for (int j = 0; j < kClasses; ++j) {
    below += p.values[j];
    if (2 * below >= all && p.values[j] > 0) return std::ldexp(kRoots[j % kToADoubling], (j - j % kToADoubling - kOfOne) / kToADoubling);
  }
  return 0.0;
}

// A bucket has the pair.
inline void learn(Pair& pair, Category& c, Population& p, int64_t bucket, double memory) {
  if (p.newest != bucket) {
    if (p.buckets >= memory) {
      ++p.halvings;
      p.buckets *= 0.5;
      p.shown *= 0.5;
      for (int j = 0; j < kClasses; ++j) p.mass[j] *= 0.5;
    }
    p.newest = bucket;
    p.buckets += 1.0;
    ++p.filled;
  }
  fade(c, p);
  add(p, c, -1);
  if (pair.buckets == 0) {
    ++c.members;
    p.most = std::max(p.most, c.members);
    pair.first = pair.since = bucket;
  } else if (pair.seen + 1 != p.filled) {
    pair.since = bucket;
  }
  c.shown += 1.0;
  p.shown += 1.0;
  pair.seen = p.filled;
  pair.last = bucket;
  ++pair.buckets;
  add(p, c, 1);
}

}  // namespace rare
