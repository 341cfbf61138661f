// What is usual among the peers of each member in one bucket, from those who are in it and from what was usual lately.
#pragma once

#include <vector>

#include "population_judge.hpp"

namespace population {

constexpr double kLately = 2.0;      // members that what was usual lately stands for: three peers outvote it (chosen)
constexpr double kPrior = 2.0;       // members that a spread starts from, of a factor e (chosen) ...
constexpr double kYoung = 30.0;      // ... fewer the more are known, and from here on none (chosen)
constexpr double kMad = 1.482602218505602;  // deviations of a normal to its median distance (computed)
constexpr double kMost = 0.7803041393;      // ... to the distance of four in five (computed)
constexpr double kNearby = 2.0;      // deviations from the median up to which peers move the centre by what they are (chosen)
constexpr double kFar = 3.0;         // ... up to which they widen the spread (chosen)
constexpr double kLeastPart = 0.01;  // of the level: what is smaller is no difference (chosen)
constexpr double kNever = 0.05;      // values: what never was zero is thought to be so (chosen)

// A value of a bucket on the scale, and its place among its cells.
struct Placed {
  double y;
  int64_t at;
};

inline bool operator<(const Placed& a, const Placed& b) { return a.y < b.y || (a.y == b.y && a.at < b.at); }

// The values of one population in one bucket, ascending; room that is used again from bucket to bucket.
struct Bucket {
  std::vector<Placed> placed;   // what is told of the others has no place: -1
  std::vector<double> distance;
  std::vector<double> y;        // by cell: the value on the scale, and the centre of its peers
  std::vector<double> centre;
  double zeros = 0.0;
  double middle = 0.0;
  double variance_prior = 1.0;
  double noise_here = 0.0;      // of counts: variance that is not between members
  double far = 0.0;             // squared distance that is counted at most
  double reach = 0.0;           // distance by which one moves the centre at most
  double squares = 0.0;         // sum of squared distances from the middle
  double members = 0.0;
};

inline double median_without(const std::vector<Placed>& all, size_t left_out) {
  const size_t rest = all.size() - 1;
  const auto at = [&](size_t i) { return all[i + (i >= left_out)].y; };
  return 0.5 * (at((rest - 1) / 2) + at(rest / 2));
}

inline double within(double y, double centre, double reach) { return std::clamp(y, centre - reach, centre + reach); }

// Put the values of a bucket in order, with what was usual lately among them.
inline void place(const Population& p, Scale scale, const double* values, int64_t count, Bucket& b) {
  b.placed.clear();
  b.zeros = 0.0;
  for (int64_t i = 0; i < count; ++i) {
    if (scale == kLogarithmic && values[i] == 0.0) b.zeros += 1.0;
    else b.placed.push_back({on_scale(scale, read(values[i])), i});
  }
  b.members = static_cast<double>(b.placed.size());
  if (p.known > 0.0) b.placed.insert(b.placed.end(), static_cast<size_t>(kLately), Placed{p.centre, -1});
  std::sort(b.placed.begin(), b.placed.end());
}

// The share of values that are this near to the middle.
inline double distance_of(Bucket& b, double share) {
  const auto at = b.distance.begin() + static_cast<int64_t>(share * static_cast<double>(b.distance.size() - 1));
  std::nth_element(b.distance.begin(), at, b.distance.end());
  return *at;
}

// How large values are that are not zero: half of them, since the one that was below zero may be gross.
inline double usual_size(Bucket& b) {
  b.distance.clear();
  for (const Placed& one : b.placed)
    if (one.y != 0.0) b.distance.push_back(std::fabs(one.y));
  return b.distance.empty() ? 0.0 : distance_of(b, 0.5);
}

// Variance that one of few is never thought to lack: where most have one, some have two.
inline double noise_nearby(Scale scale, double y) { return scale == kCounts ? noise(std::max(e_to(ln_level(y)), 1.0)) : 0.0; }

inline double prior_members(double known) { return kPrior * std::max(1.0 - known / kYoung, 0.0); }

inline double least_variance(Scale scale, const Bucket& b) { return square(kLeastPart) * (scale == kLinear ? square(b.middle) : 1.0); }

// How far members are apart here. Who is far off widens that by no more than some who are not.
inline void spread(const Population& p, Scale scale, Bucket& b) {
  b.squares = 0.0;
  if (b.placed.empty()) return;
  const size_t n = b.placed.size();
  b.middle = 0.5 * (b.placed[(n - 1) / 2].y + b.placed[n / 2].y);
  b.variance_prior = scale == kLinear ? square(usual_size(b)) : 1.0;
  b.distance.clear();
  for (const Placed& one : b.placed) b.distance.push_back(std::fabs(one.y - b.middle));
  // Where hardly two are ever there at once, this alone says what is far: were it zero, no distance would be learnt.
  const double prior = prior_members(p.squares), known = std::max(p.squares + prior, 1e-9);
  const double lately = std::max((p.square + prior * b.variance_prior) / known, least_variance(scale, b));
  const double typical = std::max(square(kMad * distance_of(b, 0.5)), square(kMost * distance_of(b, 0.8)));
  const double nearby = noise_nearby(scale, b.middle);
  b.far = square(kFar) * std::max(typical, lately + nearby);
  b.reach = kNearby * std::sqrt(std::max(typical, lately + nearby));
  double sum = 0.0;
  for (const Placed& one : b.placed) sum += within(one.y, b.middle, b.reach);
  b.noise_here = scale == kCounts ? noise(e_to(ln_level(sum / static_cast<double>(n)))) : 0.0;
  for (const Placed& one : b.placed)
    if (one.at >= 0) b.squares += std::min(square(one.y - b.middle), b.far) - b.noise_here;
}

// The variance between members, of all in the bucket but some with so many squares.
inline double variance_without(const Population& p, Scale scale, const Bucket& b, double squares, double members) {
  const double known = p.squares + b.members - members;
  const double prior = prior_members(known);
  const double v = (p.square + b.squares - squares + prior * b.variance_prior) / std::max(known + prior, 1e-9);
  return std::max({v, least_variance(scale, b), 1e-280});
}

// The centre of all in the bucket but one: their mean, but that none moves it far.
struct Centres {
  const Bucket& b;
  double middle = std::nan("");
  double sum = 0.0;

  double without(size_t rank) {
    const double m = median_without(b.placed, rank);
    if (m != middle) {  // it takes three values at most, one after the other
      middle = m;
      sum = 0.0;
      for (const Placed& one : b.placed) sum += within(one.y, middle, b.reach);
    }
    return (sum - within(b.placed[rank].y, middle, b.reach)) / static_cast<double>(b.placed.size() - 1);
  }
};

inline double share_of_zero(const Population& p, const Bucket& b, double own) {
  return (p.zeros + b.zeros - own + kNever) / (p.values + b.zeros + b.members - 1.0 + 2.0 * kNever);
}

}  // namespace population
