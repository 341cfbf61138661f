// How often values are there, and how rare a value is beside the others: the records, and the sum over what is as rare.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "math/elementary.hpp"

namespace rare {

constexpr int kClasses = 88;   // of counts: four to a doubling, from an eighth up to 2^18.75; what is beyond lies in the ends
constexpr int kToADoubling = 4;
constexpr int kOfOne = 12;     // the class of a count of 1
constexpr double kQuarterLn2 = 0.17328679513998632;

// What one value remembers.
struct Value {
  double count;       // buckets that had it, as of so many halvings; see `Part`
  int64_t buckets;    // the same, never halved
  int64_t seen;       // number of the last of them among the filled buckets of the partition, from 1
  int64_t longest;    // longest absence so far, in filled buckets of the partition: 1 from one to the next
  int64_t first;      // bucket that had it first
  int64_t last;       // ... and last
  int64_t since;      // bucket from which on each filled one had it
  int32_t part;       // number of its partition
  int32_t halvings;   // of its count
};

// What the values of one partition amount to. Old buckets fade: when there are so many as are remembered, all counts are halved.
struct Part {
  double buckets;           // filled buckets, as of so many halvings
  double shown;             // counts of all values together
  int64_t filled;           // filled buckets, never halved
  int64_t newest;           // the newest of them
  int32_t halvings;
  int32_t unused;
  double mass[kClasses];    // the counts of the values in each class, added up
  int32_t values[kClasses]; // how many these are
};

// The class of a count > 0: the first whose upper end is not below it. The ends are powers of the fourth root of 2.
inline int class_of(double count) {
  int e;
  const double m = std::frexp(count, &e);
  const int quarter = m <= 0.5 ? 0 : m <= 0.5946035575013605 ? 1 : m <= 0.7071067811865476 ? 2 : m <= 0.8408964152537145 ? 3 : 4;
  return std::clamp(kToADoubling * (e - 1) + quarter + kOfOne, 0, kClasses - 1);
}

inline double now(const Value& v, const Part& p) { return std::ldexp(v.count, v.halvings - p.halvings); }

// The count of a value, by the rate at which it comes now. Who has stayed away for much longer than ever before comes more
// rarely: how much more is told by the absence, not by what was common once.
constexpr double kOverdue = 8.0;  // times the longest absence, or the mean one: chosen

inline double count_of_late(const Value& v, const Part& p) {
  const double count = now(v, p);
  const double absence = static_cast<double>(p.filled + 1 - v.seen);
  const double due = kOverdue * std::max(static_cast<double>(v.longest), p.buckets / count);
  if (!(absence > due)) return count;
  const double part = due / absence;
  return std::min(count, std::max(p.buckets / absence, count * part * part));
}

// How many appearances of values as rare as one with this count are expected in a bucket, by what other buckets had.
//
// A value that k others of n buckets have is, with this one, in k + 1 of n + 1; so each bucket with a value of at most k + 1 was
// as odd for its time (Good 1953, with buckets for samples): their share is what is expected. Where there is none, the next more
// common values tell how empty that range is: were values spread evenly over the logarithm of their rates, from one end of the
// gap to the other, half a value in it would be no surprise.
inline double as_rare(double count, double own, const Part& p) {
  const int of_it = class_of(count + 1.0);
  double sum = 0.0;
  int next = kClasses;
  for (int j = 0; j <= of_it; ++j) sum += p.mass[j];
  for (int j = of_it + 1; j < kClasses && next == kClasses; ++j)
    if (p.values[j] > 0) next = j;
  const double gap = next < kClasses ? kQuarterLn2 * (next - of_it) : 0.0;
  if (own > 0.0 && class_of(own) > of_it) sum += count;  // of what it was once, only what it is now
  return (sum + 0.5 / (1.0 + gap)) / (p.buckets + 1.0);
}

inline double ln_any(double expected) { return math::ln(-math::e_to_less_1(-expected)); }  // ln of 1 - e^-expected

// The count that half of the values do not reach; in the middle of its class.
inline double median_count(const Part& p) {
  int64_t all = 0, below = 0;
  for (int j = 0; j < kClasses; ++j) all += p.values[j];
  for (int j = 0; j < kClasses; ++j) {
    below += p.values[j];
    if (2 * below >= all && p.values[j] > 0) return p.mass[j] / p.values[j];
  }
  return 0.0;
}

inline void add(Part& p, double count, int values) {
  const int j = class_of(count);
  p.values[j] += values;
  p.mass[j] = p.values[j] > 0 ? p.mass[j] + values * count : 0.0;  // no rest of rounding without a value
  p.shown += values * count;
}

inline void halve(Part& p) {
  ++p.halvings;
  p.buckets *= 0.5;
  p.shown *= 0.5;
  for (int j = 0; j < kClasses; ++j) {
    const int to = std::max(j - kToADoubling, 0);
    const double mass = 0.5 * p.mass[j];
    const int32_t values = p.values[j];
    p.mass[j] = 0.0;
    p.values[j] = 0;
    p.mass[to] += mass;
    p.values[to] += values;
  }
}

// A bucket has the value.
inline void learn(Value& v, Part& p, int64_t bucket, double memory) {
  if (p.newest != bucket) {
    if (p.buckets >= memory) halve(p);
    p.newest = bucket;
    p.buckets += 1.0;
    ++p.filled;
  }
  const double count = now(v, p);
  if (v.buckets > 0) {
    add(p, count, -1);
    if (v.seen + 1 != p.filled) v.since = bucket;
    v.longest = std::max(v.longest, p.filled - v.seen);
  } else {
    v.first = v.since = bucket;
  }
  v.count = count + 1.0;
  v.halvings = p.halvings;
  v.seen = p.filled;
  v.last = bucket;
  ++v.buckets;
  add(p, v.count, 1);
}

}  // namespace rare
