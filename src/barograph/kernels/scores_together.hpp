// What the members of a group show together: one sum, and what it usually is in that group.
//
// Each member adds the gamma quantile of shape 0.1 that belongs to its p: nearly nothing where it is quiet, about -ln p - 4 where it is
// odd. So the sum of n independent members is a gamma variable of shape 0.1 n exactly (Lancaster 1961; with a small shape Zaykin
// et al. 2007, Genetic Epidemiology 31, "soft truncation"). Members that go together in time, or whose p are not quite honest, give
// a sum that scatters more, or lies higher. Mean and scatter are measured in the buckets before, and a gamma
// variable that has them is what the sum is compared with (as Brown 1975, Biometrics 31, with measured covariances).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "math/gamma.hpp"
#include "math/logarithms.hpp"

namespace together {

using namespace math;

constexpr double kShape = 0.1;  // chosen of 0.01 to 1: docs/lab.md
constexpr double kTries = 0.25;  // share of the false alarms that the sum may have; the oddest member has the rest

constexpr double kMost = 1e15;   // a surprise beyond it adds no more: sums of any group stay finite
constexpr double kYoung = 10.0;  // buckets that the memory of a new group reaches back, and a third of what it has seen more

// What one group remembers: the fields of `scoring.groups.GROUP`. All sums fade, and with them what a new group starts from.
struct Group {
  double seen;      // buckets with two members or more; does not fade
  double run;       // how many of them were far beyond what is usual, less half of those since that were not; does not fade
  double buckets;   // weight of the buckets seen
  double members;   // their members
  double surprise;  // sum of what these added
  double own;       // sum of the scatter of single members around their mean, over that mean; 1 a bucket where their p are honest
  double excess;    // sum of the correlations of two members that each bucket by itself suggests
  double odd;       // buckets whose oddest member was odd for so many members
  double beyond;    // sum of the nats that it went beyond that
};

// The gamma quantile of shape kShape whose upper tail is e^-surprise, between the entries of a table in a straight line.
class Quantiles {
 public:
  Quantiles() : table_(kEntries) {
    double x = 0.0;
    for (size_t i = 1; i < kEntries; ++i) table_[i] = x = quantile(static_cast<double>(i) * kStep, x);
  }
  double operator()(double surprise) const {
    const double place = surprise / kStep;
    if (!(place < kEntries - 1)) {  // -ln of the tail is x + (1 - shape) ln x + a constant: one step from a straight line
      const double last = table_.back(), x = last + (surprise - (kEntries - 1) * kStep);
      return x - (1.0 - kShape) * ln(x / last);
    }
    const size_t i = static_cast<size_t>(place);
    return table_[i] + (table_[i + 1] - table_[i]) * (place - static_cast<double>(i));
  }

 private:
  static constexpr size_t kEntries = 2049;
  static constexpr double kStep = 1.0 / 32.0;

  // By halving: the tail falls, and Newton's steps from below leave the range where it is nearly 1.
  static double quantile(double surprise, double least) {
    double low = least, high = least + 2.0 * kStep + 1e-9;
    while (ln_gamma_tail_exact(kShape, high, Tail::kAbove) > -surprise) high = low + 2.0 * (high - low);
    for (int i = 0; i < 48 && high - low > 1e-13 * high; ++i) {
      const double middle = 0.5 * (low + high);
      (ln_gamma_tail_exact(kShape, middle, Tail::kAbove) > -surprise ? low : high) = middle;
    }
    return 0.5 * (low + high);
  }

