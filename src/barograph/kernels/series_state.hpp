// What a series remembers, and what it expects of one value: the structs that NumPy sees as records.
#pragma once

#include <cstddef>
#include <cstdint>

#include "math/elementary.hpp"

namespace series {

using namespace math;

constexpr int kLevels = 5;    // slow, middle, fast level, last value, level with a slope
constexpr int kFamilies = 5;  // normal/t(n), t3, log-normal, gamma, negative binomial
constexpr int kParts = 3;     // of the variance
constexpr int kViews = 5;     // this bucket against the expectation, against the bucket before, the run it ends, the mean of about 50, with what
                             // the buckets before it showed
constexpr int kWindow = 224;  // slots of the summary that season tests read

// The one-step predictive distribution, complete: ln p of any value follows from it and nothing else.
struct Predictive {
  double centre;              // what the value would be if nothing were wrong, metric unit
  double alternative;         // the same by another account: what was normal before the last change, or, of a young series, its last value
  double alternative_deviation;
  double ln_alternative;      // ln of that account's weight; NaN: there is none
  double deviation;           // of values around it, metric unit, > 0
  double dof;                 // degrees of freedom of the first family; >= 128 means normal; <= 0 means "no idea yet"
  double weight[kFamilies];   // weights of the families, sum 1
  double usual;               // the repeated value, for series that mostly repeat it
  double ln_change;           // ln P(value differs from it); NaN: the series does not repeat itself
  double jump_centre;         // mean and deviation of ln |change|, given one
  double jump_deviation;
  double jump_dof;
  double ln_outlier;          // ln of the share of recurring outliers; NaN: they are too few to be a habit
  double outlier_share[2];    // of these, that below and that above which is a habit
  double outlier_centre;      // mean and deviation of ln |error| of these
  double outlier_deviation;
  double outlier_end;         // ln of the largest error but one
  double tail_power;          // power with which the heavy tail falls beyond five deviations; 3 is a t3's
  double ln_zero;             // ln P(nothing) of a series that is hardly ever zero; NaN: zero is as any other value
  double tail_rate;           // share of values seen beyond the tail's start over its nominal share
  double tail_mean;           // mean excess of -ln p beyond the tail's start; 1 when the families are right
  int32_t side;               // 0 both, 1 high, -1 low
  int32_t lattice;            // 1: values are integers
};

struct Series {
  int64_t last;               // bucket number of the last value; -1: none yet
  int64_t first;              // bucket number of the first value, or from which on it is known to have been zero
  int64_t born;               // bucket number of the first value
  double count;               // values seen
  double occupancy;           // decayed share of values that are not 0
  // Expectation: the levels that it is made of, and the spread of values around it.
  double level[kLevels];      // metric unit, season removed
  double held[kLevels];       // as they were when the present block began: what they said hours ahead
  double ahead[kLevels];      // decayed mean of squared errors of what they said hours ahead
  double share[kLevels];      // of each level in the expectation, sum 1
  double slope;               // of the last level, metric unit a bucket
  double held_slope;
  double ahead_all;           // the same error of the expectation,
  double ahead_far;           // and mean of how many buckets ahead that was
  int64_t held_at;            // bucket number when the block began
  int64_t learnt;             // bucket number of the last value that levels learnt from
  double level_count;         // values the levels rest on
  double variance;            // of values around the expectation, winsorised
  double disagreed;           // decayed mean of how much the levels differed meanwhile, a variance
  double scale_count;         // values the variance rests on
  double of_late;             // mean of squared errors over the variance expected, of the present day and a half
  // With a season, the spread follows the expectation: a constant part, one that grows as it, one that grows as its square.
  double part[kParts];        // of the variance of a bucket, over 1, centre, centre squared
  double part_found[kParts];  // over the present day: what each was in the errors,
  double part_said[kParts];   // and in what was expected of them
  double part_count;          // buckets of that day
  double parts_days;          // days the parts rest on
  double part_scale;          // decayed mean of squared errors over the variance that the parts say
  double prior_variance;      // of siblings, 0: none; until the first value it is relative to that value's square
  double season_square;       // decayed mean square of the season
  // Memory of what is left over.
  double last_rest;           // of the last value, in deviations, winsorised; NaN: odd, or long ago
  double rest_cross;          // decayed products of neighbours, in deviations
  double rest_square;
  double step_square;         // decayed mean square of what the rest before does not explain, in deviations
  double mean;                // decayed mean of the rest, in deviations
  double mean_square;         // and of its square
  double lately;              // decayed mean of the nats that the buckets before showed,
  double lately_mean;         // and its own mean and variance where nothing is wrong
  double lately_variance;
  int64_t run;                // values in a row on one side of the expectation
  int64_t run_last;           // bucket number of the last of them
  double run_value;           // their sum,
  double run_centre;          // what was expected of them,
  double run_variance;        // how far they vary, each by itself,
  double run_doubt;           // and how unsure it was of what to expect: their sum of deviations, as neighbours share that
  // Shape.
  double ln_weight[kFamilies];  // of evidence alone, the likeliest 0
  double weight[kFamilies];   // the same as shares
  double usual;               // the value that was last repeated
  double votes;               // by how many values it has the majority, a day's at most
  double previous;            // last value
  double ties;                // decayed count of values equal to the usual one
  double changes;             // decayed count of occasions on which it was left
  double jump_centre;         // mean and mean square deviation of ln |change|
  double jump_square;
  double tail_count;          // decayed: values scored, values in the tail, uncensored ones, sum of excesses
  double tail_hits;
  double tail_uncensored;
  double tail_excess;
  double far;                 // decayed count of separate occasions beyond five deviations
  double far_near;            // the same, each by how near it was: twice the cube of five over its deviations, 1 on average of a t3's
  double outliers;            // decayed count of occasions that no family explains
  double outliers_above;      // and of those above the expectation
  double outlier_centre;      // mean and mean square deviation of ln |error|, each no larger than the largest before
  double outlier_square;
  double outlier_most;        // the largest,
  double outlier_end;         // and the largest but one
  double outlier_buckets;     // decayed count of their buckets
  // The incident that goes on.
  int64_t odd_since;          // bucket number of its first impossible value; -1: there is none
  int64_t odd_last;           // and of the last one
  double odd_first;           // deviations of the first from its expectation
  int64_t odd_further;        // buckets in a row that are much further off than what it has become
  int32_t odd_quiet;          // buckets in a row that fit the expectation
  int32_t flags;              // 1: a non-integer was seen; 2: a negative value was seen
  double odd_fits;            // decayed share of buckets that fit what it has become
  double odd_count;           // decayed number of its values, and their sums:
  double odd_offset;          // distance from the expectation,
  double odd_centre;          // expectation,
  double odd_cross;           // products of both,
  double odd_centre_square;
  double odd_offset_square;
  double odd_season;          // season times distance,
  double odd_season_square;
  // What was normal before the last accepted change.
  double old_level;           // metric unit
  double old_factor;          // its season over that of now
  double old_variance;        // and as they were: its `variance`,
  double old_part_scale;      // `part_scale`,
  double old_scale_count;     // `scale_count`,
  double old_level_count;     // `level_count`,
  double old_ahead[kLevels];  // `ahead`,
  double old_ahead_all;       // `ahead_all`
  int64_t old_until;          // bucket number; -1: nothing
  int32_t old_run;            // buckets in a row that fit it
  int32_t change_kind;        // a ChangeKind; 0: none
  int64_t changed;            // bucket number of the last accepted change; -1: none
  double trend;               // accepted slope, metric unit a bucket; 0: steady
  int64_t line_first;         // bucket number from which one line is thought to hold
  // Season; its profile lies in the pool.
  int64_t bins;               // offset in the pool; -1: none
  int64_t period_ms;
  int64_t shift_ms;           // accepted shift of the profile in time
  int32_t season;             // 0 none, 1 day, 2 weekday and weekend, 3 week, 4 a period found in the data
  int32_t knots;              // floats of the profile, behind which its marks lie
  int32_t want;               // knots asked for by an accepted season, negative once granted; 0: none
  int32_t want_season;
  int64_t want_period_ms;
  int64_t given_up;           // how many seasons were given up
  int64_t bins_before;        // offset of the profile that a new one takes the place of; -1: none
  double cycles[2];           // cycles that the profile, or that of working days and of weekends, rests on
  double known_days[2];       // of these kinds that the window held when the season was found, over what `cycles` counts of them
  double day_variance;        // by which the days of one kind differed in the window, while no week is known; metric unit squared
  double seeded;              // visits that the window's means stood for when it was accepted
  double season_age;          // buckets since it was accepted
  double season_unit;         // metric units of one pool unit
  double with_season;         // decayed mean of squared winsorised distances from the raw level with the season,
  double without_season;      // and without it
  double raw_level;           // slow level of the values with nothing removed or cut off
  double shift_gain[2][4];    // of a profile an hour later, earlier: nats in its favour where it says less, more; misfits of now, of it
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
  double surprise[kViews];     // nats, of each view
  double ln_views;             // of this bucket alone: against the expectation, and against the bucket before
  double ln_seen;              // with the means of the last buckets
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

static_assert(sizeof(Series) <= 2560, "a series without a season costs at most 2.5 kB");

}  // namespace series
