// What is remembered of a population and of each of its members, and the scales on which members are compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "math/elementary.hpp"

namespace population {

using namespace math;

constexpr double kBiggest = 1e140;  // values beyond (also infinities) are read as this: its square is finite

// Counts (one and more: who has none is not compared) are Poisson about a level that differs from member to member as a log-normal;
// other values are compared by their logarithms, or as they are once one was below zero.
enum Scale : int64_t { kCounts, kLogarithmic, kLinear };

struct Member {
  int32_t population;
  int32_t era;       // of its population, when it was last learnt
  int64_t first;     // bucket of its first value; -1: none yet
  int64_t last;      // ... of its last
  int64_t since;     // bucket in which its present anomaly began; -1: there is none
  double count;      // values
  double seen;       // decayed number of values
  double own;        // decayed sum of what it had: of counts the counts, else distances from the centre of its peers
  double due;        // of counts what was due by that centre, else the number of buckets
  double beyond;     // side on which its last value was far out in a tail: 1 above, -1 below, 0: it was not
  double pushed;     // hours for which values lately were beyond its habit on one side, below 0: on the lower one
};

// How far off values of few rows are beside those of many: sums over values of which the number of rows is known, lately.
struct Rows {
  double values;
  double few;        // one over the rows
  double fews;       // its square
  double off;        // squared distance from the peers, in variances between members
  double off_few;    // that over the rows
};

struct Side {
  double hits;       // decayed number of values beyond the tail's start
  double excess;     // deviations beyond it, censored at kCensored
  double uncensored;
  double heavy;      // ln of the odds that the tail is exponential in deviations, against a normal's
};

struct Population {
  int64_t last;      // bucket of its last value; -1: none yet
  int32_t era;       // counts how often all was forgotten, for values of another kind
  int32_t negative;  // a value was below zero
  double centre;     // of members lately, on the scale
  double known;      // values that it rests on
  double square;     // squared distances from it, of so many members
  double squares;
  double within;     // squared distances of members from their own habit, of so many
  double withins;
  double zeros;      // of values that are no counts, how many were zero, of so many
  double values;
  double count;      // decayed number of values that the tails rest on
  double seen;       // sum of `seen` of its members
  double members;    // those that ever had a value
  Side side[2];      // below, above
  Rows rows;
};

// Settings of a call.
struct Settings {
  bool counts;
  int64_t side;      // 0: both, 1: high, -1: low
  double decay;      // what a bucket leaves of habits and tails
  double share;      // of a habit's hour that one bucket is
  double hour;       // buckets
  double nats;       // -ln of the share beyond one end of the bounds
  int64_t first;     // number of the first bucket
  int64_t span_ms;
  double ln_threshold;
  bool learn;
};

inline double square(double x) { return x * x; }

inline double read(double value) { return std::clamp(value, -kBiggest, kBiggest); }

inline Scale scale_of(const Settings& k, const Population& p) {
  return k.counts ? kCounts : p.negative ? kLinear : kLogarithmic;
}

// How many more than the first: what counts are compared by.
inline double beyond_first(double x) { return std::max(std::floor(x + 0.5) - 1.0, 0.0); }

// A value on its scale; zero has no logarithm, and is told apart before.
inline double on_scale(Scale scale, double x) {
  return scale == kCounts ? ln(beyond_first(x) + 0.5) : scale == kLogarithmic ? ln(x) : x;
}

// ln of the mean of the Poisson whose ln(k + 1/2) is `y` on the mean (within 3 % up to y = ln 2, where it is y from there on).
inline double ln_level(double y) {
  const double z = std::max(y + kLn2, 1e-4);
  return ln(0.5 * (e_to(z) - e_to(-z * (0.82 + 0.4 * z))));
}

// Variance of ln(k + 1/2) of a Poisson with this mean (within a fifth).
inline double noise(double mean) { return 1.2 * mean / (1.0 + 1.2 * mean * mean); }

// A centre on the scale as a value.
inline double value_of(Scale scale, double centre) {
  return scale == kCounts ? 1.0 + e_to(ln_level(centre)) : scale == kLogarithmic ? e_to(centre) : centre;
}

}  // namespace population