  std::vector<double> table_;
};

inline const Quantiles& quantiles() {
  static const Quantiles made;
  return made;
}

// What the sum of n members is like when nothing is wrong: a gamma variable with the mean and scatter that were measured. Its tail
// would be too thin where all members follow one thing, so there is a second one, for the worst that so much correlation can mean:
// `together` of the members are as good as one, and the others have their mean.
struct Usual {
  double mean;
  double scale;
  double of_one;    // mean of one member
  double own;       // scatter of one over that
  double together;  // 1 where members are independent
  double doubt;     // scatter measured in few buckets is uncertain by its own standard error, which is added
};

//   of_one       mean of one member
//   own          its scatter over that
//   correlation  of what two members add, times `own`
//   doubt        as above
inline Usual usual(double of_one, double own, double correlation, double doubt, double n) {
  // No eigenvalue of n variables with a mean squared correlation c is larger than about n sqrt(c). What adds up here are tails, whose
  // correlation is about the square of that of what they are tails of: exactly so for squares of normal variables.
  // The root makes much of little, so what may be chance (two standard errors) is no such sign.
  const double beyond_chance = std::max((n - 1.0) * correlation - 2.0 * (doubt - 1.0), 0.0) / (n - 1.0);
  const double together = 1.0 + (n - 1.0) * std::sqrt(std::min(beyond_chance, 1.0));
  return {n * of_one, (own + (n - 1.0) * correlation) * doubt, of_one, own, together, doubt};
}

inline Usual usual(const Group& group, double n) {
  const double own = std::max(group.own / group.buckets, 1.0), correlation = std::max(group.excess / group.buckets, 0.0);
  return usual(group.surprise / group.members, own, correlation, 1.0 + std::sqrt(2.0 / group.buckets), n);
}

inline double deviation(const Usual& usual) { return std::sqrt(usual.mean * usual.scale); }

// ln of the chance of such a sum or a larger one.
inline double ln_sum_p(const Usual& usual, double sum) {
  const double one = usual.own * usual.doubt, others = usual.mean - usual.together * usual.of_one;
  const double spread = ln_gamma_tail_exact(usual.mean / usual.scale, sum / usual.scale, Tail::kAbove);
  return std::max(spread, ln_gamma_tail_exact(usual.of_one / one, (sum - others) / (usual.together * one), Tail::kAbove));
}

constexpr double kOddest = 3.0;  // nats from which the oddest of so many is odd: in one bucket of twenty, if all p are honest
constexpr double kFirst = 5.0;   // such buckets that a new group is taken to have seen come as they should. Chosen
constexpr double kErrors = 1.5;  // standard errors by which more than is honest may be chance. Chosen
constexpr double kTelling = 8.0;  // nats of one bucket that count at most. Chosen: a p of 1e-5

// The oddest of n members by what such have shown before: where they are odd more often than they should be, or odder, their p are not quite
// honest. Nats beyond `kOddest` are exponential with mean 1 if these are; what is larger by a standard error and a half may be chance.
inline double as_usually_odd(const Group& group, double ln_least) {
  if (ln_least >= -kOddest) return ln_least;
  const double known = group.odd + kFirst, beyond_chance = 1.0 - kErrors / std::sqrt(known);
  const double rate = known / (e_to(-kOddest) * group.buckets + kFirst) * beyond_chance;
  const double mean = (group.beyond + kFirst) / known * beyond_chance;
  return -kOddest + ln(std::max(rate, 1.0)) + std::min(ln_least + kOddest, 0.0) / std::max(mean, 1.0);
}

// Members [2 or more] of one bucket in one number: ln of the better of two tests, less what looking at both costs.
//
//   sum       of the members' quantiles
//   ln_least  ln of the chance that the oddest is so odd
inline double ln_p(const Usual& usual, double sum, double ln_least) {
  double best = ln_least - ln(1.0 - kTries);
  // A sum below its mean plus a deviation is less than one in about six, and working out how much less is most of the cost of a quiet job.
  if (sum > usual.mean + deviation(usual)) best = std::min(best, ln_sum_p(usual, sum) - ln(kTries));
  return std::min(best, 0.0);
}

// Learn a bucket of n >= 2 members. What lies beyond about p = 1e-4 counts as if it lay there, and the k-th such bucket in a row, also
// with others between, for one in k^2 only: an incident, however long, counts for less than two buckets, and for less than three
// where every other bucket is usual. Where two of three are usual, each of the others counts in full.
//
//   sum, squares  of the members' quantiles
inline void learn(Group& group, const Usual& usual, double sum, double squares, double ln_least, double n, double memory) {
  const double mean = usual.mean, most = mean + 4.0 * (deviation(usual) + usual.scale);
  const bool far = sum > most || ln_least < -kOddest - kTelling;
  group.run = far ? group.run + 1.0 : std::max(group.run - 0.5, 0.0);
  const double run = far ? group.run : 1.0, weight = 1.0 / (run * run), off = std::min(sum, most) - mean;
  // The memory of a young group is a third of its life: how the models' first days went says little.
  const double keep = 1.0 - 1.0 / std::min(memory, kYoung + group.seen / 3.0);
  group.seen += 1.0;
  group.buckets = keep * group.buckets + weight;
  group.members = keep * group.members + weight * n;
  group.surprise = keep * group.surprise + weight * std::min(sum, most);
  // What is left of the sum's square without the members' own are the products of two. One odd member alone has none.
  const double apart = squares - 2.0 * usual.of_one * sum + n * usual.of_one * usual.of_one, own = sum > most ? std::min(apart, off * off) : apart;
  group.own = keep * group.own + weight * own / mean;
  group.excess = keep * group.excess + weight * (off * off - own) / mean / (n - 1.0);
  const double beyond = std::clamp(-ln_least - kOddest, 0.0, kTelling);
  group.odd = keep * group.odd + (beyond > 0.0 ? weight : 0.0);
  group.beyond = keep * group.beyond + weight * beyond;
}

// What is remembered of many groups of which only odd members are known: the fields of `scoring.odd_groups.ODD`.
struct Odd {
  double members;  // of all groups, quiet ones too
  double odd;      // members that were, in groups that were mildly odd at most
  double others;   // for each of these, the part of the others of its group that were odd as well
  double crowds;   // of these groups, those with far more odd members than usual
  double run;      // buckets with far more crowds than usual, less half of those without since; does not fade
};

// One bucket: its groups of two members or more.
struct Bucket {
  double odd = 0.0, others = 0.0;   // as above
  double mild = 0.0, crowds = 0.0;  // crowds that were mildly odd at most, and all of them
};

constexpr double kMostOdd = 1e4;  // beyond so many, former ones fade: a chance of one in a hundred is known to a tenth. Chosen
constexpr double kFar = 4.0;      // standard deviations beyond the mean: at most one in 17, whatever the distribution (Cantelli)

// Of indicators with this chance of both, less that of one, the correlation is nearly the difference where they are rare.
inline double correlation(const Odd& odd) { return std::max(odd.others / odd.odd - odd.odd / odd.members, 0.0); }

inline Usual usual(const Odd& odd, double n) { return usual(kShape, 1.0, correlation(odd), 1.0 + std::sqrt(2.0 / odd.odd), n); }

inline bool is_far(double number, double mean, double scale) { return number > mean + kFar * std::sqrt(mean * scale); }

// Count a group of n >= 2 members, k of them odd. One that is no mild matter is an incident: that an outage shows in everything that an
// entity has does not say that these are odd together in other times.
inline void count(Bucket& bucket, const Odd& before, double k, double n, bool mild) {
  const bool crowd = k >= 2.0 && is_far(k, n * before.odd / before.members, 1.0 + (n - 1.0) * correlation(before));
  bucket.crowds += crowd;
  if (!mild) return;
  bucket.mild += crowd;
  bucket.odd += k;
  bucket.others += k * (k - 1.0) / (n - 1.0);
}

// Learn a bucket. The k-th in a row that has far more crowds than usual counts for one in k^2 only, as in a `Group`; but one without
// ends no run, as of a mild incident many a bucket is usual. Whole buckets count less, with their quiet members: to leave out crowds
// alone would make them rarer than they are. Where crowds are usual, none is far more, and all are learned.
inline void learn(Odd& state, const Bucket& bucket, double members) {
  const bool far = is_far(bucket.crowds, members * state.crowds / state.members, 1.0);
  state.run = far ? state.run + 1.0 : std::max(state.run - 0.5, 0.0);
  const double weight = far ? 1.0 / (state.run * state.run) : 1.0;
  state.members += weight * members;
  state.odd += weight * bucket.odd;
  state.others += weight * bucket.others;
  state.crowds += weight * bucket.mild;
  if (!(state.odd > kMostOdd)) return;
  const double keep = kMostOdd / state.odd;
  for (double* sum : {&state.members, &state.odd, &state.others, &state.crowds}) *sum *= keep;
}

}  // namespace together
