// What a series remembers, and what it expects of one value: the structs that NumPy sees as records.
#pragma once

#include <cstddef>
#include <cstdint>

#include "math/elementary.hpp"

namespace series {

using namespace math;

enum Level { kSlowLevel, kMiddleLevel, kFastLevel, kLastValue, kSlopedLevel, kLevels };
enum Family { kNormalFamily, kT3Family, kLogNormalFamily, kGammaFamily, kCountFamily, kFamilies };  // the first is Student's while young
enum View {
  kOwnView,      // this bucket against the expectation
  kSuddenView,   // against the bucket before
  kRunView,      // the run it ends
  kMeanView,     // the mean of about 50
  kLatelyView,   // with what the buckets before it showed
  kViews
};
constexpr int kParts = 3;     // of the variance (counted)
constexpr int kOccasions = 6;  // on each side, whose times are kept (chosen: what comes weekly is known though there were four others)
constexpr int kWindow = 224;  // slots of the summary that season tests read (chosen)

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
  double outlier_share[2];    // of these, that below and that above which is a habit; where one is due, by how much likelier it is
  double outlier_centre;      // mean and deviation of ln |error| of these
  double outlier_deviation;
  double outlier_end;         // ln of the largest error but one
  double tail_power;          // power with which the heavy tail falls beyond five deviations; 3 is a t3's
  double ln_zero;             // ln P(nothing) of a series that is hardly ever zero; NaN: zero is as any other value
  double tail_rate[2];        // share of values seen beyond the tail's start, below and above, over its nominal share
  double tail_mean[2];        // mean excess of -ln p beyond the tail's start; 1 when the families are right
  int32_t side;               // 0 both, 1 high, -1 low
  int32_t lattice;            // 1: values are integers
};

// The levels that the expectation is made of; metric unit, season removed.
struct Levels {
  double value[kLevels];
  double held[kLevels];    // as they were when the present block began: what they said hours ahead
  double ahead[kLevels];   // decayed mean of squared errors of what they said hours ahead
  double share[kLevels];   // of each level in the expectation, sum 1
  double slope;            // of the last level, metric unit a bucket
  double held_slope;
  double ahead_all;        // the same error of the expectation,
  double ahead_far;        // and mean of how many buckets ahead that was
  int64_t held_at;         // bucket number when the block began
  int64_t learnt;          // bucket number of the last value that levels learnt from
  double count;            // values the levels rest on
};

// A line that was accepted: levels rise with it.
struct AcceptedLine {
  double slope;            // metric unit a bucket; 0: steady
  int64_t first;           // bucket number from which it is thought to hold
};

// Of values around the expectation. With a season it follows the expectation: a constant part, one that grows as it, one that grows as
// its square.
struct Spread {
  double variance;         // winsorised
  double disagreed;        // decayed mean of how much the levels differed meanwhile, a variance
  double count;            // values the variance rests on
  double of_late;          // mean of squared errors over the variance expected, of the present day and a half
  double part[kParts];     // of the variance of a bucket, over 1, centre, centre squared
  double part_found[kParts];  // over the present day: what each was in the errors,
  double part_said[kParts];   // and in what was expected of them
  double part_count;       // buckets of that day
  double parts_days;       // days the parts rest on
  double part_scale;       // decayed mean of squared errors over the variance that the parts say
  double prior;            // of siblings, 0: none; until the first value it is relative to that value's square
};

// Of the rows that values are the means of: the fewer there are, the further a value scatters.
struct Rows {
  double inverse;          // decayed mean of one over their number; 0: nobody says how many there are
  double share;            // of the variance that goes with that; the rest is what all rows of a bucket have in common
  double known;            // decayed information on the share
};

// What is left over of values, in deviations.
struct Rest {
  double last;             // of the last value, winsorised; NaN: odd, or long ago
  double cross;            // decayed products of neighbours
  double square;
  double step_square;      // decayed mean square of what the rest before does not explain
  double mean;             // decayed mean
  double mean_square;      // and of its square
  double sudden_count;     // decayed: values that had one before them, those of them that were sudden, these less far than can be told,
  double sudden_hits;      // and the nats of these beyond the start
  double sudden_uncensored;
  double sudden_excess;
};

// What the buckets before showed, nats.
struct Lately {
  double now;              // decayed mean,
  double mean;             // and its own mean and variance where nothing is wrong
  double variance;
};

// Values in a row on one side of the expectation.
struct Run {
  int64_t length;
  int64_t last;            // bucket number of the last of them
  double value;            // their sum,
  double centre;           // what was expected of them,
  double variance;         // how far they vary, each by itself,
  double doubt;            // and how unsure it was of what to expect: their sum of deviations, as neighbours share that
  int64_t silent;          // buckets of nothing in a row at its end, and the same of these:
  double silent_centre;
  double silent_variance;
  double silent_doubt;
};

struct Families {
  double ln_weight[kFamilies];  // of evidence alone, the likeliest 0
  double weight[kFamilies];     // the same as shares
};

// Values in a row that are the very same.
struct Still {
  double share;            // decayed share of values that are the one before them
  double begun;            // decayed count of occasions that are over,
  double went_on;          // and of how often they went on, each kStillMost times at most
  int64_t length;          // values in a row, up to the last, that are the one before them
};

// Of a series that mostly repeats one value.
struct Repeats {
  double usual;            // the value that was last repeated
  double votes;            // by how many values it has the majority, a day's at most
  double ties;             // decayed count of values equal to the usual one
  double changes;          // decayed count of occasions on which it was left
  double jump_centre;      // mean and mean square deviation of ln |change|
  double jump_square;
};

