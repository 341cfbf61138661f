// What a series remembers, and what it expects of one value: the structs that NumPy sees as records.
#pragma once

#include <cstddef>
#include <cstdint>

#include "math/elementary.hpp"

namespace series {

using namespace math;

constexpr int kExperts = 7;   // slow, middle, fast level, slow level + AR(1), level + trend, last value, last value unseasoned
constexpr int kFamilies = 5;  // normal/t(n), t3, log-normal, gamma, negative binomial
constexpr int kChannels = 5;  // one step, local level, slow level, mean of about 20, mean of about 50
constexpr int kBins = 16;     // surprise bins of a channel's memory
constexpr int kMeans = 4;     // decayed means: 0.9 a bucket (the window of the impact), one that stays 0, 0.95, 0.98
constexpr int kWindow = 224;  // slots of the summary that season tests read

// The one-step predictive distribution, complete: ln p of any value follows from it and nothing else.
struct Predictive {
  double centre;              // mean, metric unit
  double alternative;         // where the series would go on after an outlier, metric unit; NaN: the last value was none
  double deviation;           // standard deviation, metric unit, > 0
  double dof;                 // degrees of freedom of the first family; >= 128 means normal; <= 0 means "no idea yet"
  double weight[kFamilies];   // weights of the families, sum 1
  double previous;            // last value, for series that mostly repeat it
  double ln_change;           // ln P(value differs from the last one); NaN: the series does not repeat itself
  double jump_centre;         // mean and deviation of ln |change|, given one
  double jump_deviation;
  double jump_dof;
  double ln_outlier;          // ln of the share of recurring outliers; NaN: they are too few to be a habit
  double outlier_centre;      // mean and deviation of ln |error| of these
  double outlier_deviation;
  double tail_rate;           // share of values seen beyond the tail's start over its nominal share
  double tail_mean;           // mean excess of -ln p beyond the tail's start; 1 when the families are right
  int32_t side;               // 0 both, 1 high, -1 low
  int32_t lattice;            // 1: values are integers
};

struct Series {
  int64_t last;               // bucket number of the last value; -1: none yet
  int64_t first;              // bucket number of the first value
  double count;               // values seen
  double occupancy;           // decayed share of values that are not 0
  // Level and scale.
  double level[kExperts];     // metric unit, season removed (but for the last)
  double slope;               // metric unit a bucket
  double error[kExperts];     // decayed mean of squared one-step errors, winsorised
  double held_back;           // how far the last value was clipped, metric unit
  double ar_cross;            // decayed sums behind the AR(1) coefficient
  double ar_square;
  double deviation;           // last value's distance from the slow level, winsorised
  double variance;            // of the combined one-step error, winsorised
  double scale_count;         // values the variance rests on
  double power_variance[2];   // of errors over the root of the centre, and over the centre
  double power_gain[2];       // nats, decayed: how much better these describe the errors than the plain variance
  double recent_ratio;        // decayed mean of squared error over variance, about 32 buckets
  double prior_variance;      // of siblings, 0: none; until the first value it is relative to that value's square
  // Shape.
  double ln_weight[kFamilies];
  double weight[kFamilies];   // the same as shares
  double previous;            // last value
  double ties;                // decayed count of values equal to the one before
  double changes;             // decayed count of values that differ
  double jump_centre;         // mean and mean square deviation of ln |change|
  double jump_square;
  double tail_count;          // decayed: values scored, values in the tail, uncensored ones, sum of excesses
  double tail_hits;
  double tail_uncensored;
  double tail_excess;
  double outliers;            // decayed count of values that no family explains, and the size of their errors
  double outlier_centre;
  double outlier_square;
  // Changes.
  double run_sum;             // values, season removed, during the present run of large same-signed errors
  int32_t run;                // length of that run, signed
  int32_t flags;              // 1: a non-integer was seen; 2: a negative value was seen
  int64_t changed;            // bucket number of the last accepted change; -1: none
  int32_t change_kind;        // a ChangeKind; 0: none
  int32_t wide;               // buckets in a row whose recent_ratio says the scale is wrong, signed
  double trend;               // accepted slope, metric unit a bucket; 0: steady
  int64_t line_first;         // bucket number from which one line is thought to hold
  // Evidence.
  double local_level;         // adapts in about 100 buckets whatever happens
  double local_square;        // mean squared distances from it
  double slow_square;         // and from the slow level
  double spread_count;        // values these two rest on
  float mean[kMeans];         // decayed means of the distance from the slow level, in its deviations
  float mean_centre[kMeans];
  float mean_square[kMeans];
  double seen;                // decayed number of surprises remembered
  double memory;              // decayed mean of the severity
  int64_t odd_since;          // bucket number where the last anomaly began
  int64_t odd_last;           // bucket number of its last odd value; -1: there was none
  float surprise[kBins][kChannels - 1];  // of all channels but the first
  float one_step[kBins];      // of the first
  // Season; its profile lies in the pool.
  int64_t bins;               // offset in the pool; -1: none
  int64_t period_ms;
  int64_t shift_ms;           // accepted shift of the profile in time
  int32_t season;             // 0 none, 1 day, 2 weekday and weekend, 3 week, 4 a period found in the data
  int32_t knots;              // floats of the profile
  int32_t want;               // floats asked for by an accepted season, negative once granted; 0: none
  int32_t want_season;
  int64_t want_period_ms;
  double cycles;              // buckets the profile rests on
  double season_age;          // buckets since it was accepted
  double season_unit;         // metric units of one pool unit
  double with_season;         // decayed mean of squared winsorised distances from the slow level with the season,
  double without_season;      // and without it
  double raw_level;           // slow level of the values with nothing removed
  double shift_gain[2];       // nats in favour of a profile an hour later, earlier
  double swing_miss;          // over a cycle: squares left by the profile,
  double swing_cross;         // products of what it leaves and itself,
  double swing_square;        // its squares
  double swing_lag[3];        // during a trial: products of neighbours of what it leaves, of both, of itself
  double swing_last;          // what it left last
  double swing_run;           // buckets of the trial of another amplitude; 0: none
  // The summary window.
  int64_t window_first;       // bucket number where slot 0 starts
  int64_t window_tested;      // bucket number of the last test
  double window_reference;    // metric value of a stored 0
  double window_sum;
  int32_t window_count;
  int32_t window_slots;       // closed slots
  int32_t window_span;        // buckets of a slot
  int32_t window_searched;    // slots at the last search for free periods since the window was shortened
  float window[kWindow];      // slot means minus the reference; NaN: no data
};

// A leaf worth sending on.
struct Leaf {
  int32_t row;
  int32_t t;
  double actual, typical, lower, upper;
  double impact;
  double ln_p, ln_evidence;
  double surprise[kChannels];  // nats, of each channel by itself
  double seen[kChannels];      // nats, against what this series has shown before
  double ln_views;             // evidence if this bucket stood alone and the series had shown nothing before
  double ln_seen;              // the same against what it has shown
  double count;                // values seen before
  double usual_deviation;      // standard deviation at other times, metric unit; the predictive's is this bucket's
  int64_t since;               // bucket number where the present anomaly began
  Predictive predictive;
};

// A change that was accepted: the model believes in another level, scale or season from here on.
struct Change {
  int32_t row;
  int32_t t;
  int32_t kind;
  int32_t season;
  double before;  // level, deviation, shift in ms, period in ms, or slope a day
  double after;
  int64_t since;  // bucket number where it began
};

static_assert(sizeof(Series) <= 2048, "a series without a season costs at most 2 kB");

}  // namespace series
