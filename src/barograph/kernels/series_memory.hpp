// How long a series remembers what, and what the others of its detector have taught.
#pragma once

#include <algorithm>

#include "series_state.hpp"

namespace series {

constexpr int64_t kHour = 3600000;  // (unit)
constexpr int64_t kDay = 24 * kHour;  // (unit)
constexpr int64_t kWeek = 7 * kDay;  // (unit)
constexpr double kImpossible = -9.210340371976182;  // ln 1e-4 (chosen): opens an incident

// What the other series of the detector have taught (`models/siblings.py`).
struct Lesson {
  double variance;     // over the square of the level; 0: not known
  double change_rate;  // share of buckets in which series that keep to one value leave it
  double change_buckets;  // how many buckets of a series of its own that counts for
  double jump_centre;  // mean and variance of ln of how far they go
  double jump_square;
  double births;       // series that appear in a bucket
  bool given;          // there was a lesson, or nobody to give one
};

// Lengths of memory, buckets. Chosen: what people mean by "lately" is time, not buckets.
struct Memory {
  double slow;      // two weeks: the level that a series keeps to
  double middle;    // a day and a half
  double fast;      // three hours
  double block;     // twelve hours: a level is judged by what it said up to so long before
  double accept;    // 1.15 days: what lasts longer is no incident but a change
  double quiet;     // an hour that fits ends an incident
  double remember;  // four weeks: what was normal before a change
  double habits;    // eight weeks: what comes now and then
  double day;
  double week;
  double ln_change_for_good;  // ln of the share of buckets in which a series changes for good
  Lesson lesson{};

  explicit Memory(int64_t span_ms) {
    const auto buckets = [span_ms](double ms, double least, double most) {
      return std::min(std::max(ms / static_cast<double>(span_ms), least), most);
    };
    slow = std::floor(buckets(14.0 * kDay, 200.0, 4000.0));
    middle = std::floor(buckets(1.5 * kDay, 24.0, 2000.0));
    fast = std::floor(buckets(3.0 * kHour, 6.0, 300.0));
    block = std::floor(buckets(12.0 * kHour, 6.0, 1440.0));
    accept = std::floor(buckets(1.15 * kDay, 12.0, 1e9));
    quiet = std::floor(buckets(1.0 * kHour, 3.0, 12.0));
    remember = std::floor(buckets(4.0 * kWeek, 100.0, 1e9));
    habits = std::max(2.0 * remember, 4000.0);
    day = buckets(kDay, 1.0, 1e9);
    week = buckets(kWeek, 1.0, 1e9);
    ln_change_for_good = std::min(ln(static_cast<double>(span_ms) / (3.0 * 365.25 * kDay)), kImpossible);
  }
};

// The gain of a mean of all values until there are as many as the memory is long.
inline double gain(double count, double memory) { return count + 1.0 < memory ? 1.0 / (count + 1.0) : 1.0 / memory; }

}  // namespace series