// Decayed; of two below and above the expectation, as noise may be skewed in ways that no family knows.
struct TailSeen {
  double count;            // values scored,
  double hits[2];          // in the tail,
  double uncensored[2];
  double excess[2];        // sum of excesses of those
  double far;              // separate occasions beyond five deviations
  double far_near;         // the same, each by how near it was: twice the cube of five over its deviations, 1 on average of a t3's
};

// Occasions that no family explains, decayed.
struct Outliers {
  double count;
  double above;            // of those, above the expectation
  double centre;           // mean and mean square deviation of ln |error|, each no larger than the largest before
  double square;
  double most;             // the largest,
  double end;              // and the largest but one
  double size;             // of the last occasion so far: that of its furthest bucket,
  double most_before;      // and the largest of those before it
  double buckets;          // decayed count of their buckets
  int64_t when[2 * kOccasions];  // bucket numbers of the last occasions below, and of those above the expectation, the latest first
};

// The incident that goes on.
struct Incident {
  int64_t since;           // bucket number of its first impossible value; -1: there is none
  int64_t last;            // and of the last one
  double first;            // deviations of the first from its expectation
  int64_t further;         // buckets in a row that are much further off than what it has become
  int64_t quiet;           // buckets in a row that fit the expectation
  double fits;             // decayed share of buckets that fit what it has become
  double count;            // decayed number of its values, and their sums:
  double offset;           // distance from the expectation,
  double centre;           // expectation,
  double cross;            // products of both,
  double centre_square;
  double offset_square;
  double season;           // season times distance,
  double season_square;
};

// What was normal before the last accepted change, in the units of now.
struct Before {
  double level;            // metric unit
  double factor;           // its season over that of now
  double variance;         // and as they were: its spread,
  double part_scale;
  double scale_count;
  double level_count;      // and its levels
  double ahead[kLevels];
  double ahead_all;
  int64_t until;           // bucket number until which it is remembered; -1: nothing
  int64_t run;             // buckets in a row that fit it
};

// The season; its profile lies in the pool.
struct Season {
  int64_t bins;            // offset in the pool; -1: none
  int64_t period_ms;
  int64_t shift_ms;        // accepted shift of the profile in time
  int32_t kind;            // a SeasonKind
  int32_t knots;           // floats of the profile, behind which its marks lie
  int32_t want;            // knots asked for by an accepted season, negative once granted; 0: none
  int32_t want_kind;
  int64_t want_period_ms;
  int64_t given_up;        // how many seasons were given up
  int64_t bins_before;     // offset of the profile that a new one takes the place of; -1: none
  double cycles[2];        // cycles that the profile, or that of working days and of weekends, rests on
  double known_days[2];    // of these kinds that the window held when the season was found, over what `cycles` counts of them
  double day_variance;     // by which the days of one kind differed in the window, while no week is known; metric unit squared
  double seeded;           // visits that the window's means stood for when it was accepted
  double age;              // buckets since it was accepted
  double unit;             // metric units of one pool unit
  double square;           // decayed mean square of the season
  double with;             // decayed mean of squared winsorised distances from the raw level with the season,
  double without;          // and without it
  double raw_level;        // slow level of the values with nothing removed or cut off
  double shift_gain[2][4]; // of a profile an hour later, earlier: nats in its favour where it says less, more; misfits of now, of it
};

// Has the season another amplitude?
struct Amplitude {
  double miss;             // over a cycle: squares left by the profile,
  double cross;            // products of what it leaves and itself,
  double square;           // its squares
  double lag[3];           // during a trial: products of neighbours of what it leaves, of both, of itself
  double last;             // what it left last
  double trial;            // buckets of the trial of another amplitude; 0: none
};

// The summary window, which season tests read.
struct Window {
  int64_t first;           // bucket number where slot 0 starts
  int64_t tested;          // bucket number of the last test
  double reference;        // metric value of a stored 0
  double sum;
  int32_t count;
  int32_t slots;           // closed slots
  int32_t span;            // buckets of a slot
  int32_t searched;        // slots at the last search for free periods since the window was shortened
  float slot[kWindow];     // means minus the reference; NaN: no data
};

struct Series {
  int64_t last;            // bucket number of the last value; -1: none yet
  int64_t first;           // bucket number of the first value, or from which on it is known to have been zero
  int64_t born;            // bucket number of the first value
  double count;            // values seen
  double occupancy;        // decayed share of values that are not 0
  double previous;         // last value
  int32_t flags;           // of `Seen`
  int32_t change_kind;     // of the last accepted change, a ChangeKind; 0: none
  int64_t changed;         // its bucket number; -1: none
  Levels levels;
  AcceptedLine line;
  Spread spread;
  Rows rows;
  Rest rest;
  Lately lately;
  Run run;
  Still still;
  Families families;
  Repeats repeats;
  TailSeen tail;
  Outliers outliers;
  Incident incident;
  Before before;
  Season season;
  Amplitude amplitude;
  Window window;
};

// What kinds of values were seen: bits of `flags`.
enum Seen { kFraction = 1, kNegative = 2 };

inline bool whole_numbers(const Series& s) { return (s.flags & kFraction) == 0; }
inline bool was_negative(const Series& s) { return (s.flags & kNegative) != 0; }

// What comes next is judged by another expectation, of which a silence until now says nothing.
inline void forget_silence(Series& s) {
  s.run.silent = 0;
  s.run.silent_centre = s.run.silent_variance = s.run.silent_doubt = 0.0;
}

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
  double same;                 // buckets in a row that have had this very value, where that is what is told; 0: it is not
  int64_t since;               // bucket number where the present anomaly began
  int64_t skipped_by;          // the rule that skips its result, or one of `skips`
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
