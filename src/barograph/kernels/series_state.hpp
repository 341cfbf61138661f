// What a series remembers, and what it expects of one value: the structs that NumPy sees as records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace series {

constexpr int kExperts = 6;    // slow level, middle level, fast level, slow level + AR(1), level + trend, last value
constexpr int kFamilies = 5;   // normal/t(n), t4, log-normal, gamma, negative binomial
constexpr int kWindow = 384;   // slots of the summary that season tests read

// The one-step predictive distribution, complete: ln p of any value follows from it and nothing else.
struct Predictive {
  double centre;              // mean, metric unit
  double deviation;           // standard deviation, metric unit, > 0
  double dof;                 // degrees of freedom of the first family; >= 128 means normal; 0 means "no idea yet"
  double weight[kFamilies];   // weights of the families, sum 1
  double previous;            // last value, for series that mostly repeat it
  double ln_change;           // ln P(value differs from the last one); NaN: the series does not repeat itself
  double jump_centre;         // mean and deviation of ln |change|, given one
  double jump_deviation;
  double jump_dof;
  double tail_rate;           // ln of the share of values seen below the tail's start, over its nominal share
  double tail_mean;           // mean excess of -ln p beyond the tail's start; 1 when the families are right
  int32_t side;               // 0 both, 1 high, -1 low
  int32_t lattice;            // 1: values are integers
};

struct Series {
  int64_t last;               // bucket number of the last value; -1: none yet
  int64_t first;              // bucket number of the first value
  double count;               // values seen
  double scale_count;         // values since the scale was last reset
  double level[kExperts];     // metric unit, season removed
  double slope;               // metric unit a bucket
  double error[kExperts];     // decayed mean of squared one-step errors, winsorised
  double ar_cross;            // decayed sums behind the AR(1) coefficient
  double ar_square;
  double deviation;           // last value's distance from the slow level, winsorised
  double variance;            // of the combined one-step error, winsorised
  double ln_weight[kFamilies];
  double previous;            // last value
  double ties;                // decayed count of values equal to the one before
  double changes;             // decayed count of values that differ
  double jump_centre;
  double jump_square;
  double tail_count;          // decayed: values scored, values in the tail, uncensored ones, sum of excesses
  double tail_hits;
  double tail_uncensored;
  double tail_excess;
  double run_sum;             // errors of the present run of large same-signed errors
  int32_t run;                // length of that run, signed
  int32_t flags;              // 1: a non-integer was seen; 2: a negative value was seen
  // Season: bins lie in the pool.
  int64_t bins;               // offset in the pool; -1: none
  int32_t season;             // 0 none, 1 day, 2 week
  int32_t knots;              // knots of a cycle
  int32_t want;               // knots asked for by an accepted season, 0: none
  int32_t want_season;
  double cycles;              // buckets the profile rests on
  double season_age;          // buckets since it was accepted
  double season_unit;         // metric units of one pool unit
  double with_season;         // decayed mean of squared winsorised errors with the season,
  double without_level;       // of a middle level without it,
  double without_last;        // and of "as the last value"
  double raw_level;           // middle level of the values with nothing removed
  // The summary window.
  int64_t window_first;       // bucket number where slot 0 starts
  int64_t window_tested;      // bucket number of the last test
  double window_reference;    // metric value of a stored 0
  double window_sum;
  int32_t window_count;
  int32_t window_slots;       // closed slots
  int32_t window_span;        // buckets of a slot
  int32_t spare;
  float window[kWindow];      // slot means minus the reference; NaN: no data
};

// A leaf worth sending on.
struct Leaf {
  int32_t row;
  int32_t t;
  double actual, typical, lower, upper;
  double impact;
  double ln_p, ln_evidence;
  Predictive predictive;
};

static_assert(sizeof(Series) % 8 == 0, "records are arrays of 8-byte words");

}  // namespace series
